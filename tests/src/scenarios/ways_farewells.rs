//! How TLS ends, and is taken up again: what close_notify decides (RFC 8446 §6.1), kept connections that die, tickets, sessions
//! that are resumed (RFC 8446 §2.2).

use std::sync::Arc;

use sessile_core::{Progress, RequestBuilder, Retry, Stage, Tls};

use super::peers::{Asked, send, site, text};
use super::retries::built;
use super::ways_places::{ORIGIN, Places, trusting_anybody};
use super::{answered, eventually, failed, get, milliseconds, nothing_left};
use crate::origin::{Act, Site, chunked, head, response};
use crate::rude::{Rude, When};
use crate::secured::{Goodbye, Parting, Secured, Terms, Versions};
use crate::world::{Served, World};

const URL: &str = "https://origin.test/";

/// Serves a site on these terms, for a new session.
fn on_terms(
    world: &mut dyn World,
    places: &mut Places,
    terms: Terms,
    site: impl Site,
) -> (Secured, Served) {
    let secured = Secured::with(&places.owner(ORIGIN), terms, site);
    let served = places.serve(world, ORIGIN, secured.clone());
    places.begin(world);
    (secured, served)
}

/// Responses whose peer ends behind them, and whether they are whole without close_notify, and with it.
fn endings() -> Vec<(&'static str, Vec<u8>, bool, bool)> {
    let mut cut = response(200, &[], b"hello");
    cut.truncate(cut.len() - 1);
    let mut unchunked = chunked(200, &[], &[b"hello"], &[]);
    unchunked.truncate(unchunked.len() - 2);
    vec![
        (
            "until the end",
            [head(200, &[]), b"hello".to_vec()].concat(),
            false,
            true,
        ),
        (
            "of HTTP/1.0",
            b"HTTP/1.0 200 OK\r\n\r\nhello".to_vec(),
            false,
            true,
        ),
        ("with a length", response(200, &[], b"hello"), true, true),
        ("chunked", chunked(200, &[], &[b"hello"], &[]), true, true),
        ("shorter than it says", cut, false, false),
        ("without the end of its chunks", unchunked, false, false),
    ]
}

/// Given content that ends with the stream, then it is whole if the peer says goodbye, and cut if it does not: anybody on the
/// way can end a stream. Content that says itself where it ends needs no goodbye.
pub fn content_until_the_end_needs_a_farewell(world: &mut dyn World) {
    let mut places = Places::new();
    for goodbye in [Goodbye::Cut, Goodbye::CloseNotify, Goodbye::Lingering] {
        for versions in [Versions::Only12, Versions::Only13] {
            for (name, octets, without, with) in endings() {
                let terms = Terms {
                    versions,
                    goodbye,
                    ..Terms::default()
                };
                let ending = site(move |_| vec![send(octets.clone()), Act::Finish]);
                let (_, served) = on_terms(world, &mut places, terms, ending);
                let whole = if goodbye == Goodbye::Cut {
                    without
                } else {
                    with
                };
                let case = format!("{name}, {goodbye:?}, {versions:?}");
                match world.send(get(URL)) {
                    Ok(reply) => assert!(whole && reply.text() == "hello", "{case}"),
                    Err(error) => {
                        assert_eq!((error.code(), whole), ("truncated", false), "{case}");
                        let known = (error.stage(), error.progress());
                        assert_eq!(known, (Stage::Content, Progress::HeadSeen), "{case}");
                    }
                }
                nothing_left(world);
                // That it is over may not be known while it is idle.
                world.close_idle();
                eventually(world, "it is closed", |_| served.closed() == 1);
            }
        }
    }
}

/// Given connections that we close, then the peer hears close_notify.
pub fn we_say_farewell(world: &mut dyn World) {
    let mut places = Places::new();
    let (secured, served) = on_terms(
        world,
        &mut places,
        Terms::default(),
        site(|_| vec![text("hi")]),
    );
    answered(world, get(URL));
    world.close_idle();
    eventually(world, "it is closed", |_| served.closed() == 1);
    let parting = secured.heard()[0].parting;
    // Where a write takes an octet, nobody waits for more.
    let cut = world.is_virtual() && parting == Some(Parting::Cut);
    assert!(cut || parting == Some(Parting::CloseNotify), "{parting:?}");
}

