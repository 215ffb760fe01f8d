//! What the network is made of: one clock, one agenda, and the lines.
//!
//! Everything that will happen stands in the agenda under its tick and the order in which it was planned. Nothing else
//! moves; so the same calls give the same history.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{ConnectionId, EstablishId, Now, Readiness, ResolveError, Tick};

use super::chance::Chance;
use super::conditions::{Conditions, Cuts};
use super::far_side::FarSide;
use super::line::{Ending, Line, Parcel};
use super::trace::Trace;
use super::{BEGINNING, Dial, Report, Resolution};
use crate::origin::{Act, Site};

/// Something that will happen.
enum Happening {
    Resolved(EstablishId, Result<Vec<SocketAddr>, ResolveError>),
    Connected(usize),
    Refused(usize),
    /// The first parcel in flight arrives at the client.
    Arrived(usize),
    /// The transport takes octets again.
    Writable(usize),
    /// Octets of the client's reach the peer.
    Reached(usize, Vec<u8>),
    /// The peer learns that the client has closed.
    Gone(usize),
    /// A pause of the peer's has passed.
    Resumed(usize),
}

/// A site at its address.
struct Listener {
    site: Arc<dyn Site>,
    opened: usize,
    open: BTreeSet<usize>,
}

/// All of the network that its handles share.
pub(super) struct Fabric {
    pub(super) now: Now,
    pub(super) trace: Trace,
    conditions: Conditions,
    chance: Chance,
    agenda: BTreeMap<(Tick, u64), Happening>,
    planned: u64,
    listeners: BTreeMap<SocketAddr, Listener>,
    pub(super) names: BTreeMap<String, (Duration, Resolution)>,
    pub(super) dials: BTreeMap<SocketAddr, Dial>,
    lines: BTreeMap<usize, Line>,
    dialled: usize,
}

impl Fabric {
    pub(super) fn new(conditions: Conditions) -> Self {
        Self {
            now: Now {
                wall: BEGINNING,
                ..Now::default()
            },
            trace: Trace::new(),
            chance: Chance::new(conditions.seed),
            conditions,
            agenda: BTreeMap::new(),
            planned: 0,
            listeners: BTreeMap::new(),
            names: BTreeMap::new(),
            dials: BTreeMap::new(),
            lines: BTreeMap::new(),
            dialled: 0,
        }
    }

    pub(super) fn listen(&mut self, address: SocketAddr, site: Arc<dyn Site>) {
        let listener = Listener {
            site,
            opened: 0,
            open: BTreeSet::new(),
        };
        self.listeners.insert(address, listener);
    }

    /// How many connections the site at this address has accepted, and how many of them are over.
    pub(super) fn counts(&self, address: SocketAddr) -> (usize, usize) {
        let listener = self.listeners.get(&address);
        listener.map_or((0, 0), |listener| {
            (listener.opened, listener.opened - listener.open.len())
        })
    }

    // ------------------------------------------------------------------------------------------------ the agenda

    pub(super) fn next(&self) -> Option<Tick> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    fn plan(&mut self, wait: Duration, happening: Happening) {
        self.plan_at(self.now.tick.after(wait), happening);
    }

