//! What a connection said about one response, in a form that can be compared.

use std::fmt;

use sessile_core::{CloseReason, Failure, FieldsRef, HeadRef, Version};

/// Everything that an application and a pool learn from one response. Adjacent content is merged: where it is cut
/// follows the reads and means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) interim: Vec<Head>,
    pub(crate) head: Option<Head>,
    pub(crate) content: Octets,
    pub(crate) trailers: Option<Lines>,
    pub(crate) ending: Ending,
    /// The beginning of another protocol's stream, if the connection was switched.
    pub(crate) leftover: Option<Octets>,
    /// The verdict of [`renew`](sessile_core::Connection::renew).
    pub(crate) renewed: Option<Result<(), CloseReason>>,
}

/// Where the response stands when the last octet was offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    #[default]
    Waiting,
    Complete,
    Failed(Failure),
    /// It was the last of HTTP on its connection.
    Switched,
}

/// A head, interim or final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) version: Version,
    pub(crate) status: u16,
    pub(crate) reason: Octets,
    pub(crate) lines: Lines,
}

impl Head {
    pub(crate) fn copy(head: HeadRef<'_>) -> Self {
        Self {
            version: head.version(),
            status: head.status().as_u16(),
            reason: Octets(head.reason().to_vec()),
            lines: Lines::copy(head.fields()),
        }
    }
}

/// The field lines of a section, in order: `name: value` each, in one buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) count: usize,
    wire: Octets,
}

impl Lines {
    pub(crate) fn copy(fields: FieldsRef<'_>) -> Self {
        let mut wire = Vec::new();
        for field in fields.iter() {
            for part in [field.name.as_bytes(), b": ", field.value, b"\n"] {
                wire.extend_from_slice(part);
            }
        }
        Self {
            count: fields.len(),
            wire: Octets(wire),
        }
    }

    /// Names and values. A value in which a line feed came through would show as a line without a name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let lines = self.wire.0.split_inclusive(|&octet| octet == b'\n');
        lines.map(|line| {
            let colon = line.iter().position(|&octet| octet == b':');
            let (name, value) = line.split_at(colon.unwrap_or_default());
            (name, &value[2.min(value.len())..value.len() - 1])
        })
    }

    /// The values of a name, in any case.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let of_name = move |line: &(&[u8], &[u8])| line.0.eq_ignore_ascii_case(name.as_bytes());
        self.iter().filter(of_name).map(|(_, value)| value)
    }
}

/// Octets that a failed assertion shows readably.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Octets(pub(crate) Vec<u8>);

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}
