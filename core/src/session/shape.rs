//! What the fields that belong to the core say about a request: its framing, its connection, what it expects and offers.
//!
//! They may be set by hand, by the request or by the session, but only to what the core can keep; at most one line each.
//! A request's line of a name replaces the session's.

use bytes::Bytes;
use http::Method;

use super::causes::RequestError;
use super::request::Content;
use crate::connection::{ContentPlan, RequestPlan};
use crate::message::{FieldNames, Fields, Known};
use crate::syntax::chars::{is_token, trim_ows};
use crate::syntax::list;

/// Names whose lines the core must understand before it sends them.
const JUDGED: u32 = Known::Connection.bit()
    | Known::ContentLength.bit()
    | Known::Expect.bit()
    | Known::Host.bit()
    | Known::Te.bit()
    | Known::Trailer.bit()
    | Known::TransferEncoding.bit()
    | Known::Upgrade.bit();

/// What the core keeps of a request's promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) content: ContentPlan,
    /// It says `Connection: close`.
    pub(crate) closes: bool,
    /// It says `Expect: 100-continue`.
    pub(crate) expects: bool,
    /// The protocols that it offers.
    pub(crate) upgrade: Option<Bytes>,
    /// The Connection options that are missing beside Upgrade and TE.
    pub(crate) missing: Missing,
    /// It names a Connection option whose field only the session can have.
    open: bool,
}

/// Connection options (RFC 9110 §7.6.1) that must be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) upgrade: bool,
    pub(crate) te: bool,
}

/// The lines of each name as they will be sent.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) own: &'a Fields,
    pub(crate) removed: &'a FieldNames,
    /// `None` while nobody knows which session will send the request.
    pub(crate) session: Option<&'a Fields>,
}

impl<'a> Lines<'a> {
    fn of(self, name: Known) -> impl Iterator<Item = &'a [u8]> {
        let own = self.own.known() & name.bit() != 0;
        let removed = self.removed.known() & name.bit() != 0;
        let session = self.session.filter(|_| !own && !removed);
        self.own.values(name).chain(
            session
                .into_iter()
                .flat_map(move |session| session.values(name)),
        )
    }

    /// The only line of a name, if there is one.
    fn only(self, name: Known, error: RequestError) -> Result<Option<&'a [u8]>, RequestError> {
        let mut lines = self.of(name);
        match (lines.next(), lines.next()) {
            (line, None) => Ok(line),
            (_, Some(_)) => Err(error),
        }
    }

    /// Whether a line of the name is sent; `None` if only the session can tell.
    fn has(self, name: Known) -> Option<bool> {
        match self.of(name).next() {
            Some(_) => Some(true),
            None => self.session.map(|_| false),
        }
    }

    fn known(self) -> u32 {
        self.own.known() | self.session.map_or(0, Fields::known)
    }
}

impl Shape {
    /// Judges a request's lines; `trailers` tells whether trailer fields will follow its content.
    pub(crate) fn of(
        method: &Method,
        content: &Content,
        trailers: bool,
        lines: Lines<'_>,
    ) -> Result<Self, RequestError> {
        let plan = plan(method, content, trailers);
        if *method == Method::TRACE && has_content(plan) {
            return Err(RequestError::TraceContent);
        }
        let mut shape = Self {
            content: plan,
            closes: false,
            expects: false,
            upgrade: None,
            missing: Missing::default(),
            open: false,
        };
        // Nearly every request stops here.
        if lines.known() & JUDGED != 0 {
            check_host(lines)?;
            shape.content = framing_by_hand(plan, lines)?;
            if trailers && shape.content != ContentPlan::Chunked {
                return Err(RequestError::Framing);
            }
            shape.judge_upgrade(lines)?;
            shape.judge_te(lines)?;
            shape.judge_connection(lines)?;
            shape.judge_expect(lines)?;
            check_trailer_names(shape.content, lines)?;
        }
        Ok(shape)
    }

