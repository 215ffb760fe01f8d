//! CONNECT, requests in absolute-form, and what a proxy of HTTP objects to.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sessile_core::{Challenge, DigestCredentials, DigestInput, DigestOffer, Method};

use crate::demo::Demo;
use crate::loopback::Loopback;
use crate::origin::{Act, Malformed, Scripted, Site, head, response};
use crate::pki::Authority;
use crate::proxies::{Demand, Fault, Hash, HttpProxy, Reach, Refusal, Scheme};
use crate::secured::Secured;
use crate::visitor::{Visitor, ask, get, hear_out, secure};
use crate::wire::Wire;

const TARGET: &str = "origin.test:80";
const CONNECT: &[u8] = b"CONNECT origin.test:80 HTTP/1.1\r\nHost: origin.test:80\r\n\r\n";
const SUCCESS: &str = "HTTP/1.1 200 OK\r\n\r\n";

fn reach() -> Reach {
    Reach::new().to(TARGET, Demo)
}

/// What comes in answer to octets that are said in one piece.
fn answer(site: &dyn Site, octets: &[u8]) -> (String, Option<Act>) {
    let mut wire = Wire::new(site);
    let (heard, _) = hear_out(&mut wire, octets);
    let last = wire.drain().1;
    (String::from_utf8(heard).unwrap(), last)
}

/// CONNECT with credentials, or whatever the line is.
fn connect_with(line: &str) -> Vec<u8> {
    let head = String::from_utf8(CONNECT.to_vec()).unwrap();
    let (lines, _) = head.rsplit_once("\r\n").unwrap();
    format!("{lines}{line}\r\n\r\n").into_bytes()
}

#[test]
fn given_connect_then_the_target_is_spoken_to_and_the_head_was_seen() {
    for piece in [1, 7, usize::MAX] {
        let reach = reach();
        let proxy = HttpProxy::new(reach.clone());
        let mut wire = Wire::in_pieces(piece, &proxy);
        assert_eq!(ask(&mut wire, CONNECT, "\r\n\r\n").unwrap(), SUCCESS);
        for number in 0..2 {
            let end = format!("connection 0 request {number}");
            ask(&mut wire, &get("origin.test", "/connection"), &end).unwrap();
        }
        wire.end();
        assert_eq!(wire.drain(), (Vec::new(), Some(Act::Finish)));
        assert_eq!(proxy.seen(), [CONNECT]);
        assert_eq!((proxy.faults(), reach.opened(TARGET)), (vec![], 1));
    }
}

#[test]
fn given_tls_behind_connect_behind_tls_then_all_of_it_holds() {
    let authority = Authority::new();
    let origin = Secured::new(&authority.for_names(&["origin.test"]), Demo);
    let proxy = HttpProxy::new(Reach::new().to("origin.test:443", origin.clone()));
    let site = Secured::new(&authority.for_names(&["proxy.test"]), proxy.clone());
    let config = Visitor::new(&authority).config();
    let mut under = secure(&config, "proxy.test", Wire::in_pieces(13, &site));
    let connect = b"CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n\r\n";
    assert_eq!(ask(&mut under, connect, "\r\n\r\n").unwrap(), SUCCESS);
    let mut stream = secure(&config, "origin.test", under);
    ask(&mut stream, &get("origin.test", "/get"), "}\n").unwrap();
    let names = |site: &Secured| site.heard()[0].server_name.clone().unwrap();
    assert_eq!(
        (names(&site), names(&origin)),
        ("proxy.test".into(), "origin.test".into())
    );
    assert_eq!(proxy.faults(), []);
}

#[test]
fn given_an_end_or_a_reset_behind_the_tunnel_then_it_is_the_connections() {
    for (path, last) in [("/hangup", Act::Finish), ("/reset", Act::Reset)] {
        let mut peer = HttpProxy::new(reach()).accept(0);
        assert_eq!(peer.received(CONNECT), [Act::Send(SUCCESS.into())]);
        assert_eq!(peer.received(&get("origin.test", path)), [last]);
        assert_eq!(peer.received(b"more"), []);
    }
}

