//! From hop to hop: which connection the next request has, and what becomes of the one before.

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{Config, Next, Replay, RequestBuilder, StopReason, WhenFull};

use super::peers::{Asked, chain, lead, leading, send, silence, text};
use super::redirects::{history, passed};
use super::retries::{built, course, course_of};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, one_connection};
use crate::origin::{Act, Site, chunked, head, response};
use crate::world::{Meanwhile, Reply, World};

/// What becomes of a connection whose redirect is like this: it is kept, closed at once, or closed when the rest has not come
/// in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Kept,
    Closed,
    ClosedLate,
}

const WAYS: [(&str, Left); 9] = [
    ("/length", Left::Kept),
    ("/chunked", Left::Kept),
    ("/empty", Left::Kept),
    ("/slow", Left::Kept),
    ("/long", Left::Closed),
    ("/late", Left::ClosedLate),
    ("/until-close", Left::Closed),
    ("/close", Left::Closed),
    ("/old", Left::Closed),
];

/// A redirect whose content is as the path says.
pub(super) fn redirect_at_length(path: &str, next: &str) -> Vec<Act> {
    let place = ("Location", next);
    let with = |line| head(302, &[place, line]);
    let late = with(("Content-Length", "9"));
    match path {
        "/length" => vec![send(response(302, &[place], &[b'x'; 20_000]))],
        "/chunked" => vec![send(chunked(
            302,
            &[place],
            &[&[b'x'; 20_000]],
            &[("X-Last", "1")],
        ))],
        "/empty" => vec![send(response(302, &[place], b""))],
        "/slow" => vec![send(late), Act::Pause(milliseconds(5)), send("elsewhere")],
        "/long" => vec![
            send(with(("Content-Length", "100000"))),
            send(vec![b'x'; 100_000]),
        ],
        "/late" => vec![send(late), silence()],
        "/until-close" => vec![send(head(302, &[place])), silence()],
        "/close" => vec![send(response(
            302,
            &[place, ("Connection", "close")],
            b"elsewhere",
        ))],
        "/old" => {
            let octets = String::from_utf8(response(302, &[place], b"elsewhere")).expect("text");
            vec![send(octets.replacen("HTTP/1.1", "HTTP/1.0", 1))]
        }
        _ => vec![text(path)],
    }
}

/// A site that redirects where the query says, [at the length](redirect_at_length) that the path says.
fn at_length(asked: &Asked) -> Arc<dyn Site> {
    asked.site(|_, request| match request.query() {
        Some(next) => redirect_at_length(request.path(), next),
        None => vec![text(request.path())],
    })
}

/// How long the request rested behind its first attempt.
fn rested(reply: &Reply) -> Duration {
    reply.attempts[1].began.since(reply.attempts[0].ended)
}

/// Given a redirect within the origin, then the next request has the connection that it came on, if what is left of it is
/// little and comes soon; otherwise it has another one at once. So it is where there may be only one.
pub fn the_next_hop_has_the_connection_of_the_last(world: &mut dyn World) {
    for (path, left) in WAYS {
        for config in [Config::default(), one_connection()] {
            let asked = Asked::default();
            let served = world.serve(at_length(&asked));
            world.configure(config);
            let url = chain([served.url(path), served.url("/there")]);
            let reply = answered(world, get(&url));
            assert_eq!(
                (reply.text(), passed(&reply.attempts)),
                ("/there", vec![(302, &*url)])
            );
            let closed = usize::from(left != Left::Kept);
            nothing_left(world);
            assert_eq!(asked.connections(), [0, closed], "{path}");
            eventually(world, "it is closed", |_| served.closed() == closed);
            let waited = rested(&reply);
            match left {
                _ if !world.is_virtual() => {}
                Left::Kept => {}
                Left::Closed => assert!(waited.is_zero(), "{path}: {waited:?}"),
                Left::ClosedLate => assert_eq!(waited, milliseconds(50)),
            }
        }
    }
}

/// Given a redirect to another origin, then that is asked at once, whatever is left of the redirect; if that is little and
/// comes soon, its connection is kept.
pub fn another_origin_is_asked_at_once(world: &mut dyn World) {
    for (path, left) in WAYS {
        let asked = [Asked::default(), Asked::default()];
        let here = world.serve(at_length(&asked[0]));
        let there = world.serve(at_length(&asked[1]));
        world.configure(Config::default());
        let reply = answered(world, get(&chain([here.url(path), there.url("/there")])));
        assert_eq!((reply.text(), reply.connection.number), ("/there", 2));
        assert!(!world.is_virtual() || rested(&reply).is_zero(), "{path}");
        if left != Left::Kept {
            eventually(world, "it is closed", |world| {
                // Where nobody watches, what is late is closed by who comes next.
                let _ = world.send(get(&there.url("/next")));
                here.closed() == 1
            });
        }
        nothing_left(world);
        let reply = answered(world, get(&here.url("/again")));
        let number = if left == Left::Kept { 1 } else { 3 };
        assert_eq!(
            (reply.text(), reply.connection.number),
            ("/again", number),
            "{path}"
        );
        assert_eq!(there.opened(), 1);
    }
}

