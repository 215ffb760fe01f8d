//! The rest of responses that were let go of: read and thrown away, so that their connections can be used again.
//!
//! Who drops a response does not wait: a task of its own reads the rest, until it is over or its time is up. What is too
//! much or too late is for the core to say.

use std::future::{Future, poll_fn};
use std::io::Read;
use std::pin::Pin;
use std::sync::Weak;
use std::task::Poll;

use async_io::Timer;
use sessile_core::{Home, Live, Readiness};

use crate::shared::{Io, Shared};

/// Drains one connection after the other, for as long as there is one that nobody else drains.
pub(crate) async fn drain(shared: Weak<Shared>, mut live: Box<Live<Io>>) {
    loop {
        let Some(until) = shared.upgrade().map(|shared| shared.limit(&live)) else {
            return;
        };
        wait(&mut live, until).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let now = shared.now();
        live.read_rest(now, Io::read);
        let mut state = shared.lock();
        state.engine.handle_deadline(now);
        state.engine.put_drained(now, live);
        let next = state.engine.take_draining();
        shared.settle(state);
        match next {
            Some(next) => live = next,
            None => return,
        }
    }
}

/// Until the socket has something, or the time is up.
async fn wait(live: &mut Live<Io>, mut until: Timer) {
    poll_fn(|cx| {
        let late = Pin::new(&mut until).poll(cx).is_ready();
        let read = late || live.io.poll_readable(cx).is_ready();
        match read {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    live.note_ready(Readiness {
        read: true,
        ..Readiness::default()
    });
}

impl Shared {
    /// When the rest of a response will have come too late.
    fn limit(&self, live: &Live<Io>) -> Timer {
        let at = live.deadline().and_then(|at| self.clock.instant(at));
        at.map_or_else(Timer::never, Timer::at)
    }
}
