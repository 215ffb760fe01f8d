//! Heads and content of the requests that a driver has under way.

use std::io;

use sessile_core::{
    Attempts, ConnectionInfo, Fields, FieldsRef, HeadRef, Misuse, RequestId, TlsInfo, Upgraded,
    Url, bytes::Bytes,
};

use super::Driver;
use crate::socket::Stream;

impl Driver {
    /// The response head, from [`Event::Head`](sessile_core::Event::Head) until [`Event::End`](sessile_core::Event::End) is told.
    pub fn head(&self, id: RequestId) -> Option<HeadRef<'_>> {
        self.engine.head(id)
    }

    /// The trailer fields, right after [`Event::Trailers`](sessile_core::Event::Trailers).
    pub fn trailers(&self, id: RequestId) -> Option<FieldsRef<'_>> {
        self.engine.trailers(id)
    }

    /// The content that is ready, as a view into the receive buffer.
    pub fn content(&mut self, id: RequestId) -> &[u8] {
        self.engine.content(id)
    }

    /// Uses up content. While some is left, nothing more is read for this request. More than is ready counts as all of it:
    /// what comes later stays to be read.
    pub fn consume(&mut self, id: RequestId, octets: usize) {
        let now = self.fresh_now();
        self.engine.consume(now, id, octets);
    }

    /// Hands over the next piece of a request's content ([`Content::Stream`](sessile_core::Content::Stream)), after
    /// [`Event::ContentWanted`](sessile_core::Event::ContentWanted) has asked for it. The piece is sent without a copy; when it has gone out, the next is
    /// asked for. An empty piece changes nothing.
    ///
    /// # Errors
    /// The piece is not taken if the one before has not gone out ([`Misuse::NotReady`]), if there is more than was
    /// announced ([`Misuse::ContentTooLong`]), or if nobody wants it: the request was answered or is over
    /// ([`Misuse::NoContent`]).
    pub fn push_content(&mut self, id: RequestId, piece: impl Into<Bytes>) -> Result<(), Misuse> {
        self.engine.push_content(id, piece.into())
    }

    /// Ends a request's content, with trailer fields if it is chunked.
    ///
    /// # Errors
    /// If less has come than was announced, or the trailer fields may not follow: the request fails then, because nothing
    /// can complete it any more. [`Misuse::NoContent`] if nobody wants to know.
    pub fn finish_content(&mut self, id: RequestId, trailers: Fields) -> Result<(), Misuse> {
        let now = self.fresh_now();
        self.engine.finish_content(now, id, trailers)
    }

    /// The source of a request's content has failed: so does the request, and its error keeps the source's.
    pub fn abort_content(&mut self, id: RequestId, why: impl Into<io::Error>) {
        let now = self.now();
        self.engine.abort_content(now, id, why);
    }

    /// Takes the stream of a connection that was switched to another protocol, after [`Event::Switched`](sessile_core::Event::Switched); with it come
    /// the head of the 101, and the octets that the peer has sent in the new protocol already: they are to be read before
    /// anything else. The stream does not block and is registered nowhere; the driver forgets it, and nothing more is told
    /// about the request.
    pub fn take_upgraded(&mut self, id: RequestId) -> Option<Upgraded<Stream>> {
        let now = self.now();
        let mut upgraded = self.engine.take_upgraded(now, id)?;
        self.let_go(&mut upgraded.io);
        Some(upgraded)
    }

    /// The URL that a request asks, until [`Event::End`](sessile_core::Event::End) is told: after a redirect that was followed, the one that it leads
    /// to.
    pub fn url(&self, id: RequestId) -> Option<&Url> {
        self.engine.url(id)
    }

    /// The connection that a request uses.
    pub fn connection_info(&self, id: RequestId) -> Option<ConnectionInfo> {
        self.engine.connection_info(id)
    }

    /// What was agreed on in the TLS that a request is sent over; `None` if it is not sent over any, or has no connection.
    pub fn tls(&self, id: RequestId) -> Option<TlsInfo> {
        self.engine.tls(id)
    }

    /// All attempts to get a request answered, from [`Event::Head`](sessile_core::Event::Head) until [`Event::End`](sessile_core::Event::End) is told.
    pub fn attempts(&self, id: RequestId) -> Option<Attempts> {
        self.engine.attempts(id)
    }
}
