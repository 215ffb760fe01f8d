//! What a connection makes of the heads and the trailer section that it reads (RFC 9112 §§4–6, RFC 9110 §15.2).
//!
//! The octets are read on the floor below; here it is decided whether a head is interim, final or the end of HTTP, how its
//! content is framed, and what it means for the request and the connection.

use http::StatusCode;

use super::failure::{Failure, PeerViolation};
use super::machine::Connection;
use super::receive::Step;
use super::state::{ReceiveEvent, ReceiveState, SendState};
use crate::base::{Bound, CloseReason, Phase};
use crate::message::{Known, StatusLine};
use crate::syntax::list;
use crate::wire::{
    ContentReader, Framing, FramingError, HeadScan, ResponseFraming, SectionLimits,
    leading_empty_lines, read_head, read_trailers, response_framing,
};

impl Connection {
    pub(super) fn step_in_head(&mut self, scan: &mut HeadScan) -> Result<Step, Failure> {
        let input = &mut self.scratch.input;
        if !input.kept().is_empty() {
            input.release_kept();
        }
        let leniency = self.rules.leniency;
        if leniency.leading_empty_lines && *scan == HeadScan::default() {
            let skipped = leading_empty_lines(input.unread(), leniency);
            input.consume(skipped);
            input.release_kept();
            let half_a_line = input.unread() == b"\r";
            self.count_interim(skipped)?;
            if half_a_line {
                return self.starved();
            }
        }
        let limits = SectionLimits {
            octets: self.rules.limits.max_head_bytes,
            fields: self.rules.limits.max_fields,
        };
        let scratch = &mut *self.scratch;
        let (input, spans) = (&mut scratch.input, &mut scratch.spans);
        let read = read_head(scan, input.unread_mut(), limits, leniency, spans);
        match read.map_err(|why| PeerViolation::of(why, PeerViolation::Head, &self.rules))? {
            Some((line, length)) => self.take_head(line, length),
            None => {
                self.halves.receive = ReceiveState::Head(*scan);
                self.starved()
            }
        }
    }

    /// A head was read; it stays at the front of the buffer.
    fn take_head(&mut self, line: StatusLine, length: usize) -> Result<Step, Failure> {
        self.scratch.input.keep(length);
        self.scratch.line = line;
        if line.status == StatusCode::SWITCHING_PROTOCOLS {
            return self.take_switching_head();
        }
        if line.status.is_informational() {
            return self.take_interim_head(line.status, length);
        }
        let framed = self.judge_framing(line)?;
        self.framing = framed.framing;
        if framed.framing == Framing::Switched {
            return self.take_switching_head();
        }
        let (octets, spans) = (self.scratch.input.kept(), &self.scratch.spans);
        self.persistence.note_head(line.version, octets, spans);
        let reader = ContentReader::new(framed.framing);
        if framed.conflict {
            self.persistence.note(CloseReason::FramingConflict);
        }
        if framed.framing == Framing::UntilClose {
            self.persistence.note(CloseReason::CloseDelimited);
        }
        if !matches!(self.halves.send, SendState::Done) {
            self.persistence.note(CloseReason::RequestIncomplete);
        }
        self.halves.final_head(reader);
        self.note_final_head();
        Ok(Step::Head)
    }

    fn note_final_head(&self) {
        self.pulse.note_head();
        // Until it asks for content, the application has the word.
        self.pulse.enter(Phase::Application);
    }

    fn judge_framing(&self, line: StatusLine) -> Result<ResponseFraming, PeerViolation> {
        let (octets, spans) = (self.scratch.input.kept(), &self.scratch.spans);
        let framed = response_framing(self.asked, line.status, line.version, octets, spans)
            .map_err(PeerViolation::Framing)?;
        if framed.conflict && self.rules.strict_framing {
            return Err(PeerViolation::Framing(FramingError::Conflict));
        }
        match (framed.framing, self.allowance) {
            (Framing::Length(length), Some(most)) if length > most => {
                Err(self.passed(Bound::ContentBytes))
            }
            _ => Ok(framed),
        }
    }

    /// 101, or 2xx to CONNECT: the last head on this connection.
    fn take_switching_head(&mut self) -> Result<Step, Failure> {
        let upgrade = self.scratch.line.status == StatusCode::SWITCHING_PROTOCOLS;
        if upgrade && !self.was_offered() {
            return Err(PeerViolation::SwitchedUnasked.into());
        }
        self.framing = Framing::Switched;
        self.halves.switch().ok_or(PeerViolation::SwitchedEarly)?;
        self.persistence.note(CloseReason::Switched);
        self.note_final_head();
        Ok(Step::Head)
    }

