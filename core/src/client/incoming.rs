//! A response on its way in, as every façade holds it: the connection while there is content to read, then the
//! exchange's memory, in which the head still stands.

use core::fmt;
use std::io;
use std::sync::Arc;

use bytes::Buf;
use url::Url;

use crate::base::{CloseReason, Now, RequestId, Stage};
use crate::connection::{Failure, Received, Scratch};
use crate::engine::{Engine, Live, Step, Upgraded};
use crate::message::{Fields, FieldsRef, HeadRef, ResponseHead};
use crate::session::{Answered, Attempts, ConnectionInfo, Error, ErrorKind, Request};
use crate::tls::TlsInfo;

/// A façade's engine behind its lock.
pub trait Home<S> {
    /// The time.
    fn now(&self) -> Now;

    /// Locks the engine, acts on it, and does what the engine wants done after that; the time is read once for all.
    fn with<R>(&self, act: impl FnOnce(&mut Engine<S>, Now) -> R) -> R;
}

/// A response whose final head has come.
pub struct Incoming<S> {
    id: RequestId,
    info: ConnectionInfo,
    state: State<S>,
    interim: Vec<ResponseHead>,
    attempts: Attempts,
    request: Option<Arc<Request>>,
    trailers: Fields,
    /// Content that was shown as a chunk: used up when more is asked for.
    shown: usize,
}

enum State<S> {
    /// The connection is ours; content is still to be read.
    Reading(Box<Live<S>>),
    /// It came by no connection, with this much of its content left.
    Answered(Box<Answered>),
    /// The content was read to its end; the head stays until the response goes.
    Complete(Scratch),
    /// The content broke off.
    Failed(Error, ResponseHead),
}

/// What a response has for the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Content stands in [`Incoming::content`].
    Content,
    /// The content is complete.
    End,
    /// The transport must be read first.
    Wait,
}

impl<S> Incoming<S> {
    /// A response on a connection whose exchange has just shown its final head, after these interim ones and by these
    /// attempts.
    pub fn new(
        id: RequestId,
        live: Box<Live<S>>,
        interim: Vec<ResponseHead>,
        attempts: Attempts,
    ) -> Self {
        let info = live.info();
        let request = live.asked().cloned();
        Self {
            id,
            info,
            state: State::Reading(live),
            interim,
            attempts,
            request,
            trailers: Fields::new(),
            shown: 0,
        }
    }

    /// A response that came by no connection.
    pub fn answered(id: RequestId, mut answered: Answered) -> Self {
        Self {
            id,
            info: ConnectionInfo::default(),
            interim: Vec::new(),
            attempts: core::mem::take(&mut answered.attempts),
            request: Some(Arc::clone(&answered.request)),
            state: State::Answered(Box::new(answered)),
            trailers: Fields::new(),
            shown: 0,
        }
    }

