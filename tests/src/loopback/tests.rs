//! Smoke tests with plain streams of the standard library.

use std::io::{ErrorKind, Read, Write};

use super::*;
use crate::demo::Demo;
use crate::origin::{Act, Peer, Scripted, response};

const SOON: Duration = Duration::from_secs(5);

fn connect(loopback: &Loopback) -> TcpStream {
    let stream = TcpStream::connect(loopback.address()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n",
        stream.peer_addr().unwrap()
    );
    stream.write_all(request.as_bytes()).unwrap();
}

/// Reads until the octets end with `end`.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "ended after {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}

fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn given_two_connections_then_each_request_is_answered_and_counted() {
    let loopback = Loopback::start(Demo).unwrap();
    let url = loopback.url("/get");
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/get"));
    assert_eq!((loopback.opened(), loopback.closed()), (0, 0));

    let mut first = connect(&loopback);
    for number in 0..3 {
        ask(&mut first, "/connection");
        read_until(&mut first, &format!("connection 0 request {number}"));
    }
    let mut second = connect(&loopback);
    ask(&mut second, "/connection");
    read_until(&mut second, "connection 1 request 0");
    assert_eq!((loopback.opened(), loopback.closed()), (2, 0));

    drop(first);
    assert!(loopback.wait_closed(1, SOON));
    assert!(!loopback.wait_closed(2, Duration::from_millis(30)));
    drop(second);
    assert!(loopback.wait_closed(2, SOON));
    assert!(format!("{loopback:?}").ends_with("2 opened, 2 closed"));
}

#[test]
fn given_finish_then_the_stream_ends_cleanly_behind_the_answer() {
    let loopback = Loopback::start(Demo).unwrap();
    let mut stream = connect(&loopback);
    ask(&mut stream, "/close/100000");
    assert!(read_to_end(&mut stream).len() > 100_000);
    // More input is ignored, and does not turn the end into a reset.
    stream.write_all(b"more").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    drop(stream);
    assert!(loopback.wait_closed(1, SOON));
}

#[test]
fn given_finish_and_a_client_that_stays_then_we_close_after_a_while() {
    let loopback = Loopback::start(Demo).unwrap();
    let mut stream = connect(&loopback);
    ask(&mut stream, "/hangup");
    assert_eq!(read_to_end(&mut stream), b"");
    assert!(loopback.wait_closed(1, SOON));
}

#[test]
fn given_reset_then_the_client_sees_a_reset() {
    let loopback = Loopback::start(Demo).unwrap();
    let mut stream = connect(&loopback);
    ask(&mut stream, "/reset");
    let error = stream.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(loopback.wait_closed(1, SOON));
}

#[test]
fn given_pauses_then_the_answer_takes_that_long() {
    let loopback = Loopback::start(Demo).unwrap();
    let mut stream = connect(&loopback);
    for (path, end) in [
        ("/slow/60", "at last\n"),
        ("/drip-chunked/4/20", "0\r\n\r\n"),
        ("/drip-chunked/7/10", "0\r\n\r\n"),
    ] {
        let start = Instant::now();
        ask(&mut stream, path);
        read_until(&mut stream, end);
        assert!(start.elapsed() >= Duration::from_millis(60), "{path}");
    }
}

#[test]
fn given_a_pause_and_a_client_that_leaves_then_the_connection_is_closed_early() {
    let loopback = Loopback::start(Demo).unwrap();
    let mut stream = connect(&loopback);
    ask(&mut stream, "/slow/600000");
    drop(stream);
    assert!(loopback.wait_closed(1, SOON));
}

#[test]
fn given_a_pause_and_a_client_that_resets_then_the_connection_is_closed_early() {
    let loopback = Loopback::start(Scripted::new(|_| {
        vec![Act::Send(b"unread".to_vec()), Act::Pause(Duration::MAX)]
    }))
    .unwrap();
    let mut stream = connect(&loopback);
    ask(&mut stream, "/");
    assert_eq!(stream.peek(&mut [0]).unwrap(), 1);
    // Closing with octets unread is a reset.
    drop(stream);
    assert!(loopback.wait_closed(1, Duration::MAX));
}

