//! The demonstration site: routes in the manner of httpbin, honest ones and broken ones.
//!
//! Examples, smoke tests and measurements talk to it, on loopback or in memory. Every request is
//! judged by [`crate::origin::Scripted`]; what the routes send is framed by RFC 9112 §6 except
//! where the name of a route promises otherwise. Nothing here depends on time or chance: the same
//! request on the same connection has the same answer.

mod answer;
mod echo;
mod errand;
mod session;
mod ways;

use std::time::Duration;

use self::answer::{Answer, Content, Message};
use self::echo::{decoded_pairs, json};
pub use self::errand::Errand;
pub use self::ways::Ways;
use crate::origin::{Act, Peer, Request, Scripted, Site, chunk, chunked, head, response};

/// What `/` says.
const ROUTES: &str = "\
/get, /anything        the request as JSON, for any method
/status/N              that status, 200 to 599
/headers               a response with 20 fields
/response-headers?A=b  these response fields
/bytes/N               N octets under Content-Length
/chunked/N             N chunks and a trailer field
/close/N               N octets, delimited by the end of the stream
/slow/MS               an answer after MS milliseconds
/drip/N/MS             N octets under Content-Length, MS milliseconds between them
/drip-chunked/N/MS     N chunks of one octet, MS milliseconds between them
/hangup                the end of the stream instead of an answer
/reset                 a reset instead of an answer
/truncated/N           half of N octets, then the end of the stream
/garbage               no HTTP
/http10/N              N octets from HTTP/1.0, not persistent
/connection-close      Connection: close
/interim/N             N times 103, then 200
/redirect/N            302, N times, then /get
/redirect-to?url=U     302 to U; ?url=U&status=S with that status
/cookies               the cookies of the request, one per line
/cookies/set?A=b       sets these cookies, and redirects to /cookies
/cookies/delete?A      lets these cookies expire, and redirects to /cookies
/basic-auth/U/P        401, unless user U and password P come by Basic
/bearer/T              401, unless the token T comes
/echo                  the content of the request
/connection            the number of the connection and of the request on it
";

/// The most octets that a route makes: they lie in memory, once for each request under way.
const MOST_OCTETS: usize = 256 * 1024 * 1024;

/// The most pieces, drops or interim responses of one answer.
const MOST_PIECES: usize = 100_000;

/// The longest pause, in milliseconds: ten minutes outlast every timeout worth testing.
const LONGEST_PAUSE: usize = 600_000;

/// The demonstration site. `/` lists its routes; HEAD on any of them gives the head alone.
///
/// An unknown path is answered with 404, a number out of its range with 400. When a request says
/// that its connection ends with it, so it does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demo;

impl Site for Demo {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        Scripted::new(|request| answer(request).into_acts(request)).accept(connection)
    }
}

/// Why there is no route for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoRoute {
    UnknownPath,
    BadNumber,
    BadField,
}

fn answer(request: &Request) -> Answer {
    route(request).unwrap_or_else(|reason| match reason {
        NoRoute::UnknownPath => text(404, "no such route; / lists them\n"),
        NoRoute::BadNumber => text(400, "a number that is none, or out of range\n"),
        NoRoute::BadField => text(400, "no legal field, or one that frames\n"),
    })
}

