//! The blocking session: requests go in, responses come out, the calling thread does the work.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{
    Config, CookieJar, Dispatch, Engine, Error, Home, Incoming, IntoUrl, Outbound, PoolEvent,
    PoolSnapshot, Request, RequestBuilder, RequestId, Step, Tick, Upload, Url,
};

use super::park::Io;
use super::reader::Reader;
use super::response::Response;
use super::sending::{Exchange, Ran};
use super::shared::Shared;
use crate::driver::driver_failed;

/// A blocking HTTP session. Clones share connections; use one from as many threads as you like.
///
/// ```
/// use sessile_mio::blocking::Session;
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let origin = sessile_tests::loopback::Loopback::start(sessile_tests::demo::Demo)?;
/// # let base = origin.url("");
/// let session = Session::new();
/// let text = session.get(format!("{base}/get")).send()?.text()?;
/// let response = session.post(format!("{base}/echo")).body("hello").send()?;
/// assert_eq!(response.connection().to_string(), "connection #1, reused");
/// assert_eq!(response.text()?, "hello");
///
/// // Content from a reader, of a length that nobody knows.
/// let lines = std::io::Cursor::new("one\ntwo\n");
/// let response = session.post(format!("{base}/echo")).body_reader(lines, None).send()?;
/// assert_eq!(response.text()?, "one\ntwo\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

impl Session {
    /// A session with the default settings.
    pub fn new() -> Self {
        match Self::with(Config::default()) {
            Ok(session) => session,
            Err(error) => unreachable!("the default settings are valid: {error}"),
        }
    }

    /// A session with settings of your own.
    ///
    /// # Errors
    /// If a default field line is Content-Length or Transfer-Encoding, a default Host is none, or a field is to be left out
    /// without which there is no message. Other lines are judged with each request: a default Expect, say, fails those
    /// without content.
    pub fn with(config: Config) -> Result<Self, Error> {
        Ok(Self {
            shared: Shared::new(config)?,
        })
    }

    /// A request with any method.
    pub fn request(&self, method: impl AsRef<str>, url: impl IntoUrl) -> RequestBuilder<Self> {
        RequestBuilder::on(self.clone(), method, url)
    }

