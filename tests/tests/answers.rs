//! Answers without a connection, where a driver has a part in them: by hand in a loop of one's own, and by functions that take
//! their time on other threads.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use async_std::future::timeout;
use async_std::task;
use mio::{Events, Poll};
use sessile_core::{Answer, Answering, Mount, Mounts, Question};
use sessile_mio::blocking;
use sessile_mio::{
    Config, Driver, Error, ErrorKind, Event, RequestBuilder, RequestId, Stage, StatusCode,
};
use sessile_tests::loopback::Loopback;
use sessile_tests::origin::{Act, Scripted, response};

const INSIDE: &str = "http://inside.test/";

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn config(answering: Answering) -> Config {
    let mount = Mount {
        answering: Some(answering),
        ..Mount::default()
    };
    let mut mounts = Mounts::new();
    mounts.add(INSIDE, mount).expect("a prefix");
    Config {
        mounts,
        ..Config::default()
    }
}

fn ok(content: &'static str) -> io::Result<Answer> {
    Ok(Answer::new(StatusCode::OK).with_content(content))
}

// -------------------------------------------------------------------------------------------------- a loop of one's own

/// A loop whose questions are answered by hand.
struct Hand {
    poll: Poll,
    driver: Driver,
}

impl Hand {
    fn new() -> Self {
        let poll = Poll::new().expect("a poll");
        let config = config(Answering::ByHand);
        let driver = Driver::new(poll.registry(), 1..10, || {}, config).expect("a driver");
        Self { poll, driver }
    }

    fn submit(&mut self, request: RequestBuilder) -> RequestId {
        self.driver.submit(request.build().expect("a request"))
    }

    /// A request that has asked; its question.
    fn asking(&mut self, request: RequestBuilder) -> Question {
        let id = self.submit(request);
        assert!(self.driver.poll_question().is_none(), "nobody has turned");
        assert!(self.driver.poll_event().is_none());
        let question = self.driver.poll_question().expect("a question");
        assert_eq!(question.id(), id);
        question
    }

    /// All that is told until it has been quiet for so long, in words; content is consumed as it comes.
    fn told(&mut self, quiet: Duration) -> Vec<String> {
        let (mut told, mut events) = (Vec::new(), Events::with_capacity(16));
        let until = Instant::now() + quiet;
        loop {
            while let Some(event) = self.driver.poll_event() {
                told.push(self.tell(event));
            }
            let now = Instant::now();
            if now >= until {
                return told;
            }
            let next = self.driver.deadline().map_or(until, |at| at.min(until));
            let wait = next.saturating_duration_since(now);
            self.poll.poll(&mut events, Some(wait)).expect("a sleep");
            for event in &events {
                self.driver.handle_event(event);
            }
            self.driver.handle_deadline();
        }
    }

    fn tell(&mut self, event: Event) -> String {
        match event {
            Event::Head(id) => {
                assert!(self.driver.connection_info(id).is_none());
                let status = self.driver.head(id).expect("a head").status();
                status.as_str().to_owned()
            }
            Event::Content(id) => {
                let content = self.driver.content(id).to_vec();
                self.driver.consume(id, content.len());
                String::from_utf8(content).expect("text")
            }
            Event::End(_) => "end".to_owned(),
            Event::Failed(_, error) => format!("{}, {}", error.code(), error.stage()),
            other => format!("{other:?}"),
        }
    }

    fn nothing_left(&mut self) {
        assert_eq!(self.told(Duration::ZERO), [""; 0]);
        assert!(self.driver.poll_question().is_none());
        let pool = self.driver.pool();
        assert_eq!((pool.requests, pool.origins.len()), (0, 0), "{pool:?}");
    }
}

fn get(url: &str) -> RequestBuilder {
    RequestBuilder::new("GET", url)
}

#[test]
fn a_question_is_answered_when_there_is_time() {
    let mut hand = Hand::new();
    let url = "http://inside.test/a?b";
    let question = hand.asking(RequestBuilder::new("PUT", url).body("content"));
    assert_eq!(
        (question.method().as_str(), question.url().as_str()),
        ("PUT", url)
    );
    assert_eq!(question.content().as_deref(), Some(&b"content"[..]));
    assert_eq!(question.field("content-length"), Some(&b"7"[..]));
    assert!(question.answer().is_none());
    assert_eq!(hand.told(milliseconds(30)), [""; 0]);
    hand.driver.answer(question.id(), ok("late, and right"));
    assert_eq!(hand.told(Duration::ZERO), ["200", "late, and right", "end"]);
    hand.nothing_left();
}

