//! The engine in its world: sockets that are numbers, commands that were not answered yet, and what the application was
//! told of each request.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use super::action::{Action, Answer, Dialled, Found};
use super::far::Far;
use super::setting::{Model, Setting, Style};
use crate::base::{ConnectionId, EstablishId, Now, RequestId};
use crate::engine::engine::{Command, Engine, Slot};
use crate::engine::live::{Live, Readiness};
use crate::session::{Request, ResolveError, Tenancy};

/// Far more than any limit of time, so that all pass.
const FAR_OFF: core::time::Duration = core::time::Duration::from_secs(3600);

/// How a request came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Well,
    Failed,
    Cancelled,
}

/// What the application and its driver know of a request.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: RequestId,
    pub(super) over: Option<Over>,
    pub(super) head_told: bool,
    /// Content stands ready that the application has not read.
    pub(super) content_told: bool,
    /// The application is to hand over the request's content, and has not.
    pub(super) wanted: bool,
    /// The connection speaks another protocol, and the application has not taken it.
    pub(super) switched: bool,
    /// Taken: its driver has seen a response that is nobody's.
    pub(super) parting: bool,
    /// In place: it has handed the content over, and has not told its end.
    pub(super) unfinished: bool,
    /// What it has handed over and the connection has not taken. (Taken: a façade lends it.)
    pub(super) left: &'static [u8],
    /// Taken: its driver has a reason to ask for its connection, or to look at it.
    pub(super) woken: bool,
}

impl Record {
    pub(super) fn is_over(&self) -> bool {
        self.over.is_some()
    }
}

pub(super) struct World {
    pub(super) setting: &'static Setting,
    pub(super) style: Style,
    requests: Vec<Arc<Request>>,
    pub(super) engine: Engine<u32>,
    pub(super) now: Now,
    pub(super) closed: bool,
    pub(super) records: Vec<Record>,
    pub(super) questions: Vec<EstablishId>,
    pub(super) dials: Vec<ConnectionId>,
    /// Sockets that are open.
    pub(super) open: BTreeSet<u32>,
    sockets: u32,
    pub(super) fars: BTreeMap<u32, Far>,
    /// In place: connections that the engine has named, and nobody has driven since.
    pub(super) named: BTreeSet<ConnectionId>,
    /// Taken: connections in the hands of their requests' drivers.
    pub(super) hands: Vec<(usize, Box<Live<u32>>)>,
    /// Taken: a connection whose rest somebody reads.
    pub(super) rest: Option<Box<Live<u32>>>,
    /// How many exchanges' memories there are, and how many went with their connections since they were counted.
    memories: usize,
    pub(super) discarded: usize,
    pub(super) trail: Vec<Action>,
}

impl World {
    pub(super) fn new(model: &Model) -> Self {
        Self {
            setting: model.setting,
            style: model.style,
            requests: model.requests.clone(),
            engine: Engine::new(model.setting.config()).expect("a valid setting"),
            now: Now::default(),
            closed: false,
            records: Vec::new(),
            questions: Vec::new(),
            dials: Vec::new(),
            open: BTreeSet::new(),
            sockets: 0,
            fars: BTreeMap::new(),
            named: BTreeSet::new(),
            hands: Vec::new(),
            rest: None,
            memories: 0,
            discarded: 0,
            trail: Vec::new(),
        }
    }

    // ------------------------------------------------------------------------------------------------------- actions

    /// Does one thing, and what it makes the engine want done.
    pub(super) fn act(&mut self, action: Action) -> Found {
        self.trail.push(action);
        let found = self.perform(action);
        self.obey();
        self.hear_names();
        self.count_memory();
        found
    }

    fn perform(&mut self, action: Action) -> Found {
        match action {
            Action::Submit(place) => self.submit(place),
            Action::Close => {
                self.closed = true;
                self.engine.close(self.now);
            }
            Action::CloseIdle => self.engine.close_idle(self.now),
            Action::Cancel(place) => self.cancel(place),
            Action::Read(place) => self.read(place),
            Action::Feed(place) => self.feed(place),
            Action::Finish(place) => self.finish(place),
            Action::TakeStream(place) => self.take_stream(place),
            Action::SourceFails(place) => return self.source_fails(place),
            Action::Hear => return self.hear(),
            Action::Collect(place) => return self.collect(place),
            Action::Look(place) => return self.look(place),
            Action::Sleep(place) => self.sleep(place),
            Action::TakeRest => self.rest = self.engine.take_draining(),
            Action::PutRest => return self.put_rest(),
            Action::Resolve(place, answer) => self.resolve(place, answer),
            Action::Dial(place, how) => self.dial(place, how),
            Action::Write(place, flow) => self.write(place, flow),
            Action::Receive(place, says) => self.receive(place, says),
            Action::TimeNext => {
                let due = self.engine.deadline().unwrap_or_default();
                self.now.tick = self.now.tick.max(due);
                self.engine.handle_deadline(self.now);
            }
            Action::TimeFar => {
                self.now = self.now.after(FAR_OFF);
                self.engine.handle_deadline(self.now);
            }
        }
        Found::Well
    }

