//! The pool's books, compared with each other: for tests that try every sequence of events.

use super::{OriginId, OriginPool, Pool};
use crate::base::{ConnectionId, RequestId};

/// What the pool has written down of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) idle: Vec<ConnectionId>,
    /// In the order in which they are served.
    pub(crate) waiting: Vec<RequestId>,
    /// So many of the first of them take only a fresh connection.
    pub(crate) fresh: usize,
    pub(crate) dialling: usize,
    pub(crate) live: usize,
    pub(crate) held_back: bool,
}

impl Pool {
    pub(crate) fn tallies(&self) -> Vec<(OriginId, Tally)> {
        let origins = self.origins.iter();
        origins
            .map(|(key, pool)| (OriginId(key), self.tally(pool)))
            .collect()
    }

    fn tally(&self, pool: &OriginPool) -> Tally {
        let fresh = pool.fresh_waiters.iter(&self.waiter_links);
        let waiting = fresh.chain(pool.waiters.iter(&self.waiter_links));
        Tally {
            idle: pool.idle.iter(&self.idle_links).map(ConnectionId).collect(),
            waiting: waiting.map(RequestId).collect(),
            fresh: pool.fresh_waiters.len(),
            dialling: pool.dialling,
            live: pool.live,
            held_back: pool.held_back,
        }
    }

    /// How many are served before a request that waits.
    pub(crate) fn place_in_queue(&self, origin: OriginId, request: RequestId) -> Option<usize> {
        let pool = self.origins.get(origin.0)?;
        let fresh = pool.fresh_waiters.iter(&self.waiter_links);
        let mut waiting = fresh.chain(pool.waiters.iter(&self.waiter_links));
        waiting.position(|waiter| waiter == request.0)
    }

    /// # Errors
    /// What does not fit together.
    pub(crate) fn check(&self) -> Result<(), String> {
        let tallies = self.tallies();
        for (origin, tally) in &tallies {
            self.check_origin(*origin, tally)
                .map_err(|what| format!("{what}: {tally:?}"))?;
        }
        let live: usize = tallies.iter().map(|(_, tally)| tally.live).sum();
        let mut idle: Vec<_> = tallies.iter().flat_map(|(_, tally)| &tally.idle).collect();
        let order = self.idle_order.iter(&self.order_links).map(ConnectionId);
        let mut order: Vec<_> = order.collect();
        idle.sort();
        order.sort();
        let limit = self.limits.live_total.unwrap_or(usize::MAX);
        ensure(live == self.live_total, "the sum of all is another")?;
        ensure(live <= limit, "more in all than the limit")?;
        ensure(
            idle.len() <= self.limits.idle_total,
            "more idle than the limit",
        )?;
        ensure(
            idle.into_iter().eq(&order),
            "two orders of what is idle differ",
        )
    }

    fn check_origin(&self, origin: OriginId, tally: &Tally) -> Result<(), String> {
        let most = self.limits.live_per_origin.unwrap_or(usize::MAX);
        let counted = tally.idle.len() + tally.dialling;
        ensure(
            counted <= tally.live,
            "less alive than idle and being opened",
        )?;
        ensure(
            tally.live <= most,
            "more to one origin than its limit allows",
        )?;
        let kept = self.limits.idle_per_origin;
        ensure(tally.idle.len() <= kept, "more idle than is kept")?;
        let any = tally.waiting.len() > tally.fresh;
        ensure(
            !any || tally.idle.is_empty(),
            "one waits beside an idle connection",
        )?;
        let queued = self.held_back.iter().filter(|held| **held == origin);
        ensure(
            queued.count() == usize::from(tally.held_back),
            "its place among the held back",
        )?;
        self.check_wait(tally)
    }

    /// Whoever waits and has no connection on its way waits for a limit, and for one that somebody will tell of.
    fn check_wait(&self, tally: &Tally) -> Result<(), String> {
        if tally.waiting.len() <= tally.dialling {
            return Ok(());
        }
        let limits = &self.limits;
        let origin_full = limits
            .live_per_origin
            .is_some_and(|limit| tally.live >= limit);
        // Its connections in use, or being opened, will be released or lost, and either looks at the queue.
        if origin_full && tally.idle.is_empty() {
            return Ok(());
        }
        let full = limits
            .live_total
            .is_some_and(|limit| self.live_total >= limit);
        ensure(full, "one waits although no limit is reached")?;
        ensure(
            self.idle_order.len() == 0,
            "one waits although there is something to evict",
        )?;
        ensure(
            tally.held_back,
            "one waits for a place, and nobody knows of it",
        )
    }
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(what.into()),
    }
}
