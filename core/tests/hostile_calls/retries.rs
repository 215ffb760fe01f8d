//! Retries under a hostile peer, a hostile clock, and an application that gives up.

use std::io;
use std::time::Duration;

use sessile_core::{
    AttemptOutcome, Command, Config, Engine, Error, Event, Next, Now, Request, RequestBuilder,
    Retry, StopReason, Tick,
};

use crate::by_hand::{arrive, at, connect, engine, events, get, send, sent};

fn busy(retry_after: &str) -> Vec<u8> {
    format!("HTTP/1.1 503 Busy\r\nRetry-After: {retry_after}\r\nContent-Length: 0\r\n\r\n")
        .into_bytes()
}

fn with_retries(policy: Retry) -> Config {
    Config {
        retry: Some(policy),
        ..Config::default()
    }
}

/// Answers the request that waits on its connection, whatever number it has.
fn answer(engine: &mut Engine<()>, now: Now, octets: &[u8]) -> Vec<Event> {
    let mut told = events(engine, now);
    let connection = connect(engine, now).or_else(|| engine.connection_at(0));
    told.extend(events(engine, now));
    let connection = connection.expect("a connection");
    send(engine, now, connection);
    arrive(engine, now, connection, octets);
    told.extend(events(engine, now));
    told
}

/// Lets time pass until the request that rests goes on.
fn rest(engine: &mut Engine<()>, mut now: Now) -> Now {
    let at_work = |engine: &Engine<()>, now| {
        let pool = engine.pool(now);
        let mut origins = pool.origins.iter();
        origins.any(|origin| origin.busy + origin.dialling + origin.waiting > 0)
    };
    while !at_work(engine, now) {
        let due = engine.deadline().expect("somebody rests");
        now = Now::new(due.max(now.tick), now.wall);
        engine.handle_deadline(now);
    }
    now
}

fn failure(told: Vec<Event>) -> Error {
    let failed = told.into_iter().find_map(|event| match event {
        Event::Failed(_, error) => Some(error),
        _ => None,
    });
    failed.expect("the request has failed")
}

/// Given the policy of the article that everybody copies, when a peer answers 503 for ever, then the five waits are 0,
/// 0.2, 0.4, 0.8 and 1.6 seconds, to the nanosecond.
#[test]
fn the_article_waits_as_it_says() {
    let mut engine = engine(with_retries(Retry {
        backoff_factor: Duration::from_millis(100),
        statuses: vec![500, 502, 503, 504],
        ..Retry::new(5)
    }));
    let mut now = at(0);
    engine.submit(now, get("/"));
    let mut told = answer(&mut engine, now, &busy("soon"));
    for _ in 0..5 {
        now = rest(&mut engine, now);
        told = answer(&mut engine, now, &busy("soon"));
    }
    let error = failure(told);
    let waits: Vec<_> = error
        .attempts()
        .iter()
        .filter_map(|attempt| match attempt.next {
            Next::Retry { wait } => Some(wait),
            _ => None,
        })
        .collect();
    assert_eq!(waits, [0, 200, 400, 800, 1_600].map(Duration::from_millis));
    assert_eq!(error.stop_reason(), Some(StopReason::Exhausted));
    assert_eq!((error.code(), error.attempts().len()), ("status", 6));
    assert_eq!(now.tick, at(3_000).tick);
    for (before, after) in error.attempts().iter().zip(&error.attempts()[1..]) {
        let Next::Retry { wait } = before.next else {
            panic!("{before:?}");
        };
        assert_eq!(after.began, before.began.after(before.took).after(wait));
    }
}

