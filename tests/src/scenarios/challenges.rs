//! Who a request says it comes from, once the peer has asked: Digest, and Basic where there is no Digest (RFC 9110 §11,
//! RFC 7616).
//!
//! A peer here reckons each answer for itself, so that a 200 says that the answer was right.

use std::sync::Arc;

use sessile_core::{
    Authentication, Config, ErrorKind, ExpectContinue, Next, NoAnswer, Progress, Request,
    RequestBuilder, Stage, StopReason,
};

use super::doors::{
    Door, PASSWORD, USER, authorizations, basic, by, by_mufasa, mufasa, unauthorized,
};
use super::peers::{Asked, send, status, text, twice};
use super::retries::{built, course, course_of, policy, retrying};
use super::uploads::post_of;
use super::{answered, milliseconds, nothing_left};
use crate::origin::{self, Act, Site, response};
use crate::source::Source;
use crate::world::{Reply, World};

pub(super) const FIRST: Door = Door::new("first");

/// A site that lets through the door; each answer tells how many there were to its challenge.
pub(super) fn behind(asked: &Asked, door: Door) -> Arc<dyn Site> {
    asked.site(move |_, request| vec![let_in(door, request)])
}

pub(super) fn let_in(door: Door, request: &origin::Request) -> Act {
    match door.opened(request) {
        Some(count) => text(&format!("{} {count}", request.target)),
        None => unauthorized(&[&door.challenge()]),
    }
}

/// What came of each attempt.
pub(super) fn outcomes(reply: &Reply) -> String {
    course(&reply.attempts).0.join(" ")
}

/// Mufasa, with what he takes to be his password.
pub(super) fn mistaken() -> Authentication {
    Authentication::digest(USER, "hakuna matata").expect("valid")
}

fn either(password: &str) -> Authentication {
    Authentication::basic_or_digest(USER, password).expect("valid")
}

fn post(url: &str, who: Authentication, content: &'static [u8]) -> Request {
    let request = RequestBuilder::new("POST", url).authentication(who);
    built(request.body(content))
}

/// Given a Digest challenge, then the request is sent once more with the answer, on the same connection and at once; later
/// requests answer in advance, whatever their target.
pub fn a_challenge_is_answered_and_then_in_advance(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(behind(&asked, FIRST));
    let reply = answered(world, by_mufasa(&served.url("/a?b=c&d")));
    assert_eq!((reply.status, reply.text()), (200, "/a?b=c&d 1"));
    assert_eq!(outcomes(&reply), "401 200");
    let next: Vec<_> = reply.attempts.iter().map(|attempt| attempt.next).collect();
    let last = Next::Stop(StopReason::NoPolicy);
    assert_eq!(next, [Next::Authentication, last]);
    for (count, target) in (2..).zip(["/b", "/"]) {
        let reply = answered(world, by_mufasa(&served.url(target)));
        assert_eq!(reply.text(), format!("{target} {count}"));
        assert_eq!(outcomes(&reply), "200");
    }
    nothing_left(world);
    assert_eq!((asked.connections(), served.opened()), (vec![0; 4], 1));
}

/// Given several challenges, then the strongest hash is taken, wherever it stands; and MD5 where nothing else is offered or
/// nothing is named.
pub fn the_strongest_hash_is_taken(world: &mut dyn World) {
    let weak = Door {
        algorithm: Some("MD5"),
        ..Door::new("weak")
    };
    let old = Door {
        algorithm: None,
        ..Door::new("old")
    };
    for (offered, taken) in [
        (vec![weak, FIRST], FIRST),
        (vec![FIRST, weak], FIRST),
        (vec![weak], weak),
        (vec![old], old),
        (vec![old, FIRST], FIRST),
    ] {
        let asked = Asked::default();
        let challenges: Vec<_> = offered.iter().map(Door::challenge).collect();
        // One line may hold several challenges, and there may be several lines.
        let lines = [vec![challenges.join(", ")], challenges];
        for lines in lines {
            world.configure(Config::default());
            let served = world.serve(asked.site(move |_, request| {
                let lines: Vec<_> = lines.iter().map(String::as_str).collect();
                match taken.opened(request) {
                    Some(_) => vec![text("in")],
                    None => vec![unauthorized(&lines)],
                }
            }));
            let reply = answered(world, by_mufasa(&served.url("/")));
            assert_eq!(outcomes(&reply), "401 200", "{offered:?}");
        }
        assert_eq!(asked.count(), 4);
    }
}

