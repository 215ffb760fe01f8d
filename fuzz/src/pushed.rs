//! A request with content on a whole session, driven in place on virtual time: what goes out is what was handed over.

use core::time::Duration;

use sessile_core::bytes::Bytes;
use sessile_core::{
    Command, Config, ConnectionId, Engine, Event, Fields, Now, Readiness, RequestBuilder,
    RequestId, Tick,
};

use crate::owed::{self, Owed};
use crate::steps::{self, Source, Step, Story, Word};
use crate::transport::{Room, Transport};

/// Far more than one step can be worth, with pieces of thousands of octets each taken at once.
const MOST_TURNS: usize = 10_000;

/// Longer than any two limits of the session's together.
const LONG: Duration = Duration::from_secs(130);

/// Asserts, for a request and anything that its application, its transport, its peer and the clock may do meanwhile:
///
/// 1. what goes out is the beginning of the one right encoding of what was handed over, never more than was announced;
/// 2. content that expects a 100 waits for it, or for its time; after a final head none goes out;
/// 3. after a 417 that came before content was touched, the whole request goes out once more without its expectation;
/// 4. while the request can take content and has none, its application has been asked for some;
/// 5. only a request that was sent to its end leaves a connection behind; nothing is told after its end;
/// 6. in the end, when all time has passed and the peer has closed, nothing is left: no request, connection, timer.
///
/// # Panics
/// If one of these does not hold.
pub fn upload(input: &[u8]) {
    let Some(story) = Story::read(input) else {
        return;
    };
    let mut session = Session::new(&story);
    if story.kept {
        session.warm_up();
    }
    session.submit(&story);
    let mut joined = false;
    for step in &story.steps {
        session.take(*step);
        let joins = *step == Step::Join;
        if !(joined || joins) {
            session.turn();
        }
        joined = joins;
    }
    session.wind_up();
}

/// Where the request stands, as the application knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    UnderWay,
    Answered,
    Over,
}

struct Session {
    engine: Engine<()>,
    now: Now,
    config: Config,
    transports: Vec<Transport>,
    room: Room,
    reads_first: bool,
    request: Option<RequestId>,
    owed: Option<Owed>,
    is_pushed: bool,
    standing: Standing,
    /// The application was asked for a piece, and has not handed one over.
    asked: bool,
    /// A 417 sent the request again.
    refused: bool,
    /// When the request must be over at the latest.
    due: Option<Tick>,
    /// When all of the head had gone out on the present connection.
    flushed: Option<Now>,
}

impl Session {
    fn new(story: &Story) -> Self {
        let config = story.config();
        Self {
            engine: Engine::new(config.clone()).expect("good settings"),
            now: Now::default(),
            config,
            transports: Vec::new(),
            room: Room::Endless,
            reads_first: false,
            request: None,
            owed: None,
            is_pushed: false,
            standing: Standing::UnderWay,
            asked: false,
            refused: false,
            due: None,
            flushed: None,
        }
    }

    /// Another exchange leaves a connection behind.
    fn warm_up(&mut self) {
        let request = RequestBuilder::new("GET", steps::URL).build();
        let id = self
            .engine
            .submit(self.now, request.expect("a good request"));
        self.request = Some(id);
        self.turn();
        self.hear(Word::Answer);
        self.turn();
        assert_eq!(self.standing, Standing::Over);
        assert_eq!(self.idle(), 1);
        self.transports[0].renew();
        self.standing = Standing::UnderWay;
    }

