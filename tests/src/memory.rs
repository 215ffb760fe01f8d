//! The client over the in-memory network, in both styles that the engine offers.
//!
//! [`InPlace`] leaves the connections inside the engine, as a single-threaded loop does; [`Taken`] takes each out for
//! its request, as threads and tasks do. Both are [`World`]s: nothing sleeps, and a scenario that would wait for ever
//! panics at once.

mod in_place;
mod named;
mod record;
mod taken;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{
    Command, Config, ConnectionId, CookieJar, Engine, Error, Now, PoolEvent, PoolSnapshot,
    Readiness, Request, RequestId, Tick, Upgraded,
};

pub use self::in_place::InPlace;
use self::record::{Record, Until};
pub use self::taken::Taken;
use crate::network::{Conditions, Cuts, Dial, Network, Report, Stream};
use crate::origin::Site;
use crate::source::Source;
use crate::world::{Arrival, Fate, Listening, Meanwhile, Reply, Served, Upgrade, World, base};

/// No scenario lasts longer than this, in virtual time; what has not happened by then never will.
const FOR_EVER: Duration = Duration::from_secs(60 * 60);

/// Nor does it need more turns than this: the largest content in the smallest pieces takes a few ten thousand.
const MOST_TURNS: usize = 10_000_000;

/// The engine and the network it is driven over.
pub struct Hub {
    engine: Engine<Stream>,
    network: Network,
}

/// How a driver follows its requests.
pub trait Style: Default {
    /// For messages.
    const NAME: &'static str;

    /// Takes charge of a request that was just submitted, and of the source that its record may have.
    fn follow(&mut self, hub: &mut Hub, id: RequestId, record: Record);

    /// A transport may be ready.
    fn note_ready(&mut self, hub: &mut Hub, connection: ConnectionId, ready: Readiness);

    /// A transport stands.
    fn note_opened(&mut self, _hub: &mut Hub, _connection: ConnectionId) {}

    /// Does everything that can be done at this moment.
    fn work(&mut self, hub: &mut Hub);

    /// Gives a request up, unless it is over.
    fn cancel(&mut self, hub: &mut Hub, id: RequestId);

    /// When a source goes on that pauses.
    fn next(&self) -> Option<Tick>;

    /// A request takes the content that it has left lying until now.
    fn take_held(&mut self, hub: &mut Hub, id: RequestId);

    /// What is known of a request; `None` if it was given up.
    fn record(&mut self, id: RequestId) -> Option<&mut Record>;
}

impl Hub {
    fn new(config: Config, network: Network) -> Self {
        let engine = Engine::new(config).expect("the scenario's configuration is valid");
        Self { engine, network }
    }

    fn now(&self) -> Now {
        self.network.now()
    }

    /// Obeys the next command, if there is one. What is to be closed is dropped.
    fn obey(&mut self) -> bool {
        match self.engine.poll_command() {
            None => return false,
            Some(Command::Resolve {
                establish,
                host,
                port,
            }) => self.network.resolve(establish, &host, port),
            Some(Command::Dial { connection, plan }) => {
                let Some(address) = plan.to.address() else {
                    panic!("this network has no {}", plan.to);
                };
                let stream = self.network.dial(connection, address);
                let deposited = self.engine.deposit(connection, stream);
                assert!(deposited.is_ok(), "a command to dial, but nobody wants it");
            }
            Some(Command::Answer(question)) => {
                let answer = question.answer_or_refuse();
                self.engine.handle_answer(self.now(), question.id(), answer);
            }
            Some(Command::Discard(mut live)) => {
                let now = self.now();
                live.say_farewell(now, |stream, outgoing| outgoing.write_to(stream));
            }
            Some(Command::Abandon { .. }) => {}
            Some(other) => panic!("an unknown command: {other:?}"),
        }
        true
    }
}

/// A client over a network of its own.
pub struct Memory<S> {
    hub: Hub,
    style: S,
    arrival: Arrival,
    addresses: u8,
    turns: usize,
}

impl<S: Style> Memory<S> {
    /// A session of the default configuration, on a network without sites.
    pub fn new(conditions: Conditions) -> Self {
        let arrival = match conditions.arrival {
            Cuts::Whole => Arrival::Whole,
            Cuts::Pieces(_) | Cuts::Random(_) => Arrival::InPieces,
        };
        Self {
            hub: Hub::new(Config::default(), Network::new(conditions)),
            style: S::default(),
            arrival,
            addresses: 0,
            turns: 0,
        }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.hub.network
    }

