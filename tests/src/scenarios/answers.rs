//! A function that answers in place of a connection: what it is asked, what becomes of its answers, and what goes on as with
//! any response.
//!
//! Answers by hand are a driver's own affair: `tests/answers.rs` has them, and functions that take their time.

use std::io;
use std::sync::{Arc, Mutex};

use sessile_core::{
    Answer, Answering, Authentication, Config, ErrorKind, Mount, Next, Progress, Question,
    RequestBuilder, Retry, Stage, StatusCode, StopReason,
};

use super::credentials::{anywhere, bearer, by_way_of};
use super::doors::{PASSWORD, USER, basic, by};
use super::mounts::mounted;
use super::peers::{Asked, path};
use super::retries::{built, course, course_of, policy, waits};
use super::ways::{name_it, trusting};
use super::{answered, failed, get, milliseconds, nothing_left};
use crate::pki::Authority;
use crate::world::World;

/// Where the function answers: no such host is anywhere.
pub(super) const INSIDE: &str = "http://inside.test";

/// What a function was asked: the heads and the contents, as text.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<(String, String)>>>);

impl Heard {
    pub(super) fn note(&self, question: &Question) -> usize {
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).expect("text");
        let content = question.content().map(|content| text(&content));
        let noted = (text(question.head()), content.unwrap_or_else(|| "-".into()));
        let mut all = self.0.lock().expect("no panic under the lock");
        all.push(noted);
        all.len() - 1
    }

    pub(super) fn all(&self) -> Vec<(String, String)> {
        self.0.lock().expect("no panic under the lock").clone()
    }

    pub(super) fn count(&self) -> usize {
        self.all().len()
    }
}

/// A session in which a function answers below a prefix. It is told how many questions came before.
pub(super) fn answering(
    prefix: &str,
    heard: &Heard,
    answer: impl Fn(usize, &Question) -> io::Result<Answer> + Send + Sync + 'static,
) -> Config {
    let heard = heard.clone();
    let answer = move |question: &Question| answer(heard.note(question), question);
    let mount = Mount {
        answering: Some(Answering::by(answer)),
        ..Mount::default()
    };
    mounted([(prefix.to_owned(), mount)])
}

pub(super) fn ok(content: impl Into<String>) -> Answer {
    Answer::new(StatusCode::OK).with_content(content.into())
}

fn to(location: &str) -> Answer {
    let answer = Answer::new(StatusCode::FOUND).with_content("elsewhere");
    answer.with_field("Location", location).expect("valid")
}

pub(super) fn inside(path: &str) -> String {
    format!("{INSIDE}{path}")
}

