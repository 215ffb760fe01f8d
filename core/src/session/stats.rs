//! What the pool has done: counters that are always kept, and events for whoever asks for them.

use core::time::Duration;
use std::collections::VecDeque;

use crate::base::{CloseReason, RequestId, Tick};
use crate::message::Origin;

/// What has happened in a pool since its session began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounters {
    /// Connections that were opened.
    pub opened: u64,
    /// Requests that were given a connection which had served another before.
    pub reused: u64,
    /// Attempts to open a connection that came to nothing: a name without address, dials that all failed.
    pub failed: u64,
    /// Requests that were not given a connection at once, and were given one later.
    pub waits: u64,
    /// How long these have waited, all together: for a place or for a connection to be opened.
    pub waited: Duration,
    closed: [u64; CloseReason::ALL.len()],
}

impl PoolCounters {
    /// Connections that were closed for this reason. [`CloseReason::Evicted`] is for want of room.
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.closed[reason as usize]
    }

    /// Connections that were closed, for whatever reason.
    pub fn closed_in_all(&self) -> u64 {
        self.closed.iter().sum()
    }
}

/// Something that happened in the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolEvent {
    /// When.
    pub at: Tick,
    /// What.
    pub what: PoolFact,
}

/// What can happen in a pool. Connections go by their number, in the order in which the session opened them, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolFact {
    /// A connection was opened.
    Opened {
        /// Its number.
        connection: u64,
        /// Where to.
        origin: Origin,
    },
    /// No connection could be opened.
    Failed {
        /// Where to.
        origin: Origin,
    },
    /// A request must wait: for a place, or for a connection that is being opened.
    Waits {
        /// The request.
        request: RequestId,
    },
    /// A request got a connection.
    Granted {
        /// The request.
        request: RequestId,
        /// Its connection.
        connection: u64,
        /// How long it had to wait.
        waited: Duration,
    },
    /// A connection was closed.
    Closed {
        /// Its number.
        connection: u64,
        /// Why.
        reason: CloseReason,
    },
}

/// Counters and events.
#[derive(Debug)]
pub(super) struct Stats {
    pub(super) counters: PoolCounters,
    events: VecDeque<PoolEvent>,
    /// How many events are kept.
    room: usize,
}

impl Stats {
    pub(super) fn new(room: usize) -> Self {
        Self {
            counters: PoolCounters::default(),
            events: VecDeque::new(),
            room,
        }
    }

    /// Whether anybody wants events: otherwise none is made.
    pub(super) fn has_room(&self) -> bool {
        self.room > 0
    }

    /// Keeps an event; the oldest goes if there are too many.
    pub(super) fn note(&mut self, at: Tick, what: PoolFact) {
        if self.room == 0 {
            return;
        }
        if self.events.len() >= self.room {
            self.events.pop_front();
        }
        self.events.push_back(PoolEvent { at, what });
    }

    pub(super) fn next(&mut self) -> Option<PoolEvent> {
        self.events.pop_front()
    }

    pub(super) fn note_closed(&mut self, at: Tick, connection: u64, reason: CloseReason) {
        self.counters.closed[reason as usize] += 1;
        self.note(at, PoolFact::Closed { connection, reason });
    }

    pub(super) fn note_waited(&mut self, waited: Duration) {
        self.counters.waits += 1;
        self.counters.waited = self.counters.waited.saturating_add(waited);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_events_go_first() {
        let mut stats = Stats::new(2);
        for connection in 1..=3 {
            stats.note_closed(Tick::default(), connection, CloseReason::Evicted);
        }
        assert_eq!(stats.counters.closed(CloseReason::Evicted), 3);
        assert_eq!(stats.counters.closed_in_all(), 3);
        let kept: Vec<_> = core::iter::from_fn(|| stats.next()).collect();
        let numbers: Vec<_> = kept
            .iter()
            .map(|event| match event.what {
                PoolFact::Closed { connection, .. } => connection,
                _ => 0,
            })
            .collect();
        assert_eq!(numbers, [2, 3]);
    }
}
