//! The session's books, compared with each other and with the pool's: for tests that try every sequence of events.

use core::fmt::Write as _;

use super::connections::{Member, MemberState};
use super::establish::Establish;
use super::exchange::{Exchange, ExchangeState};
use super::session::Session;
use super::timers::Owner;
use crate::base::{ConnectionId, EstablishId, Now, RequestId, Tick};
use crate::pool::{OriginId, Tally};

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It waits, and no connection is being opened for it.
    AtLimit,
    /// It waits, and a name is being resolved for it.
    Resolving,
    /// It waits, and a connection is being dialled for it.
    Dialling,
    Granted(ConnectionId),
    Running(ConnectionId),
    /// Its driver has seen a response that is nobody's.
    Parting(ConnectionId),
    Aborting(ConnectionId),
    /// It is sent anew, later.
    Resting,
    /// Whoever answers it has the word.
    Asking,
    Answered,
    Failed,
}

/// Whose a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tenancy {
    Attempt,
    Idle,
    Draining,
    Held(RequestId),
}

impl Session {
    pub(crate) fn standing(&self, id: RequestId) -> Option<Standing> {
        let exchange = self.exchanges.get(id.0)?;
        Some(match exchange.state {
            ExchangeState::Waiting(..) => self.waiting(exchange.origin, id),
            ExchangeState::Granted(connection) => Standing::Granted(connection),
            ExchangeState::Running(connection) => Standing::Running(connection),
            ExchangeState::Parting(connection, _) => Standing::Parting(connection),
            ExchangeState::Aborting(connection, _) => Standing::Aborting(connection),
            ExchangeState::Resting(..) => Standing::Resting,
            ExchangeState::Asking => Standing::Asking,
            ExchangeState::Answered => Standing::Answered,
            ExchangeState::Failed(_) => Standing::Failed,
        })
    }

    /// Connections in the making belong to nobody: we say that those who come first in the queue have the dials, and the
    /// next the names.
    fn waiting(&self, origin: OriginId, id: RequestId) -> Standing {
        let place = self.pool.place_in_queue(origin, id);
        let (dials, names) = self.in_the_making(origin);
        match place.unwrap_or(usize::MAX) {
            place if place < dials => Standing::Dialling,
            place if place < dials + names => Standing::Resolving,
            _ => Standing::AtLimit,
        }
    }

    /// How many connections to an origin are dialled, and how many names are resolved for others.
    fn in_the_making(&self, origin: OriginId) -> (usize, usize) {
        let own = self.establishes.iter();
        let own = own.filter(|(_, establish)| establish.origin == origin);
        let dial = |establish: &Establish| !establish.attempts().is_empty();
        let (dials, names): (Vec<_>, Vec<_>) = own.partition(|(_, one)| dial(one));
        (dials.len(), names.len())
    }

    /// How many connections are in the making that nobody waits for any more.
    pub(crate) fn orphans(&self) -> usize {
        let tallies = self.pool.tallies();
        let surplus = |tally: &Tally| tally.dialling.saturating_sub(tally.waiting.len());
        tallies.iter().map(|(_, tally)| surplus(tally)).sum()
    }

    pub(crate) fn tenancies(&self) -> Vec<(ConnectionId, Tenancy)> {
        let members = self.members.iter();
        let tenancy = |member: &Member| match member.state {
            MemberState::Attempt(_) => Tenancy::Attempt,
            MemberState::Idle(_) => Tenancy::Idle,
            MemberState::Draining(..) => Tenancy::Draining,
            MemberState::Held(id) => Tenancy::Held(id),
            MemberState::Free => panic!("a connection that nobody has taken up"),
        };
        members
            .map(|(key, member)| (ConnectionId(key), tenancy(member)))
            .collect()
    }

    /// How many requests are under way, connections in the making, and connections there are.
    pub(crate) fn load(&self) -> (usize, usize, usize) {
        let (exchanges, making) = (self.exchanges.len(), self.establishes.len());
        (exchanges, making, self.members.len())
    }

    /// The requesters that are to be told something.
    pub(crate) fn woken(&self) -> impl Iterator<Item = RequestId> {
        self.wakes.iter().copied()
    }

