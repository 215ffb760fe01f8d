//! One request across many attempts: what is retried, how often and after which wait (RFC 9110 §9.2.2).
//!
//! Each scenario says what the peer saw, too. Where time is real, waits are short, and only "at least" can be said.

use std::time::Duration;

use sessile_core::{
    Config, Error, ErrorKind, Next, OnExhausted, Progress, Request, RequestBuilder, Retry, Stage,
    StatusCode, StopReason, Timeouts,
};

use super::peers::{Asked, send, silence, status, text};
use super::{answered, eventually, failed, get, milliseconds, nothing_left};
use crate::origin::{Act, response};
use crate::world::{Reply, Tried, World};

/// So many retries, of these status codes too.
pub(super) fn policy(total: u32, statuses: &[u16]) -> Retry {
    Retry {
        statuses: statuses.to_vec(),
        ..Retry::new(total)
    }
}

/// A session that retries.
pub(super) fn retrying(retry: Retry) -> Config {
    Config {
        retry: Some(retry),
        ..Config::default()
    }
}

pub(super) fn built(request: RequestBuilder) -> Request {
    request.build().expect("a request")
}

/// The waits between attempts, as they were told. Each was kept: to the moment where time is virtual, and at least that
/// where it is not.
pub(super) fn waits(world: &dyn World, attempts: &[Tried]) -> Vec<Duration> {
    let kept = |pair: &[Tried]| {
        let Next::Retry { wait } = pair[0].next else {
            panic!("a retry, not {attempts:?}");
        };
        let due = pair[0].ended.after(wait);
        match world.is_virtual() {
            true => assert_eq!(pair[1].began, due, "{attempts:?}"),
            false => assert!(pair[1].began >= due, "{attempts:?}"),
        }
        wait
    };
    attempts.windows(2).map(kept).collect()
}

/// What came of each attempt, and why the last was the last.
pub(super) fn course(attempts: &[Tried]) -> (Vec<&str>, StopReason) {
    let outcomes = attempts.iter().map(|attempt| attempt.outcome.as_str());
    let Some(Next::Stop(reason)) = attempts.last().map(|attempt| attempt.next) else {
        panic!("the last attempt has an end: {attempts:?}");
    };
    (outcomes.collect(), reason)
}

/// The same of an error.
pub(super) fn course_of(error: &Error) -> (Vec<String>, StopReason) {
    let attempts = Tried::all(error.attempts());
    let (outcomes, reason) = course(&attempts);
    assert_eq!(error.stop_reason(), Some(reason), "{error}");
    (outcomes.into_iter().map(str::to_owned).collect(), reason)
}

/// A site that answers its first requests with these status codes, and all others with their path.
fn in_turn(asked: &Asked, codes: &'static [u16]) -> std::sync::Arc<dyn crate::origin::Site> {
    asked.site(|number, request| match codes.get(number) {
        Some(code) => vec![status(*code, "later")],
        None => vec![text(request.path())],
    })
}

/// Given a peer in trouble, when the policy has retries left, then the waits are none, and then double.
pub fn the_waits_double(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(in_turn(&asked, &[503, 500, 502, 504, 503]));
    let factor = if world.is_virtual() { 100 } else { 5 };
    // Retry(total=5, backoff_factor=0.1, status_forcelist=[500, 502, 503, 504])
    world.configure(retrying(Retry {
        backoff_factor: milliseconds(factor),
        ..policy(5, &[500, 502, 503, 504])
    }));
    let reply = answered(world, get(&served.url("/patience")));
    assert_eq!((reply.status, reply.text()), (200, "/patience"));
    let doubled = [0, 2, 4, 8, 16].map(|times| milliseconds(times * factor));
    assert_eq!(waits(world, &reply.attempts), doubled);
    let outcomes = vec!["503", "500", "502", "504", "503", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    nothing_left(world);
    assert_eq!((asked.connections(), served.opened()), (vec![0; 6], 1));
}

/// Given a peer that stays in trouble, when the policy's retries are used up, then there is an error, or the last
/// response, as the policy says.
pub fn exhausted_retries_are_an_error_or_the_last_response(world: &mut dyn World) {
    let asked = Asked::default();
    let served =
        world.serve(asked.site(|number, _| vec![status(503, &format!("busy, {number} times"))]));
    for (on_exhausted, before) in [(OnExhausted::Error, 0), (OnExhausted::Response, 3)] {
        world.configure(retrying(Retry {
            on_exhausted,
            ..policy(2, &[503])
        }));
        let (outcomes, end) = match world.send(get(&served.url("/"))) {
            Ok(reply) => {
                assert_eq!((reply.status, reply.text()), (503, "busy, 5 times"));
                assert_eq!(on_exhausted, OnExhausted::Response);
                let (outcomes, end) = course(&reply.attempts);
                (outcomes.join(" "), end)
            }
            Err(error) => {
                let busy = ErrorKind::Status(StatusCode::SERVICE_UNAVAILABLE);
                assert_eq!((error.kind(), error.code()), (&busy, "status"));
                assert_eq!(on_exhausted, OnExhausted::Error);
                assert_eq!(error.progress(), Progress::HeadSeen);
                assert!(error.is_status() && error.to_string().contains("3 attempts"));
                let (outcomes, end) = course_of(&error);
                (outcomes.join(" "), end)
            }
        };
        assert_eq!((&*outcomes, end), ("503 503 503", StopReason::Exhausted));
        nothing_left(world);
        assert_eq!(asked.count(), before + 3);
    }
    assert_eq!(served.opened(), 2);
}

/// Given a request that may do harm twice, then it is retried only if it says that it may be, or if the policy takes
/// every method (RFC 9110 §9.2.2).
pub fn a_post_is_retried_only_by_leave(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number % 2 {
        0 => vec![status(503, "later")],
        _ => vec![send(response(200, &[], &request.content))],
    }));
    let post = || RequestBuilder::new("POST", served.url("/")).body("words");
    let every = Retry {
        methods: None,
        ..policy(5, &[503])
    };
    world.configure(retrying(policy(5, &[503])));
    for request in [post().repeatable(), post().retry(every)] {
        let reply = answered(world, built(request));
        assert_eq!((reply.status, reply.text()), (200, "words"));
        let outcomes = vec!["503", "200"];
        assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    }
    let reply = answered(world, built(post()));
    assert_eq!((reply.status, reply.text()), (503, "later"));
    assert_eq!(course(&reply.attempts), (vec!["503"], StopReason::Method));
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 5]);
    assert!(
        asked
            .all()
            .iter()
            .all(|request| request.content == b"words")
    );
}

