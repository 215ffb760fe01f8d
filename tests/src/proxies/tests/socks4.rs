//! SOCKS 4A: one message, one answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::demo::Demo;
use crate::loopback::Loopback;
use crate::origin::{Act, Site};
use crate::proxies::{Fault, GRANTED, Reach, Socks4aProxy};
use crate::visitor::{ask, get};
use crate::wire::Wire;

const BY_NAME: &[u8] = b"\x04\x01\x00\x50\0\0\0\x01joe\0origin.test\0";
const BY_ADDRESS: &[u8] = b"\x04\x01\x00\x50\x0a\0\0\x01joe\0";

fn reach() -> Reach {
    Reach::new()
        .to("origin.test:80", Demo)
        .to("10.0.0.1:80", Demo)
}

fn reply(code: u8) -> Vec<u8> {
    vec![0, code, 0, 0, 0, 0, 0, 0]
}

/// What comes in answer to a message that comes in pieces.
fn answer(site: &dyn Site, piece: usize, message: &[u8]) -> (Vec<u8>, Option<Act>) {
    let mut wire = Wire::in_pieces(piece, site);
    wire.write_all(message).unwrap();
    wire.drain()
}

#[test]
fn given_a_name_or_an_address_then_the_target_is_spoken_to() {
    for piece in [1, 3, usize::MAX] {
        let proxy = Socks4aProxy::new(reach()).demanding(b"joe");
        for message in [BY_NAME, BY_ADDRESS] {
            let mut wire = Wire::in_pieces(piece, &proxy);
            wire.write_all(message).unwrap();
            assert_eq!(wire.drain(), (reply(GRANTED), None));
            let words = get("origin.test", "/connection");
            ask(&mut wire, &words, "connection 0 request 0").unwrap();
        }
        assert_eq!(proxy.targets(), ["name origin.test:80", "v4 10.0.0.1:80"]);
        assert_eq!(
            (proxy.users(), proxy.faults()),
            (vec![b"joe".to_vec(); 2], vec![])
        );
    }
}

#[test]
fn given_a_refusal_then_its_code_is_said_and_the_connection_ends() {
    let refusals = [
        (Socks4aProxy::new(reach()).refusing(91), 91),
        (Socks4aProxy::new(reach()).refusing(92), 92),
        (Socks4aProxy::new(reach()).refusing(7), 7),
        (Socks4aProxy::new(reach()).demanding(b"ann"), 93),
        (Socks4aProxy::new(Reach::new()), 91),
    ];
    for (proxy, code) in refusals {
        let expected = (reply(code), Some(Act::Finish));
        assert_eq!(answer(&proxy, usize::MAX, BY_NAME), expected);
        assert_eq!(proxy.faults(), []);
    }
}

#[test]
fn given_a_fault_then_it_is_noted_and_refused_at_its_first_octet() {
    let long = [&BY_NAME[..8], &[b'a'; 256]].concat();
    let cases: [(&[u8], Fault); 9] = [
        (b"\x05", Fault::Version),
        (b"\x04\x02", Fault::Command),
        (b"\x04\x01\0\0", Fault::ZeroPort),
        (b"\x04\x01\0\x50\0\0\0\0", Fault::ZeroAddress),
        (b"\x04\x01\0\x50\0\0\0\x01\0\0", Fault::Name),
        (b"\x04\x01\0\x50\0\0\0\x01\0a b\0", Fault::Name),
        (b"\x04\x01\0\x50\x0a\0\0\x01\0!", Fault::BeforeAnswer),
        (b"\x04\x01\0\x50\0\0\0\x01\0a\0!", Fault::BeforeAnswer),
        (&long, Fault::TooLong),
    ];
    for (message, fault) in cases {
        let proxy = Socks4aProxy::new(reach());
        let (said, last) = answer(&proxy, usize::MAX, message);
        assert_eq!((said, last), (reply(91), Some(Act::Finish)), "{fault:?}");
        assert_eq!(proxy.faults(), [fault]);
    }
}

#[test]
fn given_the_end_inside_the_message_then_that_is_a_fault() {
    let proxy = Socks4aProxy::new(reach());
    let mut peer = proxy.accept(0);
    peer.received(&BY_NAME[..10]);
    assert_eq!(peer.ended().last(), Some(&Act::Finish));
    assert_eq!(proxy.accept(1).ended(), [Act::Finish]);
    assert_eq!(proxy.faults(), [Fault::CutShort]);
}

#[test]
fn given_another_answer_then_it_is_given_and_octets_behind_a_success_are_said() {
    let proxy = Socks4aProxy::new(reach());
    let acts = vec![Act::Send(b"\x05\0".to_vec())];
    let mut peer = proxy.clone().instead(acts.clone()).accept(0);
    assert_eq!(
        (peer.received(BY_NAME), peer.received(b"x")),
        (acts, vec![])
    );
    let said = [&reply(GRANTED)[..], b"!"].concat();
    let behind = proxy.saying_behind(b"!");
    assert_eq!(answer(&behind, usize::MAX, BY_NAME), (said, None));
}

#[test]
fn given_a_socket_then_it_is_the_same() {
    let loopback = Loopback::start(Socks4aProxy::new(reach())).unwrap();
    let mut socket = TcpStream::connect(loopback.address()).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    socket.write_all(BY_NAME).unwrap();
    let mut said = [0; 8];
    socket.read_exact(&mut said).unwrap();
    assert_eq!(said[..], reply(GRANTED));
    ask(&mut socket, &get("origin.test", "/get"), "}\n").unwrap();
}
