//! Peers that several scenarios talk to.

use std::sync::{Arc, Mutex, PoisonError};

use super::TOO_LONG;
use crate::origin::{Act, Peer, Request, RequestReader, Scripted, Site, response};

/// One send.
pub(super) fn send(octets: impl Into<Vec<u8>>) -> Act {
    Act::Send(octets.into())
}

/// A peer that says no more.
pub(super) fn silence() -> Act {
    Act::Pause(TOO_LONG)
}

/// A whole response with a text.
pub(super) fn text(text: &str) -> Act {
    Act::Send(response(200, &[], text.as_bytes()))
}

/// A site from its script.
pub(super) fn site(script: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Arc<dyn Site> {
    Arc::new(Scripted::new(script))
}

/// Answers every request with its path; `otherwise` may say something else first.
pub(super) fn path_or(
    otherwise: impl Fn(&Request) -> Option<Vec<Act>> + Send + Sync + 'static,
) -> Arc<dyn Site> {
    site(move |request| otherwise(request).unwrap_or_else(|| vec![text(request.path())]))
}

/// Answers every request with its path.
pub(super) fn path() -> Arc<dyn Site> {
    path_or(|_| None)
}

/// A whole response with this status and a text.
pub(super) fn status(status: u16, text: &str) -> Act {
    Act::Send(response(status, &[], text.as_bytes()))
}

/// What a site was asked, on all its connections, in the order in which it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(Arc<Mutex<Vec<Request>>>);

impl Asked {
    /// A site that notes each request, and answers it by a script that is told how many came before.
    pub(super) fn site(
        &self,
        script: impl Fn(usize, &Request) -> Vec<Act> + Send + Sync + 'static,
    ) -> Arc<dyn Site> {
        let asked = self.clone();
        site(move |request| script(asked.note(request), request))
    }

    /// Notes a request; how many came before it.
    pub(super) fn note(&self, request: &Request) -> usize {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(request.clone());
        asked.len() - 1
    }

    /// All requests.
    pub(super) fn all(&self) -> Vec<Request> {
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    /// How many there were.
    pub(super) fn count(&self) -> usize {
        self.all().len()
    }

    /// The connection of each, in the order of their opening, from 0.
    pub(super) fn connections(&self) -> Vec<usize> {
        let all = self.all();
        all.iter().map(|request| request.connection).collect()
    }
}

/// A redirect with a little content.
pub(super) fn to(status: u16, location: &str) -> Act {
    send(response(status, &[("Location", location)], b"elsewhere"))
}

/// Leads a request that has a query there, with the status that its path names; answers others with their path.
pub(super) fn lead(request: &Request) -> Vec<Act> {
    let status = request.path().trim_start_matches('/').parse();
    match request.query() {
        Some(next) => vec![to(status.expect("a status"), next)],
        None => vec![text(request.path())],
    }
}

/// A site that [leads](lead).
pub(super) fn leading(asked: &Asked) -> Arc<dyn Site> {
    asked.site(|_, request| lead(request))
}

/// The URL from which [leading] sites redirect through all of these.
pub(super) fn chain<const N: usize>(stops: [String; N]) -> String {
    stops.join("?")
}

type AtHead = dyn Fn(&str) -> Vec<Act> + Send + Sync;
type AtEnd = dyn Fn(&Request) -> Vec<Act> + Send + Sync;

/// A site that speaks when the head of a request is here, and again when all of it is. What is no request fails the test.
struct Twice {
    at_head: Arc<AtHead>,
    at_end: Arc<AtEnd>,
}

/// One connection to it.
struct TwicePeer {
    at_head: Arc<AtHead>,
    at_end: Arc<AtEnd>,
    reader: RequestReader,
    seen: Vec<u8>,
    head_is_told: bool,
}

/// Answers when the head is here, and when all is here. The head is text, to its empty line.
pub(super) fn twice(
    at_head: impl Fn(&str) -> Vec<Act> + Send + Sync + 'static,
    at_end: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static,
) -> Arc<dyn Site> {
    let (at_head, at_end) = (Arc::new(at_head), Arc::new(at_end));
    Arc::new(Twice { at_head, at_end })
}

impl Site for Twice {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        Box::new(TwicePeer {
            at_head: Arc::clone(&self.at_head) as _,
            at_end: Arc::clone(&self.at_end) as _,
            reader: RequestReader::new(connection),
            seen: Vec::new(),
            head_is_told: false,
        })
    }
}

impl Peer for TwicePeer {
    fn received(&mut self, octets: &[u8]) -> Vec<Act> {
        let mut acts = Vec::new();
        self.seen.extend_from_slice(octets);
        let end = self.seen.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end.filter(|_| !self.head_is_told) {
            self.head_is_told = true;
            let head = std::str::from_utf8(&self.seen[..end + 4]).expect("the head is text");
            acts = (self.at_head)(head);
        }
        let request = self.reader.read(octets);
        if let Some(request) = request.expect("a request without fault") {
            self.seen.clear();
            self.head_is_told = false;
            acts.extend((self.at_end)(&request));
        }
        acts
    }
}

/// A site that speaks once, at the first octets that come, and hears nothing.
pub(super) fn deaf(answer: impl Fn() -> Vec<Act> + Send + Sync + 'static) -> Arc<dyn Site> {
    Arc::new(Deaf {
        answer: Arc::new(answer),
        has_spoken: false,
    })
}

struct Deaf {
    answer: Arc<dyn Fn() -> Vec<Act> + Send + Sync>,
    has_spoken: bool,
}

impl Site for Deaf {
    fn accept(&self, _connection: usize) -> Box<dyn Peer> {
        Box::new(Self {
            answer: Arc::clone(&self.answer),
            has_spoken: false,
        })
    }
}

impl Peer for Deaf {
    fn received(&mut self, _octets: &[u8]) -> Vec<Act> {
        match std::mem::replace(&mut self.has_spoken, true) {
            false => (self.answer)(),
            true => Vec::new(),
        }
    }
}