/// Given a nonce that has become too old, then the peer says so, and the request answers the new one; but a peer that calls
/// each nonce stale is not obeyed for ever.
pub fn a_stale_nonce_costs_one_more_round(world: &mut dyn World) {
    let asked = Asked::default();
    let second = Door {
        stale: true,
        ..Door::new("second")
    };
    let served = world.serve(asked.site(move |number, request| match number {
        0..=2 => vec![let_in(FIRST, request)],
        _ => vec![let_in(second, request)],
    }));
    let mut ask = |path| {
        let reply = answered(world, by_mufasa(&served.url(path)));
        (outcomes(&reply), reply.text().to_owned())
    };
    assert_eq!(ask("/a"), ("401 200".into(), "/a 1".into()));
    assert_eq!(ask("/b"), ("200".into(), "/b 2".into()));
    assert_eq!(ask("/c"), ("401 200".into(), "/c 1".into()));
    assert_eq!(ask("/d"), ("200".into(), "/d 2".into()));
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| {
        let nonce = ["a", "b", "c", "d", "e", "f"][number];
        let door = Door {
            stale: true,
            ..Door::new(nonce)
        };
        vec![unauthorized(&[&door.challenge()])]
    }));
    let reply = answered(world, by_mufasa(&served.url("/")));
    assert_eq!((reply.status, outcomes(&reply).as_str()), (401, "401 401"));
    nothing_left(world);
    assert_eq!(asked.count(), 2);
}

/// Given a password that is wrong, then it is tried once, and the 401 is the application's; nothing is kept of it, and who
/// knows better comes in.
pub fn a_wrong_password_is_said_once(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(behind(&asked, FIRST));
    let url = served.url("/");
    for _ in 0..2 {
        let reply = answered(world, by(&url, mistaken()));
        assert_eq!((reply.status, reply.text()), (401, "who are you?"));
        assert_eq!(outcomes(&reply), "401 401");
    }
    let reply = answered(world, by_mufasa(&url));
    assert_eq!((reply.text(), &*outcomes(&reply)), ("/ 1", "401 200"));
    // In advance, and wrong all the same.
    let reply = answered(world, by(&url, mistaken()));
    assert_eq!((reply.status, &*outcomes(&reply)), (401, "401"));
    nothing_left(world);
    let said = authorizations(&asked.all());
    let silent: Vec<_> = said.iter().map(|said| said == "-").collect();
    assert_eq!(silent, [true, false, true, false, true, false, false]);
    assert_eq!(served.opened(), 1);
}

/// Given a request with content in memory, then all of it is sent again with the answer, which may vouch for it; in advance,
/// too.
pub fn content_is_sent_again_with_the_answer(world: &mut dyn World) {
    for quality in ["auth", "auth-int", "auth-int,auth"] {
        let asked = Asked::default();
        let offered = Door { quality, ..FIRST };
        let taken = match quality {
            "auth-int" => offered,
            _ => FIRST,
        };
        let served = world.serve(asked.site(move |_, request| match taken.opened(request) {
            Some(_) => vec![send(response(200, &[], &request.content))],
            None => vec![unauthorized(&[&offered.challenge()])],
        }));
        for (outcome, content) in [("401 200", "one"), ("200", "another"), ("200", "")] {
            let reply = answered(world, post(&served.url("/"), mufasa(), content.as_bytes()));
            assert_eq!((reply.text(), &*outcomes(&reply)), (content, outcome));
        }
        nothing_left(world);
        let sent = asked.all().into_iter().map(|request| request.content);
        let sent: Vec<_> = sent.collect();
        assert_eq!(sent, [&b"one"[..], b"one", b"another", b""], "{quality}");
    }
}

/// Given content that can be read only once, then a challenge that comes after it is the application's; one that comes while
/// the content is held is answered, and the content is read once.
pub fn content_that_was_read_is_not_sent_with_an_answer(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(behind(&asked, FIRST));
    let upload = |world: &mut dyn World, url: &str| {
        let source = Source::of(&[b"he", b"llo"]);
        let request = post_of(url, Some(5)).authentication(mufasa());
        let reply = world.send_from(built(request), source.clone());
        (reply.expect("an answer"), source.given())
    };
    let (reply, given) = upload(world, &served.url("/a"));
    assert_eq!((reply.status, outcomes(&reply).as_str()), (401, "401"));
    assert_eq!(given, 5);
    answered(world, by_mufasa(&served.url("/b")));
    let (reply, _) = upload(world, &served.url("/c"));
    assert_eq!((reply.text(), outcomes(&reply).as_str()), ("/c 2", "200"));
    nothing_left(world);
    let served = world.serve(holding(FIRST));
    world.configure(expecting());
    let (reply, given) = upload(world, &served.url("/d"));
    assert_eq!(
        (reply.text(), outcomes(&reply).as_str()),
        ("/d 1", "401 200")
    );
    assert_eq!(given, 5);
    nothing_left(world);
}

