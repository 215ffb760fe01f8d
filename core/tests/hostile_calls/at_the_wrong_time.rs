//! Things that happen between two looks: octets that go out when the time is up already, dials that fail where they are
//! begun, a session that closes between a verdict and what follows from it, hooks that panic, looks at a clock
//! that others look at, too.

use std::io;
use std::time::Duration;

use sessile_core::{
    CloseReason, Command, Config, Content, Engine, Event, ExpectContinue, MinimumSpeed, Next,
    Progress, RequestBuilder, Retry, RetryChoice, RetryHook, Stage, Step, StopReason, Verdict,
    WhenFull,
};

use crate::by_hand::{
    NO_CONTENT, arrive, at, connect, engine, events, get, post, retrying, send, sent,
};

const BUSY: &[u8] = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";

/// An engine whose exchanges may take ten milliseconds.
fn hasty() -> Engine<()> {
    let mut config = retrying(Retry::new(3));
    config.timeouts.exchange = Some(Duration::from_millis(10));
    engine(config)
}

/// Given a POST whose time was up before an octet of it went out, when all of it goes out before its driver hears of that,
/// then it is not sent once more: the peer may have acted on it.
#[test]
fn what_goes_out_when_the_time_is_up_may_have_been_seen() {
    let mut engine = hasty();
    let id = engine.submit(at(0), post());
    let connection = connect(&mut engine, at(0)).expect("a dial");
    assert!(events(&mut engine, at(0)).is_empty());
    engine.handle_deadline(at(20));
    send(&mut engine, at(20), connection);
    match &events(&mut engine, at(20))[..] {
        [Event::Failed(failed, error)] => {
            assert_eq!((*failed, error.code()), (id, "timeout"));
            assert_eq!(error.progress(), Progress::Sent);
            assert!(error.sent() > 0 && !error.is_retryable(), "{error:?}");
            assert_eq!(error.stop_reason(), Some(StopReason::Method));
        }
        other => panic!("{other:?}"),
    }
}

/// The same with the connection in other hands, as threads and tasks have it.
#[test]
fn what_others_send_when_the_time_is_up_may_have_been_seen() {
    let mut engine = hasty();
    let id = engine.submit(at(0), post());
    connect(&mut engine, at(0)).expect("a dial");
    let Step::Use(mut live) = engine.step(at(0), id) else {
        panic!("no connection");
    };
    engine.handle_deadline(at(20));
    live.write(at(20), |(), outgoing| Ok(outgoing.len()));
    assert!(live.connection.pulse().abort_requested());
    match engine.abort(at(20), id, live) {
        Step::Failed(error) => assert_eq!(error.stop_reason(), Some(StopReason::Method)),
        other => panic!("{other:?}"),
    }
}

/// Given a GET whose time is up while its head comes in, then its head was shown to nobody, and it may be sent once more.
#[test]
fn a_head_that_comes_when_the_time_is_up_was_not_seen() {
    let mut engine = hasty();
    let (id, connection) = sent(&mut engine, at(0), get("/"));
    engine.handle_deadline(at(20));
    arrive(&mut engine, at(20), connection, NO_CONTENT);
    let told = events(&mut engine, at(20));
    assert!(
        matches!(told[..], [Event::Again(again)] if again == id),
        "{told:?}"
    );
}

/// Given dials that fail where they are begun, and retries without end or wait, then a loop that polls to the end comes to
/// an end, and the deadline of the request holds.
#[test]
fn dials_that_fail_at_once_leave_the_loop_its_turn() {
    let mut engine = engine(retrying(Retry {
        total: None,
        ..Retry::new(0)
    }));
    let request = RequestBuilder::new("GET", "http://192.0.2.1/").timeout(Duration::from_secs(1));
    engine.submit(at(0), request.build().expect("a request"));
    for milliseconds in 0.. {
        let now = at(milliseconds);
        let (mut told, mut steps) = (Vec::new(), 0);
        loop {
            told.extend(events(&mut engine, now));
            let Some(command) = engine.poll_command() else {
                break;
            };
            if let Command::Dial { connection, .. } = command {
                engine.handle_dial_failed(now, connection, io::ErrorKind::NetworkUnreachable);
            }
            steps += 1;
            assert!(steps < 100, "the loop has no turn of its own");
        }
        if let [Event::Failed(_, error)] = &told[..] {
            assert_eq!(error.stop_reason(), Some(StopReason::Deadline), "{error}");
            assert_eq!(now, at(1_000));
            return;
        }
        assert!(milliseconds < 2_000, "it tries for ever: {told:?}");
        engine.handle_deadline(at(milliseconds + 1));
    }
}