    /// The engine, for what no scenario can express.
    pub fn engine(&mut self) -> &mut Engine<Stream> {
        &mut self.hub.engine
    }

    fn new_address(&mut self) -> SocketAddr {
        self.addresses += 1;
        ([10, 0, 0, self.addresses], 80).into()
    }

    fn submit(&mut self, request: Request, until: Until) -> RequestId {
        self.follow(request, Record::new(until))
    }

    fn follow(&mut self, request: Request, record: Record) -> RequestId {
        let now = self.hub.now();
        let id = self.hub.engine.submit(now, request);
        self.style.follow(&mut self.hub, id, record);
        id
    }

    /// Holds the conversation on a stream that was switched.
    fn converse(&mut self, mut upgraded: Upgraded<Stream>, mut words: &[u8]) -> Vec<u8> {
        let (mut heard, mut space) = (Vec::new(), [0; 1024]);
        let until = self.hub.now().tick.after(FOR_EVER);
        while !words.is_empty() {
            match upgraded.write(words) {
                Ok(count) => words = &words[count..],
                Err(_) => self.turn(until),
            }
        }
        while upgraded.flush().is_err() {
            self.turn(until);
        }
        loop {
            match upgraded.read(&mut space) {
                Ok(0) => return heard,
                Ok(count) => heard.extend_from_slice(&space[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.turn(until),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Lets things happen until `until`, or until all of these requests are over; says whether they are.
    fn run(&mut self, until: Tick, requests: &[RequestId]) -> bool {
        loop {
            self.style.work(&mut self.hub);
            if !requests.is_empty() && requests.iter().all(|id| self.is_over(*id)) {
                return true;
            }
            let due = self.hub.network.next().into_iter();
            let due = due
                .chain(self.hub.engine.deadline())
                .chain(self.style.next());
            let due = due.min();
            self.turn(due.map_or(until, |due| due.min(until)));
            if due.is_none_or(|due| due > until) {
                return false;
            }
        }
    }

    /// One thing that happens until `until`, or the passing of that time.
    fn turn(&mut self, until: Tick) {
        self.turns += 1;
        assert!(self.turns < MOST_TURNS, "the client turns in a circle");
        let report = self.hub.network.advance(until);
        let (engine, now) = (&mut self.hub.engine, self.hub.network.now());
        match report {
            Some(Report::Ready(connection, ready)) => {
                self.style.note_ready(&mut self.hub, connection, ready);
            }
            Some(Report::Resolved(establish, answer)) => {
                let answer = answer.as_deref().map_err(Clone::clone);
                engine.handle_resolved(now, establish, answer);
            }
            Some(Report::Connected(connection)) => {
                engine.handle_connected(now, connection);
                self.style.note_opened(&mut self.hub, connection);
            }
            Some(Report::DialFailed(connection, why)) => {
                engine.handle_dial_failed(now, connection, why);
            }
            None => {}
        }
        self.hub.engine.handle_deadline(now);
    }

    fn is_over(&mut self, id: RequestId) -> bool {
        self.style.record(id).is_none_or(|record| record.is_over())
    }

    fn outcome(&mut self, id: RequestId) -> Result<Reply, Error> {
        let over = self.style.record(id).and_then(Record::outcome);
        over.expect("the request is over")
    }

    fn finish(&mut self, requests: &[RequestId]) {
        let until = self.hub.now().tick.after(FOR_EVER);
        let over = self.run(until, requests);
        assert!(over, "{}: the client waits for ever", S::NAME);
    }

    fn give_up(&mut self, requests: &[RequestId], after: Duration) {
        self.pass(after);
        for id in requests {
            assert!(!self.is_over(*id), "no head was to come before that");
            self.style.cancel(&mut self.hub, *id);
            self.style.work(&mut self.hub);
        }
    }
}

impl<S: Style> fmt::Debug for Memory<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {:?}", S::NAME, self.hub.network)
    }
}

impl<S: Style> World for Memory<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn arrival(&self) -> Arrival {
        self.arrival
    }

    fn is_virtual(&self) -> bool {
        true
    }

    fn serve(&mut self, site: Arc<dyn Site>) -> Served {
        let address = self.new_address();
        let network = self.hub.network.clone();
        network.listen(address, site);
        Served::new(address, Place { network, address })
    }

    fn configure(&mut self, config: Config) {
        let network = self.hub.network.clone();
        network.forget_questions();
        self.style = S::default();
        self.hub = Hub::new(config, network);
    }

    fn send(&mut self, request: Request) -> Result<Reply, Error> {
        let id = self.submit(request, Until::End);
        self.finish(&[id]);
        self.outcome(id)
    }

    fn send_from(&mut self, request: Request, source: Source) -> Result<Reply, Error> {
        let record = Record::with(source, request.trailers().clone());
        let id = self.follow(request, record);
        self.finish(&[id]);
        self.outcome(id)
    }

    fn upgrade(&mut self, request: Request, words: &[u8]) -> Result<Upgrade, Error> {
        let id = self.submit(request, Until::Switch);
        self.finish(&[id]);
        let upgraded = self.style.record(id).and_then(Record::upgraded);
        let reply = self.outcome(id)?;
        let heard = upgraded.map(|upgraded| self.converse(upgraded, words));
        Ok(Upgrade { reply, heard })
    }

    fn send_all(&mut self, requests: Vec<Request>) -> Vec<Result<Reply, Error>> {
        let requests = requests.into_iter();
        let ids: Vec<_> = requests.map(|it| self.submit(it, Until::End)).collect();
        self.finish(&ids);
        ids.into_iter().map(|id| self.outcome(id)).collect()
    }

    fn send_and_drop(&mut self, request: Request) -> Result<Reply, Error> {
        let id = self.submit(request, Until::Head);
        self.finish(&[id]);
        self.outcome(id)
    }

    fn send_and_cancel(&mut self, request: Request, after: Duration) {
        let id = self.submit(request, Until::End);
        self.give_up(&[id], after);
    }

    fn send_beside(
        &mut self,
        requests: Vec<(Fate, Request)>,
        after: Duration,
    ) -> Vec<Result<Reply, Error>> {
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for (fate, request) in requests {
            let id = self.submit(request, Until::End);
            match fate {
                Fate::Stays => stay.push(id),
                Fate::Goes => go.push(id),
            }
        }
        self.give_up(&go, after);
        self.finish(&stay);
        stay.into_iter().map(|id| self.outcome(id)).collect()
    }

    fn send_through(
        &mut self,
        request: Request,
        after: Duration,
        act: Meanwhile,
    ) -> Result<Reply, Error> {
        let id = self.submit(request, Until::End);
        self.pass(after);
        self.act(act);
        self.finish(&[id]);
        self.outcome(id)
    }

    fn send_and_dawdle(&mut self, request: Request, pause: Duration) -> Result<Reply, Error> {
        let id = self.submit(request, Until::Leisure);
        self.pass(pause);
        self.style.take_held(&mut self.hub, id);
        self.finish(&[id]);
        self.outcome(id)
    }

    fn pool(&mut self) -> PoolSnapshot {
        self.hub.engine.pool(self.hub.now())
    }

    fn pool_events(&mut self) -> Vec<PoolEvent> {
        let engine = &mut self.hub.engine;
        std::iter::from_fn(|| engine.poll_pool_event()).collect()
    }

    fn cookies(&mut self, act: &mut dyn FnMut(&mut CookieJar, Duration)) {
        let wall = self.hub.now().wall;
        act(self.hub.engine.cookies_mut(), wall);
    }

    fn close_idle(&mut self) {
        let now = self.hub.now();
        self.hub.engine.close_idle(now);
        self.style.work(&mut self.hub);
    }

    fn close(&mut self) {
        let now = self.hub.now();
        self.hub.engine.close(now);
        self.style.work(&mut self.hub);
    }

    fn refused(&mut self) -> String {
        format!("{}/", base(self.new_address()))
    }

    fn unreachable(&mut self) -> Option<String> {
        let address = self.new_address();
        self.hub.network.set_dial(address, Dial::Never);
        Some(format!("{}/", base(address)))
    }

    fn pass(&mut self, time: Duration) {
        let until = self.hub.now().tick.after(time);
        self.run(until, &[]);
    }
}

/// A site's place on the network.
struct Place {
    network: Network,
    address: SocketAddr,
}

impl Listening for Place {
    fn opened(&self) -> usize {
        self.network.opened(self.address)
    }

    fn closed(&self) -> usize {
        self.network.closed(self.address)
    }
}

/// Requests and what is kept for each, by id.
type ById<T> = BTreeMap<RequestId, T>;
