//! Which request gets which connection.
//!
//! What is counted: `live` is every connection of an origin that exists or is being opened (idle, in use, dialling);
//! `idle` are those nobody uses; `dialling` those being opened; `waiting` the requests without a connection.
//! `idle + dialling ≤ live`, and nobody waits while an idle connection of the same origin exists, but for those who take
//! only a fresh one because a kept one has failed them.

use std::collections::VecDeque;

use super::limits::{OriginLimits, PoolLimits, Shortage};
use super::list::{Links, List};
use crate::base::{ConnectionId, Key, RequestId, Slab};

/// An interned pool key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OriginId(pub(crate) Key);

#[derive(Debug, Default)]
struct OriginPool {
    limits: OriginLimits,
    /// Most recently used first.
    idle: List,
    waiters: List,
    /// Requests that take only a connection that was just opened; they came before all waiters.
    fresh_waiters: List,
    dialling: usize,
    live: usize,
    /// It stands in the queue of those whom the total limit holds back.
    held_back: bool,
}

/// All connections and all waiting requests, by id.
#[derive(Debug)]
pub(crate) struct Pool {
    limits: PoolLimits,
    origins: Slab<OriginPool>,
    idle_links: Links,
    waiter_links: Links,
    /// All idle connections, least recently used first.
    idle_order: List,
    order_links: Links,
    /// The origins that keep idle connections, least recently used first; only kept where they are bounded.
    origin_order: List,
    origin_links: Links,
    live_total: usize,
    held_back: VecDeque<OriginId>,
}

impl OriginPool {
    fn waiting(&self) -> usize {
        self.waiters.len() + self.fresh_waiters.len()
    }

    fn pop_waiter(&mut self, links: &mut Links) -> Option<Key> {
        let fresh = self.fresh_waiters.pop_front(links);
        fresh.or_else(|| self.waiters.pop_front(links))
    }
}

/// Where in the queue a request stands that must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Behind all others: it is new.
    Back,
    /// Before all others: it was granted a connection already, which turned out to be dead.
    Front,
    /// Before all others, and not for a kept connection: one has failed it under way.
    Fresh,
}

/// What a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignment {
    /// This idle connection.
    Use(ConnectionId),
    /// A place in the queue.
    Wait,
}

/// Whether a connection that becomes free has served anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    New,
    Used,
}

/// What becomes of a connection that is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Released {
    /// The request that has waited longest takes it.
    Granted(RequestId),
    /// It is idle now.
    Idle,
}

