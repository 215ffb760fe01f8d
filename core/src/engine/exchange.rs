//! How exchanges begin and end on their connections, whoever drives them.

use std::sync::Arc;

use super::engine::Engine;
use super::live::{ConnectionInfo, Live};
use crate::base::{ConnectionId, Now, RequestId};
use crate::connection::{Failure, Received, Scratch};
use crate::session::{Error, ErrorKind, Outcome};

/// How many exchanges' memory is kept for the next ones.
const SPARE_SCRATCHES: usize = 64;

/// What became of a request that was granted a connection.
pub(super) enum Begun<S> {
    /// Its exchange has begun.
    Live(Box<Live<S>>),
    /// The connection turned out to be dead; it waits for another.
    Waiting,
    Failed(Error),
}

impl<S> Engine<S> {
    /// Begins an exchange on the connection that the request was granted.
    pub(super) fn begin_on(
        &mut self,
        now: Now,
        id: RequestId,
        connection: ConnectionId,
    ) -> Begun<S> {
        let Some(mut live) = self.take_slot(connection) else {
            return Begun::Waiting;
        };
        if live.connection.is_idle() {
            self.begin(now, id, &mut live);
            return Begun::Live(live);
        }
        match self.lost_unused(now, id, live) {
            Some(error) => Begun::Failed(error),
            None => Begun::Waiting,
        }
    }

    /// The request lost its connection before an octet of it went out: it asks for another, if it still may.
    fn lost_unused(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) -> Option<Error> {
        if self.session.is_closed() {
            return Some(self.fail_with(now, id, live, ErrorKind::SessionClosed));
        }
        self.reclaim(live);
        self.session.try_again(now, id);
        self.settle();
        None
    }

    /// Begins the exchange on a connection that is in nobody else's hands.
    pub(super) fn begin(&mut self, now: Now, id: RequestId, live: &mut Live<S>) {
        let mut scratch = self.spare.pop().unwrap_or_default();
        scratch.clear();
        let Some(beginning) =
            self.session
                .begin(now, id, &mut scratch.out, live.connection.pulse())
        else {
            return;
        };
        let request = &beginning.request;
        live.request = Some(id);
        live.patience = beginning.patience;
        live.info = ConnectionInfo {
            number: beginning.number,
            served: beginning.served,
        };
        live.content = request.content_in_memory();
        live.note_begin(now);
        // `begin_on` has made sure that it can.
        let started = live
            .connection
            .start_encoded(now, &request.method, request.plan, scratch);
        debug_assert!(started.is_ok());
        if request.close {
            live.connection.close_after();
        }
    }

    /// Ends an exchange whose response was read to its end; returns its memory.
    pub(super) fn finish(&mut self, now: Now, id: RequestId, mut live: Box<Live<S>>) -> Scratch {
        let renewed = live.connection.renew();
        live.request = None;
        live.content = bytes::Bytes::new();
        let scratch = live.connection.take_scratch();
        self.put_slot(live);
        let outcome = renewed.map_or(Outcome::Close, |()| Outcome::Reusable);
        self.session.end(now, id, outcome);
        self.settle();
        scratch
    }

    /// The application lets go of a response. If its rest is here already, the connection stays usable; nobody waits.
    pub(super) fn let_go(&mut self, now: Now, id: RequestId, mut live: Box<Live<S>>) {
        loop {
            match live.connection.poll() {
                Ok(Received::Content(content)) => {
                    let count = content.len();
                    live.connection.consume(now, count);
                }
                Ok(Received::NeedMore | Received::End) | Err(_) => break,
                Ok(Received::Interim(_) | Received::Head(_) | Received::Trailers(_)) => {}
            }
        }
        let scratch = self.finish(now, id, live);
        self.give_back(scratch);
    }

    /// A request failed on its connection. If not an octet of it was sent and the connection was an old one, it asks
    /// for another; otherwise the error is returned.
    pub(super) fn fail_or_retry(
        &mut self,
        now: Now,
        id: RequestId,
        live: Box<Live<S>>,
        failure: Failure,
    ) -> Option<Error> {
        let unsent = live.info.served > 0 && live.connection.pulse().sent() == 0;
        if !unsent || !self.session.is_running(id) {
            return Some(self.fail_with(now, id, live, failure.into()));
        }
        self.lost_unused(now, id, live)
    }

    pub(super) fn fail_with(
        &mut self,
        now: Now,
        id: RequestId,
        live: Box<Live<S>>,
        kind: ErrorKind,
    ) -> Error {
        let pulse = Arc::clone(live.connection.pulse());
        self.reclaim(live);
        let error = self.session.fail(now, id, kind, &pulse);
        self.settle();
        error
    }

    /// Puts a connection that will be discarded into its slot, without the exchange's memory.
    fn reclaim(&mut self, mut live: Box<Live<S>>) {
        live.request = None;
        let scratch = live.connection.take_scratch();
        self.give_back(scratch);
        self.put_slot(live);
    }

    /// Takes an exchange's memory back, for the next ones: what [`Engine::finish_taken`] returned.
    pub fn give_back(&mut self, scratch: Scratch) {
        if self.spare.len() < SPARE_SCRATCHES && scratch.is_worth_keeping() {
            self.spare.push(scratch);
        }
    }
}
