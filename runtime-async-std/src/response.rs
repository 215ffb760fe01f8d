//! A response whose head is here and whose content is read as the application asks for it.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_io::{AsyncBufRead, AsyncRead};
use sessile_core::{
    Attempts, ConnectionInfo, Error, FieldsRef, HeadRef, Home, Hop, Incoming, Look, RequestId,
    ResponseHead, StatusCode, TlsInfo, Url, Version, text_from,
};

use crate::shared::{Io, Shared, poll_socket, read};
use crate::upgraded::Upgraded;

/// A response. Reading its content to the end frees its connection for the next request. Dropping it earlier closes the
/// connection, unless the rest is little and comes soon: at most 64 KiB within 50 ms are thrown away by a task of their
/// own. Neither ever waits.
pub struct Response {
    shared: Arc<Shared>,
    incoming: Incoming<Io>,
    /// The waker that the session knows.
    waker: Waker,
}

impl Response {
    pub(crate) fn new(shared: Arc<Shared>, incoming: Incoming<Io>, waker: Waker) -> Self {
        Self {
            shared,
            incoming,
            waker,
        }
    }

    /// The head: everything of it that is not content.
    pub fn head(&self) -> HeadRef<'_> {
        self.incoming.head()
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.head().status()
    }

    /// The protocol version of the peer.
    pub fn version(&self) -> Version {
        self.head().version()
    }

    /// The field lines.
    pub fn headers(&self) -> FieldsRef<'_> {
        self.head().fields()
    }

    /// The first value of a field, if it is UTF-8.
    pub fn header(&self, name: impl AsRef<[u8]>) -> Option<&str> {
        self.headers().text(name)
    }

    /// The request that it answers, as [`PoolEvent`](sessile_core::PoolEvent)s name it.
    pub fn request(&self) -> RequestId {
        self.incoming.id()
    }

    /// The URL that was asked, the last one after redirects.
    pub fn url(&self) -> Option<&Url> {
        self.incoming.url()
    }

    /// All attempts that it took, in order: those before were retried or replayed, the last brought this response.
    pub fn attempts(&self) -> &Attempts {
        self.incoming.attempts()
    }

    /// The redirects that were followed on the way, in order.
    pub fn history(&self) -> impl Iterator<Item = &Hop> {
        self.attempts().history()
    }

    /// The response, unless its status is 400 or more.
    ///
    /// # Errors
    /// An [`ErrorKind::Status`](sessile_core::ErrorKind::Status) if it is.
    pub fn error_for_status(self) -> Result<Self, Error> {
        self.incoming.error_for_status().map(|()| self)
    }

    /// The trailer fields; there are none before the content was read to its end.
    pub fn trailers(&self) -> FieldsRef<'_> {
        self.incoming.trailers()
    }

    /// The heads of the interim responses (1xx) that came before, in order.
    pub fn interim(&self) -> &[ResponseHead] {
        self.incoming.interim()
    }

    /// The connection that the response came by.
    pub fn connection(&self) -> ConnectionInfo {
        self.incoming.connection()
    }

    /// What was agreed on in the TLS that the response comes over: version, cipher, certificates. `None` if it comes over
    /// none, or was read to its end.
    pub fn tls(&self) -> Option<TlsInfo> {
        self.incoming.tls()
    }

    /// Whether the peer has switched to another protocol that the request offered (101): then
    /// [`upgrade`](Response::upgrade) has the stream.
    pub fn is_upgraded(&self) -> bool {
        self.incoming.is_switched()
    }

    /// Takes the stream of a connection that was switched. (Dropped instead, the response closes it.)
    ///
    /// # Errors
    /// Gives the response back if nothing was switched.
    #[expect(
        clippy::result_large_err,
        reason = "nothing is lost: the response comes back whole"
    )]
    pub fn upgrade(mut self) -> Result<Upgraded, Self> {
        match self.incoming.upgrade(&*self.shared) {
            Some(upgraded) => Ok(Upgraded::new(upgraded)),
            None => Err(self),
        }
    }

    /// Reads the content to its end.
    ///
    /// # Errors
    /// If the content breaks off or a time limit passes.
    pub async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(content) = self.chunk().await? {
            all.extend_from_slice(content);
        }
        Ok(all)
    }

    /// Reads the content to its end, as text: UTF-8, with anything else replaced.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub async fn text(self) -> Result<String, Error> {
        self.bytes().await.map(text_from)
    }

    /// The next content, as a view into the receive buffer; `None` at the end. For content that is looked at and taken
    /// in part there is [`AsyncBufRead`].
    ///
    /// # Errors
    /// If the content breaks off or a time limit passes.
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        match poll_fn(|cx| self.poll_look(cx)).await? {
            Look::Content => Ok(Some(self.incoming.chunk())),
            Look::End | Look::Wait => Ok(None),
        }
    }

    /// Content or the end; never [`Look::Wait`].
    fn poll_look(&mut self, cx: &mut Context<'_>) -> Poll<Result<Look, Error>> {
        loop {
            match self.incoming.look(&*self.shared)? {
                Look::Wait => {
                    ready!(self.poll_wait(cx));
                    self.read_buffered();
                }
                look => return Poll::Ready(Ok(look)),
            }
        }
    }

    fn read_buffered(&mut self) {
        let now = self.shared.now();
        if let Some(live) = self.incoming.live() {
            read(live, now);
        }
    }

    /// Waits for the socket, or for the session to want the connection back.
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.waker.will_wake(cx.waker()) {
            // The response moved to another task; the session must be able to wake that one. It may just have woken the
            // other: look again.
            self.waker.clone_from(cx.waker());
            self.shared.expect_wake(self.incoming.id(), &self.waker);
            return Poll::Ready(());
        }
        match self.incoming.live() {
            Some(live) => {
                live.connection.waiting(self.shared.now());
                let interest = live.interest();
                poll_socket(live, interest, cx)
            }
            None => Poll::Ready(()),
        }
    }

    /// Large content of known length needs no buffer of ours.
    fn read_direct(&mut self, into: &mut [u8]) -> Option<usize> {
        let now = self.shared.now();
        self.incoming
            .live()?
            .read_direct(now, into, |io, space| io.read(space))
    }
}

impl AsyncRead for Response {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        loop {
            match this.incoming.copy_ready(&*this.shared, into)? {
                (0, Look::Wait) => {
                    ready!(this.poll_wait(cx));
                    match this.read_direct(into) {
                        Some(count) => return Poll::Ready(Ok(count)),
                        None => this.read_buffered(),
                    }
                }
                (filled, _) => return Poll::Ready(Ok(filled)),
            }
        }
    }
}

impl AsyncBufRead for Response {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll_look(cx))?;
        Poll::Ready(Ok(this.incoming.content()))
    }

    fn consume(self: Pin<&mut Self>, octets: usize) {
        let this = self.get_mut();
        this.incoming.consume(this.shared.now(), octets);
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        // One look at what has arrived: if it is all, the connection is free at once.
        self.read_buffered();
        self.incoming.release(&*self.shared);
        self.shared.forget(self.incoming.id());
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.incoming.fmt(f)
    }
}
