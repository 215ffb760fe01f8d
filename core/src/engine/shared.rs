//! Driving outside: a connection is taken out, its octets are moved without the engine, and it is put back.
//!
//! For runtimes that keep the engine behind a lock: no octet of content is ever moved under it.

use super::engine::{Engine, Slot};
use super::exchange::Begun;
use super::live::Live;
use super::upgraded::Upgraded;
use crate::base::{Now, RequestId};
use crate::connection::{Failure, Scratch};
use crate::session::{Answered, ContentError, Error, ErrorKind, HeadVerdict, TakeUp, Verdict};

/// What a request may do now.
#[derive(Debug)]
pub enum Step<S> {
    /// Wait until [`Engine::poll_wake`] names it.
    Wait,
    /// Drive this connection: its exchange has begun. It is to be given back by [`Engine::finish_taken`],
    /// [`Engine::fail`], [`Engine::abort`] or [`Engine::cancel_taken`].
    Use(Box<Live<S>>),
    /// The request was answered without a connection, and is over.
    Answered(Box<Answered>),
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
            TakeUp::Answered(answered) => Step::Answered(answered),
            TakeUp::Use(connection) => match self.begin_on(now, id, connection) {
                Begun::Live(live) => Step::Use(live),
                Begun::Failed(error) => Step::Failed(error),
                // Another connection may be its own already.
                Begun::Waiting => self.step(now, id),
            },
        }
    }

    /// The final head has come: what is to be done with the response?
    pub fn handle_head(&mut self, now: Now, id: RequestId, live: &Live<S>) -> Verdict {
        match self.judge_head(now, id, live) {
            HeadVerdict::Deliver => {
                let status = live.connection.head().status();
                let attempts = self.session.attempts(id, status, now.tick);
                Verdict::Deliver(attempts.unwrap_or_default())
            }
            HeadVerdict::Part => Verdict::Again,
            HeadVerdict::Abort => Verdict::Abort,
        }
    }

    /// The verdict was [`Verdict::Again`]: the connection is left, and the request goes on with another, now or after a
    /// rest; or it has failed, because no retry is left.
    pub fn again(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) -> Step<S> {
        match self.part(now, id, live) {
            Some(error) => Step::Failed(error),
            None => self.step(now, id),
        }
    }

    /// The content of a request is not what was announced, or its source failed: the request is over.
    pub fn fail_source(
        &mut self,
        now: Now,
        id: RequestId,
        live: Box<Live<S>>,
        why: ContentError,
    ) -> Step<S> {
        self.failed(now, id, live, ErrorKind::Content(why))
    }

    /// The connection was [switched](crate::Received::Switched): takes its stream. The session forgets it.
    #[expect(
        clippy::boxed_local,
        reason = "connections are taken out boxed, and given back so"
    )]
    pub fn finish_upgraded(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) -> Upgraded<S> {
        self.hand_over(now, id, *live)
    }

    /// A connection whose response was let go of, if its rest may still come: read it, and
    /// [give it back](Engine::put_drained). `None` if there is none to look at.
    pub fn take_draining(&mut self) -> Option<Box<Live<S>>> {
        if !self.session.has_draining() {
            return None;
        }
        let draining = |slot: &Slot<S>| match slot {
            Slot::Here(live) => self.session.is_draining(live.id),
            Slot::Vacant | Slot::Dialling(_) | Slot::Taken => false,
        };
        let place = self.slots.iter().position(draining)?;
        let connection = self.session.member_at(place)?;
        self.take_slot(connection)
    }

    /// Gives a connection back that was [taken](Engine::take_draining), with whatever was read from it: if its response
    /// is over it is free for the next request. `true` if more is to be read.
    pub fn put_drained(&mut self, now: Now, live: Box<Live<S>>) -> bool {
        match self.drain(now, live) {
            Some(live) => {
                self.put_slot(live);
                true
            }
            None => false,
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
        match self.fail_or_replay(now, id, live, failure) {
            Some(error) => Step::Failed(error),
            None => self.step(now, id),
        }
    }

    /// The connection's pulse asks for it back: a time limit has passed, or the session was closed. The request is over,
    /// or is retried.
    pub fn abort(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) -> Step<S> {
        self.failed(now, id, live, ErrorKind::SessionClosed)
    }

    fn failed(&mut self, now: Now, id: RequestId, live: Box<Live<S>>, kind: ErrorKind) -> Step<S> {
        match self.fail_with(now, id, live, kind) {
            Some(error) => Step::Failed(error),
            None => self.step(now, id),
        }
    }

    /// The application gives the request up while its connection is out.
    pub fn cancel_taken(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) {
        self.let_go(now, id, live);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::RequestBuilder;
    use crate::engine::Command;
    use crate::session::Config;
    use core::time::Duration;

    /// Given the rest of a response for which nobody comes, when its time is up, then nobody looks for it any more.
    #[test]
    fn a_rest_that_is_too_late_is_not_looked_for() {
        let (mut engine, now) = (
            Engine::new(Config::default()).expect("valid"),
            Now::default(),
        );
        let request = RequestBuilder::new("GET", "http://192.0.2.1/").build();
        let id = engine.submit(now, request.expect("a request"));
        let Some(Command::Dial { connection, .. }) = engine.poll_command() else {
            panic!("no dial");
        };
        engine.deposit(connection, ()).expect("it is wanted");
        engine.handle_connected(now, connection);
        let Step::Use(mut live) = engine.step(now, id) else {
            panic!("no connection");
        };
        live.write(now, |(), outgoing| Ok(outgoing.len()));
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        live.read(now, |(), space| {
            space[..head.len()].copy_from_slice(head);
            Ok(head.len())
        });
        engine.cancel_taken(now, id, live);
        assert!(engine.session.has_draining());
        engine.handle_deadline(now.after(Duration::from_secs(1)));
        assert!(!engine.session.has_draining());
    }
}
