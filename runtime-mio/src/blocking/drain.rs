//! The rest of responses that were let go of: read and thrown away, so that their connections can be used again.
//!
//! Who drops a response does not wait, and there is no thread to wait for it. So the next thread that sends a request looks
//! what has come meanwhile, without waiting either. What is too much or too late is for the core to say.

use std::io::Read;
use std::sync::MutexGuard;

use sessile_core::{Home, Readiness};

use super::shared::{Shared, State};

impl Shared {
    /// Looks once at each connection that is to be drained, outside of the lock. If there is none, it costs nothing.
    pub(super) fn drain<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let mut draining: Vec<_> = std::iter::from_fn(|| state.engine.take_draining()).collect();
        if draining.is_empty() {
            return state;
        }
        drop(state);
        let now = self.now();
        for live in &mut draining {
            // An event of theirs may have been lost on threads that do not drive them: ask the socket.
            live.note_ready(Readiness {
                read: true,
                ..Readiness::default()
            });
            live.read_rest(now, |io, space| io.stream.read(space));
        }
        let mut state = self.lock();
        for live in draining {
            state.engine.put_drained(now, live);
        }
        self.settle(state);
        self.lock()
    }
}
