//! Content that is read from a source while its request is sent (RFC 9112 §§6, 7.1): what arrives, and what does not.

use std::io::{self, ErrorKind as Io};
use std::sync::{Arc, Mutex, PoisonError};

use sessile_core::{
    Content, ContentError, Error, ErrorKind, Progress, Request, RequestBuilder, Stage,
};

use super::peers::{deaf, path_or, send, site, text};
use super::{answered, eventually, get, milliseconds, nothing_left};
use crate::origin::{Act, Peer, Site, response};
use crate::source::{Piece, SAID, Source};
use crate::world::{Reply, World};

/// A POST whose content comes from a source.
pub(super) fn post_of(url: &str, length: Option<u64>) -> RequestBuilder {
    RequestBuilder::new("POST", url).content(Content::Stream { length })
}

fn built(request: RequestBuilder) -> Request {
    request.build().expect("a request")
}

fn uploaded(world: &mut dyn World, request: RequestBuilder, source: &Source) -> Reply {
    let reply = world.send_from(built(request), source.clone());
    reply.expect("an answer")
}

fn broken(world: &mut dyn World, request: RequestBuilder, source: &Source) -> Error {
    match world.send_from(built(request), source.clone()) {
        Ok(reply) => panic!("an error, not {reply:?}"),
        Err(error) => error,
    }
}

/// Why content was no content. The request was being sent, whatever it was.
fn refused(world: &mut dyn World, request: RequestBuilder, source: &Source) -> ContentError {
    let error = broken(world, request, source);
    assert!(error.is_body() && error.stage() == Stage::Send, "{error}");
    match error.kind() {
        ErrorKind::Content(why) => why.clone(),
        other => panic!("{other:?}"),
    }
}

/// Tells how a request was framed, and its content.
fn echo() -> Arc<dyn Site> {
    site(|request| {
        let framing = |name| request.field(name).unwrap_or(b"-").to_vec();
        let lines = [framing("content-length"), framing("transfer-encoding")];
        let lines = [lines.join(&b"|"[..]), request.content.clone()].join(&b"|"[..]);
        vec![send(response(200, &[], &lines))]
    })
}

/// Given content of known length, small and large, in pieces of any size, then it is announced and arrives, and the
/// connection goes on.
pub fn content_of_known_length_comes_from_a_source(world: &mut dyn World) {
    let served = world.serve(echo());
    // Periods that divide no power of two: an octet that is lost or doubled is seen.
    let large: Vec<u8> = (0..=250).cycle().take(70_000).collect();
    let cases: [&[&[u8]]; 4] = [
        &[b"hello"],
        &[b"a", b"bc", b"def"],
        &[&large],
        &[b"small, then ", &large, b", then small"],
    ];
    for (before, pieces) in (0..).zip(cases) {
        let source = Source::of(pieces);
        let content = pieces.concat();
        let request = post_of(&served.url("/"), Some(content.len() as u64));
        let reply = uploaded(world, request, &source);
        let framing = format!("{}|-|", content.len());
        assert!(reply.content == [framing.as_bytes(), &content].concat());
        assert_eq!(reply.connection.served, before);
        assert_eq!(source.given(), content.len());
    }
    nothing_left(world);
}

/// Given content of unknown length, then it is chunked and arrives, be it empty, and the connection goes on.
pub fn content_of_unknown_length_is_chunked(world: &mut dyn World) {
    let served = world.serve(echo());
    let large: Vec<u8> = (0..=250).cycle().take(70_000).collect();
    let cases: [&[&[u8]]; 3] = [&[], &[b"one ", b"two"], &[b"small, then ", &large]];
    for (before, pieces) in (0..).zip(cases) {
        let request = post_of(&served.url("/"), None);
        let reply = uploaded(world, request, &Source::of(pieces));
        assert!(reply.content == [b"-|chunked|", &pieces.concat()[..]].concat());
        assert_eq!(reply.connection.served, before);
    }
    nothing_left(world);
}

/// Given content in memory whose own lines make it chunked, then its end is told, and the connection goes on.
pub fn content_in_memory_may_be_chunked(world: &mut dyn World) {
    let served = world.serve(echo());
    let large: Vec<u8> = (0..=250).cycle().take(70_000).collect();
    for (before, content) in (0..).zip([b"hello".to_vec(), large]) {
        let request = RequestBuilder::new("POST", served.url("/"))
            .header("Transfer-Encoding", "chunked")
            .body(content.clone());
        let reply = world.send(built(request)).expect("an answer");
        assert!(reply.content == [b"-|chunked|", &content[..]].concat());
        assert_eq!(reply.connection.served, before);
    }
    nothing_left(world);
}

