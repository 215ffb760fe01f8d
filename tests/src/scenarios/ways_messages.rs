//! Whole exchanges over TLS, and over TLS in a tunnel, in the open and in TLS: what goes through is what would without.

use std::sync::Arc;

use sessile_core::{ExpectContinue, RequestBuilder};

use super::peers::{send, site, text, twice};
use super::retries::built;
use super::upgrades::{Echo, offer};
use super::uploads::post_of;
use super::ways::{By, Somewhere, behind};
use super::{answered, eventually, get, milliseconds, nothing_left, post};
use crate::origin::{Act, Site, chunked, head, response};
use crate::source::{Piece, Source};
use crate::world::World;

/// Over TLS, over TLS in a tunnel, over TLS in TLS, and behind SOCKS.
const TLS: [By; 4] = [
    By::Nobody,
    By::HttpProxy {
        secured: false,
        basic: false,
    },
    By::HttpProxy {
        secured: true,
        basic: true,
    },
    By::Socks5 {
        named: true,
        credentials: true,
    },
];

/// Begins a session that reaches a site by a way, over TLS.
fn over(world: &mut dyn World, by: By, site: impl Site) -> Somewhere {
    let mut somewhere = behind(world, by, true, site);
    // Without an answer nothing moves.
    somewhere.config.timeouts.expect_continue = Some(milliseconds(60_000));
    world.configure(somewhere.config.clone());
    somewhere
}

/// A mebibyte, and less in memory, where each octet may be an event. Its period divides no power of two: an octet that is lost or
/// doubled is seen.
fn large(world: &dyn World) -> Vec<u8> {
    let octets = if world.is_virtual() { 40 } else { 1024 } * 1024;
    (0..=250).cycle().take(octets).collect()
}

/// Given large content to an echo, from memory and from a source, then each octet of it comes back, and the connection goes on.
pub fn large_content_goes_through_tls_in_tls(world: &mut dyn World) {
    for by in TLS {
        let echo = site(|request| vec![send(response(200, &[], &request.content))]);
        let somewhere = over(world, by, echo);
        let url = somewhere.url("/");
        let content = large(world);
        let reply = answered(world, post(&url, content.clone()));
        assert!(reply.content == content, "{by:?}");
        let pieces = content.chunks(10_000).map(<[u8]>::to_vec);
        let source = Source::new(pieces.map(Piece::Octets));
        let reply = world.send_from(built(post_of(&url, None)), source);
        let reply = reply.unwrap_or_else(|error| panic!("{by:?}: {error}"));
        assert!(reply.content == content, "{by:?}");
        assert_eq!(reply.connection.served, 1, "{by:?}");
        nothing_left(world);
    }
}

/// Given chunked content with trailers, then both come through, in both directions.
pub fn trailers_go_through_tls(world: &mut dyn World) {
    for by in TLS {
        let somewhere = over(
            world,
            by,
            site(|request| {
                let sum = request.trailers.first().map(|line| line.1.clone());
                let sum = String::from_utf8(sum.unwrap_or_default()).expect("text");
                let pieces = [&request.content[..], b"!"];
                vec![send(chunked(200, &[], &pieces, &[("X-Sum", &sum)]))]
            }),
        );
        let source = Source::of(&[b"summed ", b"up"]);
        for before in 0..2 {
            let request = post_of(&somewhere.url("/"), None).trailer("X-Sum", "9");
            let reply = world.send_from(built(request), source.clone());
            let reply = reply.unwrap_or_else(|error| panic!("{by:?}: {error}"));
            assert_eq!(reply.text(), "summed up!", "{by:?}");
            assert_eq!(reply.connection.served, before, "{by:?}");
            let told = vec![("X-Sum".to_owned(), b"9".to_vec())];
            assert!(reply.trailers.is_none_or(|lines| lines == told), "{by:?}");
        }
    }
}

fn expecting(url: &str) -> sessile_core::Request {
    let request = RequestBuilder::new("POST", url).body("what was held");
    built(request.expect_continue(ExpectContinue::Always))
}

/// Given content that is held, when the peer says 100, then it goes out; when it says 417, then the request is sent without the
/// expectation; when it answers at once, then the content never goes.
pub fn expectations_are_kept_over_tls(world: &mut dyn World) {
    for by in TLS {
        let somewhere = over(
            world,
            by,
            twice(
                |head_is| match head_is.contains("\r\nExpect: ") {
                    true if head_is.starts_with("POST /417") => {
                        vec![send(response(417, &[], b"no such thing"))]
                    }
                    true if head_is.starts_with("POST /413") => {
                        let close = [("Connection", "close")];
                        vec![send(response(413, &close, b"too much")), Act::Finish]
                    }
                    true => vec![Act::Pause(milliseconds(20)), send(head(100, &[]))],
                    false => Vec::new(),
                },
                |request| vec![send(response(200, &[], &request.content))],
            ),
        );
        for (path, status, content, interim) in [
            ("/100", 200, "what was held", 1),
            ("/417", 200, "what was held", 0),
            ("/413", 413, "too much", 0),
        ] {
            let reply = answered(world, expecting(&somewhere.url(path)));
            let heard = (reply.status, reply.text(), reply.interim.len());
            assert_eq!(heard, (status, content, interim), "{by:?}, {path}");
        }
        nothing_left(world);
    }
}

/// Given a peer that refuses a large upload at its head, then its answer is the response, and the connection is not used again.
pub fn an_early_answer_stops_an_upload_over_tls(world: &mut dyn World) {
    for by in TLS {
        let somewhere = over(
            world,
            by,
            twice(
                |head| match head.starts_with("POST") {
                    true => {
                        let close = [("Connection", "close")];
                        vec![send(response(413, &close, b"too much")), Act::Finish]
                    }
                    false => Vec::new(),
                },
                |_| vec![text("next")],
            ),
        );
        let content = large(world);
        let reply = answered(world, post(&somewhere.url("/"), content));
        assert_eq!((reply.status, reply.text()), (413, "too much"), "{by:?}");
        let reply = answered(world, get(&somewhere.url("/")));
        assert_eq!((reply.text(), reply.connection.served), ("next", 0));
        nothing_left(world);
    }
}

/// Given a switch over TLS, then the stream that is handed over is that of the new protocol, deciphered, from its first octet to
/// its end; what we say goes out enciphered.
pub fn a_switch_over_tls_converses(world: &mut dyn World) {
    for by in TLS {
        for greeting in [&b"welcome, "[..], b""] {
            let somewhere = over(world, by, Arc::new(Echo { greeting }));
            let upgrade = world.upgrade(offer(&somewhere.url("/")), b"they say.");
            let upgrade = upgrade.unwrap_or_else(|error| panic!("{by:?}: {error}"));
            assert_eq!(upgrade.reply.status, 101);
            let expected = [greeting, b"so they say."].concat();
            assert_eq!(upgrade.heard, Some(expected), "{by:?}");
            nothing_left(world);
            eventually(world, "it is closed", |_| somewhere.dialled.closed() == 1);
        }
    }
}
