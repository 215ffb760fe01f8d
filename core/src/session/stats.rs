//! What the pool has done: counters that are always kept, and events for whoever asks for them.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use crate::base::{CloseReason, RequestId, Tick};
use crate::message::Origin;

/// What has happened in a pool since its session began.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolCounters {
    /// Connections that were opened.
    pub opened: u64,
    /// Requests that were given a connection which had served another before.
    pub reused: u64,
    /// Attempts to open a connection that came to nothing: a name without address, dials that all failed.
    pub failed: u64,
    /// Requests that were not given a connection at once, and were given one later: they waited for a place, or for a
    /// connection to be opened.
    pub waits: u64,
    /// How long these have waited, all together.
    pub waited: Duration,
    /// Requests that waited and were given none: their time was up, they were cancelled, or the session was closed.
    pub gave_up: u64,
    /// Requests that were not let wait ([`WhenFull::Fail`](crate::WhenFull)).
    pub refused: u64,
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

impl fmt::Debug for PoolCounters {
    /// What is not zero, reasons by their names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        let counts = [
            ("opened", self.opened),
            ("reused", self.reused),
            ("failed", self.failed),
            ("waits", self.waits),
            ("gave up", self.gave_up),
            ("refused", self.refused),
        ];
        for (name, count) in counts.iter().filter(|(_, count)| *count > 0) {
            map.entry(&format_args!("{name}"), count);
        }
        if !self.waited.is_zero() {
            map.entry(&format_args!("waited"), &self.waited);
        }
        for reason in CloseReason::ALL {
            if self.closed(reason) > 0 {
                map.entry(&format_args!("closed: {reason}"), &self.closed(reason));
            }
        }
        map.finish()
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
    /// A request that had to wait has gone without a connection.
    GaveUp {
        /// The request.
        request: RequestId,
        /// How long it had waited.
        waited: Duration,
    },
    /// A request was not let wait, and has failed.
    Refused {
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
        let shown = format!("{:?}", stats.counters);
        assert_eq!(shown, "{closed: evicted: 3}");
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
