//! Content is used up by count: a count that is too large uses up what stands ready, no framing and nothing that comes
//! later, whoever counts.

use std::cell::RefCell;
use std::sync::Arc;

use sessile_core::{
    Attempts, Command, Config, Connection, ContentPlan, Engine, Event, Home, Incoming, Live, Look,
    Method, Now, Readiness, Received, RequestBuilder, RequestId, RequestPlan, Rules, Scratch, Step,
};

const NOW: fn() -> Now = Now::default;
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const TWO_CHUNKS: &[u8] = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";

#[test]
fn a_connection_uses_up_no_framing() {
    let mut connection = Connection::new(Arc::new(Rules::default()));
    let plan = RequestPlan::new(&Method::GET, ContentPlan::None);
    let begun = connection.start(NOW(), plan, b"head", Scratch::default());
    begun.expect("it is new");
    connection.outgoing(b"");
    connection.sent(NOW(), 4);
    // Nothing is being read yet.
    connection.consume(NOW(), usize::MAX);
    connection.feed(NOW(), &[CHUNKED, TWO_CHUNKS].concat());
    let mut all = Vec::new();
    loop {
        match connection.poll().expect("well-formed") {
            Received::Head(_) => {}
            Received::Content(content) => {
                all.push(content.to_vec());
                connection.consume(NOW(), usize::MAX);
            }
            Received::End => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(all, [&b"hello"[..], b" world"]);
}

/// An engine behind a lock that nobody else wants.
struct Alone(RefCell<Engine<()>>);

impl Home<()> for Alone {
    fn now(&self) -> Now {
        NOW()
    }

    fn with<R>(&self, act: impl FnOnce(&mut Engine<()>, Now) -> R) -> R {
        act(&mut self.0.borrow_mut(), NOW())
    }
}

/// A GET whose connection stands.
fn submitted() -> (Engine<()>, RequestId) {
    let mut engine = Engine::new(Config::default()).expect("valid");
    let request = RequestBuilder::new("GET", "http://192.0.2.1/").build();
    let id = engine.submit(NOW(), request.expect("a request"));
    while let Some(command) = engine.poll_command() {
        if let Command::Dial { connection, .. } = command {
            engine.deposit(connection, ()).expect("wanted");
            engine.handle_connected(NOW(), connection);
        }
    }
    (engine, id)
}

/// Sends all that there is, and lets octets arrive.
fn exchange(live: &mut Live<()>, octets: &[u8]) {
    live.write(NOW(), |(), outgoing| Ok(outgoing.len()));
    live.note_ready(Readiness {
        read: true,
        ..Readiness::default()
    });
    live.read(NOW(), |(), space| {
        space[..octets.len()].copy_from_slice(octets);
        Ok(octets.len())
    });
}

#[test]
fn an_engine_uses_up_what_is_ready() {
    let (mut engine, id) = submitted();
    assert!(engine.poll_event(NOW()).is_none());
    let connection = engine.connection_at(0).expect("the only one");
    let mut live = engine.drive(connection).expect("it stands");
    exchange(&mut live, &[CHUNKED, TWO_CHUNKS].concat());
    drop(live);
    let mut all = Vec::new();
    loop {
        match engine.poll_event(NOW()).expect("it is all here") {
            Event::Head(_) => {}
            Event::Content(_) => {
                all.push(engine.content(id).to_vec());
                engine.consume(NOW(), id, usize::MAX);
            }
            Event::End(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(all, [&b"hello"[..], b" world"]);
    // The request is over.
    engine.consume(NOW(), id, usize::MAX);
}

/// Given content that was shown as a chunk and used up by hand, when more has come, then it is not used up with the chunk.
#[test]
fn a_response_uses_nothing_up_twice() {
    let (mut engine, id) = submitted();
    let Step::Use(mut live) = engine.step(NOW(), id) else {
        panic!("a connection stands");
    };
    let home = Alone(RefCell::new(engine));
    exchange(
        &mut live,
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello",
    );
    assert!(matches!(live.connection.poll(), Ok(Received::Head(_))));
    let mut response = Incoming::new(id, live, Vec::new(), Attempts::default());
    let look = |response: &mut Incoming<()>| response.look(&home).expect("well-formed");
    assert_eq!(look(&mut response), Look::Content);
    assert_eq!(response.chunk(), b"hello");
    response.consume(NOW(), usize::MAX);

    exchange(response.live().expect("it is read"), b" wor");
    assert_eq!(look(&mut response), Look::Content);
    assert_eq!(response.chunk(), b" wor");
    response.consume(NOW(), 1);
    assert_eq!(response.content(), b"wor");
    assert_eq!(look(&mut response), Look::Wait);

    exchange(response.live().expect("it is read"), b"ld");
    assert_eq!(look(&mut response), Look::Content);
    assert_eq!(response.content(), b"ld");
}