    /// How many origins are remembered.
    pub(crate) fn origins(&self) -> usize {
        let tenants = self.tenants.iter().flatten().count();
        tenants.max(self.keys.len()).max(self.pool.tallies().len())
    }

    /// Compares everything with everything. `woken` tells of whom a driver has been told.
    ///
    /// # Errors
    /// What does not fit together.
    pub(crate) fn check(&self, woken: &dyn Fn(RequestId) -> bool) -> Result<(), String> {
        self.pool.check()?;
        for (origin, tally) in self.pool.tallies() {
            self.check_origin(origin, &tally)
                .map_err(|what| format!("{what}: {tally:?}"))?;
        }
        for (key, exchange) in self.exchanges.iter() {
            let id = RequestId(key);
            let told = woken(id) || self.wakes.contains(&id);
            self.check_exchange(id, exchange, told)
                .map_err(|what| format!("{id:?}, {:?}: {what}", exchange.state))?;
        }
        for (key, member) in self.members.iter() {
            let id = ConnectionId(key);
            self.check_member(id, member)
                .map_err(|what| format!("{id:?}, {:?}: {what}", member.state))?;
        }
        for (key, establish) in self.establishes.iter() {
            self.check_establish(EstablishId(key), establish)?;
        }
        self.check_counts()
    }

    fn check_counts(&self) -> Result<(), String> {
        let draining =
            |(_, member): &(_, &Member)| matches!(member.state, MemberState::Draining(..));
        let count = self.members.iter().filter(draining).count();
        ensure(
            count == self.draining,
            "the number of draining connections is another",
        )?;
        ensure(self.orders.is_empty(), "orders that nobody was told")?;
        let waiting = self
            .pool
            .tallies()
            .iter()
            .any(|(_, tally)| tally.waiting.len() + tally.dialling + tally.idle.len() > 0);
        ensure(
            !self.closed || !waiting,
            "a closed session waits, dials or keeps",
        )
    }

    fn check_origin(&self, origin: OriginId, tally: &Tally) -> Result<(), String> {
        let making = self.in_the_making(origin);
        ensure(
            making.0 + making.1 == tally.dialling,
            "what is being opened",
        )?;
        let own = self.members.iter();
        let own = own.filter(|(_, member)| member.origin == origin);
        let (idle, rest): (Vec<_>, Vec<_>) =
            own.partition(|(_, member)| matches!(member.state, MemberState::Idle(_)));
        let idle: Vec<_> = idle.into_iter().map(|(key, _)| ConnectionId(key)).collect();
        let listed = |id: &ConnectionId| tally.idle.contains(id);
        ensure(
            idle.len() == tally.idle.len() && idle.iter().all(listed),
            "what is idle",
        )?;
        let busy = rest
            .iter()
            .filter(|(_, member)| !matches!(member.state, MemberState::Attempt(_)));
        ensure(
            idle.len() + tally.dialling + busy.count() == tally.live,
            "what is alive",
        )?;
        let waiting = self.exchanges.iter().filter(|(_, exchange)| {
            exchange.origin == origin && matches!(exchange.state, ExchangeState::Waiting(..))
        });
        ensure(waiting.count() == tally.waiting.len(), "who waits")?;
        ensure(self.tenant(origin).is_some(), "an origin without a name")
    }

