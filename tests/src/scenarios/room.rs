//! How much room there is in the pool, what becomes of a request when there is none, and what the pool tells about it.

use std::time::Duration;

use sessile_core::{
    CloseReason, Config, ErrorKind, PoolFact, PoolLimits, Progress, Retry, Shortage, Stage,
    StopReason, WhenFull,
};

use super::peers::{Asked, path, path_or, send, text};
use super::retries::{course, course_of, retrying};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, one_connection};
use crate::origin::{Act, response};
use crate::world::{Meanwhile, World};

/// A session with these limits.
fn with(pool: PoolLimits) -> Config {
    Config {
        pool,
        ..Config::default()
    }
}

/// At most one connection, and nobody waits for it.
fn one_or_none() -> Config {
    let mut config = one_connection();
    config.pool.when_full = WhenFull::Fail;
    config
}

/// Given a pool that lets nobody wait, when its limit is reached, then a request fails at once, and the error says which
/// limit that was; who has the connection is not disturbed.
pub fn a_full_pool_may_refuse(world: &mut dyn World) {
    let mut total = Config::default();
    total.pool.live_total = Some(1);
    total.pool.when_full = WhenFull::Fail;
    for (config, limit, shortage) in [
        (one_or_none(), "live_per_origin", Shortage::PerOrigin(1)),
        (total, "live_total", Shortage::Total(1)),
    ] {
        let asked = Asked::default();
        let served = world.serve(
            asked.site(|_, request| vec![Act::Pause(milliseconds(100)), text(request.path())]),
        );
        world.configure(config);
        let requests = ["/first", "/second"].map(|path| get(&served.url(path)));
        let results = world.send_all(requests.into());
        let [Ok(first), Err(second)] = &results[..] else {
            panic!("an answer and an error, not {results:?}");
        };
        assert_eq!(first.text(), "/first");
        assert_eq!(
            (second.kind(), second.code()),
            (&ErrorKind::PoolFull, "pool-full")
        );
        let seen = (second.stage(), second.progress(), second.shortage());
        assert_eq!(seen, (Stage::PoolWait, Progress::NotSent, Some(shortage)));
        let told =
            format!("the `PoolLimits::{limit}` of 1 was reached and a place is not waited for");
        assert!(second.to_string().contains(&told), "{second}");
        assert!(second.is_retryable() && !second.is_timeout());
        nothing_left(world);
        assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
        assert_eq!(asked.connections(), [0, 0]);
    }
}

/// Given a time for waiting that has passed, then the error says which limit of the pool was in the way, and how long the
/// time was.
pub fn a_wait_for_the_pool_names_its_limits(world: &mut dyn World) {
    let mut total = Config::default();
    total.pool.live_total = Some(1);
    for (mut config, limit) in [(one_connection(), "live_per_origin"), (total, "live_total")] {
        let asked = Asked::default();
        let served = world.serve(
            asked.site(|_, request| vec![Act::Pause(milliseconds(200)), text(request.path())]),
        );
        config.timeouts.pool_wait = Some(milliseconds(100));
        config.retry = Some(Retry::new(5));
        world.configure(config);
        let requests = ["/first", "/second"].map(|path| get(&served.url(path)));
        let results = world.send_all(requests.into());
        let [Ok(first), Err(second)] = &results[..] else {
            panic!("an answer and an error, not {results:?}");
        };
        assert_eq!(first.text(), "/first");
        let told =
            format!("the `PoolLimits::{limit}` of 1 was reached and the wait of 100ms passed");
        assert!(second.to_string().contains(&told), "{second}");
        // To wait again is no retry.
        let reason = StopReason::NotRetryable;
        assert_eq!(course_of(second), (vec!["timeout".to_owned()], reason));
        nothing_left(world);
        assert_eq!(asked.connections(), [0]);
    }
}

/// Given a pool that lets nobody wait, when its only connection dies under a request, then the request has the place of
/// the dead one.
pub fn a_dead_connection_takes_no_place(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        1 => vec![Act::Finish],
        2 => vec![Act::Reset],
        _ => vec![text(request.path())],
    }));
    let mut config = retrying(Retry::new(1));
    config.pool = one_or_none().pool;
    world.configure(config);
    answered(world, get(&served.url("/first")));
    let reply = answered(world, get(&served.url("/second")));
    assert_eq!(reply.text(), "/second");
    let outcomes = vec!["closed", "transport", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 0, 1, 2]);
    assert_eq!(world.pool().origins[0].idle, 1);
}

