//! Time comes in: the driver reads its clock once per turn and hands the stamp to every call of that turn.

use core::time::Duration;

/// A point on the driver's monotonic clock: nanoseconds since an epoch of the driver's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The tick that lies `nanoseconds` after the driver's epoch.
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// Nanoseconds since the driver's epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The tick that is this much later; at the end of time it stays there.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_mul(1_000_000_000);
        let nanoseconds = seconds.saturating_add(u64::from(wait.subsec_nanos()));
        Self(self.0.saturating_add(nanoseconds))
    }

    /// How much time has passed since `earlier`; zero if it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// One reading of both clocks, used for a whole turn of the loop.
///
/// ```
/// use core::time::Duration;
/// use sessile_core::{Now, Tick};
/// let start = Now::new(Tick::from_nanos(0), Duration::from_secs(1_700_000_000));
/// let later = start.after(Duration::from_millis(5));
/// assert_eq!(later.tick.since(start.tick), Duration::from_millis(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock: every timeout is measured on it.
    pub tick: Tick,
    /// The wall clock, as time since the Unix epoch: dates in fields and cookies are judged by it. It may jump.
    pub wall: Duration,
}

impl Now {
    /// A stamp from a tick of the monotonic clock and the time since the Unix epoch.
    pub const fn new(tick: Tick, wall: Duration) -> Self {
        Self { tick, wall }
    }

    /// The same clocks, `wait` later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self {
            tick: self.tick.after(wait),
            wall: self.wall.saturating_add(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_saturates_at_both_ends() {
        let end = Tick::from_nanos(u64::MAX);
        assert_eq!(end.after(Duration::from_secs(1)), end);
        assert_eq!(Tick::default().after(Duration::MAX), end);
        assert_eq!(Tick::default().since(end), Duration::ZERO);
    }
}