/// Given a function, then its status, fields and content are the response, on no connection and in one attempt; what has no
/// content has none.
pub fn a_function_answers(world: &mut dyn World) {
    let heard = Heard::default();
    world.configure(answering(INSIDE, &heard, |_, question| {
        let status = match question.url().path() {
            "/none" => StatusCode::NO_CONTENT,
            "/unchanged" => StatusCode::NOT_MODIFIED,
            "/not" => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        let answer = Answer::new(status).with_content(question.url().path().to_owned());
        answer
            .with_field("X-One", "1")
            .and_then(|answer| answer.with_field("x-one", b"caf\xe9"))
            .map_err(io::Error::other)
    }));
    let head = RequestBuilder::new("HEAD", inside("/head")).build();
    for (request, status, content) in [
        (get(&inside("/a")), 200, "/a"),
        (get(&inside("/not")), 404, "/not"),
        (head.expect("a request"), 200, ""),
        (get(&inside("/none")), 204, ""),
        (get(&inside("/unchanged")), 304, ""),
    ] {
        let reply = answered(world, request);
        assert_eq!((reply.status, reply.text()), (status, content));
        let lines = [("X-One", &b"1"[..]), ("x-one", b"caf\xe9")];
        let lines = lines.map(|(name, value)| (name.to_owned(), value.to_vec()));
        assert_eq!(reply.fields, lines);
        assert_eq!((reply.connection.number, reply.connection.served), (0, 0));
        let outcome = status.to_string();
        assert_eq!(
            course(&reply.attempts),
            (vec![&*outcome], StopReason::NoPolicy)
        );
        assert_eq!(reply.attempts[0].connection, None);
    }
    nothing_left(world);
    assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    assert_eq!((heard.count(), world.pool().counters.opened), (5, 0));
}

/// Given an https prefix, then a function answers it without TLS; what lies outside is never asked without, a redirect out of
/// it included.
pub fn a_function_needs_no_tls(world: &mut dyn World) {
    let heard = Heard::default();
    let served = world.serve(path());
    let plain = served.url("/");
    let mut config = answering("https://inside.test/", &heard, move |_, question| {
        Ok(match question.url().path() {
            "/out" => to("https://outside.test/"),
            "/down" => to(&plain),
            _ => ok("private"),
        })
    });
    config.tls = trusting(&Authority::new());
    name_it(&mut config, "outside.test", served.address());
    world.configure(config);
    let reply = answered(world, get("https://inside.test/x"));
    assert_eq!(reply.text(), "private");
    for url in ["https://outside.test/", "https://inside.test/out"] {
        assert_eq!(failed(world, get(url)).code(), "tls-plain-http");
    }
    let down = failed(world, get("https://inside.test/down"));
    assert_eq!((down.is_redirect(), down.attempts().len()), (true, 1));
    nothing_left(world);
    assert_eq!((heard.count(), served.opened()), (3, 2));
}

/// Given a redirect from an answer to a site and back, then it is followed like any other, and credentials stay with their
/// origin.
pub fn an_answer_may_redirect(world: &mut dyn World) {
    let (heard, asked) = (Heard::default(), Asked::default());
    let served = world.serve(anywhere(&asked));
    let out = by_way_of(&served, "/site", &inside("/back"));
    let config = answering(INSIDE, &heard, move |_, question| {
        Ok(match question.url().path() {
            "/start" => to("/near"),
            "/near" => to(&out),
            path => ok(path),
        })
    });
    world.configure(config);
    for _ in 0..2 {
        let reply = answered(world, by(&inside("/start"), bearer("secret")));
        assert_eq!((reply.status, reply.text()), (200, "/back"));
        let outcomes = vec!["302", "302", "302", "200"];
        assert_eq!(course(&reply.attempts), (outcomes, StopReason::NoPolicy));
        let connections = reply.attempts.iter().map(|it| it.connection.is_some());
        assert_eq!(connections.collect::<Vec<_>>(), [false, false, true, false]);
        let from = reply
            .attempts
            .iter()
            .filter_map(|it| it.hop.as_ref())
            .map(|hop| hop.url.clone());
        assert_eq!(
            from.take(2).collect::<Vec<_>>(),
            [inside("/start"), inside("/near")]
        );
    }
    // From a site to an answer, and there it ends.
    let reply = answered(world, get(&by_way_of(&served, "/x", &inside("/last"))));
    assert_eq!((reply.text(), reply.connection.number), ("/last", 0));
    nothing_left(world);
    let knows = heard
        .all()
        .into_iter()
        .map(|(head, _)| head.contains("Bearer secret"));
    let knows: Vec<_> = knows.collect();
    assert_eq!(knows, [true, true, false, true, true, false, false]);
    assert!(
        asked
            .all()
            .iter()
            .all(|it| it.field("Authorization").is_none())
    );
}

/// Given answers that ask to be retried, or a function that fails, then the policy holds as for a peer, and the waits are kept.
pub fn answers_are_retried(world: &mut dyn World) {
    let busy = || Answer::new(StatusCode::SERVICE_UNAVAILABLE);
    let factor = milliseconds(if world.is_virtual() { 100 } else { 5 });
    let retry = || Retry {
        backoff_factor: factor,
        ..policy(4, &[503])
    };
    let heard = Heard::default();
    let config = answering(INSIDE, &heard, move |number, _| match number {
        0 | 2 => Ok(busy()),
        1 | 3 => Err(io::Error::other("no")),
        _ => Ok(ok("at last")),
    });
    world.configure(Config {
        retry: Some(retry()),
        ..config
    });
    let reply = answered(world, get(&inside("/")));
    assert_eq!(reply.text(), "at last");
    let outcomes = vec!["503", "answer", "503", "answer", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    let doubled = [0, 2, 4, 8].map(|times| factor * times);
    assert_eq!(waits(world, &reply.attempts), doubled);
    let heard = Heard::default();
    let config = answering(INSIDE, &heard, move |number, _| match number {
        0 => busy()
            .with_field("Retry-After", "0")
            .map_err(io::Error::other),
        _ => Ok(busy()),
    });
    world.configure(config);
    let reply = answered(
        world,
        built(RequestBuilder::new("GET", inside("/")).retry(Retry::new(1))),
    );
    assert_eq!((reply.status, reply.attempts.len()), (503, 2));
    nothing_left(world);
    assert_eq!(heard.count(), 2);
}

/// Given a function that fails or panics, then the request fails, as one that was sent; a POST is not retried for it, a panic
/// and what is no answer never are, and the session goes on.
pub fn a_function_that_fails_fails_its_request(world: &mut dyn World) {
    let heard = Heard::default();
    let config = answering(INSIDE, &heard, |_, question| match question.url().path() {
        "/err" => Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the drawer is empty",
        )),
        "/panic" => std::panic::resume_unwind(Box::new("no")),
        "/interim" => Ok(Answer::new(StatusCode::CONTINUE)),
        path => Ok(ok(path)),
    });
    world.configure(Config {
        retry: Some(Retry::new(0)),
        ..config
    });
    let never = StopReason::NotRetryable;
    for (path, said, reason) in [
        ("/err", "the drawer is empty", StopReason::Exhausted),
        ("/panic", "panicked", never),
        ("/interim", "final status", never),
    ] {
        let error = failed(world, get(&inside(path)));
        assert!(matches!(error.kind(), ErrorKind::Answer(_)), "{error}");
        assert_eq!((error.code(), error.stage()), ("answer", Stage::Head));
        assert_eq!(error.progress(), Progress::Sent);
        assert!(error.to_string().contains(said), "{error}");
        let outcomes = vec!["answer".to_owned()];
        assert_eq!(course_of(&error), (outcomes, reason));
        assert_eq!(error.is_retryable(), reason != never);
    }
    let request = RequestBuilder::new("POST", inside("/err")).retry(Retry::new(3));
    let error = failed(world, built(request));
    assert_eq!(
        course_of(&error),
        (vec!["answer".to_owned()], StopReason::Method)
    );
    assert_eq!(answered(world, get(&inside("/next"))).text(), "/next");
    nothing_left(world);
    assert_eq!(heard.count(), 5);
}

/// Given an answer that asks for credentials, then it is answered like a peer's.
pub fn an_answer_may_ask_for_credentials(world: &mut dyn World) {
    let heard = Heard::default();
    let config = answering(INSIDE, &heard, |_, question| {
        let known = basic(USER, PASSWORD);
        match question.field("Authorization") {
            Some(said) if said == known.as_bytes() => Ok(ok("in")),
            _ => Answer::new(StatusCode::UNAUTHORIZED)
                .with_field("WWW-Authenticate", r#"Basic realm="r""#)
                .map_err(io::Error::other),
        }
    });
    world.configure(config);
    let either = |password| Authentication::basic_or_digest(USER, password).expect("valid");
    let reply = answered(world, by(&inside("/"), either(PASSWORD)));
    assert_eq!((reply.status, reply.text()), (200, "in"));
    assert_eq!(course(&reply.attempts).0, ["401", "200"]);
    assert_eq!(reply.attempts[0].next, Next::Authentication);
    let reply = answered(world, by(&inside("/"), either("wrong")));
    assert_eq!((reply.status, reply.attempts.len()), (401, 2));
    nothing_left(world);
}
