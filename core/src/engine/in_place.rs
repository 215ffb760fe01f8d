//! Driving in place: for loops that do everything themselves, on one thread.

use core::ops::{Deref, DerefMut};
use std::collections::VecDeque;

use super::engine::{Engine, Slot};
use super::exchange::{Begun, begin, wind_up};
use super::live::{Live, Readiness};
use crate::base::{ConnectionId, Now, RequestId};
use crate::connection::{Interest, Received};
use crate::session::{Error, ErrorKind, Event, HeadVerdict, TakeUp};

impl<S> Engine<S> {
    /// The present tenant of a place, by [`ConnectionId::index`].
    pub fn connection_at(&self, index: usize) -> Option<ConnectionId> {
        self.session.member_at(index)
    }

    /// All transports that stand in their slots, and the readiness that each waits for: what a level-triggered loop
    /// waits for. A dial waits until it can be written to.
    pub fn interests(&self) -> impl Iterator<Item = (ConnectionId, &S, Interest)> {
        self.slots.iter().enumerate().filter_map(|(place, slot)| {
            let connection = self.connection_at(place)?;
            match slot {
                Slot::Here(live) => Some((connection, &live.io, live.interest())),
                Slot::Dialling(Some(io)) => Some((
                    connection,
                    io,
                    Interest {
                        read: false,
                        write: true,
                    },
                )),
                Slot::Vacant | Slot::Dialling(None) | Slot::Taken => None,
            }
        })
    }

    /// The transport of a connection may be ready.
    pub fn handle_readiness(&mut self, connection: ConnectionId, ready: Readiness) {
        if let Some(Slot::Here(live)) = self.slot_mut(connection) {
            live.note_ready(ready);
            self.ready.push_back(connection);
        }
    }

    /// The next connection that a step of driving can move on.
    pub fn poll_ready(&mut self) -> Option<ConnectionId> {
        while let Some(connection) = self.ready.pop_front() {
            if let Some(Slot::Here(live)) = self.slots.get(connection.index())
                && live.id == connection
                && live.can_move()
            {
                return Some(connection);
            }
        }
        None
    }

    fn start_in_place(&mut self, now: Now, id: RequestId) {
        match self.session.take_up(id) {
            // Content that was held may go now: look at its connection again.
            TakeUp::Wait => self.dirty.extend(self.session.connection_of(id)),
            TakeUp::Failed(error) => self.events.push_back(Event::Failed(id, error)),
            TakeUp::Answered(answered) => {
                self.answered.insert(id, *answered);
                self.events.push_back(Event::Head(id));
                self.tell_answered(id);
            }
            // Nothing is ordered by that.
            TakeUp::Use(connection) => return self.begin_in_place(now, id, connection),
            TakeUp::Abort(connection) => {
                if let Some(live) = self.take_slot(connection) {
                    let error = self.fail_with(now, id, live, ErrorKind::SessionClosed);
                    self.events.push_back(failed_or_again(id, error));
                }
            }
        }
        self.settle();
    }

    /// Begins an exchange on a connection that stays in its slot.
    fn begin_in_place(&mut self, now: Now, id: RequestId, connection: ConnectionId) {
        if let Some(Slot::Here(live)) = self.slots.get_mut(connection.index())
            && live.id == connection
            && live.connection.is_idle()
        {
            begin(&mut self.session, &mut self.spare, now, id, live);
            self.ready.push_back(connection);
            return;
        }
        match self.begin_on(now, id, connection) {
            Begun::Live(live) => {
                self.put_slot(live);
                self.ready.push_back(connection);
            }
            Begun::Failed(error) => self.events.push_back(Event::Failed(id, error)),
            Begun::Waiting => {}
        }
    }