#[test]
fn given_connections_in_every_state_then_dropping_ends_them_at_once() {
    let loopback = Loopback::start(Demo).unwrap();
    let idle = connect(&loopback);
    let mut sleeping = connect(&loopback);
    ask(&mut sleeping, "/slow/600000");
    let mut early = connect(&loopback);
    ask(&mut early, "/slow/600000");
    thread::sleep(Duration::from_millis(50));
    early.write_all(b"early").unwrap();
    let mut finished = connect(&loopback);
    ask(&mut finished, "/hangup");
    let mut blocked = connect(&loopback);
    ask(&mut blocked, "/bytes/50000000");
    assert_eq!(blocked.peek(&mut [0]).unwrap(), 1);

    let board = Arc::clone(&loopback.board);
    let start = Instant::now();
    drop(loopback);
    assert!(start.elapsed() < Duration::from_secs(1));
    let counts = board.lock();
    assert_eq!((counts.opened, counts.closed), (5, 5));
    drop((idle, sleeping, early, finished, blocked));
}

#[test]
fn given_a_violation_then_its_reason_arrives_and_the_stream_ends() {
    let loopback = Loopback::start(Demo).unwrap();
    let mut stream = connect(&loopback);
    stream.write_all(b"GET / HTTP/1.1\n").unwrap();
    let text = String::from_utf8(read_to_end(&mut stream)).unwrap();
    assert!(text.starts_with("HTTP/1.1 400 ") && text.ends_with("a LF without CR"));
}

#[test]
fn given_a_client_that_ends_its_side_then_it_still_gets_its_answer() {
    let loopback = Loopback::start(Demo).unwrap();
    let mut stream = connect(&loopback);
    ask(&mut stream, "/slow/100");
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(read_to_end(&mut stream).ends_with(b"at last\n"));
}

/// Speaks first, and once more when the client has ended its side.
struct Talkative;

impl Peer for Talkative {
    fn received(&mut self, _: &[u8]) -> Vec<Act> {
        Vec::new()
    }
    fn opened(&mut self) -> Vec<Act> {
        vec![Act::Send(b"hello ".to_vec())]
    }
    fn ended(&mut self) -> Vec<Act> {
        vec![Act::Send(b"goodbye".to_vec()), Act::Finish]
    }
}

struct TalkativeSite;

impl Site for TalkativeSite {
    fn accept(&self, _: usize) -> Box<dyn Peer> {
        Box::new(Talkative)
    }
}

#[test]
fn given_a_peer_of_its_own_then_it_speaks_at_both_ends() {
    let loopback = Loopback::start(TalkativeSite).unwrap();
    let mut stream = connect(&loopback);
    read_until(&mut stream, "hello ");
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&mut stream), b"goodbye");
}

#[test]
fn given_many_connections_then_all_are_closed() {
    let loopback =
        Loopback::start(Scripted::new(|_| vec![Act::Send(response(200, &[], b"x"))])).unwrap();
    let streams: Vec<TcpStream> = (0..100).map(|_| connect(&loopback)).collect();
    for mut stream in streams {
        ask(&mut stream, "/");
        read_until(&mut stream, "x");
    }
    assert!(loopback.wait_closed(100, SOON));
    assert_eq!(loopback.opened(), 100);
}

#[test]
#[should_panic(expected = "a script on loopback panicked")]
fn given_a_script_that_panics_then_so_does_dropping() {
    let loopback = Loopback::start(Scripted::new(|_| panic!("as planned"))).unwrap();
    let mut stream = connect(&loopback);
    ask(&mut stream, "/");
    assert_eq!(read_to_end(&mut stream), b"");
}
