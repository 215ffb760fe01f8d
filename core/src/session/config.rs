//! Everything that a session can be told before it starts.

use core::time::Duration;

use super::error::{Error, ErrorKind};
use super::request::check_defaults;
use crate::base::{Limits, Stage};
use crate::message::Fields;
use crate::pool::PoolLimits;

/// How long each stage may take. `None` is "as long as it takes"; the error names the stage whose time ran out.
///
/// ```
/// use core::time::Duration;
/// let hasty = sessile_core::Timeouts { head: Some(Duration::from_secs(2)), ..Default::default() };
/// assert_eq!(hasty.connect, Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Waiting for a connection while the pool's limits are reached: 30 s.
    pub pool_wait: Option<Duration>,
    /// Turning a name into addresses: 10 s.
    pub resolve: Option<Duration>,
    /// From the first dial until a connection stands, all addresses together: 10 s.
    pub connect: Option<Duration>,
    /// Sending without progress: none.
    pub send: Option<Duration>,
    /// From the end of the request to the end of the response head, however lively the peer is meanwhile: none.
    pub head: Option<Duration>,
    /// Waiting for the peer without receiving an octet: 60 s. Time that the application takes does not count.
    pub read: Option<Duration>,
    /// The whole request from `submit` to the end of its content: none.
    pub deadline: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            pool_wait: Some(Duration::from_secs(30)),
            resolve: Some(Duration::from_secs(10)),
            connect: Some(Duration::from_secs(10)),
            send: None,
            head: None,
            read: Some(Duration::from_secs(60)),
            deadline: None,
        }
    }
}

/// The settings of a session.
///
/// ```
/// use sessile_core::{Config, Fields};
/// let mut fields = Fields::new();
/// fields.append("User-Agent", "ship/1.0")?;
/// let config = Config { fields, ..Config::default() };
/// # Ok::<(), sessile_core::FieldError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Chance comes in: whoever drives the session fills this from a good random source. The same seed and the same
    /// inputs give the same outputs.
    pub seed: [u8; 32],
    /// Bounds on what a peer may send.
    pub limits: Limits,
    /// Bounds on connections.
    pub pool: PoolLimits,
    /// Time limits, unless a request brings its own.
    pub timeouts: Timeouts,
    /// Field lines for every request. Each replaces the built-in one of its name (`User-Agent`, `Accept`) and is
    /// replaced by a request's own lines of that name.
    pub fields: Fields,
}

impl Config {
    /// Looks for default field lines that no session may have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_defaults(&self.fields)
            .map_err(|error| Error::new(ErrorKind::Request(error), Stage::Prepare))
    }
}