    /// What a connection must know of it. Whether a 100 is expected is for the caller to add.
    pub(crate) fn plan<'a>(&self, method: &'a Method) -> RequestPlan<'a> {
        RequestPlan {
            method,
            content: self.content,
            expects_continue: false,
            upgrade: self.upgrade.clone(),
            closes: self.closes,
        }
    }

    /// Whether a session with these default lines may change the verdict.
    pub(crate) fn depends_on(&self, session: &Fields) -> bool {
        self.open || session.known() & JUDGED != 0
    }

    /// Upgrade = #protocol; protocol = token [ "/" token ]
    fn judge_upgrade(&mut self, lines: Lines<'_>) -> Result<(), RequestError> {
        let Some(line) = lines.only(Known::Upgrade, RequestError::Upgrade)? else {
            return Ok(());
        };
        if line.is_empty() || !line.split(|&octet| octet == b',').all(is_protocol) {
            return Err(RequestError::Upgrade);
        }
        self.upgrade = Some(Bytes::copy_from_slice(line));
        self.missing.upgrade = true;
        Ok(())
    }

    /// We take trailers, and no transfer coding but chunked, which TE does not name.
    fn judge_te(&mut self, lines: Lines<'_>) -> Result<(), RequestError> {
        match lines.only(Known::Te, RequestError::Te)? {
            None => Ok(()),
            Some(line) if line.eq_ignore_ascii_case(b"trailers") => {
                self.missing.te = true;
                Ok(())
            }
            Some(_) => Err(RequestError::Te),
        }
    }

    fn judge_connection(&mut self, lines: Lines<'_>) -> Result<(), RequestError> {
        let Some(line) = lines.only(Known::Connection, RequestError::Connection)? else {
            return Ok(());
        };
        let mut keeps = false;
        for option in line.split(|&octet| octet == b',').map(trim_ows) {
            let is = |word: &str| option.eq_ignore_ascii_case(word.as_bytes());
            if is("close") {
                self.closes = true;
            } else if is("keep-alive") {
                keeps = true;
            } else if is("upgrade") {
                self.accompanied(lines, Known::Upgrade)?;
                self.missing.upgrade = false;
            } else if is("te") {
                self.accompanied(lines, Known::Te)?;
                self.missing.te = false;
            } else {
                return Err(RequestError::Connection);
            }
        }
        if self.closes && keeps {
            return Err(RequestError::Connection);
        }
        Ok(())
    }

    /// An option is for a field that is sent.
    fn accompanied(&mut self, lines: Lines<'_>, name: Known) -> Result<(), RequestError> {
        match lines.has(name) {
            Some(true) => Ok(()),
            Some(false) => Err(RequestError::Connection),
            None => {
                self.open = true;
                Ok(())
            }
        }
    }

    fn judge_expect(&mut self, lines: Lines<'_>) -> Result<(), RequestError> {
        match lines.only(Known::Expect, RequestError::Expect)? {
            None => Ok(()),
            Some(line)
                if line.eq_ignore_ascii_case(b"100-continue") && has_content(self.content) =>
            {
                self.expects = true;
                Ok(())
            }
            Some(_) => Err(RequestError::Expect),
        }
    }
}

/// Which framing the content gets (RFC 9110 §8.6): methods that expect content say so even when there is none.
fn plan(method: &Method, content: &Content, trailers: bool) -> ContentPlan {
    let length = match content {
        Content::Empty => Some(0),
        Content::Bytes(bytes) => Some(bytes.len() as u64),
        Content::Stream { length } => *length,
    };
    let expected = [Method::POST, Method::PUT, Method::PATCH].contains(method);
    match length {
        _ if trailers => ContentPlan::Chunked,
        None => ContentPlan::Chunked,
        Some(0) if !expected => ContentPlan::None,
        Some(length) => ContentPlan::Length(length),
    }
}

