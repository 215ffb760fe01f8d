//! One connection to a proxy: first it is asked, and then it lets octets through, if it does.
//!
//! What is asked and answered is a [`Gate`]'s, one for each protocol. What lies behind an open gate is a peer as good as
//! any other: its acts are the proxy's, its end is the connection's.

use super::Fault;
use super::record::Faults;
use crate::origin::{Act, Peer};

/// The side of a proxy that is asked.
pub(super) trait Gate: Send {
    /// Takes octets in any segmentation.
    ///
    /// # Errors
    ///
    /// The first rule that they break.
    fn hear(&mut self, bytes: &[u8]) -> Result<Answer, Fault>;

    /// Whether nothing has come of a message that is not whole.
    fn is_idle(&self) -> bool;

    /// What is said to a client that broke a rule, before the connection is finished.
    fn refuse(&self, fault: Fault) -> Vec<u8>;
}

/// What a gate says.
pub(super) enum Answer {
    /// These acts, and it goes on to be asked.
    Go(Vec<Act>),
    /// These acts, and then the peer behind the gate has the connection.
    Open(Vec<Act>, Box<dyn Peer>),
    /// These acts, and it hears no more.
    Shut(Vec<Act>),
}

/// One connection.
pub(super) struct Passage<G> {
    state: State<G>,
    faults: Faults,
}

enum State<G> {
    Asked(G),
    Open(Box<dyn Peer>),
    /// It is over, or deaf.
    Shut,
}

impl<G: Gate> Passage<G> {
    pub(super) fn new(gate: G, faults: Faults) -> Self {
        Self {
            state: State::Asked(gate),
            faults,
        }
    }

    fn ask(&mut self, mut gate: G, bytes: &[u8]) -> Vec<Act> {
        match gate.hear(bytes) {
            Ok(Answer::Go(acts)) => {
                self.state = State::Asked(gate);
                acts
            }
            Ok(Answer::Open(mut acts, mut peer)) => {
                acts.extend(peer.opened());
                self.state = State::Open(peer);
                acts
            }
            Ok(Answer::Shut(acts)) => acts,
            Err(fault) => self.refuse(&gate, fault),
        }
    }

    fn refuse(&self, gate: &G, fault: Fault) -> Vec<Act> {
        self.faults.note(fault);
        vec![Act::Send(gate.refuse(fault)), Act::Finish]
    }

    fn over_if_last(&mut self, acts: Vec<Act>) -> Vec<Act> {
        if acts.iter().any(Act::is_last) {
            self.state = State::Shut;
        }
        acts
    }
}

impl<G: Gate> Peer for Passage<G> {
    fn received(&mut self, bytes: &[u8]) -> Vec<Act> {
        let acts = match std::mem::replace(&mut self.state, State::Shut) {
            State::Asked(gate) => self.ask(gate, bytes),
            State::Open(mut peer) => {
                let acts = peer.received(bytes);
                self.state = State::Open(peer);
                acts
            }
            State::Shut => Vec::new(),
        };
        self.over_if_last(acts)
    }

    fn ended(&mut self) -> Vec<Act> {
        let acts = match &mut self.state {
            State::Asked(gate) if !gate.is_idle() => {
                self.faults.note(Fault::CutShort);
                vec![Act::Send(gate.refuse(Fault::CutShort)), Act::Finish]
            }
            State::Asked(_) | State::Shut => vec![Act::Finish],
            State::Open(peer) => peer.ended(),
        };
        self.over_if_last(acts)
    }
}