    /// The request that it answers.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// The head.
    pub fn head(&self) -> HeadRef<'_> {
        match &self.state {
            State::Reading(live) => live.connection.head(),
            State::Answered(answered) => answered.head.as_ref(),
            State::Complete(scratch) => scratch.head(),
            State::Failed(_, head) => head.as_ref(),
        }
    }

    /// The heads of the interim responses (1xx), in order.
    pub fn interim(&self) -> &[ResponseHead] {
        &self.interim
    }

    /// The URL that was asked, the last one after redirects.
    pub fn url(&self) -> Option<&Url> {
        self.request.as_deref().map(Request::url)
    }

    /// All attempts that it took, in order; the last brought this response.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// The error that the application may want a status of 400 or more to be.
    ///
    /// # Errors
    /// If the status is one.
    pub fn error_for_status(&self) -> Result<(), Error> {
        let status = self.head().status();
        match status.is_client_error() || status.is_server_error() {
            true => Err(Error::of_response(
                status,
                self.url(),
                self.attempts.clone(),
            )),
            false => Ok(()),
        }
    }

    /// The trailer fields; there are none before the content was read to its end.
    pub fn trailers(&self) -> FieldsRef<'_> {
        self.trailers.as_ref()
    }

    /// The connection that it came by.
    pub fn connection(&self) -> ConnectionInfo {
        self.info
    }

    /// What was agreed on in the TLS that the response comes over, while there is content to read from it.
    pub fn tls(&self) -> Option<TlsInfo> {
        match &self.state {
            State::Reading(live) => live.connection.tls(),
            _ => None,
        }
    }

    /// The connection, while there is content to read from it.
    pub fn live(&mut self) -> Option<&mut Box<Live<S>>> {
        match &mut self.state {
            State::Reading(live) => Some(live),
            State::Answered(_) | State::Complete(_) | State::Failed(..) => None,
        }
    }

    /// What has come. At its end the connection goes back to the pool at once.
    ///
    /// # Errors
    /// If the content broke off, or the session wants the connection back because a time limit passed.
    pub fn look(&mut self, home: &impl Home<S>) -> Result<Look, Error> {
        if self.shown > 0 {
            let shown = core::mem::take(&mut self.shown);
            self.consume(home.now(), shown);
        }
        let live = match &mut self.state {
            State::Reading(live) => live,
            State::Answered(answered) if answered.content.is_empty() => return Ok(Look::End),
            State::Answered(_) => return Ok(Look::Content),
            State::Complete(_) => return Ok(Look::End),
            State::Failed(error, _) => return Err(error.clone()),
        };
        loop {
            let aborted = live.connection.pulse().abort_requested();
            match live.connection.poll() {
                Ok(Received::Content(_)) => return Ok(Look::Content),
                Ok(Received::NeedMore) if aborted => {
                    return Err(self.end(home, |engine, now, id, live| {
                        over(engine.abort(now, id, live), ErrorKind::SessionClosed)
                    }));
                }
                Ok(Received::NeedMore) => return Ok(Look::Wait),
                Ok(Received::Trailers(fields)) => self.trailers = fields.to_owned(),
                Ok(Received::Interim(_) | Received::Head(_)) => {}
                Ok(Received::End) => {
                    self.complete(home);
                    return Ok(Look::End);
                }
                // It stays in our hands until somebody takes the stream, or lets go.
                Ok(Received::Switched) => return Ok(Look::End),
                Err(failure) => return Err(self.broke(home, failure)),
            }
        }
    }

    /// The content that is ready; it stays until it is consumed.
    pub fn content(&mut self) -> &[u8] {
        match &mut self.state {
            State::Reading(live) => live.connection.content(),
            State::Answered(answered) => &answered.content,
            State::Complete(_) | State::Failed(..) => &[],
        }
    }

    /// The content that is ready, all of it counted as used up when [`Incoming::look`] is asked next.
    pub fn chunk(&mut self) -> &[u8] {
        self.shown = self.content().len();
        self.content()
    }

    /// Uses up content. More than [stands ready](Incoming::content) counts as all of it: what comes later stays to be read.
    pub fn consume(&mut self, now: Now, octets: usize) {
        match &mut self.state {
            State::Reading(live) => live.connection.consume(now, octets),
            State::Answered(answered) => {
                answered.content.advance(octets.min(answered.content.len()));
            }
            State::Complete(_) | State::Failed(..) => return,
        }
        // What is used up here is not to be used up once more.
        self.shown = self.shown.saturating_sub(octets);
    }

    /// Copies content that is ready, as much as there is and fits; tells how much that was.
    ///
    /// # Errors
    /// As [`Incoming::look`]; content that was copied before is told first.
    pub fn copy_ready(
        &mut self,
        home: &impl Home<S>,
        into: &mut [u8],
    ) -> Result<(usize, Look), Error> {
        let (mut filled, now) = (0, home.now());
        while filled < into.len() {
            match self.look(home) {
                Ok(Look::Content) => {
                    let content = self.content();
                    let count = content.len().min(into.len() - filled);
                    into[filled..filled + count].copy_from_slice(&content[..count]);
                    self.consume(now, count);
                    filled += count;
                }
                Ok(look) => return Ok((filled, look)),
                Err(error) if filled == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok((filled, Look::Content))
    }

    fn complete(&mut self, home: &impl Home<S>) {
        if let State::Reading(live) = self.leave() {
            let id = self.id;
            self.state =
                State::Complete(home.with(|engine, now| engine.finish_taken(now, id, live)));
        }
    }

    fn broke(&mut self, home: &impl Home<S>, failure: Failure) -> Error {
        self.end(home, |engine, now, id, live| {
            over(engine.fail(now, id, live, failure), failure.into())
        })
    }

    /// Ends the exchange of a driver that cannot go on.
    pub fn give_up(&mut self, home: &impl Home<S>, why: &io::Error) -> Error {
        let error = Error::new(ErrorKind::Driver(why.kind()), Stage::Content);
        self.end(home, |engine, now, id, live| {
            engine.cancel_taken(now, id, live);
            error
        })
    }

    /// Ends an exchange that went wrong; remembers and returns its error.
    fn end(
        &mut self,
        home: &impl Home<S>,
        act: impl FnOnce(&mut Engine<S>, Now, RequestId, Box<Live<S>>) -> Error,
    ) -> Error {
        let live = match self.leave() {
            State::Reading(live) => live,
            // Only an exchange that is being read can go wrong.
            State::Answered(_) | State::Complete(_) | State::Failed(..) => {
                return Error::new(ErrorKind::Closed, Stage::Content);
            }
        };
        let head = live.connection.head().to_owned();
        let id = self.id;
        let error = home.with(|engine, now| act(engine, now, id, live));
        self.state = State::Failed(error.clone(), head);
        error
    }

    /// Whether the connection speaks another protocol from here on.
    pub fn is_switched(&self) -> bool {
        match &self.state {
            State::Reading(live) => live.connection.close_reason() == Some(CloseReason::Switched),
            State::Answered(_) | State::Complete(_) | State::Failed(..) => false,
        }
    }

    /// Takes the stream of a connection that was switched; `None` if it was not. The session forgets it.
    pub fn upgrade(&mut self, home: &impl Home<S>) -> Option<Upgraded<S>> {
        if !self.is_switched() {
            return None;
        }
        let id = self.id;
        match self.leave() {
            State::Reading(live) => {
                Some(home.with(|engine, now| engine.finish_upgraded(now, id, live)))
            }
            State::Answered(_) | State::Complete(_) | State::Failed(..) => None,
        }
    }

    fn leave(&mut self) -> State<S> {
        core::mem::replace(&mut self.state, State::Complete(Scratch::default()))
    }

    /// The application lets go. Nobody waits: a connection whose content has not all come is closed, unless the rest is
    /// little and comes soon ([`Engine::take_draining`]).
    pub fn release(&mut self, home: &impl Home<S>) {
        let id = self.id;
        match self.leave() {
            State::Reading(live) => home.with(|engine, now| engine.cancel_taken(now, id, live)),
            State::Complete(scratch) if scratch.is_worth_keeping() => {
                home.with(|engine, _| engine.give_back(scratch));
            }
            State::Answered(_) | State::Complete(_) | State::Failed(..) => {}
        }
    }
}

/// An exchange whose head was delivered is never tried again.
fn over<S>(step: Step<S>, kind: ErrorKind) -> Error {
    match step {
        Step::Failed(error) => error,
        Step::Wait | Step::Use(_) | Step::Answered(_) => Error::new(kind, Stage::Content),
    }
}

impl<S> fmt::Debug for Incoming<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {}", self.head(), self.info)
    }
}
