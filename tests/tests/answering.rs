//! What answers in place of a connection may take its time, under the façades: it takes that of its own request, and of no
//! other.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sessile_core::{Answer, Answering, Config, Mount, Mounts, Question, Retry, StatusCode};

fn answered(answer: impl Fn(&Question) -> io::Result<Answer> + Send + Sync + 'static) -> Config {
    let mut mounts = Mounts::new();
    let mount = Mount {
        answering: Some(Answering::by(answer)),
        ..Mount::default()
    };
    mounts.add("http://", mount).expect("a prefix");
    Config {
        mounts,
        ..Config::default()
    }
}

/// Given an answer that comes when the time of its request is up, then it is too late.
#[test]
fn an_answer_may_come_too_late() {
    let late = || {
        answered(|_| {
            thread::sleep(Duration::from_millis(200));
            Ok(Answer::new(StatusCode::OK))
        })
    };
    let limit = Duration::from_millis(50);
    let session = sessile_mio::blocking::Session::with(late()).expect("valid");
    let error = session.get("http://a.test/").timeout(limit).send();
    let error = error.expect_err("it is late");
    assert_eq!((error.is_timeout(), error.limit()), (true, Some(limit)));
    assert_eq!(session.pool().requests, 0);
    let session = sessile_async_std::Session::with(late()).expect("valid");
    let sending = session.get("http://a.test/").timeout(limit).send();
    let error = async_std::task::block_on(sending).expect_err("it is late");
    assert_eq!((error.is_timeout(), error.limit()), (true, Some(limit)));
    assert_eq!(session.pool().requests, 0);
}

/// Given requests that are retried, while others are busy with the session, then each is answered on the thread that sends
/// it: nobody waits for the answer of somebody else's.
#[test]
fn whoever_sends_answers() {
    let threads = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&threads);
    let count = AtomicUsize::new(0);
    let config = Config {
        retry: Some(Retry {
            statuses: vec![503],
            backoff_factor: Duration::from_millis(1),
            ..Retry::new(3)
        }),
        ..answered(move |_| {
            noted.lock().expect("sound").push(thread::current().id());
            let ends = count.fetch_add(1, Ordering::Relaxed) % 4 == 3;
            let status = if ends {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            Ok(Answer::new(status))
        })
    };
    let session = sessile_mio::blocking::Session::with(config).expect("valid");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                session.pool();
            }
        });
        for _ in 0..50 {
            let response = session.get("http://a.test/").send().expect("an answer");
            assert_eq!(response.attempts().len(), 4);
        }
        over.store(true, Ordering::Relaxed);
    });
    let threads = threads.lock().expect("sound");
    assert_eq!(threads.len(), 200);
    assert!(threads.iter().all(|id| *id == thread::current().id()));
}

/// Given an answer that asks the same session itself, then that is answered first.
#[test]
fn an_answer_may_ask_its_own_session() {
    type Slot = Arc<Mutex<Option<sessile_mio::blocking::Session>>>;
    let slot = Slot::default();
    let inner = Arc::clone(&slot);
    let config = answered(move |question| {
        let session = inner.lock().expect("sound").clone().expect("it is there");
        let content = match question.url().path() {
            "/outer" => {
                let response = session.get("http://b.test/inner").send();
                response.map_err(io::Error::other)?.text()?
            }
            path => path.to_owned(),
        };
        Ok(Answer::new(StatusCode::OK).with_content(content))
    });
    let session = sessile_mio::blocking::Session::with(config).expect("valid");
    *slot.lock().expect("sound") = Some(session.clone());
    let response = session
        .get("http://a.test/outer")
        .send()
        .expect("an answer");
    assert_eq!(response.text().expect("text"), "/inner");
    *slot.lock().expect("sound") = None;
}
