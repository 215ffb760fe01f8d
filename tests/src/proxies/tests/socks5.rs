//! SOCKS 5: the way through, and every way not to come through.

use std::net::TcpStream;
use std::time::Duration;

use crate::demo::Demo;
use crate::loopback::Loopback;
use crate::origin::{Act, Site};
use crate::pki::Authority;
use crate::proxies::{Bound, Fault, Reach, Socks5Proxy, Stage};
use crate::secured::Secured;
use crate::visitor::{Visitor, ask, get, secure};
use crate::wire::Wire;

const HELLO: &[u8] = &[5, 1, 0];
const BY_NAME: &[u8] = b"\x05\x01\x00\x03\x0borigin.test\x00\x50";
const SUCCESS: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

fn reach() -> Reach {
    let reach = Reach::new().to("origin.test:80", Demo);
    reach.to("10.0.0.1:80", Demo).to("[::1]:80", Demo)
}

/// What comes in answer to each of these messages, which come in pieces.
fn converse(site: &dyn Site, piece: usize, messages: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Act>) {
    let mut wire = Wire::in_pieces(piece, site);
    let mut answers = Vec::new();
    for message in messages {
        std::io::Write::write_all(&mut wire, message).unwrap();
        answers.push(wire.drain().0);
    }
    (answers, wire.drain().1)
}

fn address(kind: u8, octets: &[u8]) -> Vec<u8> {
    [&[5, 1, 0, kind], octets, &[0, 80]].concat()
}

#[test]
fn given_any_type_of_address_then_the_target_is_spoken_to() {
    let v6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let cases = [
        (BY_NAME.to_vec(), "name origin.test:80"),
        (address(1, &[10, 0, 0, 1]), "v4 10.0.0.1:80"),
        (address(4, &v6), "v6 [::1]:80"),
    ];
    for piece in [1, 4, usize::MAX] {
        for (target, told) in &cases {
            let proxy = Socks5Proxy::new(reach());
            let get = get("origin.test", "/connection");
            let (answers, last) = converse(&proxy, piece, &[HELLO, target, &get]);
            assert_eq!(answers[..2], [vec![5, 0], SUCCESS.to_vec()]);
            assert!(answers[2].ends_with(b"connection 0 request 0"));
            assert_eq!((proxy.targets(), last), (vec![told.to_string()], None));
            assert_eq!((proxy.methods(), proxy.faults()), (vec![vec![0]], vec![]));
        }
    }
}

#[test]
fn given_a_password_then_it_opens_and_no_other_does() {
    let proxy = Socks5Proxy::new(reach()).demanding(b"joe", b"se\xffcret");
    let right: &[u8] = b"\x01\x03joe\x07se\xffcret";
    for piece in [1, 3, usize::MAX] {
        let (answers, _) = converse(&proxy, piece, &[&[5, 2, 0, 2], right, BY_NAME]);
        assert_eq!(answers, [vec![5, 2], vec![1, 0], SUCCESS.to_vec()]);
        let (answers, last) = converse(&proxy, piece, &[&[5, 1, 2], b"\x01\x03joe\x01x"]);
        assert_eq!(
            (answers, last),
            (vec![vec![5, 2], vec![1, 1]], Some(Act::Finish))
        );
        let (answers, last) = converse(&proxy, piece, &[HELLO, b"anything"]);
        assert_eq!((answers, last), (vec![vec![5, 0xff], vec![]], None));
    }
    assert_eq!(proxy.faults(), []);
    assert_eq!(proxy.targets().len(), 3);
}

#[test]
fn given_a_client_that_offers_only_passwords_then_an_open_proxy_takes_none() {
    let proxy = Socks5Proxy::new(reach());
    let (answers, _) = converse(&proxy, usize::MAX, &[&[5, 1, 2]]);
    assert_eq!(
        (answers, proxy.methods()),
        (vec![vec![5, 0xff]], vec![vec![2]])
    );
}