    fn submit(&mut self, place: usize) {
        let request = Arc::clone(&self.requests[place]);
        let id = self.engine.submit(self.now, request);
        self.records.push(Record {
            id,
            over: None,
            head_told: false,
            content_told: false,
            wanted: false,
            switched: false,
            parting: false,
            unfinished: false,
            left: b"",
            // Whoever submits asks at once.
            woken: true,
        });
    }

    fn cancel(&mut self, place: usize) {
        let id = self.records[place].id;
        match self.take_hand(place) {
            Some(live) => self.engine.cancel_taken(self.now, id, live),
            None => self.engine.cancel(self.now, id),
        }
        self.note_over(place, Over::Cancelled);
    }

    fn resolve(&mut self, place: usize, answer: Answer) {
        let question = self.questions.remove(place);
        let addresses = [([192, 0, 2, 9], 80).into(), ([192, 0, 2, 8], 80).into()];
        let answer = match answer {
            Answer::Addresses => Ok(&addresses[..]),
            Answer::None => Ok(&[][..]),
            Answer::Fails => Err(ResolveError::new("nobody knows")),
        };
        self.engine.handle_resolved(self.now, question, answer);
        // Nobody listens to a second answer.
        let again = Err(ResolveError::new("asked once"));
        self.engine.handle_resolved(self.now, question, again);
    }

    fn dial(&mut self, place: usize, how: Dialled) {
        let connection = self.dials.remove(place);
        if how == Dialled::Fails {
            let refused = io::ErrorKind::ConnectionRefused;
            self.engine
                .handle_dial_failed(self.now, connection, refused);
            return;
        }
        if self.style == Style::Taken {
            assert!(
                self.engine.is_dial_wanted(connection),
                "it was not abandoned"
            );
            let socket = self.open_socket();
            let deposited = self.engine.deposit(connection, socket);
            assert_eq!(deposited, Ok(()), "a dial that was not abandoned");
        }
        self.engine.handle_connected(self.now, connection);
        // An edge is told once, and what told of the opening may have told of octets, or of an end, too.
        let ready = Readiness {
            read: true,
            ..Readiness::default()
        };
        self.engine.handle_readiness(connection, ready);
    }

    // ------------------------------------------------------------------------------------------- what the engine wants

    fn obey(&mut self) {
        while let Some(command) = self.engine.poll_command() {
            match command {
                Command::Resolve { establish, .. } => self.questions.push(establish),
                Command::Dial { connection, .. } => {
                    self.dials.push(connection);
                    // Some drivers leave the half-made transport in its slot, others wait until it stands.
                    if self.style == Style::InPlace {
                        let socket = self.open_socket();
                        let deposited = self.engine.deposit(connection, socket);
                        assert_eq!(deposited, Ok(()), "a dial that has just begun");
                    }
                }
                Command::Discard(live) => {
                    let reason = live.connection.close_reason();
                    assert!(reason.is_some(), "discarded for no reason");
                    self.discarded += usize::from(live.connection.holds_memory());
                    self.shut(live.io);
                }
                Command::Abandon { connection, io } => self.abandon(connection, io),
                Command::Answer(question) => panic!("nothing is mounted: {question:?}"),
            }
        }
    }

    /// Gives up a dial. What its driver reports too late changes nothing.
    fn abandon(&mut self, connection: ConnectionId, io: Option<u32>) {
        // A dial that has just failed was given up by its driver already.
        self.dials.retain(|dial| *dial != connection);
        assert!(!self.engine.is_dial_wanted(connection));
        match io {
            Some(socket) => self.shut(socket),
            None => {
                let late = self.open_socket();
                assert_eq!(self.engine.deposit(connection, late), Err(late));
                self.shut(late);
            }
        }
        let reset = io::ErrorKind::ConnectionReset;
        self.engine.handle_connected(self.now, connection);
        self.engine.handle_dial_failed(self.now, connection, reset);
    }

