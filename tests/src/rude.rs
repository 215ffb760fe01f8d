//! Peers that do not speak what they are asked in: plain HTTP where TLS is spoken, noise, an alert, nothing.
//!
//! [`Rude`] answers the first octets that come with what it was told to do, whatever they are, and hears no more.

use std::sync::Arc;

use crate::origin::{Act, Peer, Site, response};

/// A site whose peers do always the same.
#[derive(Clone, Debug)]
pub struct Rude {
    acts: Arc<[Act]>,
    when: When,
}

/// When a rude peer does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once, before anything has come.
    Opened,
    /// When the first octets have come.
    Addressed,
}

impl Rude {
    /// Peers that do this and then nothing.
    pub fn new(when: When, acts: Vec<Act>) -> Self {
        let acts = acts.into();
        Self { acts, when }
    }

    /// HTTP on the port of TLS: a response that says so, as servers send it to whoever mixes the two up.
    pub fn plain_http() -> Self {
        let fields = [("Content-Type", "text/plain"), ("Connection", "close")];
        let answer = response(400, &fields, b"this port speaks plain HTTP\n");
        Self::new(When::Addressed, vec![Act::Send(answer), Act::Finish])
    }

    /// Octets that are no protocol's.
    pub fn garbage() -> Self {
        let noise = (0..=255_u8).rev().collect();
        Self::new(When::Addressed, vec![Act::Send(noise), Act::Finish])
    }

    /// A fatal alert in answer to a ClientHello (RFC 8446 §6.2): 40 is handshake_failure, 112 unrecognized_name.
    pub fn alert(description: u8) -> Self {
        // content type 21, legacy_record_version 3.3, a length of 2; level 2 is fatal
        let record = vec![21, 3, 3, 0, 2, 2, description];
        Self::new(When::Addressed, vec![Act::Send(record), Act::Finish])
    }

    /// Nothing at all.
    pub fn silence() -> Self {
        Self::new(When::Addressed, Vec::new())
    }

    /// The end of the stream in answer to anything.
    pub fn hangup() -> Self {
        Self::new(When::Addressed, vec![Act::Finish])
    }

    /// A reset in answer to anything.
    pub fn reset() -> Self {
        Self::new(When::Addressed, vec![Act::Reset])
    }
}

impl Site for Rude {
    fn accept(&self, _connection: usize) -> Box<dyn Peer> {
        Box::new(RudePeer {
            acts: Some(Arc::clone(&self.acts)),
            when: self.when,
        })
    }
}

/// Without acts it has done them.
struct RudePeer {
    acts: Option<Arc<[Act]>>,
    when: When,
}

impl RudePeer {
    fn act(&mut self, now: When) -> Vec<Act> {
        if self.when != now {
            return Vec::new();
        }
        self.acts.take().map_or_else(Vec::new, |acts| acts.to_vec())
    }
}

impl Peer for RudePeer {
    fn received(&mut self, _bytes: &[u8]) -> Vec<Act> {
        self.act(When::Addressed)
    }

    fn opened(&mut self) -> Vec<Act> {
        self.act(When::Opened)
    }

    fn ended(&mut self) -> Vec<Act> {
        vec![Act::Finish]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_octets_then_the_answer_is_always_the_same_and_once() {
        let mut peer = Rude::alert(40).accept(0);
        assert_eq!(peer.opened(), []);
        let alert = Act::Send(vec![21, 3, 3, 0, 2, 2, 40]);
        assert_eq!(peer.received(b"x"), [alert, Act::Finish]);
        assert_eq!(peer.received(b"x"), []);
    }

    #[test]
    fn given_one_that_begins_then_it_does_not_wait() {
        let mut peer = Rude::new(When::Opened, vec![Act::Reset]).accept(0);
        assert_eq!(peer.opened(), [Act::Reset]);
        assert_eq!(peer.received(b"x"), []);
    }
}
