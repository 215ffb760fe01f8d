//! The driver for loops that somebody else owns.

mod messages;

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token};
use sessile_core::{
    Command, Config, ConnectionId, CookieJar, Engine, Error, ErrorKind, EstablishId, Event,
    IntoUrl, Now, PoolEvent, PoolSnapshot, Question, Readiness, Request, RequestBuilder, RequestId,
    Stage, Tick,
};

use crate::clock::{Clock, seeded};
use crate::resolver::{Answer, Resolver};
use crate::socket::{self, Dial, Stream};
use crate::surroundings::at_home;

type Answers = Arc<Mutex<Vec<(EstablishId, Answer)>>>;

/// A session in an event loop of yours.
///
/// The contract: after anything that changes something (an event, a wake, a passed deadline, `submit`, `consume`,
/// `push_content`, `cancel`) ask [`poll_event`](Driver::poll_event) until it says `None`; all octets are moved there. Then wait.
///
/// ```
/// use mio::{Events, Poll, Token, Waker};
/// use sessile_mio::{Config, Driver, Event, RequestBuilder};
///
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let origin = sessile_tests::loopback::Loopback::start(sessile_tests::demo::Demo)?;
/// # let url = origin.url("/get");
/// const WAKE: Token = Token(0);
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(64);
/// let waker = Waker::new(poll.registry(), WAKE)?;
/// // Tokens 1 to 999 are the driver's; it calls the closure, from a thread of its own, when a name is resolved.
/// let mut driver = Driver::new(poll.registry(), 1..1000, move || { let _ = waker.wake(); }, Config::default())?;
///
/// driver.submit(RequestBuilder::new("GET", &url).build()?);
/// 'turns: loop {
///     while let Some(event) = driver.poll_event() {
///         match event {
///             Event::Head(id) => println!("{:?}", driver.head(id)),
///             Event::Content(id) => {
///                 let octets = driver.content(id).len();
///                 driver.consume(id, octets);
///             }
///             Event::End(_) => break 'turns,
///             Event::Failed(_, error) => return Err(error.into()),
///             _ => {}
///         }
///     }
///     let wait = driver.deadline().map(|at| at.saturating_duration_since(std::time::Instant::now()));
///     poll.poll(&mut events, wait)?;
///     for event in &events {
///         match event.token() {
///             WAKE => driver.handle_wake(),
///             _ => { driver.handle_event(event); }
///         }
///     }
///     driver.handle_deadline();
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Content piece by piece
///
/// The content of a request that was built with [`Content::Stream`](sessile_core::Content::Stream) is asked for, one piece
/// after the other: answer [`Event::ContentWanted`] with [`push_content`](Driver::push_content), now or when you have
/// some, and say [`finish_content`](Driver::finish_content) behind the last.
///
/// ```
/// # use mio::{Events, Poll};
/// use sessile_mio::{Config, Content, Driver, Event, Fields, RequestBuilder};
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let origin = sessile_tests::loopback::Loopback::start(sessile_tests::demo::Demo)?;
/// # let url = origin.url("/echo");
/// # let mut poll = Poll::new()?;
/// # let mut events = Events::with_capacity(64);
/// # let mut driver = Driver::new(poll.registry(), 1..1000, || {}, Config::default())?;
/// let mut pieces = ["one ", "two"].into_iter();
/// let mut echo = Vec::new();
/// let content = Content::Stream { length: None };
/// driver.submit(RequestBuilder::new("POST", &url).content(content).build()?);
/// 'turns: loop {
///     while let Some(event) = driver.poll_event() {
///         match event {
///             Event::ContentWanted(id) => match pieces.next() {
///                 Some(piece) => driver.push_content(id, piece)?,
///                 None => driver.finish_content(id, Fields::new())?,
///             },
///             Event::Content(id) => {
///                 echo.extend_from_slice(driver.content(id));
///                 let octets = driver.content(id).len();
///                 driver.consume(id, octets);
///             }
///             Event::End(_) => break 'turns,
///             Event::Failed(_, error) => return Err(error.into()),
///             _ => {}
///         }
///     }
///     // Wait and hand in what happened, as above.
/// #   poll.poll(&mut events, None)?;
/// #   for event in &events {
/// #       driver.handle_event(event);
/// #   }
/// }
/// assert_eq!(echo, b"one two");
/// # Ok(())
/// # }
/// ```
///
/// # Another protocol
///
/// A request with an Upgrade field may be answered by a 101: [`Event::Head`], then [`Event::Switched`], and
/// [`take_upgraded`](Driver::take_upgraded) has the stream. Register it with your poll, under a token of your own.
pub struct Driver {
    engine: Engine<Stream>,
    registry: Registry,
    tokens: Range<usize>,
    resolver: Resolver,
    answers: Answers,
    /// Requests that are to be answered by hand.
    questions: VecDeque<Question>,
    clock: Clock,
    /// The time of this turn of the loop: read once, from the first call to the last `poll_event`.
    turn: Option<Now>,
    /// Time limits are looked at when all that has arrived was read.
    look_at_limits: bool,
}

