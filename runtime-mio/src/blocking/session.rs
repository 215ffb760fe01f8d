//! The blocking session: requests go in, responses come out, the calling thread does the work.

use std::sync::Arc;
use std::{fmt, io};

use sessile_core::{
    Config, Dispatch, Engine, Error, Home, IntoUrl, Live, Now, PoolSnapshot, Received, Request,
    RequestBuilder, RequestId, Step, Tick, Verdict,
};

use super::octets::{read, sleep_for, write};
use super::park::{Io, Parker};
use super::response::Response;
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
    /// If a default field line belongs to single messages (Content-Length, Connection and the like).
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

    /// Sends a request that was built before; an `Arc` of it may be sent any number of times.
    ///
    /// Returns when the head of the response is here; the content is read from the [`Response`].
    ///
    /// # Errors
    /// What went wrong, at which stage, and how far the request had come. A status of 400 or more is no error.
    pub fn send(&self, request: impl Into<Arc<Request>>) -> Result<Response, Error> {
        let request = request.into();
        request.check_in_memory()?;
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        state.engine.handle_deadline(now);
        let id = state.engine.submit(now, request);
        let mut step = state.engine.step(now, id);
        // A warm request has its connection already and takes its parker under the same lock.
        let mut parker = match &step {
            Step::Use(live) => Some(state.parkers.acquire(Some(&live.io))),
            Step::Wait | Step::Failed(_) => None,
        };
        self.shared.settle(state);
        loop {
            step = match step {
                Step::Failed(error) => return Err(error),
                Step::Wait => self.wait(id)?,
                Step::Use(live) => {
                    let parker = parker.take();
                    match Exchange::begin(&self.shared, id, live, parker)?.run() {
                        Ran::Head(live) => {
                            return Ok(Response::new(Arc::clone(&self.shared), id, live));
                        }
                        Ran::Next(step) => step,
                    }
                }
            };
        }
    }

    /// Sleeps until the request has a connection or has failed, and watches dials meanwhile.
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
        loop {
            let step = state.engine.step(now, id);
            if !matches!(step, Step::Wait) {
                state.end_waiting(now, id, &parker);
                state.parkers.release(parker);
                self.shared.settle(state);
                return Ok(step);
            }
            let deadline = state.sleep_until();
            self.shared.settle(state);
            // A poll that fails tells nothing; the deadline still ends the wait.
            let _ = parker.sleep(self.until(deadline));
            state = self.shared.lock();
            now = self.shared.clock.now();
            state.look_at_dials(now, &parker);
            state.engine.handle_deadline(now);
        }
    }

    fn until(&self, deadline: Option<Tick>) -> Option<std::time::Duration> {
        deadline.map(|at| at.since(self.shared.clock.now().tick))
    }

    /// What stands in the pool now.
    pub fn pool(&self) -> PoolSnapshot {
        self.shared.with(|engine, _| engine.pool())
    }

    /// Takes no further request: those that wait fail, idle connections are closed, those under way may finish.
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

    fn dispatch(&self, request: Result<Arc<Request>, Error>) -> Self::Sending {
        self.send(request?)
    }
}

/// One exchange on one connection, up to the head of its response.
struct Exchange<'a> {
    shared: &'a Arc<Shared>,
    id: RequestId,
    live: Box<Live<Io>>,
    parker: Parker,
}

/// How an exchange ended.
enum Ran {
    Head(Box<Live<Io>>),
    Next(Step<Io>),
}

impl<'a> Exchange<'a> {
    /// An exchange with a place to sleep; without one, the request is given up.
    fn begin(
        shared: &'a Arc<Shared>,
        id: RequestId,
        mut live: Box<Live<Io>>,
        parker: Option<io::Result<Parker>>,
    ) -> Result<Self, Error> {
        let parker = parker.unwrap_or_else(|| shared.lock().parkers.acquire(Some(&live.io)));
        let parker = parker.and_then(|parker| match shared.attach(&mut live, &parker) {
            Ok(()) => {
                live.io.drive_at(&parker);
                Ok(parker)
            }
            Err(error) => {
                shared.unpark(parker);
                Err(error)
            }
        });
        match parker {
            Ok(parker) => Ok(Self {
                shared,
                id,
                live,
                parker,
            }),
            Err(error) => {
                shared.with(|engine, now| engine.cancel_taken(now, id, live));
                Err(driver_failed(&error))
            }
        }
    }

    fn run(mut self) -> Ran {
        let mut now = self.shared.clock.now();
        if self.live.info().served > 0 {
            // Whatever an idle connection has to say makes it useless: look before the first octet goes out.
            read(&mut self.live, now);
        }
        write(&mut self.live, now);
        loop {
            match self.live.connection.poll() {
                Ok(Received::Head(_)) => return self.head(),
                Ok(Received::NeedMore) => {}
                Ok(_) => continue,
                Err(failure) => {
                    return self.end(|engine, now, id, live| engine.fail(now, id, live, failure));
                }
            }
            if self.live.connection.pulse().abort_requested() {
                return self.end(|engine, now, id, live| Step::Failed(engine.abort(now, id, live)));
            }
            if !self.live.readiness().read {
                now = sleep_for(self.shared, &mut self.live, &mut self.parker, now);
            }
            if self.live.readiness().write {
                write(&mut self.live, now);
            }
            if self.live.readiness().read {
                read(&mut self.live, now);
            }
        }
    }

    fn head(self) -> Ran {
        let mut state = self.shared.lock();
        match state.engine.handle_head(self.id, &self.live) {
            Verdict::Deliver => {
                state.parkers.release(self.parker);
                self.shared.settle(state);
                Ran::Head(self.live)
            }
            Verdict::Again => {
                drop(state);
                self.end(Engine::again)
            }
            _ => {
                drop(state);
                self.end(|engine, now, id, live| Step::Failed(engine.abort(now, id, live)))
            }
        }
    }

    /// Gives connection and parker back in one go.
    fn end(
        self,
        give_back: impl FnOnce(&mut Engine<Io>, Now, RequestId, Box<Live<Io>>) -> Step<Io>,
    ) -> Ran {
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        let step = give_back(&mut state.engine, now, self.id, self.live);
        state.parkers.release(self.parker);
        self.shared.settle(state);
        Ran::Next(step)
    }
}
