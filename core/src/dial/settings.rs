//! What a race is told before it begins.

use core::time::Duration;

use super::addresses::Family;

/// Of which families the addresses of a name are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Families {
    /// Both, in two lookups that begin together or in one that answers for both.
    #[default]
    Both,
    /// One alone. Addresses of the other are passed over, whoever names them.
    Only(Family),
}

impl Families {
    pub(super) fn include(self, family: Family) -> bool {
        match self {
            Self::Both => true,
            Self::Only(only) => only == family,
        }
    }
}

/// How a [`Race`](super::Race) is run.
///
/// ```
/// use sessile_core::{Family, RaceSettings};
/// let settings = RaceSettings { prefer: Family::V4, connect_timeout: None, ..RaceSettings::default() };
/// assert_eq!(settings.attempt_delay.as_millis(), 250);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaceSettings {
    /// How long the newest attempt is alone before the next one starts beside it: 250 ms (RFC 8305 §5).
    pub attempt_delay: Duration,
    /// How long the addresses of one family wait for the answer of the preferred one: 50 ms (RFC 8305 §3).
    pub resolution_delay: Duration,
    /// The whole race, from its first dial: 10 s.
    pub connect_timeout: Option<Duration>,
    /// Waiting for answers, from the beginning of the race: 10 s. A family that has not answered by then counts as failed.
    pub resolve_timeout: Option<Duration>,
    /// Whose address is tried first: IPv6.
    pub prefer: Family,
    /// Of which families addresses are asked for: both.
    pub asked: Families,
}

impl Default for RaceSettings {
    fn default() -> Self {
        Self {
            attempt_delay: Duration::from_millis(250),
            resolution_delay: Duration::from_millis(50),
            connect_timeout: Some(Duration::from_secs(10)),
            resolve_timeout: Some(Duration::from_secs(10)),
            prefer: Family::V6,
            asked: Families::Both,
        }
    }
}
