//! From a request to its encoded head: defaults, precedence, order.
//!
//! Order: request line; Host; the built-ins `User-Agent` and `Accept`; the session's lines; the request's lines; last
//! the framing field. A session line replaces the built-in of its name, a request line replaces both.

use super::request::Request;
use crate::message::{Fields, Known, Origin, RequestTarget};
use crate::wire;

/// The built-in lines, by name.
const BUILT_IN: [(Known, &str, &str); 2] = [
    (Known::UserAgent, "User-Agent", "sessile"),
    (Known::Accept, "Accept", "*/*"),
];

/// The part of a request head that is the same for every request to an origin, kept encoded.
#[derive(Debug)]
pub(crate) struct ConstantHead {
    /// Host, the built-ins and the session's lines.
    lines: Vec<u8>,
    /// The known names among them.
    known: u32,
}

impl ConstantHead {
    pub(crate) fn new(origin: &Origin, session: &Fields) -> Self {
        let mut lines = Vec::new();
        let known =
            Known::Host.bit() | Known::UserAgent.bit() | Known::Accept.bit() | session.known();
        write_host(&mut lines, origin, session);
        write_lower(&mut lines, session, 0, |_| false);
        Self { lines, known }
    }
}

/// Encodes the head of a request; `out` is empty.
pub(crate) fn encode_head(
    out: &mut Vec<u8>,
    request: &Request,
    constant: &ConstantHead,
    session: &Fields,
) {
    // A request exists only if its target is valid.
    if let Some(target) = RequestTarget::origin_form(&request.url) {
        wire::write_request_line(out, &request.method, target);
    }
    let own = &request.fields;
    let other = Known::Other.bit();
    let may_shadow =
        own.known() & constant.known & !other != 0 || (own.known() & session.known() & other != 0);
    if may_shadow {
        write_host(
            out,
            &request.key.origin,
            if own.get("host").is_some() {
                own
            } else {
                session
            },
        );
        write_lower(out, session, own.known() & !other, |name| {
            own.get(name).is_some()
        });
    } else {
        out.extend_from_slice(&constant.lines);
    }
    if own.known() & Known::Host.bit() == 0 {
        out.extend_from_slice(own.wire());
    } else {
        wire::write_fields_except(out, own, Known::Host.bit(), |_| false);
    }
    wire::write_framing(out, request.plan.framing());
}

/// Host comes first: set by hand, or from the URL.
fn write_host(out: &mut Vec<u8>, origin: &Origin, fields: &Fields) {
    let by_hand = fields
        .get("host")
        .and_then(|host| core::str::from_utf8(host).ok());
    wire::write_line(out, "Host", by_hand.unwrap_or(origin.authority()));
}

/// The built-ins and the session's lines, without those that a request replaces.
fn write_lower(
    out: &mut Vec<u8>,
    session: &Fields,
    replaced: u32,
    shadowed: impl Fn(&str) -> bool,
) {
    for (known, name, value) in BUILT_IN {
        if known.bit() & (replaced | session.known()) == 0 {
            wire::write_line(out, name, value);
        }
    }
    wire::write_fields_except(out, session, replaced | Known::Host.bit(), shadowed);
}

#[cfg(test)]
mod tests {
    use http::Method;
    use url::Url;

    use super::*;
    use crate::session::request::Content;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.append(name, value).expect("valid");
        }
        fields
    }

    fn head(
        method: Method,
        url: &str,
        session: &[(&str, &str)],
        own: &[(&str, &str)],
        content: Content,
    ) -> String {
        let session = fields(session);
        let url = Url::parse(url).expect("a URL");
        let request = Request::new(method, url, fields(own), content).expect("a request");
        let constant = ConstantHead::new(&request.key.origin, &session);
        let mut out = Vec::new();
        encode_head(&mut out, &request, &constant, &session);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn the_plain_head() {
        assert_eq!(
            head(
                Method::GET,
                "http://u:p@Example.org:80/a?b#c",
                &[],
                &[("X", "1")],
                Content::Empty
            ),
            "GET /a?b HTTP/1.1\r\nHost: example.org\r\nUser-Agent: sessile\r\nAccept: */*\r\nX: 1\r\n\r\n"
        );
        assert_eq!(
            head(
                Method::POST,
                "http://[::1]:8080",
                &[],
                &[],
                Content::Bytes("hello".into())
            ),
            "POST / HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: sessile\r\nAccept: */*\r\nContent-Length: 5\r\n\r\n"
        );
        assert!(
            head(
                Method::PUT,
                "http://a",
                &[],
                &[],
                Content::Stream { length: None }
            )
            .ends_with("Transfer-Encoding: chunked\r\n\r\n")
        );
    }

    #[test]
    fn higher_levels_replace_lower_ones() {
        let session = [("user-agent", "ship"), ("X-One", "s"), ("X-Two", "s")];
        assert_eq!(
            head(
                Method::GET,
                "http://a",
                &session,
                &[("x-one", "r"), ("X-One", "r2"), ("Accept", "text/plain")],
                Content::Empty
            ),
            "GET / HTTP/1.1\r\nHost: a\r\nuser-agent: ship\r\nX-Two: s\r\nx-one: r\r\nX-One: r2\r\nAccept: text/plain\r\n\r\n"
        );
        assert_eq!(
            head(
                Method::GET,
                "http://a",
                &[("Host", "session")],
                &[],
                Content::Empty
            ),
            "GET / HTTP/1.1\r\nHost: session\r\nUser-Agent: sessile\r\nAccept: */*\r\n\r\n"
        );
        assert_eq!(
            head(
                Method::GET,
                "http://a",
                &[("Host", "session")],
                &[("Y", "1"), ("host", "own:1")],
                Content::Empty
            ),
            "GET / HTTP/1.1\r\nHost: own:1\r\nUser-Agent: sessile\r\nAccept: */*\r\nY: 1\r\n\r\n"
        );
    }
}
