//! The head of a request: whatever an application asks for, one request goes out or none does.

use sessile_core::{
    Config, Connection, Content, Error, Prepared, Request, Route, Scratch, Stage, Url,
};

use crate::chunked::{self, Extensions};
use crate::draft::Draft;
use crate::exchange::now;
use crate::grammar;
use crate::lines::{self, Expected, Framing};
use crate::sent::{self, Head};

/// Asserts, for any calls of the request builder and any settings of a session, over each route:
///
/// 1. they are refused before anything is done, or the octets are one head: strictly read, and read by `httparse`;
/// 2. the head says what was asked for: method, target in the route's form, the lines of each level in their order and
///    case, Host once and first, one framing field at most and last;
/// 3. it keeps the promises between its lines, and nothing that is meant for a proxy reaches an origin;
/// 4. by hand on a connection, the same head goes out, and content that is in memory with it.
///
/// # Panics
/// If one of these does not hold.
pub fn encode(input: &[u8]) {
    let draft = Draft::read(input);
    let request = match draft.request() {
        Ok(request) => request,
        Err(error) => return judge_refusal(&error),
    };
    judge_query(&draft, request.url());
    if let Some(config) = draft.config() {
        for route in routes(&draft) {
            match config.prepare(&request, &route) {
                Ok(prepared) => judge(&draft, &request, &route, &prepared),
                Err(error) => judge_refusal(&error),
            }
        }
    }
    judge_by_hand(&draft, &request);
}

fn routes(draft: &Draft) -> Vec<Route> {
    let credentials = draft.proxy_credentials();
    let mut routes = vec![
        Route::Direct,
        Route::ForwardProxy(None),
        Route::Tunnel(None),
    ];
    if credentials.is_some() {
        routes.push(Route::ForwardProxy(credentials.clone()));
        routes.push(Route::Tunnel(credentials));
    }
    routes
}

/// What is refused is refused at once, and an error is readable.
fn judge_refusal(error: &Error) {
    assert_eq!(error.stage(), Stage::Prepare);
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains(|character: char| character.is_control()),
        "{shown:?}"
    );
}

/// The pairs are the last of the query, whatever octets they hold.
fn judge_query(draft: &Draft, url: &Url) {
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    assert!(pairs.ends_with(&draft.query), "{pairs:?}");
}

fn judge(draft: &Draft, request: &Request, route: &Route, prepared: &Prepared) {
    let expected = Expected::new(draft, request.url(), route);
    let head = read(&prepared.head);
    assert_eq!(head.method, draft.method.as_bytes());
    assert_eq!(text(head.target), text(expected.target()), "{route:?}");
    assert_lines(&head, &expected.lines());
    judge_promises(&head, draft);
    if !matches!(route, Route::ForwardProxy(_)) {
        assert_eq!(head.values("Proxy-Authorization").count(), 0);
    }
    let Route::Tunnel(credentials) = route else {
        assert_eq!(prepared.connect, None);
        return;
    };
    let connect = prepared.connect.as_deref().expect("a CONNECT goes before");
    let connect = read(connect);
    assert_eq!(connect.method, b"CONNECT");
    assert_eq!(text(connect.target), text(lines::tunnel(request.url())));
    let lines = lines::of_connect(draft, request.url(), credentials.is_some());
    assert_lines(&connect, &lines);
}

/// One head and nothing behind it, for two readers.
fn read(octets: &[u8]) -> Head<'_> {
    let mut rest = octets;
    let head = sent::head(&mut rest);
    let head = head.unwrap_or_else(|| panic!("no head: {}", octets.escape_ascii()));
    assert_eq!(rest, b"", "one head");
    let mut room = vec![httparse::EMPTY_HEADER; head.lines.len() + 1];
    let mut other = httparse::Request::new(&mut room);
    let parsed = other.parse(octets);
    assert_eq!(parsed, Ok(httparse::Status::Complete(octets.len())));
    assert_eq!(other.method.map(str::as_bytes), Some(head.method));
    assert_eq!(other.path.map(str::as_bytes), Some(head.target));
    assert_eq!(other.version, Some(1));
    let lines = other.headers.iter();
    let lines = lines.map(|line| (line.name.as_bytes(), line.value));
    assert!(
        lines.eq(head.lines.iter().copied()),
        "{}",
        octets.escape_ascii()
    );
    head
}

