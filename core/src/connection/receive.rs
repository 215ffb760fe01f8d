//! The receiving half at work: octets to heads, content and ends (RFC 9112 §§4–8).
//!
//! [`Connection::poll`] computes *what* stands in the buffer as positions, then borrows it once at the end.

use std::io;

use super::failure::{Failure, PeerViolation};
use super::machine::{Connection, StreamEnd};
use super::state::{ReceiveEvent, ReceiveState};
use crate::base::{Bound, CloseReason, Now, Phase, work};
use crate::message::{FieldsRef, HeadRef};
use crate::wire::{ContentReader, Part};

/// What a connection has received.
#[derive(Clone, Copy, Debug)]
pub enum Received<'a> {
    /// Nothing yet: read more, or wait. Not an error.
    NeedMore,
    /// An interim (1xx) head; the final one is still to come.
    Interim(HeadRef<'a>),
    /// The final head.
    Head(HeadRef<'a>),
    /// Content, in order. It stays until it is [consumed](Connection::consume).
    Content(&'a [u8]),
    /// The trailer section, if it has a field.
    Trailers(FieldsRef<'a>),
    /// The response is complete.
    End,
    /// The head that was shown last (101, or 2xx to CONNECT) is the end of HTTP on this connection:
    /// [`Connection::into_upgraded`] has what follows.
    Switched,
}

/// As [`Received`], by position.
#[derive(Clone, Copy)]
pub(super) enum Step {
    NeedMore,
    Interim,
    Head,
    Content(usize),
    Trailers,
    End,
    Switched,
}

impl From<PeerViolation> for Failure {
    fn from(violation: PeerViolation) -> Self {
        Self::Violation(violation)
    }
}

impl Connection {
    /// Space to read into; never empty. Content that was not consumed stays in front of it: read only while
    /// [`Connection::interest`] says so, or the buffer grows with what the peer sends.
    pub fn receive_space(&mut self) -> &mut [u8] {
        if self.stack.is_some() {
            return self.layered_space();
        }
        let bound = match self.halves.receive {
            ReceiveState::Idle | ReceiveState::Done | ReceiveState::Broken(_) => {
                return &mut self.probe;
            }
            ReceiveState::Head(_) => self.rules.limits.max_head_bytes,
            ReceiveState::Trailers(_) => self.rules.limits.max_trailer_bytes,
            ReceiveState::Content(_) | ReceiveState::Switched => 0,
        };
        self.scratch.input.space(bound)
    }

    /// Reports how many octets were read into [`Connection::receive_space`].
    pub fn received(&mut self, now: Now, octets: usize) {
        if octets == 0 {
            return;
        }
        if self.stack.is_some() {
            return self.received_layered(now, octets);
        }
        match self.halves.receive {
            ReceiveState::Broken(_) => {}
            ReceiveState::Idle => {
                self.refuse(PeerViolation::Unsolicited.into());
            }
            ReceiveState::Done => self.persistence.note(CloseReason::Surplus),
            ReceiveState::Head(_)
            | ReceiveState::Content(_)
            | ReceiveState::Trailers(_)
            | ReceiveState::Switched => {
                self.scratch.input.filled(octets);
                // What came before the transport took our first octet answers nothing of ours.
                if self.pulse.sent() == 0 {
                    self.refuse(PeerViolation::Unsolicited.into());
                }
                self.pulse.note_received(now.tick, octets as u64);
            }
        }
    }

    /// Takes octets that the driver read into memory of its own; returns how many (at least one, if there is one).
    /// Poll before offering the rest.
    pub fn feed(&mut self, now: Now, octets: &[u8]) -> usize {
        let space = self.receive_space();
        let count = space.len().min(octets.len());
        space[..count].copy_from_slice(&octets[..count]);
        self.received(now, count);
        count
    }

    /// The peer ended its stream cleanly. What that means depends on the framing; [`Connection::poll`] tells.
    pub fn receive_eof(&mut self) {
        match self.stack {
            None => self.end_stream(StreamEnd::Clean),
            Some(_) => self.ended_layered(StreamEnd::Clean),
        }
    }

    /// The transport delivers nothing any more. What was received before is still read.
    pub fn receive_failed(&mut self, why: io::ErrorKind) {
        self.persistence.note(CloseReason::TransportFailed);
        match self.stack {
            None => self.end_stream(StreamEnd::Failed(why)),
            Some(_) => self.ended_layered(StreamEnd::Failed(why)),
        }
    }

    pub(super) fn end_stream(&mut self, end: StreamEnd) {
        self.stream_end.get_or_insert(end);
        if matches!(self.halves.receive, ReceiveState::Idle) {
            self.persistence.note(CloseReason::PeerEof);
        }
    }

    pub(super) fn break_off(&mut self, failure: Failure, reason: CloseReason) {
        self.persistence.note(reason);
        self.advance_receive(ReceiveEvent::Broken(failure));
    }

    pub(super) fn advance_receive(&mut self, event: ReceiveEvent) {
        if let Some(next) = self.halves.receive.next(event) {
            self.halves.receive = next;
        }
    }

    /// What the octets received so far mean. Call it again until it says [`Received::NeedMore`] or [`Received::End`].
    ///
    /// # Errors
    /// If the peer broke the protocol or the transport failed. The same failure comes again at every further call.
    pub fn poll(&mut self) -> Result<Received<'_>, Failure> {
        let step = match self.step() {
            Ok(step) => step,
            Err(failure) => {
                self.refuse(failure);
                return Err(failure);
            }
        };
        Ok(match step {
            Step::NeedMore if self.stack.is_some() => return self.poll_further(),
            Step::NeedMore => Received::NeedMore,
            Step::Interim => Received::Interim(self.scratch.head()),
            Step::Head => Received::Head(self.scratch.head()),
            Step::Content(count) => {
                self.pulse.enter(Phase::Application);
                Received::Content(&self.scratch.input.unread()[..count])
            }
            Step::Trailers => Received::Trailers(self.scratch.trailers()),
            Step::End => Received::End,
            Step::Switched => Received::Switched,
        })
    }

    /// Nothing more is read: the failure comes again at every further call.
    #[cold]
    fn refuse(&mut self, failure: Failure) {
        self.break_off(failure, self.reason_of(failure));
    }

    fn reason_of(&self, failure: Failure) -> CloseReason {
        let inside = match self.halves.receive {
            ReceiveState::Content(_) | ReceiveState::Trailers(_) => true,
            ReceiveState::Head(_) => self.scratch.input.unread_len() > 0,
            _ => false,
        };
        match failure {
            Failure::Violation(PeerViolation::Truncated) => CloseReason::Truncated,
            Failure::Violation(PeerViolation::Unsolicited) => CloseReason::Unsolicited,
            Failure::Violation(_) => CloseReason::ProtocolError,
            Failure::Closed => CloseReason::PeerEof,
            Failure::Transport(_) if inside => CloseReason::Truncated,
            Failure::Transport(_) => CloseReason::TransportFailed,
        }
    }

    /// Uses up content that [`Connection::poll`] showed. More than stands ready counts as all that does: no framing is used
    /// up, and nothing that comes later. While no content is being read nothing happens.
    pub fn consume(&mut self, now: Now, octets: usize) {
        if matches!(self.halves.receive, ReceiveState::Content(_)) {
            self.use_up(octets);
            // The peer is not to blame for the time that the application took.
            self.pulse.stamp(now.tick);
        }
    }

    pub(super) fn use_up(&mut self, octets: usize) {
        let octets = self.allowed(octets as u64);
        if let ReceiveState::Content(reader) = &mut self.halves.receive {
            let input = &mut self.scratch.input;
            let here = input.unread_len() as u64;
            let count = octets.min(reader.direct()).min(here);
            reader.take(count);
            self.allowance = self.allowance.map(|left| left - count);
            // No more than what is here, which a usize counted.
            let count = usize::try_from(count).unwrap_or_default();
            input.consume(count);
        }
    }

    /// How many octets of content are surely still to come, at the least; `None` if no content is being read.
    pub(super) fn rest_of_content(&self) -> Option<u64> {
        match &self.halves.receive {
            ReceiveState::Content(ContentReader::UntilClose) => None,
            ReceiveState::Content(reader) => Some(reader.direct()),
            ReceiveState::Trailers(_) => Some(0),
            _ => None,
        }
    }

    /// How many octets of content may be read from the transport straight into the application's memory. Zero while
    /// there are octets in the buffer, or while framing comes next.
    pub fn direct_limit(&self) -> u64 {
        match &self.halves.receive {
            ReceiveState::Content(reader)
                if self.scratch.input.unread_len() == 0
                    && self.stream_end.is_none()
                    && self.stack.is_none() =>
            {
                self.allowed(reader.direct())
            }
            _ => 0,
        }
    }

    /// So much of that many octets of content as [`Limits::max_content_bytes`](crate::Limits::max_content_bytes) lets in.
    fn allowed(&self, octets: u64) -> u64 {
        self.allowance.map_or(octets, |left| left.min(octets))
    }

    /// Reports octets of content that were read past the buffer, at most [`Connection::direct_limit`].
    pub fn received_direct(&mut self, now: Now, octets: usize) {
        if let ReceiveState::Content(reader) = &mut self.halves.receive {
            reader.take(octets as u64);
            self.allowance = self
                .allowance
                .map(|left| left.saturating_sub(octets as u64));
            self.pulse.note_received(now.tick, octets as u64);
            self.pulse.enter(Phase::Application);
        }
    }

    /// The driver begins to wait for the peer, or tries its transport. The peer is answerable for what passes from here
    /// on, not for the time that the application took before it asked for more.
    pub fn waiting(&mut self, now: Now) {
        if core::mem::take(&mut self.waiting_unstamped) {
            self.pulse.stamp(now.tick);
        }
    }

    /// The content that stands ready. Other than [`Connection::poll`] it never goes on to what follows content.
    pub fn content(&mut self) -> &[u8] {
        if self.stack.is_some() {
            self.fill();
        }
        let ReceiveState::Content(reader) = &mut self.halves.receive else {
            return &[];
        };
        let input = &mut self.scratch.input;
        let before = *reader;
        match reader.advance(input.unread(), &self.rules) {
            Ok((skip, Part::Content(count))) => {
                input.consume(skip);
                self.pulse.enter(Phase::Application);
                let count = allowed(self.allowance, count);
                &input.unread()[..count]
            }
            // Framing that was read must not be read again.
            Ok((skip, Part::NeedMore | Part::Trailers | Part::End)) => {
                input.consume(skip);
                &[]
            }
            // `poll` tells the failure, and must begin where we did: no octet of the framing was used up.
            Err(_) => {
                *reader = before;
                &[]
            }
        }
    }

    fn step(&mut self) -> Result<Step, Failure> {
        work::note(1);
        loop {
            match &mut self.halves.receive {
                ReceiveState::Idle => return Ok(Step::NeedMore),
                ReceiveState::Done => return Ok(Step::End),
                ReceiveState::Switched => return Ok(Step::Switched),
                ReceiveState::Broken(failure) => return Err(*failure),
                ReceiveState::Head(scan) => {
                    let mut scan = *scan;
                    return self.step_in_head(&mut scan);
                }
                ReceiveState::Content(reader) => {
                    let input = &mut self.scratch.input;
                    let (skip, part) = reader
                        .advance(input.unread(), &self.rules)
                        .map_err(|why| PeerViolation::of(why, PeerViolation::Chunk, &self.rules))?;
                    input.consume(skip);
                    match part {
                        Part::NeedMore => return self.starved(),
                        Part::Content(_) if self.allowance == Some(0) => {
                            return Err(self.passed(Bound::ContentBytes).into());
                        }
                        Part::Content(count) => {
                            return Ok(Step::Content(allowed(self.allowance, count)));
                        }
                        Part::Trailers => self.advance_receive(ReceiveEvent::TrailerSection),
                        Part::End => self.advance_receive(ReceiveEvent::End),
                    }
                }
                ReceiveState::Trailers(scan) => {
                    let mut scan = *scan;
                    if let Some(step) = self.step_in_trailers(&mut scan)? {
                        return Ok(step);
                    }
                }
            }
        }
    }

    /// No octet is left that could decide anything: either more will come, or the stream has ended.
    pub(super) fn starved(&mut self) -> Result<Step, Failure> {
        let Some(end) = self.stream_end else {
            if matches!(
                self.halves.receive,
                ReceiveState::Content(_) | ReceiveState::Trailers(_)
            ) {
                self.waiting_unstamped |= self.pulse.phase() != Phase::Receiving;
                self.pulse.enter(Phase::Receiving);
            }
            return Ok(Step::NeedMore);
        };
        match (end, &self.halves.receive) {
            (StreamEnd::Clean, ReceiveState::Content(ContentReader::UntilClose)) => {
                self.advance_receive(ReceiveEvent::End);
                Ok(Step::End)
            }
            (StreamEnd::Clean, ReceiveState::Trailers(_))
                if self.rules.leniency.missing_last_line =>
            {
                self.advance_receive(ReceiveEvent::End);
                Ok(Step::End)
            }
            (StreamEnd::Clean | StreamEnd::Cut, ReceiveState::Head(_))
                if self.scratch.input.unread_len() == 0 =>
            {
                Err(Failure::Closed)
            }
            (StreamEnd::Clean | StreamEnd::Cut, _) => Err(PeerViolation::Truncated.into()),
            (StreamEnd::Failed(kind), _) => Err(Failure::Transport(kind)),
        }
    }
}

/// So many of the octets at hand as may still be delivered.
fn allowed(allowance: Option<u64>, count: usize) -> usize {
    let most = allowance.and_then(|left| usize::try_from(left).ok());
    most.map_or(count, |most| count.min(most))
}
