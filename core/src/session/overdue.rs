//! What happens when a time limit passes.

use core::time::Duration;

use super::connections::MemberState;
use super::ending::Outcome;
use super::error::{Error, ErrorKind};
use super::establish::Establish;
use super::exchange::ExchangeState;
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
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return;
        };
        let waiting = matches!(exchange.state, ExchangeState::Waiting);
        let wait = exchange.wait_until.filter(|_| waiting);
        if let Some(at) = exchange.patience.deadline.into_iter().chain(wait).min() {
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
        let (origin, late) = (exchange.origin, |limit: Option<Tick>| {
            limit.is_some_and(|limit| limit <= now.tick)
        });
        let deadline = late(exchange.patience.deadline);
        match exchange.state {
            ExchangeState::Waiting
                if !deadline && late(exchange.wait_until) && self.pool.has_dial(origin, id) =>
            {
                // A connection is being opened for it, which has limits of its own: no limit of the pool's is reached.
                let timeouts = exchange
                    .request
                    .timeouts
                    .as_ref()
                    .unwrap_or(&self.config.timeouts);
                exchange.wait_until = timeouts
                    .pool_wait
                    .map(|limit| now.tick.after(limit.max(LOOK_AGAIN)));
                self.arm_request(id);
            }
            ExchangeState::Waiting if deadline || late(exchange.wait_until) => {
                let stage = if deadline {
                    Stage::Deadline
                } else {
                    Stage::PoolWait
                };
                self.pool.leave_queue(origin, id);
                self.fail_exchange(id, Error::new(ErrorKind::Timeout, stage));
            }
            ExchangeState::Granted(connection) if deadline => {
                self.fail_exchange(id, Error::new(ErrorKind::Timeout, Stage::Deadline));
                self.release(now, connection);
            }
            ExchangeState::Running(connection) if deadline => {
                self.time_out(id, connection, Stage::Deadline);
            }
            ExchangeState::Waiting | ExchangeState::Granted(_) | ExchangeState::Running(_) => {
                self.arm_request(id);
            }
            ExchangeState::Aborting(..) | ExchangeState::Failed(_) => {}
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
                let limit = member.hint.idle_within(self.config.pool.idle_time);
                let Some(limit) = limit else {
                    return;
                };
                let due = since.after(limit);
                if due <= now.tick {
                    self.discard_idle(id, CloseReason::IdleTimeout);
                } else {
                    self.timers
                        .arm(&mut member.armed, Owner::Connection(id), due);
                }
            }
            MemberState::Draining(until) if until <= now.tick => {
                self.end_draining(now, id, Outcome::Close(CloseReason::UnreadContent));
            }
            MemberState::Draining(until) => {
                self.timers
                    .arm(&mut member.armed, Owner::Connection(id), until);
            }
            MemberState::Held(request) => self.patience_timer(now, id, request),
            MemberState::Attempt(_) | MemberState::Free => {}
        }
    }

    fn patience_timer(&mut self, now: Now, id: ConnectionId, request: RequestId) {
        let (Some(member), Some(exchange)) =
            (self.members.get_mut(id.0), self.exchanges.get(request.0))
        else {
            return;
        };
        // The whole request's deadline has an entry of its own.
        let patience = Patience {
            deadline: None,
            ..exchange.patience
        };
        let running = matches!(exchange.state, ExchangeState::Running(_));
        let due = if running {
            patience.due(&member.pulse)
        } else {
            None
        };
        match due {
            Some((due, Stage::Continue))
                if due <= now.tick && patience.expect_continue.is_some() =>
            {
                self.permit_content(request, id);
                self.patience_timer(now, id, request);
            }
            Some((due, stage)) if due <= now.tick => self.time_out(request, id, stage),
            // The application has the word, or the exchange has not begun: look again later.
            _ => {
                let soon = patience
                    .shortest()
                    .map(|limit| now.tick.after(limit.max(LOOK_AGAIN)));
                // The next phase may have a shorter limit than the present one.
                let again = due.map(|(due, _)| due).into_iter().chain(soon).min();
                if let Some(again) = again {
                    self.timers
                        .arm(&mut member.armed, Owner::Connection(id), again);
                }
            }
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
        let held = exchange.patience.expect_continue.is_some();
        match exchange.patience.due(&member.pulse) {
            Some((due, Stage::Continue)) if due <= now.tick && held => {
                self.permit_content(id, connection);
            }
            Some((due, stage)) if due <= now.tick => self.time_out(id, connection, stage),
            _ => {}
        }
    }

    /// The peer has not said 100 for long enough: the content goes. Whoever drives the connection is told.
    fn permit_content(&mut self, id: RequestId, connection: ConnectionId) {
        if let Some(member) = self.members.get(connection.0) {
            member.pulse.permit();
            member.pulse.enter(Phase::Sending);
            self.wakes.push_back(id);
        }
    }

    /// Drops entries whose owner has ended or is armed for another tick, when they have become many.
    pub(super) fn tidy_timers(&mut self) {
        let owners = self.exchanges.len() + self.members.len() + self.establishes.len();
        if self.timers.len() <= 64 + 4 * owners {
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
        if let (Some(member), Some(exchange)) =
            (self.members.get(connection.0), self.exchanges.get_mut(id.0))
        {
            let error = Error::in_exchange(ErrorKind::Timeout, stage, &member.pulse)
                .at(&exchange.request.url);
            member.pulse.request_abort();
            exchange.state = ExchangeState::Aborting(connection, error);
            self.wakes.push_back(id);
        }
    }
}
