//! Peers that do not wait for requests, and a loop over the mio driver.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use sessile_core::{Config, Error, Event, Request};
use sessile_mio::Driver;
use sessile_tests::loopback::Loopback;
use sessile_tests::origin::{Act, Peer, Scripted, Site, response};

use crate::milliseconds;

/// Does its acts as soon as a connection stands, whatever it hears.
struct Deaf(Arc<[Act]>);

struct DeafPeer(Arc<[Act]>);

impl Site for Deaf {
    fn accept(&self, _connection: usize) -> Box<dyn Peer> {
        Box::new(DeafPeer(Arc::clone(&self.0)))
    }
}

impl Peer for DeafPeer {
    fn received(&mut self, _bytes: &[u8]) -> Vec<Act> {
        Vec::new()
    }

    fn opened(&mut self) -> Vec<Act> {
        self.0.to_vec()
    }
}

fn start(site: impl Site) -> Loopback {
    Loopback::start(site).expect("a port on loopback")
}

pub(crate) fn deaf(acts: impl Into<Arc<[Act]>>) -> Loopback {
    start(Deaf(acts.into()))
}

/// Reads, and never answers.
pub(crate) fn silent() -> Loopback {
    deaf([])
}

/// Does the same acts for each request.
pub(crate) fn answering(acts: Vec<Act>) -> Loopback {
    start(Scripted::new(move |_| acts.clone()))
}

/// Greets each request.
pub(crate) fn greeting() -> Loopback {
    answering(vec![Act::Send(response(200, &[], b"hi"))])
}

/// Says that it is too busy and ends the stream, before it has seen a request.
pub(crate) fn busy() -> Loopback {
    let answer = response(503, &[("Connection", "close")], b"");
    deaf([Act::Send(answer), Act::Finish])
}

/// A loop that carries one request at a time.
pub(crate) struct Turns {
    poll: Poll,
    events: Events,
    pub(crate) driver: Driver,
}

impl Turns {
    pub(crate) fn new(config: Config) -> Self {
        let poll = Poll::new().expect("a poll");
        let driver = Driver::new(poll.registry(), 1..1000, || {}, config);
        Self {
            poll,
            events: Events::with_capacity(64),
            driver: driver.expect("a valid configuration"),
        }
    }

    fn wait(&mut self) {
        let due = self.driver.deadline();
        let wait = due.map(|due| due.saturating_duration_since(Instant::now()));
        let wait = wait.unwrap_or(milliseconds(50)).min(milliseconds(50));
        self.poll
            .poll(&mut self.events, Some(wait))
            .expect("a poll that works");
        for event in &self.events {
            assert!(self.driver.handle_event(event), "a token of the driver's");
        }
        self.driver.handle_deadline();
    }

    /// Begins a request: its connection is dialled, and nobody looks at it.
    pub(crate) fn begin(&mut self, request: Request) {
        self.driver.submit(request);
        assert!(self.driver.poll_event().is_none());
    }

    /// Turns until the request has ended, at most for as long; gives the status and the content. The application takes
    /// its time, this much, before it uses the first content.
    pub(crate) fn end(
        &mut self,
        limit: Duration,
        pause: Duration,
    ) -> Result<(u16, Vec<u8>), Error> {
        let end = Instant::now() + limit;
        let (mut status, mut content) = (0, Vec::new());
        while Instant::now() < end {
            while let Some(event) = self.driver.poll_event() {
                match event {
                    Event::Head(id) => {
                        let head = self.driver.head(id).expect("it has just come");
                        status = head.status().as_u16();
                    }
                    Event::Content(id) => {
                        if content.is_empty() {
                            std::thread::sleep(pause);
                        }
                        let piece = self.driver.content(id).to_vec();
                        self.driver.consume(id, piece.len());
                        content.extend(piece);
                    }
                    Event::End(_) => return Ok((status, content)),
                    Event::Failed(_, error) => return Err(error),
                    _ => {}
                }
            }
            self.wait();
        }
        panic!("no end in {limit:?}; the pool: {:?}", self.driver.pool());
    }
}

/// Is tired of the first connection as soon as it stands, and greets each request on the others.
struct Tired;

impl Site for Tired {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        let said = response(408, &[("Connection", "close")], b"");
        let greets = Scripted::new(|_| vec![Act::Send(response(200, &[], b"hi"))]);
        match connection {
            0 => Box::new(DeafPeer([Act::Send(said), Act::Finish].into())),
            _ => greets.accept(connection),
        }
    }
}

pub(crate) fn tired_at_first() -> Loopback {
    start(Tired)
}