    fn open_socket(&mut self) -> u32 {
        self.sockets += 1;
        self.open.insert(self.sockets);
        self.sockets
    }

    pub(super) fn shut(&mut self, socket: u32) {
        assert!(self.open.remove(&socket), "socket {socket} is closed twice");
        self.fars.remove(&socket);
    }

    /// Who can go on, and which connections.
    fn hear_names(&mut self) {
        match self.style {
            Style::InPlace => {
                while let Some(connection) = self.engine.poll_ready() {
                    self.named.insert(connection);
                }
                let engine = &self.engine;
                let present = |id: &ConnectionId| engine.connection_at(id.index()) == Some(*id);
                self.named.retain(present);
            }
            Style::Taken => {
                while let Some(id) = self.engine.poll_wake() {
                    let place = self.place_of(id);
                    let place = place.expect("whoever is woken was submitted");
                    let record = &mut self.records[place];
                    assert!(!record.is_over(), "request {place} is over, and woken");
                    record.woken = true;
                }
            }
        }
    }

    /// An exchange's memory comes back, or goes with its connection.
    fn count_memory(&mut self) {
        let (gone, before) = (core::mem::take(&mut self.discarded), self.memories);
        self.memories = self.engine.spare.len()
            + self
                .everywhere()
                .filter(|live| live.connection.holds_memory())
                .count();
        assert!(
            self.memories + gone >= before,
            "an exchange's memory was lost"
        );
    }

    // ------------------------------------------------------------------------------------------------- what was told

    /// Notes the end of a request: the only one.
    pub(super) fn note_over(&mut self, place: usize, how: Over) {
        let record = &mut self.records[place];
        assert!(!record.is_over(), "request {place} is over twice: {how:?}");
        assert!(
            how != Over::Well || record.head_told,
            "an end without a head"
        );
        record.over = Some(how);
        (record.content_told, record.wanted) = (false, false);
        (record.switched, record.unfinished) = (false, false);
    }

    pub(super) fn place_of(&self, id: RequestId) -> Option<usize> {
        self.records.iter().position(|record| record.id == id)
    }

    /// What of a request has to do with its present connection: it is sent anew on another.
    pub(super) fn begin_anew(&mut self, place: usize) {
        let record = &mut self.records[place];
        (record.content_told, record.wanted) = (false, false);
        (record.switched, record.unfinished) = (false, false);
        record.left = b"";
        record.parting = false;
    }

    // ---------------------------------------------------------------------------------------------------- connections

    /// Those that somebody may drive now.
    pub(super) fn lives(&self) -> Vec<&Live<u32>> {
        match self.style {
            Style::InPlace => self.everywhere().collect(),
            Style::Taken => {
                let hands = self.hands.iter().map(|(_, live)| &**live);
                hands.chain(self.rest.as_deref()).collect()
            }
        }
    }

    /// All that there are, wherever they are.
    pub(super) fn everywhere(&self) -> impl Iterator<Item = &Live<u32>> {
        let here = self.engine.slots.iter().filter_map(|slot| match slot {
            Slot::Here(live) => Some(&**live),
            Slot::Vacant | Slot::Dialling(_) | Slot::Taken => None,
        });
        let hands = self.hands.iter().map(|(_, live)| &**live);
        here.chain(hands).chain(self.rest.as_deref())
    }

    pub(super) fn find(&self, connection: ConnectionId) -> Option<&Live<u32>> {
        self.everywhere().find(|live| live.id == connection)
    }

    pub(super) fn hand(&self, place: usize) -> Option<&Live<u32>> {
        let hand = self.hands.iter().find(|(own, _)| *own == place);
        hand.map(|(_, live)| &**live)
    }

    pub(super) fn take_hand(&mut self, place: usize) -> Option<Box<Live<u32>>> {
        let at = self.hands.iter().position(|(own, _)| *own == place)?;
        Some(self.hands.remove(at).1)
    }

    /// The request that a connection is held for.
    pub(super) fn holder(&self, live: &Live<u32>) -> Option<RequestId> {
        let tenancies = self.engine.session.tenancies();
        tenancies
            .into_iter()
            .find_map(|(id, tenancy)| match tenancy {
                Tenancy::Held(request) if id == live.id => Some(request),
                _ => None,
            })
    }

    /// The far side of a connection.
    pub(super) fn far(&self, live: &Live<u32>) -> Far {
        let far = self.fars.get(&live.io).copied().unwrap_or_default();
        let served = live.info().served;
        far.of(live.request.map(|request| (request, served)))
    }
}
