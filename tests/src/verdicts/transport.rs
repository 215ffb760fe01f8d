//! A session with one connection to one peer that says what a case says, on virtual time.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use sessile_core::{
    CloseReason, Command, Config, ConnectionId, Engine, Event, Now, Readiness, Request, RequestId,
};

/// What a transport delivers at its next reads.
#[derive(Debug)]
pub(super) enum Delivery {
    Octets(Vec<u8>),
    End,
    Reset,
}

/// How much of a request a transport takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Everything,
    Nothing,
}

/// One session and its peer.
pub(super) struct Peer {
    engine: Engine<()>,
    now: Now,
    connection: Option<ConnectionId>,
    request: Option<RequestId>,
    takes: Takes,
    coming: VecDeque<Delivery>,
    /// Content that the application read, and how much it wants to read; `None` is all.
    read: u64,
    wants: Option<u64>,
    over: bool,
    closed: Option<CloseReason>,
}

impl Peer {
    pub(super) fn new(takes: Takes, wants: Option<u64>) -> Self {
        Self {
            engine: Engine::new(Config::default()).expect("the default settings are valid"),
            now: Now::default(),
            connection: None,
            request: None,
            takes,
            coming: VecDeque::new(),
            read: 0,
            wants,
            over: false,
            closed: None,
        }
    }

    /// Sends a request, as far as the transport takes it.
    pub(super) fn ask(&mut self, request: Request) {
        self.request = Some(self.engine.submit(self.now, request));
        self.turn();
    }

    /// Delivers what the peer says now.
    pub(super) fn say(&mut self, deliveries: impl IntoIterator<Item = Delivery>) {
        let is_something = |delivery: &Delivery| match delivery {
            Delivery::Octets(octets) => !octets.is_empty(),
            Delivery::End | Delivery::Reset => true,
        };
        self.coming
            .extend(deliveries.into_iter().filter(is_something));
        self.turn();
    }

    /// The application lets go of its request, if that is not over.
    pub(super) fn let_go(&mut self) {
        if let (false, Some(id)) = (self.over, self.request) {
            self.over = true;
            self.engine.cancel(self.now, id);
            self.turn();
        }
    }

    /// Lets time pass, and the time limits in it that come before its end.
    pub(super) fn pass(&mut self, time: Duration) {
        let until = self.now.after(time);
        while let Some(due) = self.engine.deadline().filter(|due| *due < until.tick) {
            self.now = self.now.after(due.since(self.now.tick));
            self.engine.handle_deadline(self.now);
            self.turn();
        }
        self.now = until;
    }

    /// Lets the time limits pass that are due at this very moment, after everything that came at it.
    pub(super) fn settle(&mut self) {
        self.engine.handle_deadline(self.now);
        self.turn();
    }

    pub(super) fn now(&self) -> Now {
        self.now
    }

    pub(super) fn engine(&mut self) -> &mut Engine<()> {
        &mut self.engine
    }

    pub(super) fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }

    /// Why the connection was closed, if it was.
    pub(super) fn closed(&self) -> Option<CloseReason> {
        self.closed
    }

    /// The loop of the core's documentation, until nobody has anything left.
    fn turn(&mut self) {
        loop {
            if let Some(event) = self.engine.poll_event(self.now) {
                self.hear(event);
            } else if let Some(command) = self.engine.poll_command() {
                self.obey(command);
            } else if let Some(connection) = self.engine.poll_ready() {
                self.drive(connection);
            } else if self.connection.is_some() && !self.coming.is_empty() && self.wake() {
            } else {
                return;
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Content(id) => {
                let here = self.engine.content(id).len() as u64;
                let left = self.wants.map_or(here, |wants| wants - self.read);
                let count = here.min(left);
                self.read += count;
                let count = usize::try_from(count).expect("no more than is here");
                self.engine.consume(self.now, id, count);
                if self.wants == Some(self.read) {
                    self.let_go();
                }
            }
            Event::End(_) | Event::Failed(..) => self.over = true,
            Event::Switched(_) => self.let_go(),
            _ => {}
        }
    }

    fn obey(&mut self, command: Command<()>) {
        match command {
            // A second dial would be a replay's: the case is over then.
            Command::Dial { connection, .. } if self.connection.is_none() => {
                self.connection = Some(connection);
                self.engine.deposit(connection, ()).expect("it is wanted");
                self.engine.handle_connected(self.now, connection);
            }
            Command::Discard(live) => {
                self.closed = self.closed.or(live.connection.close_reason());
            }
            _ => {}
        }
    }

    /// Tells the engine that there is something to read; whether that has any effect.
    fn wake(&mut self) -> bool {
        let Some(connection) = self.connection.filter(|_| self.closed.is_none()) else {
            return false;
        };
        let readable = Readiness {
            read: true,
            ..Readiness::default()
        };
        self.engine.handle_readiness(connection, readable);
        match self.engine.poll_ready() {
            Some(connection) => {
                self.drive(connection);
                true
            }
            None => false,
        }
    }

    fn drive(&mut self, connection: ConnectionId) {
        let (takes, coming, now) = (self.takes, &mut self.coming, self.now);
        let Some(mut live) = self.engine.drive(connection) else {
            return;
        };
        live.write(now, |(), outgoing| match takes {
            Takes::Everything => Ok(outgoing.len()),
            Takes::Nothing => Err(io::ErrorKind::WouldBlock.into()),
        });
        live.read(now, |(), space| deliver(coming, space));
    }
}

fn deliver(coming: &mut VecDeque<Delivery>, space: &mut [u8]) -> io::Result<usize> {
    match coming.pop_front() {
        None => Err(io::ErrorKind::WouldBlock.into()),
        Some(Delivery::End) => Ok(0),
        Some(Delivery::Reset) => Err(io::ErrorKind::ConnectionReset.into()),
        Some(Delivery::Octets(mut octets)) => {
            let count = octets.len().min(space.len());
            let rest = octets.split_off(count);
            space[..count].copy_from_slice(&octets);
            if !rest.is_empty() {
                coming.push_front(Delivery::Octets(rest));
            }
            Ok(count)
        }
    }
}