fn route(request: &Request) -> Result<Answer, NoRoute> {
    let segments: Vec<&str> = request.path().split('/').skip(1).collect();
    Ok(match segments[..] {
        [""] => text(200, ROUTES),
        ["get"] | ["anything", ..] => typed("application/json", json(request).as_bytes()),
        ["status", n] => status(number(n, 599)?)?,
        ["headers"] => twenty_fields(),
        ["response-headers"] => named_fields(request)?,
        ["bytes", n] => typed("application/octet-stream", &pattern(octets(n)?)),
        ["chunked", n] => pieces(number(n, MOST_PIECES)?),
        ["close", n] => until_the_end(octets(n)?),
        ["slow", ms] => slow(pause(ms)?),
        ["drip", n, ms] => drip(number(n, MOST_PIECES)?, pause(ms)?),
        ["drip-chunked", n, ms] => drip_chunked(number(n, MOST_PIECES)?, pause(ms)?),
        ["hangup"] => Answer::Raw(vec![Act::Finish]),
        ["reset"] => Answer::Raw(vec![Act::Reset]),
        ["truncated", n] => truncated(octets(n)?)?,
        ["garbage"] => Answer::Raw(vec![
            Act::Send(b"\x16garbage, not HTTP\n".to_vec()),
            Act::Finish,
        ]),
        ["http10", n] => old_version(octets(n)?),
        ["connection-close"] => closing(),
        ["interim", n] => interim(number(n, MOST_PIECES)?),
        ["redirect", n] => session::redirects(number(n, MOST_PIECES)?)?,
        ["redirect-to"] => session::redirect_to(request)?,
        ["cookies"] => session::cookies(request),
        ["cookies", "set"] => session::set_cookies(request)?,
        ["cookies", "delete"] => session::delete_cookies(request)?,
        ["basic-auth", user, password] => session::basic(request, user, password),
        ["bearer", token] => session::bearer(request, token),
        ["echo"] => echo(request),
        ["connection"] => {
            let (connection, number) = (request.connection, request.number);
            text(200, &format!("connection {connection} request {number}"))
        }
        _ => return Err(NoRoute::UnknownPath),
    })
}

fn number(digits: &str, most: usize) -> Result<usize, NoRoute> {
    let number = digits.parse().map_err(|_| NoRoute::BadNumber)?;
    (number <= most).then_some(number).ok_or(NoRoute::BadNumber)
}

fn octets(digits: &str) -> Result<usize, NoRoute> {
    number(digits, MOST_OCTETS)
}

fn pause(digits: &str) -> Result<Act, NoRoute> {
    let milliseconds = number(digits, LONGEST_PAUSE)?;
    Ok(Act::Pause(Duration::from_millis(milliseconds as u64)))
}

/// Octet i is 31 · i modulo 256: no octet equals its neighbour, so that a shift by one is seen.
fn pattern(length: usize) -> Vec<u8> {
    let period: Vec<u8> = (0..=255_u8).map(|i| i.wrapping_mul(31)).collect();
    let mut octets = period.repeat(length.div_ceil(period.len()));
    octets.truncate(length);
    octets
}

fn text(status: u16, text: &str) -> Answer {
    Answer::whole(response(
        status,
        &[("Content-Type", "text/plain")],
        text.as_bytes(),
    ))
}

fn typed(content_type: &str, content: &[u8]) -> Answer {
    Answer::whole(response(200, &[("Content-Type", content_type)], content))
}

fn status(status: usize) -> Result<Answer, NoRoute> {
    match u16::try_from(status) {
        // Reset Content has none either, but must say so (RFC 9110 §15.3.6).
        Ok(205) => Ok(Answer::whole(response(205, &[], b""))),
        Ok(status @ 200..) => Ok(text(status, &format!("status {status}\n"))),
        _ => Err(NoRoute::BadNumber),
    }
}

