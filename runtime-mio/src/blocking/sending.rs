//! A request under way: from its connection to the head of its response, on the thread that sends it.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::task::Poll;

use sessile_core::{
    Attempts, ContentError, Engine, Error, Home, Live, Now, Outbound, Readiness, Received,
    RequestId, Step, Verdict,
};

use super::octets::{check_limits, read, sleep_for};
use super::park::{Io, Parker};
use super::reader::Reader;
use super::shared::Shared;
use crate::driver::driver_failed;

/// One exchange on one connection, up to the head of its response.
pub(super) struct Exchange<'a> {
    shared: &'a Arc<Shared>,
    request: &'a mut Outbound<Reader>,
    live: Box<Live<Io>>,
    parker: Parker,
}

/// How an exchange ended.
pub(super) enum Ran {
    Head(Box<Live<Io>>, Attempts),
    Next(Step<Io>),
}

impl<'a> Exchange<'a> {
    /// An exchange with a place to sleep; without one, the request is given up.
    pub(super) fn begin(
        shared: &'a Arc<Shared>,
        request: &'a mut Outbound<Reader>,
        mut live: Box<Live<Io>>,
        parker: Option<io::Result<Parker>>,
    ) -> Result<Self, Error> {
        let parker = parker.unwrap_or_else(|| shared.lock().parkers.acquire(Some(&live.io)));
        let parker = parker.and_then(|parker| match shared.attach(&mut live, &parker) {
            Ok(()) => {
                live.io.drive_at(&parker);
                Ok(parker)
            }
            Err(error) => {
                shared.unpark(parker);
                Err(error)
            }
        });
        match parker {
            Ok(parker) => Ok(Self {
                shared,
                request,
                live,
                parker,
            }),
            Err(error) => {
                let id = request.id();
                shared.with(|engine, now| engine.cancel_taken(now, id, live));
                Err(driver_failed(&error))
            }
        }
    }

    pub(super) fn run(mut self) -> Ran {
        let mut now = self.shared.clock.now();
        self.request.begin_attempt(&self.live);
        if self.live.info().served > 0 {
            // Whatever an idle connection has to say makes it useless: look before the first octet goes out.
            read(&mut self.live, now);
        }
        loop {
            if self.live.readiness().write {
                // The source is the application's: whatever it does, the connection's place must not be lost.
                match panic::catch_unwind(AssertUnwindSafe(|| self.write())) {
                    Ok(Ok(())) => {}
                    Ok(Err(why)) => {
                        return self
                            .end(|engine, now, id, live| engine.fail_source(now, id, live, why));
                    }
                    Err(fault) => {
                        self.cancel();
                        panic::resume_unwind(fault);
                    }
                }
            }
            if self.live.readiness().read {
                read(&mut self.live, now);
            }
            match self.live.connection.poll() {
                Ok(Received::Head(_)) => return self.head(),
                Ok(Received::NeedMore) => {}
                Ok(Received::Interim(head)) => {
                    self.request.note_interim(head);
                    continue;
                }
                Ok(_) => continue,
                Err(failure) => {
                    return self.end(|engine, now, id, live| engine.fail(now, id, live, failure));
                }
            }
            if self.live.connection.pulse().abort_requested() {
                return self.end(Engine::abort);
            }
            now = self.wait(now);
        }
    }

    /// Gives the request up.
    fn cancel(self) {
        self.end(|engine, now, id, live| {
            engine.cancel_taken(now, id, live);
            Step::Wait
        });
    }

    fn write(&mut self) -> Result<(), ContentError> {
        let clock = &self.shared.clock;
        let moved = self.request.advance(
            &mut self.live,
            || clock.now(),
            |reader, space| Poll::Ready(reader.read(space)),
            |io, outgoing| outgoing.write_to(&mut io.stream),
        );
        match moved {
            Poll::Ready(moved) => moved,
            // Our readers block instead.
            Poll::Pending => Ok(()),
        }
    }

    /// Waits until there is something to do. While content goes out there always is: nobody tells us of an early answer
    /// then, so the socket is asked for it between two pieces.
    fn wait(&mut self, now: Now) -> Now {
        let ready = self.live.readiness();
        if ready.write && self.request.interest(&self.live).write {
            self.live.note_ready(Readiness {
                read: true,
                ..Readiness::default()
            });
            let now = self.shared.clock.now();
            check_limits(self.shared, &self.live, now);
            return now;
        }
        match ready.read {
            true => now,
            false => sleep_for(self.shared, &mut self.live, &mut self.parker, now),
        }
    }

    fn head(self) -> Ran {
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        match state.engine.handle_head(now, self.request.id(), &self.live) {
            Verdict::Deliver(attempts) => {
                state.parkers.release(self.parker);
                self.shared.settle(state);
                Ran::Head(self.live, attempts)
            }
            Verdict::Again => {
                drop(state);
                self.end(Engine::again)
            }
            _ => {
                drop(state);
                self.end(Engine::abort)
            }
        }
    }

    /// Gives connection and parker back in one go.
    fn end(
        self,
        give_back: impl FnOnce(&mut Engine<Io>, Now, RequestId, Box<Live<Io>>) -> Step<Io>,
    ) -> Ran {
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        let step = give_back(&mut state.engine, now, self.request.id(), self.live);
        state.parkers.release(self.parker);
        self.shared.settle(state);
        Ran::Next(step)
    }
}
