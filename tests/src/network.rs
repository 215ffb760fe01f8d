//! A network in memory with a clock of its own: no sockets, no sleeping, no chance but seeded chance.
//!
//! It does what a driver does outside of the engine: resolve, dial, carry octets, let time pass. Its [`Stream`] is the
//! `S` of a `sessile_core::Engine<S>`; its far sides are the sites of [`crate::origin`], the same that run on loopback.
//! Whoever owns the engine obeys its commands with [`Network::resolve`] and [`Network::dial`], and then asks
//! [`Network::advance`] for the next thing to hand in.
//!
//! The boundary: the network knows nothing of HTTP, and neither waits nor decides for the client. What it may do to
//! octets stands in [`Conditions`]; that it neither loses nor reorders them is TCP's promise and is kept.

mod chance;
mod conditions;
mod fabric;
mod far_side;
mod line;
mod stream;
mod trace;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{ConnectionId, EstablishId, Now, Readiness, ResolveError, Tick};

pub use self::chance::Chance;
pub use self::conditions::{Conditions, Cuts};
use self::fabric::Fabric;
pub use self::stream::Stream;
use crate::origin::Site;

/// What the wall clock of a network says at first, since the Unix epoch: Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC
/// 9110 §5.6.7. At the epoch itself nothing could be past, no certificate for one.
pub const BEGINNING: Duration = Duration::from_secs(784_111_777);

/// What becomes of a dial. Without one of these it connects if a site listens, and is refused otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dial {
    /// It connects after this long.
    Connect(Duration),
    /// It is refused after this long.
    Refuse(Duration),
    /// Nothing is heard of it.
    Never,
}

/// What becomes of a question for a name. Unknown names give an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// These addresses, perhaps none.
    Addresses(Vec<IpAddr>),
    /// An error with these words.
    Error(String),
    /// No answer.
    Never,
}

/// What the driver is to hand to its engine.
#[derive(Debug)]
pub enum Report {
    /// `Engine::handle_resolved`.
    Resolved(EstablishId, Result<Vec<SocketAddr>, ResolveError>),
    /// `Engine::handle_connected`.
    Connected(ConnectionId),
    /// `Engine::handle_dial_failed`.
    DialFailed(ConnectionId, io::ErrorKind),
    /// `Engine::handle_readiness`, or `Live::note_ready` where the connection is taken out.
    Ready(ConnectionId, Readiness),
}

/// A network. Clones are handles of the same one.
#[derive(Clone)]
pub struct Network {
    fabric: Rc<RefCell<Fabric>>,
}

impl Network {
    /// A network on which nobody listens.
    pub fn new(conditions: Conditions) -> Self {
        let fabric = Rc::new(RefCell::new(Fabric::new(conditions)));
        Self { fabric }
    }

    // ------------------------------------------------------------------------------------------------ how it is laid out

    /// Lets a site listen.
    pub fn listen(&self, address: SocketAddr, site: Arc<dyn Site>) {
        self.fabric.borrow_mut().listen(address, site);
    }

    /// Says what becomes of dials to an address.
    pub fn set_dial(&self, address: SocketAddr, outcome: Dial) {
        self.fabric.borrow_mut().dials.insert(address, outcome);
    }

    /// Says what becomes of questions for a name, and after how long.
    pub fn set_name(&self, host: &str, after: Duration, answer: Resolution) {
        let mut fabric = self.fabric.borrow_mut();
        fabric.names.insert(host.to_owned(), (after, answer));
    }

    // ------------------------------------------------------------------------------------------------------- getters

    /// The time.
    pub fn now(&self) -> Now {
        self.fabric.borrow().now
    }

    /// When the next thing happens, if anything will.
    pub fn next(&self) -> Option<Tick> {
        self.fabric.borrow().next()
    }

    /// The addresses that a name was given; none if it has an error or no answer, or was not [set](Self::set_name).
    pub fn addresses(&self, host: &str) -> Vec<IpAddr> {
        match self.fabric.borrow().names.get(host) {
            Some((_, Resolution::Addresses(addresses))) => addresses.clone(),
            _ => Vec::new(),
        }
    }

    /// How many connections the site at this address has accepted.
    pub fn opened(&self, address: SocketAddr) -> usize {
        self.fabric.borrow().counts(address).0
    }

    /// How many of them are over, on both sides.
    pub fn closed(&self, address: SocketAddr) -> usize {
        self.fabric.borrow().counts(address).1
    }

    /// A number made of all octets that clients wrote, all dials and closes, and what was [noted](Network::note), each
    /// with its time.
    pub fn trace(&self) -> u64 {
        self.fabric.borrow().trace.hash()
    }

    /// Adds something to the [trace](Network::trace): an event of the engine's, say.
    pub fn note(&self, event: &str) {
        let mut fabric = self.fabric.borrow_mut();
        let now = fabric.now.tick;
        fabric.trace.note(now, "event", event.as_bytes());
    }

    // -------------------------------------------------------------------------------------------- the driver's orders

    /// Asks for a name's addresses.
    pub fn resolve(&self, establish: EstablishId, host: &str, port: u16) {
        self.fabric.borrow_mut().resolve(establish, host, port);
    }

    /// Drops all questions for names: whoever asked is gone, and another engine's ids may be the same.
    pub fn forget_questions(&self) {
        self.fabric.borrow_mut().forget_questions();
    }

    /// Begins to dial. The stream carries nothing before [`Report::Connected`].
    pub fn dial(&self, connection: ConnectionId, address: SocketAddr) -> Stream {
        let line = self.fabric.borrow_mut().dial(connection, address);
        let fabric = Rc::clone(&self.fabric);
        Stream { fabric, line }
    }

    /// Lets time pass until something concerns the client; `None` if nothing does until `until`.
    pub fn advance(&self, until: Tick) -> Option<Report> {
        self.fabric.borrow_mut().advance(until)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.now().tick.as_nanos();
        write!(f, "a network at {:?}", Duration::from_nanos(nanoseconds))
    }
}

#[cfg(test)]
mod tests;