/// Given a response that is to be retried, when the session is closed before its connection is given back, then the error
/// tells where the request went and what it went through.
#[test]
fn a_session_that_closes_behind_a_verdict_keeps_the_attempts() {
    let mut engine = engine(retrying(Retry {
        statuses: vec![503],
        ..Retry::new(3)
    }));
    let id = engine.submit(at(0), get("/asked"));
    connect(&mut engine, at(0)).expect("a dial");
    let Step::Use(mut live) = engine.step(at(0), id) else {
        panic!("no connection");
    };
    live.write(at(0), |(), outgoing| Ok(outgoing.len()));
    live.read(at(0), |(), space| {
        space[..BUSY.len()].copy_from_slice(BUSY);
        Ok(BUSY.len())
    });
    live.connection.poll().expect("a head");
    let verdict = engine.handle_head(at(0), id, &live);
    assert!(matches!(verdict, Verdict::Again), "{verdict:?}");
    engine.close(at(0));
    match engine.again(at(0), id, live) {
        Step::Failed(error) => {
            assert!(error.is_canceled());
            assert_eq!(error.url(), Some("http://192.0.2.1/asked"));
            assert_eq!(error.stop_reason(), Some(StopReason::NotRetryable));
            let last = error.attempts().last().expect("what it went through");
            assert_eq!(last.next, Next::Stop(StopReason::NotRetryable));
        }
        other => panic!("{other:?}"),
    }
}

/// Given a hook that panics, then that is a no: the request fails with what it had, and its connection's place is free.
#[test]
fn a_hook_that_panics_costs_no_place() {
    let mut config = retrying(Retry {
        statuses: vec![503],
        ..Retry::new(3)
    });
    config.retry_hook = Some(RetryHook::new(|_| panic!("a fault in the hook")));
    config.pool.live_per_origin = Some(1);
    let mut engine = engine(config);
    let (_, connection) = sent(&mut engine, at(0), get("/"));
    arrive(&mut engine, at(0), connection, BUSY);
    let told = events(&mut engine, at(0));
    assert!(
        matches!(told[..], [Event::Head(_), Event::End(_)]),
        "{told:?}"
    );

    engine.submit(at(0), get("/"));
    assert!(events(&mut engine, at(0)).is_empty());
    let mut live = engine.drive(connection).expect("it is open");
    live.read(at(0), |(), _| Err(io::ErrorKind::WouldBlock.into()));
    live.write(at(0), |(), outgoing| Ok(outgoing.len()));
    live.connection.feed(at(0), b"HTTP/1.1 20");
    live.read(at(0), |(), _| Err(io::ErrorKind::ConnectionReset.into()));
    drop(live);
    match &events(&mut engine, at(0))[..] {
        [Event::Failed(_, error)] => assert_eq!(error.stop_reason(), Some(StopReason::Vetoed)),
        other => panic!("{other:?}"),
    }
    sent(&mut engine, at(0), get("/"));
}

/// Given a head that stops in its middle, when the time for it is up, then its connection was abandoned: half a head is no
/// surplus.
#[test]
fn half_a_head_is_no_surplus() {
    let mut config = Config::default();
    config.timeouts.head = Some(Duration::from_millis(10));
    let mut engine = engine(config);
    let (_, connection) = sent(&mut engine, at(0), get("/"));
    arrive(&mut engine, at(0), connection, b"HTTP/1.1 200");
    assert!(events(&mut engine, at(0)).is_empty());
    engine.handle_deadline(at(20));
    assert!(matches!(
        events(&mut engine, at(20))[..],
        [Event::Failed(..)]
    ));
    while engine.poll_command().is_some() {}
    let closed = engine.pool(at(20)).counters;
    assert_eq!(closed.closed(CloseReason::Abandoned), 1, "{closed:?}");
}

/// Given a least speed, when the head was long and nothing follows, then the head is not taken for content: the first stretch
/// of silence behind it is too slow.
#[test]
fn a_head_is_no_content_that_flows() {
    let mut config = Config::default();
    config.timeouts.minimum_speed = Some(MinimumSpeed {
        octets: 1,
        within: Duration::from_millis(100),
    });
    let mut engine = engine(config);
    let (_, connection) = sent(&mut engine, at(0), get("/"));
    engine.handle_deadline(at(5_000));
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    arrive(&mut engine, at(5_000), connection, head);
    assert!(matches!(
        events(&mut engine, at(5_000))[..],
        [Event::Head(_)]
    ));
    engine.handle_deadline(at(5_099));
    assert!(events(&mut engine, at(5_099)).is_empty());
    engine.handle_deadline(at(5_101));
    match &events(&mut engine, at(5_101))[..] {
        [Event::Failed(_, error)] => assert_eq!(error.stage(), Stage::Speed, "{error}"),
        other => panic!("{other:?}"),
    }
}

