//! Requests that are sent once more: content that the application has pushed already cannot be sent with them.

use std::io::{self, ErrorKind};
use std::time::Duration;

use sessile_core::{
    Command, Config, ConnectionId, Content, Engine, Event, ExpectContinue, Now, Readiness,
    RequestBuilder, RequestId, Tick,
};

const NOW: Now = Now::new(Tick::from_nanos(0), Duration::ZERO);
const URL: &str = "http://192.0.2.1/";

/// What one read of a transport gives.
type Delivery<'a> = io::Result<&'a [u8]>;

fn stream(method: &str, expect: ExpectContinue) -> RequestBuilder {
    RequestBuilder::new(method, URL)
        .expect_continue(expect)
        .content(Content::Stream { length: None })
}

fn submit(engine: &mut Engine<()>, request: RequestBuilder) -> RequestId {
    let id = engine.submit(NOW, request.build().expect("a request"));
    while let Some(command) = engine.poll_command() {
        if let Command::Dial { connection, .. } = command {
            engine.deposit(connection, ()).expect("wanted");
            engine.handle_connected(NOW, connection);
        }
    }
    assert!(engine.poll_event(NOW).is_none());
    id
}

fn connection(engine: &Engine<()>) -> ConnectionId {
    engine.connection_at(0).expect("the only one")
}

fn write_all(engine: &mut Engine<()>) {
    let connection = connection(engine);
    let mut live = engine.drive(connection).expect("it stands");
    live.write(NOW, |(), outgoing| Ok(outgoing.len()));
}

fn read(engine: &mut Engine<()>, delivery: Delivery<'_>) {
    let connection = connection(engine);
    let mut live = engine.drive(connection).expect("it stands");
    live.note_ready(Readiness {
        read: true,
        ..Readiness::default()
    });
    live.read(NOW, |(), space| {
        let octets = match &delivery {
            Ok(octets) => octets,
            Err(error) => return Err(error.kind().into()),
        };
        space[..octets.len()].copy_from_slice(octets);
        Ok(octets.len())
    });
}

/// Given a kept connection that has died, when a piece was pushed before anybody asked for one, then the request fails:
/// on another connection it would go out without that piece.
#[test]
fn a_request_is_not_replayed_without_the_content_that_was_pushed() {
    let mut engine = Engine::new(Config::default()).expect("valid");
    submit(&mut engine, RequestBuilder::new("GET", URL));
    write_all(&mut engine);
    read(&mut engine, Ok(b"HTTP/1.1 204 \r\n\r\n"));
    while !matches!(engine.poll_event(NOW), Some(Event::End(_))) {}

    let id = submit(&mut engine, stream("PUT", ExpectContinue::Never));
    engine
        .push_content(id, "piece".into())
        .expect("it is taken");
    read(&mut engine, Err(ErrorKind::ConnectionReset.into()));
    let told = engine.poll_event(NOW);
    assert!(
        matches!(told, Some(Event::Failed(failed, _)) if failed == id),
        "{told:?}"
    );
}

/// Given content that a 100 has let go, when a 417 overtakes the first piece, then it is the answer: what was pushed
/// would be missing if the request were sent once more.
#[test]
fn a_refused_expectation_is_the_answer_when_content_was_pushed() {
    let mut engine = Engine::new(Config::default()).expect("valid");
    let id = submit(&mut engine, stream("PUT", ExpectContinue::Always));
    write_all(&mut engine);
    read(&mut engine, Ok(b"HTTP/1.1 100 \r\n\r\n"));
    while !matches!(engine.poll_event(NOW), Some(Event::ContentWanted(_))) {}
    engine
        .push_content(id, "piece".into())
        .expect("it was asked for");
    read(
        &mut engine,
        Ok(b"HTTP/1.1 417 \r\nContent-Length: 0\r\n\r\n"),
    );
    let told = engine.poll_event(NOW);
    assert!(matches!(told, Some(Event::Head(_))), "{told:?}");
}