    /// A connection to drive; whatever was done to it is noticed when the guard goes.
    pub fn drive(&mut self, connection: ConnectionId) -> Option<Driving<'_, S>> {
        match self.slots.get_mut(connection.index()) {
            Some(Slot::Here(live)) if live.id == connection => Some(Driving {
                live,
                dirty: &mut self.dirty,
            }),
            _ => None,
        }
    }

    /// What is to be told to the application; drained in each turn. This also starts requests that were granted a
    /// connection; a driver that takes connections out asks [`Engine::poll_wake`] instead.
    pub fn poll_event(&mut self, now: Now) -> Option<Event> {
        loop {
            while let Some(id) = self.session.next_wake() {
                self.start_in_place(now, id);
                if !self.events.is_empty() {
                    // One after the other: who gives a request up looks for its events among all that wait to be told.
                    break;
                }
            }
            if let Some(event) = self.events.pop_front() {
                if let Event::End(id) = event {
                    self.answered.remove(&id);
                }
                return Some(event);
            }
            let connection = self.dirty.pop_front()?;
            if let Some(event) = self.poll_connection(now, connection) {
                return Some(event);
            }
        }
    }

    /// What comes next of a response that came by no connection.
    pub(super) fn tell_answered(&mut self, id: RequestId) {
        if let Some(answered) = self.answered.get(&id) {
            self.events.push_back(match answered.content.is_empty() {
                true => Event::End(id),
                false => Event::Content(id),
            });
        }
    }

    fn poll_connection(&mut self, now: Now, connection: ConnectionId) -> Option<Event> {
        let Some(Slot::Here(live)) = self.slots.get_mut(connection.index()) else {
            return None;
        };
        if live.id != connection {
            return None;
        }
        let Some(id) = live.request else {
            self.poll_requestless(now, connection);
            return None;
        };
        let event = match live.connection.poll() {
            Ok(Received::NeedMore) => {
                live.connection.waiting(now);
                let asks = live.supply.asks(&live.connection);
                if live.can_move() {
                    self.ready.push_back(connection);
                }
                return asks.then_some(Event::ContentWanted(id));
            }
            Ok(Received::Interim(_)) => Event::Interim(id),
            Ok(Received::Head(_)) => {
                live.term.answered = now.tick;
                if live.term.judged || live.connection.has_weighty_head() {
                    return self.poll_head(now, id, connection);
                }
                Event::Head(id)
            }
            Ok(Received::Switched) => return Some(Event::Switched(id)),
            Ok(Received::Content(_)) => return Some(Event::Content(id)),
            Ok(Received::Trailers(_)) => Event::Trailers(id),
            Ok(Received::End) => {
                let (outcome, scratch) = wind_up(&mut self.session, live);
                if live.can_move() {
                    // What the transport is still known to have is not this exchange's: look at it.
                    self.ready.push_back(connection);
                }
                self.give_back(scratch);
                self.session.end(now, id, outcome);
                self.settle();
                return Some(Event::End(id));
            }
            Err(failure) => {
                let live = self.take_slot(connection)?;
                let error = self.fail_or_replay(now, id, live, failure);
                return Some(failed_or_again(id, error));
            }
        };
        self.dirty.push_back(connection);
        Some(event)
    }

    /// A head on which the request may be sent anew.
    fn poll_head(&mut self, now: Now, id: RequestId, connection: ConnectionId) -> Option<Event> {
        let live = self.take_slot(connection)?;
        match self.judge_head(now, id, &live) {
            HeadVerdict::Deliver => {
                self.put_slot(live);
                self.dirty.push_back(connection);
                Some(Event::Head(id))
            }
            HeadVerdict::Part => {
                let error = self.part(now, id, live);
                // What its transport is still known to have may be the rest of the response.
                self.ready.push_back(connection);
                Some(failed_or_again(id, error))
            }
            // Whoever ended it has told, or will.
            HeadVerdict::Abort => {
                self.put_slot(live);
                None
            }
        }
    }

    /// A connection without a request was touched: it is idle, or the rest of a response is being thrown away.
    fn poll_requestless(&mut self, now: Now, connection: ConnectionId) {
        let Some(live) = self.take_slot(connection) else {
            return;
        };
        if self.session.is_making(connection) {
            if let Some(live) = self.make(now, live) {
                if live.can_move() {
                    self.ready.push_back(connection);
                }
                self.put_slot(live);
            }
        } else if !self.session.is_draining(connection) {
            let idle = live.connection.is_idle();
            self.put_slot(live);
            if !idle {
                self.session.idle_ended(now, connection);
                self.settle();
            }
        } else if let Some(live) = self.drain(now, live) {
            if live.can_move() {
                self.ready.push_back(connection);
            }
            self.put_slot(live);
        }
    }
}

fn failed_or_again(id: RequestId, error: Option<Error>) -> Event {
    match error {
        Some(error) => Event::Failed(id, error),
        None => Event::Again(id),
    }
}

/// A connection being driven in place. When it goes, the engine looks at what was done.
pub struct Driving<'a, S> {
    live: &'a mut Live<S>,
    dirty: &'a mut VecDeque<ConnectionId>,
}

impl<S> Deref for Driving<'_, S> {
    type Target = Live<S>;

    fn deref(&self) -> &Live<S> {
        self.live
    }
}

impl<S> DerefMut for Driving<'_, S> {
    fn deref_mut(&mut self) -> &mut Live<S> {
        self.live
    }
}

impl<S> Drop for Driving<'_, S> {
    fn drop(&mut self) {
        self.dirty.push_back(self.live.id);
    }
}