/// Given Retry-After in every shape, then nothing panics, nobody comes back earlier than asked, and what cannot be used is
/// as if it were absent.
#[test]
fn every_shape_of_retry_after_is_survived() {
    let shapes = [
        ("0", Some(0)),
        ("3", Some(3)),
        ("120", Some(120)),
        ("121", None),
        ("99999999999999999999999999999999999999", None),
        ("-1", Some(0)),
        ("", Some(0)),
        ("Thu, 01 Jan 1970 00:00:07 GMT", Some(7)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Wed, 31 Dec 1969 23:59:59 GMT", Some(0)),
        ("Thu, 32 Jan 1970 00:00:07 GMT", Some(0)),
        ("3\r\nRetry-After: 4", Some(0)),
    ];
    for (shape, seconds) in shapes {
        let policy = Retry {
            statuses: vec![503],
            ..Retry::new(1)
        };
        let mut engine = engine(with_retries(policy));
        let (_, connection) = sent(&mut engine, at(0), get("/"));
        arrive(&mut engine, at(0), connection, &busy(shape));
        let told = events(&mut engine, at(0));
        match seconds {
            None => assert!(
                matches!(told[..], [Event::Head(_), Event::End(_)]),
                "{shape}: {told:?}"
            ),
            Some(0) => assert!(matches!(told[..], [Event::Again(_)]), "{shape}: {told:?}"),
            Some(seconds) => {
                assert!(matches!(told[..], [Event::Again(_)]), "{shape}: {told:?}");
                let now = rest(&mut engine, at(0));
                assert_eq!(now.tick, at(seconds * 1_000).tick, "{shape}");
            }
        }
    }
}

/// Given a clock at its end, when a request rests, then it is sent anew and not for ever: later is now.
#[test]
fn a_request_rests_at_the_end_of_time() {
    for (tick, wall) in [
        (u64::MAX, Duration::MAX),
        (u64::MAX - 1, Duration::ZERO),
        (0, Duration::MAX),
    ] {
        let now = Now::new(Tick::from_nanos(tick), wall);
        let mut config = with_retries(Retry {
            backoff_factor: Duration::MAX,
            statuses: vec![503],
            ..Retry::new(3)
        });
        // Where later is now, every limit passes at once.
        (config.pool.idle_time, config.timeouts.connect) = (None, None);
        let mut engine = engine(config);
        let request = RequestBuilder::new("GET", "http://192.0.2.1/").timeout(Duration::MAX);
        engine.submit(now, request.build().expect("a request"));
        let mut told = answer(&mut engine, now, &busy("Thu, 01 Jan 1970 00:00:00 GMT"));
        let (mut now, mut turns) = (now, 0);
        while !told.iter().any(|event| matches!(event, Event::Failed(..))) {
            if let Some(due) = engine.deadline() {
                now = Now::new(due.max(now.tick), wall);
                engine.handle_deadline(now);
            }
            told.extend(events(&mut engine, now));
            let busy_one = engine
                .pool(now)
                .origins
                .iter()
                .any(|origin| origin.busy > 0);
            let dials = connect(&mut engine, now).is_some();
            if busy_one || dials {
                told.extend(answer(&mut engine, now, &busy("120")));
            }
            turns += 1;
            assert!(
                turns < 50,
                "it rests for ever: {told:?} {:?}",
                engine.pool(now)
            );
        }
        let error = failure(told);
        // Where later is now, its deadline is reached.
        let last = matches!(
            error.stop_reason(),
            Some(StopReason::Exhausted | StopReason::Deadline)
        );
        assert!(last && error.attempts().len() <= 4, "{error:?}");
    }
}

/// Given a peer that resets every connection at the worst moment, then a request with retries ends with them, each on a
/// connection of its own, and nothing is left.
#[test]
fn a_peer_that_always_resets_ends_with_the_retries() {
    let moments: [&[u8]; 3] = [
        b"",
        b"HTTP/1.1 200 OK\r\nConte",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ];
    for moment in moments {
        let mut engine = engine(with_retries(Retry::new(3)));
        engine.submit(at(0), get("/"));
        let mut opened = 0;
        let error = loop {
            let mut told = events(&mut engine, at(0));
            if let Some(connection) = connect(&mut engine, at(0)) {
                opened += 1;
                told.extend(events(&mut engine, at(0)));
                send(&mut engine, at(0), connection);
                if !moment.is_empty() {
                    arrive(&mut engine, at(0), connection, moment);
                }
                let mut live = engine.drive(connection).expect("it is there");
                live.read(at(0), |(), _| Err(io::ErrorKind::ConnectionReset.into()));
            }
            if told.iter().any(|event| matches!(event, Event::Failed(..))) {
                break failure(told);
            }
        };
        assert_eq!(
            (opened, error.attempts().len()),
            (4, 4),
            "{moment:?}: {error:?}"
        );
        assert_eq!(error.stop_reason(), Some(StopReason::Exhausted));
        while engine.poll_command().is_some() {}
        let pool = engine.pool(at(0));
        assert!(pool.requests == 0 && pool.origins.is_empty(), "{pool:?}");
    }
}

/// Given ten thousand requests that wait, or rest, of which every second is given up, then the others are answered in
/// their order, and nothing is left of those that went.
#[test]
fn half_of_ten_thousand_may_give_up() {
    let mut config = with_retries(Retry::new(2));
    config.pool.live_per_origin = Some(1);
    config.timeouts.pool_wait = None;
    let mut engine = engine(config);
    let ids: Vec<_> = (0..10_000)
        .map(|_| engine.submit(at(0), get("/")))
        .collect();
    // From the middle outwards: an order that is not the queue's.
    for place in (5_000..10_000)
        .chain(0..5_000)
        .filter(|place| place % 2 == 1)
    {
        engine.cancel(at(0), ids[place]);
    }
    let mut connection = connect(&mut engine, at(0));
    let (mut answered, mut turns) = (Vec::new(), 0);
    while answered.len() < 5_000 {
        turns += 1;
        assert!(
            turns < 20_000,
            "somebody waits in vain: {:?}",
            engine.pool(at(0)).requests
        );
        for event in events(&mut engine, at(0)) {
            match event {
                Event::End(id) => answered.push(id),
                Event::Failed(_, error) => panic!("{error:?}"),
                _ => {}
            }
        }
        while let Some(command) = engine.poll_command() {
            if let Command::Dial {
                connection: dial, ..
            } = command
            {
                engine.deposit(dial, ()).expect("it is wanted");
                engine.handle_connected(at(0), dial);
                connection = Some(dial);
            }
        }
        for event in events(&mut engine, at(0)) {
            if let Event::End(id) = event {
                answered.push(id);
            }
        }
        let Some(connection) = connection else {
            continue;
        };
        if engine
            .drive(connection)
            .is_some_and(|live| live.request().is_some())
        {
            send(&mut engine, at(0), connection);
            arrive(&mut engine, at(0), connection, crate::by_hand::NO_CONTENT);
        }
    }
    let expected: Vec<_> = ids.iter().copied().step_by(2).collect();
    assert_eq!(answered, expected);
    let pool = engine.pool(at(0));
    assert_eq!((pool.requests, pool.counters.opened), (0, 1));
}

/// Given a request that rests, when the session is closed, then it fails and says what it went through.
#[test]
fn a_closed_session_ends_a_rest() {
    let mut engine = engine(with_retries(Retry {
        statuses: vec![503],
        ..Retry::new(9)
    }));
    let (id, connection) = sent(&mut engine, at(0), get("/"));
    arrive(&mut engine, at(0), connection, &busy("60"));
    assert!(matches!(events(&mut engine, at(0))[..], [Event::Again(_)]));
    engine.close(at(1));
    match &events(&mut engine, at(1))[..] {
        [Event::Failed(failed, error)] => {
            assert_eq!((*failed, error.code()), (id, "session-closed"));
            assert!(error.is_canceled());
            let outcomes: Vec<_> = error.attempts().iter().map(|it| &it.outcome).collect();
            assert!(
                matches!(
                    outcomes[..],
                    [AttemptOutcome::Status(_), AttemptOutcome::Failed(_)]
                ),
                "{outcomes:?}"
            );
        }
        other => panic!("{other:?}"),
    }
    while engine.poll_command().is_some() {}
    engine.handle_deadline(at(100_000));
    assert_eq!(engine.deadline(), None);
}

/// Requests that are built by hand may have a policy of their own.
#[test]
fn a_request_may_have_no_retries() {
    let mut engine = engine(with_retries(Retry {
        statuses: vec![503],
        ..Retry::new(9)
    }));
    let request: Result<Request, _> = RequestBuilder::new("GET", "http://192.0.2.1/")
        .retry(None)
        .build();
    let (_, connection) = sent(&mut engine, at(0), request.expect("a request"));
    arrive(&mut engine, at(0), connection, &busy("0"));
    let told = events(&mut engine, at(0));
    assert!(
        matches!(told[..], [Event::Head(_), Event::End(_)]),
        "{told:?}"
    );
}