/// A configuration with one connection in all.
fn only_one() -> Config {
    let mut config = one_connection();
    config.pool.live_total = Some(1);
    config
}

/// Given one connection in all, then a chain to another origin and back has it in its turn, whatever is left of each
/// redirect; also where nobody may wait for a connection: its own place is free in time.
pub fn one_connection_is_enough_for_a_chain(world: &mut dyn World) {
    for (path, _) in WAYS {
        for when_full in [WhenFull::Wait, WhenFull::Fail] {
            let asked = [Asked::default(), Asked::default()];
            let here = world.serve(at_length(&asked[0]));
            let there = world.serve(at_length(&asked[1]));
            let mut config = only_one();
            config.pool.when_full = when_full;
            world.configure(config);
            let stops = [
                here.url(path),
                there.url(path),
                here.url(path),
                there.url("/end"),
            ];
            let reply = answered(world, get(&chain(stops)));
            let seen = (reply.text(), reply.connection.number);
            assert_eq!(seen, ("/end", 4), "{path}, {when_full:?}");
            assert_eq!((here.opened(), there.opened()), (2, 2));
            nothing_left(world);
        }
    }
}

/// Given many requests at once and one connection, when all of them are redirected to and fro, then each has its answer.
pub fn many_chains_share_one_connection(world: &mut dyn World) {
    for path in ["/empty", "/slow", "/close"] {
        let asked = [Asked::default(), Asked::default()];
        let here = world.serve(at_length(&asked[0]));
        let there = world.serve(at_length(&asked[1]));
        for config in [one_connection(), only_one()] {
            world.configure(config);
            let requests = (0..6).map(|number| {
                let end = here.url(&format!("/{number}"));
                get(&chain([here.url(path), there.url(path), end]))
            });
            let replies = world.send_all(requests.collect());
            for (number, reply) in replies.into_iter().enumerate() {
                assert_eq!(reply.expect("an answer").text(), format!("/{number}"));
            }
            nothing_left(world);
        }
        assert_eq!(asked.each_ref().map(Asked::count), [24, 12]);
    }
}

/// Given kept connections that have died, then each hop may be sent once more on a fresh one, and no policy is asked; what
/// may do harm is not.
pub fn each_hop_may_be_replayed(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let dying = |asked: &Asked| {
        asked.site(|number, request| match number {
            1 => vec![Act::Finish],
            _ => lead(request),
        })
    };
    let [here, there] = [world.serve(dying(&asked[0])), world.serve(dying(&asked[1]))];
    let warm = |world: &mut dyn World| {
        for served in [&here, &there] {
            answered(world, get(&served.url("/warm")));
        }
    };
    warm(world);
    let url = chain([here.url("/302"), there.url("/there")]);
    let reply = answered(world, get(&url));
    let outcomes = vec!["closed", "302", "closed", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::NoPolicy));
    let replay = Next::Replay(Replay::Idempotent);
    let at_once = Next::Redirect {
        wait: Duration::ZERO,
    };
    let next: Vec<_> = reply.attempts.iter().map(|attempt| attempt.next).collect();
    assert_eq!(next[..3], [replay, at_once, replay]);
    assert_eq!(passed(&reply.attempts), [(302, &*url)]);
    nothing_left(world);

    let there = world.serve(dying(&Asked::default()));
    answered(world, get(&there.url("/warm")));
    let url = chain([here.url("/307"), there.url("/there")]);
    let error = failed(world, super::post(&url, "words"));
    let outcomes = ["307", "closed"].map(str::to_owned).to_vec();
    assert_eq!(course_of(&error), (outcomes, StopReason::NoPolicy));
    assert_eq!(
        (error.url(), history(&error).len()),
        (Some(&*there.url("/there")), 1)
    );
    assert!(!error.is_retryable(), "{error}");
    nothing_left(world);
}

/// Given a chain under way, when idle connections are closed, then it goes on.
pub fn closing_the_idle_spares_a_chain(world: &mut dyn World) {
    let served = world.serve(super::peers::site(|request| {
        [vec![Act::Pause(milliseconds(50))], lead(request)].concat()
    }));
    let url = chain([served.url("/302"), served.url("/307"), served.url("/end")]);
    let reply = world.send_through(get(&url), milliseconds(75), Meanwhile::CloseIdle);
    assert_eq!(reply.expect("an answer").text(), "/end");
    nothing_left(world);
    assert_eq!(served.opened(), 1);
}

/// Given requests with keys of their own for connections, then a hop keeps the key: it has no connection of another's.
pub fn a_hop_stays_in_its_partition(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(leading(&asked));
    answered(world, get(&served.url("/open")));
    let url = chain([served.url("/302"), served.url("/there")]);
    let apart = RequestBuilder::new("GET", &url).partition("apart");
    let reply = answered(world, built(apart));
    assert_eq!((reply.text(), reply.connection.number), ("/there", 2));
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 1, 1]);
}