/// Given an address where nobody listens, then dialling is retried, whatever the method: nothing was sent.
pub fn a_refused_dial_is_retried(world: &mut dyn World) {
    let refused = world.refused();
    let fewer = Retry {
        connect: Some(1),
        ..Retry::new(9)
    };
    for (retry, dials) in [(Retry::new(2), 3), (fewer, 2), (Retry::new(0), 1)] {
        for method in ["GET", "POST"] {
            world.configure(retrying(Retry {
                backoff_factor: milliseconds(10),
                ..retry.clone()
            }));
            let request = RequestBuilder::new(method, &refused).body("words");
            let error = failed(world, built(request));
            assert!(error.is_connect(), "{error}");
            let (outcomes, reason) = course_of(&error);
            assert_eq!(outcomes, vec!["connect"; dials], "{method}");
            assert_eq!(reason, StopReason::Exhausted);
            let attempts = Tried::all(error.attempts());
            assert!(attempts.iter().all(|attempt| attempt.connection.is_none()));
            let told = [milliseconds(0), milliseconds(20)];
            assert_eq!(waits(world, &attempts), told[..dials - 1]);
            nothing_left(world);
            let pool = world.pool();
            assert_eq!(pool.counters.failed, dials as u64);
            assert!(pool.origins.is_empty(), "{pool:?}");
        }
    }
}

/// Given a peer that ends a connection instead of answering, then the request is retried on a fresh one, if it may be.
pub fn an_end_without_an_answer_is_retried(world: &mut dyn World) {
    for (last, code) in [(Act::Finish, "closed"), (Act::Reset, "transport")] {
        let asked = Asked::default();
        let served = world.serve(asked.site(move |number, request| match number {
            0 | 1 | 3 => vec![last.clone()],
            _ => vec![text(request.path())],
        }));
        world.configure(retrying(Retry::new(2)));
        let reply = answered(world, get(&served.url("/again")));
        assert_eq!(reply.text(), "/again");
        let outcomes = vec![code, code, "200"];
        assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
        let numbers = reply.attempts.iter().map(|attempt| attempt.connection);
        assert_eq!(numbers.collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
        world.configure(retrying(Retry::new(2)));
        let error = failed(world, super::post(&served.url("/once"), "words"));
        let reason = StopReason::Method;
        assert_eq!(course_of(&error), (vec![code.to_owned()], reason));
        nothing_left(world);
        assert_eq!(asked.connections(), [0, 1, 2, 3]);
        eventually(world, "all are closed", |_| served.closed() == 4);
    }
}

/// Given a peer that does not answer in time, then the request is retried on a fresh connection, and the silent one is
/// closed.
pub fn silence_before_the_head_is_retried(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        0 => vec![silence(), text("too late")],
        _ => vec![text(request.path())],
    }));
    let mut config = retrying(Retry::new(1));
    config.timeouts.head = Some(milliseconds(100));
    world.configure(config);
    let reply = answered(world, get(&served.url("/again")));
    assert_eq!(reply.text(), "/again");
    let outcomes = vec!["timeout", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    assert_eq!(waits(world, &reply.attempts), [Duration::ZERO]);
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 1]);
    eventually(world, "the silent one is closed", |_| served.closed() == 1);
}

