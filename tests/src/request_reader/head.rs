//! Lines of a request head, and what the whole head says about the octets behind it.
//!
//! RFC 9112 §§3, 5, 6. The lines come without CRLF and without control octets but HTAB:
//! [`super::input`] saw to it.

use std::net::Ipv6Addr;

use super::{Malformed, Request};

/// What follows the head (RFC 9112 §6.3, as far as it is about requests).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Empty,
    Length(u64),
    Chunked,
}

/// Fields that a recipient needs before the content, or that would change what it has already
/// decided (RFC 9110 §6.5.1).
const NEVER_TRAILERS: [&str; 20] = [
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "expect",
    "host",
    "if-match",
    "if-none-match",
    "if-range",
    "max-forwards",
    "proxy-authorization",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// request-line = method SP request-target SP HTTP-version (RFC 9112 §3)
pub(super) fn read_request_line(line: &[u8]) -> Result<(&[u8], &[u8], u8), Malformed> {
    let parts: Vec<&[u8]> = line.split(|&octet| octet == b' ').collect();
    let [method, target, version] = parts[..] else {
        return Err(Malformed::RequestLine);
    };
    if !is_token(method) {
        return Err(Malformed::Method);
    }
    if !is_target(method, target) {
        return Err(Malformed::Target);
    }
    match version {
        b"HTTP/1.1" => Ok((method, target, 1)),
        b"HTTP/1.0" => Ok((method, target, 0)),
        _ => Err(Malformed::Version),
    }
}

/// field-line = field-name ":" OWS field-value OWS (RFC 9112 §5)
pub(super) fn read_field_line(line: &[u8]) -> Result<(String, Vec<u8>), Malformed> {
    if line.first().is_some_and(is_blank) {
        return Err(Malformed::Folded);
    }
    let colon = line
        .iter()
        .position(|&octet| octet == b':')
        .ok_or(Malformed::MissingColon)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.last().is_some_and(is_blank) {
        return Err(Malformed::SpaceBeforeColon);
    }
    if !is_token(name) {
        return Err(Malformed::FieldName);
    }
    Ok((ascii(name), value.trim_ascii().to_vec()))
}

/// A field line of a trailer section (RFC 9112 §7.1.2).
pub(super) fn read_trailer_line(line: &[u8]) -> Result<(String, Vec<u8>), Malformed> {
    let field = read_field_line(line)?;
    if NEVER_TRAILERS
        .iter()
        .any(|name| field.0.eq_ignore_ascii_case(name))
    {
        return Err(Malformed::TrailerName);
    }
    Ok(field)
}

/// Judges the head as a whole.
pub(super) fn frame(request: &Request) -> Result<Framing, Malformed> {
    check_host(request)?;
    let framing = match (length(request)?, is_chunked(request)?) {
        (Some(_), true) => return Err(Malformed::LengthAndCoding),
        (Some(0) | None, false) => Framing::Empty,
        (Some(length), false) => Framing::Length(length),
        (None, true) => Framing::Chunked,
    };
    if framing != Framing::Empty && matches!(request.method.as_str(), "CONNECT" | "TRACE") {
        return Err(Malformed::ContentForbidden);
    }
    Ok(framing)
}

/// RFC 9112 §3.2: exactly one Host in HTTP/1.1, at most one in HTTP/1.0, and equal to the authority
/// of a target in absolute-form. (CONNECT is not compared: the RFC's own example leaves the port
/// out of Host.)
fn check_host(request: &Request) -> Result<(), Malformed> {
    let mut hosts = request.values("host");
    let host = match (hosts.next(), request.version) {
        (Some(host), _) => host,
        (None, 0) => return Ok(()),
        (None, _) => return Err(Malformed::MissingHost),
    };
    if hosts.next().is_some() {
        return Err(Malformed::RepeatedHost);
    }
    if !is_authority(host) {
        return Err(Malformed::HostValue);
    }
    match absolute_authority(request.target.as_bytes()) {
        Some(authority) if authority != host => Err(Malformed::HostDiffers),
        _ => Ok(()),
    }
}

/// Content-Length = 1*DIGIT (RFC 9110 §8.6)
fn length(request: &Request) -> Result<Option<u64>, Malformed> {
    let mut lengths = request.values("content-length");
    let Some(value) = lengths.next() else {
        return Ok(None);
    };
    if lengths.next().is_some() {
        return Err(Malformed::RepeatedLength);
    }
    // `parse` would take a sign.
    if !value.iter().all(u8::is_ascii_digit) {
        return Err(Malformed::LengthValue);
    }
    ascii(value)
        .parse()
        .map(Some)
        .map_err(|_| Malformed::LengthValue)
}

fn is_chunked(request: &Request) -> Result<bool, Malformed> {
    let codings: Vec<&[u8]> = request.values("transfer-encoding").collect();
    match codings[..] {
        [] => Ok(false),
        [_, ..] if request.version == 0 => Err(Malformed::CodingInOldVersion),
        [only] if only.eq_ignore_ascii_case(b"chunked") => Ok(true),
        [_, ..] => Err(Malformed::Coding),
    }
}

/// The four forms (RFC 9112 §3.2), each for the methods that may use it.
///
/// We ask for visible ASCII without `#`, not for RFC 3986's smaller set: a URL by the WHATWG's
/// rules leaves `|`, `^` and their like bare in its query, and so do all browsers.
fn is_target(method: &[u8], target: &[u8]) -> bool {
    if !target
        .iter()
        .all(|&octet| octet.is_ascii_graphic() && octet != b'#')
    {
        return false;
    }
    match (method, target) {
        (b"CONNECT", authority) => has_port(authority) && is_authority(authority),
        (b"OPTIONS", b"*") | (_, [b'/', ..]) => true,
        (_, target) => absolute_authority(target).is_some_and(is_authority),
    }
}

/// The authority of a target in absolute-form, which we know from its scheme.
fn absolute_authority(target: &[u8]) -> Option<&[u8]> {
    let rest = target
        .strip_prefix(b"http://")
        .or_else(|| target.strip_prefix(b"https://"))?;
    rest.split(|octet| b"/?".contains(octet)).next()
}

/// uri-host [ ":" port ] (RFC 9110 §7.2): no userinfo, no empty host, no empty port.
fn is_authority(authority: &[u8]) -> bool {
    let (host, port) = match authority.iter().rposition(|&octet| octet == b':') {
        Some(colon) if has_port(authority) => (&authority[..colon], Some(&authority[colon + 1..])),
        _ => (authority, None),
    };
    is_host(host) && port.is_none_or(|port| ascii(port).parse::<u16>().is_ok())
}

/// Whether digits follow the last colon. (An address in brackets ends with its bracket.)
fn has_port(authority: &[u8]) -> bool {
    let Some(colon) = authority.iter().rposition(|&octet| octet == b':') else {
        return false;
    };
    let port = &authority[colon + 1..];
    !port.is_empty() && port.iter().all(u8::is_ascii_digit)
}

/// IP-literal / IPv4address / reg-name (RFC 3986 §3.2.2), by its octets.
fn is_host(host: &[u8]) -> bool {
    match host {
        [] => false,
        [b'[', address @ .., b']'] => ascii(address).parse::<Ipv6Addr>().is_ok(),
        name => name
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(octet)),
    }
}

/// token = 1*tchar (RFC 9110 §5.6.2)
fn is_token(bytes: &[u8]) -> bool {
    let is_tchar = |octet: &u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet);
    !bytes.is_empty() && bytes.iter().all(is_tchar)
}

fn is_blank(octet: &u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// Octets that we know to be ASCII, as text.
pub(super) fn ascii(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