/// Given a retry whose wait is shorter than the rest of its response takes to come, in a pool with one place where nobody
/// waits, then the retry waits for the rest, and is not refused for want of its own place.
#[test]
fn a_short_wait_is_for_the_rest_of_the_response_too() {
    let mut config = retrying(Retry {
        statuses: vec![503],
        ..Retry::new(3)
    });
    config.pool.live_per_origin = Some(1);
    config.pool.when_full = WhenFull::Fail;
    config.retry_hook = Some(RetryHook::new(|_| {
        RetryChoice::After(Duration::from_millis(10))
    }));
    let mut engine = engine(config);
    let (_, connection) = sent(&mut engine, at(0), get("/"));
    let busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nre";
    arrive(&mut engine, at(0), connection, busy);
    assert!(matches!(events(&mut engine, at(0))[..], [Event::Again(_)]));
    engine.handle_deadline(at(20));
    assert!(
        events(&mut engine, at(20)).is_empty(),
        "it waits for the rest"
    );
    arrive(&mut engine, at(30), connection, b"st");
    assert!(events(&mut engine, at(30)).is_empty());
    send(&mut engine, at(30), connection);
    arrive(&mut engine, at(30), connection, NO_CONTENT);
    let told = events(&mut engine, at(30));
    assert!(
        matches!(told[..], [Event::Head(_), Event::End(_)]),
        "{told:?}"
    );
    assert_eq!(engine.pool(at(30)).counters.opened, 1);
}

/// Given content that was held for a 100 until that was waited for long enough, then the time of holding was not the time
/// of the transport: neither the limit of sending nor that of speed has passed.
#[test]
fn holding_content_is_no_slow_sending() {
    let speed = MinimumSpeed {
        octets: 10_000,
        within: Duration::from_secs(1),
    };
    for (send, minimum_speed) in [
        (Some(Duration::from_millis(500)), None),
        (None, Some(speed)),
    ] {
        let mut config = Config::default();
        (config.timeouts.send, config.timeouts.minimum_speed) = (send, minimum_speed);
        let mut engine = engine(config);
        let request = RequestBuilder::new("POST", "http://192.0.2.1/");
        let request = request.content(Content::Bytes(vec![b'a'; 100_000].into()));
        let request = request.expect_continue(ExpectContinue::Always).build();
        let (id, connection) = sent(&mut engine, at(0), request.expect("a request"));
        assert!(events(&mut engine, at(0)).is_empty());
        for milliseconds in 1_000..1_400 {
            let now = at(milliseconds);
            // Twice: the clock may be watched by somebody else than the driver, and be the quicker.
            engine.handle_deadline(now);
            engine.handle_deadline(now);
            let told = events(&mut engine, now);
            assert!(told.is_empty(), "{send:?} {milliseconds}: {told:?}");
        }
        // The transport takes nothing.
        let told = (1_400..3_000).find_map(|milliseconds| {
            engine.handle_deadline(at(milliseconds));
            events(&mut engine, at(milliseconds)).pop()
        });
        match told {
            Some(Event::Failed(failed, error)) => {
                let stage = if send.is_some() {
                    Stage::Send
                } else {
                    Stage::Speed
                };
                assert_eq!((failed, error.stage()), (id, stage));
            }
            other => panic!("{other:?}"),
        }
        assert!(engine.drive(connection).is_none());
    }
}

/// Given a least speed that any transport has, judged in no time, then it is looked at again and again, but not at once.
#[test]
fn a_speed_that_is_always_reached_lets_the_loop_sleep() {
    let mut config = Config::default();
    config.timeouts.minimum_speed = Some(MinimumSpeed {
        octets: 0,
        within: Duration::ZERO,
    });
    let mut engine = engine(config);
    engine.submit(at(0), post());
    connect(&mut engine, at(0)).expect("a dial");
    for milliseconds in 0..20 {
        let now = at(milliseconds);
        let told = events(&mut engine, now);
        assert!(told.is_empty(), "{told:?}");
        engine.handle_deadline(now);
        let due = engine.deadline().expect("it is watched");
        assert!(due > now.tick, "at {milliseconds} ms it has passed already");
    }
}