    fn check_exchange(&self, id: RequestId, exchange: &Exchange, told: bool) -> Result<(), String> {
        let own = |connection: ConnectionId| {
            let member = self.members.get(connection.0);
            member.is_some_and(|member| matches!(member.state, MemberState::Held(one) if one == id))
        };
        match &exchange.state {
            ExchangeState::Waiting(_, until) => {
                let place = self.pool.place_in_queue(exchange.origin, id);
                ensure(place.is_some(), "it stands in no queue")?;
                self.is_timed(id, exchange, *until)
            }
            ExchangeState::Resting(until, _) => {
                let rests_for = |member: &Member| matches!(member.state, MemberState::Draining(_, Some(next)) if next == id);
                let mut members = self.members.iter();
                // Whoever waits for a rest is woken by its end, and that has a timer.
                let waits = members.any(|(_, member)| rests_for(member));
                self.is_timed(id, exchange, (!waits).then_some(*until))
            }
            ExchangeState::Granted(connection) => {
                ensure(own(*connection), "its connection is another's")?;
                ensure(told, "nobody is told of its connection")?;
                self.is_timed(id, exchange, None)
            }
            ExchangeState::Running(connection) => {
                ensure(own(*connection), "its connection is another's")?;
                self.is_timed(id, exchange, None)
            }
            ExchangeState::Parting(connection, _) => {
                ensure(own(*connection), "its connection is another's")
            }
            ExchangeState::Aborting(connection, _) => {
                ensure(own(*connection), "its connection is another's")?;
                let member = self.members.get(connection.0);
                let asked = member.is_some_and(|member| member.pulse.abort_requested());
                ensure(told && asked, "nobody is told that it is over")
            }
            ExchangeState::Asking => Ok(()),
            ExchangeState::Answered => ensure(told, "nobody is told of its answer"),
            ExchangeState::Failed(_) => ensure(told, "nobody is told of its error"),
        }
    }

    fn check_member(&self, id: ConnectionId, member: &Member) -> Result<(), String> {
        let owner = Owner::Connection(id);
        match member.state {
            MemberState::Free => Err("nobody has taken it up".into()),
            MemberState::Attempt(establish) => {
                let own = self.establishes.get(establish.0);
                let own = own.is_some_and(|one| one.attempts().contains(&id));
                ensure(own, "it is dialled for nothing")
            }
            MemberState::Idle(since) => {
                let limit = member.idle_limit();
                let due = limit.map(|limit| since.after(limit));
                let due = due.into_iter().chain(member.end()).min();
                self.is_armed(owner, member.armed, due)
            }
            MemberState::Draining(until, _) => self.is_armed(owner, member.armed, Some(until)),
            MemberState::Held(request) => {
                let exchange = self.exchanges.get(request.0);
                let Some(exchange) = exchange else {
                    return Err("it is held for nobody".into());
                };
                match exchange.state {
                    ExchangeState::Granted(own)
                    | ExchangeState::Parting(own, _)
                    | ExchangeState::Aborting(own, _) => {
                        ensure(own == id, "it is held for one who has another")
                    }
                    ExchangeState::Running(own) => {
                        ensure(own == id, "it is held for one who has another")?;
                        let limited = exchange.patience(&self.config.timeouts);
                        let limited = limited.first_look().is_some();
                        ensure(
                            !limited || self.comes_up(owner, member.armed),
                            "nobody will look at its limits",
                        )
                    }
                    ExchangeState::Waiting(..)
                    | ExchangeState::Resting(..)
                    | ExchangeState::Asking
                    | ExchangeState::Answered
                    | ExchangeState::Failed(_) => Err("it is held for one who has none".into()),
                }
            }
        }
    }

    fn check_establish(&self, id: EstablishId, establish: &Establish) -> Result<(), String> {
        for attempt in establish.attempts() {
            let member = self.members.get(attempt.0).map(|member| member.state);
            let own = matches!(member, Some(MemberState::Attempt(own)) if own == id);
            ensure(own, "an establish without its dial")?;
        }
        self.is_armed(Owner::Establish(id), establish.armed(), establish.due)
    }

    /// Whether a request comes up when it must: at the end of its time, or of its state.
    fn is_timed(
        &self,
        id: RequestId,
        exchange: &Exchange,
        until: Option<Tick>,
    ) -> Result<(), String> {
        let due = until.into_iter().chain(exchange.deadline).min();
        self.is_armed(Owner::Request(id), exchange.armed, due)
    }

    /// Whether a limit of time will be noticed when it passes.
    fn is_armed(&self, owner: Owner, armed: Option<Tick>, due: Option<Tick>) -> Result<(), String> {
        let Some(due) = due else { return Ok(()) };
        let in_time = armed.is_some_and(|at| at <= due);
        ensure(
            in_time && self.comes_up(owner, armed),
            "nobody will notice that its time is up",
        )
    }

    fn comes_up(&self, owner: Owner, armed: Option<Tick>) -> bool {
        armed.is_some_and(|at| self.timers.has(at, owner))
    }

