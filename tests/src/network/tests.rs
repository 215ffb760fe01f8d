//! The network with a client that is played by the test.

use std::io::{Read, Write};

use sessile_core::{Command, Config, Engine, RequestBuilder};

use super::*;
use crate::origin::{Act, Scripted};
use crate::pki::Authority;
use crate::proxies::{Reach, Socks5Proxy};
use crate::secured::Secured;
use crate::visitor::{Visitor, get, secure};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Ids cannot be made up: an engine gives one.
pub(super) fn some_connection() -> ConnectionId {
    let mut engine = Engine::<()>::new(Config::default()).expect("a session");
    let request = RequestBuilder::new("GET", "http://10.0.0.1/").build();
    engine.submit(Now::default(), request.expect("a request"));
    match engine.poll_command() {
        Some(Command::Dial { connection, .. }) => connection,
        other => panic!("{other:?}"),
    }
}

fn address() -> SocketAddr {
    ([10, 0, 0, 1], 80).into()
}

/// A network with a site that says `answer` and finishes, and a stream that is connected to it.
fn connected(conditions: Conditions, answer: &'static [u8]) -> (Network, Stream) {
    let network = Network::new(conditions);
    let site = Scripted::new(|_| vec![Act::Send(answer.to_vec()), Act::Finish]);
    network.listen(address(), Arc::new(site));
    let stream = network.dial(some_connection(), address());
    let report = network.advance(Tick::from_nanos(u64::MAX));
    assert!(matches!(report, Some(Report::Connected(_))), "{report:?}");
    (network, stream)
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n";

#[test]
fn given_a_delay_then_the_answer_takes_it_twice() {
    let conditions = Conditions {
        delay: MILLISECOND,
        ..Conditions::calm()
    };
    let (network, mut stream) = connected(conditions, b"answer");
    let asked = network.now().tick;
    stream.write_all(GET).expect("written");
    assert!(stream.read(&mut [0; 9]).is_err());
    let report = network.advance(Tick::from_nanos(u64::MAX));
    assert_eq!(network.now().tick.since(asked), 2 * MILLISECOND);
    assert!(matches!(report, Some(Report::Ready(_, ready)) if ready.read && ready.closed));
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read to the end");
    assert_eq!(answer, "answer");
    assert_eq!(
        (network.opened(address()), network.closed(address())),
        (1, 0)
    );
    drop(stream);
    assert!(
        network
            .advance(asked.after(Duration::from_secs(1)))
            .is_none()
    );
    assert_eq!(network.closed(address()), 1);
}

#[test]
fn given_single_octets_then_each_is_told_by_itself() {
    let conditions = Conditions {
        arrival: Cuts::Pieces(1),
        departure: Cuts::Pieces(7),
        ..Conditions::calm()
    };
    let (network, mut stream) = connected(conditions, b"abc");
    let (mut left, mut pieces) = (GET, Vec::new());
    let mut answer = Vec::new();
    while answer.len() < 3 {
        while !left.is_empty()
            && let Ok(count) = stream.write(left)
        {
            pieces.push(count);
            left = &left[count..];
        }
        match network.advance(Tick::default()) {
            Some(Report::Ready(_, ready)) if ready.read => {
                let mut space = [0; 9];
                assert_eq!(stream.read(&mut space).expect("an octet"), 1);
                answer.push(space[0]);
            }
            Some(Report::Ready(_, ready)) => assert!(ready.write),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        (answer.as_slice(), pieces),
        (&b"abc"[..], vec![7, 7, 7, 7, 2])
    );
}

#[test]
fn given_nobody_who_listens_then_a_dial_is_refused() {
    let network = Network::new(Conditions::calm());
    let _stream = network.dial(some_connection(), address());
    let report = network.advance(Tick::default());
    assert!(matches!(
        report,
        Some(Report::DialFailed(_, io::ErrorKind::ConnectionRefused))
    ));
}

#[test]
fn given_a_dial_that_was_dropped_then_nobody_accepts_it() {
    let network = Network::new(Conditions::calm());
    network.listen(address(), Arc::new(crate::demo::Demo));
    network.set_dial(address(), Dial::Connect(MILLISECOND));
    drop(network.dial(some_connection(), address()));
    assert!(
        network
            .advance(Tick::default().after(MILLISECOND))
            .is_none()
    );
    assert_eq!(network.opened(address()), 0);
}

/// Says something and reads until the octets end with `end`, while the network turns.
fn ask(network: &Network, stream: &mut (impl Read + Write), words: &[u8], end: &str) -> String {
    let (mut left, mut text, mut space) = (words, String::new(), [0; 999]);
    while !text.ends_with(end) {
        let moved = match stream.write(left) {
            Ok(count) => {
                left = &left[count..];
                stream.flush().and_then(|()| stream.read(&mut space))
            }
            Err(error) => Err(error),
        };
        match moved {
            Ok(count) => text.push_str(&String::from_utf8_lossy(&space[..count])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let report = network.advance(network.now().tick.after(MILLISECOND));
                assert!(report.is_some(), "nothing happens any more behind {text:?}");
            }
            Err(error) => panic!("{error}"),
        }
    }
    text
}

#[test]
fn given_a_secured_site_behind_a_proxy_then_cuts_anywhere_do_no_harm() {
    let authority = Authority::new();
    let origin = Secured::new(&authority.for_names(&["origin.test"]), crate::demo::Demo);
    let proxy = Socks5Proxy::new(Reach::new().to("origin.test:443", origin));
    let pieces = [Cuts::Whole, Cuts::Pieces(1), Cuts::Random(50)];
    for cuts in pieces {
        let network = Network::new(Conditions {
            arrival: cuts,
            departure: cuts,
            ..Conditions::calm()
        });
        network.listen(address(), Arc::new(proxy.clone()));
        let mut stream = network.dial(some_connection(), address());
        ask(&network, &mut stream, &[5, 1, 0], "\x05\0");
        let target = b"\x05\x01\0\x03\x0borigin.test\x01\xbb";
        ask(&network, &mut stream, target, "\0\0\0\0\0\0");
        let config = Visitor::new(&authority).config();
        let mut stream = secure(&config, "origin.test", stream);
        ask(&network, &mut stream, &get("origin.test", "/get"), "}\n");
        assert_eq!(proxy.faults(), []);
    }
}
