//! An engine under an application, and a driver, that call what they like, when they like.
//!
//! No order of calls panics, hangs, or costs another request its answer. What calls of every kind come to together is
//! in `any_order.rs`; here each rule stands alone.

mod any_order;
mod at_the_wrong_time;
mod by_hand;
mod codec;
mod narrow;
mod pushed;
mod retries;
mod told;
mod unserved;

use std::io;
use std::mem;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use sessile_core::{
    Config, Engine, Event, Limits, Now, PoolLimits, Readiness, Received, RequestBuilder, Stage,
    Step, Tick, Timeouts,
};

use self::by_hand::{
    NO_CONTENT, READABLE, arrive, assert_answered, at, at_tick, connect, engine, events, get,
    idle_connection, send, sent,
};

/// Given an idle connection of which the end was just read, when a request is submitted before the loop polls, then the
/// request has a new connection.
#[test]
fn a_request_does_not_hang_on_a_connection_that_has_ended() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let idle = idle_connection(&mut engine, now);
    engine.handle_readiness(
        idle,
        Readiness {
            closed: true,
            ..READABLE
        },
    );
    assert_eq!(engine.poll_ready(), Some(idle));
    let mut live = engine.drive(idle).expect("it is ready");
    live.read(now, |(), _| Ok(0));
    drop(live);
    let (id, connection) = sent(&mut engine, now, get("/next"));
    arrive(&mut engine, now, connection, NO_CONTENT);
    assert_answered(&events(&mut engine, now), id);
}

/// Given a clock at its end, where later is now, when time limits pass, then looking at them comes to an end.
#[test]
fn looking_at_time_limits_ends_at_the_end_of_time() {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut config = Config::default();
        config.timeouts.connect = None;
        let mut engine = engine(config);
        let now = at_tick(Tick::from_nanos(u64::MAX));
        engine.submit(now, get("/"));
        engine.handle_deadline(now);
        tell.send(()).expect("the test waits");
    });
    let ended = told.recv_timeout(Duration::from_secs(10));
    assert!(ended.is_ok(), "it goes on for ever");
}

/// Given an interim response that was told, when the next event was asked for, then no head is shown until the final
/// one has come (RFC 9110 §15.2).
#[test]
fn an_interim_head_is_gone_when_the_next_event_is_asked_for() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let (id, connection) = sent(&mut engine, now, get("/"));
    let octets = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 2";
    arrive(&mut engine, now, connection, octets);
    assert!(matches!(engine.poll_event(now), Some(Event::Interim(_))));
    let status = engine.head(id).map(|head| head.status().as_u16());
    assert_eq!(status, Some(103));
    assert!(engine.attempts(id).is_none(), "it ends no attempt");
    assert!(engine.poll_event(now).is_none());
    assert!(engine.head(id).is_none(), "{:?}", engine.head(id));
}

/// Given a connection that has served another request, when the next one has no response yet, then no head is shown:
/// not that of the other.
#[test]
fn a_request_is_not_shown_the_head_of_the_one_before() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    idle_connection(&mut engine, now);
    let id = engine.submit(now, get("/"));
    assert!(engine.poll_event(now).is_none());
    assert!(engine.head(id).is_none(), "{:?}", engine.head(id));
}

/// Given content and a trailer section that came together, when the application asks for content until there is none,
/// then the trailers are told all the same (RFC 9112 §7.1.2).
#[test]
fn asking_for_content_again_does_not_cost_the_trailers() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let (id, connection) = sent(&mut engine, now, get("/"));
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let octets = format!("{head}1\r\na\r\n1\r\nb\r\n0\r\nX: 1\r\n\r\n");
    arrive(&mut engine, now, connection, octets.as_bytes());
    let (mut content, mut trailers) = (Vec::new(), 0);
    while let Some(event) = engine.poll_event(now) {
        trailers += usize::from(matches!(event, Event::Trailers(_)));
        while matches!(event, Event::Content(_)) && !engine.content(id).is_empty() {
            content.push(engine.content(id)[0]);
            engine.consume(now, id, 1);
        }
    }
    assert_eq!((&*content, trailers), (&b"ab"[..], 1));
}