#[test]
fn questions_are_answered_in_any_order() {
    let mut hand = Hand::new();
    let paths = ["0", "1", "2", "3"];
    for path in paths {
        hand.submit(get(&format!("{INSIDE}{path}")));
    }
    assert!(hand.driver.poll_event().is_none());
    let questions: Vec<_> = std::iter::from_fn(|| hand.driver.poll_question()).collect();
    assert_eq!(questions.len(), 4);
    for question in questions.iter().rev() {
        let path = question.url().path()[1..].to_owned();
        let answer = Answer::new(StatusCode::OK).with_content(path);
        hand.driver.answer(question.id(), Ok(answer));
    }
    let told = hand.told(Duration::ZERO).into_iter();
    let told: Vec<_> = told.filter(|said| paths.contains(&said.as_str())).collect();
    assert_eq!(told, ["3", "2", "1", "0"]);
    hand.nothing_left();
}

/// Given a question whose request fails of its deadline, is given up or is answered, then another answer to it is ignored.
#[test]
fn an_answer_to_nobody_is_ignored() {
    let mut hand = Hand::new();
    let late = hand.asking(get(INSIDE).timeout(milliseconds(30)));
    assert_eq!(hand.told(milliseconds(60)), ["timeout, deadline"]);
    let gone = hand.asking(get(INSIDE));
    hand.driver.cancel(gone.id());
    let twice = hand.asking(get(INSIDE));
    for id in [late.id(), gone.id()] {
        hand.driver.answer(id, ok("to nobody"));
    }
    assert_eq!(hand.told(Duration::ZERO), [""; 0]);
    hand.driver.answer(twice.id(), ok("once"));
    hand.driver.answer(twice.id(), ok("twice"));
    assert_eq!(hand.told(Duration::ZERO), ["200", "once", "end"]);
    for id in [late.id(), gone.id(), twice.id()] {
        hand.driver.answer(id, Err(io::Error::other("no")));
    }
    hand.nothing_left();
}

#[test]
fn an_answer_that_comes_after_the_deadline_is_late() {
    let mut hand = Hand::new();
    let question = hand.asking(get(INSIDE).timeout(milliseconds(20)));
    // The loop sleeps, and nothing looks at the clock.
    thread::sleep(milliseconds(40));
    hand.driver.answer(question.id(), ok("late"));
    assert_eq!(hand.told(Duration::ZERO), ["timeout, deadline"]);
    hand.nothing_left();
}

#[test]
fn closing_lets_who_asks_finish() {
    let mut hand = Hand::new();
    let question = hand.asking(get(INSIDE));
    hand.driver.close();
    assert_eq!(hand.told(Duration::ZERO), [""; 0]);
    hand.submit(get(INSIDE));
    assert_eq!(hand.told(Duration::ZERO), ["session-closed, prepare"]);
    hand.driver.answer(question.id(), ok("hello"));
    assert_eq!(hand.told(Duration::ZERO), ["200", "hello", "end"]);
    hand.nothing_left();
}

// ------------------------------------------------------------------------------------------- functions that take their time

#[test]
fn nobody_answers_by_hand_under_a_facade() {
    let refused = |error: Error| {
        assert!(matches!(error.kind(), ErrorKind::Answer(_)), "{error}");
        assert!(error.to_string().contains("`Answering::by`"), "{error}");
    };
    let session = blocking::Session::with(config(Answering::ByHand)).expect("a session");
    refused(session.get(INSIDE).send().expect_err("nobody answers"));
    let session = sessile_async_std::Session::with(config(Answering::ByHand)).expect("a session");
    let sent = task::block_on(async { session.get(INSIDE).send().await });
    refused(sent.expect_err("nobody answers"));
}

/// A function that says when it is asked, and answers when it is told to.
fn on_command() -> (Answering, Receiver<()>, Sender<&'static str>) {
    let (asked, is_asked) = channel();
    let (tell, told) = channel();
    let channels = Mutex::new((asked, told));
    let answering = Answering::by(move |_| {
        let channels = channels.lock().expect("no panic under the lock");
        channels.0.send(()).expect("the test listens");
        ok(channels.1.recv_timeout(PATIENCE).expect("a command"))
    });
    (answering, is_asked, tell)
}