impl Driver {
    /// A driver that registers its sockets with `registry`, under tokens of the given range; the number of tokens
    /// bounds the number of sockets.
    ///
    /// `wake` is called from another thread when a name has been resolved: make your loop call
    /// [`Driver::handle_wake`] then (a [`mio::Waker`] is the usual way).
    ///
    /// # Errors
    /// If the configuration is not valid, or the registry cannot be cloned for want of descriptors.
    pub fn new(
        registry: &Registry,
        tokens: Range<usize>,
        wake: impl Fn() + Send + Sync + 'static,
        config: Config,
    ) -> Result<Self, Error> {
        let registry = registry
            .try_clone()
            .map_err(|error| driver_failed(&error))?;
        let answers = Answers::default();
        let inbox = Arc::clone(&answers);
        let resolver = Resolver::new(move |establish, answer| {
            inbox
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((establish, answer));
            wake();
        });
        let mut config = at_home(seeded(config));
        // Requests beyond the tokens wait, as beyond any other limit of the pool.
        let room = config
            .pool
            .live_total
            .map_or(tokens.len(), |limit| limit.min(tokens.len()));
        config.pool.live_total = Some(room);
        let engine = Engine::new(config)?;
        Ok(Self {
            engine,
            registry,
            tokens,
            resolver,
            answers,
            questions: VecDeque::new(),
            clock: Clock::new(),
            turn: None,
            look_at_limits: false,
        })
    }

    fn now(&mut self) -> Now {
        let clock = &self.clock;
        *self.turn.get_or_insert_with(|| clock.now())
    }

    /// The time after something that the application may have taken its time for.
    fn fresh_now(&mut self) -> Now {
        self.turn = None;
        self.now()
    }

    // ---------------------------------------------------------------------------------------------- the application

    /// The session's cookies, to look, to put some in or to take some out. They are judged by
    /// [`wall`](Driver::wall).
    pub fn cookies(&mut self) -> &mut CookieJar {
        self.engine.cookies_mut()
    }

    /// The time since the Unix epoch, as the session takes it.
    pub fn wall(&mut self) -> Duration {
        self.now().wall
    }

    /// The head of a request as it would go out now: see [`Engine::prepare`].
    ///
    /// # Errors
    /// If this session would not send it.
    pub fn prepare(&mut self, request: &Request) -> Result<Vec<u8>, Error> {
        let now = self.now();
        self.engine.prepare(now, request)
    }

    /// Makes a request to be submitted; a relative reference is resolved against [`Config::base_url`].
    pub fn request(&self, method: impl AsRef<str>, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::based(self.engine.base_url(), method, url)
    }

    /// Takes a request in. An `Arc` may be submitted again and again without building it anew.
    pub fn submit(&mut self, request: impl Into<Arc<Request>>) -> RequestId {
        let now = self.fresh_now();
        self.engine.submit(now, request)
    }

    /// Gives a request up; nothing more is told about it.
    pub fn cancel(&mut self, id: RequestId) {
        let now = self.now();
        self.engine.cancel(now, id);
    }

    /// A request that is to be answered [by hand](sessile_core::Answering::ByHand), by [`Driver::answer`]. Asked for after
    /// [`Driver::poll_event`] has said `None`.
    pub fn poll_question(&mut self) -> Option<Question> {
        self.questions.pop_front()
    }

    /// Answers a request that was [asked for](Driver::poll_question). A late answer is ignored.
    pub fn answer(&mut self, id: RequestId, answer: io::Result<sessile_core::Answer>) {
        let now = self.fresh_now();
        self.engine.handle_answer(now, id, answer);
    }

    /// What stands in the pool now.
    pub fn pool(&self) -> PoolSnapshot {
        self.engine.pool(self.clock.now())
    }

    /// The time on the driver's clock, by which attempts and the pool's events are stamped.
    pub fn tick(&self) -> Tick {
        self.clock.now().tick
    }

    /// What happened in the pool, the oldest first, if [`Config::pool_events`] keeps it.
    pub fn poll_pool_event(&mut self) -> Option<PoolEvent> {
        self.engine.poll_pool_event()
    }

