//! Exchanges under way, what comes of them, and what the session tells of them.

use std::io;
use std::sync::{Arc, Mutex};

use sessile_core::{
    Answer, Command, Config, Connection, ConnectionId, Engine, Event, Now, Readiness, Request,
    RequestBuilder, Retry, RetryChoice, RetryHook, Scratch, StatusCode, Step,
};

use crate::requests::all;
use crate::settings::{config, fields};
use crate::{CANARY, Shown};

const NOW: Now = Now::new(
    sessile_core::Tick::from_nanos(0),
    std::time::Duration::from_secs(1_800_000_000),
);

/// A response with secrets in its head and in its trailers.
fn response(status: &str, line: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nSet-Cookie: new=canary\r\nX-Api-Key: canary\r\n{line}\
         Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nSet-Cookie: t=canary\r\n\r\n"
    )
}

/// Answers one request after another on whatever connection it goes out, and shows everything on the way. Returns how many
/// octets of the requests' heads said the secret.
fn run(shown: &mut Shown, config: Config, request: Request, responses: &[String]) -> usize {
    let mut engine = Engine::<()>::new(config).expect("valid settings");
    let (mut responses, mut said) = (responses.iter(), 0);
    let id = engine.submit(NOW, request);
    loop {
        if let Some(event) = engine.poll_event(NOW) {
            shown.debug("Event", &event);
            tell(shown, &mut engine, &event);
            match event {
                Event::End(_) | Event::Failed(..) => break,
                Event::Content(_) => {
                    let octets = engine.content(id).len();
                    engine.consume(NOW, id, octets);
                }
                _ => {}
            }
        } else if let Some(command) = engine.poll_command() {
            shown.debug("Command", &command);
            obey(shown, &mut engine, command);
        } else if let Some(connection) = engine.poll_ready() {
            said += drive(shown, &mut engine, connection, &mut responses);
        } else {
            panic!("nothing more happens");
        }
    }
    shown.debug("CookieJar", engine.cookies());
    shown.debug("PoolSnapshot", engine.pool(NOW));
    engine.close(NOW);
    while let Some(event) = engine.poll_pool_event() {
        shown.debug("PoolEvent", event);
    }
    said
}

fn tell(shown: &mut Shown, engine: &mut Engine<()>, event: &Event) {
    match event {
        Event::Head(id) => {
            let head = engine.head(*id).expect("a head has come");
            shown.debug("HeadRef", head);
            shown.debug("ResponseHead", head.to_owned());
            shown.debug("FieldsIter", head.fields().iter());
            let attempts = engine.attempts(*id).expect("a head has come");
            shown.debug("Attempts", &attempts);
            for hop in attempts.history() {
                shown.debug("Hop", hop);
                shown.debug("the head of a Hop", hop.head());
            }
        }
        Event::Trailers(id) => shown.debug("trailers", engine.trailers(*id)),
        Event::Failed(_, error) => {
            shown.error("Error", error);
            shown.debug("ErrorKind", error.kind());
            shown.debug("its Attempts", error.attempts());
        }
        _ => {}
    }
}

fn obey(shown: &mut Shown, engine: &mut Engine<()>, command: Command<()>) {
    match command {
        Command::Dial { connection, .. } => {
            engine.deposit(connection, ()).expect("it is wanted");
            engine.handle_connected(NOW, connection);
        }
        Command::Answer(question) => {
            shown.debug("Question", &question);
            let answer = Answer {
                fields: fields(),
                ..Answer::new(StatusCode::OK).with_content(CANARY)
            };
            shown.debug("Answer", &answer);
            engine.handle_answer(NOW, question.id(), Ok(answer));
        }
        _ => {}
    }
}

/// Sends what there is, and lets the next response come if that was a head.
fn drive<'a>(
    shown: &mut Shown,
    engine: &mut Engine<()>,
    connection: ConnectionId,
    responses: &mut impl Iterator<Item = &'a String>,
) -> usize {
    let mut live = engine.drive(connection).expect("it is ready");
    shown.debug("Live", &*live);
    shown.debug("Connection", &live.connection);
    let mut said = 0;
    live.write(NOW, |(), outgoing| {
        shown.debug("Outgoing", outgoing);
        let head = outgoing.single().expect("a head alone");
        said = usize::from(crate::tells(&String::from_utf8_lossy(head)));
        Ok(outgoing.len())
    });
    live.note_ready(Readiness {
        read: true,
        ..Readiness::default()
    });
    live.read(NOW, |(), space| {
        let Some(response) = responses.next() else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        space[..response.len()].copy_from_slice(response.as_bytes());
        Ok(response.len())
    });
    shown.debug("Live", &*live);
    said
}

