//! What a scenario needs from whoever runs it: a place to listen, a session to ask, time that passes.
//!
//! One [`World`] is one driver of the client: the in-memory ones of [`crate::memory`], and those that the suites put
//! over sockets. The scenarios of [`crate::scenarios`] run unchanged over each of them, so that a difference between
//! two drivers is a failed test.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{
    Attempt, AttemptOutcome, Config, ConnectionInfo, CookieJar, Error, FieldsRef, HeadRef, Hop,
    Next, PoolEvent, PoolSnapshot, Request, Tick, Url, Version,
};

use crate::loopback::Loopback;
use crate::origin::Site;
use crate::source::Source;

/// How what a site sends in one small act reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// At once: sockets do so, when the client waits.
    Whole,
    /// In pieces, the later ones after the client has acted on the earlier ones.
    InPieces,
}

/// What becomes of a request among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its response is read to its end.
    Stays,
    /// It is given up.
    Goes,
}

/// What is done to a session while a request is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// [`World::close_idle`].
    CloseIdle,
    /// [`World::close`].
    Close,
}

/// A driver of the client, with one session at a time.
///
/// A world begins with a session of the default configuration.
pub trait World {
    /// For messages.
    fn name(&self) -> &'static str;

    /// How small messages reach the client.
    fn arrival(&self) -> Arrival;

    /// Whether time passes only when everything is done that can be done: then no limit is ever met by chance.
    fn is_virtual(&self) -> bool;

    /// Starts a site.
    fn serve(&mut self, site: Arc<dyn Site>) -> Served;

    /// Replaces the session by a new one with this configuration. The old one is dropped, and with it its connections.
    fn configure(&mut self, config: Config);

    /// Sends a request and reads the response to its end.
    ///
    /// # Errors
    ///
    /// The request's.
    fn send(&mut self, request: Request) -> Result<Reply, Error>;

    /// Sends a request whose content comes from `source`, and reads the response to its end.
    ///
    /// # Errors
    ///
    /// The request's.
    fn send_from(&mut self, request: Request, source: Source) -> Result<Reply, Error>;

    /// Sends a request that offers another protocol. If the peer switches, takes the stream, says `words` on it and hears
    /// it to its end; otherwise reads the response to its end.
    ///
    /// # Errors
    ///
    /// The request's.
    fn upgrade(&mut self, request: Request, words: &[u8]) -> Result<Upgrade, Error>;

    /// Sends requests at once, in this order, and reads each response to its end as it comes; results in the order of
    /// the requests.
    fn send_all(&mut self, requests: Vec<Request>) -> Vec<Result<Reply, Error>>;

    /// Sends a request, reads the head, and lets go of the response. The reply has no content.
    ///
    /// # Errors
    ///
    /// The request's, until its head.
    fn send_and_drop(&mut self, request: Request) -> Result<Reply, Error>;

    /// Sends a request and gives it up after this long, before any head of a response.
    fn send_and_cancel(&mut self, request: Request, after: Duration);

    /// Sends requests at once, in this order. Gives those that go up after this long, before any head of a response;
    /// reads the responses to those that stay to their end; results in the order of these.
    fn send_beside(
        &mut self,
        requests: Vec<(Fate, Request)>,
        after: Duration,
    ) -> Vec<Result<Reply, Error>>;

    /// Sends a request, does something to its session after this long, and reads the response to its end.
    ///
    /// # Errors
    ///
    /// The request's.
    fn send_through(
        &mut self,
        request: Request,
        after: Duration,
        act: Meanwhile,
    ) -> Result<Reply, Error>;

    /// Sends a request, and takes no content of the response before this long has passed; then reads it to its end.
    ///
    /// # Errors
    ///
    /// The request's.
    fn send_and_dawdle(&mut self, request: Request, pause: Duration) -> Result<Reply, Error>;

    /// What stands in the pool now.
    fn pool(&mut self) -> PoolSnapshot;

    /// What happened in the pool since this was asked last, if the configuration keeps it.
    fn pool_events(&mut self) -> Vec<PoolEvent>;

    /// Looks into the session's jar, and perhaps changes it; the time is this world's, since the Unix epoch.
    fn cookies(&mut self, act: &mut dyn FnMut(&mut CookieJar, Duration));

    /// Closes the connections that nobody uses.
    fn close_idle(&mut self);

    /// Closes the session; it stays, and refuses.
    fn close(&mut self);

    /// Does something to the session.
    fn act(&mut self, act: Meanwhile) {
        match act {
            Meanwhile::CloseIdle => self.close_idle(),
            Meanwhile::Close => self.close(),
        }
    }

    /// A URL at whose address nobody listens, for dials to be refused.
    fn refused(&mut self) -> String;

    /// A URL at whose address dials hear nothing, where the world has one.
    fn unreachable(&mut self) -> Option<String>;

    /// Lets time pass, and whatever happens meanwhile.
    fn pass(&mut self, time: Duration);
}

/// A site that runs, until this is dropped.
pub struct Served {
    base: String,
    address: SocketAddr,
    listening: Box<dyn Listening>,
}

