//! Requests that are given up, and sessions that are closed under them, at each place where that can be: nothing of them is
//! left.

use sessile_core::{Config, RetryChoice, RetryHook, StopReason};

use super::peers::{Asked, path, path_or, send, silence, status, text};
use super::retries::{course_of, policy, retrying};
use super::{TOO_LONG, answered, eventually, get, milliseconds, nothing_left, one_connection};
use crate::origin::Act;
use crate::world::{Fate, Meanwhile, World};

/// Given one connection in use, when a request that waits for it is given up, then who uses it goes on, and the next
/// request has it.
pub fn giving_up_in_the_queue_leaves_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        assert_ne!(request.path(), "/goes");
        Some(vec![Act::Pause(milliseconds(100)), text(request.path())])
    }));
    world.configure(one_connection());
    let stays = (Fate::Stays, get(&served.url("/stays")));
    let goes = (Fate::Goes, get(&served.url("/goes")));
    let replies = world.send_beside(vec![stays, goes], milliseconds(30));
    let [Ok(reply)] = &replies[..] else {
        panic!("an answer, not {replies:?}");
    };
    assert_eq!(reply.text(), "/stays");
    nothing_left(world);
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.served), ("/next", 1));
    assert_eq!(served.opened(), 1);
}

/// Given a dial that hears nothing, when its request is given up, then it waits no more, and the session goes on.
pub fn giving_up_a_dial_leaves_nothing(world: &mut dyn World) {
    let Some(unreachable) = world.unreachable() else {
        return;
    };
    let served = world.serve(path());
    world.send_and_cancel(get(&unreachable), milliseconds(30));
    nothing_left(world);
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given a peer that does not answer, when the request is given up, then its connection is closed.
pub fn giving_up_before_the_head_leaves_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let silent = vec![silence(), text("never")];
        (request.path() == "/silent").then_some(silent)
    }));
    for count in 1..=2 {
        world.send_and_cancel(get(&served.url("/silent")), milliseconds(50));
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == count);
        assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    }
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.number), ("/next", 3));
}

/// A session whose requests rest for long after a 503.
fn resting() -> Config {
    Config {
        retry_hook: Some(RetryHook::new(|_| RetryChoice::After(TOO_LONG))),
        ..retrying(policy(5, &[503]))
    }
}

/// Given a request that rests, when it is given up, then nothing of it is left, and it is not sent again.
pub fn giving_up_a_request_that_rests_leaves_nothing(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/busy" => vec![status(503, "later")],
        _ => vec![text(request.path())],
    }));
    world.configure(resting());
    world.send_and_cancel(get(&served.url("/busy")), milliseconds(50));
    nothing_left(world);
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.served), ("/next", 1));
    if world.is_virtual() {
        world.pass(2 * TOO_LONG);
    }
    assert_eq!(asked.connections(), [0, 0]);
}

/// Given a request that rests, when its session is closed, then it fails, and tells what it has behind it.
pub fn closing_fails_a_request_that_rests(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, _| vec![status(503, "later")]));
    world.configure(resting());
    let request = get(&served.url("/busy"));
    let error = world.send_through(request, milliseconds(50), Meanwhile::Close);
    let error = error.expect_err("the session is closed");
    assert!(error.is_canceled(), "{error}");
    let outcomes = ["503", "session-closed"].map(str::to_owned).to_vec();
    assert_eq!(course_of(&error), (outcomes, StopReason::NotRetryable));
    nothing_left(world);
    assert_eq!(asked.count(), 1);
    eventually(world, "its connection is closed", |_| served.closed() == 1);
}

/// Given a request under way, when its session is closed, then it may finish, but not begin anew: whatever would be
/// retried is its end.
pub fn a_closed_session_retries_nothing(world: &mut dyn World) {
    for (path, code) in [
        ("/end", "closed"),
        ("/busy", "503"),
        ("/malformed", "bad-status"),
        ("/answer", "200"),
    ] {
        let asked = Asked::default();
        let served = world.serve(asked.site(|number, request| {
            let answer = match (number, request.path()) {
                (0, "/end") => Act::Finish,
                (0, "/busy") => status(503, "later"),
                (0, "/malformed") => send("HTTP/1.1 2OO OK\r\n\r\n"),
                _ => text("now"),
            };
            vec![Act::Pause(milliseconds(60)), answer]
        }));
        world.configure(retrying(policy(5, &[503])));
        let request = get(&served.url(path));
        let outcome = world.send_through(request, milliseconds(20), Meanwhile::Close);
        let outcome = match &outcome {
            Ok(reply) => reply.status.to_string(),
            Err(error) => error.code().to_owned(),
        };
        assert_eq!(outcome, code, "{path}");
        nothing_left(world);
        assert_eq!((asked.count(), served.opened()), (1, 1), "{path}");
        eventually(world, "it is closed", |_| served.closed() == 1);
    }
}

/// Given many requests that wait for one connection, when half of them go, then the others have it in their turn, and the
/// peer has never heard of those.
pub fn half_of_the_queue_may_go(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        0 => vec![Act::Pause(milliseconds(200)), text(request.path())],
        _ => vec![text(request.path())],
    }));
    world.configure(one_connection());
    let requests = (0..12).map(|number| {
        let fate = match number % 2 {
            0 => Fate::Stays,
            _ => Fate::Goes,
        };
        (fate, get(&served.url(&format!("/{number}"))))
    });
    let replies = world.send_beside(requests.collect(), milliseconds(50));
    for (place, reply) in replies.into_iter().enumerate() {
        let reply = reply.expect("an answer");
        assert_eq!(reply.text(), format!("/{}", 2 * place));
        assert_eq!(reply.connection.served, place as u64);
    }
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 6]);
}
