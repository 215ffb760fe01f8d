//! One HTTP/1.1 connection without its socket: the driver moves octets, this says which and what they mean.
//!
//! Writing: [`absorb`](Connection::absorb) what is small, write what [`outgoing`](Connection::outgoing) shows, report
//! with [`sent`](Connection::sent). Reading: read into [`receive_space`](Connection::receive_space), report with
//! [`received`](Connection::received), then [`poll`](Connection::poll) until it says
//! [`Received::NeedMore`](super::Received::NeedMore). The two directions are independent.

use core::fmt;
use std::io;
use std::sync::Arc;

use http::Method;

use super::persistence::Persistence;
use super::scratch::Scratch;
use super::send::{ContentPlan, ContentWriter, Misuse, Outgoing};
use super::state::{Halves, ReceiveState, SendEvent, SendState};
use crate::base::{CloseReason, Limits, Now, Phase, Pulse};

/// Where octets go that nobody asked for: one is enough to know that the connection is useless.
const PROBE: usize = 16;

/// Absorbed content waits for the transport in the connection's own buffer, up to about this much beside the head.
const MOST_PENDING: usize = 4 * 1024;

/// Which kinds of readiness the connection can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// There is room for what the peer sends.
    pub read: bool,
    /// There are octets to write.
    pub write: bool,
}

/// How the incoming stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    Clean,
    Failed(io::ErrorKind),
}

/// One HTTP/1.1 connection as a machine over octets.
///
/// ```
/// use sessile_core::{Connection, ContentPlan, Limits, Now, Received, Scratch};
/// let now = Now::default();
/// let mut connection = Connection::new(Limits::default().into());
/// connection.start(now, &http::Method::GET, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ContentPlan::None, Scratch::default())?;
/// let count = connection.outgoing(b"").len();
/// connection.sent(now, count);
///
/// connection.feed(now, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
/// assert!(matches!(connection.poll()?, Received::Head(head) if head.status() == 200));
/// assert!(matches!(connection.poll()?, Received::Content(b"hi")));
/// connection.consume(now, 2);
/// assert!(matches!(connection.poll()?, Received::End));
/// assert_eq!(connection.renew(), Ok(()));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Connection {
    pub(super) halves: Halves,
    pub(super) persistence: Persistence,
    pub(super) scratch: Scratch,
    pub(super) limits: Arc<Limits>,
    pub(super) pulse: Arc<Pulse>,
    /// How much of `scratch.out` the transport has taken.
    written: usize,
    /// How much content the last `outgoing` lent.
    lent: usize,
    /// The request was a HEAD: its response has no content.
    pub(super) to_head: bool,
    pub(super) interim: usize,
    pub(super) interim_octets: usize,
    pub(super) stream_end: Option<StreamEnd>,
    /// We have begun to wait for content, at a time that nobody has told us yet.
    pub(super) waiting_unstamped: bool,
    pub(super) probe: [u8; PROBE],
}

impl Connection {
    /// A connection whose transport has just been opened.
    pub fn new(limits: Arc<Limits>) -> Self {
        Self {
            halves: Halves::new(),
            persistence: Persistence::default(),
            scratch: Scratch::default(),
            limits,
            pulse: Arc::default(),
            written: 0,
            lent: 0,
            to_head: false,
            interim: 0,
            interim_octets: 0,
            stream_end: None,
            waiting_unstamped: false,
            probe: [0; PROBE],
        }
    }

    /// The numbers that others may watch while the connection is in use.
    pub fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    // ------------------------------------------------------------------------------------------- an exchange begins

    /// Begins an exchange: `head` is the encoded request head, `content` what will follow it.
    ///
    /// # Errors
    /// [`Misuse::NotIdle`] if an exchange is under way or the connection has failed.
    pub fn start(
        &mut self,
        now: Now,
        method: &Method,
        head: &[u8],
        content: ContentPlan,
        mut scratch: Scratch,
    ) -> Result<(), Misuse> {
        scratch.clear();
        scratch.out.extend_from_slice(head);
        self.start_encoded(now, method, content, scratch)
    }