/// Given a peer that always says goodbye as soon as TLS is agreed on, then the request fails of that, unless its policy has it tried
/// again; there is no end of new connections.
pub fn who_always_leaves_at_once_is_not_dialled_for_ever(world: &mut dyn World) {
    let mut places = Places::new();
    for goodbye in [Goodbye::CloseNotify, Goodbye::Cut] {
        for retries in [0, 2] {
            let terms = Terms {
                goodbye,
                ..Terms::default()
            };
            places.config.retry = Some(Retry::new(retries));
            let leaving = Rude::new(When::Opened, vec![Act::Finish]);
            let (_, served) = on_terms(world, &mut places, terms, leaving);
            let error = failed(world, get(URL));
            assert_eq!(error.code(), "closed", "{goodbye:?}: {error}");
            let attempts = error.attempts().len();
            assert_eq!(
                (attempts, served.opened()),
                (retries as usize + 1, attempts)
            );
            nothing_left(world);
        }
    }
}

/// How a kept connection dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// While nobody uses it.
    Idle(Goodbye),
    /// When it is asked again, with this.
    Asked(Goodbye),
    Reset,
}

/// What becomes of a second request, on a connection that dies so; how many connections there were, and what was asked.
fn second(
    world: &mut dyn World,
    places: &mut Places,
    secure: bool,
    death: Death,
    method: &str,
) -> (String, usize, usize) {
    let asked = Asked::default();
    let script = asked.site(
        move |_, request| match (request.connection, request.number) {
            (0, 0) if matches!(death, Death::Idle(_)) => {
                vec![text("first"), Act::Pause(milliseconds(20)), Act::Finish]
            }
            (0, 1) if death == Death::Reset => vec![Act::Reset],
            (0, 1) => vec![Act::Finish],
            _ => vec![text("again")],
        },
    );
    let terms = Terms {
        goodbye: match death {
            Death::Idle(goodbye) | Death::Asked(goodbye) => goodbye,
            Death::Reset => Goodbye::CloseNotify,
        },
        ..Terms::default()
    };
    let (scheme, script): (_, Arc<dyn Site>) = match secure {
        true => (
            "https",
            Arc::new(Secured::with(&places.owner(ORIGIN), terms, script)),
        ),
        false => ("http", script),
    };
    let served = places.serve(world, ORIGIN, script);
    places.begin(world);
    let url = format!("{scheme}://{ORIGIN}/");
    answered(world, get(&url));
    world.pass(milliseconds(100));
    let request = RequestBuilder::new(method, &url).body("words");
    let told = match world.send(built(request)) {
        Ok(reply) => reply.text().to_owned(),
        Err(error) => format!("{}, {:?}", error.code(), error.progress()),
    };
    nothing_left(world);
    (told, served.opened(), asked.count())
}

/// Given a kept connection that dies, with a goodbye or without, then it is the same as in the open: nobody notices if it dies
/// idle, and what may have reached the peer is sent again only if that does no harm (RFC 9110 §9.2.2).
pub fn a_kept_connection_dies_as_in_the_open(world: &mut dyn World) {
    let mut places = Places::new();
    for goodbye in [Goodbye::CloseNotify, Goodbye::Cut, Goodbye::Lingering] {
        for (death, method, expected) in [
            (Death::Idle(goodbye), "PUT", ("again", 2, 2)),
            (Death::Idle(goodbye), "POST", ("again", 2, 2)),
            (Death::Asked(goodbye), "PUT", ("again", 2, 3)),
            (Death::Asked(goodbye), "POST", ("closed, Sent", 1, 2)),
            (Death::Reset, "PUT", ("again", 2, 3)),
            (Death::Reset, "POST", ("transport, Sent", 1, 2)),
        ] {
            for secure in [false, true] {
                let (told, opened, asked) = second(world, &mut places, secure, death, method);
                let what = format!("{death:?}, {method}, {secure}");
                assert_eq!((&*told, opened, asked), expected, "{what}");
            }
        }
    }
}