    /// Closes the connections that nobody uses; requests go on as before.
    pub fn close_idle(&mut self) {
        let now = self.now();
        self.engine.close_idle(now);
    }

    /// Takes no further request; those under way may finish.
    pub fn close(&mut self) {
        let now = self.now();
        self.engine.close(now);
    }

    // ----------------------------------------------------------------------------------------------------- the loop

    /// Takes an event of the loop; `false` if its token is not one of the driver's.
    pub fn handle_event(&mut self, event: &mio::event::Event) -> bool {
        let token = event.token().0;
        if !self.tokens.contains(&token) {
            return false;
        }
        let now = self.now();
        if let Some(connection) = self.engine.connection_at(token - self.tokens.start) {
            match self.engine.dialling_mut(connection) {
                Some(stream) => match socket::check(stream) {
                    Dial::Pending => {}
                    Dial::Connected => {
                        self.engine.handle_connected(now, connection);
                        // If nobody waited for it, what the event tells besides is told to nobody again.
                        self.engine.handle_readiness(connection, readiness(event));
                    }
                    Dial::Failed(why) => self.engine.handle_dial_failed(now, connection, why),
                },
                None => self.engine.handle_readiness(connection, readiness(event)),
            }
        }
        true
    }

    /// The wake function was called: a name has been resolved.
    pub fn handle_wake(&mut self) {
        let now = self.now();
        let answers =
            std::mem::take(&mut *self.answers.lock().unwrap_or_else(PoisonError::into_inner));
        for (establish, answer) in answers {
            let answer = answer.as_deref().map_err(Clone::clone);
            self.engine.handle_resolved(now, establish, answer);
        }
    }

    /// When the loop must wake even if nothing happens, to call [`Driver::handle_deadline`].
    pub fn deadline(&self) -> Option<Instant> {
        self.clock.instant(self.engine.deadline()?)
    }

    /// Lets time limits pass. Harmless when none has.
    pub fn handle_deadline(&mut self) {
        self.look_at_limits = true;
    }

    /// Moves octets, and tells what came of it. `None` means that the loop may wait.
    pub fn poll_event(&mut self) -> Option<Event> {
        let now = self.now();
        loop {
            if let Some(event) = self.engine.poll_event(now) {
                return Some(event);
            }
            if let Some(command) = self.engine.poll_command() {
                self.perform(now, command);
            } else if let Some(connection) = self.engine.poll_ready() {
                if let Some(mut live) = self.engine.drive(connection) {
                    live.step(now);
                }
            } else if std::mem::take(&mut self.look_at_limits) {
                // Nobody is late whose octets were here already.
                let now = self.fresh_now();
                self.engine.handle_deadline(now);
            } else {
                break;
            }
        }
        self.turn = None;
        None
    }

    fn perform(&mut self, now: Now, command: Command<Stream>) {
        match command {
            Command::Resolve {
                establish,
                host,
                port,
            } => self.resolver.resolve(establish, host, port),
            Command::Dial { connection, plan } => {
                let dialled =
                    socket::dial(&plan).and_then(|stream| self.register(connection, stream));
                match dialled {
                    // A dial that nobody wants any more is closed by dropping it.
                    Ok(stream) => drop(self.engine.deposit(connection, stream)),
                    Err(error) => self.engine.handle_dial_failed(now, connection, &error),
                }
            }
            Command::Answer(question) => match question.answer() {
                Some(answer) => self.engine.handle_answer(now, question.id(), answer),
                None => self.questions.push_back(*question),
            },
            Command::Discard(mut live) => {
                live.say_farewell(now, |io, outgoing| outgoing.write_to(io));
                self.let_go(&mut live.io);
            }
            Command::Abandon {
                io: Some(mut stream),
                ..
            } => self.let_go(&mut stream),
            _ => {}
        }
    }

    fn register(&self, connection: ConnectionId, mut stream: Stream) -> io::Result<Stream> {
        let token = self.tokens.start + connection.index();
        if !self.tokens.contains(&token) {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        self.registry.register(
            &mut stream,
            Token(token),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        Ok(stream)
    }

    fn let_go(&self, stream: &mut Stream) {
        // The socket is the driver's no more; a registry that has forgotten it already is none the worse.
        let _ = self.registry.deregister(stream);
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pool().fmt(f)
    }
}

/// What an event says about a socket.
pub(crate) fn readiness(event: &mio::event::Event) -> Readiness {
    Readiness {
        read: event.is_readable(),
        write: event.is_writable(),
        closed: event.is_read_closed() || event.is_error(),
    }
}

pub(crate) fn driver_failed(error: &io::Error) -> Error {
    Error::new(ErrorKind::Driver(error.kind()), Stage::Prepare)
}