fn twenty_fields() -> Answer {
    let mut fields = vec![
        ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Server", "demo"),
        ("Content-Type", "text/html; charset=utf-8"),
        (
            "Cache-Control",
            "public, max-age=3600, stale-while-revalidate=60",
        ),
        ("ETag", "\"5f3e-5a2b1c0d9e8f7\""),
        ("Last-Modified", "Sat, 05 Nov 1994 12:00:00 GMT"),
        ("Vary", "Accept-Encoding, Accept-Language"),
        ("Accept-Ranges", "bytes"),
        ("Age", "42"),
        ("Via", "1.1 edge-7"),
        ("Content-Language", "en"),
        (
            "Strict-Transport-Security",
            "max-age=31536000; includeSubDomains",
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        (
            "Content-Security-Policy",
            "default-src 'self'; img-src *; object-src 'none'",
        ),
        ("Set-Cookie", "visit=1; Path=/; HttpOnly"),
        ("X-Request-Id", "7d1a4c0e-2b6f-4a53-9c8e-1f0b3d5a7e92"),
    ];
    fields.push(("X-Cache", "HIT"));
    Answer::whole(response(200, &fields, b"20 fields\n"))
}

fn named_fields(request: &Request) -> Result<Answer, NoRoute> {
    let pairs = decoded_pairs(request.query().unwrap_or_default()).ok_or(NoRoute::BadField)?;
    let fields: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    Ok(Answer::whole(response(
        200,
        &fields,
        b"the fields you named\n",
    )))
}

fn pieces(count: usize) -> Answer {
    let pieces: Vec<String> = (0..count).map(|i| format!("piece {i}\n")).collect();
    let pieces: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
    let fields = [("Content-Type", "text/plain"), ("Trailer", "X-Pieces")];
    Answer::whole(chunked(
        200,
        &fields,
        &pieces,
        &[("X-Pieces", &count.to_string())],
    ))
}

/// Says nothing about its framing, not even `close`: the end of the stream is all there is.
fn until_the_end(length: usize) -> Answer {
    Answer::Message(Message {
        last: Some(Act::Finish),
        ..Message::new(head(200, &[]), Content::Whole(pattern(length)))
    })
}

fn slow(pause: Act) -> Answer {
    let message = Message::whole(response(200, &[], b"at last\n"));
    Answer::Message(Message {
        before: vec![pause],
        ..message
    })
}

fn drip(count: usize, pause: Act) -> Answer {
    let drops = pattern(count)
        .into_iter()
        .map(|octet| Act::Send(vec![octet]));
    let head = head(200, &[("Content-Length", &count.to_string())]);
    Answer::Message(Message::new(head, Content::Acts(between(drops, &pause))))
}

fn drip_chunked(count: usize, pause: Act) -> Answer {
    let drops = pattern(count)
        .into_iter()
        .map(|octet| Act::Send(chunk(&[octet])));
    let mut acts = between(drops, &pause);
    acts.push(Act::Send(b"0\r\n\r\n".to_vec()));
    let head = head(200, &[("Transfer-Encoding", "chunked")]);
    Answer::Message(Message::new(head, Content::Acts(acts)))
}

fn between(drops: impl Iterator<Item = Act>, pause: &Act) -> Vec<Act> {
    drops
        .flat_map(|drop| [pause.clone(), drop])
        .skip(1)
        .collect()
}

/// Half of nothing is nothing, and nothing would be complete.
fn truncated(length: usize) -> Result<Answer, NoRoute> {
    if length == 0 {
        return Err(NoRoute::BadNumber);
    }
    let head = head(200, &[("Content-Length", &length.to_string())]);
    Ok(Answer::Message(Message {
        last: Some(Act::Finish),
        ..Message::new(head, Content::Whole(pattern(length / 2)))
    }))
}

fn old_version(length: usize) -> Answer {
    let mut message = Message::whole(response(200, &[], &pattern(length)));
    message.head[b"HTTP/1.".len()] = b'0';
    message.last = Some(Act::Finish);
    Answer::Message(message)
}

fn closing() -> Answer {
    Answer::Message(Message {
        last: Some(Act::Finish),
        ..Message::whole(response(200, &[("Connection", "close")], b"goodbye\n"))
    })
}

fn interim(count: usize) -> Answer {
    let hint = |i| {
        Act::Send(response(
            103,
            &[("Link", &format!("</style-{i}.css>; rel=preload"))],
            b"",
        ))
    };
    Answer::Message(Message {
        before: (0..count).map(hint).collect(),
        ..Message::whole(response(200, &[], b"after the hints\n"))
    })
}

fn echo(request: &Request) -> Answer {
    let content_type = request
        .field("content-type")
        .unwrap_or(b"application/octet-stream");
    typed(&String::from_utf8_lossy(content_type), &request.content)
}

#[cfg(test)]
mod tests;
