//! Whether a connection may carry another exchange (RFC 9112 §9.3): the third machine of a connection.
//!
//! It starts at "yes" and collects reasons against; it never goes back. Which of several reasons is reported is fixed
//! by the order of [`CloseReason`]. What the peer hints about its own patience is kept beside it.

use core::time::Duration;

use http::Version;

use crate::base::CloseReason;
use crate::message::{ConnectionOptions, Known, Spans, connection_options};
use crate::syntax::chars::trim_ows;
use crate::syntax::list;

/// What a peer's `Keep-Alive` field says about how it will treat the connection after this response. A hint, not a
/// promise: it only ever shortens what we would do anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepAlive {
    /// How long the connection may be idle, with a margin taken off: one second or a tenth, whichever is more.
    pub idle: Option<Duration>,
    /// How many further requests it may carry.
    pub requests: Option<u64>,
}

impl KeepAlive {
    /// How long we let the connection be idle whose peer hinted this, when we would allow it so long by ourselves.
    pub fn idle_within(self, own: Option<Duration>) -> Option<Duration> {
        own.into_iter().chain(self.idle).min()
    }
}

/// The reasons against using the connection again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Persistence {
    first: Option<CloseReason>,
    hint: KeepAlive,
}

impl Persistence {
    pub(crate) fn note(&mut self, reason: CloseReason) {
        self.first = Some(self.first.map_or(reason, |first| first.min(reason)));
    }

    /// The reason to close, if there is one.
    pub(crate) fn reason(self) -> Option<CloseReason> {
        self.first
    }

    /// What the last final head hinted.
    pub(crate) fn hint(self) -> KeepAlive {
        self.hint
    }

    /// What a final head says about the connection. All lines count, and `close` wins wherever it stands.
    pub(crate) fn note_head(&mut self, version: Version, octets: &[u8], spans: &Spans) {
        let options = match spans.has(Known::Connection) {
            true => connection_options(spans.values(Known::Connection, octets)),
            false => ConnectionOptions::default(),
        };
        if options.close {
            self.note(CloseReason::PeerClose);
        }
        if version == Version::HTTP_10 && !options.keep_alive {
            self.note(CloseReason::OldVersion);
        }
        self.hint = match spans.has(Known::KeepAlive) {
            true => read_hint(spans.values(Known::KeepAlive, octets)),
            false => KeepAlive::default(),
        };
        if self.hint.idle == Some(Duration::ZERO) || self.hint.requests == Some(0) {
            self.note(CloseReason::KeepAliveHint);
        }
    }
}

/// `timeout` in seconds and `max` further requests. Parameters that are malformed are skipped one by one; of several
/// the smallest counts.
fn read_hint<'a>(lines: impl Iterator<Item = &'a [u8]>) -> KeepAlive {
    let mut hint = KeepAlive::default();
    for parameter in lines.flat_map(list::elements) {
        let Some(equals) = parameter.iter().position(|&octet| octet == b'=') else {
            continue;
        };
        let (name, value) = parameter.split_at(equals);
        let Some(value) = saturating_decimal(trim_ows(&value[1..])) else {
            continue;
        };
        let name = trim_ows(name);
        if name.eq_ignore_ascii_case(b"timeout") {
            let idle = patience(value);
            hint.idle = Some(hint.idle.map_or(idle, |least| least.min(idle)));
        } else if name.eq_ignore_ascii_case(b"max") {
            hint.requests = Some(hint.requests.map_or(value, |least| least.min(value)));
        }
    }
    hint
}

/// A request that leaves when the peer's time is nearly up meets its close on the way: so we stop earlier.
fn patience(seconds: u64) -> Duration {
    let margin = Duration::from_millis(seconds.saturating_mul(100)).max(Duration::from_secs(1));
    Duration::from_secs(seconds).saturating_sub(margin)
}

fn saturating_decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |value: u64, digit: &u8| {
        let digit = u64::from(digit - b'0');
        value.saturating_mul(10).saturating_add(digit)
    };
    Some(digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Fields;

    fn after(version: Version, lines: &[(&str, &str)]) -> Persistence {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.append(name, value).expect("valid");
        }
        let mut persistence = Persistence::default();
        persistence.note_head(version, fields.wire(), fields.spans());
        persistence
    }

    #[test]
    fn the_head_decides_by_all_its_lines() {
        let (new, old) = (Version::HTTP_11, Version::HTTP_10);
        for (version, values, expected) in [
            (new, &[][..], None),
            (new, &["keep-alive"], None),
            (new, &["closed"], None),
            (new, &["Upgrade, CLOSE"], Some(CloseReason::PeerClose)),
            (new, &["keep-alive", "close"], Some(CloseReason::PeerClose)),
            (new, &["close", "keep-alive"], Some(CloseReason::PeerClose)),
            (old, &[], Some(CloseReason::OldVersion)),
            (old, &["Keep-Alive"], None),
            (old, &["keep-alive, close"], Some(CloseReason::PeerClose)),
        ] {
            let lines: Vec<_> = values.iter().map(|value| ("Connection", *value)).collect();
            let reason = after(version, &lines).reason();
            assert_eq!(reason, expected, "{version:?} {values:?}");
        }
    }

    #[test]
    fn hints_are_read_leniently_and_shortened() {
        let milliseconds = |count| Some(Duration::from_millis(count));
        for (values, idle, requests) in [
            (&["timeout=5"][..], milliseconds(4_000), None),
            (&["timeout=15, max=99"], milliseconds(13_500), Some(99)),
            (&["MAX = 7", "timeout=\t20"], milliseconds(18_000), Some(7)),
            (&["timeout=30, timeout=20"], milliseconds(18_000), None),
            (&["timeout=1"], milliseconds(0), None),
            (&["timeout=5; max=3"], None, None),
            (&["timeout=-5, max=, timeout, =3"], None, None),
            (&["max=99999999999999999999999"], None, Some(u64::MAX)),
        ] {
            let lines: Vec<_> = values.iter().map(|value| ("Keep-Alive", *value)).collect();
            let persistence = after(Version::HTTP_11, &lines);
            assert_eq!(
                persistence.hint(),
                KeepAlive { idle, requests },
                "{values:?}"
            );
            let ends = idle == milliseconds(0);
            assert_eq!(persistence.reason().is_some(), ends, "{values:?}");
        }
        assert!(patience(u64::MAX) > Duration::from_secs(1 << 60));
        let last = after(Version::HTTP_11, &[("Keep-Alive", "max=0")]);
        assert_eq!(last.reason(), Some(CloseReason::KeepAliveHint));
    }

    #[test]
    fn the_first_reason_in_order_is_told() {
        let mut persistence = Persistence::default();
        persistence.note(CloseReason::Surplus);
        persistence.note(CloseReason::PeerClose);
        persistence.note(CloseReason::PeerEof);
        assert_eq!(persistence.reason(), Some(CloseReason::PeerClose));
    }
}
