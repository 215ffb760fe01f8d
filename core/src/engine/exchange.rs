//! How exchanges begin and end on their connections, whoever drives them.

use core::time::Duration;
use std::io;
use std::sync::Arc;

use http::StatusCode;

use super::engine::{Command, Engine};
use super::live::{DRAIN_OCTETS, Live, Term};
use super::supply::Supply;
use super::upgraded::Upgraded;
use crate::base::{CloseReason, ConnectionId, Now, RequestId};
use crate::connection::{ContentPlan, Failure, PeerViolation, Rest, Scratch};
use crate::session::{ConnectionInfo, Error, ErrorKind, HeadVerdict, Outcome, Parting, Session};

/// How many exchanges' memory is kept for the next ones.
const SPARE_SCRATCHES: usize = 64;

/// For how long the rest of a response that was let go of is waited for.
const DRAIN_TIME: Duration = Duration::from_millis(50);

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
            begin(&mut self.session, &mut self.spare, now, id, &mut live);
            return Begun::Live(live);
        }
        let lost = match self.session.is_newly_made(connection) {
            true => self.stillborn(now, id, live),
            false => self.lost_unused(now, id, live),
        };
        match lost {
            Some(error) => Begun::Failed(error),
            None => Begun::Waiting,
        }
    }

    /// A connection that was made just now is dead already: what its peers do always, they would do to the next one.
    fn stillborn(&mut self, now: Now, id: RequestId, mut live: Box<Live<S>>) -> Option<Error> {
        let failure = live.connection.poll().err().unwrap_or(Failure::Closed);
        let kind = kind_of(&live, failure);
        self.fail_with(now, id, live, kind)
    }

    /// The request lost its connection before an octet of it went out: it asks for another, if it still may.
    fn lost_unused(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) -> Option<Error> {
        if self.session.is_closed() {
            return self.fail_with(now, id, live, ErrorKind::SessionClosed);
        }
        let connection = live.id;
        self.reclaim(live);
        self.session.try_again(now, id, connection);
        self.settle();
        None
    }

    /// Ends an exchange whose response was read to its end; returns its memory.
    pub(super) fn finish(&mut self, now: Now, id: RequestId, mut live: Box<Live<S>>) -> Scratch {
        let (outcome, scratch) = wind_up(&mut self.session, &mut live);
        self.put_slot(live);
        self.session.end(now, id, outcome);
        self.settle();
        scratch
    }

    /// The application lets go of a response. Nobody waits: what is left of it is thrown away as it comes, if it is
    /// little and comes soon, and the connection stays usable then.
    pub(super) fn let_go(&mut self, now: Now, id: RequestId, mut live: Box<Live<S>>) {
        if self.session.is_running(id) {
            self.session.forget(id);
            self.leave(now, live, None);
            return;
        }
        // Its time was up, and with it that of its connection.
        let outcome = judge_end(&mut self.session, &mut live);
        self.reclaim(live);
        self.session.end(now, id, outcome);
        self.settle();
    }

    /// Leaves a response that is nobody's; `next` rests, and goes on when the connection is free. The request that got the
    /// response knows nothing of the connection any more.
    fn leave(&mut self, now: Now, mut live: Box<Live<S>>, next: Option<RequestId>) {
        let connection = live.id;
        if live.connection.discard_rest(DRAIN_OCTETS) == Rest::Coming {
            let until = now.tick.after(DRAIN_TIME);
            self.session.begin_draining(connection, until, next);
            live.part();
            live.term = Term {
                deadline: Some(until),
                ..Term::default()
            };
            self.put_slot(live);
        } else {
            let outcome = judge_end(&mut self.session, &mut live);
            self.reclaim(live);
            self.session.come_back(now, connection, outcome);
            if let Some(next) = next {
                self.session.resume_rested(now, next);
            }
        }
        self.settle();
    }

    /// Looks how far a connection has come whose response was let go of, and settles it if that is over. Gives the
    /// connection back if it is not.
    pub(super) fn drain(&mut self, now: Now, mut live: Box<Live<S>>) -> Option<Box<Live<S>>> {
        let connection = live.id;
        let wanted = self.session.is_draining(connection);
        if wanted && live.connection.discard_more(DRAIN_OCTETS) == Rest::Coming {
            return Some(live);
        }
        let outcome = judge_end(&mut self.session, &mut live);
        let scratch = live.connection.take_scratch();
        self.give_back(scratch);
        if wanted {
            self.put_slot(live);
            self.session.end_draining(now, connection, outcome);
        } else {
            // Its time was up while somebody else held it; its slot may have another tenant by now.
            live.connection.note_close(CloseReason::UnreadContent);
            self.commands.push_back(Command::Discard(live));
        }
        self.settle();
        None
    }

    /// A request failed on its connection. If that had died unnoticed, and it does no harm, the request is sent once
    /// more on a fresh one; otherwise the error is returned.
    pub(super) fn fail_or_replay(
        &mut self,
        now: Now,
        id: RequestId,
        live: Box<Live<S>>,
        failure: Failure,
    ) -> Option<Error> {
        if !self.session.is_running(id) {
            let kind = kind_of(&live, failure);
            return self.fail_with(now, id, live, kind);
        }
        let pulse = Arc::clone(live.connection.pulse());
        let (dead, untouched) = (is_death(failure), is_untouched(&live));
        let loss = self.session.loss(id, live.kept, dead, &pulse, untouched);
        // What came before our first octet was no answer.
        let unasked = failure == Failure::Violation(PeerViolation::Unsolicited);
        let judged = loss.map(|mut loss| {
            loss.received = if unasked { 0 } else { loss.received };
            loss.judge()
        });
        // Content that was pushed before it was asked for is gone, even if not an octet of it went out.
        let why = match judged {
            Some(Ok(why)) if !live.supply.was_handed_over() => why,
            _ => {
                let kind = kind_of(&live, failure);
                return self.fail_with(now, id, live, kind);
            }
        };
        if self.session.is_closed() {
            return self.fail_with(now, id, live, ErrorKind::SessionClosed);
        }
        let reason = live.connection.close_reason();
        let reason = reason.unwrap_or(CloseReason::PeerEof);
        let connection = live.id;
        self.reclaim(live);
        self.session.replay(now, id, failure.into(), &pulse, why);
        self.session.lose(now, connection, reason);
        self.settle();
        None
    }

    /// The final head of a response has come. [`HeadVerdict::Part`]: [`Engine::part`] is to be asked next.
    pub(super) fn judge_head(&mut self, now: Now, id: RequestId, live: &Live<S>) -> HeadVerdict {
        let untouched = is_untouched(live);
        if live.connection.sets_cookies() {
            self.session.keep_cookies(now, id, live.connection.head());
        }
        if self.is_refused_expectation(id, live) {
            return self.session.refuse_expectation(now, id);
        }
        self.session
            .judge_head(now, id, live.connection.head(), untouched)
    }

    /// Whether a response is a 417 that the request is to be sent again for, without its expectation: content that was
    /// not touched can be sent then.
    fn is_refused_expectation(&self, id: RequestId, live: &Live<S>) -> bool {
        let connection = &live.connection;
        connection.head().status() == StatusCode::EXPECTATION_FAILED
            && connection.expected_continue()
            && !connection.has_touched_content()
            && !live.supply.was_handed_over()
            && self.session.may_drop_expectation(id)
    }

    /// The response is nobody's: its connection is left, and the request goes on as was decided. Returns its error, if it
    /// does not.
    pub(super) fn part(&mut self, now: Now, id: RequestId, live: Box<Live<S>>) -> Option<Error> {
        match self.session.part(now, id) {
            Parting::WithoutExpectation => {
                let connection = live.id;
                self.reclaim(live);
                self.session.drop_expectation(now, id);
                let reason = CloseReason::RequestIncomplete;
                self.session.lose(now, connection, reason);
                self.settle();
                None
            }
            Parting::Anew { here, .. } => {
                // Only who needs this connection waits for the rest of the response.
                self.leave(now, live, here.then_some(id));
                if !here {
                    self.session.resume_rested(now, id);
                    self.settle();
                }
                None
            }
            Parting::Fail(error) => {
                self.leave(now, live, None);
                Some(error)
            }
        }
    }

    /// Ends the exchange of a connection that has ceased to speak HTTP, and hands the stream over.
    pub(super) fn hand_over(&mut self, now: Now, id: RequestId, live: Live<S>) -> Upgraded<S> {
        self.session
            .end(now, id, Outcome::Close(CloseReason::Switched));
        self.settle();
        live.into_upgraded()
    }

    /// Ends an exchange that has failed, and gives its connection up. Returns the error, unless the request is retried.
    pub(super) fn fail_with(
        &mut self,
        now: Now,
        id: RequestId,
        live: Box<Live<S>>,
        kind: ErrorKind,
    ) -> Option<Error> {
        let pulse = Arc::clone(live.connection.pulse());
        let untouched = is_untouched(&live);
        self.reclaim(live);
        let error = self.session.fail(now, id, kind, &pulse, untouched);
        self.settle();
        error
    }

    /// Puts a connection into its slot, without the exchange and its memory.
    fn reclaim(&mut self, mut live: Box<Live<S>>) {
        live.part();
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

/// Begins the exchange on a connection that is in nobody else's hands, and idle.
pub(super) fn begin<S>(
    session: &mut Session,
    spare: &mut Vec<Scratch>,
    now: Now,
    id: RequestId,
    live: &mut Live<S>,
) {
    let mut scratch = spare.pop().unwrap_or_default();
    scratch.clear();
    let Some(beginning) = session.begin(now, id, scratch.out(), live.connection.pulse()) else {
        return;
    };
    live.request = Some(id);
    live.info = ConnectionInfo {
        number: beginning.number,
        served: beginning.served,
    };
    let plan = beginning.plan();
    // Nearly every request has no content, and no end to be told of.
    if plan.content != ContentPlan::None {
        live.supply = Supply::of(&beginning.request);
    }
    live.note_begin(now, beginning.kept);
    let started = live.connection.start_encoded(now, plan, scratch);
    debug_assert!(started.is_ok());
    live.term = Term {
        expects: beginning.expects,
        judged: beginning.judged,
        granted: now.tick,
        answered: now.tick,
        deadline: beginning.deadline,
        request: Some(beginning.request),
    };
}

/// An exchange whose response was read to its end leaves its connection; what becomes of that, and the exchange's memory.
pub(super) fn wind_up<S>(session: &mut Session, live: &mut Live<S>) -> (Outcome, Scratch) {
    let outcome = judge_end(session, live);
    live.part();
    (outcome, live.connection.take_scratch())
}

/// Whether a connection may be used again, its peer's hint included.
fn judge_end<S>(session: &mut Session, live: &mut Live<S>) -> Outcome {
    if let Err(reason) = live.connection.renew() {
        return Outcome::Close(reason);
    }
    match session.note_hint(live.id, live.connection.keep_alive()) {
        true => Outcome::Reusable,
        false => Outcome::Close(CloseReason::KeepAliveHint),
    }
}

/// Whether nothing of a request's content was taken from where it comes from: content that can be read only once can be
/// sent from its beginning then.
fn is_untouched<S>(live: &Live<S>) -> bool {
    !live.supply.was_handed_over() && !live.connection.has_touched_content()
}

/// What went wrong on a connection: of what lies below HTTP a failure says no more than that the transport failed. (A peer of
/// TLS 1.3 may refuse a client's certificate when the first request is out already: RFC 8446 §4.4.2.4.)
fn kind_of<S>(live: &Live<S>, failure: Failure) -> ErrorKind {
    match (live.connection.tls_failure(), failure) {
        (Some(error), Failure::Transport(io::ErrorKind::InvalidData)) => {
            ErrorKind::Tls(error.clone())
        }
        _ => failure.into(),
    }
}

/// Whether the connection ended, rather than broke a rule.
fn is_death(failure: Failure) -> bool {
    match failure {
        Failure::Closed => true,
        // A peer that breaks TLS has not just gone away.
        Failure::Transport(kind) => {
            !matches!(kind, io::ErrorKind::TimedOut | io::ErrorKind::InvalidData)
        }
        Failure::Violation(violation) => violation == PeerViolation::Unsolicited,
    }
}