    /// Whether any timer is still meant but those of idle connections.
    pub(crate) fn has_other_timers(&self) -> bool {
        let idle = |member: &Member| matches!(member.state, MemberState::Idle(_));
        let exchanges = self.exchanges.iter().any(|(_, one)| one.armed.is_some());
        let establishes = self
            .establishes
            .iter()
            .any(|(_, one)| one.armed().is_some());
        let mut members = self.members.iter();
        exchanges || establishes || members.any(|(_, one)| !idle(one) && one.armed.is_some())
    }

    // --------------------------------------------------------------------------------------------------- what one sees

    /// Writes down all that decides what happens next. Ids appear by their places, ticks by their distance from now.
    pub(crate) fn picture(&self, now: Now, out: &mut String) {
        let from = |tick: Tick| i128::from(tick.as_nanos()) - i128::from(now.tick.as_nanos());
        let lines = (self.wakes.iter().map(|id| id.index())).collect::<Vec<_>>();
        let _ = write!(out, "{}{lines:?}", self.closed);
        for (key, exchange) in self.exchanges.iter() {
            let (state, until) = match &exchange.state {
                ExchangeState::Waiting(_, until) => ("w", until.map(from)),
                ExchangeState::Resting(until, _) => ("s", Some(from(*until))),
                ExchangeState::Parting(..) => ("p", None),
                ExchangeState::Granted(_) => ("g", None),
                ExchangeState::Running(_) => ("r", None),
                ExchangeState::Aborting(..) => ("a", None),
                ExchangeState::Asking => ("q", None),
                ExchangeState::Answered => ("d", None),
                ExchangeState::Failed(_) => ("f", None),
            };
            let due = exchange.deadline.map(from);
            let attempts = exchange.course.as_ref().map(|course| &course.attempts);
            let behind = attempts.map(|all| (all.len(), all.history().count()));
            let sent = (exchange.replays, exchange.expect_refused, behind);
            // A redirect has put another request into its place.
            let next = behind.is_some_and(|(_, hops)| hops > 0);
            let sent = (sent, next.then_some(&exchange.request));
            let origin = exchange.origin.0.index;
            let _ = write!(out, "|{}{state}{origin}{until:?}{due:?}{sent:?}", key.index);
        }
        for (key, member) in self.members.iter() {
            let _ = write!(out, "|{}:{}", key.index, member.origin.0.index);
            self.paint_member(member, &from, out);
        }
        for (key, establish) in self.establishes.iter() {
            let attempts: Vec<_> = establish.attempts().iter().map(|id| id.index()).collect();
            let (due, state) = (establish.due.map(from), establish.state.picture(&from));
            let _ = write!(out, "|{}{attempts:?}{due:?}{state}", key.index);
        }
        for (origin, tally) in self.pool.tallies() {
            let idle: Vec<_> = tally.idle.iter().map(|id| id.index()).collect();
            let waiting: Vec<_> = tally.waiting.iter().map(|id| id.index()).collect();
            let counts = (tally.fresh, tally.dialling, tally.live, tally.held_back);
            let _ = write!(out, "|{}{idle:?}{waiting:?}{counts:?}", origin.0.index);
        }
    }

    fn paint_member(&self, member: &Member, from: &dyn Fn(Tick) -> i128, out: &mut String) {
        let end = member.end().map(from);
        let used = (member.served > 0, member.rested, end);
        let _ = match member.state {
            MemberState::Attempt(_) | MemberState::Free => write!(out, "a"),
            MemberState::Idle(since) => write!(out, "i{used:?}{}", from(since)),
            MemberState::Draining(until, next) => {
                let next = next.map(RequestId::index);
                write!(out, "d{used:?}{}{next:?}", from(until))
            }
            MemberState::Held(id) => {
                let pulse = &member.pulse;
                let asked = (pulse.abort_requested(), pulse.may_proceed());
                let since = (from(pulse.active()), from(pulse.flushed()));
                let (phase, sent) = (pulse.phase(), pulse.sent());
                write!(
                    out,
                    "h{}{used:?}{asked:?}{since:?}{phase:?}{sent}",
                    id.index()
                )
            }
        };
    }
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(what.into()),
    }
}