/// Given a chunk size that is none, when the application asks for content until there is none, then the response fails
/// all the same: framing that was refused is not read on from its middle (RFC 9112 §7.1).
#[test]
fn asking_for_content_again_does_not_mend_a_bad_chunk() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let (id, connection) = sent(&mut engine, now, get("/"));
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let octets = format!("{head}1\r\na\r\n3GX\r\n0\r\n\r\n");
    arrive(&mut engine, now, connection, octets.as_bytes());
    let (mut content, mut last) = (Vec::new(), None);
    while let Some(event) = engine.poll_event(now) {
        while matches!(event, Event::Content(_)) && !engine.content(id).is_empty() {
            content.push(engine.content(id)[0]);
            engine.consume(now, id, 1);
        }
        last = Some(event);
    }
    let failed = matches!(last, Some(Event::Failed(_, _)));
    assert!(failed && content == b"a", "{last:?} after {content:?}");
}

/// Given an interim response and the final one that came together, when the application asks for content between them,
/// then the final head is told all the same.
#[test]
fn asking_for_content_too_early_does_not_cost_the_head() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let (id, connection) = sent(&mut engine, now, get("/"));
    let octets = [b"HTTP/1.1 103 Early Hints\r\n\r\n", NO_CONTENT].concat();
    arrive(&mut engine, now, connection, &octets);
    assert!(matches!(engine.poll_event(now), Some(Event::Interim(_))));
    assert_eq!(engine.content(id), b"");
    assert_answered(&events(&mut engine, now), id);
}

/// Given a request whose deadline passes while its driver holds the connection, when the response is read to its end
/// all the same, then the connection's next request is not over before it has begun.
#[test]
fn a_deadline_that_came_too_late_does_not_end_the_next_request() {
    let (mut engine, now, later) = (engine(Config::default()), at(0), at(200));
    let request = get("/").with_deadline(Duration::from_millis(100));
    let id = engine.submit(now, request);
    connect(&mut engine, now);
    let Step::Use(mut live) = engine.step(now, id) else {
        panic!("it has its connection");
    };
    live.write(now, |(), outgoing| Ok(outgoing.len()));
    let octets = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    live.connection.feed(now, octets);
    assert!(matches!(live.connection.poll(), Ok(Received::Head(_))));
    engine.handle_deadline(later);
    assert!(live.connection.pulse().abort_requested());
    assert!(matches!(
        live.connection.poll(),
        Ok(Received::Content(b"hi"))
    ));
    live.connection.consume(later, 2);
    assert!(matches!(live.connection.poll(), Ok(Received::End)));
    let scratch = engine.finish_taken(later, id, live);
    engine.give_back(scratch);

    let next = engine.submit(later, get("/next"));
    let Step::Use(live) = engine.step(later, next) else {
        panic!("a connection is idle: {:?}", engine.pool(Now::default()));
    };
    assert_eq!(live.info().served, 1);
    assert!(!live.connection.pulse().abort_requested());
}

