//! Driving outside: a connection is taken out, its octets are moved without the engine, and it is put back.
//!
//! For runtimes that keep the engine behind a lock: no octet of content is ever moved under it.

use super::engine::Engine;
use super::exchange::Begun;
use super::live::Live;
use crate::base::{Now, RequestId};
use crate::connection::{Failure, Scratch};
use crate::session::{Error, ErrorKind, TakeUp, Verdict};

/// What a request may do now.
#[derive(Debug)]
pub enum Step<S> {
    /// Wait until [`Engine::poll_wake`] names it.
    Wait,
    /// Drive this connection: its exchange has begun. It is to be given back by [`Engine::finish_taken`],
    /// [`Engine::fail`], [`Engine::abort`] or [`Engine::cancel_taken`].
    Use(Box<Live<S>>),
    /// The request failed; it is over.
    Failed(Error),
}

impl<S> Engine<S> {
    /// The next request that can go on, or whose driver must look at its connection's pulse.
    pub fn poll_wake(&mut self) -> Option<RequestId> {
        self.session.next_wake()
    }

    /// Asks what a request may do, after `submit` and after each wake.
    pub fn step(&mut self, now: Now, id: RequestId) -> Step<S> {
        match self.session.take_up(id) {
            TakeUp::Wait | TakeUp::Abort(_) => Step::Wait,
            TakeUp::Failed(error) => Step::Failed(error),
            TakeUp::Use(connection) => match self.begin_on(now, id, connection) {
                Begun::Live(live) => Step::Use(live),
                Begun::Failed(error) => Step::Failed(error),
                // Another connection may be its own already.
                Begun::Waiting => self.step(now, id),
            },
        }
    }

    /// The final head has come: what is to be done with the response?
    pub fn handle_head(&mut self, id: RequestId) -> Verdict {
        if self.session.is_running(id) {
            Verdict::Deliver
        } else {
            Verdict::Abort
        }
    }

    /// Looks at a request's time limits now, whatever the timers say: for drivers that sleep on one connection, until
    /// [`Live::deadline`]. If one has passed, the connection's [pulse](crate::Pulse::abort_requested) says so.
    pub fn check_limits(&mut self, now: Now, id: RequestId) {
        self.session.check_limits(now, id);
        self.settle();
    }

    /// The response was read to its end: its connection is free for the next request. Returns the exchange's memory,
    /// from which the head can still be read, to be [given back](Engine::give_back) when it is no longer wanted.
    pub fn finish_taken(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) -> Scratch {
        self.finish(now, id, live)
    }

    /// The connection failed. The request may be granted another: then the step is [`Step::Wait`] or [`Step::Use`].
    pub fn fail(
        &mut self,
        now: Now,
        id: RequestId,
        live: Box<Live<S>>,
        failure: Failure,
    ) -> Step<S> {
        match self.fail_or_retry(now, id, live, failure) {
            Some(error) => Step::Failed(error),
            None => self.step(now, id),
        }
    }

    /// The connection's pulse asks for it back: its request is over. Returns why.
    pub fn abort(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) -> Error {
        self.fail_with(now, id, live, ErrorKind::SessionClosed)
    }

    /// The application gives the request up while its connection is out.
    pub fn cancel_taken(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) {
        self.let_go(now, id, live);
    }
}