fn assert_lines(head: &Head<'_>, expected: &[(Vec<u8>, Vec<u8>)]) {
    let shown = |name: &[u8], value: &[u8]| format!("{}: {}", text(name), text(value));
    let lines = head.lines.iter().map(|line| shown(line.0, line.1));
    let expected = expected.iter().map(|line| shown(&line.0, &line.1));
    assert_eq!(lines.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// What must be true between the lines of any request that we send (RFC 9110 §§7.2, 7.6.1, 7.8, 10.1; RFC 9112 §6).
fn judge_promises(head: &Head<'_>, draft: &Draft) {
    let count = |name: &str| head.values(name).count();
    assert!(!head.method.eq_ignore_ascii_case(b"CONNECT"));
    assert_eq!(count("Host"), 1);
    assert!(head.values("Host").all(is_authority));
    assert!(count("Content-Length") + count("Transfer-Encoding") <= 1);
    for name in ["Connection", "Expect", "TE", "Trailer", "Upgrade"] {
        assert!(count(name) <= 1, "{name}");
    }
    assert!(
        head.values("TE")
            .all(|value| value.eq_ignore_ascii_case(b"trailers"))
    );
    let chunked = count("Transfer-Encoding") == 1;
    let length = head.values("Content-Length").next();
    let empty = !chunked && length.is_none_or(|length| length == b"0");
    assert!(empty || head.method != b"TRACE");
    assert!(chunked || (count("Trailer") == 0 && draft.trailers.is_empty()));
    assert!(
        head.values("Expect")
            .all(|value| value.eq_ignore_ascii_case(b"100-continue"))
    );
    assert!(count("Expect") == 0 || !empty);
    if let (Content::Bytes(content), Some(length)) = (&draft.content, length) {
        assert_eq!(text(length), content.len().to_string());
    }
    judge_options(head);
}

/// uri-host [ ":" port ] (RFC 9110 §7.2, RFC 3986 §3.2.2)
fn is_authority(value: &[u8]) -> bool {
    let colon = value.iter().rposition(|&octet| octet == b':');
    let (host, port) = match colon {
        Some(at) if !value.ends_with(b"]") => (&value[..at], &value[at + 1..]),
        _ => (value, &b""[..]),
    };
    let in_address = |octet: &u8| octet.is_ascii_hexdigit() || b":.".contains(octet);
    let in_name = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(octet);
    let valid = match host {
        [b'[', inner @ .., b']'] => inner.iter().all(in_address),
        name => name.iter().all(in_name),
    };
    valid && !host.is_empty() && port.iter().all(u8::is_ascii_digit)
}

/// Each option has its field, each hop-by-hop field its option, and HTTP/2 is not offered.
fn judge_options(head: &Head<'_>) {
    let connection = head.values("Connection").next().unwrap_or_default();
    let options: Vec<_> = grammar::elements(connection).map(text).collect();
    let named = |name: &str| {
        let mut options = options.iter();
        options.any(|option| option.eq_ignore_ascii_case(name))
    };
    assert!(!(named("close") && named("keep-alive")));
    for name in ["Upgrade", "TE"] {
        assert_eq!(named(name), head.values(name).next().is_some(), "{name}");
    }
    let known = ["close", "keep-alive", "upgrade", "te"];
    let is_known = |option: &String| known.contains(&option.to_ascii_lowercase().as_str());
    assert!(options.iter().all(is_known), "{options:?}");
    for offer in head.values("Upgrade").flat_map(grammar::elements) {
        let offer = text(offer).to_ascii_lowercase();
        assert!(offer != "h2c" && !offer.starts_with("h2c/"));
    }
}

/// Without a session: the head of one with default settings, then the content.
fn judge_by_hand(draft: &Draft, request: &Request) {
    // A policy of the request's needs a session to carry it out; default settings alone may still refuse the request.
    let prepared = Config::default().prepare(request, &Route::Direct);
    let (true, Ok(prepared)) = (draft.expect.is_none(), prepared) else {
        return;
    };
    let mut connection = Connection::default();
    let begun = request.begin(now(), &mut connection, Scratch::default());
    begun.expect("a new connection is idle");
    let wire = written(&mut connection, draft, request);
    let content = wire.strip_prefix(&prepared.head[..]).expect("the head");
    if let Some(expected) = content_in_memory(draft) {
        judge_content(draft, request, &expected, content);
    } else {
        assert_eq!(content, b"", "nothing was handed over");
    }
}

/// Everything that goes out when the peer agrees to it.
fn written(connection: &mut Connection, draft: &Draft, request: &Request) -> Vec<u8> {
    let content = content_in_memory(draft);
    let mut rest = content.as_deref().unwrap_or_default();
    let mut wire = Vec::new();
    let expects = request.fields().get("Expect").is_some();
    for held in [expects, false] {
        loop {
            if let (false, true, true) = (held, content.is_some(), rest.is_empty()) {
                // With a length it may be finished already: that is no matter here.
                let _ = connection.finish_content_with(request.trailers());
            }
            let outgoing = connection.outgoing(rest);
            if outgoing.is_empty() {
                break;
            }
            let slices = outgoing.slices();
            wire.extend(slices.iter().flat_map(|slice| slice.iter()));
            let count = outgoing.len();
            rest = &rest[connection.sent(now(), count)..];
        }
        if held {
            assert!(wire.ends_with(b"\r\n\r\n"), "content waits for the peer");
            connection.feed(now(), b"HTTP/1.1 100 \r\n\r\n");
            assert!(connection.poll().is_ok());
        }
    }
    wire
}

fn content_in_memory(draft: &Draft) -> Option<Vec<u8>> {
    match &draft.content {
        Content::Empty => Some(Vec::new()),
        Content::Bytes(octets) => Some(octets.to_vec()),
        Content::Stream { .. } => None,
    }
}

fn judge_content(draft: &Draft, request: &Request, expected: &[u8], octets: &[u8]) {
    let framing = Expected::new(draft, request.url(), &Route::Direct).framing();
    if framing != Framing::Chunked {
        assert_eq!(octets, expected);
        return;
    }
    let decoded = chunked::decode(octets, Extensions::Plain).expect("all chunks");
    assert_eq!(decoded.content, expected);
    assert_eq!(decoded.trailer_lines, draft.trailers.len());
    assert!(decoded.rest.is_empty() && !decoded.extensions);
    let mut trailers = Vec::new();
    for (name, value) in &draft.trailers {
        let value = grammar::trim(value);
        trailers.extend_from_slice(&[name, &b": "[..], value, b"\r\n"].concat());
    }
    let end = [b"0\r\n", &trailers[..], b"\r\n"].concat();
    assert!(octets.ends_with(&end), "{}", octets.escape_ascii());
}

fn text(octets: impl AsRef<[u8]>) -> String {
    octets.as_ref().escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The invariant says nothing of a request that is refused and should not be; here each seed has its verdict.
    #[test]
    fn each_seed_has_its_verdict() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
        let text = std::fs::read_to_string(folder.join("verdicts-encode.txt"));
        let text = text.expect("the verdicts");
        let mut judged = 0;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, expected) = line.split_once(' ').expect("a name and a verdict");
            let seed = std::fs::read(folder.join("encode").join(name)).expect("a seed");
            assert_eq!(
                verdict(&Draft::read(&seed)),
                expected.trim_start(),
                "{name}"
            );
            judged += 1;
        }
        let seeds = std::fs::read_dir(folder.join("encode")).expect("the seeds");
        assert_eq!(seeds.count(), judged, "each seed has a line");
    }

    fn verdict(draft: &Draft) -> String {
        let config = draft.config().expect("fields of the session's");
        let prepared = draft
            .request()
            .and_then(|request| config.prepare(&request, &Route::Direct));
        match prepared {
            Ok(_) => "sent".to_owned(),
            Err(error) => error.code().to_owned(),
        }
    }
}