/// Given a pool that lets nobody wait, when its only connection has died idle, then the next request has its place.
pub fn a_connection_that_died_idle_takes_no_place(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| {
        let answer = text(request.path());
        vec![answer, Act::Pause(milliseconds(20)), Act::Finish]
    }));
    world.configure(one_or_none());
    for number in 1..=3 {
        let reply = answered(world, get(&served.url("/")));
        assert_eq!(reply.connection.number, number);
        world.pass(milliseconds(100));
    }
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 1, 2]);
}

/// Given a bound on origins with idle connections, then the one that was used least recently loses its own.
pub fn an_origin_too_many_loses_its_idle_connections(world: &mut dyn World) {
    let (left, right) = (world.serve(path()), world.serve(path()));
    world.configure(with(PoolLimits {
        idle_origins: Some(1),
        ..PoolLimits::default()
    }));
    for _ in 0..2 {
        let requests = [&left, &left, &right].map(|served| get(&served.url("/")));
        for request in requests {
            answered(world, request);
        }
        eventually(world, "the left one is closed", |_| {
            left.closed() == left.opened()
        });
        assert_eq!(world.pool().origins.len(), 1);
    }
    nothing_left(world);
    // In each round the left one was new, and the right one had to go for it.
    assert_eq!((left.opened(), right.opened()), (2, 2));
    assert_eq!(right.closed(), 1);
    assert_eq!(world.pool().counters.closed(CloseReason::Evicted), 3);
}

/// Given a pool that keeps no idle connection, then each request has a new one, which is closed behind it.
pub fn a_pool_may_keep_nothing(world: &mut dyn World) {
    let none = PoolLimits::default();
    for limits in [
        PoolLimits {
            idle_per_origin: 0,
            ..none.clone()
        },
        PoolLimits {
            idle_total: 0,
            ..none.clone()
        },
        PoolLimits {
            idle_origins: Some(0),
            ..none
        },
    ] {
        let served = world.serve(path());
        world.configure(with(limits));
        for number in 1..=3 {
            let reply = answered(world, get(&served.url("/")));
            assert_eq!(
                (reply.connection.number, reply.connection.served),
                (number, 0)
            );
        }
        nothing_left(world);
        eventually(world, "all are closed", |_| served.closed() == 3);
        let pool = world.pool();
        assert!(pool.origins.is_empty(), "{pool:?}");
        assert_eq!(pool.counters.closed(CloseReason::Evicted), 3);
    }
}

/// Given a lifetime, when a connection has served for so long, then it is not used again, even by who waits for it; but it
/// is not torn out of an exchange.
pub fn a_worn_connection_is_replaced(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/long" => vec![Act::Pause(milliseconds(200)), text("/long")],
        _ => vec![text(request.path())],
    }));
    world.configure(with(PoolLimits {
        lifetime: Some(milliseconds(100)),
        ..one_connection().pool
    }));
    answered(world, get(&served.url("/short")));
    world.pass(milliseconds(150));
    eventually(world, "it is closed in time", |_| served.closed() == 1);
    let requests = ["/long", "/next"].map(|path| get(&served.url(path)));
    for (number, reply) in (2..).zip(world.send_all(requests.into())) {
        let connection = reply.expect("an answer").connection;
        assert_eq!((connection.number, connection.served), (number, 0));
    }
    nothing_left(world);
    eventually(world, "it is closed behind it", |_| served.closed() >= 2);
    let worn = world.pool().counters.closed(CloseReason::Lifetime);
    assert!(worn >= 2, "{worn}");
    assert_eq!(asked.connections(), [0, 1, 2]);
}

/// Given a connection in use, when the idle ones are closed, then it finishes and comes back, and carries the next request.
pub fn closing_the_idle_spares_who_is_busy(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        Some(vec![Act::Pause(milliseconds(100)), text(request.path())])
    }));
    let both = ["/1", "/2"].map(|path| get(&served.url(path)));
    for reply in world.send_all(both.into()) {
        reply.expect("an answer");
    }
    let busy = get(&served.url("/busy"));
    let reply = world.send_through(busy, milliseconds(50), Meanwhile::CloseIdle);
    let reply = reply.expect("an answer");
    assert_eq!((reply.text(), reply.connection.served), ("/busy", 1));
    eventually(world, "the idle one is closed", |_| served.closed() == 1);
    let next = answered(world, get(&served.url("/next")));
    assert_eq!(
        (next.connection.number, next.connection.served),
        (reply.connection.number, 2)
    );
    nothing_left(world);
    assert_eq!(served.opened(), 2);
}