    /// Whether every protocol that the peer switches to is one that the request offered (RFC 9110 §7.8).
    fn was_offered(&self) -> bool {
        let Some(offers) = &self.offered else {
            return false;
        };
        let offered =
            |protocol: &[u8]| list::elements(offers).any(|offer| is_same_protocol(offer, protocol));
        let octets = self.scratch.input.kept();
        let switched = self.scratch.spans.values(Known::Upgrade, octets);
        switched.flat_map(list::elements).all(offered)
    }

    fn take_interim_head(&mut self, status: StatusCode, length: usize) -> Result<Step, Failure> {
        self.interim += 1;
        self.count_interim(length)?;
        if self.interim > self.rules.limits.max_interim {
            return Err(self.passed(Bound::Interim).into());
        }
        let proceed = status == StatusCode::CONTINUE;
        let held = matches!(
            self.halves.send,
            SendState::Announcing(_) | SendState::Awaiting(_)
        );
        self.halves.interim_head(proceed);
        if proceed && held {
            self.pulse.enter(Phase::Sending);
        }
        Ok(Step::Interim)
    }

    #[cold]
    pub(super) fn passed(&self, bound: Bound) -> PeerViolation {
        PeerViolation::Limit(self.rules.limits.passed(bound))
    }

    /// Counts octets that stand before the final head.
    fn count_interim(&mut self, octets: usize) -> Result<(), PeerViolation> {
        self.interim_octets = self.interim_octets.saturating_add(octets);
        if self.interim_octets > self.rules.limits.max_interim_bytes {
            Err(self.passed(Bound::InterimBytes))
        } else {
            Ok(())
        }
    }

    /// Reads the trailer section; `None` if it was empty and the response is complete.
    pub(super) fn step_in_trailers(
        &mut self,
        scan: &mut HeadScan,
    ) -> Result<Option<Step>, Failure> {
        let limits = SectionLimits {
            octets: self.rules.limits.max_trailer_bytes,
            fields: self.rules.limits.max_trailers,
        };
        let scratch = &mut *self.scratch;
        let (input, spans) = (&mut scratch.input, &mut scratch.trailers);
        let leniency = self.rules.leniency;
        let read = read_trailers(scan, input.unread_mut(), limits, leniency, spans);
        let read =
            read.map_err(|why| PeerViolation::of(why, PeerViolation::Trailers, &self.rules))?;
        let Some(length) = read else {
            self.halves.receive = ReceiveState::Trailers(*scan);
            return self.starved().map(Some);
        };
        let scratch = &mut *self.scratch;
        scratch.trailers_at = (scratch.input.position(), length);
        scratch.input.consume(length);
        self.advance_receive(ReceiveEvent::End);
        let any = !self.scratch.trailers.list().is_empty();
        Ok(any.then_some(Step::Trailers))
    }
}

/// protocol = protocol-name [ "/" protocol-version ]; a peer may leave the version out, or add it, but not change it. An
/// empty one is none that a protocol can have.
fn is_same_protocol(offer: &[u8], protocol: &[u8]) -> bool {
    let (name, version) = name_and_version(offer);
    let (switched, to) = name_and_version(protocol);
    if to.is_some_and(<[u8]>::is_empty) {
        return false;
    }
    let versions = version.is_none() || to.is_none() || version == to;
    name.eq_ignore_ascii_case(switched) && versions
}

fn name_and_version(protocol: &[u8]) -> (&[u8], Option<&[u8]>) {
    let slash = protocol.iter().position(|&octet| octet == b'/');
    let (name, version) = protocol.split_at(slash.unwrap_or(protocol.len()));
    (name, version.get(1..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_be_left_out_or_added_and_not_changed() {
        for (offer, protocol, same) in [
            ("websocket", "WebSocket", true),
            ("websocket", "websocket/13", true),
            ("other/1", "other", true),
            ("other/1", "other/1", true),
            ("other/1", "other/2", false),
            ("websocket", "websocket/", false),
            ("other/1", "other/", false),
            ("websocket", "web", false),
        ] {
            let judged = is_same_protocol(offer.as_bytes(), protocol.as_bytes());
            assert_eq!(judged, same, "{offer}, {protocol}");
        }
    }
}
