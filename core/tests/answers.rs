//! Answers by hand, over an engine without a transport: what is told in which order, and answers that come too late, twice, or
//! to nobody.

use core::time::Duration;
use std::io;

use sessile_core::{
    Answer, Answering, Command, Config, Engine, ErrorKind, Event, Mount, Mounts, Now, Question,
    Request, RequestBuilder, RequestId, Retry, Stage, StatusCode, Step, StopReason,
};

const NOW: fn() -> Now = Now::default;
const INSIDE: &str = "http://inside.test/";

/// The time, so many milliseconds after the beginning.
fn at(milliseconds: u64) -> Now {
    NOW().after(Duration::from_millis(milliseconds))
}

/// An engine whose requests to one host are answered by hand.
fn engine() -> Engine<()> {
    let mount = Mount {
        answering: Some(Answering::ByHand),
        ..Mount::default()
    };
    let mut mounts = Mounts::new();
    mounts.add(INSIDE, mount).expect("a prefix");
    let config = Config {
        mounts,
        ..Config::default()
    };
    Engine::new(config).expect("valid")
}

fn get() -> RequestBuilder {
    RequestBuilder::new("GET", INSIDE)
}

fn built(request: RequestBuilder) -> Request {
    request.build().expect("a request")
}

fn ok(content: &'static str) -> io::Result<Answer> {
    Ok(Answer::new(StatusCode::OK).with_content(content))
}

fn status(code: u16) -> io::Result<Answer> {
    Ok(Answer::new(StatusCode::from_u16(code).expect("a status")))
}

/// The next question, which must be there; it cannot be answered but by hand.
fn asked(engine: &mut Engine<()>) -> Box<Question> {
    match engine.poll_command() {
        Some(Command::Answer(question)) => {
            assert!(question.answer().is_none());
            question
        }
        other => panic!("a question, not {other:?}"),
    }
}

/// A request that has asked.
fn asking(engine: &mut Engine<()>, request: RequestBuilder) -> RequestId {
    let id = engine.submit(NOW(), built(request));
    assert!(engine.poll_event(NOW()).is_none());
    assert_eq!(asked(engine).id(), id);
    id
}

/// All that is told now, in words.
fn told(engine: &mut Engine<()>, now: Now) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(event) = engine.poll_event(now) {
        told.push(match event {
            Event::Head(_) => "head".to_owned(),
            Event::Content(_) => "content".to_owned(),
            Event::End(_) => "end".to_owned(),
            Event::Failed(_, error) => error.code().to_owned(),
            other => format!("{other:?}"),
        });
    }
    told
}

/// Nothing of any request is left, and nobody has to be woken.
fn nothing_left(engine: &mut Engine<()>) {
    assert_eq!(told(engine, NOW()), [""; 0]);
    assert!(engine.poll_command().is_none());
    let pool = engine.pool(NOW());
    assert_eq!((pool.requests, pool.origins.len()), (0, 0), "{pool:?}");
}

#[test]
fn an_answer_is_told_as_head_content_and_end() {
    let mut engine = engine();
    let id = asking(&mut engine, get());
    assert!(engine.head(id).is_none() && engine.attempts(id).is_none());
    engine.handle_answer(at(5), id, ok("hello"));
    assert!(matches!(engine.poll_event(at(5)), Some(Event::Head(it)) if it == id));
    assert_eq!(engine.head(id).expect("a head").status(), StatusCode::OK);
    assert!(engine.connection_info(id).is_none());
    let attempts = engine.attempts(id).expect("a head has come");
    assert_eq!(
        (attempts.len(), attempts[0].took),
        (1, Duration::from_millis(5))
    );
    assert_eq!(attempts[0].connection, None);
    assert!(matches!(engine.poll_event(at(5)), Some(Event::Content(_))));
    // Nothing more is told before it is consumed.
    assert!(engine.poll_event(at(5)).is_none());
    assert_eq!(engine.content(id), b"hello");
    engine.consume(at(5), id, 5);
    assert!(engine.content(id).is_empty() && engine.head(id).is_some());
    assert!(matches!(engine.poll_event(at(5)), Some(Event::End(_))));
    assert!(engine.head(id).is_none() && engine.attempts(id).is_none());
    engine.consume(at(5), id, 5);
    nothing_left(&mut engine);
}

#[test]
fn content_may_be_consumed_in_parts() {
    for (parts, wanted) in [
        (vec![2, 2, 1], 3),
        (vec![0, 5], 2),
        (vec![usize::MAX], 1),
        (vec![4, 100], 2),
    ] {
        let mut engine = engine();
        let id = asking(&mut engine, get());
        engine.handle_answer(NOW(), id, ok("hello"));
        assert_eq!(told(&mut engine, NOW()), ["head", "content"]);
        let (mut left, mut told_again) = (&b"hello"[..], Vec::new());
        for part in parts {
            assert_eq!(engine.content(id), left);
            engine.consume(NOW(), id, part);
            left = &left[part.min(left.len())..];
            told_again.extend(told(&mut engine, NOW()));
        }
        let mut all = vec!["content"; wanted];
        all[wanted - 1] = "end";
        assert_eq!(told_again, all);
        nothing_left(&mut engine);
    }
}

