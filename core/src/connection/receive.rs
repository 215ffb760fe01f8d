//! The receiving half at work: octets to heads, content and ends (RFC 9112 §§4–8).
//!
//! [`Connection::poll`] computes *what* stands in the buffer as positions, then borrows it once at the end.

use std::io;

use http::StatusCode;

use super::failure::{Failure, PeerViolation};
use super::machine::{Connection, StreamEnd};
use super::state::{ReceiveEvent, ReceiveState, SendState};
use crate::base::{CloseReason, Now, Phase};
use crate::message::{FieldsRef, HeadRef};
use crate::wire::{
    ContentReader, HeadError, HeadScan, Part, Scan, Section, SectionLimits, check_start,
    parse_fields, parse_status_line, response_framing,
};

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
}

/// As [`Received`], by position.
#[derive(Clone, Copy)]
enum Step {
    NeedMore,
    Interim,
    Head,
    Content(usize),
    Trailers,
    End,
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
        let bound = match self.halves.receive {
            ReceiveState::Idle | ReceiveState::Done | ReceiveState::Broken(_) => {
                return &mut self.probe;
            }
            ReceiveState::Head(_) => self.limits.max_head_bytes,
            ReceiveState::Trailers(_) => self.limits.max_trailer_bytes,
            ReceiveState::Content(_) => 0,
        };
        self.scratch.input.space(bound)
    }

    /// Reports how many octets were read into [`Connection::receive_space`].
    pub fn received(&mut self, now: Now, octets: usize) {
        if octets == 0 {
            return;
        }
        match self.halves.receive {
            ReceiveState::Broken(_) => {}
            ReceiveState::Idle => {
                self.break_off(PeerViolation::Unsolicited.into(), CloseReason::Unsolicited);
            }
            ReceiveState::Done => self.persistence.note(CloseReason::Surplus),
            ReceiveState::Head(_) | ReceiveState::Content(_) | ReceiveState::Trailers(_) => {
                self.scratch.input.filled(octets);
                // What came before the transport took our first octet answers nothing of ours.
                if self.pulse.sent() == 0 {
                    self.break_off(PeerViolation::Unsolicited.into(), CloseReason::Unsolicited);
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
        self.end_stream(StreamEnd::Clean);
    }

    /// The transport delivers nothing any more. What was received before is still read.
    pub fn receive_failed(&mut self, why: io::ErrorKind) {
        self.persistence.note(CloseReason::TransportFailed);
        self.end_stream(StreamEnd::Failed(why));
    }

    fn end_stream(&mut self, end: StreamEnd) {
        self.stream_end.get_or_insert(end);
        if self.halves.receive == ReceiveState::Idle {
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
                let reason = match failure {
                    Failure::Violation(PeerViolation::Truncated) => CloseReason::Truncated,
                    Failure::Violation(PeerViolation::Unsolicited) => CloseReason::Unsolicited,
                    Failure::Violation(_) => CloseReason::ProtocolError,
                    Failure::Closed => CloseReason::PeerEof,
                    Failure::Transport(_) => CloseReason::TransportFailed,
                };
                self.break_off(failure, reason);
                return Err(failure);
            }
        };
        Ok(match step {
            Step::NeedMore => Received::NeedMore,
            Step::Interim => Received::Interim(self.scratch.head()),
            Step::Head => Received::Head(self.scratch.head()),
            Step::Content(count) => {
                self.pulse.enter(Phase::Application);
                Received::Content(&self.scratch.input.unread()[..count])
            }
            Step::Trailers => Received::Trailers(self.scratch.trailers()),
            Step::End => Received::End,
        })
    }

    /// Uses up content that [`Connection::poll`] showed.
    pub fn consume(&mut self, now: Now, octets: usize) {
        if let ReceiveState::Content(reader) = &mut self.halves.receive {
            let here = self.scratch.input.unread_len() as u64;
            let count = (octets as u64).min(reader.direct()).min(here);
            reader.take(count);
            // No more than what is here, which a usize counted.
            self.scratch
                .input
                .consume(usize::try_from(count).unwrap_or_default());
            // The peer is not to blame for the time that the application took.
            self.pulse.note_received(now.tick, 0);
        }
    }

    /// How many octets of content may be read from the transport straight into the application's memory. Zero while
    /// there are octets in the buffer, or while framing comes next.
    pub fn direct_limit(&self) -> u64 {
        match &self.halves.receive {
            ReceiveState::Content(reader)
                if self.scratch.input.unread_len() == 0 && self.stream_end.is_none() =>
            {
                reader.direct()
            }
            _ => 0,
        }
    }

    /// Reports octets of content that were read past the buffer, at most [`Connection::direct_limit`].
    pub fn received_direct(&mut self, now: Now, octets: usize) {
        if let ReceiveState::Content(reader) = &mut self.halves.receive {
            reader.take(octets as u64);
            self.pulse.note_received(now.tick, octets as u64);
            self.pulse.enter(Phase::Application);
        }
    }

    /// The driver begins to wait for the peer, or tries its transport. The peer is answerable for what passes from here
    /// on, not for the time that the application took before it asked for more.
    pub fn waiting(&mut self, now: Now) {
        if core::mem::take(&mut self.waiting_unstamped) {
            self.pulse.note_received(now.tick, 0);
        }
    }

    /// The content that stands ready. Other than [`Connection::poll`] it never goes on to what follows content.
    pub fn content(&mut self) -> &[u8] {
        let ReceiveState::Content(reader) = &mut self.halves.receive else {
            return &[];
        };
        let input = &mut self.scratch.input;
        match reader.advance(input.unread(), &self.limits) {
            Ok((skip, Part::Content(count))) => {
                input.consume(skip);
                self.pulse.enter(Phase::Application);
                &self.scratch.input.unread()[..count]
            }
            // Framing that was read must not be read again.
            Ok((skip, Part::NeedMore | Part::Trailers | Part::End)) => {
                input.consume(skip);
                &[]
            }
            // `poll` tells the failure.
            Err(_) => &[],
        }
    }

    fn step(&mut self) -> Result<Step, Failure> {
        loop {
            let scratch = &mut self.scratch;
            match &mut self.halves.receive {
                ReceiveState::Idle => return Ok(Step::NeedMore),
                ReceiveState::Done => return Ok(Step::End),
                ReceiveState::Broken(failure) => return Err(*failure),
                ReceiveState::Head(scan) => {
                    if !scratch.input.kept().is_empty() {
                        scratch.input.release_kept();
                    }
                    check_start(scratch.input.unread()).map_err(PeerViolation::Head)?;
                    let bounds = SectionLimits {
                        octets: self.limits.max_head_bytes,
                        fields: self.limits.max_fields,
                    };
                    let found = scan.advance(scratch.input.unread_mut(), Section::Head, bounds);
                    match found.map_err(PeerViolation::Head)? {
                        Scan::NeedMore => return self.starved(),
                        Scan::Complete { length, fields } => return self.read_head(length, fields),
                    }
                }
                ReceiveState::Content(reader) => {
                    let (skip, part) = reader
                        .advance(scratch.input.unread(), &self.limits)
                        .map_err(PeerViolation::Chunk)?;
                    scratch.input.consume(skip);
                    match part {
                        Part::NeedMore => return self.starved(),
                        Part::Content(count) => return Ok(Step::Content(count)),
                        Part::Trailers => self.advance_receive(ReceiveEvent::TrailerSection),
                        Part::End => self.advance_receive(ReceiveEvent::End),
                    }
                }
                ReceiveState::Trailers(scan) => {
                    let mut scan = *scan;
                    if let Some(step) = self.read_trailers(&mut scan)? {
                        return Ok(step);
                    }
                }
            }
        }
    }

    /// No octet is left that could decide anything: either more will come, or the stream has ended.
    fn starved(&mut self) -> Result<Step, Failure> {
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
            (StreamEnd::Clean, ReceiveState::Head(_)) if self.scratch.input.unread_len() == 0 => {
                Err(Failure::Closed)
            }
            (StreamEnd::Clean, _) => Err(PeerViolation::Truncated.into()),
            (StreamEnd::Failed(kind), _) => Err(Failure::Transport(kind)),
        }
    }

    fn read_head(&mut self, length: usize, fields: usize) -> Result<Step, Failure> {
        self.scratch.input.keep(length);
        let (line, offset) =
            parse_status_line(self.scratch.input.kept()).map_err(PeerViolation::Head)?;
        parse_fields(
            self.scratch.input.kept(),
            offset,
            fields,
            &mut self.scratch.spans,
        )
        .map_err(PeerViolation::Head)?;
        self.scratch.line = line;
        if line.status.is_informational() {
            return self.read_interim(line.status, length);
        }
        let head = self.scratch.head();
        let framed = response_framing(self.to_head, line.status, line.version, head.fields())
            .map_err(PeerViolation::Framing)?;
        self.persistence.note_head(head);
        let reader = ContentReader::new(framed.framing);
        if framed.conflict {
            self.persistence.note(CloseReason::FramingConflict);
        }
        if reader == Some(ContentReader::UntilClose) {
            self.persistence.note(CloseReason::CloseDelimited);
        }
        if matches!(self.halves.send, SendState::Sending(_)) {
            self.persistence.note(CloseReason::RequestIncomplete);
        }
        if let Some(halves) = self.halves.final_head(reader) {
            self.halves = halves;
        }
        self.pulse.note_head();
        // Until it asks for content, the application has the word.
        self.pulse.enter(Phase::Application);
        Ok(Step::Head)
    }

    fn read_interim(&mut self, status: StatusCode, length: usize) -> Result<Step, Failure> {
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(PeerViolation::SwitchedUnasked.into());
        }
        self.interim += 1;
        self.interim_octets += length;
        if self.interim > self.limits.max_interim
            || self.interim_octets > self.limits.max_interim_bytes
        {
            return Err(PeerViolation::TooManyInterim.into());
        }
        self.advance_receive(ReceiveEvent::InterimHead);
        Ok(Step::Interim)
    }

    /// Reads the trailer section; `None` if it was empty and the response is complete.
    fn read_trailers(&mut self, scan: &mut HeadScan) -> Result<Option<Step>, Failure> {
        let limits = SectionLimits {
            octets: self.limits.max_trailer_bytes,
            fields: self.limits.max_trailers,
        };
        let input = &mut self.scratch.input;
        let found = scan
            .advance(input.unread_mut(), Section::Trailers, limits)
            .map_err(PeerViolation::Trailers)?;
        let Scan::Complete { length, fields } = found else {
            self.halves.receive = ReceiveState::Trailers(*scan);
            return self.starved().map(Some);
        };
        if fields > 0 {
            let octets = &input.unread()[..length];
            parse_fields(octets, 0, fields, &mut self.scratch.trailers)
                .map_err(PeerViolation::Trailers)?;
        }
        self.scratch.trailers_at = (input.position(), length);
        input.consume(length);
        self.advance_receive(ReceiveEvent::End);
        Ok((fields > 0).then_some(Step::Trailers))
    }
}

impl From<HeadError> for PeerViolation {
    fn from(error: HeadError) -> Self {
        Self::Head(error)
    }
}