/// Given exchanges whose heads are full of secrets, then nothing that is told of them says one.
#[test]
fn exchanges_keep_their_secrets() {
    let mut shown = Shown::default();
    for request in all() {
        let said = run(&mut shown, config(), request, &[response("200 OK", "")]);
        assert_eq!(said, 1, "there was a secret to be kept");
    }
    shown.assert_silent();
}

/// Given requests that are redirected, challenged and retried, then neither the way nor the hook is told a secret.
#[test]
fn long_ways_keep_their_secrets() {
    let heard = Arc::new(Mutex::new(Shown::default()));
    let hears = Arc::clone(&heard);
    let hook = RetryHook::new(move |case| {
        let mut heard = hears.lock().expect("no panic");
        heard.debug("RetryCase", case);
        RetryChoice::Proceed
    });
    let mut shown = Shown::default();
    let challenge = r#"WWW-Authenticate: Digest realm="r", nonce="canary", qop="auth""#;
    let responses = [
        response(
            "302 Found",
            "Location: http://joe:canary@192.0.2.1/path/on\r\n",
        ),
        response("503 Later", ""),
        response("401 Who", &format!("{challenge}\r\n")),
        response("200 OK", ""),
    ];
    for request in all() {
        let config = Config {
            retry: Some(Retry {
                statuses: vec![503, 401],
                ..Retry::new(9)
            }),
            retry_hook: Some(hook.clone()),
            ..config()
        };
        let said = run(&mut shown, config, request, &responses);
        assert_eq!(said, 4, "there was a secret to be kept, all the way");
    }
    shown.assert_silent();
    let heard = heard.lock().expect("no panic");
    assert!(heard.0.len() >= 2 * all().len());
    heard.assert_silent();
}

/// Given exchanges that fail, then no error says what was sent or what came.
#[test]
fn failures_keep_their_secrets() {
    let mut shown = Shown::default();
    let bad = [
        "HTTP/1.1 canary\r\n\r\n",
        "canary",
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=canary\r\nSet-Cookie a=canary\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: canary\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://joe:canary@[/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: https://joe:canary@192.0.2.9/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: ftp://joe:canary@a/\r\nContent-Length: 0\r\n\r\n",
    ];
    for response in bad {
        for request in all() {
            run(&mut shown, config(), request, &[response.to_owned()]);
        }
    }
    let failed = shown.0.iter().filter(|(what, _)| what == "Debug of Error");
    assert_eq!(failed.count(), bad.len() * all().len());
    shown.assert_silent();
}

/// Given a request that the application answers, then the question and the answer keep what they hold.
#[test]
fn answers_without_a_connection_keep_their_secrets() {
    let mut shown = Shown::default();
    let request = RequestBuilder::new("GET", "http://mounted.example/").cookie("own", CANARY);
    let request = request.build().expect("a request");
    run(&mut shown, config(), request.clone(), &[]);

    let mut engine = Engine::<()>::new(config()).expect("valid settings");
    let id = engine.submit(NOW, request);
    while let Some(command) = engine.poll_command() {
        obey(&mut shown, &mut engine, command);
    }
    let step = engine.step(NOW, id);
    assert!(matches!(step, Step::Answered(_)), "{step:?}");
    shown.debug("Step", &step);
    let seen = |it: &str| shown.0.iter().any(|(what, _)| what.ends_with(it));
    assert!(seen("Question") && seen("Answer") && seen("HeadRef"));
    shown.assert_silent();
}

/// Given a connection that is taken out, and its memory, then neither shows what it holds.
#[test]
fn memory_is_not_shown() {
    let mut shown = Shown::default();
    let mut engine = Engine::<()>::new(config()).expect("valid settings");
    let id = engine.submit(NOW, all().remove(0));
    while let Some(command) = engine.poll_command() {
        obey(&mut shown, &mut engine, command);
    }
    let step = engine.step(NOW, id);
    shown.debug("Step", &step);
    let Step::Use(live) = step else {
        panic!("a connection, not {step:?}");
    };
    engine.cancel_taken(NOW, id, live);
    while let Some(command) = engine.poll_command() {
        shown.debug("Command", &command);
    }

    let mut connection = Connection::default();
    let begun = all()[0].begin(NOW, &mut connection, Scratch::default());
    assert_eq!(begun, Ok(()));
    let octets = connection.outgoing(b"").len();
    shown.debug("Outgoing", connection.outgoing(b""));
    connection.sent(NOW, octets);
    let answer = response("200 OK", "");
    assert_eq!(connection.feed(NOW, answer.as_bytes()), answer.len());
    for _ in 0..2 {
        shown.debug("Received", connection.poll());
    }
    shown.debug("Connection", &connection);
    shown.debug("Scratch", connection.take_scratch());
    shown.assert_silent();
}