fn is_late(error: &Error) {
    assert_eq!(
        (error.code(), error.stage()),
        ("timeout", Stage::Deadline),
        "{error}"
    );
}

/// Given a function that takes longer than its request has, then the request fails of its deadline: on a task at once, on a
/// thread of one's own when the function is back.
#[test]
fn a_deadline_holds_while_a_function_takes_its_time() {
    let slow = || {
        Answering::by(|_| {
            thread::sleep(milliseconds(120));
            ok("late")
        })
    };
    let limit = milliseconds(40);
    let session = blocking::Session::with(config(slow())).expect("a session");
    let error = session.get(INSIDE).timeout(limit).send();
    is_late(&error.expect_err("it is late"));
    assert_eq!(session.pool().requests, 0);
    let session = sessile_async_std::Session::with(config(slow())).expect("a session");
    let (begun, error) = task::block_on(async {
        let begun = Instant::now();
        let error = session.get(INSIDE).timeout(limit).send().await;
        (begun.elapsed(), error.expect_err("it is late"))
    });
    is_late(&error);
    assert!(begun >= limit, "{begun:?}");
    assert_eq!(session.pool().requests, 0);
}

/// Given a task that is dropped while a function works for it, then nothing is left of it, and the answer is nobody's.
#[test]
fn a_task_may_go_while_a_function_works() {
    let (answering, is_asked, tell) = on_command();
    let session = sessile_async_std::Session::with(config(answering)).expect("a session");
    task::block_on(async {
        let sending = session.get(INSIDE).send();
        assert!(timeout(milliseconds(50), sending).await.is_err());
    });
    is_asked.recv_timeout(PATIENCE).expect("it was asked");
    assert_eq!(session.pool().requests, 0);
    tell.send("to nobody").expect("the function listens");
    tell.send("next").expect("the function listens");
    let text = task::block_on(async { session.get(INSIDE).send().await?.text().await });
    assert_eq!(text.expect("an answer"), "next");
    assert_eq!(session.pool().requests, 0);
}

/// Given a session that is closed while a function works, then its request may finish.
#[test]
fn closing_spares_who_waits_for_a_function() {
    let (answering, is_asked, tell) = on_command();
    let session = blocking::Session::with(config(answering)).expect("a session");
    let other = session.clone();
    let thread = thread::spawn(move || other.get(INSIDE).send()?.text());
    is_asked.recv_timeout(PATIENCE).expect("it was asked");
    session.close();
    tell.send("hello").expect("the function listens");
    assert_eq!(
        thread.join().expect("no panic").expect("an answer"),
        "hello"
    );
    let (answering, is_asked, tell) = on_command();
    let session = sessile_async_std::Session::with(config(answering)).expect("a session");
    let other = session.clone();
    let task = task::spawn(async move { other.get(INSIDE).send().await?.text().await });
    is_asked.recv_timeout(PATIENCE).expect("it was asked");
    session.close();
    tell.send("hello").expect("the function listens");
    assert_eq!(task::block_on(task).expect("an answer"), "hello");
}

/// Given a function that uses its own session, then nobody waits for himself.
#[test]
fn a_function_may_ask_its_own_session() {
    let origin = Loopback::start(Scripted::new(|_| {
        vec![Act::Send(response(200, &[], b"from outside"))]
    }));
    let origin = origin.expect("an origin");
    let url = origin.url("/");
    let place = Arc::new(Mutex::new(None::<blocking::Session>));
    let known = Arc::clone(&place);
    let answering = Answering::by(move |_| {
        let session = known.lock().expect("no panic under the lock").clone();
        let response = session.expect("a session").get(&url).send()?;
        Ok(Answer::new(StatusCode::OK).with_content(response.text()?))
    });
    let session = blocking::Session::with(config(answering)).expect("a session");
    *place.lock().expect("no panic under the lock") = Some(session.clone());
    let text = session
        .get(INSIDE)
        .send()
        .and_then(|response| response.text());
    assert_eq!(text.expect("an answer"), "from outside");
    // The session knows the function, and the function the session.
    place.lock().expect("no panic under the lock").take();
}