fn has_content(plan: ContentPlan) -> bool {
    !matches!(plan, ContentPlan::None | ContentPlan::Length(0))
}

/// A Content-Length or Transfer-Encoding set by hand is taken at its word where the content leaves it open, and must
/// agree with it otherwise; the line that is sent is always the core's.
fn framing_by_hand(plan: ContentPlan, lines: Lines<'_>) -> Result<ContentPlan, RequestError> {
    let length = lines.only(Known::ContentLength, RequestError::Framing)?;
    let coding = lines.only(Known::TransferEncoding, RequestError::Framing)?;
    match (length, coding) {
        (None, None) => Ok(plan),
        (Some(digits), None) => {
            let announced = decimal(digits).ok_or(RequestError::Framing)?;
            let fits = match plan {
                ContentPlan::None => announced == 0,
                ContentPlan::Length(length) => announced == length,
                ContentPlan::Chunked => true,
            };
            fits.then_some(ContentPlan::Length(announced))
                .ok_or(RequestError::Framing)
        }
        (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") && has_content(plan) => {
            Ok(ContentPlan::Chunked)
        }
        (_, Some(_)) => Err(RequestError::Framing),
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// protocol = token [ "/" token ]; HTTP/2 in the clear is not ours to offer.
fn is_protocol(element: &[u8]) -> bool {
    let element = trim_ows(element);
    let slash = element.iter().position(|&octet| octet == b'/');
    let (name, version) = element.split_at(slash.unwrap_or(element.len()));
    let known = name.eq_ignore_ascii_case(b"h2c") || name.eq_ignore_ascii_case(b"h2");
    let versioned = version.is_empty() || is_token(&version[1..]);
    is_token(name) && versioned && !known
}

/// Trailer = #field-name, and only what chunked content can have and may have.
fn check_trailer_names(content: ContentPlan, lines: Lines<'_>) -> Result<(), RequestError> {
    let Some(line) = lines.only(Known::Trailer, RequestError::Trailer)? else {
        return Ok(());
    };
    let allowed =
        |name: &[u8]| is_token(name) && Known::of(name).bit() & Known::forbidden_in_trailers() == 0;
    let names = list::elements(line).count() > 0
        && line
            .split(|&octet| octet == b',')
            .map(trim_ows)
            .all(allowed);
    if content == ContentPlan::Chunked && names {
        Ok(())
    } else {
        Err(RequestError::Trailer)
    }
}

/// Host = uri-host [ ":" port ]
fn check_host(lines: Lines<'_>) -> Result<(), RequestError> {
    match lines.only(Known::Host, RequestError::Host)? {
        Some(host) if !is_authority(host) => Err(RequestError::Host),
        _ => Ok(()),
    }
}

fn is_authority(value: &[u8]) -> bool {
    let bracketed = value.first() == Some(&b'[');
    let end = value
        .iter()
        .position(|&octet| octet == b']')
        .filter(|_| bracketed)
        .map(|at| at + 1)
        .or_else(|| value.iter().position(|&octet| octet == b':'))
        .unwrap_or(value.len());
    let (host, port) = value.split_at(end);
    let valid = match bracketed {
        true => is_address(host),
        false => is_name(host),
    };
    valid && is_port(port)
}

/// IP-literal = "[" IPv6address "]"; whether it is an address is the peer's to say.
fn is_address(host: &[u8]) -> bool {
    let inner = host
        .strip_prefix(b"[")
        .and_then(|host| host.strip_suffix(b"]"));
    let allowed = |octet: &u8| octet.is_ascii_hexdigit() || b":.".contains(octet);
    inner.is_some_and(|inner| !inner.is_empty() && inner.iter().all(allowed))
}

fn is_name(host: &[u8]) -> bool {
    let allowed = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~!$&'()*+;=%".contains(octet);
    !host.is_empty() && host.iter().all(allowed)
}

fn is_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => decimal(digits).is_some_and(|port| u16::try_from(port).is_ok()),
        _ => false,
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
