//! The far side of one connection: what its peer is told, and what it does next.
//!
//! The order is the contract of [`Peer`]: all acts of one call are done before the next octets are handed in. As on
//! loopback, a pause ends early when the client ends its side: nobody is left for whom to be slow.

use std::collections::VecDeque;

use crate::origin::{Act, Peer};

/// A peer with what it has still to do and to hear.
pub(super) struct FarSide {
    peer: Box<dyn Peer>,
    acts: VecDeque<Act>,
    /// What came while it was busy.
    received: Vec<u8>,
    state: State,
    client: Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Acting,
    Paused,
    /// It has finished or reset the connection, or the client has gone and it knows.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Here,
    Gone,
    /// And the peer has been told.
    Mourned,
}

impl FarSide {
    /// A peer that has just accepted its connection.
    pub(super) fn new(mut peer: Box<dyn Peer>) -> Self {
        let acts = peer.opened().into();
        Self {
            peer,
            acts,
            received: Vec::new(),
            state: State::Acting,
            client: Client::Here,
        }
    }

    /// Octets have come; a peer that is over does not hear them.
    pub(super) fn receive(&mut self, octets: &[u8]) {
        if self.state != State::Over {
            self.received.extend_from_slice(octets);
        }
    }

    /// The client has closed its end.
    pub(super) fn client_gone(&mut self) {
        self.client = Client::Gone;
        self.resume();
    }

    /// A pause has passed.
    pub(super) fn resume(&mut self) {
        if self.state == State::Paused {
            self.state = State::Acting;
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// The next thing that it does, if it does not wait for somebody.
    pub(super) fn next_act(&mut self) -> Option<Act> {
        while self.state == State::Acting {
            match self.acts.pop_front() {
                Some(Act::Pause(_)) if self.client != Client::Here => {}
                Some(act) => return Some(self.begin(act)),
                None if !self.received.is_empty() => {
                    let received = std::mem::take(&mut self.received);
                    self.acts = self.peer.received(&received).into();
                }
                None => match self.client {
                    Client::Here => return None,
                    Client::Gone => {
                        self.client = Client::Mourned;
                        self.acts = self.peer.ended().into();
                    }
                    Client::Mourned => self.state = State::Over,
                },
            }
        }
        None
    }

    fn begin(&mut self, act: Act) -> Act {
        self.state = match act {
            Act::Send(_) => State::Acting,
            Act::Pause(_) => State::Paused,
            Act::Finish | Act::Reset => State::Over,
        };
        act
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::origin::{Scripted, Site};

    const PAUSE: Act = Act::Pause(Duration::from_secs(1));
    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n";

    fn far_side() -> FarSide {
        let site = Scripted::new(|_| vec![PAUSE, Act::Send(b"late".to_vec())]);
        FarSide::new(site.accept(0))
    }

    #[test]
    fn given_a_pause_then_what_comes_meanwhile_waits() {
        let mut far = far_side();
        assert_eq!(far.next_act(), None);
        far.receive(GET);
        assert_eq!(far.next_act(), Some(PAUSE));
        far.receive(GET);
        assert_eq!(far.next_act(), None);
        far.resume();
        assert_eq!(far.next_act(), Some(Act::Send(b"late".to_vec())));
        assert_eq!(far.next_act(), Some(PAUSE));
    }

    #[test]
    fn given_a_pause_when_the_client_goes_then_all_is_soon_over() {
        let mut far = far_side();
        far.receive(GET);
        assert_eq!(far.next_act(), Some(PAUSE));
        far.client_gone();
        assert_eq!(far.next_act(), Some(Act::Send(b"late".to_vec())));
        assert_eq!(far.next_act(), Some(Act::Finish));
        assert!(far.is_over() && far.next_act().is_none());
    }
}
