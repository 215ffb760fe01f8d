//! Whether a connection may carry another exchange (RFC 9112 §9.3): the third machine of a connection.
//!
//! It starts at "yes" and collects reasons against; it never goes back. Which of several reasons is reported is fixed
//! by the order of [`CloseReason`].

use http::Version;

use crate::base::CloseReason;
use crate::message::{HeadRef, Known};
use crate::syntax::list;

/// The reasons against using the connection again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Persistence {
    first: Option<CloseReason>,
}

impl Persistence {
    pub(crate) fn note(&mut self, reason: CloseReason) {
        self.first = Some(self.first.map_or(reason, |first| first.min(reason)));
    }

    /// The reason to close, if there is one.
    pub(crate) fn reason(self) -> Option<CloseReason> {
        self.first
    }

    /// What a final head says about the connection. All lines count, and `close` wins wherever it stands.
    pub(crate) fn note_head(&mut self, head: HeadRef<'_>) {
        let fields = head.fields();
        let (mut close, mut keep_alive) = (false, false);
        for span in fields
            .spans()
            .iter()
            .filter(|span| span.known == Known::Connection)
        {
            for option in list::elements(fields.value(*span)) {
                close |= option.eq_ignore_ascii_case(b"close");
                keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        }
        if close {
            self.note(CloseReason::PeerClose);
        }
        if head.version() == Version::HTTP_10 && !keep_alive {
            self.note(CloseReason::OldVersion);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Fields, StatusLine};

    fn reason(version: Version, values: &[&str]) -> Option<CloseReason> {
        let mut fields = Fields::new();
        for value in values {
            fields.append("Connection", value).expect("valid");
        }
        let line = StatusLine {
            version,
            ..StatusLine::default()
        };
        let mut persistence = Persistence::default();
        persistence.note_head(HeadRef::new(line, fields.wire(), fields.spans()));
        persistence.reason()
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
            assert_eq!(reason(version, values), expected, "{version:?} {values:?}");
        }
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
