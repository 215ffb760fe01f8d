//! The session: requests go in as builders, come out as futures.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{
    Config, CookieJar, Dispatch, Engine, Error, Home, IntoUrl, PoolEvent, PoolSnapshot, Request,
    RequestBuilder, Tick, Url,
};

use crate::reader::Reader;
use crate::sending::Sending;
use crate::shared::Shared;

/// An HTTP session for async-std. Clones share connections; use one from as many tasks as you like.
///
/// ```
/// use sessile_async_std::Session;
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let origin = sessile_tests::loopback::Loopback::start(sessile_tests::demo::Demo)?;
/// # let base = origin.url("");
/// async_std::task::block_on(async {
///     let session = Session::new();
///     session.get(format!("{base}/get")).send().await?.text().await?;
///     let response = session.post(format!("{base}/echo")).body("hello").send().await?;
///     assert_eq!(response.connection().to_string(), "connection #1, reused");
///     assert_eq!(response.text().await?, "hello");
///
///     // Content from a reader, of a length that nobody knows.
///     let lines = async_std::io::Cursor::new("one\ntwo\n");
///     let response = session.post(format!("{base}/echo")).body_reader(lines, None).send().await?;
///     assert_eq!(response.text().await?, "one\ntwo\n");
///     # Ok::<(), sessile_async_std::Error>(())
/// })?;
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
    /// from a reader: that goes with the builder.) Nothing happens before the future is polled; dropping it cancels the
    /// request.
    pub fn send(&self, request: impl Into<Arc<Request>>) -> Sending {
        Sending::new(Arc::clone(&self.shared), Ok(request.into()), None)
    }

    /// What stands in the pool now.
    pub fn pool(&self) -> PoolSnapshot {
        self.shared.with(|engine, now| {
            engine.handle_deadline(now);
            engine.pool(now)
        })
    }

    /// The time on the session's clock, by which attempts and the pool's events are stamped.
    pub fn tick(&self) -> Tick {
        self.shared.now().tick
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
    /// # use sessile_async_std::{Session, Url};
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
    type Sending = Sending;
    type Source = Reader;

    fn base_url(&self) -> Option<&Url> {
        self.shared.base_url.as_ref()
    }

    fn dispatch(&self, request: Result<Arc<Request>, Error>, source: Option<Reader>) -> Sending {
        Sending::new(Arc::clone(&self.shared), request, source)
    }
}