/// Given content that breaks off, then nothing is retried: the application has seen the head.
pub fn nothing_is_retried_behind_a_head(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| {
        let mut octets = response(200, &[], b"hello");
        octets.truncate(octets.len() - 2);
        match request.path() {
            "/silent" => vec![send(octets), silence()],
            "/reset" => vec![send(octets), Act::Reset],
            _ => vec![send(octets), Act::Finish],
        }
    }));
    let mut config = retrying(policy(5, &[503]));
    config.timeouts.read = Some(milliseconds(100));
    world.configure(config);
    for (count, (path, code)) in (1..).zip([
        ("/cut", "truncated"),
        ("/reset", "transport"),
        ("/silent", "timeout"),
    ]) {
        let error = failed(world, get(&served.url(path)));
        assert_eq!(error.code(), code, "{path}");
        assert_eq!(
            (error.stage(), error.progress()),
            (Stage::Content, Progress::HeadSeen)
        );
        let reason = StopReason::NotRetryable;
        assert_eq!(course_of(&error), (vec![code.to_owned()], reason));
        nothing_left(world);
        assert_eq!((asked.count(), served.opened()), (count, count));
    }
}

/// Given a request with a policy of its own, then the session's plays no part: be its own more, less or none.
pub fn a_request_has_a_policy_of_its_own(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| match number % 3 {
        0 | 1 => vec![status(503, "later")],
        _ => vec![text("now")],
    }));
    let request = || RequestBuilder::new("GET", served.url("/"));
    let seen = |reply: Reply| (reply.status, reply.attempts.len());
    world.configure(Config::default());
    let reply = answered(world, built(request().retry(policy(2, &[503]))));
    assert_eq!(seen(reply), (200, 3));
    world.configure(retrying(policy(2, &[503])));
    let reply = answered(world, built(request().retry(None)));
    assert_eq!(course(&reply.attempts), (vec!["503"], StopReason::NoPolicy));
    let fewer = Retry {
        on_exhausted: OnExhausted::Response,
        ..policy(0, &[503])
    };
    let reply = answered(world, built(request().retry(fewer)));
    assert_eq!(
        course(&reply.attempts),
        (vec!["503"], StopReason::Exhausted)
    );
    assert_eq!(seen(answered(world, built(request()))), (200, 1));
    nothing_left(world);
    assert_eq!((asked.count(), served.opened()), (6, 2));
}

/// Given counters, then each kind of failure spends its own besides the total, and the first that is used up ends it.
/// (No connection is kept here: one that dies would be replaced without charge.)
pub fn each_kind_of_failure_has_its_counter(world: &mut dyn World) {
    let all = policy(9, &[503]);
    let (one, none) = (Some(1), Some(0));
    let read = |read| Retry {
        read,
        ..all.clone()
    };
    let status = |status| Retry {
        status,
        ..all.clone()
    };
    let total = |total| Retry {
        total,
        ..all.clone()
    };
    let both = Retry {
        status: one,
        ..read(one)
    };
    let unbounded = Retry {
        total: None,
        ..status(none)
    };
    for (path, retry, wanted) in [
        ("/end", read(one), "closed closed"),
        ("/end", read(none), "closed"),
        ("/end", total(one), "closed closed"),
        ("/busy", status(one), "503 503"),
        ("/busy", unbounded, "503"),
        ("/mixed", both, "closed 503 closed"),
        ("/mixed", total(Some(2)), "closed 503 closed"),
        ("/mixed", status(none), "closed 503"),
    ] {
        let asked = Asked::default();
        let served = world.serve(asked.site(|number, request| match request.path() {
            "/mixed" if number % 2 == 0 => vec![Act::Finish],
            "/end" => vec![Act::Finish],
            _ => vec![send(response(503, &[("Connection", "close")], b"later"))],
        }));
        world.configure(retrying(retry));
        let error = failed(world, get(&served.url(path)));
        let (outcomes, reason) = course_of(&error);
        let seen = (&*outcomes.join(" "), reason);
        assert_eq!(seen, (wanted, StopReason::Exhausted), "{path}");
        nothing_left(world);
        let all: Vec<_> = (0..outcomes.len()).collect();
        assert_eq!(asked.connections(), all, "{path}");
    }
}

/// Given a limit on the exchange, when it passes before a head, then the request is retried, and has as long again.
pub fn an_exchange_that_lasts_too_long_is_retried(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| match number {
        0 => vec![silence(), text("too late")],
        _ => vec![Act::Pause(milliseconds(60)), text("now")],
    }));
    let mut config = retrying(Retry {
        read: Some(0),
        other: Some(1),
        ..Retry::new(2)
    });
    config.timeouts = Timeouts {
        exchange: Some(milliseconds(150)),
        ..config.timeouts
    };
    world.configure(config);
    let reply = answered(world, get(&served.url("/")));
    assert_eq!(reply.text(), "now");
    let outcomes = vec!["timeout", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 1]);
    eventually(world, "the silent one is closed", |_| served.closed() == 1);
}