#[test]
fn given_a_target_that_speaks_first_then_that_follows_the_success() {
    let greeting = vec![Act::Send(b"220 here\r\n".to_vec()), Act::Finish];
    let rude = crate::rude::Rude::new(crate::rude::When::Opened, greeting);
    let proxy = HttpProxy::new(Reach::new().to(TARGET, rude));
    let heard = answer(&proxy, CONNECT);
    assert_eq!(heard, (format!("{SUCCESS}220 here\r\n"), Some(Act::Finish)));
}

#[test]
fn given_nothing_at_the_target_then_502_and_the_connection_lives() {
    let proxy = HttpProxy::new(Reach::new());
    let mut wire = Wire::new(&proxy);
    for _ in 0..2 {
        let said = ask(&mut wire, CONNECT, "there\n").unwrap();
        assert!(said.starts_with("HTTP/1.1 502 "), "{said}");
    }
    assert_eq!((proxy.seen().len(), proxy.faults()), (2, vec![]));
}

#[test]
fn given_a_demand_then_407_is_framed_as_said_and_basic_opens() {
    let demand = Demand::new("joe", "se:cret", &[Scheme::Basic]);
    let authorization = format!(
        "Proxy-Authorization: Basic {}",
        STANDARD.encode("joe:se:cret")
    );
    let cases = [
        (Refusal::Length, "Content-Length: 16\r\n", None),
        (Refusal::Chunked, "Transfer-Encoding: chunked\r\n", None),
        (Refusal::Closing, "Connection: close\r\n", Some(Act::Finish)),
        (Refusal::UntilTheEnd, "\r\n\r\nsay who", Some(Act::Finish)),
    ];
    for (refusal, piece, last) in cases {
        let proxy = HttpProxy::new(reach())
            .demanding(demand.clone())
            .refusing(refusal);
        for refused in [
            CONNECT.to_vec(),
            connect_with("Proxy-Authorization: Basic am9lOg=="),
        ] {
            let (said, came) = answer(&proxy, &refused);
            assert!(said.starts_with("HTTP/1.1 407 "), "{said}");
            assert!(said.contains("Proxy-Authenticate: Basic realm=\"the, proxy\"\r\n"));
            assert!(said.contains(piece), "{said}");
            assert_eq!(came, last);
        }
        let mut wire = Wire::new(&proxy);
        if last.is_none() {
            // On the same connection, once its answer is out of the way.
            wire.write_all(CONNECT).unwrap();
            assert!(wire.drain().0.starts_with(b"HTTP/1.1 407 "));
        }
        let said = ask(&mut wire, &connect_with(&authorization), "\r\n\r\n");
        assert_eq!(said.unwrap(), SUCCESS);
        assert_eq!(proxy.faults(), []);
    }
}

/// What the client's own Digest answers to the 407 of a proxy.
fn digest(challenge: &str, count: u32) -> Vec<u8> {
    let line = challenge.split("Proxy-Authenticate: ").nth(1).unwrap();
    let line = line.split("\r\n").next().unwrap();
    let credentials = DigestCredentials::new("joe", "secret").unwrap();
    let input = DigestInput {
        method: &Method::CONNECT,
        target: TARGET,
        content: None,
        cnonce: "0a4f113b",
    };
    let lines = [line.as_bytes().to_vec()];
    let challenges = Challenge::read(&lines);
    let offer = DigestOffer::choose(&challenges, None).unwrap();
    let answer = offer.answer(&credentials, &input, count).unwrap();
    connect_with(&format!(
        "Proxy-Authorization: {}",
        String::from_utf8(answer).unwrap()
    ))
}

