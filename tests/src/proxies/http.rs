//! A proxy of HTTP: tunnels by CONNECT (RFC 9110 §9.3.6), and requests in absolute-form that it forwards (RFC 9112
//! §3.2.2), on the same port.
//!
//! It reads with the strict reader of [`crate::origin`]. A request is forwarded when all of it is here, so a client that
//! waits for a 100 (Continue) waits in vain; connections to the targets live and die with the client's.

mod demand;
mod forward;
mod gate;

use std::fmt;
use std::sync::Arc;

use self::demand::Doorkeeper;
pub use self::demand::{Demand, Hash, Scheme};
use self::gate::HttpGate;
use super::passage::Passage;
use super::record::{Faults, Record};
use super::{Fault, Reach};
use crate::origin::{Act, Peer, Request, Site};

/// How a 407 is framed, and whether the connection lives on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusal {
    /// Content-Length; the connection can be used again.
    #[default]
    Length,
    /// The chunked coding; the connection can be used again.
    Chunked,
    /// Content-Length and `Connection: close`.
    Closing,
    /// The end of the stream.
    UntilTheEnd,
}

type Instead = dyn Fn(&Request) -> Option<Vec<Act>> + Send + Sync;

/// What all connections of a proxy share.
#[derive(Clone)]
struct Shared {
    reach: Reach,
    doorkeeper: Option<Arc<Doorkeeper>>,
    refusal: Refusal,
    /// Goes out before the success of CONNECT.
    before: Vec<u8>,
    /// The success of CONNECT.
    success: Vec<u8>,
    instead: Option<Arc<Instead>>,
    heads: Record<Vec<u8>>,
    faults: Faults,
}

/// A proxy of HTTP. Clones note into the same list; what is said of a clone afterwards is its own.
#[derive(Clone)]
pub struct HttpProxy {
    shared: Arc<Shared>,
}

impl HttpProxy {
    /// A proxy that lets everybody in.
    pub fn new(reach: Reach) -> Self {
        Self {
            shared: Arc::new(Shared {
                reach,
                doorkeeper: None,
                refusal: Refusal::default(),
                before: Vec::new(),
                success: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
                instead: None,
                heads: Record::default(),
                faults: Faults::default(),
            }),
        }
    }

    /// Answers with 407 who does not say who he is (RFC 9110 §11.7).
    #[must_use]
    pub fn demanding(self, demand: Demand) -> Self {
        let doorkeeper = Some(Arc::new(Doorkeeper::new(demand)));
        self.with(|shared| shared.doorkeeper = doorkeeper)
    }

    /// How its 407 is framed.
    #[must_use]
    pub fn refusing(self, refusal: Refusal) -> Self {
        self.with(|shared| shared.refusal = refusal)
    }

    /// Octets before the success of CONNECT: interim responses, say.
    #[must_use]
    pub fn saying_before(self, octets: &[u8]) -> Self {
        self.with(|shared| shared.before = octets.to_vec())
    }

    /// The success of CONNECT: a head with a 2xx status, and whatever is to come in the same segment.
    #[must_use]
    pub fn succeeding_with(self, octets: &[u8]) -> Self {
        self.with(|shared| shared.success = octets.to_vec())
    }

    /// Does something else with a request that was let in, where the script says so; the connection goes on if no act
    /// ends it.
    #[must_use]
    pub fn instead(
        self,
        script: impl Fn(&Request) -> Option<Vec<Act>> + Send + Sync + 'static,
    ) -> Self {
        self.with(|shared| shared.instead = Some(Arc::new(script)))
    }

    /// Does the same with every CONNECT that was let in.
    #[must_use]
    pub fn answering_connect(self, acts: Vec<Act>) -> Self {
        self.instead(move |request| (request.method == "CONNECT").then(|| acts.clone()))
    }

    /// All heads of requests that it has read, as they came; those on which it objected to nothing but their meaning.
    pub fn seen(&self) -> Vec<Vec<u8>> {
        self.shared.heads.all()
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

impl Site for HttpProxy {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        let gate = HttpGate::new(Arc::clone(&self.shared), connection);
        Box::new(Passage::new(gate, self.shared.faults.clone()))
    }
}

impl fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a proxy to {:?}", self.shared.reach)
    }
}
