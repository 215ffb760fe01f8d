//! What a redirect must leave behind, whoever has called it a secret, and what no `Debug` may show. Every place answers by
//! hand: no connection is needed to see what would have gone out.

use std::time::Duration;

use sessile_core::{
    Answer, Answering, Command, Config, DigestInput, Engine, Event, FieldNames, Fields, Mount,
    Mounts, Now, RedirectPolicy, Redirecting, Redirects, Request, RequestBuilder, StatusCode, Step,
    Tick,
};

const NOW: Now = Now::new(Tick::from_nanos(0), Duration::ZERO);

fn fields(lines: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in lines {
        fields.append(name, value).expect("a line");
    }
    fields
}

fn names(all: &[&str]) -> FieldNames {
    let mut names = FieldNames::new();
    for name in all {
        names.insert(name).expect("a token");
    }
    names
}

/// A mount that answers by hand.
fn by_hand(mount: Mount) -> Mount {
    Mount {
        answering: Some(Answering::ByHand),
        ..mount
    }
}

fn mounted<const N: usize>(mounts: [(&str, Mount); N]) -> Config {
    let mut all = Mounts::new();
    for (prefix, mount) in mounts {
        all.add(prefix, by_hand(mount)).expect("a prefix");
    }
    Config {
        mounts: all,
        ..Config::default()
    }
}

/// The heads with which a request goes where it is led, one for each place.
fn led(config: Config, request: RequestBuilder, stops: &[&str]) -> Vec<String> {
    let mut engine = Engine::<()>::new(config).expect("valid");
    engine.submit(NOW, request.build().expect("a request"));
    let mut heads = Vec::new();
    loop {
        engine.handle_deadline(NOW);
        while let Some(command) = engine.poll_command() {
            let Command::Answer(question) = command else {
                panic!("{command:?}");
            };
            let head = String::from_utf8(question.head().to_vec()).expect("ASCII");
            let answer = match stops.get(heads.len()) {
                Some(stop) => {
                    Answer::new(StatusCode::TEMPORARY_REDIRECT).with_field("Location", stop)
                }
                None => Ok(Answer::new(StatusCode::NO_CONTENT)),
            };
            heads.push(head);
            engine.handle_answer(NOW, question.id(), Ok(answer.expect("a line")));
        }
        match engine.poll_event(NOW) {
            Some(Event::End(_)) => break,
            Some(Event::Failed(_, error)) => panic!("{error}"),
            _ => {}
        }
    }
    // Who was asked on the way is not remembered, either.
    let pool = engine.pool(NOW);
    assert!(pool.origins.is_empty(), "{pool:?}");
    heads
}

fn knows_canary(heads: &[String]) -> Vec<bool> {
    heads.iter().map(|head| head.contains("canary")).collect()
}

/// Given a name that a mount calls a secret, when a request below it has a line of that name, then the line stays there.
#[test]
fn what_a_mount_calls_a_secret_is_one_in_a_request() {
    let mount = Mount {
        fields: fields(&[("X-Api-Key", "canary")]),
        sensitive: names(&["X-Api-Key"]),
        ..Mount::default()
    };
    let config = mounted([("http://a.test/in", mount), ("http://", Mount::default())]);
    let request = || RequestBuilder::new("GET", "http://a.test/in/1");
    let stops = ["http://a.test/out", "http://b.test/", "http://a.test/out"];
    let heads = led(config.clone(), request(), &stops);
    assert_eq!(knows_canary(&heads), [true, false, false, false]);
    let own = || request().header("x-api-key", "another canary");
    let heads = led(config.clone(), own(), &stops[1..]);
    assert_eq!(knows_canary(&heads), [true, false, false]);
    // It was a secret where the request began, and is one on its way from there.
    let heads = led(config, own(), &stops);
    assert_eq!(knows_canary(&heads), [true, true, false, false]);
}

/// Given a name that the session calls a secret, when a mount for all places has a line of it, then that is for the origin
/// at which a request begins.
#[test]
fn what_a_session_calls_a_secret_is_one_in_a_mount() {
    let mount = Mount {
        fields: fields(&[("X-Api-Key", "canary")]),
        ..Mount::default()
    };
    let config = Config {
        sensitive: names(&["x-api-key"]),
        ..mounted([("http://", mount)])
    };
    let request = RequestBuilder::new("GET", "http://a.test/");
    let heads = led(config, request, &["http://b.test/", "http://a.test/"]);
    assert_eq!(knows_canary(&heads), [true, false, false]);
}

