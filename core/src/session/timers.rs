//! When something is due: one heap, re-armed lazily.
//!
//! A thing in use moves its deadline with every octet, but its entry in the heap stays where it is. Only when the entry
//! comes up is the pulse read, and the entry put back if the time has not come. So ordinary traffic never touches the
//! heap. Entries that come up at the same tick come up in the order in which they were armed.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::BinaryHeap;

use super::config::Timeouts;
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

/// How long an exchange waits for its peer: its limits, and what they are counted from besides the pulse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience<'a> {
    pub(crate) timeouts: &'a Timeouts,
    /// It asks for a 100.
    pub(crate) expects: bool,
    /// When it went on its connection.
    pub(crate) granted: Tick,
    /// When the whole request must be over.
    pub(crate) deadline: Option<Tick>,
}

impl Patience<'_> {
    /// The earliest limit that applies now, and its stage. That of the speed is when it is to be judged next.
    pub(crate) fn due(&self, pulse: &Pulse) -> Option<(Tick, Stage)> {
        let phase = pulse.phase();
        let speed = self.timeouts.minimum_speed.filter(|_| phase.is_flow());
        let speed = speed.map(|speed| (pulse.judged_again(speed.within), Stage::Speed));
        let exchange = self.end().map(|at| (at, Stage::Exchange));
        let whole = self.deadline.map(|at| (at, Stage::Deadline));
        [self.peer_due(phase, pulse), speed, exchange, whole]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// When the peer has been silent for too long.
    fn peer_due(&self, phase: Phase, pulse: &Pulse) -> Option<(Tick, Stage)> {
        let idle = |limit: Option<Duration>| limit.map(|limit| pulse.active().after(limit));
        let due = match phase {
            Phase::Idle | Phase::Application | Phase::Source => None,
            Phase::Sending => idle(self.timeouts.send),
            Phase::AwaitingContinue => match self.expect_continue() {
                Some(limit) => Some(pulse.flushed().after(limit)),
                None => idle(self.timeouts.read),
            },
            Phase::AwaitingHead => self.head_due(pulse).map(|(at, _)| at),
            Phase::Receiving => idle(self.timeouts.read),
        };
        due.zip(phase.stage())
    }

    /// When the head must be there, or an octet at least, and which of these limits that is.
    pub(crate) fn head_due(&self, pulse: &Pulse) -> Option<(Tick, Duration)> {
        let (head, read) = (self.timeouts.head, self.timeouts.read);
        let head = head.map(|limit| (pulse.flushed().after(limit), limit));
        let read = read.map(|limit| (pulse.active().after(limit), limit));
        head.into_iter().chain(read).min()
    }

    pub(crate) fn expect_continue(&self) -> Option<Duration> {
        self.timeouts.expect_continue.filter(|_| self.expects)
    }

    /// When the exchange must be over.
    fn end(&self) -> Option<Tick> {
        self.timeouts
            .exchange
            .map(|limit| self.granted.after(limit))
    }

    /// The shortest of the limits on the peer: how often a busy connection must be looked at.
    pub(crate) fn shortest(&self) -> Option<Duration> {
        shortest(self.timeouts, self.expect_continue())
    }

    /// When a connection must be looked at that has just got its exchange.
    pub(crate) fn first_look(&self) -> Option<Tick> {
        let first = first_look(self.timeouts, self.expect_continue());
        first.map(|limit| self.granted.after(limit))
    }
}

/// How soon a connection must be looked at behind its grant; `held` is the limit for a 100, if one is asked for.
pub(crate) fn first_look(timeouts: &Timeouts, held: Option<Duration>) -> Option<Duration> {
    shortest(timeouts, held)
        .into_iter()
        .chain(timeouts.exchange)
        .min()
}

fn shortest(timeouts: &Timeouts, held: Option<Duration>) -> Option<Duration> {
    let speed = timeouts.minimum_speed.map(|speed| speed.within);
    [timeouts.send, held, timeouts.head, timeouts.read, speed]
        .into_iter()
        .flatten()
        .min()
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
        let timeouts = Timeouts {
            send: seconds(1),
            expect_continue: seconds(2),
            head: seconds(5),
            read: seconds(9),
            ..Timeouts::default()
        };
        let mut patience = Patience {
            timeouts: &timeouts,
            expects: true,
            granted: at(0),
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
