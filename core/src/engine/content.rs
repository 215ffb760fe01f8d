//! Heads and content in place: views into the connection that a request uses.

use super::engine::{Engine, Slot};
use super::live::{ConnectionInfo, Live};
use crate::base::{Now, RequestId};
use crate::message::{FieldsRef, HeadRef};

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
        match self.slots.get_mut(connection.index())? {
            Slot::Here(live) => Some(live),
            Slot::Vacant | Slot::Dialling(_) | Slot::Taken => None,
        }
    }

    /// The response head of a request, from [`Event::Head`](crate::Event::Head) to [`Event::End`](crate::Event::End);
    /// before that the interim head that [`Event::Interim`](crate::Event::Interim) told of. `None` when there is none.
    pub fn head(&self, id: RequestId) -> Option<HeadRef<'_>> {
        let live = self.live_of(id).filter(|live| live.connection.has_head())?;
        Some(live.connection.head())
    }

    /// The trailer fields, right after [`Event::Trailers`](crate::Event::Trailers).
    pub fn trailers(&self, id: RequestId) -> Option<FieldsRef<'_>> {
        self.live_of(id).map(|live| live.connection.trailers())
    }

    /// The connection that a request uses.
    pub fn connection_info(&self, id: RequestId) -> Option<ConnectionInfo> {
        self.live_of(id).map(Live::info)
    }

    /// The content that is ready; empty if there is none now. It stays until it is consumed.
    pub fn content(&mut self, id: RequestId) -> &[u8] {
        self.live_of_mut(id)
            .map_or(&[], |live| live.connection.content())
    }

    /// Uses up content. The peer's next octets are read when all that was ready is used up.
    pub fn consume(&mut self, now: Now, id: RequestId, octets: usize) {
        let Some(live) = self.live_of_mut(id) else {
            return;
        };
        live.connection.consume(now, octets);
        let connection = live.id;
        self.dirty.push_back(connection);
    }

    /// The driver's content for a request whose content is [`Content::Stream`](crate::Content::Stream) may go on: its
    /// connection comes up in [`Engine::poll_ready`].
    pub fn content_available(&mut self, id: RequestId) {
        if let Some(connection) = self.session.connection_of(id) {
            self.push_ready(connection);
        }
    }
}
