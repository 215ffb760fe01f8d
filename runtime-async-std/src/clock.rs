//! The clock: the only place of this crate that asks what time it is.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use sessile_core::{Now, Tick};

/// How long a reading of the wall clock is good for.
const WALL_GOOD_FOR: u64 = 1_000_000_000;

/// Ticks since its creation, and the wall clock derived from them; read anew each second, since it may jump.
#[derive(Debug)]
pub(crate) struct Clock {
    epoch: Instant,
    /// Unix time, in nanoseconds, of the epoch: `wall - tick` at the last reading.
    wall_at_epoch: AtomicU64,
    read_at: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let wall = unix_nanos();
        Self {
            epoch: Instant::now(),
            wall_at_epoch: AtomicU64::new(wall),
            read_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Now {
        // Five centuries of nanoseconds fit.
        let tick = u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if tick.saturating_sub(self.read_at.load(Relaxed)) > WALL_GOOD_FOR {
            self.wall_at_epoch
                .store(unix_nanos().saturating_sub(tick), Relaxed);
            self.read_at.store(tick, Relaxed);
        }
        let wall = Duration::from_nanos(self.wall_at_epoch.load(Relaxed).saturating_add(tick));
        Now::new(Tick::from_nanos(tick), wall)
    }

    /// The instant of a tick.
    pub(crate) fn instant(&self, tick: Tick) -> Option<Instant> {
        self.epoch
            .checked_add(Duration::from_nanos(tick.as_nanos()))
    }
}

fn unix_nanos() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The session's seed, from the system. A configuration that brings one keeps it.
pub(crate) fn seeded(mut config: sessile_core::Config) -> sessile_core::Config {
    if config.seed == [0; 32] {
        // Without a random source the seed stays zero: hash tables are predictable then, nothing else.
        let _ = getrandom::fill(&mut config.seed);
    }
    config
}