#[test]
fn an_answer_without_content_ends_behind_its_head() {
    let mut engine = engine();
    let head = RequestBuilder::new("HEAD", INSIDE);
    for (request, answer) in [(head, ok("no")), (get(), ok("")), (get(), status(204))] {
        let id = asking(&mut engine, request);
        engine.handle_answer(NOW(), id, answer);
        assert_eq!(told(&mut engine, NOW()), ["head", "end"]);
        nothing_left(&mut engine);
    }
}

/// Given a request that is given up while it asks, once its answer is here, or between its head and its end, then nothing more
/// is told of it, and an answer that comes later is ignored.
#[test]
fn a_request_may_be_given_up_at_any_point() {
    for events in 0..=3 {
        for answered in [false, true] {
            let mut engine = engine();
            let id = asking(&mut engine, get());
            if answered {
                engine.handle_answer(NOW(), id, ok("hello"));
            }
            for _ in 0..events {
                if let Some(Event::Content(_)) = engine.poll_event(NOW()) {
                    engine.consume(NOW(), id, 2);
                }
            }
            engine.cancel(NOW(), id);
            assert!(engine.head(id).is_none() && engine.content(id).is_empty());
            nothing_left(&mut engine);
            engine.handle_answer(NOW(), id, ok("late"));
            engine.consume(NOW(), id, 1);
            engine.cancel(NOW(), id);
            nothing_left(&mut engine);
        }
    }
}

/// Given a question that was not taken yet, when its request is given up, then it may be asked all the same, and its answer is
/// ignored; the next request, which may have the same place, does not get it.
#[test]
fn an_answer_is_for_its_own_request() {
    let mut engine = engine();
    let first = engine.submit(NOW(), built(get()));
    engine.cancel(NOW(), first);
    let second = engine.submit(NOW(), built(get()));
    let mut questions = Vec::new();
    while let Some(Command::Answer(question)) = engine.poll_command() {
        questions.push(question.id());
    }
    assert_eq!(questions.last(), Some(&second));
    engine.handle_answer(NOW(), first, ok("late"));
    assert_eq!(told(&mut engine, NOW()), [""; 0]);
    engine.handle_answer(NOW(), second, ok("right"));
    assert_eq!(told(&mut engine, NOW()), ["head", "content"]);
    assert_eq!(engine.content(second), b"right");
    engine.consume(NOW(), second, 5);
    assert_eq!(told(&mut engine, NOW()), ["end"]);
    // To one that is over, too.
    engine.handle_answer(NOW(), second, ok("again"));
    nothing_left(&mut engine);
}

#[test]
fn a_second_answer_is_ignored() {
    let mut engine = engine();
    let id = asking(&mut engine, get());
    engine.handle_answer(NOW(), id, ok("one"));
    engine.handle_answer(NOW(), id, status(500));
    engine.handle_answer(NOW(), id, Err(io::Error::other("no")));
    assert_eq!(told(&mut engine, NOW()), ["head", "content"]);
    engine.handle_answer(NOW(), id, ok("two"));
    assert_eq!(engine.content(id), b"one");
    engine.consume(NOW(), id, 3);
    assert_eq!(told(&mut engine, NOW()), ["end"]);
    nothing_left(&mut engine);
}

/// Given a deadline, when it passes while the request asks, then it fails of that; an answer that comes after it is late, even
/// if nobody has looked at the clock meanwhile.
#[test]
fn a_deadline_ends_the_asking() {
    for looks in [true, false] {
        let mut engine = engine();
        let limit = Duration::from_millis(50);
        let id = asking(&mut engine, get().timeout(limit));
        assert_eq!(engine.deadline(), Some(at(50).tick));
        if looks {
            engine.handle_deadline(at(50));
        }
        engine.handle_answer(at(60), id, ok("late"));
        let Some(Event::Failed(_, error)) = engine.poll_event(at(60)) else {
            panic!("it was late");
        };
        assert_eq!((error.code(), error.stage()), ("timeout", Stage::Deadline));
        assert_eq!(error.limit(), Some(limit));
        assert_eq!(error.attempts().len(), 1);
        nothing_left(&mut engine);
    }
    // Nobody reads in time what was there in time.
    let mut engine = engine();
    let id = asking(&mut engine, get().timeout(Duration::from_millis(50)));
    engine.handle_answer(at(40), id, ok("here"));
    engine.handle_deadline(at(60));
    assert_eq!(told(&mut engine, at(60)), ["head", "content"]);
    engine.cancel(at(60), id);
    nothing_left(&mut engine);
}

