//! A connection that was opened and not used, and lay idle for a while: it is a kept one like any other.

use std::io;

use sessile_core::{Command, Config, ConnectionId, Engine, Event, Live, Now, Step};

use crate::by_hand::{NO_CONTENT, arrive, assert_answered, at, connect, engine, events, get, send};

/// What a server says that has waited for a request for long enough (RFC 9110 §15.5.9).
const TIRED: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// A connection that nobody has used: the request that wanted it was given up while it was dialled.
fn unserved(engine: &mut Engine<()>, now: Now) -> ConnectionId {
    let id = engine.submit(now, get("/given/up"));
    let Some(Command::Dial { connection, .. }) = engine.poll_command() else {
        panic!("no dial");
    };
    engine.cancel(now, id);
    engine.deposit(connection, ()).expect("it is wanted");
    engine.handle_connected(now, connection);
    assert_eq!(engine.pool(Now::default()).origins[0].idle, 1);
    connection
}

/// One step of driving; the peer has said this, or has ended the stream.
fn step(live: &mut Live<()>, now: Now, mut said: &[u8]) {
    let mut read = |live: &mut Live<()>| {
        live.read(now, |(), space| {
            let octets = std::mem::take(&mut said);
            space[..octets.len()].copy_from_slice(octets);
            Ok(octets.len())
        })
    };
    live.write(now, |(), outgoing| Ok(outgoing.len()));
    read(live);
    live.write(now, |(), outgoing| Ok(outgoing.len()));
    read(live);
}

/// Given such a connection whose peer has said something or ended the stream meanwhile, when a request is granted it,
/// then nothing of the request goes out there, what was said is not its answer, and it has a new connection.
#[test]
fn what_an_unserved_connection_says_is_no_answer() {
    for said in [TIRED, b""] {
        let mut engine = engine(Config::default());
        unserved(&mut engine, at(0));
        let later = at(60_000);
        let id = engine.submit(later, get("/"));
        let Step::Use(mut live) = engine.step(later, id) else {
            panic!("no connection");
        };
        step(&mut live, later, said);
        assert_eq!(live.connection.pulse().sent(), 0);
        let failure = live.connection.poll().expect_err("it is useless");
        assert!(matches!(engine.fail(later, id, live, failure), Step::Wait));
        let fresh = connect(&mut engine, later).expect("a dial");
        assert!(events(&mut engine, later).is_empty());
        send(&mut engine, later, fresh);
        arrive(&mut engine, later, fresh, NO_CONTENT);
        assert_answered(&events(&mut engine, later), id);
    }
}

/// Given such a connection whose peer has nothing to say, then it is used.
#[test]
fn an_unserved_connection_is_used() {
    let mut engine = engine(Config::default());
    let connection = unserved(&mut engine, at(0));
    let id = engine.submit(at(1000), get("/"));
    let told: Vec<Event> = events(&mut engine, at(1000));
    assert!(told.is_empty(), "{told:?}");
    let mut live = engine.drive(connection).expect("an open connection");
    live.read(at(1000), |(), _| Err(io::ErrorKind::WouldBlock.into()));
    live.write(at(1000), |(), outgoing| Ok(outgoing.len()));
    drop(live);
    arrive(&mut engine, at(1000), connection, NO_CONTENT);
    assert_answered(&events(&mut engine, at(1000)), id);
    assert_eq!(engine.pool(Now::default()).counters.opened, 1);
}
