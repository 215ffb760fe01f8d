//! When something is due: one heap, re-armed lazily.
//!
//! A thing in use moves its deadline with every octet, but its entry in the heap stays where it is. Only when the entry
//! comes up is the pulse read, and the entry put back if the time has not come. So ordinary traffic never touches the
//! heap. Entries that come up at the same tick come up in the order in which they were armed.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::BinaryHeap;

use crate::base::{ConnectionId, EstablishId, Phase, Pulse, RequestId, Stage, Tick};

/// Whose time may be up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Request(RequestId),
    Connection(ConnectionId),
    Establish(EstablishId),
}

/// All armed entries.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Tick, u64, Owner)>>,
    count: u64,
}

impl Timers {
    /// Makes sure that the owner comes up at `at` or earlier. `armed` is the owner's note of its entry.
    pub(crate) fn arm(&mut self, armed: &mut Option<Tick>, owner: Owner, at: Tick) {
        if armed.is_none_or(|earlier| at < earlier) {
            *armed = Some(at);
            self.count += 1;
            self.heap.push(Reverse((at, self.count, owner)));
        }
    }

    /// When the first entry comes up.
    pub(crate) fn next(&self) -> Option<Tick> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    /// An owner whose entry has come up, and the entry's tick; only entries that were armed up to `armed`. If the
    /// owner's note says otherwise, the entry is old.
    pub(crate) fn pop_due(&mut self, now: Tick, armed: u64) -> Option<(Tick, Owner)> {
        let Reverse((at, count, owner)) = *self.heap.peek()?;
        if at > now || count > armed {
            return None;
        }
        self.heap.pop();
        Some((at, owner))
    }

    /// How many entries were ever armed.
    pub(crate) fn armed_so_far(&self) -> u64 {
        self.count
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether an owner comes up at this tick.
    #[cfg(test)]
    pub(crate) fn has(&self, at: Tick, owner: Owner) -> bool {
        let mut entries = self.heap.iter();
        entries.any(|Reverse((tick, _, whose))| (*tick, *whose) == (at, owner))
    }

    /// Keeps only the entries that are still meant.
    pub(crate) fn retain(&mut self, keep: impl Fn(Tick, Owner) -> bool) {
        self.heap
            .retain(|Reverse((at, _, owner))| keep(*at, *owner));
    }
}

/// How long an exchange waits for its peer, as its driver may know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) send: Option<Duration>,
    pub(crate) expect_continue: Option<Duration>,
    pub(crate) head: Option<Duration>,
    pub(crate) read: Option<Duration>,
    pub(crate) deadline: Option<Tick>,
}

impl Patience {
    /// The earliest limit that applies now, and its stage.
    pub(crate) fn due(&self, pulse: &Pulse) -> Option<(Tick, Stage)> {
        let phase = pulse.phase();
        let idle = |limit: Option<Duration>| limit.map(|limit| pulse.active().after(limit));
        let peer = match phase {
            Phase::Idle | Phase::Application => None,
            Phase::Sending => idle(self.send),
            Phase::AwaitingContinue => match self.expect_continue {
                Some(limit) => Some(pulse.flushed().after(limit)),
                None => idle(self.read),
            },
            Phase::AwaitingHead => {
                let head = self.head.map(|limit| pulse.flushed().after(limit));
                head.into_iter().chain(idle(self.read)).min()
            }
            Phase::Receiving => idle(self.read),
        };
        let peer = peer.zip(phase.stage());
        let whole = self.deadline.map(|at| (at, Stage::Deadline));
        peer.into_iter().chain(whole).min_by_key(|(at, _)| *at)
    }

    /// The shortest of the limits on the peer: how often a busy connection must be looked at.
    pub(crate) fn shortest(&self) -> Option<Duration> {
        [self.send, self.expect_continue, self.head, self.read]
            .into_iter()
            .flatten()
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Key;

    fn owner(index: u32) -> Owner {
        Owner::Request(RequestId(Key {
            index,
            generation: 0,
        }))
    }

    #[test]
    fn equal_ticks_come_up_in_arming_order() {
        let mut timers = Timers::default();
        let at = Tick::from_nanos(5);
        for index in [2, 0, 1] {
            timers.arm(&mut None, owner(index), at);
        }
        assert_eq!(timers.pop_due(Tick::from_nanos(4), 9), None);
        let order: Vec<_> = core::iter::from_fn(|| timers.pop_due(at, 9))
            .map(|(_, owner)| owner)
            .collect();
        assert_eq!(order, [owner(2), owner(0), owner(1)]);
    }

    #[test]
    fn only_an_earlier_tick_adds_an_entry() {
        let (mut timers, mut armed) = (Timers::default(), None);
        for nanoseconds in [9, 10, 7, 8] {
            timers.arm(&mut armed, owner(0), Tick::from_nanos(nanoseconds));
        }
        assert_eq!((timers.heap.len(), armed), (2, Some(Tick::from_nanos(7))));
    }

    #[test]
    fn the_earliest_limit_is_named() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let at = |seconds| Tick::default().after(Duration::from_secs(seconds));
        let mut patience = Patience {
            send: seconds(1),
            expect_continue: seconds(2),
            head: seconds(5),
            read: seconds(9),
            deadline: Some(at(7)),
        };
        let pulse = Pulse::default();
        assert_eq!(patience.due(&pulse), Some((at(7), Stage::Deadline)));
        pulse.begin(at(0));
        assert_eq!(patience.due(&pulse), Some((at(1), Stage::Send)));
        pulse.note_head_flushed(at(1));
        assert_eq!(patience.due(&pulse), Some((at(3), Stage::Continue)));
        pulse.note_sent(at(3), 1);
        pulse.note_request_complete(at(3));
        pulse.enter(Phase::AwaitingHead);
        assert_eq!(patience.due(&pulse), Some((at(7), Stage::Deadline)));
        patience.deadline = None;
        // Interim octets do not move the head's limit.
        pulse.note_received(at(6), 1);
        assert_eq!(patience.due(&pulse), Some((at(8), Stage::Head)));
        pulse.enter(Phase::Receiving);
        assert_eq!(patience.due(&pulse), Some((at(15), Stage::Content)));
        pulse.enter(Phase::Application);
        assert_eq!(patience.due(&pulse), None);
    }
}