impl Pool {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            origins: Slab::new(),
            idle_links: Links::default(),
            waiter_links: Links::default(),
            idle_order: List::default(),
            order_links: Links::default(),
            origin_order: List::default(),
            origin_links: Links::default(),
            live_total: 0,
            held_back: VecDeque::new(),
        }
    }

    pub(crate) fn add_origin(&mut self, limits: OriginLimits) -> OriginId {
        OriginId(self.origins.insert(OriginPool {
            limits,
            ..OriginPool::default()
        }))
    }

    /// Forgets an origin that has neither connections nor waiting requests.
    pub(crate) fn remove_if_unused(&mut self, origin: OriginId) -> bool {
        let unused = self
            .origins
            .get(origin.0)
            .is_some_and(|pool| pool.live == 0 && pool.waiting() == 0);
        if unused {
            self.origins.remove(origin.0);
        }
        unused
    }

    /// A request asks for a connection.
    pub(crate) fn request(
        &mut self,
        origin: OriginId,
        request: RequestId,
        place: Place,
    ) -> Assignment {
        let Some(pool) = self.origins.get_mut(origin.0) else {
            return Assignment::Wait;
        };
        if place != Place::Fresh
            && let Some(key) = pool.idle.pop_front(&mut self.idle_links)
        {
            self.idle_order.remove(&mut self.order_links, key);
            self.note_use(origin);
            return Assignment::Use(ConnectionId(key));
        }
        match place {
            Place::Back => pool.waiters.push_back(&mut self.waiter_links, request.0),
            Place::Front => pool.waiters.push_front(&mut self.waiter_links, request.0),
            Place::Fresh => pool
                .fresh_waiters
                .push_back(&mut self.waiter_links, request.0),
        }
        Assignment::Wait
    }

    /// Whether a connection to this origin should be opened now: somebody waits for whom none is being opened, and
    /// the limits allow it, if need be at the cost of the connection in [`Pool::next_to_evict`].
    pub(crate) fn wants_dial(&mut self, origin: OriginId) -> bool {
        let total_reached = self
            .limits
            .live_total
            .is_some_and(|limit| self.live_total >= limit);
        let can_evict = self.idle_order.len() > 0;
        let Some(pool) = self.origins.get_mut(origin.0) else {
            return false;
        };
        let most = pool.limits.live_per_origin;
        let origin_reached = most.is_some_and(|limit| pool.live >= limit);
        // An idle connection of its own is in the way only of those who do not want it.
        let in_the_way = pool.idle.len() > 0;
        if pool.dialling >= pool.waiting() || (origin_reached && !in_the_way) {
            return false;
        }
        if total_reached && !can_evict {
            if !pool.held_back {
                pool.held_back = true;
                self.held_back.push_back(origin);
            }
            return false;
        }
        true
    }

    /// The idle connection that must be closed before another may be opened to this origin.
    pub(crate) fn next_to_evict(&self, origin: OriginId) -> Option<ConnectionId> {
        let pool = self.origins.get(origin.0)?;
        let most = pool.limits.live_per_origin;
        if most.is_some_and(|limit| pool.live >= limit) {
            return pool.idle.back(&self.idle_links).map(ConnectionId);
        }
        let limit = self.limits.live_total?;
        if self.live_total < limit {
            None
        } else {
            self.least_recently_used()
        }
    }

    /// The connection that nobody has used for the longest time, of any origin.
    pub(crate) fn least_recently_used(&self) -> Option<ConnectionId> {
        self.idle_order.front(&self.order_links).map(ConnectionId)
    }

    /// A connection is being opened.
    pub(crate) fn dialling(&mut self, origin: OriginId) {
        if let Some(pool) = self.origins.get_mut(origin.0) {
            pool.dialling += 1;
            pool.live += 1;
            self.live_total += 1;
        }
    }

    /// The opening ended well; the connection is to be released next.
    pub(crate) fn dialled(&mut self, origin: OriginId) {
        if let Some(pool) = self.origins.get_mut(origin.0) {
            pool.dialling = pool.dialling.saturating_sub(1);
        }
    }

    /// The opening failed: the request that has waited longest has to bear it, if anybody waits at all.
    pub(crate) fn dial_failed(&mut self, origin: OriginId) -> Option<RequestId> {
        self.dialled(origin);
        self.closed(origin);
        let pool = self.origins.get_mut(origin.0)?;
        pool.pop_waiter(&mut self.waiter_links).map(RequestId)
    }

    /// A connection is free: it goes to the first who waits for one of its kind, or becomes idle.
    pub(crate) fn released(
        &mut self,
        origin: OriginId,
        connection: ConnectionId,
        age: Age,
    ) -> Released {
        let Some(pool) = self.origins.get_mut(origin.0) else {
            return Released::Idle;
        };
        let waiter = match age {
            Age::New => pool.pop_waiter(&mut self.waiter_links),
            Age::Used => pool.waiters.pop_front(&mut self.waiter_links),
        };
        if let Some(key) = waiter {
            return Released::Granted(RequestId(key));
        }
        pool.idle.push_front(&mut self.idle_links, connection.0);
        self.idle_order
            .push_back(&mut self.order_links, connection.0);
        self.note_use(origin);
        Released::Idle
    }

    /// An origin was used, or its idle connections have changed: it is the last to lose them now, or has none.
    #[inline]
    fn note_use(&mut self, origin: OriginId) {
        if self.limits.idle_origins.is_some() {
            self.move_origin(origin);
        }
    }

    fn move_origin(&mut self, origin: OriginId) {
        self.origin_order.remove(&mut self.origin_links, origin.0);
        let pool = self.origins.get(origin.0);
        if pool.is_some_and(|pool| pool.idle.len() > 0) {
            self.origin_order
                .push_back(&mut self.origin_links, origin.0);
        }
    }

    /// The idle connection that passes a limit, if one does; asked until there is none.
    pub(crate) fn idle_surplus(&self, origin: OriginId) -> Option<ConnectionId> {
        let pool = self.origins.get(origin.0)?;
        if pool.idle.len() > pool.limits.idle_per_origin {
            return pool.idle.back(&self.idle_links).map(ConnectionId);
        }
        if self.idle_order.len() > self.limits.idle_total {
            return self.idle_order.front(&self.order_links).map(ConnectionId);
        }
        let most = self.limits.idle_origins?;
        if self.origin_order.len() <= most {
            return None;
        }
        let least = self.origin_order.front(&self.origin_links)?;
        let idle = self.origins.get(least)?.idle;
        idle.back(&self.idle_links).map(ConnectionId)
    }

    /// An idle connection leaves the pool, to be closed.
    pub(crate) fn remove_idle(&mut self, origin: OriginId, connection: ConnectionId) {
        if let Some(pool) = self.origins.get_mut(origin.0) {
            pool.idle.remove(&mut self.idle_links, connection.0);
        }
        self.idle_order.remove(&mut self.order_links, connection.0);
        if self
            .origins
            .get(origin.0)
            .is_some_and(|pool| pool.idle.len() == 0)
        {
            self.origin_order.remove(&mut self.origin_links, origin.0);
        }
        self.closed(origin);
    }

    /// A connection that was in use, or being opened, is gone.
    pub(crate) fn closed(&mut self, origin: OriginId) {
        if let Some(pool) = self.origins.get_mut(origin.0) {
            pool.live = pool.live.saturating_sub(1);
            self.live_total = self.live_total.saturating_sub(1);
        }
    }

    /// The origin whom the total limit has held back longest, to be asked again whether it wants a dial.
    pub(crate) fn next_held_back(&mut self) -> Option<OriginId> {
        if self.held_back.is_empty() {
            return None;
        }
        let room = self
            .limits
            .live_total
            .is_none_or(|limit| self.live_total < limit)
            || self.idle_order.len() > 0;
        if !room {
            return None;
        }
        let origin = self.held_back.pop_front()?;
        if let Some(pool) = self.origins.get_mut(origin.0) {
            pool.held_back = false;
        }
        Some(origin)
    }

    /// A waiting request gives up; `place` is what it asked for.
    pub(crate) fn leave_queue(&mut self, origin: OriginId, request: RequestId, place: Place) {
        let Some(pool) = self.origins.get_mut(origin.0) else {
            return;
        };
        let list = match place {
            Place::Fresh => &mut pool.fresh_waiters,
            Place::Back | Place::Front => &mut pool.waiters,
        };
        list.remove(&mut self.waiter_links, request.0);
    }

    /// Whether a connection is being opened to this origin.
    pub(crate) fn has_dial(&self, origin: OriginId) -> bool {
        let pool = self.origins.get(origin.0);
        pool.is_some_and(|pool| pool.dialling > 0)
    }

    /// Whether more connections are being opened to this origin than requests wait for.
    pub(crate) fn has_surplus_dial(&self, origin: OriginId) -> bool {
        let pool = self.origins.get(origin.0);
        pool.is_some_and(|pool| pool.dialling > pool.waiting())
    }

    /// The limit that keeps a waiting request of this origin from having a connection of its own; `None` if one is being
    /// opened for each.
    pub(crate) fn shortage(&self, origin: OriginId) -> Option<Shortage> {
        let pool = self.origins.get(origin.0)?;
        if pool.waiting() <= pool.dialling {
            return None;
        }
        let own = pool.limits.live_per_origin;
        let own = own.filter(|limit| pool.live >= *limit);
        let total = self.limits.live_total.map(Shortage::Total);
        own.map(Shortage::PerOrigin).or(total)
    }

    /// The request that has waited longest for this origin.
    pub(crate) fn first_waiter(&self, origin: OriginId) -> Option<RequestId> {
        let pool = self.origins.get(origin.0)?;
        let fresh = pool.fresh_waiters.front(&self.waiter_links);
        fresh
            .or_else(|| pool.waiters.front(&self.waiter_links))
            .map(RequestId)
    }

    /// The idle connections of an origin, the one that was used last first.
    pub(crate) fn idle(&self, origin: OriginId) -> impl Iterator<Item = ConnectionId> {
        let pool = self.origins.get(origin.0).into_iter();
        pool.flat_map(|pool| pool.idle.iter(&self.idle_links))
            .map(ConnectionId)
    }

    /// Idle, dialling, live and waiting.
    pub(crate) fn counts(&self, origin: OriginId) -> Option<(usize, usize, usize, usize)> {
        let pool = self.origins.get(origin.0)?;
        Some((pool.idle.len(), pool.dialling, pool.live, pool.waiting()))
    }
}

