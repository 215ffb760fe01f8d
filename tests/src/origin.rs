//! A scripted origin without sockets: octets in, acts out.
//!
//! A [`Site`] makes one [`Peer`] for each connection, and a peer says in [`Act`]s what its side of
//! the connection does. Whoever owns the octets performs them: [`crate::loopback`] with real
//! sockets, a simulated network with a virtual clock. So one script serves both, and a difference
//! between the two runs is a fault of the client.
//!
//! The boundary: a peer never sleeps, never reads a clock and never sees a socket. [`Scripted`]
//! speaks only after a whole request has come and [`RequestReader`] has found nothing to object to
//! (RFC 9112 §§2, 3, 5, 6, 7). A peer that answers earlier, or that speaks something else than
//! HTTP, implements [`Peer`] itself.

mod answer;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::answer::{chunk, chunked, head, response};
pub use crate::request_reader::{Malformed, Request, RequestReader};

/// One thing that a peer does with its side of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Sends these octets, in one write where the transport allows it.
    Send(Vec<u8>),
    /// Does nothing for this long; the acts behind it wait.
    Pause(Duration),
    /// Ends the stream cleanly (FIN). The connection is over: no act behind this one is performed.
    Finish,
    /// Breaks the connection (RST). It is over: no act behind this one is performed.
    Reset,
}

impl Act {
    /// Whether the connection is over after this act.
    pub fn is_last(&self) -> bool {
        matches!(self, Act::Finish | Act::Reset)
    }
}

/// The far side of one connection.
///
/// Each method returns what the peer does next. A driver performs all of these acts, in order,
/// before it hands in more: octets that arrive during a [`Act::Pause`] wait for its end. After
/// [`Act::Finish`] or [`Act::Reset`] it calls no method any more.
pub trait Peer: Send {
    /// Takes octets as the network delivered them; any segmentation, but never an empty slice.
    fn received(&mut self, bytes: &[u8]) -> Vec<Act>;

    /// The connection has been accepted and nothing has been received yet.
    fn opened(&mut self) -> Vec<Act> {
        Vec::new()
    }

    /// The client has ended its sending side; ours is still open.
    fn ended(&mut self) -> Vec<Act> {
        Vec::new()
    }
}

/// What listens at an address: it makes a [`Peer`] for each connection.
pub trait Site: Send + Sync + 'static {
    /// Accepts a connection; `connection` counts from 0 in the order of acceptance.
    fn accept(&self, connection: usize) -> Box<dyn Peer>;
}

impl<S: Site + ?Sized> Site for Arc<S> {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        (**self).accept(connection)
    }
}

type Script = dyn Fn(&Request) -> Vec<Act> + Send + Sync;

/// A [`Site`] that answers each request with what a closure says.
///
/// Its peers judge what they read. A malformed request, and octets that came together with a
/// request but lie behind its end, are answered with a 400 whose content is the reason, and the
/// connection is finished. Requests that come after the answer are fine. When the client ends its
/// side, so does the peer.
///
/// # Examples
///
/// ```
/// use sessile_tests::origin::{Act, Scripted, response};
/// let site = Scripted::new(|request| match request.path() {
///     "/" => vec![Act::Send(response(200, &[], b"welcome"))],
///     _ => vec![Act::Reset],
/// });
/// ```
#[derive(Clone)]
pub struct Scripted {
    script: Arc<Script>,
}

impl Scripted {
    /// Makes a site from its script, which sees requests of all connections, perhaps at the same
    /// time.
    pub fn new(script: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
        }
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scripted site")
    }
}

impl Site for Scripted {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        Box::new(ScriptedPeer {
            script: Arc::clone(&self.script),
            reader: Some(RequestReader::new(connection)),
        })
    }
}

/// One connection to a [`Scripted`] site. Without a reader it is over, and deaf.
struct ScriptedPeer {
    script: Arc<Script>,
    reader: Option<RequestReader>,
}

impl ScriptedPeer {
    fn answer(&mut self, acts: Vec<Act>) -> Vec<Act> {
        if acts.iter().any(Act::is_last) {
            self.reader = None;
        }
        acts
    }
}

