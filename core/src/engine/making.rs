//! Connections that are being made: their transport stands, and more is said on it before HTTP.
//!
//! In place they are driven like any other. Who takes connections out takes such a one with [`Engine::take_making`], moves
//! its octets, and shows it to [`Engine::put_making`] after every step.

use super::engine::{Command, Engine, Slot};
use super::live::Live;
use crate::base::{ConnectionId, Now};
use crate::connection::Making;
use crate::session::ProxyAnswer;

impl<S> Engine<S> {
    /// A connection whose transport stands and that does not carry HTTP yet, to move its octets without the engine. `None` if
    /// it is none, or not here.
    pub fn take_making(&mut self, connection: ConnectionId) -> Option<Box<Live<S>>> {
        match self.session.is_making(connection) {
            true => self.take_slot(connection),
            false => None,
        }
    }

    /// Looks how far a connection has come that was [taken](Engine::take_making). `Some`: it is not through, and its transport
    /// is to be waited for, as [`Live::interest`] says; if that is to write and it is [ready](Live::readiness) for it, the next step
    /// is due at once. `None`: it is made, or will never be; whoever waits for it is told.
    pub fn put_making(&mut self, now: Now, live: Box<Live<S>>) -> Option<Box<Live<S>>> {
        self.make(now, live)
    }

    /// Leaves a connection that is [not through](Engine::put_making) until somebody takes it again.
    pub fn shelve(&mut self, live: Box<Live<S>>) {
        match self.session.is_making(live.id) {
            true => self.put_slot(live),
            false => self.commands.push_back(Command::Discard(live)),
        }
    }

    /// The transport of a connection that is being dialled or made, while it is here.
    pub fn opening_mut(&mut self, connection: ConnectionId) -> Option<&mut S> {
        let is_making = self.session.is_making(connection);
        match self.slot_mut(connection)? {
            Slot::Dialling(io) => io.as_mut(),
            Slot::Here(live) if is_making => Some(&mut live.io),
            Slot::Here(_) | Slot::Vacant | Slot::Taken => None,
        }
    }

    /// Goes on with a connection as far as what has come allows. Gives it back if its peers are at work.
    pub(super) fn make(&mut self, now: Now, mut live: Box<Live<S>>) -> Option<Box<Live<S>>> {
        let connection = live.id;
        if !self.session.is_making(connection) {
            // Its time was up while somebody else held it; its slot may have another tenant by now.
            self.commands.push_back(Command::Discard(live));
            return None;
        }
        loop {
            match live.connection.making() {
                Making::Underway(stage) => {
                    self.session.note_stage(now, connection, stage);
                    self.settle();
                    return Some(live);
                }
                Making::Challenged { head, reusable } => {
                    match self
                        .session
                        .handle_challenge(now, connection, head, reusable)
                    {
                        ProxyAnswer::Again(head) => live.connection.answer_proxy(&head),
                        ProxyAnswer::Declined => live.connection.decline_proxy(),
                        ProxyAnswer::Anew => break,
                    }
                }
                Making::Failed(why) => {
                    let why = why.clone();
                    self.put_slot(live);
                    self.session.handle_making_failed(now, connection, why);
                    self.settle();
                    return None;
                }
                Making::Made => {
                    // What has ended with its handshake, or said more than that, is no connection: another would be none.
                    if let Some(failure) = live.connection.stillborn() {
                        self.put_slot(live);
                        self.session.handle_stillborn(now, connection, failure);
                        self.settle();
                        return None;
                    }
                    self.put_slot(live);
                    self.session.handle_made(now, connection);
                    self.session.release(now, connection);
                    // What came with the last word may be for HTTP.
                    self.ready.push_back(connection);
                    self.settle();
                    return None;
                }
            }
        }
        self.put_slot(live);
        self.settle();
        None
    }
}
