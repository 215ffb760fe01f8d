//! The race between the addresses of a name, with its connections: each attempt is one of the session's, until it is lost.

use std::io;

use smallvec::SmallVec;

use super::establish::Establish;
use super::establish::{State, unconnected};
use super::making::Connected;
use super::order::Order;
#[cfg(test)]
use crate::base::Tick;
use crate::base::{CloseReason, ConnectionId, EstablishId, Now, RequestId, Stage};
use crate::dial::{
    DialError, DialPlan, Endpoint, Race, RaceAction, RaceAttempt, RaceFailure, RaceSettings,
};
use crate::session::causes::ResolveError;
use crate::session::connections::{Member, MemberState};
use crate::session::kind::ErrorKind;
use crate::session::session::{Session, Tenant};

/// A race, and whose attempts are which connections.
#[derive(Debug)]
pub(in crate::session) struct Racing {
    pub(super) race: Race,
    attempts: SmallVec<[(RaceAttempt, ConnectionId); 2]>,
    /// The last dial that failed.
    failed: Option<(Endpoint, io::ErrorKind)>,
    /// What the resolver said last.
    pub(super) unresolved: Option<ResolveError>,
    /// There were addresses that may not be dialled.
    pub(super) refused: bool,
}

impl Racing {
    pub(super) fn new(settings: RaceSettings, now: Now) -> Self {
        Self {
            race: Race::new(settings, now.tick),
            attempts: SmallVec::new(),
            failed: None,
            unresolved: None,
            refused: false,
        }
    }

    pub(super) fn attempts(&self) -> impl Iterator<Item = ConnectionId> {
        self.attempts.iter().map(|(_, connection)| *connection)
    }

    /// What is waited for: addresses, until there is one.
    pub(super) fn stage(&self) -> Stage {
        match self.attempts.is_empty() && self.failed.is_none() {
            true => Stage::Resolve,
            false => Stage::Connect,
        }
    }

    /// What distinguishes it from others, in words that can be compared.
    #[cfg(test)]
    pub(super) fn picture(&self, from: &dyn Fn(Tick) -> i128) -> String {
        let due = self.race.deadline().map(from);
        format!("racing{due:?}{:?}", self.race.is_over())
    }

    fn connection(&self, attempt: RaceAttempt) -> Option<ConnectionId> {
        let mut attempts = self.attempts.iter();
        attempts
            .find(|known| known.0 == attempt)
            .map(|known| known.1)
    }

    fn attempt(&self, connection: ConnectionId) -> Option<RaceAttempt> {
        let mut attempts = self.attempts.iter();
        attempts
            .find(|known| known.1 == connection)
            .map(|known| known.0)
    }

    /// Why nobody has won.
    fn verdict(&mut self, why: RaceFailure) -> (ErrorKind, Stage) {
        let resolve = |text| ErrorKind::Resolve(ResolveError::new(text));
        match why {
            RaceFailure::ConnectTimeout => (ErrorKind::Timeout, Stage::Connect),
            RaceFailure::ResolveTimeout => (ErrorKind::Timeout, Stage::Resolve),
            RaceFailure::AllRefused => match self.failed.take() {
                Some((to, why)) => (unconnected(Some(&to), why), Stage::Connect),
                None => (unconnected(None, io::ErrorKind::Other), Stage::Connect),
            },
            _ if self.refused => (ErrorKind::AddressRefused, Stage::Resolve),
            _ => match self.unresolved.take() {
                Some(error) => (ErrorKind::Resolve(error), Stage::Resolve),
                None => (resolve("it has no address"), Stage::Resolve),
            },
        }
    }
}

impl Session {
    /// A connection in the making, with whoever it is for.
    pub(super) fn making_of(&self, id: EstablishId) -> Option<(&Tenant, &Establish)> {
        let establish = self.establishes.get(id.0)?;
        Some((self.tenant(establish.origin)?, establish))
    }