/// Given trailer fields, then they follow the content of a source.
pub fn trailers_follow_content_from_a_source(world: &mut dyn World) {
    let served = world.serve(site(|request| {
        let mut said = request.content.clone();
        for (name, value) in &request.trailers {
            said.extend_from_slice(&[b", ", name.as_bytes(), b"=", value].concat());
        }
        vec![send(response(200, &[], &said))]
    }));
    let source = Source::of(&[b"summed ", b"up"]);
    for before in 0..2 {
        let request = post_of(&served.url("/"), None).trailer("X-Sum", "9");
        let reply = uploaded(world, request, &source);
        assert_eq!(reply.text(), "summed up, X-Sum=9");
        assert_eq!(reply.connection.served, before);
    }
}

/// A site that keeps all that it hears, and answers nothing.
#[derive(Clone, Default)]
struct Hearing {
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Hearing {
    fn heard(&self) -> Vec<u8> {
        let heard = self.heard.lock();
        heard.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn content(&self) -> Vec<u8> {
        let heard = self.heard();
        let end = heard.windows(4).position(|four| four == b"\r\n\r\n");
        end.map_or_else(Vec::new, |end| heard[end + 4..].to_vec())
    }
}

impl Site for Hearing {
    fn accept(&self, _connection: usize) -> Box<dyn Peer> {
        Box::new(self.clone())
    }
}

impl Peer for Hearing {
    fn received(&mut self, octets: &[u8]) -> Vec<Act> {
        let heard = self.heard.lock();
        heard
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(octets);
        Vec::new()
    }

    fn ended(&mut self) -> Vec<Act> {
        vec![Act::Finish]
    }
}

/// Given a source that has more than was announced, then no octet too many is sent, the request fails, and the connection
/// is closed.
pub fn more_than_announced_is_never_sent(world: &mut dyn World) {
    let pieces: [&[&[u8]]; 3] = [
        &[b"0123456789"],
        &[b"01234", b"56789"],
        &[b"0123", b"456789"],
    ];
    for pieces in pieces {
        let hearing = Hearing::default();
        let served = world.serve(Arc::new(hearing.clone()));
        let request = post_of(&served.url("/"), Some(9));
        let why = refused(world, request, &Source::of(pieces));
        assert_eq!(why, ContentError::TooLong, "{pieces:?}");
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
        let content = hearing.content();
        assert!(content.len() < 9, "{content:?}");
        assert!(b"012345678".starts_with(&content[..]), "{content:?}");
    }
}

/// Given a source that ends before its announced length, then the request fails, and the connection is closed: nothing is
/// padded.
pub fn less_than_announced_is_no_content(world: &mut dyn World) {
    for pieces in [&[][..], &[&b"01234"[..]], &[b"0123", b"4567"]] {
        let hearing = Hearing::default();
        let served = world.serve(Arc::new(hearing.clone()));
        let request = post_of(&served.url("/"), Some(9));
        let why = refused(world, request, &Source::of(pieces));
        assert_eq!(why, ContentError::TooShort, "{pieces:?}");
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
        assert!(pieces.concat().starts_with(&hearing.content()));
    }
}

/// Given a source that fails, then so does its request, by the source's error and in its words, and the connection is closed before the
/// content could seem complete.
pub fn a_failing_source_fails_its_request(world: &mut dyn World) {
    for length in [Some(100), None] {
        let hearing = Hearing::default();
        let served = world.serve(Arc::new(hearing.clone()));
        let piece = Piece::Octets(b"some".to_vec());
        let source = Source::new([piece, Piece::Fail(Io::PermissionDenied)]);
        let why = refused(world, post_of(&served.url("/"), length), &source);
        let said = io::Error::new(Io::PermissionDenied, SAID);
        assert_eq!(why, ContentError::from(said));
        assert!(why.to_string().ends_with(SAID), "{why}");
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
        assert!(!hearing.heard().ends_with(b"0\r\n\r\n"));
    }
}

/// Given a final response while the content is still going out, then the source is read no further, the response is the
/// answer, and the connection is not used again: the peer still waits for the rest.
pub fn a_final_response_stops_the_source(world: &mut dyn World) {
    // Where octets travel in no time all of them are out before an answer can come; the peer says that it closes then.
    let (times, lines) = match world.is_virtual() {
        true => (4, &[("Connection", "close")][..]),
        false => (4096, &[][..]),
    };
    let served = world.serve(deaf(move || vec![send(response(413, lines, b"enough"))]));
    for length in [Some(times as u64 * 65_536), None] {
        // On a busy machine the peer may come to speak late: at the end it has time, and its word is heard between two pieces.
        let pieces = |count| Piece::Repeat(vec![b'x'; 65_536], count);
        let time = Piece::Pause(milliseconds(if world.is_virtual() { 0 } else { 2_000 }));
        let source = Source::new([pieces(times - 3), time, pieces(3)]);
        let opened = served.opened();
        let reply = uploaded(world, post_of(&served.url("/"), length), &source);
        assert_eq!((reply.status, reply.text()), (413, "enough"));
        assert_eq!(reply.connection.served, 0);
        assert!(world.is_virtual() || source.given() < times * 65_536);
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == opened + 1);
    }
}

/// Given a peer that refuses and goes, so that writing fails, then its word is still heard: a broken pipe hides no 413.
pub fn a_refusal_beside_a_broken_pipe_is_heard(world: &mut dyn World) {
    let served = world.serve(deaf(|| {
        let refusal = response(413, &[("Connection", "close")], b"too much");
        vec![send(refusal), Act::Pause(milliseconds(20)), Act::Reset]
    }));
    for length in [Some(64 * 65_536), None] {
        let source = Source::new([Piece::Repeat(vec![b'x'; 65_536], 64)]);
        let reply = uploaded(world, post_of(&served.url("/"), length), &source);
        assert_eq!((reply.status, reply.text()), (413, "too much"));
        assert_eq!(reply.connection.served, 0);
    }
    nothing_left(world);
}

/// Given a peer that goes in the middle of the content, then the request was being sent, whichever of reading and writing
/// has found it out.
pub fn a_peer_that_goes_amid_the_content_is_told_at_sending(world: &mut dyn World) {
    // Where octets travel in no time all of them may be out before the peer goes: only the head is awaited then.
    let all_may_be_out = world.is_virtual();
    let times = if all_may_be_out { 4 } else { 4096 };
    let served = world.serve(deaf(|| vec![Act::Reset]));
    for length in [Some(times as u64 * 65_536), None] {
        let source = Source::new([Piece::Repeat(vec![b'x'; 65_536], times)]);
        let error = broken(world, post_of(&served.url("/"), length), &source);
        assert!(["closed", "transport"].contains(&error.code()), "{error}");
        match (error.stage(), error.progress()) {
            (Stage::Send, Progress::PartlySent) => {}
            (Stage::Head, Progress::Sent) if all_may_be_out => {}
            told => panic!("{told:?}: {error}"),
        }
        nothing_left(world);
    }
}

/// Given a request that never has a connection, then its source is not read.
pub fn a_source_is_not_read_without_a_connection(world: &mut dyn World) {
    let url = world.refused();
    let source = Source::of(&[b"never"]);
    let error = world.send_from(built(post_of(&url, None)), source.clone());
    assert!(error.is_err_and(|error| error.is_connect()));
    assert_eq!(source.given(), 0);
}

/// Given a kept connection that has died, then a request that has sent nothing goes on with another, and its source with
/// it: the content arrives once and whole.
pub fn an_unsent_request_keeps_its_source(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let said = String::from_utf8_lossy(&request.content);
        let answer = text(&format!("{}{said}", request.path()));
        Some(vec![answer, Act::Pause(milliseconds(20)), Act::Finish])
    }));
    for number in [1, 3] {
        let reply = answered(world, get(&served.url("/first")));
        assert_eq!(reply.connection.number, number);
        world.pass(milliseconds(100));
        let source = Source::of(&[b"only ", b"once"]);
        let reply = uploaded(world, post_of(&served.url("/"), None), &source);
        assert_eq!(reply.text(), "/only once");
        assert_eq!((reply.connection.number, source.given()), (number + 1, 9));
        world.pass(milliseconds(100));
    }
    nothing_left(world);
}
