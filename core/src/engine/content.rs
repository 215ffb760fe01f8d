//! Heads and content in place: views into the connection that a request uses.

use std::io;

use bytes::{Buf, Bytes};
use http::StatusCode;
use url::Url;

use super::engine::{Engine, Slot};
use super::live::Live;
use super::upgraded::Upgraded;
use crate::base::{CloseReason, ConnectionId, Now, RequestId};
use crate::connection::Misuse;
use crate::message::{Fields, FieldsRef, HeadRef};
use crate::session::{Answered, Attempts, ConnectionInfo, ContentError, ErrorKind, Event};
use crate::tls::TlsInfo;

impl<S> Engine<S> {
    fn live_of(&self, id: RequestId) -> Option<&Live<S>> {
        let connection = self.session.connection_of(id)?;
        match self.slots.get(connection.index())? {
            Slot::Here(live) => Some(live),
            Slot::Vacant | Slot::Dialling(_) | Slot::Taken => None,
        }
    }

    fn live_of_mut(&mut self, id: RequestId) -> Option<&mut Live<S>> {
        let connection = self.session.connection_of(id)?;
        self.live_at_mut(connection)
    }

    fn live_at_mut(&mut self, connection: ConnectionId) -> Option<&mut Live<S>> {
        match self.slots.get_mut(connection.index())? {
            Slot::Here(live) => Some(live),
            Slot::Vacant | Slot::Dialling(_) | Slot::Taken => None,
        }
    }