    /// Dials to where there is nothing to choose.
    pub(super) fn dial_alone(&mut self, now: Now, id: EstablishId, to: Endpoint) {
        let Some(connection) = self.order_dial(id, to.clone()) else {
            return;
        };
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return;
        };
        establish.state = State::Dialling(connection, to);
        let origin = establish.origin;
        let limit = self.establish_limit(origin, Stage::Connect);
        self.make_due(id, limit.map(|limit| now.tick.after(limit)));
    }

    /// Does what the race wants done, until it waits or is over. The connection that has won, if one has.
    pub(super) fn go_on_racing(&mut self, now: Now, id: EstablishId) -> Option<ConnectionId> {
        let mut winner = None;
        loop {
            let State::Racing(racing) = &mut self.establishes.get_mut(id.0)?.state else {
                return None;
            };
            match racing.race.poll() {
                None => break,
                Some(RaceAction::Dial { attempt, address }) => {
                    let connection = self.order_dial(id, Endpoint::Address(address))?;
                    if let State::Racing(racing) = &mut self.establishes.get_mut(id.0)?.state {
                        racing.attempts.push((attempt, connection));
                    }
                }
                Some(RaceAction::Close(attempt)) => {
                    let connection = racing.connection(attempt);
                    racing.attempts.retain(|known| known.0 != attempt);
                    if let Some(connection) = connection {
                        self.drop_attempt(now, connection);
                    }
                }
                Some(RaceAction::Won(attempt)) => winner = racing.connection(attempt),
                Some(RaceAction::Failed(why)) => {
                    let (kind, stage) = racing.verdict(why);
                    self.forget_addresses(id);
                    self.fail_soon(now, id, kind, stage);
                    return None;
                }
            }
        }
        if winner.is_none() {
            let State::Racing(racing) = &self.establishes.get(id.0)?.state else {
                return None;
            };
            let due = racing.race.deadline();
            self.make_due(id, due);
        }
        winner
    }

    /// Addresses that were of no use are asked for anew the next time.
    fn forget_addresses(&mut self, id: EstablishId) {
        let Some((tenant, _)) = self.making_of(id) else {
            return;
        };
        if let Ok(path) = &tenant.path {
            let (host, port) = path.first_hop(&tenant.key.origin);
            let host = Box::<str>::from(host);
            self.names.remove(&host, port);
        }
    }

    fn order_dial(&mut self, id: EstablishId, to: Endpoint) -> Option<ConnectionId> {
        let (tenant, establish) = self.making_of(id)?;
        let member = Member::attempt(establish.origin, id, tenant.limits.clone());
        let connection = ConnectionId(self.members.insert(member));
        self.order_plan(connection, id, to)?;
        Some(connection)
    }

    fn order_plan(
        &mut self,
        connection: ConnectionId,
        id: EstablishId,
        to: Endpoint,
    ) -> Option<()> {
        let (tenant, _) = self.making_of(id)?;
        let path = tenant.path.as_ref().ok()?;
        let options = &self.config.dialling;
        let plan = Box::new(DialPlan {
            to,
            from: path.local.clone(),
            no_delay: options.no_delay,
            keepalive: options.keepalive,
        });
        self.orders.push_back(Order::Dial { connection, plan });
        Some(())
    }

    /// A dial succeeded.
    pub(crate) fn handle_connected(&mut self, now: Now, connection: ConnectionId) -> Connected {
        let Some(id) = self.attempt_of(connection) else {
            return Connected::Unwanted;
        };
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return Connected::Unwanted;
        };
        let won = match &mut establish.state {
            State::Dialling(own, _) if *own == connection => true,
            State::Racing(racing) => match racing.attempt(connection) {
                Some(attempt) => {
                    racing.race.handle_connected(now.tick, attempt);
                    self.go_on_racing(now, id) == Some(connection)
                }
                None => false,
            },
            _ => false,
        };
        match won {
            true => self.begin_making(now, id, connection),
            false => Connected::Unwanted,
        }
    }

    /// A dial failed: the next address is tried, or the oldest waiting request gets the error. If it was for want of
    /// descriptors, an idle connection gives its own, and the dial is tried once more.
    pub(crate) fn handle_dial_failed(
        &mut self,
        now: Now,
        connection: ConnectionId,
        why: DialError,
    ) {
        let Some(id) = self.attempt_of(connection) else {
            return;
        };
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return;
        };
        let to = match &establish.state {
            State::Dialling(own, to) if *own == connection => Some(to.clone()),
            State::Racing(racing) => {
                let attempt = racing.attempt(connection);
                let address = attempt.and_then(|attempt| racing.race.address(attempt));
                address.map(Endpoint::Address)
            }
            _ => None,
        };
        let Some(to) = to else { return };
        if why.is_exhausted()
            && let Some(idle) = self.pool.least_recently_used()
        {
            self.discard_idle(now, idle, CloseReason::Evicted);
            let _ = self.order_plan(connection, id, to);
            return;
        }
        self.drop_attempt(now, connection);
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return;
        };
        let State::Racing(racing) = &mut establish.state else {
            let kind = unconnected(Some(&to), why.kind());
            return self.fail_establish(now, id, kind, Stage::Connect);
        };
        racing.failed = Some((to, why.kind()));
        if let Some(attempt) = racing.attempt(connection) {
            racing.attempts.retain(|known| known.0 != attempt);
            racing.race.handle_failed(now.tick, attempt);
            // A loop that is late may be told of this first.
            racing.race.handle_deadline(now.tick);
        }
        self.go_on_racing(now, id);
    }

    pub(super) fn attempt_of(&self, connection: ConnectionId) -> Option<EstablishId> {
        match self.members.get(connection.0)?.state {
            MemberState::Attempt(id) => Some(id),
            MemberState::Free
            | MemberState::Idle(_)
            | MemberState::Draining(..)
            | MemberState::Held(_) => None,
        }
    }

    /// The oldest request that would get the connection which is being dialled: its driver may as well watch the dial.
    pub(crate) fn waiter_for(&self, attempt: ConnectionId) -> Option<RequestId> {
        let member = self.members.get(attempt.0)?;
        self.attempt_of(attempt)?;
        self.pool.first_waiter(member.origin)
    }
}