    /// Begins an exchange whose encoded head already stands in the scratch.
    pub(crate) fn start_encoded(
        &mut self,
        now: Now,
        method: &Method,
        content: ContentPlan,
        scratch: Scratch,
    ) -> Result<(), Misuse> {
        let usable = self.persistence.reason().is_none() && self.stream_end.is_none();
        let halves = self
            .halves
            .start(ContentWriter::new(content))
            .filter(|_| usable)
            .ok_or(Misuse::NotIdle)?;
        self.halves = halves;
        self.scratch = scratch;
        self.written = 0;
        self.lent = 0;
        self.interim = 0;
        self.interim_octets = 0;
        self.waiting_unstamped = false;
        self.to_head = method == Method::HEAD;
        self.pulse.begin(now.tick);
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------ sending

    /// Takes small content into the connection's own buffer, so that it leaves with the head in one write; none, if
    /// a good deal stands there unwritten. Content that was absorbed must not be offered again.
    pub fn absorb(&mut self, content: &[u8]) -> usize {
        let full = self.scratch.out.len() - self.written > MOST_PENDING;
        let useless = self.is_useless();
        match &mut self.halves.send {
            _ if useless || full => 0,
            SendState::Sending(writer) => writer.absorb(&mut self.scratch.out, content),
            SendState::Idle | SendState::Done | SendState::Stopped => 0,
        }
    }

    /// What is to be written now; `content` is lent from the caller's next content. The answer does not change until
    /// [`Connection::sent`].
    ///
    /// Empty before the first octet of a request if the stream has ended or said something: nobody would read it.
    pub fn outgoing<'a>(&'a mut self, content: &'a [u8]) -> Outgoing<'a> {
        let useless = self.is_useless();
        let writer = match &mut self.halves.send {
            SendState::Sending(writer) if !useless => writer,
            _ => return Outgoing::default(),
        };
        self.lent = writer.lend(&mut self.scratch.out, content.len());
        Outgoing {
            pending: &self.scratch.out[self.written..],
            lent: &content[..self.lent],
            closing: writer.closing(self.lent),
        }
    }

    /// Whether an interim or the final head stands in [`Connection::head`].
    pub(crate) fn has_head(&self) -> bool {
        !self.scratch.input.kept().is_empty()
    }

    /// Nothing of the request was sent, and nobody would answer it: the stream has ended, or said something unasked.
    fn is_useless(&self) -> bool {
        let over =
            self.stream_end.is_some() || matches!(self.halves.receive, ReceiveState::Broken(_));
        over && self.pulse.sent() == 0
    }

    /// Reports how many octets of [`Connection::outgoing`] the transport took; returns how many of them were content
    /// of the caller's.
    pub fn sent(&mut self, now: Now, octets: usize) -> usize {
        let SendState::Sending(writer) = &mut self.halves.send else {
            return 0;
        };
        self.pulse.note_sent(now.tick, octets as u64);
        let pending = octets.min(self.scratch.out.len() - self.written);
        self.written += pending;
        let taken = (octets - pending).min(self.lent);
        let closing = writer.closing(self.lent);
        writer.took(taken);
        if self.written == self.scratch.out.len() {
            // What was written is let go: content without end must not make the buffer grow without end.
            self.scratch.out.clear();
            self.written = 0;
        }
        if taken > 0 && taken == self.lent {
            let closed = octets - pending - taken;
            self.scratch
                .out
                .extend_from_slice(closing.get(closed..).unwrap_or_default());
        }
        self.lent = 0;
        self.note_flushed(now);
        taken
    }

    /// The caller's content has ended.
    ///
    /// # Errors
    /// [`Misuse::ContentTooShort`] if less came than was announced: the connection cannot be used any further then,
    /// and must be closed.
    pub fn finish_content(&mut self) -> Result<(), Misuse> {
        let SendState::Sending(writer) = &mut self.halves.send else {
            return Ok(());
        };
        let finished = writer.finish(&mut self.scratch.out);
        if finished.is_err() {
            self.persistence.note(CloseReason::RequestIncomplete);
            self.advance_send(SendEvent::Failed);
        }
        finished
    }

    /// The request says `Connection: close`: this exchange is the connection's last.
    pub fn close_after(&mut self) {
        self.persistence.note(CloseReason::LocalClose);
    }

    /// The transport takes nothing any more. Reading goes on: there may be a response that says why.
    pub fn send_failed(&mut self, why: io::ErrorKind) {
        self.persistence.note(CloseReason::TransportFailed);
        self.advance_send(SendEvent::Failed);
        // The stream's end, when it comes, is this failure's: a clean end would hide it.
        if self.stream_end == Some(StreamEnd::Clean) {
            self.stream_end = Some(StreamEnd::Failed(why));
        }
        self.pulse.note_send_over();
    }

    fn note_flushed(&mut self, now: Now) {
        let complete = self.halves.send == SendState::Sending(ContentWriter::Complete);
        if complete && self.written == self.scratch.out.len() {
            self.advance_send(SendEvent::Flushed);
            self.pulse.note_request_complete(now.tick);
            if self.pulse.phase() == Phase::Sending {
                self.pulse.enter(Phase::AwaitingHead);
            }
        }
    }

    fn advance_send(&mut self, event: SendEvent) {
        if let Some(next) = self.halves.send.next(event) {
            self.halves.send = next;
        }
    }

    // ------------------------------------------------------------------------------------------------------- asking

    /// Which readiness the connection can use now. `content` tells whether the caller has content to offer.
    pub fn interest(&self, content: bool) -> Interest {
        let write = match self.halves.send {
            _ if self.is_useless() => false,
            SendState::Sending(ContentWriter::Complete) => true,
            SendState::Sending(_) => content || self.written < self.scratch.out.len(),
            SendState::Idle | SendState::Done | SendState::Stopped => false,
        };
        let read = match self.halves.receive {
            ReceiveState::Idle | ReceiveState::Head(_) | ReceiveState::Trailers(_) => true,
            // Unread content: the application's pace holds the peer back.
            ReceiveState::Content(_) => self.scratch.input.unread_len() == 0,
            ReceiveState::Done | ReceiveState::Broken(_) => false,
        };
        Interest {
            read: read && self.stream_end.is_none(),
            write,
        }
    }

    /// Whether no exchange is under way and one could begin.
    pub fn is_idle(&self) -> bool {
        self.halves == Halves::new() && self.close_reason().is_none()
    }

    /// Whether the response was read to its end.
    pub fn is_done(&self) -> bool {
        self.halves.receive == ReceiveState::Done
    }

    /// Why the connection can carry no further exchange, as far as is known now.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.persistence.reason()
    }

