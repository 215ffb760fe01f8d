//! A session that is closed while a request finds its idle connection dead: driven by hand, step by step.

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{Command, Engine, Event, Now, RequestBuilder};
use sessile_tests::memory::{InPlace, Memory};
use sessile_tests::network::{Conditions, Network, Report, Stream};
use sessile_tests::origin::{Act, Scripted, response};
use sessile_tests::world::World;

/// The next event, whatever has to happen before it; `None` if nothing happens within a second.
fn next_event(engine: &mut Engine<Stream>, network: &Network) -> Option<Event> {
    let until = network.now().tick.after(Duration::from_secs(1));
    loop {
        let now = network.now();
        if let Some(event) = engine.poll_event(now) {
            return Some(event);
        } else if let Some(command) = engine.poll_command() {
            if let Command::Dial { connection, plan } = command {
                let address = plan.to.address().expect("no socket was asked for");
                let stream = network.dial(connection, address);
                engine
                    .deposit(connection, stream)
                    .expect("a dial that is wanted");
            }
        } else if let Some(connection) = engine.poll_ready() {
            engine.drive(connection).expect("it is ready").step(now);
        } else {
            match network.advance(until)? {
                Report::Connected(connection) => engine.handle_connected(network.now(), connection),
                Report::Ready(connection, ready) => engine.handle_readiness(connection, ready),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Given a request on an idle connection that has died, when the session is closed before that is seen, then the request
/// is answered or fails: it does not wait for a connection that a closed session never gives.
#[test]
fn a_request_that_lost_a_dead_connection_does_not_outwait_the_session() {
    let mut world = Memory::<InPlace>::new(Conditions::calm());
    let served = world.serve(Arc::new(Scripted::new(|_| {
        let pause = Act::Pause(Duration::from_millis(20));
        vec![Act::Send(response(200, &[], b"")), pause, Act::Finish]
    })));
    let request = || {
        RequestBuilder::new("GET", served.url("/"))
            .build()
            .expect("a request")
    };
    world.send(request()).expect("an answer");
    let network = world.network().clone();
    let engine = world.engine();
    match network.advance(network.now().tick.after(Duration::from_secs(1))) {
        Some(Report::Ready(connection, ready)) => engine.handle_readiness(connection, ready),
        other => panic!("{other:?}"),
    }
    let id = engine.submit(network.now(), request());
    assert!(engine.poll_event(network.now()).is_none());
    engine.close(network.now());
    match next_event(engine, &network) {
        Some(Event::Failed(failed, error)) => {
            assert_eq!((failed, error.code()), (id, "session-closed"));
        }
        Some(Event::Head(answered)) => assert_eq!(answered, id),
        other => panic!(
            "the request waits: {other:?}, {:?}",
            engine.pool(Now::default())
        ),
    }
}