/// Given a limit for the head that is shorter than the one for sending, when the request took its time to go out, then
/// the head's limit holds from the end of the request on.
#[test]
fn a_short_limit_for_the_head_follows_a_long_one_for_sending() {
    let mut config = Config::default();
    config.timeouts.send = Some(Duration::from_secs(60));
    config.timeouts.head = Some(Duration::from_secs(1));
    config.timeouts.read = None;
    let mut engine = engine(config);
    let request = RequestBuilder::new("POST", "http://192.0.2.1/").body(vec![0; 100_000]);
    engine.submit(at(0), request.build().expect("a request"));
    let connection = connect(&mut engine, at(0)).expect("a dial");
    assert!(engine.poll_event(at(0)).is_none());
    let mut room = 50_000;
    let mut live = engine.drive(connection).expect("an open connection");
    live.write(at(0), |(), _| match mem::take(&mut room) {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        octets => Ok(octets),
    });
    drop(live);
    assert!(engine.poll_event(at(0)).is_none());
    // The timer comes up while the request still goes out; all of it is out at two seconds.
    let first = engine.deadline().expect("limits apply");
    engine.handle_deadline(at_tick(first));
    let mut live = engine.drive(connection).expect("an open connection");
    live.write(at(2000), |(), outgoing| Ok(outgoing.len()));
    drop(live);
    assert!(engine.poll_event(at(2000)).is_none());
    engine.handle_deadline(at(4000));
    match engine.poll_event(at(4000)) {
        Some(Event::Failed(_, error)) => assert!(error.is_timeout(), "{error}"),
        other => panic!("{other:?}, the next look is at {:?}", engine.deadline()),
    }
}

/// Given two requests that fail together, when the application gives the second up on being told of the first, then it
/// is told nothing more of the second.
#[test]
fn nothing_is_told_of_a_request_that_was_given_up() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let first = engine.submit(now, get("/first"));
    let second = engine.submit(now, get("/second"));
    engine.close(now);
    match engine.poll_event(now) {
        Some(Event::Failed(failed, _)) => assert_eq!(failed, first),
        other => panic!("{other:?}"),
    }
    engine.cancel(now, second);
    assert!(events(&mut engine, now).is_empty());
}

/// Serves one request with an hour to its deadline, on a connection that is kept.
fn serve_with_a_long_deadline(engine: &mut Engine<()>, now: Now) {
    let request = get("/").with_deadline(Duration::from_secs(3600));
    engine.submit(now, Arc::new(request));
    let connection = connect(engine, now).or_else(|| engine.connection_at(0));
    let connection = connection.expect("there is one");
    assert!(engine.poll_event(now).is_none());
    send(engine, now, connection);
    arrive(engine, now, connection, NO_CONTENT);
    assert_eq!(events(engine, now).len(), 2);
}

/// Given requests that were answered long before their deadlines, then these are forgotten: they neither fill the
/// memory nor wake the loop.
#[test]
fn finished_requests_leave_no_deadlines_behind() {
    let mut engine = engine(Config::default());
    for microsecond in 0..2000 {
        let now = at_tick(Tick::from_nanos(1000 * microsecond));
        engine.handle_deadline(now);
        serve_with_a_long_deadline(&mut engine, now);
    }
    let mut wakings = 0;
    while let Some(due) = engine.deadline() {
        engine.handle_deadline(at_tick(due));
        assert!(events(&mut engine, at_tick(due)).is_empty());
        wakings += 1;
    }
    assert!(wakings < 200, "{wakings} wakings for nothing");
}

/// Given a pool in which nobody waits for a time, when connections come and go, then the limits of those that are gone
/// are forgotten.
#[test]
fn lost_connections_leave_no_deadlines_behind() {
    let mut config = Config::default();
    config.timeouts.pool_wait = None;
    let (mut engine, mut now) = (engine(config), at(0));
    for _ in 0..1000 {
        now = now.after(Duration::from_micros(100));
        let (id, _) = sent(&mut engine, now, get("/"));
        engine.cancel(now, id);
        while engine.poll_command().is_some() {}
    }
    let mut left = 0;
    while let Some(due) = engine.deadline() {
        engine.handle_deadline(at_tick(due));
        left += 1;
    }
    assert!(left <= 100, "{left} deadlines of connections that are gone");
}

/// Given connections that are given back under each other's requests, then both requests are over, and no connection
/// is left in use.
#[test]
fn connections_given_back_crosswise_leave_nothing() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let ids = ["/a", "/b"].map(|path| engine.submit(now, get(path)));
    connect(&mut engine, now);
    let [first, second] = ids.map(|id| match engine.step(now, id) {
        Step::Use(live) => live,
        other => panic!("{other:?}"),
    });
    engine.cancel_taken(now, ids[1], first);
    engine.cancel_taken(now, ids[0], second);
    assert_empty(&engine);
}