    /// The head of the response being read.
    pub fn head(&self) -> crate::message::HeadRef<'_> {
        self.scratch.head()
    }

    /// The trailer section that was read last.
    pub fn trailers(&self) -> crate::message::FieldsRef<'_> {
        self.scratch.trailers()
    }

    // --------------------------------------------------------------------------------------------- an exchange ends

    /// Ends an exchange whose response was read to its end, and judges whether the connection may carry another. On
    /// an idle connection it tells the same again.
    ///
    /// # Errors
    /// The reason why it may not; the connection must be closed then.
    pub fn renew(&mut self) -> Result<(), CloseReason> {
        let reason = match (self.halves.receive, self.halves.send) {
            (ReceiveState::Done, SendState::Done) | (ReceiveState::Idle, SendState::Idle) => None,
            (ReceiveState::Done, _) => Some(CloseReason::RequestIncomplete),
            _ => Some(CloseReason::UnreadContent),
        };
        let surplus = (self.scratch.input.unread_len() > 0).then_some(CloseReason::Surplus);
        let ended = self.stream_end.map(|_| CloseReason::PeerEof);
        for reason in [reason, surplus, ended].into_iter().flatten() {
            self.persistence.note(reason);
        }
        self.pulse.enter(Phase::Idle);
        match (self.persistence.reason(), self.halves.renew()) {
            (None, Some(halves)) => self.halves = halves,
            // It was idle already.
            (None, None) => {}
            (Some(reason), _) => return Err(reason),
        }
        Ok(())
    }

    /// Takes the exchange's memory; the response head can still be read from it.
    pub fn take_scratch(&mut self) -> Scratch {
        // Octets that nobody asked for must not vanish with the buffer: they decide whether the connection lives.
        if self.scratch.input.unread_len() > 0 {
            self.persistence.note(CloseReason::Surplus);
        }
        core::mem::take(&mut self.scratch)
    }
}

impl fmt::Debug for Connection {
    /// States and counts; no octet of a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let send = match self.halves.send {
            SendState::Idle => "idle",
            SendState::Sending(_) => "sending",
            SendState::Done => "sent",
            SendState::Stopped => "stopped",
        };
        let receive = match self.halves.receive {
            ReceiveState::Idle => "nothing to receive",
            ReceiveState::Head(_) => "awaiting a head",
            ReceiveState::Content(_) => "reading content",
            ReceiveState::Trailers(_) => "reading trailers",
            ReceiveState::Done => "response complete",
            ReceiveState::Broken(_) => "broken",
        };
        write!(f, "HTTP/1.1 connection, {send}, {receive}")?;
        match self.close_reason() {
            Some(reason) => write!(f, ", to be closed ({reason:?})"),
            None => Ok(()),
        }
    }
}
