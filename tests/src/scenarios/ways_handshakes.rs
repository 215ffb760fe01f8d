//! Peers with whom TLS is not agreed on: they speak something else, say no, say nothing, or break off, at whatever octet.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sessile_core::{ErrorKind, Progress, Retry, Stage, StopReason};

use super::peers::{Asked, send, text};
use super::retries::course_of;
use super::ways_places::{ORIGIN, Places, Slow};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, post};
use crate::cut_after::{Cut, CutAfter};
use crate::origin::{Act, Peer, Site};
use crate::rude::{Rude, When};
use crate::secured::{Secured, Terms, Versions};
use crate::world::{Arrival, Meanwhile, World};

const URL: &str = "https://origin.test/";

/// A site that answers with the path.
fn path() -> Arc<dyn Site> {
    Asked::default().site(|_, request| vec![text(request.path())])
}

/// Peers that do not speak TLS, and what is said of each; whether it may be better next time.
fn rude() -> Vec<(Rude, &'static str, bool)> {
    let opening = |octets: &[u8]| {
        let acts = vec![send(octets), Act::Finish];
        Rude::new(When::Opened, acts)
    };
    vec![
        (Rude::plain_http(), "tls-plain-http", false),
        (
            opening(b"HTTP/1.0 200 OK\r\n\r\nhello"),
            "tls-plain-http",
            false,
        ),
        (Rude::garbage(), "tls-not-tls", false),
        (opening(b"220 mail.test ESMTP\r\n"), "tls-not-tls", false),
        (opening(b"SSH-2.0-x\r\n"), "tls-not-tls", false),
        (Rude::alert(40), "tls-alert", false),
        (Rude::alert(112), "tls-alert", false),
        (Rude::alert(70), "tls-nothing-in-common", false),
        (Rude::alert(120), "tls-protocol", false),
        (Rude::hangup(), "tls-truncated", true),
        (
            Rude::new(When::Opened, vec![Act::Finish]),
            "tls-truncated",
            true,
        ),
        (Rude::reset(), "transport", true),
    ]
}

/// Given a peer that speaks something else than TLS, then the error says so, and not an octet of the request goes out. It is
/// tried again only where that may help.
pub fn what_is_no_tls_is_told(world: &mut dyn World) {
    for (peer, code, may_pass) in rude() {
        let mut places = Places::new();
        let served = places.serve(world, ORIGIN, peer.clone());
        places.config.retry = Some(Retry::new(2));
        places.begin(world);
        // Nothing was sent: the method does not matter.
        let error = failed(world, post(URL, "words"));
        assert_eq!(
            (error.code(), error.stage()),
            (code, Stage::Tls),
            "{peer:?}"
        );
        assert!(error.is_tls() && !error.is_proxy(), "{error:?}");
        assert_eq!((error.progress(), error.sent()), (Progress::NotSent, 0));
        let (attempts, reason) = match may_pass {
            true => (3, StopReason::Exhausted),
            false => (1, StopReason::NotRetryable),
        };
        let expected = (vec![code.to_owned(); attempts], reason);
        assert_eq!(course_of(&error), expected, "{peer:?}");
        nothing_left(world);
        eventually(world, "all are closed", |_| served.closed() == attempts);
    }
}

/// Given a peer that says nothing, at whatever point of the handshake, then its limit ends that.
pub fn silence_in_a_handshake_is_told(world: &mut dyn World) {
    let mut places = Places::new();
    places.config.timeouts.tls = Some(milliseconds(50));
    let secured = Secured::new(&places.owner(ORIGIN), path());
    for octets in [0, 1, 5, 100, 400] {
        let silent = CutAfter::new(octets, Cut::Silence, secured.clone());
        let served = places.serve(world, ORIGIN, silent);
        places.begin(world);
        let error = failed(world, get(URL));
        assert_eq!(
            (error.code(), error.stage()),
            ("timeout", Stage::Tls),
            "{octets}"
        );
        assert_eq!(error.limit(), Some(milliseconds(50)));
        assert!(error.is_timeout() && error.is_tls() && error.is_retryable());
        let hint = error.hint().expect("advice");
        assert!(hint.contains("`Timeouts::tls`"), "{hint}");
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
    }
}

