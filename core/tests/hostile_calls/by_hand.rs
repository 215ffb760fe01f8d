//! An engine in our hands: dials stand at once, and octets move when a test says so.

use std::io;
use std::time::Duration;

use sessile_core::{
    Command, Config, ConnectionId, Content, Engine, Event, Now, Readiness, Request, RequestBuilder,
    RequestId, Retry, Tick,
};

pub(crate) const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

pub(crate) const READABLE: Readiness = Readiness {
    read: true,
    write: false,
    closed: false,
};

/// So many milliseconds after the beginning of time.
pub(crate) fn at(milliseconds: u64) -> Now {
    Now::default().after(Duration::from_millis(milliseconds))
}

/// The same, by a tick that the engine has named.
pub(crate) fn at_tick(tick: Tick) -> Now {
    Now::new(tick, Duration::ZERO)
}

pub(crate) fn engine(config: Config) -> Engine<()> {
    Engine::new(config).expect("a valid configuration")
}

pub(crate) fn get(path: &str) -> Request {
    let request = RequestBuilder::new("GET", format!("http://192.0.2.1{path}"));
    request.build().expect("a request")
}

/// Lets every dial stand that is asked for; the first of them.
pub(crate) fn connect(engine: &mut Engine<()>, now: Now) -> Option<ConnectionId> {
    let mut first = None;
    while let Some(command) = engine.poll_command() {
        if let Command::Dial { connection, .. } = command {
            engine
                .deposit(connection, ())
                .expect("a dial that is wanted");
            engine.handle_connected(now, connection);
            first = first.or(Some(connection));
        }
    }
    first
}

/// Looks at a connection, which has nothing to say, and sends all that there is.
pub(crate) fn send(engine: &mut Engine<()>, now: Now, connection: ConnectionId) {
    let mut live = engine.drive(connection).expect("an open connection");
    live.read(now, |(), _| Err(io::ErrorKind::WouldBlock.into()));
    live.write(now, |(), outgoing| Ok(outgoing.len()));
}

/// Lets octets arrive, in one read.
pub(crate) fn arrive(engine: &mut Engine<()>, now: Now, connection: ConnectionId, octets: &[u8]) {
    let mut live = engine.drive(connection).expect("an open connection");
    live.note_ready(READABLE);
    let count = live.read(now, |(), space| {
        space[..octets.len()].copy_from_slice(octets);
        Ok(octets.len())
    });
    assert_eq!(count, octets.len());
}

/// Sends a request on a new connection.
pub(crate) fn sent(
    engine: &mut Engine<()>,
    now: Now,
    request: Request,
) -> (RequestId, ConnectionId) {
    let id = engine.submit(now, request);
    assert!(engine.poll_event(now).is_none());
    let connection = connect(engine, now).expect("a dial");
    assert!(engine.poll_event(now).is_none());
    send(engine, now, connection);
    (id, connection)
}

/// All that is to be told now.
pub(crate) fn events(engine: &mut Engine<()>, now: Now) -> Vec<Event> {
    std::iter::from_fn(|| engine.poll_event(now)).collect()
}

/// The request was answered, without content, and nothing else was told.
pub(crate) fn assert_answered(told: &[Event], id: RequestId) {
    match told {
        [Event::Head(head), Event::End(end)] => assert_eq!((*head, *end), (id, id)),
        other => panic!("{other:?}"),
    }
}

/// A connection that has served one request.
pub(crate) fn idle_connection(engine: &mut Engine<()>, now: Now) -> ConnectionId {
    let (id, connection) = sent(engine, now, get("/"));
    arrive(engine, now, connection, NO_CONTENT);
    assert_answered(&events(engine, now), id);
    connection
}

/// Settings with a policy for all requests.
pub(crate) fn retrying(policy: Retry) -> Config {
    Config {
        retry: Some(policy),
        ..Config::default()
    }
}

/// A request that must not be sent twice.
pub(crate) fn post() -> Request {
    let request = RequestBuilder::new("POST", "http://192.0.2.1/");
    let request = request.content(Content::Bytes("an order".into()));
    request.build().expect("a request")
}
