//! Many requests at once: who gets which connection, and who waits.

use sessile_core::{Config, Progress, Stage};

use super::peers::{path, path_or, text};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, one_connection};
use crate::origin::Act;
use crate::world::World;

fn paths(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("/{number}")).collect()
}

/// Given no limit, then requests at once have a connection each, and the next ones find them all.
pub fn requests_at_once_have_connections_of_their_own(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        Some(vec![Act::Pause(milliseconds(100)), text(request.path())])
    }));
    let paths = paths(3);
    for round in 0..2 {
        let requests = paths.iter().map(|path| get(&served.url(path))).collect();
        for (reply, path) in world.send_all(requests).into_iter().zip(&paths) {
            let reply = reply.expect("an answer");
            assert_eq!((reply.text(), reply.connection.served), (&**path, round));
        }
    }
    nothing_left(world);
    assert_eq!((served.opened(), world.pool().origins[0].idle), (3, 3));
}

/// Given one connection and many requests, then each has it in its turn, first come first served.
pub fn a_freed_connection_goes_to_who_waits(world: &mut dyn World) {
    let served = world.serve(path());
    world.configure(one_connection());
    let paths = paths(5);
    let requests = paths.iter().map(|path| get(&served.url(path))).collect();
    for (before, (reply, path)) in (0..).zip(world.send_all(requests).into_iter().zip(&paths)) {
        let reply = reply.expect("an answer");
        assert_eq!((reply.text(), reply.connection.served), (&**path, before));
    }
    nothing_left(world);
    assert_eq!((served.opened(), world.pool().counters.opened), (1, 1));
}

/// Given one connection, when it fails under the first request, then the others have a new one.
pub fn a_failed_connection_makes_room_for_who_waits(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        (request.path() == "/0").then(|| vec![Act::Reset])
    }));
    world.configure(one_connection());
    let paths = paths(3);
    let requests = paths.iter().map(|path| get(&served.url(path))).collect();
    let mut results = world.send_all(requests).into_iter();
    let first = results.next().expect("a result");
    assert_eq!(first.expect_err("a reset").code(), "transport");
    for (reply, path) in results.zip(&paths[1..]) {
        let reply = reply.expect("an answer");
        assert_eq!((reply.text(), reply.connection.number), (&**path, 2));
    }
    nothing_left(world);
    assert_eq!(served.opened(), 2);
}

/// Given two origins, then neither has the other's connections (RFC 9110 §4.3.2).
pub fn origins_share_nothing(world: &mut dyn World) {
    let left = world.serve(path_or(|_| Some(vec![text("left")])));
    let right = world.serve(path_or(|_| Some(vec![text("right")])));
    for before in 0..2 {
        for (served, name) in [(&left, "left"), (&right, "right")] {
            let reply = answered(world, get(&served.url("/")));
            assert_eq!((reply.text(), reply.connection.served), (name, before));
        }
    }
    let pool = world.pool();
    assert_eq!((pool.origins.len(), pool.counters.opened), (2, 2));
}

/// Given one connection in all, which is idle at another origin, then it is closed to make room.
pub fn the_total_makes_room_at_the_cost_of_the_idle(world: &mut dyn World) {
    let (left, right) = (world.serve(path()), world.serve(path()));
    let mut config = Config::default();
    config.pool.live_total = Some(1);
    world.configure(config);
    answered(world, get(&left.url("/")));
    let reply = answered(world, get(&right.url("/")));
    assert_eq!(reply.connection.number, 2);
    eventually(world, "the idle one is closed", |_| left.closed() == 1);
    let pool = world.pool();
    assert_eq!((pool.origins.len(), pool.origins[0].idle), (1, 1));
}

/// Given a session that was closed, then its idle connections are closed, and no request is taken.
pub fn a_closed_session_refuses(world: &mut dyn World) {
    let served = world.serve(path());
    answered(world, get(&served.url("/")));
    world.close();
    eventually(world, "it is closed", |_| served.closed() == 1);
    let error = failed(world, get(&served.url("/")));
    assert_eq!(error.code(), "session-closed");
    assert_eq!(
        (error.stage(), error.progress()),
        (Stage::Prepare, Progress::NotSent)
    );
    nothing_left(world);
    assert_eq!(served.opened(), 1);
    world.configure(Config::default());
    answered(world, get(&served.url("/")));
}
