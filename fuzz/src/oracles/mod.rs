//! Other readers of responses, in process: what each makes of the octets of one scenario.

mod httparse;
mod hyper;
mod ureq_proto;

use std::fmt;

use crate::scenario::Scenario;
use crate::trace::{Octets, Trace};

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oracle {
    /// Heads alone.
    Httparse,
    Hyper,
    UreqProto,
}

impl Oracle {
    pub(crate) const ALL: [Self; 3] = [Self::Httparse, Self::Hyper, Self::UreqProto];

    pub(crate) fn read(self, scenario: &Scenario<'_>) -> Reading {
        match self {
            Self::Httparse => httparse::read(scenario),
            Self::Hyper => hyper::read(scenario),
            Self::UreqProto => ureq_proto::read(scenario),
        }
    }
}

impl fmt::Display for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Httparse => "httparse",
            Self::Hyper => "hyper",
            Self::UreqProto => "ureq-proto",
        })
    }
}

/// What a reader made of the octets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Complete(Message),
    /// It waits for more, in an open stream.
    Waiting,
    Refused(String),
}

/// A final response, as far as all readers tell it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) status: u16,
    /// Names in lower case; lines of one name in order, names in the order of the alphabet.
    pub(crate) lines: Vec<(Octets, Octets)>,
    pub(crate) content: Octets,
    /// Whether the reader would send another request on the connection.
    pub(crate) reusable: bool,
}

impl Message {
    pub(crate) fn new(status: u16, content: Vec<u8>, reusable: bool) -> Self {
        Self {
            status,
            lines: Vec::new(),
            content: Octets(content),
            reusable,
        }
    }

    /// With these field lines, brought into an order that does not depend on who read them.
    pub(crate) fn with_lines<'a>(
        mut self,
        lines: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Self {
        let octets = |(name, value): (&[u8], &[u8])| {
            (Octets(name.to_ascii_lowercase()), Octets(value.to_vec()))
        };
        self.lines = lines.map(octets).collect();
        self.lines.sort_by(|left, right| left.0.0.cmp(&right.0.0));
        self
    }

    fn with_map(self, map: &sessile_core::http::HeaderMap) -> Self {
        let lines = map.iter();
        self.with_lines(lines.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())))
    }

    /// What our connection told, as a message.
    pub(crate) fn ours(trace: &Trace) -> Option<Self> {
        let head = trace.head.as_ref()?;
        let reusable = trace.renewed == Some(Ok(()));
        let message = Self::new(head.status, trace.content.0.clone(), reusable);
        Some(message.with_lines(head.lines.iter()))
    }
}