impl Peer for ScriptedPeer {
    fn received(&mut self, bytes: &[u8]) -> Vec<Act> {
        let Some(reader) = &mut self.reader else {
            return Vec::new();
        };
        let acts = match reader.read(bytes) {
            Ok(None) => Vec::new(),
            // What lies behind the request was sent before its answer could be: the client
            // pipelines.
            Ok(Some(_)) if !reader.is_idle() => refusal(Malformed::BeforeAnswer),
            Ok(Some(request)) => (self.script)(&request),
            Err(reason) => refusal(reason),
        };
        self.answer(acts)
    }

    fn ended(&mut self) -> Vec<Act> {
        let acts = match &self.reader {
            None => Vec::new(),
            Some(reader) if reader.is_idle() => vec![Act::Finish],
            Some(_) => refusal(Malformed::CutShort),
        };
        self.answer(acts)
    }
}

/// How a scripted peer tells a client that its request was no request.
fn refusal(reason: Malformed) -> Vec<Act> {
    let fields = [("Content-Type", "text/plain"), ("Connection", "close")];
    let bytes = response(400, &fields, reason.to_string().as_bytes());
    vec![Act::Send(bytes), Act::Finish]
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &[u8] = b"GET /a?b=c HTTP/1.1\r\nHost: here\r\n\r\n";

    fn site() -> Scripted {
        Scripted::new(|request| match request.path() {
            "/finish" => vec![Act::Finish],
            "/reset" => vec![Act::Reset],
            path => {
                let text = format!("{path} {}.{}", request.connection, request.number);
                vec![Act::Send(response(200, &[], text.as_bytes()))]
            }
        })
    }

    fn sent(acts: &[Act]) -> String {
        let mut text = String::new();
        for act in acts {
            if let Act::Send(bytes) = act {
                text.push_str(&String::from_utf8_lossy(bytes));
            }
        }
        text
    }

    #[test]
    fn given_two_requests_in_turn_then_each_is_answered_and_numbered() {
        let mut peer = site().accept(3);
        assert_eq!(peer.opened(), []);
        assert!(sent(&peer.received(GET)).ends_with("/a 3.0"));
        assert!(sent(&peer.received(GET)).ends_with("/a 3.1"));
    }

    #[test]
    fn given_a_request_in_single_octets_then_only_the_last_is_answered() {
        let mut peer = site().accept(0);
        for octet in &GET[..GET.len() - 1] {
            assert_eq!(peer.received(&[*octet]), []);
        }
        assert!(sent(&peer.received(b"\n")).ends_with("/a 0.0"));
    }

    #[test]
    fn given_octets_behind_a_request_then_the_answer_is_400() {
        let mut peer = site().accept(0);
        let acts = peer.received(&[GET, b"G"].concat());
        assert!(sent(&acts).starts_with("HTTP/1.1 400 Bad Request\r\n"));
        assert!(sent(&acts).ends_with("a request before the answer"));
        assert_eq!(acts.last(), Some(&Act::Finish));
        assert_eq!(peer.received(GET), []);
    }

    #[test]
    fn given_a_malformed_request_then_the_answer_names_the_reason() {
        let mut peer = site().accept(0);
        let acts = peer.received(b"GET / HTTP/1.1\r\n\r\n");
        assert!(sent(&acts).ends_with("no Host field"));
        assert_eq!(acts.last(), Some(&Act::Finish));
    }

    #[test]
    fn given_finish_or_reset_then_the_peer_is_deaf() {
        for (path, last) in [("/finish", Act::Finish), ("/reset", Act::Reset)] {
            let mut peer = site().accept(0);
            let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
            assert_eq!(peer.received(request.as_bytes()), [last]);
            assert_eq!(peer.received(b"anything"), []);
            assert_eq!(peer.ended(), []);
        }
    }

    #[test]
    fn given_the_end_of_the_stream_then_only_half_a_request_is_refused() {
        assert_eq!(site().accept(0).ended(), [Act::Finish]);

        let mut peer = site().accept(0);
        assert_eq!(peer.received(&GET[..5]), []);
        assert!(sent(&peer.ended()).ends_with("the stream ended inside a request"));
    }

    #[test]
    fn given_a_shared_site_then_it_is_a_site() {
        let shared: Arc<dyn Site> = Arc::new(site());
        assert!(sent(&shared.accept(7).received(GET)).ends_with("/a 7.0"));
    }
}