/// Three requests for one connection, of which the last closes it, and one that is refused.
fn some_business(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let closing = send(response(200, &[("Connection", "close")], b"bye"));
        let answer = match request.path() {
            "/bye" => closing,
            _ => text(request.path()),
        };
        Some(vec![Act::Pause(milliseconds(50)), answer])
    }));
    let refused = world.refused();
    world.configure(Config {
        pool_events: 100,
        ..one_connection()
    });
    let requests = ["/1", "/2", "/bye"].map(|path| get(&served.url(path)));
    for reply in world.send_all(requests.into()) {
        reply.expect("an answer");
    }
    failed(world, get(&refused));
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
}

/// Given requests that wait, that fail and that are served, then the pool's counters tell how many.
pub fn the_pool_counts_what_it_does(world: &mut dyn World) {
    some_business(world);
    let counters = world.pool().counters;
    assert_eq!((counters.opened, counters.reused), (1, 2));
    assert_eq!((counters.failed, counters.waits), (1, 3));
    assert!(counters.waited >= milliseconds(100), "{counters:?}");
    let closed = counters.closed(CloseReason::PeerClose);
    assert_eq!((closed, counters.closed_in_all()), (1, 1));
}

/// Given the same, then the pool's events tell of each, once and in order.
pub fn the_pool_tells_what_it_does(world: &mut dyn World) {
    some_business(world);
    let counters = world.pool().counters;
    let events = world.pool_events();
    let mut waited = Duration::ZERO;
    let told = events.iter().map(|event| match &event.what {
        PoolFact::Opened { connection, .. } => format!("opened {connection}"),
        PoolFact::Failed { .. } => "failed".to_owned(),
        PoolFact::Waits { .. } => "waits".to_owned(),
        PoolFact::Granted {
            connection,
            waited: more,
            ..
        } => {
            waited += *more;
            format!("granted {connection}")
        }
        PoolFact::Closed { connection, reason } => format!("closed {connection}: {reason:?}"),
        other => panic!("{other:?}"),
    });
    let mut told: Vec<_> = told.collect();
    assert_eq!(waited, counters.waited);
    // Where each request comes in a moment of its own, some wait from before the opening and some from behind it.
    assert_eq!(told.last().map(String::as_str), Some("failed"));
    told.sort_unstable();
    let wanted = "closed 1: PeerClose, failed, granted 1, granted 1, granted 1, opened 1, waits, waits, waits, waits";
    assert_eq!(told.join(", "), wanted);
    assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert!(world.pool_events().is_empty());
}

/// Given a peer that ends every connection at the worst moment, when many requests are retried at once, then each ends, with
/// all the attempts that its policy grants, and nothing is left.
pub fn a_peer_that_always_leaves_wears_nobody_out(world: &mut dyn World) {
    for (path, attempts, code) in [
        ("/before", 4, "closed"),
        ("/in-head", 4, "truncated"),
        ("/in-content", 1, "truncated"),
        ("/behind", 1, "200"),
    ] {
        for live in [None, Some(2)] {
            let asked = Asked::default();
            let served = world.serve(asked.site(|_, request| {
                let mut octets = response(200, &[], b"content");
                octets.truncate(match request.path() {
                    "/before" => 0,
                    "/in-head" => 12,
                    "/in-content" => octets.len() - 3,
                    _ => octets.len(),
                });
                let said = (!octets.is_empty()).then(|| send(octets));
                said.into_iter().chain([Act::Finish]).collect()
            }));
            let mut config = retrying(Retry::new(3));
            config.pool.live_per_origin = live;
            world.configure(config);
            let requests = (0..6).map(|_| get(&served.url(path))).collect();
            for result in world.send_all(requests) {
                let (outcomes, reached) = match &result {
                    Ok(reply) => (reply.attempts.len(), reply.status.to_string()),
                    Err(error) => (error.attempts().len(), error.code().to_owned()),
                };
                // An answered one may have met a connection that was just left, and have been sent once more for it.
                assert!(
                    outcomes == attempts || (path == "/behind" && outcomes == 2),
                    "{result:?}"
                );
                assert_eq!(reached, code, "{result:?}");
            }
            nothing_left(world);
            assert!(asked.count() >= 6 * attempts, "{path}");
            // Nobody has looked at the idle ones since they were left.
            world.close_idle();
            eventually(world, "all are closed", |_| {
                served.closed() == served.opened()
            });
            let pool = world.pool();
            assert!(pool.origins.is_empty(), "{pool:?}");
        }
    }
}
