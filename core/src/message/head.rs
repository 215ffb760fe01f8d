//! Response heads: borrowed from the receive buffer, or owned.

use core::fmt;

use http::{StatusCode, Version};

use super::{FieldSpan, Fields, FieldsRef};
use crate::syntax::list;

/// What all Connection lines of a head say about the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ConnectionOptions {
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
}

pub(crate) fn connection_options<'a>(lines: impl Iterator<Item = &'a [u8]>) -> ConnectionOptions {
    let mut options = ConnectionOptions::default();
    for option in lines.flat_map(list::elements) {
        options.close |= option.eq_ignore_ascii_case(b"close");
        options.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
    }
    options
}

/// What the first line of a response said.
///
/// The reason phrase is kept for people; no rule looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) version: Version,
    /// The minor version as it was sent; `version` is what it is read as.
    pub(crate) minor: u8,
    pub(crate) status: StatusCode,
    pub(crate) reason: (usize, usize),
}

impl StatusLine {
    /// Before any was read.
    pub(crate) const fn new() -> Self {
        Self {
            version: Version::HTTP_11,
            minor: 1,
            status: StatusCode::OK,
            reason: (0, 0),
        }
    }
}

/// A response head, borrowed: nothing was copied out of the receive buffer.
#[derive(Clone, Copy)]
pub struct HeadRef<'a> {
    line: StatusLine,
    octets: &'a [u8],
    spans: &'a [FieldSpan],
}

impl<'a> HeadRef<'a> {
    pub(crate) fn new(line: StatusLine, octets: &'a [u8], spans: &'a [FieldSpan]) -> Self {
        Self {
            line,
            octets,
            spans,
        }
    }

    /// The status code. Three digits from 100 on; nothing else is let in.
    pub fn status(self) -> StatusCode {
        self.line.status
    }

    /// HTTP/1.0 or HTTP/1.1 (a later minor version counts as 1.1).
    pub fn version(self) -> Version {
        self.line.version
    }

    /// The minor version as it was sent: 2 of `HTTP/1.2`, say.
    pub fn minor_version(self) -> u8 {
        self.line.minor
    }

    /// Whether the version and the Connection fields let the connection persist (RFC 9112 §9.3). Whether it really may
    /// be used again depends on more: see [`CloseReason`](crate::CloseReason).
    pub fn persists(self) -> bool {
        let options = connection_options(self.fields().get_all("connection"));
        !options.close && (self.version() != Version::HTTP_10 || options.keep_alive)
    }

    /// The reason phrase, as sent. For people to read; often empty.
    pub fn reason(self) -> &'a [u8] {
        let (start, end) = self.line.reason;
        self.octets.get(start..end).unwrap_or_default()
    }

    /// The field lines.
    pub fn fields(self) -> FieldsRef<'a> {
        FieldsRef::new(self.octets, self.spans)
    }

    /// The head as a value of its own (two allocations).
    pub fn to_owned(self) -> ResponseHead {
        ResponseHead {
            line: self.line,
            octets: self.octets.into(),
            spans: self.spans.into(),
        }
    }
}

impl fmt::Debug for HeadRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} ", self.version(), self.status().as_u16())?;
        self.fields().fmt(f)
    }
}

/// A response head that owns its octets.
#[derive(Clone)]
pub struct ResponseHead {
    line: StatusLine,
    octets: Box<[u8]>,
    spans: Box<[FieldSpan]>,
}

impl ResponseHead {
    /// The head of a response that nobody sent.
    pub(crate) fn of(status: StatusCode, fields: &Fields) -> Self {
        Self {
            line: StatusLine {
                status,
                ..StatusLine::new()
            },
            octets: fields.wire().into(),
            spans: fields.spans().list().into(),
        }
    }

    /// The borrowed view, which has the accessors.
    pub fn as_ref(&self) -> HeadRef<'_> {
        HeadRef::new(self.line, &self.octets, &self.spans)
    }
}

impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl From<HeadRef<'_>> for http::Response<()> {
    fn from(head: HeadRef<'_>) -> Self {
        let mut response = Self::new(());
        *response.status_mut() = head.status();
        *response.version_mut() = head.version();
        *response.headers_mut() = head.fields().into();
        response
    }
}