fn assert_empty(engine: &Engine<()>) {
    let pool = engine.pool(Now::default());
    assert!(pool.requests == 0 && pool.origins.is_empty(), "{pool:?}");
}

/// Given a pool that may open no connection, then a request fails at once and is told which limit it was: nobody waits for
/// what cannot come.
#[test]
fn a_pool_without_room_refuses() {
    for (live_per_origin, live_total, told) in [
        (Some(0), None, "live_per_origin"),
        (None, Some(0), "live_total"),
        (Some(0), Some(0), "live_per_origin"),
    ] {
        let mut config = Config::default();
        config.pool.live_per_origin = live_per_origin;
        config.pool.live_total = live_total;
        config.timeouts.pool_wait = None;
        let mut engine = engine(config);
        engine.submit(at(0), get("/"));
        match &events(&mut engine, at(0))[..] {
            [Event::Failed(_, error)] => {
                assert_eq!(
                    (error.code(), error.stage()),
                    ("pool-full", Stage::PoolWait)
                );
                let hint = error.hint().expect("advice");
                assert!(
                    hint.contains(&format!("`PoolLimits::{told}` of 0")),
                    "{hint}"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(connect(&mut engine, at(0)), None);
        assert_empty(&engine);
        assert_eq!(engine.deadline(), None);
    }
}

/// Given a pool that may keep no idle connection, then requests are answered, each on a connection of its own.
#[test]
fn a_pool_that_keeps_nothing_answers_all_the_same() {
    for (idle_per_origin, idle_total) in [(0, 10), (10, 0), (0, 0)] {
        let mut config = Config::default();
        config.pool = PoolLimits {
            live_per_origin: Some(1),
            live_total: Some(1),
            idle_per_origin,
            idle_total,
            ..config.pool
        };
        let mut engine = engine(config);
        for _ in 0..3 {
            idle_connection(&mut engine, at(0));
            while engine.poll_command().is_some() {}
            assert_empty(&engine);
        }
        assert_eq!(engine.pool(Now::default()).counters.opened, 3);
    }
}

/// Feeds a response octet by octet, asking for all there is after each; whether the request was over before the last.
fn ends_octet_by_octet(engine: &mut Engine<()>, response: &[u8]) -> bool {
    let now = at(0);
    let (_, connection) = sent(engine, now, get("/"));
    let mut over = false;
    for octet in response {
        if engine.drive(connection).is_none() {
            break;
        }
        arrive(engine, now, connection, &[*octet]);
        while let Some(event) = engine.poll_event(now) {
            over |= matches!(event, Event::End(_) | Event::Failed(..));
            if let Event::Content(id) = event {
                engine.consume(now, id, usize::MAX);
                assert!(engine.head(id).is_some());
            }
        }
        while engine.poll_command().is_some() {}
    }
    over
}

/// Given limits down to nothing, when a response comes octet by octet, then it is read or refused, never more.
#[test]
fn limits_of_any_size_are_kept_without_a_panic() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let response = format!("{head}1\r\na\r\n0\r\na: 1\r\nb: 2\r\n\r\n");
    for most in 0..=64 {
        let mut config = Config::default();
        config.limits = Limits {
            max_head_bytes: most,
            max_trailer_bytes: most,
            max_fields: most / 10,
            max_chunk_line: most / 4,
            max_interim: 0,
            ..config.limits
        };
        config.timeouts = Timeouts {
            read: None,
            ..config.timeouts
        };
        // One connection, as far as the response leaves it usable, and the next request on a new one.
        config.pool.idle_per_origin = 0;
        let mut engine = engine(config);
        for _ in 0..3 {
            let over = ends_octet_by_octet(&mut engine, response.as_bytes());
            assert!(
                over,
                "with a limit of {most}: {:?}",
                engine.pool(Now::default())
            );
        }
    }
}
