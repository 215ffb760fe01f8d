//! Sources of content that take their time, and peers that do: what only the real runtimes can show.

use std::io::{self, Cursor};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_std::future::timeout;
use async_std::task;
use sessile_core::{Config, Stage};
use sessile_mio::blocking;
use sessile_tests::loopback::Loopback;
use sessile_tests::origin::{Act, Peer, RequestReader, Scripted, Site, response};
use sessile_tests::source::{Piece, Source};

/// A source that has nothing, ever.
struct Silent;

impl async_std::io::Read for Silent {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

/// A source that gives one octet each 10 ms, and wakes whoever asked last.
struct Slow {
    left: Cursor<Vec<u8>>,
    pause: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Slow {
    fn new(content: &str) -> Self {
        Self {
            left: Cursor::new(content.into()),
            pause: None,
        }
    }
}

impl async_std::io::Read for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let pause = self
            .pause
            .get_or_insert_with(|| Box::pin(task::sleep(Duration::from_millis(10))));
        if pause.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.pause = None;
        Poll::Ready(io::Read::read(&mut self.left, &mut into[..1]))
    }
}

fn echo() -> Loopback {
    let site = Scripted::new(|request| vec![Act::Send(response(200, &[], &request.content))]);
    Loopback::start(site).expect("a port on loopback")
}

/// Answers at the first octets; with `None` it says nothing.
struct Early(Option<u16>);

impl Site for Early {
    fn accept(&self, _connection: usize) -> Box<dyn Peer> {
        Box::new(Self(self.0))
    }
}

impl Peer for Early {
    fn received(&mut self, _octets: &[u8]) -> Vec<Act> {
        let answer = self.0.take();
        let answer = answer.map(|status| Act::Send(response(status, &[], b"early")));
        answer.into_iter().collect()
    }
}

fn early(status: Option<u16>) -> Loopback {
    Loopback::start(Early(status)).expect("a port on loopback")
}

/// Given a source that gives its content little by little, then all of it arrives, chunked or announced.
#[test]
fn a_slow_source_is_waited_for() {
    let (origin, session) = (echo(), sessile_async_std::Session::new());
    for length in [None, Some(9)] {
        let request = session.post(origin.url("/"));
        let sending = request.body_reader(Slow::new("by and by"), length).send();
        let text = task::block_on(async { sending.await?.text().await });
        assert_eq!(text.expect("an answer"), "by and by");
    }
    assert_eq!(origin.opened(), 1);
}

/// Given a source that has nothing, then a response that comes all the same is the answer.
#[test]
fn a_silent_source_hides_no_answer() {
    let (origin, session) = (early(Some(413)), sessile_async_std::Session::new());
    let sending = session
        .post(origin.url("/"))
        .body_reader(Silent, None)
        .send();
    let text = task::block_on(async {
        let answer = timeout(Duration::from_secs(5), sending).await;
        answer.expect("it comes at once")?.text().await
    });
    assert_eq!(text.expect("an answer"), "early");
}

/// Given a source that has nothing, then the deadline passes, and giving up leaves nothing behind.
#[test]
fn a_silent_source_does_not_outlast_its_request() {
    let (origin, session) = (early(None), sessile_async_std::Session::new());
    let request = || session.post(origin.url("/")).body_reader(Silent, Some(10));
    let limited = request().timeout(Duration::from_millis(100)).send();
    let error = task::block_on(limited).expect_err("there is no answer");
    assert_eq!(error.stage(), Stage::Deadline);
    let given_up = timeout(Duration::from_millis(50), request().send());
    assert!(task::block_on(given_up).is_err());
    assert!(origin.wait_closed(2, Duration::from_secs(5)));
    assert_eq!(session.pool().requests, 0);
}

const PIECE: usize = 50_000;
const PIECES: usize = 200;

/// Reads a little, pauses, and only then the rest; tells how much that was.
struct Reluctant;

struct ReluctantPeer {
    reader: RequestReader,
    has_paused: bool,
}

impl Site for Reluctant {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        Box::new(ReluctantPeer {
            reader: RequestReader::new(connection),
            has_paused: false,
        })
    }
}

impl Peer for ReluctantPeer {
    fn received(&mut self, octets: &[u8]) -> Vec<Act> {
        let request = self.reader.read(octets).expect("a request without fault");
        if let Some(request) = request {
            let right = request
                .content
                .chunks(PIECE)
                .all(|piece| piece == piece_of());
            let said = format!("{} {right}", request.content.len());
            return vec![Act::Send(response(200, &[], said.as_bytes()))];
        }
        match std::mem::replace(&mut self.has_paused, true) {
            false => vec![Act::Pause(Duration::from_millis(100))],
            true => Vec::new(),
        }
    }
}

fn piece_of() -> Vec<u8> {
    (0..=250).cycle().take(PIECE).collect()
}

fn large() -> Source {
    Source::new([Piece::Repeat(piece_of(), PIECES)])
}

struct Ready(Source);

impl async_std::io::Read for Ready {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(io::Read::read(&mut self.0, into))
    }
}

/// Given a peer that does not read for a while, then the source waits with it, and every octet arrives in its place.
#[test]
fn a_reluctant_peer_holds_the_source_back() {
    let origin = Loopback::start(Reluctant).expect("a port on loopback");
    let expected = format!("{} true", PIECE * PIECES);
    for length in [None, Some((PIECE * PIECES) as u64)] {
        let session = blocking::Session::new();
        let request = session.post(origin.url("/"));
        let response = request.body_reader(large(), length).send();
        let text = response.expect("an answer").text();
        assert_eq!(text.expect("content"), expected);

        let session = sessile_async_std::Session::with(Config::default()).expect("valid");
        let request = session.post(origin.url("/"));
        let sending = request.body_reader(Ready(large()), length).send();
        let text = task::block_on(async { sending.await?.text().await });
        assert_eq!(text.expect("an answer"), expected);
    }
}

/// Given content that is set after a source, then it is sent, and the source is forgotten.
#[test]
fn the_last_content_counts() {
    let (origin, session) = (echo(), blocking::Session::new());
    let source = large();
    let request = session.post(origin.url("/"));
    let response = request
        .body_reader(source.clone(), None)
        .body("last")
        .send();
    let text = response.expect("an answer").text();
    assert_eq!(
        (text.expect("content").as_str(), source.given()),
        ("last", 0)
    );
}

/// A source that panics.
struct Panics;

impl io::Read for Panics {
    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        panic!("a fault of the application's")
    }
}

/// Given a source that panics in a thread that sends, then the place of its connection is free for the next request.
#[test]
fn a_source_that_panics_keeps_no_place() {
    let origin = echo();
    let mut config = Config::default();
    config.pool.live_per_origin = Some(1);
    config.timeouts.pool_wait = Some(Duration::from_secs(2));
    let session = blocking::Session::with(config).expect("a valid configuration");
    let request = session.post(origin.url("/")).body_reader(Panics, None);
    let sending = std::thread::spawn(|| request.send());
    assert!(sending.join().is_err(), "it panics");
    let response = session.post(origin.url("/")).body("next").send();
    let text = response.and_then(|response| response.text());
    assert_eq!(text.expect("an answer"), "next");
}
