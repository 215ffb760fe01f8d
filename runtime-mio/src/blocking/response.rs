//! A response whose head is here and whose content is read as the application asks for it.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use sessile_core::{
    Attempts, ConnectionInfo, Error, FieldsRef, HeadRef, Home, Hop, Incoming, Live, Look, Now,
    Readiness, RequestId, ResponseHead, StatusCode, TlsInfo, Url, Version, text_from,
};

use super::octets::{check_limits, read, sleep_for};
use super::park::Io;
use super::shared::Shared;
use super::upgraded::Upgraded;

/// A response. Reading its content to the end frees its connection for the next request. Dropping it earlier closes the
/// connection, unless the rest is little and comes soon: at most 64 KiB within 50 ms are thrown away by whoever sends the
/// next request. Neither ever waits.
pub struct Response {
    shared: Arc<Shared>,
    incoming: Incoming<Io>,
}

impl Response {
    pub(super) fn new(shared: Arc<Shared>, incoming: Incoming<Io>) -> Self {
        Self { shared, incoming }
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
        let Some(mut upgraded) = self.incoming.upgrade(&*self.shared) else {
            return Err(self);
        };
        self.shared.lock().parkers.detach(&mut upgraded.io);
        Ok(Upgraded::new(
            upgraded.io.stream,
            upgraded.leftover,
            upgraded.head,
        ))
    }

    /// Reads the content to its end.
    ///
    /// # Errors
    /// If the content breaks off or a time limit passes.
    pub fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(content) = self.chunk()? {
            all.extend_from_slice(content);
        }
        Ok(all)
    }

    /// Reads the content to its end, as text: UTF-8, with anything else replaced.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub fn text(self) -> Result<String, Error> {
        self.bytes().map(text_from)
    }

    /// Reads the content to its end and hands it to a writer; tells how many octets that were.
    ///
    /// # Errors
    /// What reading or writing says; an error of this response is inside the [`io::Error`].
    pub fn copy_to(&mut self, writer: &mut (impl io::Write + ?Sized)) -> io::Result<u64> {
        let mut count = 0;
        while let Some(content) = self.chunk()? {
            writer.write_all(content)?;
            count += content.len() as u64;
        }
        Ok(count)
    }

    /// The next content, as a view into the receive buffer; `None` at the end. For content that is looked at and taken
    /// in part there is [`BufRead`].
    ///
    /// # Errors
    /// If the content breaks off or a time limit passes.
    pub fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        let more = self.advance()?;
        Ok(more.then(|| self.incoming.chunk()))
    }

    /// Waits for content; `false` at the end.
    fn advance(&mut self) -> Result<bool, Error> {
        loop {
            match self.incoming.look(&*self.shared)? {
                Look::Content => return Ok(true),
                Look::End => return Ok(false),
                Look::Wait => {
                    self.wait(None)?;
                }
            }
        }
    }

    /// Reads from the socket, waiting for it if need be: large content of known length straight `into` the
    /// application's memory, which needs no buffer of ours. Tells how much of that came.
    fn wait(&mut self, mut into: Option<&mut [u8]>) -> Result<Option<usize>, Error> {
        let Some(live) = self.incoming.live() else {
            return Ok(None);
        };
        let now = self.shared.now();
        live.connection.waiting(now);
        // A socket that always has something never lets us sleep: the limits hold all the same.
        check_limits(&self.shared, live, now);
        if live.readiness().read {
            return Ok(read_into(live, now, into));
        }
        let mut parker = match self.shared.park(live) {
            Ok(parker) => parker,
            Err(error) => return Err(self.incoming.give_up(&*self.shared, &error)),
        };
        let mut direct = None;
        if !live.io.drive_at(&parker) {
            // While the parker was in other hands, an event of ours may have been lost on them: ask the socket.
            live.note_ready(Readiness {
                read: true,
                ..Readiness::default()
            });
            direct = read_into(live, now, into.as_deref_mut());
        }
        if direct.is_none() && !live.readiness().read && live.connection.interest(false).read {
            let now = sleep_for(&self.shared, live, &mut parker, now);
            if live.readiness().read {
                direct = read_into(live, now, into);
            }
        }
        self.shared.unpark(parker);
        Ok(direct)
    }
}

fn read_into(live: &mut Live<Io>, now: Now, into: Option<&mut [u8]>) -> Option<usize> {
    let direct =
        into.and_then(|into| live.read_direct(now, into, |io, space| io.stream.read(space)));
    if direct.is_none() && live.readiness().read {
        read(live, now);
    }
    direct
}

impl Read for Response {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.incoming.copy_ready(&*self.shared, into)? {
                (0, Look::Wait) => {
                    if let Some(count) = self.wait(Some(into))? {
                        return Ok(count);
                    }
                }
                (filled, _) => return Ok(filled),
            }
        }
    }
}

impl BufRead for Response {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.advance()?;
        Ok(self.incoming.content())
    }

    fn consume(&mut self, octets: usize) {
        self.incoming.consume(self.shared.now(), octets);
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        // One look at what has arrived: if it is all, the connection is free at once.
        if let Some(live) = self.incoming.live() {
            read(live, self.shared.now());
        }
        self.incoming.release(&*self.shared);
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.incoming.fmt(f)
    }
}
