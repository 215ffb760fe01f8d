//! Content from a source of the application's, read piece by piece while its request is sent.
//!
//! One buffer stands between the source and the connection; it is filled when it is empty and the connection can use
//! content, so that a slow peer slows the source down and content that nobody asked for is never read. The source belongs
//! to its request, not to a connection: a request that is sent again before its content was touched keeps it.
//!
//! The boundary: how to read the source and how to write to the transport is for the façade, as closures.

use core::fmt;
use core::task::{Poll, ready};
use std::io;

use crate::base::Now;
use crate::connection::{Connection, Outgoing};
use crate::engine::Live;
use crate::message::Fields;
use crate::session::{Content, ContentError, Error, Request};

/// How much is read from a source at once, in octets.
const BUFFER: usize = 64 * 1024;

/// The content of one request on its way out of its source.
///
/// ```
/// use core::task::Poll;
/// use std::io::{self, Read};
/// use sessile_core::{Config, Command, Engine, Fields, Now, RequestBuilder, Content, Step, Upload};
///
/// let now = Now::default();
/// let mut engine = Engine::<Vec<u8>>::new(Config::default())?;
/// let request = RequestBuilder::new("POST", "http://192.0.2.1/")
///     .content(Content::Stream { length: Some(5) })
///     .build()?;
/// let id = engine.submit(now, request);
/// let Some(Command::Dial { connection, .. }) = engine.poll_command() else { panic!() };
/// engine.deposit(connection, Vec::new()).expect("the dial is wanted");
/// engine.handle_connected(now, connection);
/// let Step::Use(mut live) = engine.step(now, id) else { panic!() };
///
/// let mut upload = Upload::new(&b"hello"[..], Fields::new());
/// while upload.offers(&live.connection) || live.interest().write {
///     let moved = upload.advance(
///         &mut live,
///         || now,
///         |source, space| Poll::Ready(source.read(space)),
///         |io, outgoing| outgoing.write_to(io),
///     );
///     assert_eq!(moved, Poll::Ready(Ok(())));
/// }
/// assert!(live.io.ends_with(b"Content-Length: 5\r\n\r\nhello"));
/// # Ok::<(), sessile_core::Error>(())
/// ```
pub struct Upload<R> {
    source: R,
    trailers: Fields,
    /// Empty until the source is read for the first time.
    buffer: Box<[u8]>,
    /// What stands in the buffer and has not gone out: `start <= end <= buffer.len()`.
    start: usize,
    end: usize,
    ended: bool,
}

impl<R> Upload<R> {
    /// What a request's content is read from; `None` if it stands in memory.
    ///
    /// # Errors
    /// If the content is a [`Content::Stream`] and there is no source.
    pub fn of(request: &Request, source: Option<R>) -> Result<Option<Self>, Error> {
        match (request.content(), source) {
            (Content::Stream { .. }, Some(source)) => {
                Ok(Some(Self::new(source, request.trailers().clone())))
            }
            _ => request.check_in_memory().map(|()| None),
        }
    }

    /// Content that is still in its source, and the fields that follow it.
    pub fn new(source: R, trailers: Fields) -> Self {
        Self {
            source,
            trailers,
            buffer: Box::default(),
            start: 0,
            end: 0,
            ended: false,
        }
    }

    /// The request that it is for now was redirected, perhaps to an origin that must not see all that follows the content.
    pub(super) fn go_along(&mut self, request: &Request) {
        self.trailers = request.going_along(core::mem::take(&mut self.trailers));
    }

    /// Whether the connection can use content, and there may be some.
    pub fn offers(&self, connection: &Connection) -> bool {
        !self.standing().is_empty() || self.is_wanted(connection)
    }

    /// Writes what stands in the buffer; when that has gone out and the connection can use more, reads the source once
    /// and writes again. `read` returns how many octets it has put where, zero at the end of the source; `Pending` if
    /// the source has none yet and will say so. `write` is that of [`Live::write`], and `now` is asked for the time
    /// again after a read, because that may have taken any.
    ///
    /// # Errors
    /// If the source fails, or its content is not what was announced: no octet too many is written, and the request is
    /// to be given up with [`Engine::fail_source`](crate::Engine::fail_source).
    pub fn advance<S>(
        &mut self,
        live: &mut Live<S>,
        now: impl Fn() -> Now,
        read: impl FnMut(&mut R, &mut [u8]) -> Poll<io::Result<usize>>,
        mut write: impl FnMut(&mut S, &Outgoing<'_>) -> io::Result<usize>,
    ) -> Poll<Result<(), ContentError>> {
        self.write(live, now(), &mut write);
        if self.standing().is_empty() && self.is_wanted(&live.connection) {
            ready!(self.fill(&mut live.connection, read))?;
            self.write(live, now(), &mut write);
        }
        Poll::Ready(Ok(()))
    }

    fn standing(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn is_wanted(&self, connection: &Connection) -> bool {
        connection.wants_content() && is_on_its_way(connection)
    }

    fn write<S>(
        &mut self,
        live: &mut Live<S>,
        now: Now,
        write: impl FnMut(&mut S, &Outgoing<'_>) -> io::Result<usize>,
    ) {
        let content = match is_on_its_way(&live.connection) {
            true => self.standing(),
            false => &[],
        };
        self.start += live.write_from(now, content, write);
    }

    fn fill(
        &mut self,
        connection: &mut Connection,
        mut read: impl FnMut(&mut R, &mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<Result<(), ContentError>> {
        if !self.ended {
            let left = connection.content_left();
            let count = ready!(self.read_once(left, &mut read))?;
            if left.is_some_and(|left| left < count as u64) {
                return Poll::Ready(Err(ContentError::TooLong));
            }
            self.ended = count == 0;
            (self.start, self.end) = (0, count);
        }
        let finished = match self.ended {
            true => connection.finish_content_with(&self.trailers),
            false => Ok(()),
        };
        Poll::Ready(finished.map_err(ContentError::from))
    }

    /// There is room for one octet more than was announced, so that a surplus shows.
    fn read_once(
        &mut self,
        left: Option<u64>,
        read: &mut impl FnMut(&mut R, &mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<Result<usize, ContentError>> {
        if self.buffer.is_empty() {
            self.buffer = vec![0; BUFFER].into();
        }
        let room = left.and_then(|left| usize::try_from(left).ok());
        let room = room.map_or(BUFFER, |left| left.saturating_add(1).min(BUFFER));
        let space = &mut self.buffer[..room];
        loop {
            match ready!(read(&mut self.source, space)) {
                // A source that claims more than there was room for has not kept the rules of reading.
                Ok(count) if count > room => {
                    let claims = "it claims to have read more than there was room for";
                    let error = io::Error::new(io::ErrorKind::InvalidData, claims);
                    return Poll::Ready(Err(error.into()));
                }
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }
}

/// Before the head is on its way no content is given away: a request of which nothing went out may be sent on another
/// connection, and what was read from a source cannot be read again.
fn is_on_its_way(connection: &Connection) -> bool {
    connection.pulse().sent() > 0
}

impl<R> fmt::Debug for Upload<R> {
    /// Counts; no octet of the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.ended { ", at its end" } else { "" };
        write!(f, "a source{end}, {} octets ahead", self.standing().len())
    }
}
