//! Time limits: each ends exactly what it limits, and the error names the stage.

use std::time::Duration;

use sessile_core::{Config, Error, Progress, RequestBuilder, Stage};

use super::peers::{path, path_or, send, silence, text};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, one_connection};
use crate::origin::{Act, head};
use crate::world::World;

const LIMIT: Duration = milliseconds(150);

fn timed_out(error: &Error, stage: Stage, progress: Progress) {
    assert!(error.is_timeout() && error.code() == "timeout", "{error:?}");
    assert_eq!(
        (error.stage(), error.progress()),
        (stage, progress),
        "{error:?}"
    );
}

/// The acts, with a pause before each.
fn slowly(acts: impl IntoIterator<Item = Act>) -> Vec<Act> {
    let acts = acts.into_iter();
    acts.flat_map(|act| [Act::Pause(milliseconds(20)), act])
        .collect()
}

/// Given a peer that does not answer, when the time for reading is up, then the error names the head.
pub fn silence_before_the_head_is_told(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let silent = vec![silence(), text("never")];
        (request.path() == "/silent").then_some(silent)
    }));
    let mut config = Config::default();
    config.timeouts.read = Some(LIMIT);
    world.configure(config);
    let error = failed(world, get(&served.url("/silent")));
    timed_out(&error, Stage::Head, Progress::Sent);
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given a peer that falls silent inside the content, when the time for reading is up, then the error names the content.
pub fn silence_inside_the_content_is_told(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let head = head(200, &[("Content-Length", "9")]);
        let silent = vec![send(head), send("some"), silence(), send(" more")];
        (request.path() == "/silent").then_some(silent)
    }));
    let mut config = Config::default();
    config.timeouts.read = Some(LIMIT);
    world.configure(config);
    let error = failed(world, get(&served.url("/silent")));
    timed_out(&error, Stage::Content, Progress::HeadSeen);
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given a peer that sends its head by and by and never falls silent, when the time for the head is up, then the error
/// names the head.
pub fn a_lively_peer_without_a_head_is_not_waited_for(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let endless = std::iter::repeat_n(send("X-Line: 1\r\n"), 50);
        let lines = std::iter::once(send("HTTP/1.1 200 OK\r\n")).chain(endless);
        (request.path() == "/lively").then(|| slowly(lines))
    }));
    let mut config = Config::default();
    config.timeouts.head = Some(LIMIT);
    world.configure(config);
    let error = failed(world, get(&served.url("/lively")));
    timed_out(&error, Stage::Head, Progress::Sent);
    assert!(error.received() > 0, "{error:?}");
    nothing_left(world);
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

fn drop_by_drop() -> Vec<Act> {
    let head = send(head(200, &[("Content-Length", "100")]));
    let drops = std::iter::repeat_n(send("."), 50);
    std::iter::once(head).chain(slowly(drops)).collect()
}

/// Given content that comes drop by drop, when the request's deadline passes, then it is over.
pub fn the_deadline_ends_a_lively_response(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        (request.path() == "/drops").then(drop_by_drop)
    }));
    let request = RequestBuilder::new("GET", served.url("/drops")).timeout(LIMIT);
    let error = failed(world, request.build().expect("a request"));
    timed_out(&error, Stage::Deadline, Progress::HeadSeen);
    assert!(error.received() > 0, "{error:?}");
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given a session with a deadline, then it holds for each request by itself.
pub fn the_session_has_a_deadline_for_all(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        (request.path() == "/drops").then(drop_by_drop)
    }));
    let mut config = Config::default();
    config.timeouts.deadline = Some(LIMIT);
    world.configure(config);
    for _ in 0..2 {
        assert_eq!(answered(world, get(&served.url("/quick"))).text(), "/quick");
        let error = failed(world, get(&served.url("/drops")));
        timed_out(&error, Stage::Deadline, Progress::HeadSeen);
    }
    nothing_left(world);
}

/// Given an address that nothing is heard of, when the time for connecting is up, then the error is one of connecting.
pub fn a_dial_that_hears_nothing_ends(world: &mut dyn World) {
    let Some(unreachable) = world.unreachable() else {
        return;
    };
    let served = world.serve(path());
    let mut config = Config::default();
    config.timeouts.connect = Some(LIMIT);
    world.configure(config);
    let error = failed(world, get(&unreachable));
    timed_out(&error, Stage::Connect, Progress::NotSent);
    assert!(error.is_connect() && !error.is_dns());
    nothing_left(world);
    assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given one connection that is in use, when the time for waiting is up, then the error says that it was the pool; who
/// uses the connection is not disturbed.
pub fn waiting_for_the_pool_ends(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        Some(vec![Act::Pause(milliseconds(300)), text(request.path())])
    }));
    let mut config = one_connection();
    config.timeouts.pool_wait = Some(milliseconds(100));
    world.configure(config);
    let requests = vec![get(&served.url("/first")), get(&served.url("/second"))];
    let mut results = world.send_all(requests).into_iter();
    let (first, second) = (results.next(), results.next());
    let first = first.expect("a result").expect("an answer");
    assert_eq!(first.text(), "/first");
    let error = second.expect("a result").expect_err("no connection");
    timed_out(&error, Stage::PoolWait, Progress::NotSent);
    assert!(error.hint().is_some());
    nothing_left(world);
    assert_eq!(served.opened(), 1);
}

/// Given a pool whose limits are not reached, then time that a dial takes is not time of waiting for the pool.
pub fn a_dial_is_no_wait_for_the_pool(world: &mut dyn World) {
    let Some(unreachable) = world.unreachable() else {
        return;
    };
    let mut config = Config::default();
    config.timeouts.pool_wait = Some(milliseconds(50));
    config.timeouts.connect = Some(LIMIT);
    world.configure(config);
    let error = failed(world, get(&unreachable));
    timed_out(&error, Stage::Connect, Progress::NotSent);
}

/// Given an idle connection, when its time is up, then we close it.
pub fn idle_connections_are_closed_in_time(world: &mut dyn World) {
    let served = world.serve(path());
    let mut config = Config::default();
    config.pool.idle_time = Some(LIMIT);
    world.configure(config);
    for number in 1..=2 {
        let reply = answered(world, get(&served.url("/")));
        assert_eq!(
            (reply.connection.number, reply.connection.served),
            (number, 0)
        );
        world.pass(2 * LIMIT);
        eventually(world, "it is closed", |_| {
            served.closed() == served.opened()
        });
        assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    }
}
