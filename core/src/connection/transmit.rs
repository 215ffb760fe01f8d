//! The sending half at work: what goes out, and what the transport has taken.

use std::io;

use super::machine::{Connection, StreamEnd};
use super::send::{ContentWriter, Misuse, Outgoing, check_trailers};
use super::state::{ReceiveState, SendEvent, SendState};
use crate::base::{CloseReason, Now, Phase};
use crate::message::Fields;

/// Absorbed content waits for the transport in the connection's own buffer, up to about this much beside the head.
const MOST_PENDING: usize = 4 * 1024;

impl Connection {
    /// Takes small content into the connection's own buffer, so that it leaves with the head in one write; none, if
    /// a good deal stands there unwritten. Content that was absorbed must not be offered again.
    pub fn absorb(&mut self, content: &[u8]) -> usize {
        self.look_for_permission();
        if self.is_useless() || self.unwritten() > MOST_PENDING {
            return 0;
        }
        let Some(writer) = self.halves.send.writer() else {
            return 0;
        };
        let taken = writer.absorb(&mut self.scratch.out, content);
        self.content_touched |= taken > 0;
        taken
    }

    /// What is to be written now; `content` is lent from the caller's next content. The answer does not change until
    /// [`Connection::sent`].
    ///
    /// Empty before the first octet of a request if the stream has ended or said something: nobody would read it. Empty,
    /// too, while content is held that expects a 100.
    pub fn outgoing<'a>(&'a mut self, content: &'a [u8]) -> Outgoing<'a> {
        if self.stack.is_some() {
            return self.outgoing_layered(content);
        }
        self.look_for_permission();
        if self.is_useless() || !self.halves.send.is_writing() {
            return Outgoing::default();
        }
        let out = &mut self.scratch.out;
        let writer = self.halves.send.writer();
        self.lent = writer.map_or(0, |writer| writer.lend(out, content.len()));
        Outgoing {
            pending: &self.scratch.out[self.written..],
            lent: &content[..self.lent],
            closing: match self.halves.send {
                SendState::Sending(writer) => writer.closing(self.lent),
                _ => b"",
            },
        }
    }

    fn unwritten(&self) -> usize {
        self.scratch.out.len() - self.written
    }

    /// Nothing of the request was sent, and nobody would answer it: the stream has ended, or said something unasked.
    fn is_useless(&self) -> bool {
        let over =
            self.stream_end.is_some() || matches!(self.halves.receive, ReceiveState::Broken(_));
        over && self.pulse.sent() == 0
    }

    /// Whether the transport has taken the whole request.
    pub(crate) fn has_sent_all(&self) -> bool {
        matches!(self.halves.send, SendState::Done)
    }

    /// All that there was of the request has gone out: what is missing is the application's to give.
    pub(crate) fn await_source(&self) {
        if self.wants_content() && self.pulse.phase() == Phase::Sending {
            self.pulse.enter(Phase::Source);
        }
    }

    /// There is something to go out: from here on it is the transport that is waited for.
    pub(crate) fn await_transport(&self, now: Now) {
        if self.pulse.phase() == Phase::Source {
            self.pulse.stamp(now.tick);
            self.pulse.enter(Phase::Sending);
        }
    }

    /// Whether there is something to write now, or would be with content.
    pub(super) fn wants_write(&self, content: bool) -> bool {
        let permitted = self.pulse.may_proceed();
        match self.halves.send {
            _ if self.is_useless() => false,
            SendState::Announcing(_) => true,
            SendState::Sending(ContentWriter::Complete) => true,
            SendState::Sending(_) => content || self.unwritten() > 0,
            SendState::Awaiting(_) => permitted && content,
            SendState::Idle | SendState::Done | SendState::Stopped => false,
        }
    }

    /// Reports how many octets of [`Connection::outgoing`] the transport took; returns how many of them were content
    /// of the caller's.
    pub fn sent(&mut self, now: Now, octets: usize) -> usize {
        if self.stack.is_some() {
            return self.sent_layered(now, octets);
        }
        if !self.halves.send.is_writing() {
            return 0;
        }
        self.pulse.note_sent(now.tick, octets as u64);
        let pending = octets.min(self.unwritten());
        self.written += pending;
        if self.unwritten() == 0 {
            // What was written is let go: content without end must not make the buffer grow without end.
            self.scratch.out.clear();
            self.written = 0;
        }
        let taken = self.note_lent(octets - pending);
        self.lent = 0;
        self.note_flushed(now);
        taken
    }

    /// Counts what the transport took of the content that was lent, and keeps what closes it.
    fn note_lent(&mut self, octets: usize) -> usize {
        let lent = self.lent;
        let Some(writer) = self.halves.send.writer() else {
            return 0;
        };
        let taken = octets.min(lent);
        let closing = writer.closing(lent);
        writer.took(taken);
        if taken > 0 && taken == lent {
            let closed = octets - taken;
            let rest = closing.get(closed..).unwrap_or_default();
            self.scratch.out.extend_from_slice(rest);
        }
        self.content_touched |= taken > 0;
        taken
    }