/// Given a field behind the content, of a name that is a secret, then it stays behind as it would before the content.
#[test]
fn secrets_behind_the_content_stay_behind() {
    let request = RequestBuilder::new("POST", "http://a.test/")
        .body("words")
        .sensitive_header("X-Signature", "canary")
        .trailer("x-signature", "canary")
        .trailer("X-Open", "to all");
    let request = request.build().expect("a request");
    let next = |location: &str| redirected(&request, location);
    assert_eq!(next("/within").trailers().iter().count(), 2);
    let beyond = next("http://b.test/");
    let names: Vec<_> = beyond.trailers().iter().map(|it| it.name).collect();
    assert_eq!(names, ["X-Open"]);
}

fn redirected(request: &Request, location: &str) -> Request {
    let facts = Redirecting {
        url: request.url(),
        method: request.method(),
        rewindable: true,
    };
    let mut redirects = Redirects::from(request.origin().clone());
    let policy = RedirectPolicy::default();
    let location = location.as_bytes();
    let found = redirects.after(&policy, &facts, StatusCode::TEMPORARY_REDIRECT, [location]);
    let found = found.expect("a URL").expect("followed");
    request.redirected(&found).expect("a request")
}

/// Given an answer in somebody's hands, then its `Debug` does not show what stands in it.
#[test]
fn an_answer_does_not_show_its_content() {
    let answering = Answering::by(|_| {
        let answer = Answer::new(StatusCode::OK).with_content("canary");
        answer
            .with_field("Set-Cookie", "id=canary")
            .map_err(std::io::Error::other)
    });
    let mut engine = Engine::<()>::new(Config {
        mounts: {
            let mut mounts = Mounts::new();
            let mount = Mount {
                answering: Some(answering),
                ..Mount::default()
            };
            mounts.add("http://", mount).expect("a prefix");
            mounts
        },
        ..Config::default()
    })
    .expect("valid");
    let request = RequestBuilder::new("GET", "http://u:canary@a.test/").build();
    let id = engine.submit(NOW, request.expect("a request"));
    let Some(Command::Answer(question)) = engine.poll_command() else {
        panic!("no question");
    };
    let answer = question.answer().expect("a function");
    engine.handle_answer(NOW, id, answer);
    let step = engine.step(NOW, id);
    assert!(matches!(step, Step::Answered(_)));
    let told = format!("{step:?} {question:?}");
    assert!(!told.contains("canary"), "{told}");
}

/// Given settings with secrets in them, then their `Debug` does not show these.
#[test]
fn settings_do_not_show_secrets() {
    let mount = Mount {
        fields: fields(&[("X-Api-Key", "canary")]),
        ..Mount::default()
    };
    let config = Config {
        base_url: Some("http://joe:canary@a.test/?b".parse().expect("a URL")),
        fields: fields(&[("Authorization", "canary")]),
        seed: [0x5e; 32],
        ..mounted([("http://a.test", mount)])
    };
    let told = format!("{config:?}");
    assert!(
        !told.contains("canary") && !told.contains("94, 94"),
        "{told}"
    );
    assert!(told.contains("http://a.test/?b"), "{told}");
}

/// Given what a request is made of, in the hands of whoever has no session, then its `Debug` shows no secret, either.
#[test]
fn parts_of_a_request_do_not_show_secrets() {
    let request = RequestBuilder::new("PUT", "http://joe:canary@a.test/x")
        .body("canary")
        .build()
        .expect("a request");
    let redirecting = Redirecting {
        url: request.url(),
        method: request.method(),
        rewindable: true,
    };
    let input = DigestInput {
        method: request.method(),
        target: "/x",
        content: Some(b"canary"),
        cnonce: "canary",
    };
    let content = request.content();
    let told = format!("{request:?} {content:?} {redirecting:?} {input:?}");
    assert!(
        !told.contains("canary") && !told.contains("99, 97"),
        "{told}"
    );
    assert!(
        told.contains("6 octets") && told.contains("a.test/x"),
        "{told}"
    );
}
