//! What carries over from one attempt of a request to the next, and what does not: its connection, its content, what was
//! said before, the application's own verdict, and the end of it all at any moment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sessile_core::{
    Config, Content, Next, Replay, RequestBuilder, Retry, RetryBudget, RetryChoice, RetryHook,
    StopReason,
};

use super::peers::{Asked, send, silence, status, text, twice};
use super::retries::{built, course, course_of, policy, retrying, waits};
use super::{
    TOO_LONG, answered, eventually, failed, get, milliseconds, nothing_left, one_connection,
};
use crate::origin::{Act, chunked, head, response};
use crate::source::Source;
use crate::world::World;

/// Given a hook that says no, then nothing is retried: the response is handed over, or the error.
pub fn a_hook_may_veto(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/end" => vec![Act::Finish],
        _ => vec![status(503, "later")],
    }));
    world.configure(Config {
        retry_hook: Some(RetryHook::new(|case| match case.attempts.len() {
            0 => RetryChoice::Proceed,
            _ => RetryChoice::Stop,
        })),
        ..retrying(policy(9, &[503]))
    });
    let reply = answered(world, get(&served.url("/busy")));
    let vetoed = StopReason::Vetoed;
    assert_eq!((reply.status, reply.text()), (503, "later"));
    assert_eq!(course(&reply.attempts), (vec!["503", "503"], vetoed));
    let closing = RequestBuilder::new("GET", served.url("/bye"));
    answered(
        world,
        built(closing.header("Connection", "close").retry(None)),
    );
    let error = failed(world, get(&served.url("/end")));
    let (outcomes, reason) = course_of(&error);
    assert_eq!((&*outcomes.join(" "), reason), ("closed closed", vetoed));
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("`RetryHook`"), "{hint}");
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 0, 0, 1, 2]);
}

/// Given a hook that knows better, then the request rests for as long as it says; it is told what there is to know.
pub fn a_hook_may_change_the_wait(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        0 => vec![Act::Finish],
        1 => vec![send(response(503, &[("X-Load", "9")], b"later"))],
        _ => vec![text(request.path())],
    }));
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let hook = RetryHook::new(move |case| {
        let load = case.head.and_then(|head| head.fields().get("X-Load"));
        let load = load.map(|load| String::from_utf8_lossy(load).into_owned());
        let path = case.request.url().path().to_owned();
        let seen = (path, case.attempts.len(), load, case.wait);
        telling
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(seen);
        RetryChoice::After(milliseconds(30))
    });
    world.configure(Config {
        retry_hook: Some(hook),
        ..retrying(Retry {
            backoff_factor: TOO_LONG,
            ..policy(9, &[503])
        })
    });
    let reply = answered(world, get(&served.url("/known")));
    assert_eq!(reply.text(), "/known");
    assert_eq!(waits(world, &reply.attempts), [milliseconds(30); 2]);
    let known = |behind, load, wait| ("/known".to_owned(), behind, load, wait);
    let wanted = [
        known(0, None, Duration::ZERO),
        known(1, Some("9".to_owned()), 2 * TOO_LONG),
    ];
    assert_eq!(*told.lock().unwrap_or_else(PoisonError::into_inner), wanted);
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 1, 1]);
}

/// Given a budget for retries, when it is used up, then responses are handed over as they are, until requests have
/// earned another.
pub fn a_budget_bounds_all_retries_together(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, _| vec![status(503, "later")]));
    world.configure(Config {
        retry_budget: Some(RetryBudget {
            percent: 50,
            reserve: 2,
        }),
        ..retrying(policy(9, &[503]))
    });
    // The reserve is full when the first comes; each earns half a retry.
    for attempts in [3, 1, 2, 1, 2] {
        let before = asked.count();
        let reply = answered(world, get(&served.url("/")));
        assert_eq!((reply.status, reply.text()), (503, "later"));
        let outcomes = vec!["503"; attempts];
        assert_eq!(course(&reply.attempts), (outcomes, StopReason::Budget));
        assert_eq!(asked.count() - before, attempts);
    }
    nothing_left(world);
    assert_eq!(served.opened(), 1);
}