    /// A GET request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder<Self> {
        self.request("GET", url)
    }

    /// A HEAD request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder<Self> {
        self.request("HEAD", url)
    }

    /// An OPTIONS request.
    pub fn options(&self, url: impl IntoUrl) -> RequestBuilder<Self> {
        self.request("OPTIONS", url)
    }

    /// A POST request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder<Self> {
        self.request("POST", url)
    }

    /// A PUT request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder<Self> {
        self.request("PUT", url)
    }

    /// A PATCH request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder<Self> {
        self.request("PATCH", url)
    }

    /// A DELETE request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder<Self> {
        self.request("DELETE", url)
    }

    /// Sends a request that was built before; an `Arc` of it may be sent any number of times. (Not if its content comes
    /// from a reader: that goes with the builder.)
    ///
    /// Returns when the head of the response is here; the content is read from the [`Response`].
    ///
    /// # Errors
    /// What went wrong, at which stage, and how far the request had come. A status of 400 or more is no
    /// error, unless a [`Retry`](sessile_core::Retry) policy has used up its retries on it.
    pub fn send(&self, request: impl Into<Arc<Request>>) -> Result<Response, Error> {
        self.send_from(request.into(), None)
    }

    /// Sends a request whose content stands in memory, or comes from `source`.
    fn send_from(&self, request: Arc<Request>, source: Option<Reader>) -> Result<Response, Error> {
        let upload = Upload::of(&request, source)?;
        let now = self.shared.clock.now();
        let mut state = self.shared.drain(self.shared.lock());
        state.engine.handle_deadline(now);
        let id = state.engine.submit(now, request);
        let mut request = Outbound::new(id, upload);
        let mut step = state.engine.step(now, id);
        // A warm request has its connection already and takes its parker under the same lock.
        let mut parker = match &step {
            Step::Use(live) => Some(state.parkers.acquire(Some(&live.io))),
            Step::Wait | Step::Answered(_) | Step::Failed(_) => None,
        };
        self.shared.settle(state);
        loop {
            step = match step {
                Step::Failed(error) => return Err(error),
                Step::Answered(answered) => {
                    let incoming = Incoming::answered(id, *answered);
                    return Ok(Response::new(Arc::clone(&self.shared), incoming));
                }
                Step::Wait => match self.answer(id) {
                    Some(step) => step,
                    None => self.wait(id)?,
                },
                Step::Use(live) => {
                    let parker = parker.take();
                    match Exchange::begin(&self.shared, &mut request, live, parker)?.run() {
                        Ran::Head(live, attempts) => {
                            let incoming = request.into_incoming(live, attempts);
                            return Ok(Response::new(Arc::clone(&self.shared), incoming));
                        }
                        Ran::Next(step) => step,
                    }
                }
            };
        }
    }

    /// Asks what answers the request in place of a connection; `None` if nothing is asked. While that takes its time, others
    /// do not wait for this thread.
    fn answer(&self, id: RequestId) -> Option<Step<Io>> {
        let question = self.shared.lock().take_question(id)?;
        let answer = question.answer_or_refuse();
        let answered = |engine: &mut Engine<Io>, now| {
            engine.handle_answer(now, id, answer);
            engine.step(now, id)
        };
        Some(self.shared.with(answered))
    }

    /// Sleeps until the request has a connection, is asked or has failed, and watches dials meanwhile.
    fn wait(&self, id: RequestId) -> Result<Step<Io>, Error> {
        let mut state = self.shared.lock();
        let mut now = self.shared.clock.now();
        let mut parker = match state.parkers.acquire(None) {
            Ok(parker) => parker,
            Err(error) => {
                state.engine.cancel(now, id);
                self.shared.settle(state);
                return Err(driver_failed(&error));
            }
        };
        state.begin_waiting(now, id, &parker);
        // It may wait for the rest of a response, and what has come of that already is told nobody again.
        state = self.shared.drain(state);
        loop {
            let step = state.engine.step(now, id);
            let goes_on = !matches!(step, Step::Wait);
            if goes_on || state.is_asked(id) {
                // What was asked of a request whose time was up is asked no more.
                let _ = goes_on.then(|| state.take_question(id));
                state.end_waiting(now, id, &parker);
                state.parkers.release(parker);
                self.shared.settle(state);
                return Ok(step);
            }
            let deadline = state.sleep_until();
            self.shared.settle(state);
            // A poll that fails tells nothing; the deadline still ends the wait.
            let _ = parker.sleep(self.until(deadline));
            // Who waits may have waited for the rest of a response.
            state = self.shared.drain(self.shared.lock());
            now = self.shared.clock.now();
            state.look_at_dials(now, &parker);
            state = self.shared.make(state, &parker);
            now = self.shared.clock.now();
            state.engine.handle_deadline(now);
        }
    }

    fn until(&self, deadline: Option<Tick>) -> Option<Duration> {
        deadline.map(|at| at.since(self.shared.clock.now().tick))
    }

    /// What stands in the pool now.
    pub fn pool(&self) -> PoolSnapshot {
        // While nobody sends, nobody sees that the rest of a response has come, or has come too late.
        self.shared.settle(self.shared.drain(self.shared.lock()));
        self.shared.with(|engine, now| engine.pool(now))
    }

    /// The time on the session's clock, by which attempts and the pool's events are stamped.
    pub fn tick(&self) -> Tick {
        self.shared.clock.now().tick
    }

    /// What happened in the pool since the last time that this was asked, the oldest first, if
    /// [`Config::pool_events`] keeps it.
    pub fn pool_events(&self) -> Vec<PoolEvent> {
        self.shared
            .with(|engine, _| std::iter::from_fn(|| engine.poll_pool_event()).collect())
    }

    /// The head of a request as it would go out now: see [`Engine::prepare`].
    ///
    /// # Errors
    /// If this session would not send it.
    pub fn prepare(&self, request: &Request) -> Result<Vec<u8>, Error> {
        self.shared.with(|engine, now| engine.prepare(now, request))
    }

    /// The session's cookies and the time, to look, to put some in or to take some out. The session is locked meanwhile.
    /// With `Config::cookies` of `None` there is a jar to look at, too, but nothing of it is sent, whatever
    /// [`CookieJar::explain`] says of it.
    ///
    /// ```
    /// # use sessile_mio::{Url, blocking::Session};
    /// # fn look(session: &Session) -> Result<(), Box<dyn core::error::Error>> {
    /// let url = Url::parse("https://example.org/")?;
    /// session.cookies(|jar, now| jar.set(&url, b"lang=en; Path=/", now))?;
    /// let kept = session.cookies(|jar, _| jar.len());
    /// # let _ = kept;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cookies<R>(&self, act: impl FnOnce(&mut CookieJar, Duration) -> R) -> R {
        self.shared
            .with(|engine, now| act(engine.cookies_mut(), now.wall))
    }

    /// Closes the connections that nobody uses; requests go on as before.
    pub fn close_idle(&self) {
        self.shared.with(Engine::close_idle);
    }

    /// Takes no further request: those that wait for a connection or for their next attempt fail, idle connections are
    /// closed, those under way may finish.
    pub fn close(&self) {
        self.shared.with(Engine::close);
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pool().fmt(f)
    }
}

impl Dispatch for Session {
    type Sending = Result<Response, Error>;
    type Source = Reader;

    fn base_url(&self) -> Option<&Url> {
        self.shared.base_url.as_ref()
    }

    fn dispatch(
        &self,
        request: Result<Arc<Request>, Error>,
        source: Option<Reader>,
    ) -> Self::Sending {
        self.send_from(request?, source)
    }
}
