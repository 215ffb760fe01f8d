//! What a driver is told of a connection that it shall open: where to, where from, with which options of the socket.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

/// Where a connection goes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// TCP to this address.
    Address(SocketAddr),
    /// The Unix-domain stream socket at this path.
    Socket(Arc<Path>),
}

impl Endpoint {
    /// The address, if it is one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Socket(_) => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Socket(path) => write!(f, "the socket {}", path.display()),
        }
    }
}

/// Where a connection comes from, if that is not the system's choice.
///
/// ```
/// use sessile_core::LocalEnd;
/// let local = LocalEnd { address: Some([192, 0, 2, 7].into()), ..LocalEnd::default() };
/// assert_eq!(local.interface, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LocalEnd {
    /// The address to bind to. Addresses of the other family are not dialled then.
    pub address: Option<IpAddr>,
    /// The name of the interface to bind to (`SO_BINDTODEVICE`, `IP_BOUND_IF`), where the system knows such a thing; elsewhere
    /// no dial succeeds.
    pub interface: Option<Box<str>>,
}

/// TCP keepalive: the system asks whether a silent peer is still there. Not to be confused with HTTP's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keepalive {
    /// How long a connection is silent before the first question.
    pub idle: Duration,
    /// The time between questions; the system's default if `None`.
    pub interval: Option<Duration>,
    /// After so many questions without an answer the connection is given up; the system's default if `None`.
    pub retries: Option<u32>,
}

/// A connection that is to be opened.
///
/// What a driver cannot do it must refuse with [`DialError`](crate::DialError): to pass over a source address or an interface would send by
/// another way than was asked for. Without `no_delay` and `keepalive` octets still arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DialPlan {
    /// Where to.
    pub to: Endpoint,
    /// Where from.
    pub from: LocalEnd,
    /// `TCP_NODELAY`: requests are written whole, and waiting for more would only delay them.
    pub no_delay: bool,
    /// `SO_KEEPALIVE` and its times.
    pub keepalive: Option<Keepalive>,
}
