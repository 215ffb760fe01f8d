//! Requests that are sent anew, over real sockets: nobody sleeps past the moment, and no loop is kept from its turn.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use sessile_mio::blocking::Session;
use sessile_mio::{
    Config, Driver, Error, Event, RequestBuilder, Retry, RetryCase, RetryChoice, RetryHook,
    StopReason,
};
use sessile_tests::loopback::Loopback;
use sessile_tests::origin::{Act, Scripted, response};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The broadcast address of the loopback network: a dial to it fails where it is begun.
const NOWHERE: &str = "http://127.255.255.255:9/";

fn endless() -> Config {
    let retry = Retry {
        total: None,
        ..Retry::new(0)
    };
    let mut config = Config {
        retry: Some(retry),
        ..Config::default()
    };
    config.timeouts.deadline = Some(Duration::from_millis(300));
    config
}

/// One retry for a peer that is busy.
fn busy() -> Retry {
    Retry {
        statuses: vec![503],
        ..Retry::new(1)
    }
}

/// Does something on a thread of its own, which may hang.
fn in_time<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = channel();
    let thread = thread::spawn(move || tell.send(act()));
    match told.recv_timeout(PATIENCE) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().expect_err("it has ended without a word"))
        }
    }
}

fn assert_ended_by_its_deadline(error: &Error) {
    assert_eq!(error.stop_reason(), Some(StopReason::Deadline), "{error}");
    assert!(error.attempts().len() > 2, "{error}");
}

#[test]
fn a_loop_has_its_turn_while_dials_fail_at_once() {
    let error = in_time(|| {
        let (mut poll, mut events) = (Poll::new().expect("a poll"), Events::with_capacity(4));
        let mut driver = Driver::new(poll.registry(), 0..4, || {}, endless()).expect("a driver");
        let request = RequestBuilder::new("GET", NOWHERE).build();
        driver.submit(request.expect("a request"));
        loop {
            while let Some(event) = driver.poll_event() {
                if let Event::Failed(_, error) = event {
                    return error;
                }
            }
            let wait = driver.deadline().map(|at| at - Instant::now().min(at));
            poll.poll(&mut events, wait).expect("a sleep");
            driver.handle_deadline();
        }
    });
    assert_ended_by_its_deadline(&error);
}

#[test]
fn a_thread_has_its_deadline_while_dials_fail_at_once() {
    let session = Session::with(endless()).expect("a session");
    let error = in_time(move || session.get(NOWHERE).send().expect_err("nobody is there"));
    assert_ended_by_its_deadline(&error);
}

#[test]
fn a_task_has_its_deadline_while_dials_fail_at_once() {
    let session = sessile_async_std::Session::with(endless()).expect("a session");
    let error = in_time(move || {
        async_std::task::block_on(async { session.get(NOWHERE).send().await })
            .expect_err("nobody is there")
    });
    assert_ended_by_its_deadline(&error);
}

/// Given a response that is retried at once, whose content came with its head, then its connection is free at once, and
/// the thread does not sleep until the rest is late.
#[test]
fn what_has_come_of_a_response_is_not_waited_for() {
    let content = vec![b'a'; 40 * 1024];
    let origin = Loopback::start(Scripted::new(move |request| {
        let answer = match request.number {
            0 => response(503, &[], &content),
            _ => response(200, &[], b""),
        };
        vec![Act::Send(answer)]
    }));
    let origin = origin.expect("an origin");
    let config = Config {
        retry: Some(busy()),
        ..Config::default()
    };
    // What is measured is a sleep of 50 ms that must not be; a machine with other work may well take some by itself.
    let took = (0..10).map(|_| {
        let session = Session::with(config.clone()).expect("a session");
        let begun = Instant::now();
        let response = session.get(origin.url("/")).send().expect("an answer");
        let took = begun.elapsed();
        assert_eq!(response.connection().served, 1, "{:?}", response.attempts());
        took
    });
    let mut took: Vec<_> = took.collect();
    took.sort();
    assert!(took[2] < Duration::from_millis(40), "{took:?}");
}

/// Given threads that rest for different times, then each goes on when its time has come.
#[test]
fn each_thread_rests_for_its_own_time() {
    let seen = Mutex::new(HashSet::new());
    let origin = Loopback::start(Scripted::new(move |request| {
        let first = seen
            .lock()
            .map(|mut seen| seen.insert(request.target.clone()));
        let status = if first.expect("no panic") { 503 } else { 200 };
        vec![Act::Send(response(status, &[], b""))]
    }));
    let origin = origin.expect("an origin");
    let rest = |case: &RetryCase<'_>| {
        let milliseconds = case
            .request
            .url()
            .query()
            .and_then(|query| query.parse().ok());
        RetryChoice::After(Duration::from_millis(milliseconds.expect("a number")))
    };
    let config = Config {
        retry: Some(busy()),
        retry_hook: Some(RetryHook::new(rest)),
        ..Config::default()
    };
    let session = Session::with(config).expect("a session");
    let threads = (0..)
        .zip([400, 100, 600, 200, 100, 0, 300])
        .map(|(number, milliseconds)| {
            let url = origin.url(&format!("/{number}?{milliseconds}"));
            let session = session.clone();
            thread::spawn(move || {
                let begun = Instant::now();
                let response = session.get(url).send().expect("an answer");
                assert_eq!(response.attempts().len(), 2, "{:?}", response.attempts());
                (Duration::from_millis(milliseconds), begun.elapsed())
            })
        });
    for thread in threads.collect::<Vec<_>>() {
        let (wait, took) = thread.join().expect("no panic");
        let most = wait + Duration::from_millis(250);
        assert!((wait..most).contains(&took), "{took:?} instead of {wait:?}");
    }
}