    fn plan_at(&mut self, at: Tick, happening: Happening) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), happening);
    }

    /// Lets things happen until one concerns the client, at most until `until`, where the clock stands afterwards.
    pub(super) fn advance(&mut self, until: Tick) -> Option<Report> {
        while self.next().is_some_and(|at| at <= until) {
            let ((at, _), happening) = self.agenda.pop_first()?;
            self.turn_clock(at);
            if let Some(report) = self.happen(happening) {
                return Some(report);
            }
        }
        self.turn_clock(until);
        None
    }

    fn turn_clock(&mut self, to: Tick) {
        self.now = self.now.after(to.since(self.now.tick));
    }

    fn happen(&mut self, happening: Happening) -> Option<Report> {
        match happening {
            Happening::Resolved(establish, answer) => Some(Report::Resolved(establish, answer)),
            Happening::Connected(key) => self.connected(key),
            Happening::Refused(key) => {
                let line = self.lines.get(&key)?;
                let why = io::ErrorKind::ConnectionRefused;
                Some(Report::DialFailed(line.connection, why))
            }
            Happening::Arrived(key) => self.arrived(key),
            Happening::Writable(key) => {
                let line = self.lines.get_mut(&key)?;
                line.full = false;
                let ready = Readiness {
                    write: true,
                    ..Readiness::default()
                };
                line.held.then_some(Report::Ready(line.connection, ready))
            }
            Happening::Reached(key, octets) => {
                self.with_far_side(key, |far| far.receive(&octets));
                None
            }
            Happening::Gone(key) => {
                self.with_far_side(key, FarSide::client_gone);
                self.lines.remove(&key);
                None
            }
            Happening::Resumed(key) => {
                self.with_far_side(key, FarSide::resume);
                None
            }
        }
    }

    // ------------------------------------------------------------------------------------------- the driver's orders

    pub(super) fn resolve(&mut self, establish: EstablishId, host: &str, port: u16) {
        let unknown = (
            self.conditions.delay,
            Resolution::Error("no such name".into()),
        );
        let (after, answer) = self.names.get(host).cloned().unwrap_or(unknown);
        let answer = match answer {
            Resolution::Addresses(addresses) => Ok(addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, port))
                .collect()),
            Resolution::Error(detail) => Err(ResolveError::new(detail)),
            Resolution::Never => return,
        };
        self.plan(after, Happening::Resolved(establish, answer));
    }

    /// Answers to questions that were asked so far will not come.
    pub(super) fn forget_questions(&mut self) {
        let question = |happening: &Happening| matches!(happening, Happening::Resolved(..));
        self.agenda.retain(|_, happening| !question(happening));
    }

    /// Begins to dial; the number of the line.
    pub(super) fn dial(&mut self, connection: ConnectionId, address: SocketAddr) -> usize {
        let key = self.dialled;
        self.dialled += 1;
        self.lines.insert(key, Line::new(connection, address));
        let delay = self.conditions.delay;
        let usual = if self.listeners.contains_key(&address) {
            Dial::Connect(delay)
        } else {
            Dial::Refuse(delay)
        };
        match self.dials.get(&address).copied().unwrap_or(usual) {
            Dial::Connect(after) => self.plan(after, Happening::Connected(key)),
            Dial::Refuse(after) => self.plan(after, Happening::Refused(key)),
            Dial::Never => {}
        }
        let now = self.now.tick;
        self.trace.note(now, "dial", address.to_string().as_bytes());
        key
    }

    /// The dial of a client that has gone meanwhile is no connection.
    fn connected(&mut self, key: usize) -> Option<Report> {
        let line = self.lines.get_mut(&key)?;
        let listener = self.listeners.get_mut(&line.address)?;
        line.far = Some(FarSide::new(listener.site.accept(listener.opened)));
        listener.opened += 1;
        listener.open.insert(key);
        let report = Report::Connected(line.connection);
        self.perform(key);
        Some(report)
    }

    // ------------------------------------------------------------------------------------------------- the far sides

    fn with_far_side(&mut self, key: usize, change: impl FnOnce(&mut FarSide)) {
        if let Some(far) = self.lines.get_mut(&key).and_then(|line| line.far.as_mut()) {
            change(far);
            self.perform(key);
        }
    }

    /// Does what the peer of a line says until it waits or is over.
    fn perform(&mut self, key: usize) {
        while let Some(act) = self.next_act(key) {
            match act {
                Act::Send(octets) => self.send(key, &octets),
                Act::Pause(time) => self.plan(time, Happening::Resumed(key)),
                Act::Finish => self.fly(key, Parcel::End(Ending::Clean)),
                Act::Reset => {
                    self.fly(key, Parcel::End(Ending::Reset));
                    self.forget_open(key);
                }
            }
        }
        let over = |line: &Line| !line.held && line.far.as_ref().is_some_and(FarSide::is_over);
        if self.lines.get(&key).is_some_and(over) {
            self.forget_open(key);
        }
    }

    fn next_act(&mut self, key: usize) -> Option<Act> {
        self.lines.get_mut(&key)?.far.as_mut()?.next_act()
    }

    /// As a real peer counts: a connection is over when both sides have ended it, or one has reset it.
    fn forget_open(&mut self, key: usize) {
        if let Some(line) = self.lines.get(&key)
            && let Some(listener) = self.listeners.get_mut(&line.address)
        {
            listener.open.remove(&key);
        }
    }

    fn send(&mut self, key: usize, octets: &[u8]) {
        let mut before = 0;
        while before < octets.len() {
            let after = octets.len() - before;
            let piece = self
                .conditions
                .arrival
                .piece(&mut self.chance, before, after);
            self.fly(key, Parcel::Octets(octets[before..before + piece].to_vec()));
            before += piece;
        }
    }

    fn fly(&mut self, key: usize, parcel: Parcel) {
        let at = self.now.tick.after(self.conditions.delay);
        if let Some(line) = self.lines.get_mut(&key) {
            line.flight.push_back((at, parcel));
            if line.flight.len() == 1 {
                self.plan_at(at, Happening::Arrived(key));
            }
        }
    }

    /// One parcel, and the next in a turn of its own; but where nothing is cut, the end comes with the last octets.
    fn arrived(&mut self, key: usize) -> Option<Report> {
        let line = self.lines.get_mut(&key)?;
        let (at, parcel) = line.flight.pop_front()?;
        let mut ready = line.arrive(parcel);
        let whole = self.conditions.arrival == Cuts::Whole;
        let end = |first: &(Tick, Parcel)| first.0 <= at && matches!(first.1, Parcel::End(_));
        if whole && line.flight.front().is_some_and(end) {
            let (_, parcel) = line.flight.pop_front()?;
            ready = line.arrive(parcel);
        }
        let report = line.held.then_some(Report::Ready(line.connection, ready));
        if let Some((next, _)) = line.flight.front() {
            let next = (*next).max(at);
            self.plan_at(next, Happening::Arrived(key));
        }
        report
    }

    // -------------------------------------------------------------------------------------------- the client's ends

    pub(super) fn read(&mut self, key: usize, into: &mut [u8]) -> io::Result<usize> {
        let line = self
            .lines
            .get_mut(&key)
            .ok_or(io::ErrorKind::NotConnected)?;
        line.read(into)
    }

    pub(super) fn write(&mut self, key: usize, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let line = self.lines.get_mut(&key);
        let line = line.ok_or(io::ErrorKind::NotConnected)?;
        line.check_write()?;
        let departure = self.conditions.departure;
        let offered = slices.iter().map(|slice| slice.len()).sum();
        let count = departure.piece(&mut self.chance, line.burst, offered);
        line.burst += count;
        line.full = departure != Cuts::Whole;
        if line.full {
            self.plan(Duration::ZERO, Happening::Writable(key));
        }
        let octets = slices.iter().flat_map(|slice| slice.iter().copied());
        let octets: Vec<u8> = octets.take(count).collect();
        self.trace.note(self.now.tick, "write", &octets);
        self.plan(self.conditions.delay, Happening::Reached(key, octets));
        Ok(count)
    }

    pub(super) fn close(&mut self, key: usize) {
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        line.held = false;
        if line.far.is_some() {
            self.plan(self.conditions.delay, Happening::Gone(key));
        } else {
            self.lines.remove(&key);
        }
        self.trace.note(self.now.tick, "close", &key.to_be_bytes());
    }
}
