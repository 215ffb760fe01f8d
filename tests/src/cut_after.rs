//! A site that breaks off after so many octets, wherever they fall: in a head, in a handshake, in a record.
//!
//! [`CutAfter`] is around any [`Site`] and knows nothing of what it says. What the peer inside sends goes through until
//! the count is reached; then comes the end, and nobody is heard any more.

use std::sync::Arc;

use crate::origin::{Act, Peer, Site};

/// What comes in the place of the octet that is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The clean end of the stream.
    Finish,
    /// A reset.
    Reset,
    /// Nothing at all, until the client goes.
    Silence,
}

/// A site of whose peers so many octets are heard, on each connection.
#[derive(Clone)]
pub struct CutAfter {
    site: Arc<dyn Site>,
    octets: usize,
    cut: Cut,
}

impl CutAfter {
    /// Lets so many octets through. With 0 the cut comes before the first, once there would be one.
    ///
    /// The cut falls when an octet beyond the count is to be sent; if the peer inside sends no more than that, it is as
    /// if this were not there.
    pub fn new(octets: usize, cut: Cut, site: impl Site) -> Self {
        Self {
            site: Arc::new(site),
            octets,
            cut,
        }
    }
}

impl std::fmt::Debug for CutAfter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a site cut after {} octets: {:?}", self.octets, self.cut)
    }
}

impl Site for CutAfter {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        Box::new(CutPeer {
            inner: Some(self.site.accept(connection)),
            left: self.octets,
            cut: self.cut,
        })
    }
}

/// Without a peer inside it is over, and deaf.
struct CutPeer {
    inner: Option<Box<dyn Peer>>,
    left: usize,
    cut: Cut,
}

impl CutPeer {
    fn after(&mut self, call: impl FnOnce(&mut dyn Peer) -> Vec<Act>) -> Vec<Act> {
        let Some(inner) = &mut self.inner else {
            return Vec::new();
        };
        let said = call(inner.as_mut());
        let mut acts = Vec::new();
        for act in said {
            match act {
                Act::Send(octets) if octets.len() > self.left => {
                    acts.extend(self.cut(&octets));
                    break;
                }
                Act::Send(octets) => {
                    self.left -= octets.len();
                    acts.push(Act::Send(octets));
                }
                other => acts.push(other),
            }
        }
        acts
    }

    fn cut(&mut self, octets: &[u8]) -> Vec<Act> {
        self.inner = None;
        let mut acts = Vec::new();
        if self.left > 0 {
            acts.push(Act::Send(octets[..self.left].to_vec()));
        }
        match self.cut {
            Cut::Finish => acts.push(Act::Finish),
            Cut::Reset => acts.push(Act::Reset),
            Cut::Silence => {}
        }
        acts
    }
}

impl Peer for CutPeer {
    fn received(&mut self, bytes: &[u8]) -> Vec<Act> {
        self.after(|inner| inner.received(bytes))
    }

    fn opened(&mut self) -> Vec<Act> {
        self.after(|inner| inner.opened())
    }

    /// One that is silent lets go as well.
    fn ended(&mut self) -> Vec<Act> {
        match self.inner {
            Some(_) => self.after(|inner| inner.ended()),
            None => vec![Act::Finish],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::Demo;

    const GET: &[u8] = b"GET /connection HTTP/1.1\r\nHost: here\r\n\r\n";

    fn cut(octets: usize, cut: Cut) -> Vec<Act> {
        CutAfter::new(octets, cut, Demo).accept(0).received(GET)
    }

    #[test]
    fn given_a_count_then_the_cut_falls_behind_that_octet() {
        assert_eq!(cut(0, Cut::Reset), [Act::Reset]);
        let head = Act::Send(b"HTTP".to_vec());
        assert_eq!(cut(4, Cut::Finish), [head.clone(), Act::Finish]);
        assert_eq!(cut(4, Cut::Silence), [head]);
    }

    #[test]
    fn given_no_more_octets_than_that_then_nothing_is_cut() {
        let whole = Demo.accept(0).received(GET);
        let [Act::Send(octets)] = &whole[..] else {
            panic!("{whole:?}");
        };
        assert_eq!(cut(octets.len(), Cut::Reset), whole);
        let short = &octets[..octets.len() - 1];
        let expected = [Act::Send(short.to_vec()), Act::Reset];
        assert_eq!(cut(octets.len() - 1, Cut::Reset), expected);
    }

    #[test]
    fn given_two_answers_then_the_count_is_of_the_connection() {
        let mut peer = CutAfter::new(120, Cut::Silence, Demo).accept(0);
        let mut octets = 0;
        for _ in 0..9 {
            for act in peer.received(GET) {
                let Act::Send(sent) = act else {
                    panic!("{act:?}");
                };
                octets += sent.len();
            }
        }
        assert_eq!(octets, 120);
        assert_eq!(peer.ended(), [Act::Finish]);
    }
}