/// A session that holds content back, for as long as it takes.
fn expecting() -> Config {
    let mut config = Config {
        expect_continue: ExpectContinue::Always,
        ..Config::default()
    };
    config.timeouts.expect_continue = Some(milliseconds(60_000));
    config
}

/// A site that refuses at the head whoever says nothing, and asks others for their content.
fn holding(door: Door) -> Arc<dyn Site> {
    twice(
        move |head| match head.contains("\r\nAuthorization: ") {
            false => vec![unauthorized(&[&door.challenge()]), Act::Finish],
            true => vec![send(origin::head(100, &[]))],
        },
        move |request| vec![let_in(door, request)],
    )
}

/// Given a peer that wants a hash of content that can be read only once, then the request fails of that, before the content is
/// read; the attempts tell what came.
pub fn content_that_can_be_read_once_has_no_hash(world: &mut dyn World) {
    let door = Door {
        quality: "auth-int",
        ..FIRST
    };
    let served = world.serve(holding(door));
    world.configure(expecting());
    let source = Source::of(&[b"hello"]);
    let request = post_of(&served.url("/"), Some(5)).authentication(mufasa());
    let error = world.send_from(built(request), source.clone());
    let error = error.expect_err("no answer");
    let kind = ErrorKind::Authentication(NoAnswer::ContentNotAvailable);
    assert_eq!((error.kind(), error.code()), (&kind, "authentication"));
    assert_eq!(
        (error.stage(), error.progress()),
        (Stage::Head, Progress::HeadSeen)
    );
    let outcomes = vec!["401".to_owned()];
    assert_eq!(course_of(&error), (outcomes, StopReason::NotReplayable));
    assert!(!error.is_retryable() && error.to_string().contains("auth-int"));
    assert_eq!(source.given(), 0);
    nothing_left(world);
}

/// Given credentials for both, then Digest is answered where it is offered, Basic where it is not; never Basic in place of a
/// Digest that was refused, and Basic never in advance.
pub fn digest_is_preferred_to_basic(world: &mut dyn World) {
    let plain = r#"Basic realm="the, rock""#;
    let known = basic(USER, PASSWORD);
    let asked = Asked::default();
    let served = world.serve(asked.site({
        let known = known.clone();
        move |_, request| {
            let by_basic = request.field("Authorization") == Some(known.as_bytes());
            match (request.path(), FIRST.opened(request), by_basic) {
                ("/plain", _, true) => vec![text("by basic")],
                ("/plain", ..) => vec![unauthorized(&[plain])],
                (_, Some(_), _) => vec![text("by digest")],
                (..) => vec![unauthorized(&[plain, &FIRST.challenge()])],
            }
        }
    }));
    let mut ask = |path, who| {
        let reply = answered(world, by(&served.url(path), who));
        (outcomes(&reply), reply.text().to_owned())
    };
    let (right, wrong) = (either(PASSWORD), either("hakuna matata"));
    let refused = ("401 401".to_owned(), "who are you?".to_owned());
    assert_eq!(
        ask("/plain", right.clone()),
        ("401 200".into(), "by basic".into())
    );
    assert_eq!(
        ask("/plain", right.clone()),
        ("401 200".into(), "by basic".into())
    );
    assert_eq!(ask("/plain", wrong.clone()), refused);
    assert_eq!(ask("/both", right), ("401 200".into(), "by digest".into()));
    let reply = answered(world, by(&served.url("/both"), wrong));
    assert_eq!((reply.status, &*outcomes(&reply)), (401, "401"));
    nothing_left(world);
    let said = authorizations(&asked.all());
    let kinds: Vec<_> = said.iter().map(|said| &said[..1]).collect();
    assert_eq!(kinds.join(""), "-B-B-B-DD");
}

/// Given Basic that a peer has asked for, when the request is retried, then it says so again: it was asked.
pub fn an_answer_by_basic_lasts_for_the_request(world: &mut dyn World) {
    let asked = Asked::default();
    let known = basic(USER, PASSWORD);
    let served = world.serve(asked.site({
        let known = known.clone();
        move |number, request| match request.field("Authorization") {
            Some(said) if said == known.as_bytes() => match number {
                0..=2 => vec![status(503, "busy")],
                _ => vec![text("in")],
            },
            _ => vec![unauthorized(&[r#"Basic realm="r""#])],
        }
    }));
    world.configure(retrying(policy(3, &[503])));
    let reply = answered(world, by(&served.url("/"), either(PASSWORD)));
    assert_eq!((reply.status, &*outcomes(&reply)), (200, "401 503 503 200"));
    nothing_left(world);
    assert_eq!(authorizations(&asked.all()), ["-", &known, &known, &known]);
}
