//! What happens when a time limit passes.

use core::time::Duration;

use super::connections::MemberState;
use super::ending::Outcome;
use super::error::Error;
use super::establish::Establish;
use super::exchange::ExchangeState;
use super::kind::ErrorKind;
use super::session::Session;
use super::timers::{Owner, Patience};
use crate::base::{CloseReason, ConnectionId, Now, Phase, RequestId, Stage, Tick};

/// The least time between two looks at a connection whose limit is shorter than that.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

impl Session {
    pub(crate) fn deadline(&self) -> Option<Tick> {
        self.timers.next()
    }

    pub(crate) fn handle_deadline(&mut self, now: Now) {
        // What is armed again meanwhile waits for the next call, even at the end of time.
        let armed = self.timers.armed_so_far();
        while let Some((at, owner)) = self.timers.pop_due(now.tick, armed) {
            match owner {
                Owner::Request(id) => self.request_timer(now, at, id),
                Owner::Connection(id) => self.connection_timer(now, at, id),
                Owner::Establish(id) => self.establish_timer(now, at, id),
            }
        }
    }

    pub(super) fn arm_request(&mut self, id: RequestId) {
        let drained = self.waits_for_a_rest(id);
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return;
        };
        let own = match exchange.state {
            ExchangeState::Resting(..) if drained => None,
            ExchangeState::Waiting(_, until) => until,
            ExchangeState::Resting(until, _) => Some(until),
            _ => None,
        };
        if let Some(at) = exchange.deadline.into_iter().chain(own).min() {
            self.timers.arm(&mut exchange.armed, Owner::Request(id), at);
            self.tidy_timers();
        }
    }

    fn request_timer(&mut self, now: Now, at: Tick, id: RequestId) {
        let Some(exchange) = self
            .exchanges
            .get_mut(id.0)
            .filter(|exchange| exchange.armed == Some(at))
        else {
            return;
        };
        exchange.armed = None;
        let late = exchange
            .deadline
            .is_some_and(|deadline| deadline <= now.tick);
        match exchange.state {
            ExchangeState::Running(connection) if late => {
                self.time_out(id, connection, Stage::Deadline);
            }
            ExchangeState::Granted(connection) if late => {
                self.fail_late(now, id);
                self.release(now, connection);
            }
            ExchangeState::Waiting(..) | ExchangeState::Resting(..) | ExchangeState::Asking
                if late =>
            {
                self.give_up_waiting(now, id);
                self.fail_late(now, id);
            }
            ExchangeState::Waiting(_, Some(until)) if until <= now.tick => {
                self.waited_enough(now, id);
            }
            ExchangeState::Resting(until, _) if until <= now.tick => self.resume_rested(now, id),
            ExchangeState::Waiting(..)
            | ExchangeState::Resting(..)
            | ExchangeState::Asking
            | ExchangeState::Granted(_)
            | ExchangeState::Running(_) => self.arm_request(id),
            ExchangeState::Parting(..)
            | ExchangeState::Aborting(..)
            | ExchangeState::Answered
            | ExchangeState::Failed(_) => {}
        }
    }

    /// The deadline of a request has passed that has no connection in anybody's hands.
    pub(super) fn fail_late(&mut self, now: Now, id: RequestId) {
        let error = Error::new(ErrorKind::Timeout, Stage::Deadline);
        let limit = self.limit_of(id, Stage::Deadline);
        self.fail_unconnected(now, id, error.with_limit(limit));
    }

    /// The time for waiting has passed. Who waits for a connection that is being opened does not wait for the pool: that
    /// has limits of its own, and none of the pool's is reached.
    fn waited_enough(&mut self, now: Now, id: RequestId) {
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return;
        };
        let limit = exchange.timeouts(&self.config.timeouts).pool_wait;
        let origin = exchange.origin;
        let shortage =
            match self.pool.first_waiter(origin) == Some(id) && self.pool.has_dial(origin) {
                true => None,
                false => self.pool.shortage(origin),
            };
        if let Some(full) = shortage {
            self.give_up_waiting(now, id);
            let error = Error::new(ErrorKind::Timeout, Stage::PoolWait).with_limit(limit);
            self.fail_unconnected(now, id, error.with_shortage(full));
        } else if let ExchangeState::Waiting(_, until) = &mut exchange.state {
            *until = limit.map(|limit| now.tick.after(limit.max(LOOK_AGAIN)));
            self.arm_request(id);
        }
    }

    /// The time limit of a stage, for the error that names it.
    pub(super) fn limit_of(&self, id: RequestId, stage: Stage) -> Option<Duration> {
        let exchange = self.exchanges.get(id.0)?;
        let timeouts = exchange.timeouts(&self.config.timeouts);
        match stage {
            Stage::Send => timeouts.send,
            Stage::Head => {
                let member = self.members.get(exchange.connection()?.0)?;
                let patience = exchange.patience(&self.config.timeouts);
                patience.head_due(&member.pulse).map(|(_, limit)| limit)
            }
            Stage::Continue | Stage::Content => timeouts.read,
            Stage::Speed => timeouts.minimum_speed.map(|speed| speed.within),
            Stage::Exchange => timeouts.exchange,
            Stage::Deadline => exchange.request.deadline.or(timeouts.deadline),
            Stage::Prepare | Stage::PoolWait | Stage::Resolve | Stage::Connect => None,
            Stage::ProxyTls | Stage::Tunnel | Stage::Tls => None,
        }
    }

    fn connection_timer(&mut self, now: Now, at: Tick, id: ConnectionId) {
        let Some(member) = self
            .members
            .get_mut(id.0)
            .filter(|member| member.armed == Some(at))
        else {
            return;
        };
        member.armed = None;
        match member.state {
            MemberState::Idle(since) => {
                if let Some(reason) = member.idle_end(now) {
                    return self.discard_idle(now, id, reason);
                }
                let limit = member.idle_limit();
                let limit = limit.map(|limit| since.after(limit));
                let end = member.end();
                if let Some(due) = limit.into_iter().chain(end).min() {
                    self.timers
                        .arm(&mut member.armed, Owner::Connection(id), due);
                }
            }
            MemberState::Draining(until, _) if until <= now.tick => {
                self.end_draining(now, id, Outcome::Close(CloseReason::UnreadContent));
            }
            MemberState::Draining(until, _) => {
                self.timers
                    .arm(&mut member.armed, Owner::Connection(id), until);
            }
            MemberState::Held(request) => self.patience_timer(now, id, request),
            MemberState::Attempt(_) | MemberState::Free => {}
        }
    }

    fn patience_timer(&mut self, now: Now, id: ConnectionId, request: RequestId) {
        self.check_limits(now, request);
        let (Some(member), Some(exchange)) =
            (self.members.get_mut(id.0), self.exchanges.get(request.0))
        else {
            return;
        };
        if !matches!(exchange.state, ExchangeState::Running(_)) {
            return;
        }
        // The whole request's deadline has an entry of its own.
        let patience = Patience {
            deadline: None,
            ..exchange.patience(&self.config.timeouts)
        };
        // The application may have the word, and the next phase a shorter limit than the present one: look again soon.
        let due = patience.due(&member.pulse).map(|(due, _)| due);
        let soon = patience.shortest();
        let soon = soon.map(|limit| now.tick.after(limit.max(LOOK_AGAIN)));
        if let Some(again) = due.into_iter().chain(soon).min() {
            // What has passed without harm is looked at again soon, and not at once.
            let again = match again <= now.tick {
                true => now.tick.after(LOOK_AGAIN),
                false => again,
            };
            self.timers
                .arm(&mut member.armed, Owner::Connection(id), again);
        }
    }

    /// Looks at one request's limits now.
    pub(crate) fn check_limits(&mut self, now: Now, id: RequestId) {
        let Some(exchange) = self.exchanges.get(id.0) else {
            return;
        };
        let ExchangeState::Running(connection) = exchange.state else {
            return;
        };
        let Some(member) = self.members.get(connection.0) else {
            return;
        };
        let patience = exchange.patience(&self.config.timeouts);
        match patience.due(&member.pulse) {
            Some((due, Stage::Continue))
                if due <= now.tick && patience.expect_continue().is_some() =>
            {
                self.permit_content(now, id, connection);
            }
            Some((due, Stage::Speed)) if due <= now.tick => {
                let octets = patience
                    .timeouts
                    .minimum_speed
                    .map_or(0, |speed| speed.octets);
                if !member.pulse.is_fast_enough(now.tick, octets) {
                    self.time_out(id, connection, Stage::Speed);
                }
            }
            Some((due, stage)) if due <= now.tick => self.time_out(id, connection, stage),
            _ => {}
        }
    }

    /// The peer has not said 100 for long enough: the content goes. Whoever drives the connection is told. The time until
    /// then was none of sending.
    fn permit_content(&mut self, now: Now, id: RequestId, connection: ConnectionId) {
        if let Some(member) = self.members.get(connection.0) {
            member.pulse.permit();
            member.pulse.stamp(now.tick);
            member.pulse.enter(Phase::Sending);
            self.wakes.push_back(id);
        }
    }

    /// Drops entries whose owner has ended or is armed for another tick, when they have become many.
    pub(super) fn tidy_timers(&mut self) {
        let owners = self.exchanges.len() + self.members.len() + self.establishes.len();
        if self.timers.len() <= 64 + owners + owners / 2 {
            return;
        }
        let (exchanges, members, establishes) = (&self.exchanges, &self.members, &self.establishes);
        self.timers.retain(|at, owner| {
            let armed = match owner {
                Owner::Request(id) => exchanges.get(id.0).and_then(|exchange| exchange.armed),
                Owner::Connection(id) => members.get(id.0).and_then(|member| member.armed),
                Owner::Establish(id) => establishes.get(id.0).and_then(Establish::armed),
            };
            armed == Some(at)
        });
    }

    fn time_out(&mut self, id: RequestId, connection: ConnectionId, stage: Stage) {
        let limit = self.limit_of(id, stage);
        if let (Some(member), Some(exchange)) =
            (self.members.get(connection.0), self.exchanges.get_mut(id.0))
        {
            let error = Error::in_exchange(ErrorKind::Timeout, stage, &member.pulse);
            let error = error.with_limit(limit).at(&exchange.request.url);
            member.pulse.request_abort();
            exchange.state = ExchangeState::Aborting(connection, error);
            self.wakes.push_back(id);
        }
    }
}