    /// The response head of a request, from [`Event::Head`](crate::Event::Head) until [`Event::End`](crate::Event::End) is
    /// told; before that the interim head that [`Event::Interim`](crate::Event::Interim) told of. `None` when there is none.
    pub fn head(&self, id: RequestId) -> Option<HeadRef<'_>> {
        match self.live_of(id) {
            Some(live) if live.connection.has_head() => Some(live.connection.head()),
            Some(_) => None,
            None => self.answered.get(&id).map(Answered::head),
        }
    }

    /// The trailer fields, right after [`Event::Trailers`](crate::Event::Trailers).
    pub fn trailers(&self, id: RequestId) -> Option<FieldsRef<'_>> {
        self.live_of(id).map(|live| live.connection.trailers())
    }

    /// The URL that a request asks, from `submit` until [`Event::End`](crate::Event::End) is told: after a redirect that was
    /// followed, the one that it leads to.
    pub fn url(&self, id: RequestId) -> Option<&Url> {
        let answered = || self.answered.get(&id).map(Answered::url);
        self.session.url(id).or_else(answered)
    }

    /// The connection that a request uses.
    pub fn connection_info(&self, id: RequestId) -> Option<ConnectionInfo> {
        self.live_of(id).map(Live::info)
    }

    /// What was agreed on in the TLS that a request is sent over; `None` if it is not sent over any, or has no connection.
    pub fn tls(&self, id: RequestId) -> Option<TlsInfo> {
        self.live_of(id)?.connection.tls()
    }

    /// All attempts to get a request answered, from [`Event::Head`](crate::Event::Head) until
    /// [`Event::End`](crate::Event::End) is told. ([`Error::attempts`](crate::Error::attempts) has those of a request that failed.)
    pub fn attempts(&self, id: RequestId) -> Option<Attempts> {
        if let Some(answered) = self.answered.get(&id) {
            return Some(answered.attempts.clone());
        }
        let live = self.live_of(id).filter(|live| live.connection.has_head())?;
        let status = live.connection.head().status();
        // An interim head ends no attempt; a switch is the last word in HTTP.
        let final_ = !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS;
        let answered = live.term.answered;
        final_
            .then(|| self.session.attempts(id, status, answered))
            .flatten()
    }

    /// The content that is ready; empty if there is none now. It stays until it is consumed.
    pub fn content(&mut self, id: RequestId) -> &[u8] {
        let content = match self.session.connection_of(id) {
            Some(connection) => self
                .live_at_mut(connection)
                .map(|live| live.connection.content()),
            None => self.answered.get(&id).map(|answered| &answered.content[..]),
        };
        content.unwrap_or_default()
    }

    /// Uses up content. The peer's next octets are read when all that was ready is used up. More than is
    /// [ready](Engine::content) counts as all of it: what comes later stays to be read.
    pub fn consume(&mut self, now: Now, id: RequestId, octets: usize) {
        let Some(live) = self.live_of_mut(id) else {
            return self.consume_answered(id, octets);
        };
        live.connection.consume(now, octets);
        let connection = live.id;
        self.dirty.push_back(connection);
    }

    #[cold]
    fn consume_answered(&mut self, id: RequestId, octets: usize) {
        if let Some(answered) = self.answered.get_mut(&id)
            && !answered.content.is_empty()
        {
            answered.content.advance(octets.min(answered.content.len()));
            self.tell_answered(id);
        }
    }

    /// Hands over the next piece of a request's content ([`Content::Stream`](crate::Content::Stream)), after
    /// [`Event::ContentWanted`](crate::Event::ContentWanted) has asked for it. The piece is sent without a copy; when it
    /// has gone out, the next is asked for. An empty piece changes nothing. A request of which a piece was taken is never sent
    /// anew, not even if no octet of it went out.
    ///
    /// # Errors
    /// The piece is not taken if the one before has not gone out ([`Misuse::NotReady`]), if there is more than was
    /// announced ([`Misuse::ContentTooLong`]), or if nobody wants it: the request was answered or is over
    /// ([`Misuse::NoContent`]).
    pub fn push_content(&mut self, id: RequestId, piece: Bytes) -> Result<(), Misuse> {
        let live = self.live_of_mut(id).ok_or(Misuse::NoContent)?;
        live.supply.push(&live.connection, piece)?;
        let connection = live.id;
        self.ready.push_back(connection);
        Ok(())
    }

    /// Ends a request's content, with trailer fields if it is chunked.
    ///
    /// # Errors
    /// If less has come than was announced, or the trailer fields may not follow: the request fails then, because nothing
    /// can complete it any more. [`Misuse::NoContent`] if nobody wants to know.
    pub fn finish_content(
        &mut self,
        now: Now,
        id: RequestId,
        trailers: Fields,
    ) -> Result<(), Misuse> {
        let live = self.live_of_mut(id).ok_or(Misuse::NoContent)?;
        let trailers = match live.asked() {
            Some(request) => request.going_along(trailers),
            None => trailers,
        };
        let finished = live.supply.finish(&live.connection, trailers);
        let connection = live.id;
        match finished {
            Ok(()) => self.ready.push_back(connection),
            Err(Misuse::NoContent) => {}
            Err(misuse) => self.fail_content(now, id, ErrorKind::Content(misuse.into())),
        }
        finished
    }

    /// The source of a request's content has failed: so does the request, and its error keeps the source's.
    pub fn abort_content(&mut self, now: Now, id: RequestId, why: impl Into<io::Error>) {
        let why = ContentError::from(why.into());
        self.fail_content(now, id, ErrorKind::Content(why));
    }

    fn fail_content(&mut self, now: Now, id: RequestId, kind: ErrorKind) {
        let connection = self.session.connection_of(id);
        if let Some(live) = connection.and_then(|connection| self.take_slot(connection)) {
            let error = self.fail_with(now, id, live, kind);
            self.events
                .extend(error.map(|error| Event::Failed(id, error)));
        } else {
            self.session.fail_early(now, id, kind);
            self.settle();
        }
    }

    /// Takes the stream of a connection that was switched, after [`Event::Switched`](crate::Event::Switched). The session
    /// forgets it; nothing more is told about the request.
    pub fn take_upgraded(&mut self, now: Now, id: RequestId) -> Option<Upgraded<S>> {
        let connection = self.session.connection_of(id)?;
        let switched = self.live_of(id)?.connection.close_reason() == Some(CloseReason::Switched);
        let live = switched.then(|| self.take_slot(connection))??;
        Some(self.hand_over(now, id, *live))
    }
}
