//! The attempts of one race: which address each has, and how far it is.

use core::net::SocketAddr;

use smallvec::SmallVec;

/// One attempt of one race to reach one address. Another race counts its attempts anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RaceAttempt(u16);

impl RaceAttempt {
    /// The place of this attempt among those of its race, in the order of their starts: 0, 1, 2 and so on, below 32.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The driver has not been told of it yet.
    Ordered,
    Running,
    /// It is to be closed, and the driver has not been told yet.
    Closing,
    /// Won, failed, closed, or called off before the driver knew of it.
    Over,
}

#[derive(Clone, Debug)]
struct Tried {
    address: SocketAddr,
    stage: Stage,
}

/// All attempts, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts(SmallVec<[Tried; 4]>);

impl Attempts {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn order(&mut self, address: SocketAddr) {
        let stage = Stage::Ordered;
        self.0.push(Tried { address, stage });
    }

    pub(super) fn address(&self, attempt: RaceAttempt) -> Option<SocketAddr> {
        self.0.get(attempt.index()).map(|tried| tried.address)
    }

    pub(super) fn newest(&self) -> Option<SocketAddr> {
        self.0.last().map(|tried| tried.address)
    }

    /// Whether something may still come of one of them.
    pub(super) fn any_alive(&self) -> bool {
        let alive = |tried: &Tried| matches!(tried.stage, Stage::Ordered | Stage::Running);
        self.0.iter().any(alive)
    }

    /// The oldest in one stage goes on to the next.
    pub(super) fn advance(&mut self, from: Stage, to: Stage) -> Option<(RaceAttempt, SocketAddr)> {
        let mut all = (0..).zip(&mut self.0);
        let (index, tried) = all.find(|(_, tried)| tried.stage == from)?;
        tried.stage = to;
        Some((RaceAttempt(index), tried.address))
    }

    /// A running attempt is over; `false` if this one does not run.
    pub(super) fn finish(&mut self, attempt: RaceAttempt) -> bool {
        let tried = self.0.get_mut(attempt.index());
        let running = tried.filter(|tried| tried.stage == Stage::Running);
        running.map(|tried| tried.stage = Stage::Over).is_some()
    }

    /// All that run are to be closed; those that the driver does not know of have never been.
    pub(super) fn call_off(&mut self) {
        for tried in &mut self.0 {
            tried.stage = match tried.stage {
                Stage::Running | Stage::Closing => Stage::Closing,
                Stage::Ordered | Stage::Over => Stage::Over,
            };
        }
    }
}
