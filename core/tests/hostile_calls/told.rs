//! What is told of requests that have failed: how far they came, by which connection, in how many attempts; and that
//! telling it of many takes no longer than of few.

use std::io;
use std::time::{Duration, Instant};

use sessile_core::{AttemptOutcome, Command, Config, Event, Progress, RequestBuilder, Retry, Step};

use crate::by_hand::{arrive, at, engine, events, get, idle_connection, post, retrying, sent};

/// Given a request that was granted a kept connection and did not collect it in time, then its attempt tells of that
/// connection as it is.
#[test]
fn a_connection_that_was_not_collected_is_told_as_it_is() {
    let mut engine = engine(Config::default());
    idle_connection(&mut engine, at(0));
    let request = RequestBuilder::new("GET", "http://192.0.2.1/").timeout(Duration::from_millis(5));
    let id = engine.submit(at(0), request.build().expect("a request"));
    engine.handle_deadline(at(5));
    match engine.step(at(5), id) {
        Step::Failed(error) => {
            let connection = error.attempts()[0].connection.expect("it was given one");
            assert_eq!((connection.number, connection.served), (1, 1));
        }
        other => panic!("{other:?}"),
    }
}

/// Given requests that a session refuses, then there was no attempt, and no reason against another.
#[test]
fn a_refused_request_has_no_attempts() {
    let mut engine = engine(retrying(Retry::new(3)));
    engine.close(at(0));
    for url in ["https://192.0.2.1/", "http://192.0.2.1/"] {
        let request = RequestBuilder::new("GET", url).build();
        let id = engine.submit(at(0), request.expect("a request"));
        match engine.step(at(0), id) {
            Step::Failed(error) => {
                let told = (error.attempts().len(), error.stop_reason(), error.url());
                assert_eq!(told, (0, None, Some(url)));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(engine.poll_wake().is_none() && engine.pool(at(0)).origins.is_empty());
}

/// Given many requests that have failed at once, when they are given up before their errors are told, then that takes as
/// long for each as if there were few.
#[test]
fn giving_up_what_has_failed_is_linear() {
    let give_up = |count: u32| {
        let mut engine = engine(Config::default());
        let ids: Vec<_> = (0..count).map(|_| engine.submit(at(0), get("/"))).collect();
        engine.close(at(0));
        let begun = Instant::now();
        assert!(engine.poll_event(at(0)).is_some());
        for id in ids {
            engine.cancel(at(0), id);
        }
        assert!(engine.poll_event(at(0)).is_none());
        begun.elapsed() / count
    };
    // The least of a few, because a machine has other things to do.
    let least = |count| (0..5).map(|_| give_up(count)).min().expect("five");
    let (few, many) = (least(500), least(10_000));
    assert!(many < 5 * few, "{many:?} each, {few:?} among few");
}

/// Given a POST that went out and was lost, and whose policy sends it anew, when no other connection can be opened, then
/// its error does not say that nothing was sent.
#[test]
fn what_an_earlier_attempt_sent_was_sent() {
    let policy = Retry {
        methods: None,
        ..Retry::new(1)
    };
    let mut engine = engine(retrying(policy));
    let (id, connection) = sent(&mut engine, at(0), post());
    let mut live = engine.drive(connection).expect("it stands");
    live.read(at(0), |(), _| Err(io::ErrorKind::ConnectionReset.into()));
    drop(live);
    assert!(matches!(events(&mut engine, at(0))[..], [Event::Again(_)]));
    while let Some(command) = engine.poll_command() {
        if let Command::Dial { connection, .. } = command {
            engine.handle_dial_failed(at(0), connection, io::ErrorKind::ConnectionRefused);
        }
    }
    match &events(&mut engine, at(0))[..] {
        [Event::Failed(failed, error)] => {
            assert_eq!((*failed, error.code()), (id, "connect"));
            assert_eq!(error.progress(), Progress::Sent);
            assert!(!error.is_retryable(), "{error}");
            assert!(!error.to_string().contains("nothing was sent"), "{error}");
            let AttemptOutcome::Failed(last) = &error.attempts()[1].outcome else {
                panic!("{error:?}");
            };
            assert_eq!(last.progress(), Progress::NotSent);
        }
        other => panic!("{other:?}"),
    }
}

/// Given a request that rests after a response, when its session is closed, then its error does not say so, either.
#[test]
fn what_was_answered_was_sent() {
    let mut engine = engine(retrying(Retry::new(9)));
    let (_, connection) = sent(&mut engine, at(0), get("/"));
    let busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n";
    arrive(&mut engine, at(0), connection, busy);
    assert!(matches!(events(&mut engine, at(0))[..], [Event::Again(_)]));
    engine.close(at(1));
    match &events(&mut engine, at(1))[..] {
        [Event::Failed(_, error)] => assert_eq!(error.progress(), Progress::Sent, "{error}"),
        other => panic!("{other:?}"),
    }
}