/// Given a peer that breaks off at whatever octet of what it says, then the handshake fails before a request goes out, or the
/// response is missing or cut; it is never taken for whole.
pub fn every_cut_under_tls_is_an_error_or_complete(world: &mut dyn World) {
    // All octets where that is cheap.
    let step = match (world.is_virtual(), world.arrival()) {
        (true, Arrival::Whole) => 1,
        (true, Arrival::InPieces) => 37,
        (false, _) => 41,
    };
    for (versions, step) in [(Versions::Only12, step * 7), (Versions::Only13, step)] {
        let mut places = Places::new();
        let terms = Terms {
            versions,
            ..Terms::default()
        };
        let secured = Secured::with(&places.owner(ORIGIN), terms, path());
        for (cut, step) in [(Cut::Finish, step), (Cut::Reset, step * 5)] {
            let octets = Arc::new(AtomicUsize::new(0));
            let cutting = Cutting(secured.clone(), cut, Arc::clone(&octets));
            let _served = places.serve(world, ORIGIN, cutting);
            let mut shaken = None;
            while let Some(stage) = ask_cut(world, &places, cut) {
                let so_far = octets.fetch_add(step, Relaxed);
                assert!(so_far < 10_000, "a response comes after less");
                if stage != Stage::Tls {
                    shaken = shaken.or(Some(so_far));
                }
                // No two signatures are of one length. Over sockets a reset may overtake what was said before it.
                let in_turn = shaken.is_none_or(|first| first + 16 > so_far);
                let in_turn = in_turn || stage != Stage::Tls || !world.is_virtual();
                assert!(in_turn, "{so_far}, {shaken:?}, {cut:?}");
            }
            let overtaken = cut == Cut::Reset && !world.is_virtual();
            // Large steps may pass over all that comes between the handshake and the end of the response.
            let passed = shaken.is_some() || overtaken || step > 100;
            assert!(passed, "{octets:?}, {cut:?}");
            assert!(octets.load(Relaxed) > 500, "{octets:?}, {cut:?}");
        }
    }
}

/// A server that breaks off after a number of octets that changes.
struct Cutting(Secured, Cut, Arc<AtomicUsize>);

impl Site for Cutting {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        let Self(secured, cut, octets) = self;
        let site = CutAfter::new(octets.load(Relaxed), *cut, secured.clone());
        site.accept(connection)
    }
}

/// Asks a peer that breaks off; where that hurt, unless all was there.
fn ask_cut(world: &mut dyn World, places: &Places, cut: Cut) -> Option<Stage> {
    places.begin(world);
    let error = match world.send(get(URL)) {
        Ok(reply) => {
            assert_eq!(reply.text(), "/", "{cut:?}");
            return None;
        }
        Err(error) => error,
    };
    let expected = match (cut, error.stage()) {
        (Cut::Reset, _) => "transport",
        (_, Stage::Tls) => "tls-truncated",
        (_, Stage::Content) => "truncated",
        // Of the head, or of nothing but tickets.
        _ if error.kind() == &ErrorKind::Closed => "closed",
        _ => "truncated",
    };
    assert_eq!(error.code(), expected, "{cut:?}: {error}");
    let unsent = error.progress() == Progress::NotSent;
    match error.stage() {
        Stage::Tls => assert!(unsent, "{cut:?}: {error}"),
        _ => assert!(!unsent || !world.is_virtual(), "{cut:?}: {error}"),
    }
    Some(error.stage())
}

/// Given a request that is given up while TLS is agreed on, then nothing is sent, and the connection serves the next request; if
/// none may be kept, none is left.
pub fn giving_up_in_a_handshake_leaves_a_connection_or_nothing(world: &mut dyn World) {
    for kept in [1, 0] {
        let mut places = Places::new();
        places.config.pool.idle_per_origin = kept;
        let asked = Asked::default();
        let site = asked.site(|_, request| vec![text(request.path())]);
        let secured = Secured::new(&places.owner(ORIGIN), site);
        let served = places.serve(world, ORIGIN, Slow::new(milliseconds(100), secured));
        places.begin(world);
        world.send_and_cancel(get(URL), milliseconds(30));
        world.pass(milliseconds(200));
        nothing_left(world);
        assert_eq!((asked.count(), served.opened()), (0, 1));
        answered(world, get(URL));
        nothing_left(world);
        assert_eq!(asked.count(), 1);
        match kept {
            0 => eventually(world, "all are closed", |_| {
                served.closed() == served.opened()
            }),
            _ => assert_eq!((served.opened(), served.closed()), (1, 0)),
        }
    }
}

/// Given a session that is closed while TLS is agreed on, then the request fails, and nothing was sent.
pub fn closing_in_a_handshake_fails_its_request(world: &mut dyn World) {
    let mut places = Places::new();
    let asked = Asked::default();
    let site = asked.site(|_, request| vec![text(request.path())]);
    let secured = Secured::new(&places.owner(ORIGIN), site);
    let served = places.serve(world, ORIGIN, Slow::new(milliseconds(100), secured));
    places.begin(world);
    let through = world.send_through(get(URL), milliseconds(30), Meanwhile::Close);
    let error = through.expect_err("it is closed");
    assert_eq!(
        (error.code(), error.progress()),
        ("session-closed", Progress::NotSent)
    );
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
    assert_eq!(asked.count(), 0);
}
