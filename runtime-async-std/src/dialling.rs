//! Opening a connection, in a task of its own: it belongs to its origin, not to the request that caused it.

use std::future::poll_fn;
use std::io::{Read, Write};
use std::sync::Weak;

use sessile_core::{ConnectionId, DialPlan, Home, Live, Now};

use crate::io::Stream;
use crate::shared::{Shared, poll_socket};

/// Connects, and sees to it that the connection carries HTTP: a proxy may have to be asked first, and TLS agreed on. Whoever
/// gives the dial up cancels the task.
pub(crate) async fn dial(shared: Weak<Shared>, connection: ConnectionId, plan: Box<DialPlan>) {
    let stream = Stream::dial(&plan).await;
    let Some(mut live) = connected(&shared, connection, stream) else {
        return;
    };
    loop {
        {
            let Some(now) = shared.upgrade().map(|shared| shared.now()) else {
                return;
            };
            step(&mut live, now);
        }
        let Some(unfinished) = look(&shared, live) else {
            return;
        };
        live = unfinished;
        poll_fn(|cx| {
            let interest = live.interest();
            poll_socket(&mut live, interest, cx)
        })
        .await;
    }
}

/// Tells the session how the dial has ended; the connection, if more must be said on it before HTTP.
fn connected(
    shared: &Weak<Shared>,
    connection: ConnectionId,
    stream: std::io::Result<Stream>,
) -> Option<Box<Live<Stream>>> {
    let shared = shared.upgrade()?;
    let now = shared.now();
    let mut state = shared.lock();
    let mut refused = None;
    match stream {
        Ok(stream) => {
            refused = state.engine.deposit(connection, stream).err();
            state.engine.handle_connected(now, connection);
        }
        Err(error) => state.engine.handle_dial_failed(now, connection, &error),
    }
    let live = state.engine.take_making(connection);
    if live.is_none() {
        state.forget_dial(connection);
    }
    shared.settle(state);
    // A dial that nobody wants any more is closed, outside of the lock.
    drop(refused);
    live
}

/// Shows the session how far the connection has come; gives it back if it is to go on.
fn look(shared: &Weak<Shared>, live: Box<Live<Stream>>) -> Option<Box<Live<Stream>>> {
    let shared = shared.upgrade()?;
    let (now, connection) = (shared.now(), live.id());
    let mut state = shared.lock();
    let live = state.engine.put_making(now, live);
    if live.is_none() {
        state.forget_dial(connection);
    }
    shared.settle(state);
    live
}

fn step(live: &mut Live<Stream>, now: Now) {
    live.step_making(now, Stream::read, |io, outgoing| outgoing.write_to(io));
}

/// Tells the peer that nothing more comes, as far as that goes without waiting.
pub(crate) fn say_farewell(live: &mut Live<Stream>, now: Now) {
    live.say_farewell(now, |io, outgoing| match outgoing.single() {
        Some(octets) => io.write(octets),
        None => io.write_vectored(&outgoing.slices()),
    });
}
