//! What a peer asks for with Retry-After, and how far it is obeyed (RFC 9110 §10.2.3).

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{RequestBuilder, Retry, Stage, StopReason};

use super::peers::{Asked, send, text};
use super::retries::{built, course, course_of, policy, retrying, waits};
use super::{TOO_LONG, answered, failed, get, milliseconds, nothing_left};
use crate::origin::{Site, response};
use crate::world::{Tried, World};

/// A site that asks once for each path to come back after what the path says, and then answers.
fn asking_for(asked: &Asked, code: u16) -> Arc<dyn Site> {
    asked.site(move |number, request| {
        let when = request.path().trim_start_matches('/').replace('_', " ");
        match number % 2 {
            0 => vec![send(response(code, &[("Retry-After", &when)], b"later"))],
            _ => vec![text("now")],
        }
    })
}

/// A policy whose own wait nobody would sit out, once the first retry has gone by.
fn sluggish(statuses: &[u16]) -> Retry {
    Retry {
        backoff_factor: 10 * TOO_LONG,
        backoff_jitter: Duration::ZERO,
        ..policy(9, statuses)
    }
}

/// Given a Retry-After in seconds, then it replaces the policy's wait, and makes 413, 429 and 503 worth a retry
/// (RFC 9110 §10.2.3).
pub fn a_retry_after_in_seconds_is_obeyed(world: &mut dyn World) {
    let seconds: &[u64] = if world.is_virtual() {
        &[7, 0, 120]
    } else {
        &[0]
    };
    for code in [413, 429, 503] {
        let asked = Asked::default();
        let served = world.serve(asking_for(&asked, code));
        let mut config = retrying(sluggish(&[]));
        // The connection waits as long.
        config.pool.idle_time = None;
        world.configure(config);
        for wait in seconds {
            let reply = answered(world, get(&served.url(&format!("/{wait}"))));
            assert_eq!(reply.text(), "now");
            assert_eq!(waits(world, &reply.attempts), [Duration::from_secs(*wait)]);
        }
        nothing_left(world);
        assert_eq!(asked.connections(), vec![0; 2 * seconds.len()]);
    }
}

/// Given peers that ask again and again, then each is taken at its word, and our own wait plays no part in it.
pub fn a_retry_after_is_obeyed_each_time(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| match number {
        0..4 => vec![send(response(503, &[("Retry-After", "0")], b""))],
        _ => vec![text("now")],
    }));
    world.configure(retrying(sluggish(&[503])));
    let reply = answered(world, get(&served.url("/")));
    assert_eq!(waits(world, &reply.attempts), [Duration::ZERO; 4]);
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 5]);
}

/// Given a Retry-After that is a date, then the request rests until then. (Virtual clocks begin half a minute before this date;
/// elsewhere it is long past, and that means now.)
pub fn a_retry_after_may_be_a_date(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asking_for(&asked, 503));
    world.configure(retrying(sluggish(&[])));
    let path = "/Sun,_06_Nov_1994_08:50:07_GMT";
    let reply = answered(world, get(&served.url(path)));
    let waits = waits(world, &reply.attempts);
    let ahead = Duration::from_secs(30) - Duration::from_nanos(reply.attempts[0].ended.as_nanos());
    let wait = match world.is_virtual() {
        true => ahead,
        false => Duration::ZERO,
    };
    assert_eq!((reply.text(), &waits[..]), ("now", &[wait][..]));
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 0]);
}

/// Given a Retry-After that says nothing, or that nobody is to look at, then it is as if it were not there.
pub fn a_retry_after_without_sense_is_ignored(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asking_for(&asked, 503));
    let deaf = Retry {
        respect_retry_after: false,
        ..policy(1, &[503])
    };
    for (path, retry) in [
        ("/soon", policy(1, &[503])),
        ("/-1", policy(1, &[503])),
        ("/60", deaf.clone()),
    ] {
        world.configure(retrying(retry));
        let reply = answered(world, get(&served.url(path)));
        let told = waits(world, &reply.attempts);
        assert_eq!((reply.text(), &told[..]), ("now", &[Duration::ZERO][..]));
    }
    // Without it, a status that is not listed is nothing to retry.
    for retry in [
        policy(1, &[500]),
        Retry {
            statuses: vec![],
            ..deaf
        },
    ] {
        world.configure(retrying(retry));
        let reply = answered(world, get(&served.url("/soon")));
        assert_eq!(course(&reply.attempts), (vec!["503"], StopReason::Success));
        // The next 503 is for the next one.
        answered(world, get(&served.url("/60")));
    }
    nothing_left(world);
    assert_eq!((asked.count(), served.opened()), (10, 5));
}

/// Given a peer that asks for a longer wait than the policy grants, then its response is handed over: to come back earlier
/// would be rude.
pub fn too_long_a_retry_after_is_handed_over(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asking_for(&asked, 429));
    let hasty = Retry {
        retry_after_max: milliseconds(500),
        ..policy(5, &[429])
    };
    for (path, retry) in [("/121", policy(5, &[429])), ("/1", hasty)] {
        world.configure(retrying(retry));
        let reply = answered(world, get(&served.url(path)));
        assert_eq!((reply.status, reply.text()), (429, "later"));
        let reason = StopReason::RetryAfterTooLong;
        assert_eq!(course(&reply.attempts), (vec!["429"], reason));
        nothing_left(world);
        assert_eq!(answered(world, get(&served.url("/0"))).text(), "now");
    }
    assert_eq!((asked.count(), served.opened()), (4, 2));
}

/// Given a wait that would outlast the request's deadline, then the request fails at once, and tells what it was told.
pub fn a_wait_beyond_the_deadline_is_not_begun(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asking_for(&asked, 503));
    world.configure(retrying(policy(5, &[])));
    let limit = 2 * TOO_LONG;
    let request = RequestBuilder::new("GET", served.url("/60")).timeout(limit);
    let error = failed(world, built(request));
    assert!(
        error.is_timeout() && error.stage() == Stage::Deadline,
        "{error}"
    );
    assert_eq!(error.limit(), Some(limit));
    let reason = StopReason::Deadline;
    assert_eq!(course_of(&error), (vec!["503".to_owned()], reason));
    let text = error.to_string();
    let told = format!("the wait before the next attempt would outlast the deadline of {limit:?}");
    assert!(text.contains(&told) && error.hint().is_some(), "{text}");
    nothing_left(world);
    // It did not wait until then, and its connection is whole.
    let reply = answered(world, get(&served.url("/next")));
    let ended = Tried::all(error.attempts())[0].ended;
    let passed = reply.attempts[0].began.since(ended);
    assert!(passed < TOO_LONG, "{passed:?}");
    assert_eq!(asked.connections(), [0, 0]);
}