/// Given answers that are retried, then the request asks again when it has rested, and not before; an answer meanwhile is
/// ignored.
#[test]
fn a_retry_asks_again() {
    let retry = Retry {
        statuses: vec![503],
        backoff_factor: Duration::from_millis(100),
        ..Retry::new(3)
    };
    let mut engine = engine();
    let id = asking(&mut engine, get().retry(retry));
    engine.handle_answer(NOW(), id, status(503));
    engine.handle_answer(NOW(), id, ok("unasked"));
    engine.handle_deadline(NOW());
    assert_eq!(asked(&mut engine).id(), id);
    engine.handle_answer(NOW(), id, Err(io::Error::other("no")));
    engine.handle_deadline(at(199));
    assert!(engine.poll_command().is_none());
    engine.handle_answer(at(199), id, ok("unasked"));
    engine.handle_deadline(at(200));
    assert_eq!(asked(&mut engine).id(), id);
    engine.handle_answer(at(200), id, ok("at last"));
    assert!(matches!(engine.poll_event(at(200)), Some(Event::Head(_))));
    let attempts = engine.attempts(id).expect("a head has come");
    assert_eq!(attempts.len(), 3, "{attempts:?}");
    assert_eq!(engine.content(id), b"at last");
    engine.cancel(at(200), id);
    nothing_left(&mut engine);
}

/// Given a session that is closed while a request asks, then the request is under way and may finish; but nothing new begins for
/// it.
#[test]
fn who_asks_when_the_session_closes_may_finish() {
    let retry = || Retry {
        statuses: vec![503],
        ..Retry::new(3)
    };
    let away = Answer::new(StatusCode::FOUND).with_field("Location", "/next");
    for (answer, wanted) in [
        (ok("hello"), vec!["head", "content", "end"]),
        (status(503), vec!["head", "end"]),
        (away.map_err(io::Error::other), vec!["session-closed"]),
        (Err(io::Error::other("no")), vec!["answer"]),
    ] {
        let mut engine = engine();
        let id = asking(&mut engine, get().retry(retry()));
        engine.close(NOW());
        assert_eq!(told(&mut engine, NOW()), [""; 0]);
        engine.handle_answer(NOW(), id, answer);
        let mut all = told(&mut engine, NOW());
        engine.consume(NOW(), id, 5);
        all.extend(told(&mut engine, NOW()));
        assert_eq!(all, wanted);
        nothing_left(&mut engine);
    }
}

/// Given a driver that takes connections out, then it is woken for an answer, and gets it whole.
#[test]
fn a_step_collects_an_answer() {
    let mut engine = engine();
    let id = engine.submit(NOW(), built(get()));
    assert!(matches!(engine.step(NOW(), id), Step::Wait));
    assert_eq!(asked(&mut engine).id(), id);
    assert!(engine.poll_wake().is_none());
    engine.handle_answer(NOW(), id, ok("hello"));
    assert_eq!(engine.poll_wake(), Some(id));
    let Step::Answered(answered) = engine.step(NOW(), id) else {
        panic!("no answer");
    };
    assert_eq!(answered.head().status(), StatusCode::OK);
    assert_eq!(
        (&answered.content()[..], answered.attempts().len()),
        (&b"hello"[..], 1)
    );
    assert!(matches!(engine.step(NOW(), id), Step::Wait));
    nothing_left(&mut engine);
    // Or the error, if that is what there is.
    let id = engine.submit(NOW(), built(get()));
    engine.handle_answer(NOW(), id, Err(io::Error::other("no")));
    let Step::Failed(error) = engine.step(NOW(), id) else {
        panic!("no error");
    };
    assert!(matches!(error.kind(), ErrorKind::Answer(_)));
    assert_eq!(error.stop_reason(), Some(StopReason::NoPolicy));
}

/// Given many who ask, then answers may come in any order.
#[test]
fn answers_come_in_any_order() {
    let mut engine = engine();
    let ids: Vec<_> = (0..5).map(|_| asking(&mut engine, get())).collect();
    let texts = ["a", "b", "c", "d", "e"];
    for place in [3, 0, 4, 1, 2] {
        engine.handle_answer(NOW(), ids[place], ok(texts[place]));
    }
    let mut seen = Vec::new();
    while let Some(event) = engine.poll_event(NOW()) {
        if let Event::Content(id) = event {
            let content = engine.content(id).to_vec();
            seen.push((id, String::from_utf8(content).expect("text")));
            engine.consume(NOW(), id, 1);
        }
    }
    let wanted = [3, 0, 4, 1, 2].map(|place| (ids[place], texts[place].to_owned()));
    assert_eq!(seen, wanted);
    nothing_left(&mut engine);
}
