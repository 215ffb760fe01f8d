//! Moving a connection's octets on the thread that drives it, and sleeping for its socket.

use std::io;

use sessile_core::{Home, Live, Now, Readiness};

use super::park::{Io, Parker};
use super::shared::Shared;

pub(super) fn read(live: &mut Live<Io>, now: Now) -> usize {
    live.read(now, |io, space| io::Read::read(&mut io.stream, space))
}

/// Sleeps until the connection's socket is ready, somebody wants it back, or its time is up; the session is told then.
/// Returns the time afterwards.
pub(super) fn sleep_for(
    shared: &Shared,
    live: &mut Live<Io>,
    parker: &mut Parker,
    now: Now,
) -> Now {
    let deadline = live.deadline();
    // A poll that fails tells nothing; reading will.
    let heard = match parker.sleep(deadline.map(|at| at.since(now.tick))) {
        Ok(()) => parker.heard_of(live.id()),
        Err(_) => Readiness {
            read: true,
            write: true,
            closed: false,
        },
    };
    live.note_ready(heard);
    let now = shared.clock.now();
    check_limits(shared, live, now);
    now
}

/// Tells the session if the request's time is up; the connection's pulse has the answer.
pub(super) fn check_limits(shared: &Shared, live: &Live<Io>, now: Now) {
    if let Some(id) = live.request()
        && live.deadline().is_some_and(|at| at <= now.tick)
    {
        shared.with(|engine, now| engine.check_limits(now, id));
    }
}