/// Given a kept connection that dies under a request, then the request is sent once more, and its policy is not charged.
pub fn a_replay_is_not_charged(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        1 => vec![Act::Finish],
        2 | 3 => vec![status(503, "later")],
        _ => vec![text(request.path())],
    }));
    world.configure(retrying(policy(2, &[503])));
    answered(world, get(&served.url("/first")));
    let reply = answered(world, get(&served.url("/second")));
    let outcomes = vec!["closed", "503", "503", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    let replay = Next::Replay(Replay::Idempotent);
    let retry = Next::Retry {
        wait: Duration::ZERO,
    };
    let next: Vec<_> = reply.attempts.iter().map(|attempt| attempt.next).collect();
    assert_eq!(next[..3], [replay, retry, retry]);
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 0, 1, 1, 1]);
}

/// Given attempts of every kind, then the list tells each: its moment, its connection, what came of it, what followed.
pub fn the_attempts_tell_the_story(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        0 => vec![Act::Reset],
        1 => vec![Act::Pause(milliseconds(20)), status(503, "later")],
        2 => vec![silence()],
        3 => vec![send("HTTP/1.1 2OO OK\r\n\r\n")],
        _ => vec![text(request.path())],
    }));
    let mut config = retrying(policy(5, &[503]));
    config.timeouts.read = Some(milliseconds(100));
    world.configure(config);
    let reply = answered(world, get(&served.url("/told")));
    let outcomes = vec!["transport", "503", "timeout", "bad-status", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    let numbers: Vec<_> = reply.attempts.iter().map(|it| it.connection).collect();
    assert_eq!(numbers, [1, 2, 2, 3, 4].map(Some));
    assert_eq!(reply.connection.number, 4);
    for (attempt, least) in reply.attempts.iter().zip([0, 20, 100, 0, 0]) {
        let took = attempt.ended.since(attempt.began);
        assert!(took >= milliseconds(least), "{attempt:?}");
    }
    assert_eq!(waits(world, &reply.attempts).len(), 4);
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 1, 1, 2, 3]);
    eventually(world, "three are closed", |_| served.closed() == 3);
}

/// What a peer says first, for each path; then it answers.
fn busy_at_length(path: &str) -> Vec<Act> {
    let long = head(503, &[("Content-Length", "100000")]);
    let trailers = [("X-Last", "1")];
    match path {
        "/length" => vec![send(response(503, &[], &[b'x'; 20_000]))],
        "/chunked" => vec![send(chunked(503, &[], &[&[b'x'; 20_000]], &trailers))],
        "/empty" => vec![send(response(503, &[], b""))],
        "/long" => vec![send(long), send(vec![b'x'; 100_000])],
        "/late" => vec![send(head(503, &[("Content-Length", "9")])), silence()],
        _ => vec![send(head(503, &[])), silence()],
    }
}

/// Given a response that is retried, then its rest is thrown away: if it is little and comes soon, the same connection
/// serves the next attempt; if it is long, late or without end, another does. So it is where there may be only one.
pub fn the_rest_of_a_retried_response_is_thrown_away(world: &mut dyn World) {
    for (path, connection) in [
        ("/length", 0),
        ("/chunked", 0),
        ("/empty", 0),
        ("/long", 1),
        ("/late", 1),
        ("/until-close", 1),
    ] {
        for wait in [0, 20] {
            let asked = Asked::default();
            let served = world.serve(asked.site(|number, request| match number {
                0 => busy_at_length(request.path()),
                _ => vec![text(request.path())],
            }));
            let hook = RetryHook::new(move |_| RetryChoice::After(milliseconds(wait)));
            world.configure(Config {
                retry: Some(policy(1, &[503])),
                retry_hook: Some(hook),
                ..one_connection()
            });
            let reply = answered(world, get(&served.url(path)));
            assert_eq!((reply.text(), reply.attempts.len()), (path, 2));
            nothing_left(world);
            assert_eq!(asked.connections(), [0, connection], "{path}, {wait} ms");
            eventually(world, "it is closed", |_| served.closed() == connection);
        }
    }
}