#[test]
fn given_digest_then_a_right_answer_opens_once_and_a_used_nonce_is_stale() {
    for hash in [Hash::Md5, Hash::Sha256] {
        let demand = Demand {
            uses: 2,
            ..Demand::new("joe", "secret", &[Scheme::Digest(hash)])
        };
        let proxy = HttpProxy::new(reach()).demanding(demand);
        let (challenge, _) = answer(&proxy, CONNECT);
        let opens = |octets: &[u8]| answer(&proxy, octets).0;
        assert_eq!(opens(&digest(&challenge, 1)), SUCCESS);
        let again = opens(&digest(&challenge, 1));
        assert!(
            again.starts_with("HTTP/1.1 407 ") && !again.contains("stale"),
            "{again}"
        );
        assert_eq!(opens(&digest(&challenge, 2)), SUCCESS);
        let stale = opens(&digest(&challenge, 3));
        assert!(
            stale.contains(r#"nonce="nonce-1""#) && stale.contains("stale=true"),
            "{stale}"
        );
        assert_eq!(opens(&digest(&stale, 1)), SUCCESS);
        let wrong = String::from_utf8(digest(&stale, 2))
            .unwrap()
            .replace("response=\"", "response=\"0");
        let wrong = opens(wrong.as_bytes());
        assert!(
            wrong.starts_with("HTTP/1.1 407 ") && !wrong.contains("stale"),
            "{wrong}"
        );
    }
}

#[test]
fn given_several_schemes_then_each_has_a_challenge() {
    let schemes = [Scheme::Digest(Hash::Sha256), Scheme::Basic];
    let proxy = HttpProxy::new(reach()).demanding(Demand::new("joe", "secret", &schemes));
    let (said, _) = answer(&proxy, CONNECT);
    assert_eq!(said.matches("\r\nProxy-Authenticate: ").count(), 2);
}

/// Tells the head and the content as it got them.
fn mirror() -> Scripted {
    Scripted::new(|request| {
        let told = [&request.head[..], b"|", &request.content, b"|end"].concat();
        vec![Act::Send(response(200, &[], &told))]
    })
}

#[test]
fn given_requests_in_absolute_form_then_each_goes_to_its_target_in_origin_form() {
    let reach = Reach::new().to("a.test:80", mirror()).to("[::1]:81", Demo);
    for piece in [1, 5, usize::MAX] {
        let proxy = HttpProxy::new(reach.clone());
        let mut wire = Wire::in_pieces(piece, &proxy);
        let secret = "Proxy-Authorization: Basic eDp5\r\n";
        let words = format!("GET http://a.test/b?c HTTP/1.1\r\nHost: a.test\r\n{secret}\r\n");
        let said = ask(&mut wire, words.as_bytes(), "||end").unwrap();
        let told = "\r\n\r\nGET /b?c HTTP/1.1\r\nHost: a.test\r\n\r\n||end";
        assert!(said.ends_with(told), "{said}");

        let words = b"OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n";
        let said = ask(&mut wire, words, "||end").unwrap();
        assert!(said.contains("\r\n\r\nOPTIONS * HTTP/1.1\r\n"), "{said}");

        let words = b"POST http://a.test?q HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        let said = ask(&mut wire, words, "|abc|end").unwrap();
        assert!(said.contains("POST /?q HTTP/1.1\r\n"), "{said}");

        let words = b"GET http://[::1]:81/connection HTTP/1.1\r\nHost: [::1]:81\r\n\r\n";
        ask(&mut wire, words, "request 0").unwrap();
        let words = b"GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n";
        let said = ask(&mut wire, words, "there\n").unwrap();
        assert!(said.starts_with("HTTP/1.1 502 "), "{said}");
        assert_eq!((proxy.seen().len(), proxy.faults()), (5, vec![]));
    }
    assert_eq!(
        (reach.opened("a.test:80"), reach.opened("[::1]:81")),
        (3, 3)
    );
}

#[test]
fn given_a_fault_then_it_is_noted_and_refused() {
    let cases: [(&[u8], Fault); 11] = [
        (b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", Fault::TargetForm),
        (b"OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", Fault::TargetForm),
        (b"GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", Fault::SecretForwarded),
        (b"CONNECT a.test:80 HTTP/1.1\r\nHost: b.test:80\r\n\r\n", Fault::HostDiffers),
        (b"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:81\r\n\r\n", Fault::HostDiffers),
        (b"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n\x16", Fault::BeforeAnswer),
        (b"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\nProxy-Authorization: a\r\nProxy-Authorization: a\r\n\r\n", Fault::RepeatedCredentials),
        (b"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\nProxy-Connection: keep-alive\r\n\r\n", Fault::ProxyConnection),
        (b"CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n\r\n", Fault::Request(Malformed::Target)),
        (b"CONNECT a.test:80 HTTP/1.1\r\n\r\n", Fault::Request(Malformed::MissingHost)),
        (b"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\n", Fault::Request(Malformed::ContentForbidden)),
    ];
    for (octets, fault) in cases {
        let proxy = HttpProxy::new(Reach::new().to("a.test:80", Demo));
        let (said, last) = answer(&proxy, octets);
        assert!(
            said.starts_with("HTTP/1.1 400 ") && said.ends_with(&fault.to_string()),
            "{said}"
        );
        assert_eq!((proxy.faults(), last), (vec![fault], Some(Act::Finish)));
    }
}

#[test]
fn given_the_end_inside_a_head_then_that_is_a_fault_and_between_heads_it_is_none() {
    let proxy = HttpProxy::new(reach());
    let mut peer = proxy.accept(0);
    assert_eq!(peer.received(&CONNECT[..9]), []);
    assert_eq!(peer.ended().last(), Some(&Act::Finish));
    assert_eq!(proxy.accept(1).ended(), [Act::Finish]);
    assert_eq!(proxy.faults(), [Fault::CutShort]);
}

#[test]
fn given_another_answer_to_connect_then_it_is_given_as_it_is() {
    let endless = [&head(200, &[])[..15], &b"X: y\r\n".repeat(1000)].concat();
    for acts in [
        vec![Act::Send(response(502, &[], b"<html>"))],
        vec![Act::Send(endless)],
        vec![Act::Finish],
        vec![],
    ] {
        let proxy = HttpProxy::new(reach()).answering_connect(acts.clone());
        assert_eq!(proxy.accept(0).received(CONNECT), acts);
    }
}

#[test]
fn given_octets_around_the_success_then_they_are_said() {
    let success = b"HTTP/1.1 299 \r\nContent-Length: 5\r\n\r\nextra";
    let proxy = HttpProxy::new(reach())
        .saying_before(&head(103, &[]))
        .succeeding_with(success);
    let acts = proxy.accept(0).received(CONNECT);
    assert_eq!(
        acts,
        [Act::Send(head(103, &[])), Act::Send(success.to_vec())]
    );
}

#[test]
fn given_a_socket_then_it_is_the_same() {
    let authority = Authority::new();
    let origin = Secured::new(&authority.for_names(&["origin.test"]), Demo);
    let proxy = HttpProxy::new(reach().to("origin.test:443", origin));
    let loopback = Loopback::start(proxy.clone()).unwrap();
    let open = || {
        let socket = TcpStream::connect(loopback.address()).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        socket
    };
    let mut socket = open();
    let connect = b"CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n\r\n";
    assert_eq!(ask(&mut socket, connect, "\r\n\r\n").unwrap(), SUCCESS);
    let mut stream = secure(&Visitor::new(&authority).config(), "origin.test", socket);
    ask(&mut stream, &get("origin.test", "/get"), "}\n").unwrap();

    let mut socket = open();
    let words = b"GET http://origin.test/hangup HTTP/1.1\r\nHost: origin.test\r\n\r\n";
    let ended = ask(&mut socket, words, "never").unwrap_err();
    assert_eq!(
        (ended.kind(), proxy.faults()),
        (ErrorKind::UnexpectedEof, vec![])
    );
}
