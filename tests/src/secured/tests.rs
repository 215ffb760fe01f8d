//! Secured sites and a client by `rustls`, without sockets and with them.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};

use super::*;
use crate::cut_after::{Cut, CutAfter};
use crate::demo::Demo;
use crate::loopback::Loopback;
use crate::origin::{Act, Scripted};
use crate::pki::Authority;
use crate::rude::Rude;
use crate::visitor::{Visitor, ask, get, hear_out, secure};
use crate::wire::Wire;

const NAME: &str = "origin.test";

fn demo(authority: &Authority, terms: Terms) -> Secured {
    Secured::with(&authority.for_names(&[NAME, "127.0.0.1"]), terms, Demo)
}

/// What the site says to a client's first request.
fn visit(visitor: &Visitor<'_>, site: &dyn Site) -> io::Result<String> {
    let mut stream = secure(&visitor.config(), NAME, Wire::new(site));
    let words = get(NAME, "/connection");
    ask(&mut stream, &words, "connection 0 request 0")
}

#[test]
fn given_any_segmentation_then_requests_are_answered_and_the_hello_is_known() {
    let authority = Authority::new();
    for piece in [1, 7, 500, usize::MAX] {
        let site = demo(&authority, Terms::default());
        let config = Visitor::new(&authority).config();
        let mut stream = secure(&config, NAME, Wire::in_pieces(piece, &site));
        for number in 0..2 {
            let end = format!("connection 0 request {number}");
            ask(&mut stream, &get(NAME, "/connection"), &end).unwrap();
        }
        let heard = site.heard();
        let [heard] = &heard[..] else {
            panic!("{heard:?}");
        };
        let agreed = (heard.server_name.as_deref(), heard.version, heard.resumed);
        assert_eq!(agreed, (Some(NAME), Some(Version::Tls13), false));
        assert_eq!((heard.parting, &heard.failure), (None, &None));

        stream.conn.send_close_notify();
        stream.flush().unwrap();
        assert_eq!(hear_out(&mut stream, b""), (Vec::new(), None));
        assert_eq!(site.heard()[0].parting, Some(Parting::CloseNotify));
        assert_eq!(stream.sock.drain().1, Some(Act::Finish));
    }
}

#[test]
fn given_a_large_answer_then_all_of_it_comes() {
    let authority = Authority::new();
    let site = demo(&authority, Terms::default());
    let config = Visitor::new(&authority).config();
    let mut stream = secure(&config, NAME, Wire::new(&site));
    let (heard, error) = hear_out(&mut stream, &get(NAME, "/close/1000000"));
    assert_eq!(error, None);
    let head = heard.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    assert_eq!(heard.len() - head - 4, 1_000_000);
}

#[test]
fn given_versions_then_no_other_is_spoken() {
    let authority = Authority::new();
    let only12 = demo(
        &authority,
        Terms {
            versions: Versions::Only12,
            ..Terms::default()
        },
    );
    let only13 = demo(
        &authority,
        Terms {
            versions: Versions::Only13,
            ..Terms::default()
        },
    );
    for (site, version) in [(&only12, Version::Tls12), (&only13, Version::Tls13)] {
        visit(&Visitor::new(&authority), site).unwrap();
        assert_eq!(site.heard()[0].version, Some(version));
    }
    for (site, spoken) in [(&only12, &TLS13), (&only13, &TLS12)] {
        let visitor = Visitor {
            versions: &[spoken],
            ..Visitor::new(&authority)
        };
        visit(&visitor, site).unwrap_err();
        let heard = site.heard();
        assert_eq!(heard[1].version, None);
        assert!(heard[1].failure.is_some(), "{heard:?}");
    }
}

#[test]
fn given_a_session_then_it_is_resumed_unless_there_are_no_tickets() {
    let authority = Authority::new();
    for versions in [Versions::Only12, Versions::Only13] {
        for (tickets, resumed) in [(2, true), (0, false)] {
            let site = demo(
                &authority,
                Terms {
                    versions,
                    tickets,
                    ..Terms::default()
                },
            );
            let config = Visitor::new(&authority).config();
            for _ in 0..2 {
                let mut stream = secure(&config, NAME, Wire::new(&site));
                ask(&mut stream, &get(NAME, "/get"), "}\n").unwrap();
            }
            let heard: Vec<_> = site.heard().iter().map(|it| it.resumed).collect();
            assert_eq!(heard, [false, resumed], "{versions:?}, {tickets} tickets");
        }
    }
}