#[test]
fn given_a_code_then_it_is_said_and_the_connection_ends() {
    for code in [1, 2, 3, 4, 5, 6, 7, 8, 9, 255] {
        let proxy = Socks5Proxy::new(reach()).refusing(code);
        let (answers, last) = converse(&proxy, usize::MAX, &[HELLO, BY_NAME]);
        assert_eq!(answers[1], [5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(last, Some(Act::Finish));
    }
    let nowhere = Socks5Proxy::new(Reach::new());
    let (answers, last) = converse(&nowhere, usize::MAX, &[HELLO, BY_NAME]);
    assert_eq!((answers[1][1], last), (4, Some(Act::Finish)));
}

#[test]
fn given_a_bound_address_then_the_reply_has_its_length() {
    for (bound, kind, length) in [(Bound::V4, 1, 10), (Bound::V6, 4, 22), (Bound::Name, 3, 18)] {
        let proxy = Socks5Proxy::new(reach()).bound(bound).saying_behind(b"!");
        let (answers, _) = converse(&proxy, usize::MAX, &[HELLO, BY_NAME]);
        let reply = &answers[1];
        assert_eq!(
            (reply[3], reply.len(), reply.last()),
            (kind, length + 1, Some(&b'!'))
        );
    }
}

#[test]
fn given_another_answer_then_it_is_given_at_its_stage_and_nothing_is_heard_behind() {
    let garbage = vec![Act::Send(b"HTTP/1.1 400 \r\n\r\n".to_vec())];
    let password: &[u8] = b"\x01\x03joe\x01x";
    for (stage, at) in [
        (Stage::Methods, 0),
        (Stage::Credentials, 1),
        (Stage::Target, 2),
    ] {
        let proxy = Socks5Proxy::new(reach()).demanding(b"joe", b"x");
        let mut peer = proxy.instead(stage, garbage.clone()).accept(0);
        let messages: [&[u8]; 4] = [&[5, 1, 2], password, BY_NAME, b"x"];
        let acts = messages.map(|message| peer.received(message));
        assert_eq!(acts[at], garbage, "{stage:?}");
        assert!(acts[at + 1..].iter().all(Vec::is_empty), "{stage:?}");
        assert!(
            acts[..at]
                .iter()
                .all(|acts| acts.len() == 1 && *acts != garbage)
        );
    }
}

/// A proxy, messages of which the last has a fault, that fault, and how the answer to it begins.
type Case<'a> = (Socks5Proxy, Vec<&'a [u8]>, Fault, &'a [u8]);

#[test]
fn given_a_fault_then_it_is_noted_and_refused_at_its_first_octet() {
    let open = || Socks5Proxy::new(reach());
    let closed = || open().demanding(b"joe", b"x");
    let methods: &[u8] = &[5, 1, 2];
    let cases: [Case<'_>; 16] = [
        (open(), vec![b"\x04"], Fault::Version, &[5, 0xff]),
        (open(), vec![b"GET / "], Fault::Version, &[5, 0xff]),
        (open(), vec![&[5, 0]], Fault::NoMethods, &[5, 0xff]),
        (
            open(),
            vec![&[5, 2, 0, 0xff]],
            Fault::NoMethodOffered,
            &[5, 0xff],
        ),
        (open(), vec![&[5, 1, 0, 5]], Fault::BeforeAnswer, &[5, 0xff]),
        (closed(), vec![methods, b"\x05"], Fault::Version, &[1, 1]),
        (
            closed(),
            vec![methods, b"\x01\x00"],
            Fault::EmptyCredentials,
            &[1, 1],
        ),
        (
            closed(),
            vec![methods, b"\x01\x03joe\x00"],
            Fault::EmptyCredentials,
            &[1, 1],
        ),
        (
            closed(),
            vec![methods, b"\x01\x03joe\x01x\x05"],
            Fault::BeforeAnswer,
            &[1, 1],
        ),
        (open(), vec![HELLO, b"\x04"], Fault::Version, &[5, 1]),
        (open(), vec![HELLO, b"\x05\x02"], Fault::Command, &[5, 7]),
        (
            open(),
            vec![HELLO, b"\x05\x01\x01"],
            Fault::Reserved,
            &[5, 1],
        ),
        (
            open(),
            vec![HELLO, b"\x05\x01\x00\x02"],
            Fault::AddressType,
            &[5, 8],
        ),
        (
            open(),
            vec![HELLO, b"\x05\x01\x00\x03\x00"],
            Fault::Name,
            &[5, 1],
        ),
        (
            open(),
            vec![HELLO, b"\x05\x01\x00\x03\x01a\x00\x00"],
            Fault::ZeroPort,
            &[5, 1],
        ),
        (
            open(),
            vec![HELLO, b"\x05\x01\x00\x03\x01a\x00\x50\x16"],
            Fault::BeforeAnswer,
            &[5, 1],
        ),
    ];
    for (proxy, messages, fault, refusal) in cases {
        let (answers, last) = converse(&proxy, usize::MAX, &messages);
        assert!(
            answers.last().unwrap().starts_with(refusal),
            "{fault:?}: {answers:?}"
        );
        assert_eq!((proxy.faults(), last), (vec![fault], Some(Act::Finish)));
    }
}

#[test]
fn given_a_name_with_a_colon_or_a_nul_then_it_is_none() {
    for name in [&b"a:80"[..], b"a\0", b"[::1]", b"a/b", "ä".as_bytes()] {
        let proxy = Socks5Proxy::new(reach());
        let length = u8::try_from(name.len()).unwrap();
        let message = address(3, &[&[length], name].concat());
        converse(&proxy, usize::MAX, &[HELLO, &message]);
        assert_eq!(proxy.faults(), [Fault::Name], "{name:?}");
    }
}

#[test]
fn given_the_end_inside_a_message_then_that_is_a_fault() {
    let proxy = Socks5Proxy::new(reach());
    let mut peer = proxy.accept(0);
    peer.received(HELLO);
    assert_eq!(proxy.accept(1).ended(), [Act::Finish]);
    peer.received(&BY_NAME[..6]);
    assert_eq!(peer.ended().last(), Some(&Act::Finish));
    assert_eq!(proxy.faults(), [Fault::CutShort]);
}

#[test]
fn given_a_socket_and_tls_behind_it_then_it_is_the_same() {
    let authority = Authority::new();
    let origin = Secured::new(&authority.for_names(&["origin.test"]), Demo);
    let proxy = Socks5Proxy::new(Reach::new().to("origin.test:80", origin.clone()));
    let loopback = Loopback::start(proxy.clone()).unwrap();
    let mut socket = TcpStream::connect(loopback.address()).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    assert_eq!(ask(&mut socket, HELLO, "\0").unwrap(), "\x05\0");
    let success = String::from_utf8(SUCCESS.to_vec()).unwrap();
    assert_eq!(ask(&mut socket, BY_NAME, &success).unwrap(), success);
    let mut stream = secure(&Visitor::new(&authority).config(), "origin.test", socket);
    ask(&mut stream, &get("origin.test", "/get"), "}\n").unwrap();
    assert_eq!(
        origin.heard()[0].server_name.as_deref(),
        Some("origin.test")
    );
    assert_eq!(proxy.faults(), []);
}
