//! What a function that answers is asked, and requests that end otherwise than by reading its answer.

use std::io;

use sessile_core::{Answer, Config, Question, RequestBuilder, Retry, StatusCode, StopReason, Url};

use super::answers::{Heard, INSIDE, answering, inside, ok};
use super::credentials::{anywhere, bearer};
use super::doors::{asking, basic};
use super::mounts::fields;
use super::peers::{Asked, path};
use super::retries::{built, course_of, policy};
use super::uploads::post_of;
use super::{answered, failed, get, milliseconds, nothing_left, post};
use crate::source::Source;
use crate::world::{Meanwhile, World};

/// Given a question, then it shows what would have been sent: the method, the URL, the head with the session's lines, the
/// credentials and the framing, the content if it is in memory.
pub fn a_question_shows_the_request(world: &mut dyn World) {
    let heard = Heard::default();
    let config = answering(INSIDE, &heard, |_, question| {
        let said = question.field("authorization").unwrap_or_default();
        let said = String::from_utf8_lossy(said);
        Ok(ok(format!(
            "{} {} {said}",
            question.method(),
            question.url()
        )))
    });
    world.configure(Config {
        authenticator: asking(|_: &Url| Some(bearer("t"))).authenticator,
        fields: fields(&[("X-Session", "s")]),
        query: vec![("lang".into(), "de".into())],
        ..config
    });
    let posted = answered(world, post(&inside("/a?b"), "content"));
    assert_eq!(posted.text(), format!("POST {INSIDE}/a?b&lang=de Bearer t"));
    let got = answered(world, get(&inside("/")));
    assert_eq!(got.text(), format!("GET {INSIDE}/?lang=de Bearer t"));
    let named = answered(world, get("http://u:p@inside.test/"));
    assert!(named.text().ends_with(&basic("u", "p")), "{}", named.text());
    let [(head, content), (_, nothing), _] = &heard.all()[..] else {
        panic!("three questions");
    };
    let lines = [
        "POST /a?b&lang=de HTTP/1.1",
        "Host: inside.test",
        "User-Agent: sessile",
        "Accept: */*",
        "X-Session: s",
        "Authorization: Bearer t",
        "Content-Length: 7",
        "\r\n",
    ];
    assert_eq!(*head, lines.join("\r\n"));
    assert_eq!((&**content, &**nothing), ("content", ""));
}

/// Given content from a source, then a function does not read it; where it redirects to, the content is read from its beginning.
pub fn a_source_waits_for_a_connection(world: &mut dyn World) {
    let (heard, asked) = (Heard::default(), Asked::default());
    let served = world.serve(anywhere(&asked));
    let next = served.url("/upload");
    let config = answering(INSIDE, &heard, move |_, question| {
        assert!(question.content().is_none());
        let moved = Answer::new(StatusCode::TEMPORARY_REDIRECT);
        match question.url().path() {
            "/moved" => moved
                .with_field("Location", &next)
                .map_err(io::Error::other),
            path => Ok(ok(path)),
        }
    });
    world.configure(config);
    for (path, at_last, given) in [("/here", "/here", 0), ("/moved", "/upload", 5)] {
        let source = Source::of(&[b"he", b"llo"]);
        let request = post_of(&inside(path), Some(5));
        let reply = world.send_from(built(request), source.clone());
        assert_eq!(reply.expect("an answer").text(), at_last);
        assert_eq!(source.given(), given);
    }
    nothing_left(world);
    let contents: Vec<_> = asked.all().into_iter().map(|it| it.content).collect();
    assert_eq!(contents, [b"hello"]);
}

/// Given many requests at once, answered and sent, then each has its own answer, and no answer takes a place in the pool.
pub fn many_answers_at_once_are_each_its_own(world: &mut dyn World) {
    let heard = Heard::default();
    let served = world.serve(path());
    let config = answering(INSIDE, &heard, |_, question| Ok(ok(question.url().path())));
    world.configure(config);
    let url = |number: usize| match number % 3 {
        0 => served.url(&format!("/{number}")),
        _ => inside(&format!("/{number}")),
    };
    let requests = (0..24).map(|number| get(&url(number))).collect();
    for (number, reply) in world.send_all(requests).into_iter().enumerate() {
        let reply = reply.expect("an answer");
        assert_eq!(reply.text(), format!("/{number}"));
        assert_eq!(reply.connection.number == 0, number % 3 != 0);
    }
    nothing_left(world);
    assert_eq!(heard.count(), 16);
    assert_eq!(world.pool().origins.len(), 1, "{:?}", world.pool());
}

/// Given a request that rests between two answers, when it is given up, or the session is closed, or its deadline comes before,
/// then nothing is left of it, and the function is not asked again.
pub fn who_rests_between_answers_may_go(world: &mut dyn World) {
    let busy = |_, _: &Question| Ok(Answer::new(StatusCode::SERVICE_UNAVAILABLE));
    let patient = || Retry {
        backoff_factor: milliseconds(100),
        ..policy(5, &[503])
    };
    let heard = Heard::default();
    world.configure(answering(INSIDE, &heard, busy));
    let request = || RequestBuilder::new("GET", inside("/")).retry(patient());
    world.send_and_cancel(built(request()), milliseconds(60));
    nothing_left(world);
    assert_eq!(heard.count(), 2);
    let error = failed(world, built(request().timeout(milliseconds(120))));
    assert_eq!(
        course_of(&error),
        (vec!["503".to_owned(); 2], StopReason::Deadline)
    );
    nothing_left(world);
    assert_eq!(heard.count(), 4);
    let error = world.send_through(built(request()), milliseconds(60), Meanwhile::Close);
    assert!(error.expect_err("it was closed").is_canceled());
    let refused = failed(world, get(&inside("/")));
    assert!(refused.is_canceled());
    nothing_left(world);
    world.pass(milliseconds(250));
    assert_eq!(heard.count(), 6);
}

/// Given an answer whose content is not read, then nothing is left of it.
pub fn an_answer_may_be_dropped(world: &mut dyn World) {
    let heard = Heard::default();
    let content = "x".repeat(100_000);
    let config = answering(INSIDE, &heard, move |_, _| Ok(ok(content.clone())));
    world.configure(config);
    let reply = world.send_and_drop(get(&inside("/"))).expect("a head");
    assert_eq!((reply.status, reply.content.len()), (200, 0));
    nothing_left(world);
    let reply = world.send_and_dawdle(get(&inside("/")), milliseconds(20));
    assert_eq!(reply.expect("an answer").content.len(), 100_000);
    nothing_left(world);
}