#[test]
fn given_a_server_that_demands_certificates_then_nobody_else_is_served() {
    let authority = Authority::new();
    let clients = Some(authority.root_der().clone());
    for versions in [Versions::Only12, Versions::Only13] {
        let terms = Terms {
            versions,
            clients: clients.clone(),
            ..Terms::default()
        };
        let site = demo(&authority, terms);
        let joe = authority.client("joe.test");
        let visitor = Visitor {
            shows: Some(&joe),
            ..Visitor::new(&authority)
        };
        visit(&visitor, &site).unwrap();
        assert_eq!(site.heard()[0].client, joe.chain());

        let stranger = Authority::new().client("joe.test");
        for shows in [None, Some(&stranger)] {
            let visitor = Visitor {
                shows,
                ..Visitor::new(&authority)
            };
            visit(&visitor, &site).unwrap_err();
            let heard = site.heard().pop().unwrap();
            assert_eq!(heard.version, None, "{heard:?}");
            assert!(heard.failure.is_some());
        }
    }
}

#[test]
fn given_protocols_then_one_is_agreed_on_or_the_handshake_fails() {
    let authority = Authority::new();
    let alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let site = demo(
        &authority,
        Terms {
            alpn,
            ..Terms::default()
        },
    );
    let offers: &[&[u8]] = &[b"http/1.1"];
    visit(
        &Visitor {
            offers,
            ..Visitor::new(&authority)
        },
        &site,
    )
    .unwrap();
    visit(
        &Visitor {
            offers: &[b"spdy"],
            ..Visitor::new(&authority)
        },
        &site,
    )
    .unwrap_err();
    let heard = site.heard();
    assert_eq!(heard[0].offered, offers);
    assert_eq!(heard[0].protocol.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(heard[1].offered, [b"spdy"]);
    assert!(heard[1].failure.is_some());

    let silent = demo(&authority, Terms::default());
    visit(
        &Visitor {
            offers,
            ..Visitor::new(&authority)
        },
        &silent,
    )
    .unwrap();
    let heard = silent.heard();
    assert_eq!((heard[0].offered.len(), &heard[0].protocol), (1, &None));
}

#[test]
fn given_the_end_then_the_goodbye_is_as_the_terms_say() {
    let authority = Authority::new();
    let cases = [
        (Goodbye::CloseNotify, None, Some(Act::Finish)),
        (
            Goodbye::Cut,
            Some(ErrorKind::UnexpectedEof),
            Some(Act::Finish),
        ),
        (Goodbye::Lingering, None, None),
    ];
    for (goodbye, error, last) in cases {
        let site = demo(
            &authority,
            Terms {
                goodbye,
                ..Terms::default()
            },
        );
        let config = Visitor::new(&authority).config();
        let mut stream = secure(&config, NAME, Wire::new(&site));
        let (heard, came) = hear_out(&mut stream, &get(NAME, "/close/10"));
        assert_eq!((heard.len() > 10, came), (true, error), "{goodbye:?}");
        assert_eq!(stream.sock.drain().1, last, "{goodbye:?}");
    }
}

#[test]
fn given_a_pause_and_a_reset_inside_then_they_stay_what_they_are() {
    let pause = Act::Pause(Duration::from_secs(3));
    let acts = [pause.clone(), Act::Send(b"x".to_vec()), Act::Reset];
    let inside = Scripted::new(move |_| acts.to_vec());
    let authority = Authority::new();
    let site = Secured::new(&authority.for_names(&[NAME]), inside);
    let mut peer = site.accept(0);
    let config = Visitor::new(&authority).config();
    let mut client = secure(&config, NAME, io::empty()).conn;
    let mut acts = Vec::new();
    let _ = client.writer().write(&get(NAME, "/")).unwrap();
    while client.wants_write() {
        let mut octets = Vec::new();
        client.write_tls(&mut octets).unwrap();
        acts = peer.received(&octets);
        for act in &acts {
            if let Act::Send(octets) = act {
                client.read_tls(&mut octets.as_slice()).unwrap();
                client.process_new_packets().unwrap();
            }
        }
    }
    let kinds: Vec<_> = acts
        .iter()
        .map(|act| !matches!(act, Act::Send(_)))
        .collect();
    assert_eq!(acts.last(), Some(&Act::Reset));
    let at = acts.iter().position(|act| *act == pause).unwrap();
    assert_eq!(&kinds[at..], [true, false, true]);
    assert_eq!(
        (peer.received(b"x"), peer.ended()),
        (vec![], vec![Act::Finish])
    );
}

#[test]
fn given_a_client_that_does_not_trust_it_then_its_alert_is_heard() {
    let (authority, other) = (Authority::new(), Authority::new());
    let site = demo(&authority, Terms::default());
    visit(&Visitor::new(&other), &site).unwrap_err();
    let heard = site.heard();
    let failure = heard[0].failure.as_deref().unwrap();
    assert!(failure.contains("UnknownCA"), "{failure}");
}

#[test]
fn given_a_client_that_speaks_no_tls_then_it_gets_an_alert_and_the_end() {
    let authority = Authority::new();
    let site = demo(&authority, Terms::default());
    let (heard, error) = hear_out(&mut Wire::new(&site), &get(NAME, "/"));
    assert_eq!((heard[0], error), (21, None));
    assert!(site.heard()[0].failure.is_some());
}

#[test]
fn given_a_client_that_goes_without_a_word_then_that_is_known() {
    let authority = Authority::new();
    let site = demo(&authority, Terms::default());
    let config = Visitor::new(&authority).config();
    let mut stream = secure(&config, NAME, Wire::new(&site));
    ask(&mut stream, &get(NAME, "/get"), "}\n").unwrap();
    stream.sock.end();
    assert_eq!(site.heard()[0].parting, Some(Parting::Cut));
    assert_eq!(stream.sock.drain().1, Some(Act::Finish));
}

#[test]
fn given_a_cut_anywhere_in_the_handshake_then_the_client_sees_its_kind() {
    let authority = Authority::new();
    let site = demo(&authority, Terms::default());
    let config = Visitor::new(&authority).config();
    let kinds = [
        (Cut::Finish, ErrorKind::UnexpectedEof),
        (Cut::Reset, ErrorKind::ConnectionReset),
        (Cut::Silence, ErrorKind::WouldBlock),
    ];
    for octets in [0, 1, 5, 100, 700] {
        for (cut, kind) in kinds {
            let site = CutAfter::new(octets, cut, site.clone());
            let mut stream = secure(&config, NAME, Wire::new(&site));
            let said = ask(&mut stream, &get(NAME, "/get"), "}\n");
            assert_eq!(said.unwrap_err().kind(), kind, "{octets}, {cut:?}");
        }
    }
}

#[test]
fn given_a_rude_peer_then_the_client_hears_no_tls() {
    let authority = Authority::new();
    for rude in [Rude::plain_http(), Rude::garbage(), Rude::alert(40)] {
        let error = visit(&Visitor::new(&authority), &rude).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{rude:?}");
    }
    let error = visit(&Visitor::new(&authority), &Rude::hangup()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn given_a_socket_then_it_is_the_same() {
    let authority = Authority::new();
    let site = demo(&authority, Terms::default());
    let loopback = Loopback::start(site.clone()).unwrap();
    let config = Visitor::new(&authority).config();
    for (connection, name) in ["127.0.0.1", NAME].into_iter().enumerate() {
        let socket = TcpStream::connect(loopback.address()).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let mut stream = secure(&config, name, socket);
        let end = format!("connection {connection} request 0");
        ask(&mut stream, &get(name, "/connection"), &end).unwrap();
        stream.conn.send_close_notify();
        assert_eq!(hear_out(&mut stream, b""), (Vec::new(), None));
    }
    let heard = site.heard();
    let names: Vec<_> = heard.iter().map(|it| it.server_name.as_deref()).collect();
    assert_eq!(names, [None, Some(NAME)]);
    assert!(
        heard
            .iter()
            .all(|it| it.parting == Some(Parting::CloseNotify))
    );
}

#[test]
fn given_one_server_inside_another_then_both_are_spoken_to() {
    let authority = Authority::new();
    let inner = demo(&authority, Terms::default());
    let outer = Secured::new(&authority.for_names(&["proxy.test"]), inner.clone());
    let config = Visitor::new(&authority).config();
    let under = secure(&config, "proxy.test", Wire::in_pieces(11, &outer));
    let mut stream = secure(&config, NAME, under);
    ask(&mut stream, &get(NAME, "/get"), "}\n").unwrap();
    assert_eq!(outer.heard()[0].server_name.as_deref(), Some("proxy.test"));
    assert_eq!(inner.heard()[0].server_name.as_deref(), Some(NAME));
    let _: Arc<dyn Site> = Arc::new(outer);
}