    /// The caller's content has ended.
    ///
    /// # Errors
    /// [`Misuse::ContentTooShort`] if less came than was announced: the connection cannot be used any further then,
    /// and must be closed.
    pub fn finish_content(&mut self) -> Result<(), Misuse> {
        self.finish_content_with(&Fields::new())
    }

    /// The caller's content has ended, and these trailer fields follow it (RFC 9112 §7.1.2).
    ///
    /// # Errors
    /// As [`Connection::finish_content`]; also if the content is not chunked, or a field must not stand in trailers.
    /// Unless it has gone out already, the request cannot be completed then, and the connection must be closed.
    pub fn finish_content_with(&mut self, trailers: &Fields) -> Result<(), Misuse> {
        self.look_for_permission();
        let out = &mut self.scratch.out;
        let finished = match &mut self.halves.send {
            SendState::Sending(writer) => writer.finish(out, trailers),
            SendState::Announcing(_) | SendState::Awaiting(_) => Err(Misuse::ContentTooShort),
            // All of it has gone out, with an end of its own.
            SendState::Done if !trailers.is_empty() => Err(Misuse::TrailersNotChunked),
            SendState::Idle | SendState::Done | SendState::Stopped => Ok(()),
        };
        if finished.is_err() {
            self.stop_sending();
        }
        finished
    }

    /// Whether fields could follow the content, as far as their names go.
    pub(crate) fn check_trailers(&self, trailers: &Fields) -> Result<(), Misuse> {
        check_trailers(trailers)
    }

    /// The rest of the request will not come: its source failed, or it is not what was announced. The connection cannot
    /// be used any further; a response may still be read.
    pub fn stop_sending(&mut self) {
        if !matches!(self.halves.send, SendState::Idle | SendState::Done) {
            self.persistence.note(CloseReason::RequestIncomplete);
            self.advance_send(SendEvent::Failed);
            self.pulse.note_send_over();
        }
    }

    /// How many octets of content the request can still take; `None` if it has no announced end.
    pub fn content_left(&self) -> Option<u64> {
        match self.halves.send {
            SendState::Announcing(writer)
            | SendState::Awaiting(writer)
            | SendState::Sending(writer) => writer.left(),
            SendState::Idle | SendState::Done | SendState::Stopped => Some(0),
        }
    }

    /// Whether content of the request could go out now if the caller had some: its head is on its way, and nothing is
    /// held that expects a 100.
    pub fn wants_content(&self) -> bool {
        match self.halves.send {
            SendState::Sending(writer) => writer != ContentWriter::Complete,
            SendState::Awaiting(writer) => {
                self.pulse.may_proceed() && writer != ContentWriter::Complete
            }
            SendState::Announcing(_) | SendState::Idle | SendState::Done | SendState::Stopped => {
                false
            }
        }
    }

    /// Whether the rest of the request will never go out: it was answered early, or the transport takes nothing more.
    pub(crate) fn has_stopped_sending(&self) -> bool {
        matches!(self.halves.send, SendState::Stopped)
    }

    /// Whether content was taken from the caller in this exchange: content that can be read only once can be sent again
    /// as long as it was not.
    pub fn has_touched_content(&self) -> bool {
        self.content_touched
    }

    /// Whether the present request was sent with an expectation.
    pub(crate) fn expected_continue(&self) -> bool {
        self.expects_continue
    }

    /// Lets content go that is held for a 100 (RFC 9110 §10.1.1: a client may not wait for ever).
    pub fn proceed(&mut self) {
        self.pulse.permit();
        self.look_for_permission();
    }

    /// Somebody who does not hold the connection may have allowed held content to go.
    fn look_for_permission(&mut self) {
        if self.pulse.may_proceed() {
            let held = matches!(
                self.halves.send,
                SendState::Announcing(_) | SendState::Awaiting(_)
            );
            self.advance_send(SendEvent::Proceed);
            if held {
                self.pulse.enter(Phase::Sending);
            }
        }
    }

    /// The transport takes nothing any more. Reading goes on: there may be a response that says why.
    pub fn send_failed(&mut self, why: io::ErrorKind) {
        self.persistence.note(CloseReason::TransportFailed);
        if let Some(stack) = &mut self.stack {
            stack.send_failed(why);
        }
        self.advance_send(SendEvent::Failed);
        // The stream's end, when it comes, is this failure's: a clean end would hide it.
        if matches!(self.stream_end, Some(StreamEnd::Clean | StreamEnd::Cut)) {
            self.stream_end = Some(StreamEnd::Failed(why));
        }
        self.pulse.note_send_over();
    }

    fn note_flushed(&mut self, now: Now) {
        if self.unwritten() > 0 {
            return;
        }
        match self.halves.send {
            SendState::Sending(ContentWriter::Complete) => {
                self.advance_send(SendEvent::Flushed);
                self.pulse.note_request_complete(now.tick);
                if self.pulse.phase() == Phase::Sending {
                    self.pulse.enter(Phase::AwaitingHead);
                }
            }
            SendState::Announcing(_) => {
                self.advance_send(SendEvent::Flushed);
                self.pulse.note_head_flushed(now.tick);
            }
            _ => {}
        }
    }

    pub(super) fn advance_send(&mut self, event: SendEvent) {
        if let Some(next) = self.halves.send.next(event) {
            self.halves.send = next;
        }
    }
}
