//! A proxy of SOCKS 5 (RFC 1928), with user and password (RFC 1929) if it demands them. It knows CONNECT alone.

mod gate;
mod messages;

use std::fmt;
use std::sync::Arc;

use self::gate::Socks5Gate;
pub use self::messages::Bound;
pub(super) use self::messages::host_name;
use super::passage::Passage;
use super::record::{Faults, Record};
use super::{Fault, Reach};
use crate::origin::{Act, Peer, Site};

/// The messages of a client, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The methods that it offers (RFC 1928 §3).
    Methods,
    /// User and password (RFC 1929 §2).
    Credentials,
    /// Where it wants to go (RFC 1928 §4).
    Target,
}

/// Who is let in.
#[derive(Clone, Debug)]
struct Known {
    user: Vec<u8>,
    password: Vec<u8>,
}

/// What all connections of a proxy share.
#[derive(Clone)]
struct Shared {
    reach: Reach,
    known: Option<Known>,
    bound: Bound,
    refusal: Option<u8>,
    /// Comes behind the success in the same segment.
    behind: Vec<u8>,
    instead: Option<(Stage, Vec<Act>)>,
    targets: Record<String>,
    methods: Record<Vec<u8>>,
    faults: Faults,
}

/// A proxy of SOCKS 5. Clones note into the same lists; what is said of a clone afterwards is its own.
#[derive(Clone)]
pub struct Socks5Proxy {
    shared: Arc<Shared>,
}

impl Socks5Proxy {
    /// A proxy that lets everybody in who offers to go without authentication.
    pub fn new(reach: Reach) -> Self {
        Self {
            shared: Arc::new(Shared {
                reach,
                known: None,
                bound: Bound::V4,
                refusal: None,
                behind: Vec::new(),
                instead: None,
                targets: Record::default(),
                methods: Record::default(),
                faults: Faults::default(),
            }),
        }
    }

    /// Lets in this user alone, by his password. Who does not offer the method gets 0xFF.
    #[must_use]
    pub fn demanding(self, user: &[u8], password: &[u8]) -> Self {
        let (user, password) = (user.to_vec(), password.to_vec());
        self.with(|shared| shared.known = Some(Known { user, password }))
    }

    /// Answers every request with this code (RFC 1928 §6); 0, which is success, without leading anywhere.
    #[must_use]
    pub fn refusing(self, code: u8) -> Self {
        self.with(|shared| shared.refusal = Some(code))
    }

    /// Which address a success tells.
    #[must_use]
    pub fn bound(self, bound: Bound) -> Self {
        self.with(|shared| shared.bound = bound)
    }

    /// Octets behind a success, in the same segment.
    #[must_use]
    pub fn saying_behind(self, octets: &[u8]) -> Self {
        self.with(|shared| shared.behind = octets.to_vec())
    }

    /// Does this in answer to a message, if it is one, and hears no more.
    #[must_use]
    pub fn instead(self, stage: Stage, acts: Vec<Act>) -> Self {
        self.with(|shared| shared.instead = Some((stage, acts)))
    }

    /// Where clients wanted to go, with the type of the address: `name origin.test:443`, `v4 10.0.0.1:80`,
    /// `v6 [::1]:80`.
    pub fn targets(&self) -> Vec<String> {
        self.shared.targets.all()
    }

    /// The methods that clients offered, in their order.
    pub fn methods(&self) -> Vec<Vec<u8>> {
        self.shared.methods.all()
    }

    /// What clients did wrong.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.faults.all()
    }

    fn with(self, change: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = (*self.shared).clone();
        change(&mut shared);
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Site for Socks5Proxy {
    fn accept(&self, _connection: usize) -> Box<dyn Peer> {
        let gate = Socks5Gate::new(Arc::clone(&self.shared));
        Box::new(Passage::new(gate, self.shared.faults.clone()))
    }
}

impl fmt::Debug for Socks5Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a SOCKS 5 proxy to {:?}", self.shared.reach)
    }
}