    fn submit(&mut self, story: &Story) {
        let request = story.request();
        let mut owed = Owed::new(&request, &self.config, story.source);
        match story.source {
            Source::Memory(length) => owed.push(&owed::piece(0, length)),
            Source::MemoryWithTrailers(length) => {
                owed.push(&owed::piece(0, length));
                owed.finish(true);
            }
            Source::Pushed | Source::PushedWithLength(_) => self.is_pushed = true,
        }
        self.owed = Some(owed);
        self.request = Some(self.engine.submit(self.now, request));
        self.due = story.deadline.map(|limit| self.now.tick.after(limit));
        // Nothing was driven yet: the first step decides what the transport takes.
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Push(length) => self.push(length),
            Step::Finish { trailers } => self.finish(trailers),
            Step::Abort => {
                if let Some(id) = self.request {
                    let why = std::io::ErrorKind::Other;
                    self.engine.abort_content(self.now, id, why);
                }
            }
            Step::Cancel => {
                if let Some(id) = self.request {
                    self.engine.cancel(self.now, id);
                    self.standing = Standing::Over;
                }
            }
            Step::Take(octets) => self.widen(Room::Octets(octets)),
            Step::TakeAll => self.widen(Room::Endless),
            Step::TakeNothing => self.room = Room::Octets(0),
            Step::FailWrites => self.widen(Room::Failing),
            Step::TurnRound => self.reads_first = !self.reads_first,
            Step::Hear(word) => self.hear(word),
            Step::Join => {}
            // More would not change anything but the time that it takes to pass.
            Step::Pass(_) if self.now.tick > Tick::default().after(LONG) => {}
            Step::Pass(halves) => self.pass(Duration::from_millis(500) * halves),
        }
    }

    fn push(&mut self, length: usize) {
        let (Some(id), Some(owed)) = (self.request, &mut self.owed) else {
            return;
        };
        let from = owed.length(false);
        let octets = owed::piece(from, length);
        let taken = self.engine.push_content(id, Bytes::from(octets.clone()));
        if taken.is_ok() {
            assert!(self.is_pushed, "nobody pushes to what stands in memory");
            assert_ne!(self.standing, Standing::Over, "nobody wants it");
            owed.push(&octets);
            self.asked &= octets.is_empty();
        }
    }

    fn finish(&mut self, trailers: bool) {
        let (Some(id), Some(owed)) = (self.request, &mut self.owed) else {
            return;
        };
        let mut fields = Fields::new();
        if trailers {
            let (name, value) = owed::TRAILER;
            fields.append(name, value).expect("a good line");
        }
        if self.engine.finish_content(self.now, id, fields).is_ok() {
            assert!(self.is_pushed, "what stands in memory has its end");
            assert_ne!(self.standing, Standing::Over, "nobody wants it");
            self.asked = false;
            // An end may be told early when nothing can go out any more: whatever was announced, none is owed then.
            let mut transports = self.transports.iter();
            if !transports.next_back().is_some_and(Transport::is_stopped) {
                owed.finish(trailers);
            }
        }
    }

    /// The transport takes something again, and says so.
    fn widen(&mut self, room: Room) {
        self.room = room;
        for place in 0..self.transports.len() {
            let writable = Readiness {
                write: true,
                ..Readiness::default()
            };
            let connection = self.transports[place].id;
            self.engine.handle_readiness(connection, writable);
        }
    }

    /// The peer says something on its newest connection.
    fn hear(&mut self, word: Word) {
        if let Some(transport) = self.transports.last_mut()
            && !transport.discarded
        {
            transport.coming.push_back(word);
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now.after(time);
        while let Some(due) = self.engine.deadline().filter(|due| *due <= until.tick) {
            self.now = self.now.after(due.since(self.now.tick));
            self.engine.handle_deadline(self.now);
            self.turn();
        }
        self.now = until;
    }

    /// The loop of the core's documentation, until nobody has anything left.
    fn turn(&mut self) {
        for turns in 0.. {
            assert!(turns < MOST_TURNS, "the loop does not come to rest");
            if let Some(event) = self.engine.poll_event(self.now) {
                self.note(event);
            } else if let Some(command) = self.engine.poll_command() {
                self.obey(command);
            } else if let Some(connection) = self.engine.poll_ready() {
                self.drive(connection);
            } else if !self.wake() {
                break;
            }
        }
        self.judge_rest();
    }

    fn note(&mut self, event: Event) {
        assert_ne!(self.standing, Standing::Over, "{event:?} after the end");
        match event {
            Event::Head(_) => {
                assert_eq!(self.standing, Standing::UnderWay, "one final head");
                self.standing = Standing::Answered;
            }
            Event::Content(id) => {
                assert_eq!(self.standing, Standing::Answered);
                self.engine.consume(self.now, id, usize::MAX);
            }
            Event::End(_) => {
                assert_eq!(self.standing, Standing::Answered, "no end without a head");
                self.standing = Standing::Over;
            }
            Event::Failed(..) => self.standing = Standing::Over,
            Event::ContentWanted(_) => {
                assert!(self.is_pushed && !self.asked, "it is asked for once");
                assert_eq!(self.standing, Standing::UnderWay);
                self.asked = true;
            }
            Event::Interim(_) => assert_eq!(self.standing, Standing::UnderWay),
            Event::Again(_) => {
                assert_eq!(self.standing, Standing::UnderWay);
                let owed = self.owed.as_ref();
                let handed = self.is_pushed && owed.is_some_and(Owed::has_content);
                assert!(!handed, "what was pushed cannot be sent anew");
                // It is asked for from its beginning.
                self.asked = false;
            }
            other => panic!("{other:?}"),
        }
    }

    fn obey(&mut self, command: Command<()>) {
        match command {
            Command::Dial { connection, .. } => {
                // It comes back if time has passed meanwhile, and the dial was given up.
                if self.engine.deposit(connection, ()).is_ok() {
                    self.note_again();
                    self.transports.push(Transport::new(connection));
                    self.engine.handle_connected(self.now, connection);
                }
            }
            Command::Discard(live) => {
                assert!(live.connection.close_reason().is_some());
                let mut transports = self.transports.iter_mut();
                let transport = transports.find(|transport| transport.id == live.id());
                transport.expect("it was dialled").discarded = true;
            }
            Command::Abandon { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    /// A further dial is for the request once more: without its expectation, if the last word was a 417.
    fn note_again(&mut self) {
        self.flushed = None;
        self.asked = false;
        if let (Some(last), Some(owed)) = (self.transports.last(), &self.owed) {
            self.refused |= owed.expects() && last.refused;
        }
    }

    fn drive(&mut self, connection: ConnectionId) {
        let mut transports = self.transports.iter_mut();
        let transport = transports.find(|transport| transport.id == connection);
        let transport = transport.expect("it was dialled");
        let (now, room) = (self.now, &mut self.room);
        let Some(mut live) = self.engine.drive(connection) else {
            return;
        };
        if self.reads_first {
            live.read(now, |(), space| transport.read(space));
        }
        // Who has read asks what that was before writing; the engine stops what must not go out.
        let answered = transport.answered_at.is_some();
        if live.readiness().write && !(self.reads_first && answered) {
            live.write(now, |(), outgoing| transport.write(room, outgoing));
        }
        if !self.reads_first {
            live.read(now, |(), space| transport.read(space));
        }
        drop(live);
        self.judge_wire(connection);
    }

    /// Tells of what has come; whether that has any effect.
    fn wake(&mut self) -> bool {
        for place in 0..self.transports.len() {
            let transport = &self.transports[place];
            if transport.has_something() {
                let readable = Readiness {
                    read: true,
                    ..Readiness::default()
                };
                self.engine.handle_readiness(transport.id, readable);
                if let Some(connection) = self.engine.poll_ready() {
                    self.drive(connection);
                    return true;
                }
            }
        }
        false
    }

    /// 1 and 2: the octets on a connection after each step of driving it.
    fn judge_wire(&mut self, connection: ConnectionId) {
        let (Some(owed), Some(transport)) = (&self.owed, self.transports.last_mut()) else {
            return;
        };
        if transport.id != connection {
            return;
        }
        let wire = &transport.wire;
        let new = &wire[transport.judged..];
        let right = owed.has_at(transport.judged, new, self.refused);
        assert!(right, "{}", wire.escape_ascii());
        transport.judged = wire.len();
        let head = owed.head(self.refused).len();
        if wire.len() >= head && self.flushed.is_none() {
            self.flushed = Some(self.now);
        }
        if wire.len() > head && owed.expects() && !self.refused {
            let waited = self.flushed.map(|at| self.now.tick.since(at.tick));
            let limit = self.config.timeouts.expect_continue;
            assert!(
                transport.continued || waited >= limit,
                "content before its time"
            );
        }
        if let Some(before) = transport.answered_at {
            assert_eq!(wire.len(), before, "content after a final head");
        }
    }

    /// 4 and 5, when nothing moves any more.
    fn judge_rest(&self) {
        let (Some(owed), Some(transport)) = (&self.owed, self.transports.last()) else {
            return;
        };
        let drained = transport.wire.len() == owed.length(self.refused);
        let sent = drained && owed.is_complete();
        let is_free = self.standing == Standing::Over && !transport.wire.is_empty();
        assert!(
            !is_free || sent || self.idle() == 0,
            "half a request leaves nothing"
        );
        let held = owed.expects() && !self.refused && !transport.continued;
        let open = !transport.is_stopped();
        let late = self.due.is_some_and(|due| due <= self.now.tick);
        assert!(!late || self.standing == Standing::Over, "its time is up");
        let wants = drained && !sent && !held && open && self.is_pushed;
        if wants && self.standing == Standing::UnderWay {
            assert!(self.asked, "the application waits to be asked");
        }
    }

    fn idle(&self) -> usize {
        let pool = self.engine.pool(self.now);
        pool.origins.iter().map(|origin| origin.idle).sum()
    }

    /// 6: the peer closes, all time passes.
    fn wind_up(&mut self) {
        for _ in 0..4 {
            self.hear(Word::End);
            self.turn();
            self.pass(Duration::from_secs(200));
        }
        let (pool, due) = (self.engine.pool(self.now), self.engine.deadline());
        assert_eq!((pool.requests, due), (0, None), "{pool:?}");
        assert!(pool.origins.is_empty(), "{pool:?}");
        assert_eq!(
            self.standing,
            Standing::Over,
            "each request is told its end"
        );
        assert!(self.transports.iter().all(|transport| transport.discarded));
    }
}
