//! The rest of a response that was let go of, in the hands of a driver that takes connections out.

use std::time::Duration;

use sessile_core::{
    CloseReason, Command, Config, Engine, Live, Now, Received, RequestBuilder, Step, Tick,
};

fn at(milliseconds: u64) -> Now {
    let tick = Tick::default().after(Duration::from_millis(milliseconds));
    Now::new(tick, Duration::ZERO)
}

fn receive(live: &mut Live<&str>, octets: &[u8]) {
    live.read(at(0), |_, space| {
        space[..octets.len()].copy_from_slice(octets);
        Ok(octets.len())
    });
}

/// A response of ten octets of which four have come when it is let go of.
fn let_go() -> Engine<&'static str> {
    let_go_of("Content-Length: 10\r\n\r\nfour")
}

/// A response that is let go of when so much of it has come.
fn let_go_of(come: &str) -> Engine<&'static str> {
    let mut engine = Engine::new(Config::default()).expect("valid");
    let request = RequestBuilder::new("GET", "http://192.0.2.1/").build();
    let id = engine.submit(at(0), request.expect("a request"));
    let Some(Command::Dial { connection, .. }) = engine.poll_command() else {
        panic!("no dial");
    };
    engine.deposit(connection, "a socket").expect("wanted");
    engine.handle_connected(at(0), connection);
    let Step::Use(mut live) = engine.step(at(0), id) else {
        panic!("no connection");
    };
    live.write(at(0), |_, outgoing| Ok(outgoing.len()));
    receive(&mut live, format!("HTTP/1.1 200 OK\r\n{come}").as_bytes());
    assert!(matches!(live.connection.poll(), Ok(Received::Head(_))));
    engine.cancel_taken(at(0), id, live);
    engine
}

/// Given that the rest comes, then it is thrown away and the connection is idle.
#[test]
fn the_rest_is_thrown_away() {
    let mut engine = let_go();
    let mut live = engine.take_draining().expect("there is a rest");
    assert!(engine.take_draining().is_none());
    let mut parts = [&b"and"[..], b"six"].into_iter();
    live.read_rest(at(1), |_, space| match parts.next() {
        Some(part) => {
            space[..part.len()].copy_from_slice(part);
            Ok(part.len())
        }
        None => Err(std::io::ErrorKind::WouldBlock.into()),
    });
    assert!(!engine.put_drained(at(1), live));
    assert!(engine.poll_command().is_none());
    assert_eq!(engine.pool(Now::default()).origins[0].idle, 1);
}

/// Given that its time runs out while a driver holds the connection, then the driver is told to close it when it gives it
/// back: nothing that it keeps beside the socket is forgotten.
#[test]
fn a_late_rest_is_discarded_in_order() {
    let mut engine = let_go();
    let live = engine.take_draining().expect("there is a rest");
    engine.handle_deadline(at(1000));
    assert!(engine.pool(Now::default()).origins.is_empty());
    assert!(engine.poll_command().is_none(), "it is not here");
    assert!(!engine.put_drained(at(1000), live));
    match engine.poll_command() {
        Some(Command::Discard(live)) => {
            assert_eq!(
                live.connection.close_reason(),
                Some(CloseReason::UnreadContent)
            );
        }
        other => panic!("{other:?}"),
    }
}

/// Given a peer that writes its chunk sizes with thousands of zeros, then its response is not read away for ever: framing
/// counts, too.
#[test]
fn a_rest_that_is_all_framing_is_too_much() {
    let mut engine = let_go_of("Transfer-Encoding: chunked\r\n\r\n");
    let mut live = engine.take_draining().expect("there is a rest");
    let chunk = [vec![b'0'; 4000], b"1\r\nx\r\n".to_vec()].concat();
    let (mut octets, mut read) = (chunk.iter().cycle(), 0);
    live.read_rest(at(1), |_, space| {
        space.fill_with(|| octets.next().copied().unwrap_or_default());
        read += space.len();
        assert!(read <= 1 << 20, "it reads on and on");
        Ok(space.len())
    });
    assert!(!engine.put_drained(at(1), live));
    assert!(engine.pool(Now::default()).origins.is_empty());
}
