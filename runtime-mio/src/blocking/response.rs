//! A response whose head is here and whose content is read as the application asks for it.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use sessile_core::{
    ConnectionInfo, Error, Fields, FieldsRef, HeadRef, Live, Received, RequestId, ResponseHead, Scratch, StatusCode, Step, Version,
    text_from,
};

use super::park::Io;
use super::session::{failed, read, sleep_for};
use super::shared::Shared;

/// A response. Reading its content to the end frees its connection for the next request; dropping it earlier closes
/// the connection unless the rest has arrived already. Neither ever waits.
pub struct Response {
    shared: Arc<Shared>,
    id: RequestId,
    info: ConnectionInfo,
    state: State,
    trailers: Fields,
}

enum State {
    /// The connection is ours; content is still to be read.
    Reading(Box<Live<Io>>),
    /// The content was read to its end; the head stays until the response goes.
    Complete(Scratch),
    /// The content broke off.
    Failed(Error, ResponseHead),
}

impl Response {
    pub(super) fn new(shared: Arc<Shared>, id: RequestId, live: Box<Live<Io>>) -> Self {
        let info = live.info();
        Self { shared, id, info, state: State::Reading(live), trailers: Fields::new() }
    }

    /// The head: everything of it that is not content.
    pub fn head(&self) -> HeadRef<'_> {
        match &self.state {
            State::Reading(live) => live.connection.head(),
            State::Complete(scratch) => scratch.head(),
            State::Failed(_, head) => head.as_ref(),
        }
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

    /// The trailer fields; there are none before the content was read to its end.
    pub fn trailers(&self) -> FieldsRef<'_> {
        self.trailers.as_ref()
    }

    /// The connection that the response came by.
    pub fn connection(&self) -> ConnectionInfo {
        self.info
    }

    /// Reads the content to its end.
    ///
    /// # Errors
    /// If the content breaks off or a time limit passes.
    pub fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        self.append_to(&mut content)?;
        Ok(content)
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
    pub fn copy_to(&mut self, writer: &mut impl io::Write) -> io::Result<u64> {
        let mut count = 0;
        while let Some(content) = self.chunk()? {
            writer.write_all(content)?;
            let octets = content.len();
            count += octets as u64;
            self.consume(octets);
        }
        Ok(count)
    }

    fn append_to(&mut self, content: &mut Vec<u8>) -> Result<(), Error> {
        while let Some(piece) = self.chunk()? {
            content.extend_from_slice(piece);
            let octets = piece.len();
            self.consume(octets);
        }
        Ok(())
    }

    /// The next content, as a view into the receive buffer; `None` at the end. It stays until it is
    /// [consumed](Response::consume).
    ///
    /// # Errors
    /// If the content breaks off or a time limit passes.
    pub fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        // The borrow checker cannot see that a slice is returned only when the loop ends: ask first, borrow then.
        loop {
            match self.look()? {
                Look::Content => return Ok(Some(self.ready())),
                Look::End => return Ok(None),
                Look::Wait => self.wait()?,
            }
        }
    }

    /// Uses up content that [`Response::chunk`] showed.
    pub fn consume(&mut self, octets: usize) {
        if let State::Reading(live) = &mut self.state {
            live.connection.consume(self.shared.clock.now(), octets);
        }
    }

    fn ready(&mut self) -> &[u8] {
        match &mut self.state {
            State::Reading(live) => match live.connection.poll() {
                Ok(Received::Content(content)) => content,
                _ => &[],
            },
            State::Complete(_) | State::Failed(..) => &[],
        }
    }

    /// What stands in the buffer; an end or a failure is acted upon.
    fn look(&mut self) -> Result<Look, Error> {
        let live = match &mut self.state {
            State::Reading(live) => live,
            State::Complete(_) => return Ok(Look::End),
            State::Failed(error, _) => return Err(error.clone()),
        };
        loop {
            match live.connection.poll() {
                Ok(Received::Content(_)) => return Ok(Look::Content),
                Ok(Received::NeedMore) => return Ok(Look::Wait),
                Ok(Received::Trailers(fields)) => self.trailers = fields.to_owned(),
                Ok(Received::Interim(_) | Received::Head(_)) => {}
                Ok(Received::End) => {
                    self.complete();
                    return Ok(Look::End);
                }
                Err(failure) => {
                    return Err(self.give_back(|engine, now, id, live| match engine.fail(now, id, live, failure) {
                        Step::Failed(error) => error,
                        // An exchange whose head was seen is never tried again.
                        Step::Wait | Step::Use(_) => failed(&io::ErrorKind::Other.into()),
                    }));
                }
            }
        }
    }

    fn complete(&mut self) {
        let done = State::Complete(Scratch::default());
        if let State::Reading(live) = std::mem::replace(&mut self.state, done) {
            let now = self.shared.clock.now();
            let mut state = self.shared.lock();
            Shared::sweep(&mut state, now);
            self.state = State::Complete(state.engine.finish_taken(now, self.id, live));
            self.shared.settle(state);
        }
    }

    /// Ends an exchange that went wrong; remembers and returns its error.
    fn give_back(
        &mut self,
        act: impl FnOnce(&mut sessile_core::Engine<Io>, sessile_core::Now, RequestId, Box<Live<Io>>) -> Error,
    ) -> Error {
        let State::Reading(live) = std::mem::replace(&mut self.state, State::Complete(Scratch::default())) else {
            return failed(&io::ErrorKind::Other.into());
        };
        let head = live.connection.head().to_owned();
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        let error = act(&mut state.engine, now, self.id, live);
        self.shared.settle(state);
        self.state = State::Failed(error.clone(), head);
        error
    }

    /// Reads from the socket, waiting for it if need be.
    fn wait(&mut self) -> Result<(), Error> {
        let State::Reading(live) = &mut self.state else { return Ok(()) };
        if live.connection.pulse().abort_requested() {
            return Err(self.give_back(|engine, now, id, live| engine.abort(now, id, live)));
        }
        let now = self.shared.clock.now();
        if live.readiness().read {
            read(live, now);
            return Ok(());
        }
        let parker = self.shared.lock().parkers.acquire(Some(&live.io));
        let parker = parker.and_then(|parker| self.shared.attach(live, &parker).map(|()| parker));
        let mut parker = match parker {
            Ok(parker) => parker,
            Err(error) => {
                let error = failed(&error);
                return Err(self.give_back(|engine, now, id, live| {
                    engine.cancel_taken(now, id, live);
                    error
                }));
            }
        };
        // While the parker was in other hands, an event of ours may have been lost on them: ask the socket itself.
        let live_now = read(live, now);
        if live_now == 0 && live.connection.interest(false).read {
            sleep_for(&self.shared, live, &mut parker);
        }
        self.shared.lock().parkers.release(parker);
        Ok(())
    }
}