/// The URL of an address, without a path, as URLs are written: port 80 goes without saying.
pub fn base(address: SocketAddr) -> String {
    let written = format!("http://{address}");
    match written.strip_suffix(":80") {
        Some(without) => without.to_owned(),
        None => written,
    }
}

/// What a running site knows about its connections.
pub trait Listening {
    /// How many it has accepted.
    fn opened(&self) -> usize;

    /// How many of these are over on both sides.
    fn closed(&self) -> usize;
}

impl Served {
    /// A site at an address.
    pub fn new(address: SocketAddr, listening: impl Listening + 'static) -> Self {
        Self::at(base(address), address, listening)
    }

    /// A site at a URL, which has no path and no `/` at its end, and at an address.
    pub fn at(
        base: impl Into<String>,
        address: SocketAddr,
        listening: impl Listening + 'static,
    ) -> Self {
        Self {
            base: base.into(),
            address,
            listening: Box::new(listening),
        }
    }

    /// A site on loopback.
    pub fn on_loopback(loopback: Loopback) -> Self {
        Self::new(loopback.address(), loopback)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// How many connections it has accepted.
    pub fn opened(&self) -> usize {
        self.listening.opened()
    }

    /// How many of these are over on both sides. Closing takes time: see [`World::pass`].
    pub fn closed(&self) -> usize {
        self.listening.closed()
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (opened, closed) = (self.opened(), self.closed());
        write!(f, "{}, {opened} opened, {closed} closed", self.base)
    }
}

impl Listening for Loopback {
    fn opened(&self) -> usize {
        Loopback::opened(self)
    }

    fn closed(&self) -> usize {
        Loopback::closed(self)
    }
}

/// What came of a request that offered another protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The response; without content, if it switched.
    pub reply: Reply,
    /// What was heard in the new protocol from its first octet to its end, if the peer switched.
    pub heard: Option<Vec<u8>>,
}

/// A response that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The URL that was asked, the last one after redirects.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// The version that the peer said.
    pub version: Version,
    /// The reason phrase, as sent.
    pub reason: Vec<u8>,
    /// Names and values of the head, in order and as written.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The content.
    pub content: Vec<u8>,
    /// The status codes of the interim responses, in order.
    pub interim: Vec<u16>,
    /// The trailer section, empty if there was none; `None` if this driver's interface does not show it.
    pub trailers: Option<Vec<(String, Vec<u8>)>>,
    /// Which connection it came on; the default, if it came on none.
    pub connection: ConnectionInfo,
    /// What it took.
    pub attempts: Vec<Tried>,
}

/// One attempt, in words that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// When it began.
    pub began: Tick,
    /// When its head was there, or it had failed.
    pub ended: Tick,
    /// The status, or the error's code.
    pub outcome: String,
    /// What followed.
    pub next: Next,
    /// The number of its connection.
    pub connection: Option<u64>,
    /// The redirect that it brought, if that was followed.
    pub hop: Option<Passed>,
}

/// A redirect that was followed, in words that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The URL that was asked.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// The first Location of its head.
    pub location: Option<String>,
}

impl Passed {
    /// What is told of a redirect that was followed.
    pub fn new(hop: &Hop) -> Self {
        let location = hop.head().fields().get("Location");
        Self {
            url: hop.url().to_string(),
            status: hop.status().as_u16(),
            location: location.map(|value| String::from_utf8_lossy(value).into_owned()),
        }
    }
}

impl Tried {
    /// All attempts of a response or an error.
    pub fn all(attempts: &[Attempt]) -> Vec<Self> {
        attempts.iter().map(Self::new).collect()
    }

    fn new(attempt: &Attempt) -> Self {
        Self {
            began: attempt.began,
            ended: attempt.began.after(attempt.took),
            outcome: match &attempt.outcome {
                AttemptOutcome::Status(status) => status.as_str().to_owned(),
                AttemptOutcome::Failed(error) => error.code().to_owned(),
            },
            next: attempt.next,
            connection: attempt.connection.map(|connection| connection.number),
            hop: attempt.redirect.as_deref().map(Passed::new),
        }
    }
}

impl Reply {
    /// A reply of which only the head has come. Nothing is known of trailers.
    pub fn new(url: &Url, head: HeadRef<'_>, connection: ConnectionInfo) -> Self {
        Self {
            url: url.to_string(),
            status: head.status().as_u16(),
            version: head.version(),
            reason: head.reason().to_vec(),
            fields: lines(head.fields()),
            content: Vec::new(),
            interim: Vec::new(),
            trailers: None,
            connection,
            attempts: Vec::new(),
        }
    }

    /// The value of the first field of that name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        fields
            .find(|field| field.0.eq_ignore_ascii_case(name))
            .map(|field| field.1.as_slice())
    }

    /// The content as text.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.content).expect("the content is text")
    }
}

/// Names and values of a field section.
pub fn lines(fields: FieldsRef<'_>) -> Vec<(String, Vec<u8>)> {
    fields
        .iter()
        .map(|field| (field.name.to_owned(), field.value.to_vec()))
        .collect()
}