#[cfg(test)]
pub(super) mod audit;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(index: u32) -> RequestId {
        RequestId(Key {
            index,
            generation: 0,
        })
    }

    fn connection(index: u32) -> ConnectionId {
        ConnectionId(Key {
            index,
            generation: 0,
        })
    }

    fn pool(limits: PoolLimits) -> (Pool, OriginId) {
        let own = limits.of_an_origin();
        let mut pool = Pool::new(limits);
        let origin = pool.add_origin(own);
        (pool, origin)
    }

    #[test]
    fn the_most_recently_used_connection_comes_first() {
        let (mut pool, origin) = pool(PoolLimits::default());
        for index in 0..3 {
            pool.dialling(origin);
            pool.dialled(origin);
            assert_eq!(
                pool.released(origin, connection(index), Age::Used),
                Released::Idle
            );
        }
        assert_eq!(
            pool.request(origin, request(0), Place::Back),
            Assignment::Use(connection(2))
        );
        assert_eq!(
            pool.request(origin, request(1), Place::Back),
            Assignment::Use(connection(1))
        );
    }

    #[test]
    fn waiters_are_served_in_order_and_may_leave() {
        let (mut pool, origin) = pool(PoolLimits {
            live_per_origin: Some(1),
            ..PoolLimits::default()
        });
        for index in 0..3 {
            assert_eq!(
                pool.request(origin, request(index), Place::Back),
                Assignment::Wait
            );
        }
        assert!(pool.wants_dial(origin));
        pool.dialling(origin);
        assert!(!pool.wants_dial(origin), "the limit of one is reached");
        pool.leave_queue(origin, request(0), Place::Back);
        pool.dialled(origin);
        assert_eq!(
            pool.released(origin, connection(0), Age::Used),
            Released::Granted(request(1))
        );
        assert_eq!(
            pool.released(origin, connection(0), Age::Used),
            Released::Granted(request(2))
        );
        assert_eq!(
            pool.released(origin, connection(0), Age::Used),
            Released::Idle
        );
    }

    #[test]
    fn a_failed_dial_fails_the_first_waiter_only() {
        let (mut pool, origin) = pool(PoolLimits::default());
        pool.request(origin, request(0), Place::Back);
        pool.request(origin, request(1), Place::Back);
        pool.dialling(origin);
        pool.dialling(origin);
        assert_eq!(pool.dial_failed(origin), Some(request(0)));
        assert!(
            !pool.wants_dial(origin),
            "the second dial is for the second waiter"
        );
        assert_eq!(pool.dial_failed(origin), Some(request(1)));
        assert_eq!(pool.counts(origin), Some((0, 0, 0, 0)));
        assert!(pool.remove_if_unused(origin));
    }

    #[test]
    fn the_total_limit_evicts_the_least_recently_used() {
        let (mut pool, first) = pool(PoolLimits {
            live_total: Some(2),
            ..PoolLimits::default()
        });
        let second = pool.add_origin(OriginLimits::default());
        for index in 0..2 {
            pool.dialling(first);
            pool.dialled(first);
            pool.released(first, connection(index), Age::Used);
        }
        pool.request(second, request(0), Place::Back);
        assert!(pool.wants_dial(second));
        assert_eq!(pool.next_to_evict(second), Some(connection(0)));
        pool.remove_idle(first, connection(0));
        assert_eq!(pool.next_to_evict(second), None);
        pool.dialling(second);
        // Nothing idle is left to evict: the origin is held back until a place is free.
        pool.request(first, request(1), Place::Back);
        pool.request(first, request(2), Place::Back);
        assert!(!pool.wants_dial(first));
        assert_eq!(pool.next_held_back(), None);
        pool.closed(second);
        assert_eq!(pool.next_held_back(), Some(first));
    }

    #[test]
    fn idle_limits_name_who_must_go() {
        let limits = PoolLimits {
            idle_per_origin: 1,
            idle_total: 1,
            ..PoolLimits::default()
        };
        let (mut pool, first) = pool(limits);
        let second = pool.add_origin(OriginLimits::default());
        for (origin, index) in [(first, 0), (first, 1)] {
            pool.dialling(origin);
            pool.dialled(origin);
            pool.released(origin, connection(index), Age::Used);
        }
        assert_eq!(pool.idle_surplus(first), Some(connection(0)));
        pool.remove_idle(first, connection(0));
        assert_eq!(pool.idle_surplus(first), None);
        pool.dialling(second);
        pool.dialled(second);
        pool.released(second, connection(2), Age::Used);
        assert_eq!(pool.idle_surplus(second), Some(connection(1)));
    }

    #[test]
    fn origins_beyond_the_bound_lose_their_connections() {
        let (mut pool, first) = pool(PoolLimits {
            idle_origins: Some(2),
            ..PoolLimits::default()
        });
        let (second, third) = (
            pool.add_origin(OriginLimits::default()),
            pool.add_origin(OriginLimits::default()),
        );
        for (origin, index) in [(first, 0), (first, 1), (second, 2)] {
            pool.dialling(origin);
            pool.dialled(origin);
            pool.released(origin, connection(index), Age::Used);
        }
        // The first is used once more: the second is the older one now.
        let used = pool.request(first, request(0), Place::Back);
        assert_eq!(used, Assignment::Use(connection(1)));
        pool.released(first, connection(1), Age::Used);
        pool.dialling(third);
        pool.dialled(third);
        pool.released(third, connection(3), Age::Used);
        assert_eq!(pool.idle_surplus(third), Some(connection(2)));
        pool.remove_idle(second, connection(2));
        assert_eq!(pool.idle_surplus(third), None);
    }

    #[test]
    fn who_was_failed_by_a_kept_connection_gets_a_new_one() {
        let (mut pool, origin) = pool(PoolLimits {
            live_per_origin: Some(2),
            ..PoolLimits::default()
        });
        for index in 0..2 {
            pool.dialling(origin);
            pool.dialled(origin);
            pool.released(origin, connection(index), Age::New);
        }
        assert_eq!(
            pool.request(origin, request(0), Place::Fresh),
            Assignment::Wait
        );
        // The limit is reached, but by connections that nobody uses.
        assert!(pool.wants_dial(origin));
        assert_eq!(pool.next_to_evict(origin), Some(connection(0)));
        pool.remove_idle(origin, connection(0));
        pool.dialling(origin);
        pool.request(origin, request(1), Place::Back);
        assert_eq!(
            pool.released(origin, connection(1), Age::Used),
            Released::Idle
        );
        assert!(pool.has_dial(origin));
        pool.dialled(origin);
        assert_eq!(
            pool.released(origin, connection(2), Age::New),
            Released::Granted(request(0))
        );
        pool.request(origin, request(2), Place::Fresh);
        pool.leave_queue(origin, request(2), Place::Fresh);
        assert_eq!(pool.counts(origin), Some((1, 0, 2, 0)));
    }
}