/// Given content in memory, when the peer has read all of it, or none, before it says to come back, then it is sent again
/// from its first octet to its last.
pub fn content_in_memory_is_sent_again_whole(world: &mut dyn World) {
    let content: Vec<u8> = (0..=250).cycle().take(300_000).collect();
    let put = |url: &str| RequestBuilder::new("PUT", url).body(content.clone());
    let leaving = response(503, &[("Connection", "close")], b"later");
    for early in [false, true] {
        let leaving = leaving.clone();
        let asked = Asked::default();
        let (noted, heads) = (asked.clone(), Arc::new(Mutex::new(0)));
        let served = world.serve(twice(
            move |_| {
                let mut heads = heads.lock().unwrap_or_else(PoisonError::into_inner);
                *heads += 1;
                match early && *heads == 1 {
                    true => vec![send(leaving.clone()), Act::Finish],
                    false => Vec::new(),
                }
            },
            move |request| match noted.note(request) {
                0 if !early => vec![status(503, "later")],
                _ => vec![send(response(200, &[], &request.content))],
            },
        ));
        world.configure(retrying(policy(1, &[503])));
        let reply = answered(world, built(put(&served.url("/"))));
        assert!(reply.content == content, "{} octets", reply.content.len());
        let outcomes = vec!["503", "200"];
        assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
        nothing_left(world);
        let all = asked.all();
        // An early answer may have been said when all of the request was there.
        assert!(all.len() == 2 || early, "{}", all.len());
        assert!(all.iter().all(|request| request.content == content));
        assert_eq!(served.opened(), if early { 2 } else { 1 });
    }
}

/// Given content from a source, when an attempt has touched it, then the request is not sent again: the response is
/// handed over, or the error.
pub fn touched_content_of_a_source_is_not_sent_again(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/end" => vec![Act::Finish],
        _ => vec![status(503, "later")],
    }));
    let put = |path: &str| {
        let content = Content::Stream { length: Some(5) };
        built(RequestBuilder::new("PUT", served.url(path)).content(content))
    };
    world.configure(retrying(policy(5, &[503])));
    let once = StopReason::NotReplayable;
    let source = Source::of(&[b"words"]);
    let reply = world.send_from(put("/busy"), source.clone());
    let reply = reply.expect("an answer");
    assert_eq!(
        (reply.status, course(&reply.attempts)),
        (503, (vec!["503"], once))
    );
    let error = world.send_from(put("/end"), source.clone());
    let error = error.expect_err("no answer");
    // The connection was kept, but not even for that.
    assert_eq!(course_of(&error), (vec!["closed".to_owned()], once));
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("can be read only once"), "{hint}");
    nothing_left(world);
    assert_eq!((source.given(), asked.connections()), (10, vec![0, 0]));
}

/// Given content from a source, when no attempt has come to a connection, then the request is retried, and the source is
/// untouched.
pub fn untouched_content_of_a_source_goes_along(world: &mut dyn World) {
    let refused = world.refused();
    world.configure(retrying(Retry::new(2)));
    let content = Content::Stream { length: None };
    let request = RequestBuilder::new("POST", &refused).content(content);
    let source = Source::of(&[b"words"]);
    let error = world.send_from(built(request), source.clone());
    let error = error.expect_err("nobody listens");
    let (outcomes, reason) = course_of(&error);
    assert_eq!(outcomes, ["connect"; 3]);
    assert_eq!((reason, source.given()), (StopReason::Exhausted, 0));
    nothing_left(world);
}

/// Given interim responses of an attempt that came to nothing, then they are not those of the final response.
pub fn interim_responses_are_those_of_the_last_attempt(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| match number {
        0 => vec![
            send(head(103, &[])),
            send(head(102, &[])),
            status(503, "later"),
        ],
        1 => vec![send(head(103, &[])), Act::Finish],
        _ => vec![send(head(102, &[])), text("now")],
    }));
    let mut config = retrying(policy(2, &[503]));
    config.pool.idle_per_origin = 0;
    world.configure(config);
    let reply = answered(world, get(&served.url("/")));
    assert_eq!((reply.text(), &reply.interim[..]), ("now", &[102][..]));
    assert_eq!(course(&reply.attempts).0, ["503", "closed", "200"]);
    nothing_left(world);
    assert_eq!(asked.connections(), [0, 1, 2]);
}

/// Given one connection, when a request rests between two attempts, then another uses the connection meanwhile.
pub fn a_request_that_rests_holds_no_connection(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        0 => vec![status(503, "later")],
        _ => vec![text(request.path())],
    }));
    world.configure(Config {
        retry: Some(policy(1, &[503])),
        retry_hook: Some(RetryHook::new(|_| RetryChoice::After(milliseconds(100)))),
        ..one_connection()
    });
    let paths = ["/patient", "/other"];
    let requests = paths.map(|path| get(&served.url(path)));
    for (reply, path) in world.send_all(requests.into()).into_iter().zip(paths) {
        assert_eq!(reply.expect("an answer").text(), path);
    }
    nothing_left(world);
    let all = asked.all();
    let heard: Vec<_> = all.iter().map(|request| request.path()).collect();
    assert_eq!(heard, ["/patient", "/other", "/patient"]);
    assert_eq!(asked.connections(), [0; 3]);
}