/// Given a peer that gives tickets, as many as it likes, then they are no octets that nobody asked for: the connection goes on.
pub fn tickets_spoil_no_connection(world: &mut dyn World) {
    let mut places = Places::new();
    for versions in [Versions::Only12, Versions::Only13] {
        for tickets in [0, 1, 8] {
            let terms = Terms {
                versions,
                tickets,
                ..Terms::default()
            };
            let (_, served) = on_terms(world, &mut places, terms, site(|_| vec![text("hi")]));
            for before in 0..3 {
                let reply = answered(world, get(URL));
                assert_eq!(reply.connection.served, before, "{versions:?}, {tickets}");
                world.pass(milliseconds(20));
            }
            assert_eq!(served.opened(), 1);
        }
    }
}

/// A site whose connections serve one request each.
fn parting() -> Arc<dyn Site> {
    site(|_| vec![send(response(200, &[("Connection", "close")], b"bye"))])
}

/// Given a second connection to the same peer by the same settings, then the session of TLS is resumed; by other settings, or
/// in another partition, it is not: whom one has verified another has not.
pub fn a_session_is_resumed_where_connections_are_shared(world: &mut dyn World) {
    let mut places = Places::new();
    for versions in [Versions::Only12, Versions::Only13] {
        let terms = Terms {
            versions,
            ..Terms::default()
        };
        let (secured, _served) = on_terms(world, &mut places, terms, parting());
        let anybody = trusting_anybody(&places.authority);
        let builder = Tls::builder().only_own_roots().resumption(false);
        let never = builder.add_root_der(places.authority.root_der()).build();
        let never = never.expect("a root");
        let plainly = || RequestBuilder::new("GET", URL);
        for (request, resumed) in [
            (plainly(), false),
            (plainly(), true),
            (plainly().tls(anybody.clone()), false),
            (plainly(), true),
            (plainly().tls(anybody), true),
            (plainly().tls(never.clone()), false),
            (plainly().tls(never), false),
            (plainly().partition("apart"), false),
            (plainly().partition("apart"), true),
        ] {
            answered(world, built(request));
            let heard = secured.heard();
            let last = heard.last().expect("a connection");
            assert_eq!(last.resumed, resumed, "{versions:?}, {}", heard.len());
        }
        // A new session begins with nothing.
        places.begin(world);
        answered(world, get(URL));
        let heard = secured.heard();
        assert_eq!(heard.last().map(|last| last.resumed), Some(false));
    }
}

/// Given a peer that has shown a good certificate, when another takes its place, then it is not resumed with, and its
/// certificate is judged.
pub fn resumption_vouches_for_nobody_else(world: &mut dyn World) {
    let mut places = Places::new();
    let good = Secured::new(&places.owner(ORIGIN), parting());
    let bad = Secured::new(&crate::pki::Identity::by_a_stranger(&[ORIGIN]), parting());
    let _served = places.serve(world, ORIGIN, first_then(good, bad.clone()));
    places.begin(world);
    answered(world, get(URL));
    assert_eq!(failed(world, get(URL)).code(), "tls-certificate-issuer");
    let heard = bad.heard();
    assert_eq!((heard.len(), heard[0].resumed), (1, false));
}

/// One site for the first connection, another for all that follow.
fn first_then(first: impl Site, then: impl Site) -> impl Site {
    struct FirstThen(Arc<dyn Site>, Arc<dyn Site>);

    impl Site for FirstThen {
        fn accept(&self, connection: usize) -> Box<dyn crate::origin::Peer> {
            match connection {
                0 => self.0.accept(0),
                _ => self.1.accept(connection),
            }
        }
    }

    FirstThen(Arc::new(first), Arc::new(then))
}
