//! The pool's bounds.

use core::time::Duration;

/// How many connections there may be. `None` is no bound.
///
/// ```
/// let polite = sessile_core::PoolLimits { live_per_origin: Some(4), ..Default::default() };
/// assert_eq!(polite.idle_per_origin, 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Idle connections kept per origin: 10, as `requests` keeps (`pool_maxsize`).
    pub idle_per_origin: usize,
    /// Idle connections kept in all: 100. Beyond it the least recently used one is closed.
    pub idle_total: usize,
    /// Connections per origin that are idle, in use or being opened: no bound. Requests beyond it wait, first come
    /// first served. With a bound of zero nothing can be sent, and every request fails at once.
    pub live_per_origin: Option<usize>,
    /// Such connections in all: no bound. To make room, the least recently used idle one is closed.
    pub live_total: Option<usize>,
    /// Origins that keep idle connections: no bound. Beyond it the origin that was used least recently loses its own, as
    /// with `pool_connections` of `requests`.
    pub idle_origins: Option<usize>,
    /// What becomes of a request that meets a limit on live connections: it waits.
    pub when_full: WhenFull,
    /// How long a connection may serve after it was opened: for ever. It is not torn out of an exchange, but not used for
    /// another.
    pub lifetime: Option<Duration>,
    /// How long a connection may be idle: 90 s. Many servers close after 60 to 120 s; closing first avoids the race.
    /// (It is let pass by `handle_deadline`: a loop that is late, and a blocking session, which has no thread that watches,
    /// close them when they are next at it.)
    pub idle_time: Option<Duration>,
}

/// Those of [`PoolLimits`] that bound the connections of one origin: a [`Mount`](crate::Mount) may have its own. They mean
/// what they mean there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginLimits {
    /// See [`PoolLimits::idle_per_origin`].
    pub idle_per_origin: usize,
    /// See [`PoolLimits::live_per_origin`].
    pub live_per_origin: Option<usize>,
    /// See [`PoolLimits::when_full`].
    pub when_full: WhenFull,
    /// See [`PoolLimits::lifetime`].
    pub lifetime: Option<Duration>,
    /// See [`PoolLimits::idle_time`].
    pub idle_time: Option<Duration>,
}

impl Default for OriginLimits {
    fn default() -> Self {
        PoolLimits::default().of_an_origin()
    }
}

/// What becomes of a request that meets a limit on live connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits, first come first served in its origin, for as long as [`Timeouts::pool_wait`](crate::Timeouts).
    #[default]
    Wait,
    /// It fails at once.
    Fail,
}

/// The limit on live connections that keeps a request from having one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// [`PoolLimits::live_per_origin`], which is so many.
    PerOrigin(usize),
    /// [`PoolLimits::live_total`], which is so many.
    Total(usize),
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            idle_per_origin: 10,
            idle_total: 100,
            live_per_origin: None,
            live_total: None,
            idle_origins: None,
            when_full: WhenFull::Wait,
            lifetime: None,
            idle_time: Some(Duration::from_secs(90)),
        }
    }
}

impl PoolLimits {
    /// Those that bound the connections of one origin.
    pub(crate) fn of_an_origin(&self) -> OriginLimits {
        OriginLimits {
            idle_per_origin: self.idle_per_origin,
            live_per_origin: self.live_per_origin,
            when_full: self.when_full,
            lifetime: self.lifetime,
            idle_time: self.idle_time,
        }
    }

    /// Whether a connection of an origin with these bounds is kept when nobody uses it.
    pub(crate) fn keeps_idle(&self, own: &OriginLimits) -> bool {
        own.idle_per_origin > 0 && self.idle_total > 0 && self.idle_origins != Some(0)
    }

    /// Whether who meets a limit is not to wait: so it was wished, or no connection may ever be opened.
    pub(crate) fn lets_nobody_wait(&self, own: &OriginLimits) -> bool {
        let none = [own.live_per_origin, self.live_total].contains(&Some(0));
        none || own.when_full == WhenFull::Fail
    }
}