/// What [`Response::look`] found.
enum Look {
    Content,
    End,
    Wait,
}

impl Read for Response {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let mut filled = 0;
        loop {
            match self.look() {
                Ok(Look::Content) => {
                    let content = self.ready();
                    let count = content.len().min(into.len() - filled);
                    into[filled..filled + count].copy_from_slice(&content[..count]);
                    self.consume(count);
                    filled += count;
                    if filled == into.len() {
                        return Ok(filled);
                    }
                }
                // What was read already is delivered first; the next call tells the rest.
                Ok(_) | Err(_) if filled > 0 => return Ok(filled),
                Ok(Look::End) => return Ok(0),
                Ok(Look::Wait) => {
                    if let Some(count) = self.read_direct(into) {
                        return Ok(count);
                    }
                    self.wait()?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Response {
    /// Large content of known length needs no buffer of ours.
    fn read_direct(&mut self, into: &mut [u8]) -> Option<usize> {
        let State::Reading(live) = &mut self.state else { return None };
        let now = self.shared.clock.now();
        live.read_direct(now, into, |io, space| io.stream.read(space))
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        let now = self.shared.clock.now();
        match std::mem::replace(&mut self.state, State::Complete(Scratch::default())) {
            State::Reading(mut live) => {
                // One look at what has arrived: if it is all, the connection lives on.
                read(&mut live, now);
                let mut state = self.shared.lock();
                state.engine.cancel_taken(now, self.id, live);
                self.shared.settle(state);
            }
            State::Complete(scratch) => self.shared.lock().engine.give_back(scratch),
            State::Failed(..) => {}
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {}", self.head(), self.info)
    }
}
