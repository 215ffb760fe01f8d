//! Transports in memory: what went out on each connection, and what comes next.

use std::collections::VecDeque;
use std::io;

use sessile_core::{ConnectionId, Outgoing};

use crate::steps::Word;

/// How much a transport takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Octets(usize),
    Endless,
    Failing,
}

/// One connection, from its dial on.
pub(crate) struct Transport {
    pub(crate) id: ConnectionId,
    pub(crate) wire: Vec<u8>,
    /// How much of that was found right.
    pub(crate) judged: usize,
    pub(crate) coming: VecDeque<Word>,
    /// What is left of the last word of the peer that was begun.
    rest: &'static [u8],
    /// A write has failed.
    pub(crate) failed: bool,
    /// What the engine has read: a 100; a final head, and how much had gone out before; the stream's end.
    pub(crate) continued: bool,
    pub(crate) answered_at: Option<usize>,
    pub(crate) ended: bool,
    /// The final head was a 417. (Before the first octet of a request it would answer nothing.)
    pub(crate) refused: bool,
    pub(crate) discarded: bool,
}

impl Transport {
    pub(crate) fn new(id: ConnectionId) -> Self {
        Self {
            id,
            wire: Vec::new(),
            judged: 0,
            coming: VecDeque::new(),
            rest: b"",
            failed: false,
            continued: false,
            answered_at: None,
            ended: false,
            refused: false,
            discarded: false,
        }
    }

    /// Forgets an exchange that is over; the next begins.
    pub(crate) fn renew(&mut self) {
        self.wire.clear();
        self.judged = 0;
        self.continued = false;
        self.answered_at = None;
        self.refused = false;
    }

    pub(crate) fn has_something(&self) -> bool {
        !self.discarded && (!self.rest.is_empty() || !self.coming.is_empty())
    }

    /// Whether nothing more of the present request can go out.
    pub(crate) fn is_stopped(&self) -> bool {
        self.failed || self.ended || self.answered_at.is_some()
    }

    pub(crate) fn write(&mut self, room: &mut Room, outgoing: &Outgoing<'_>) -> io::Result<usize> {
        let most = match *room {
            Room::Octets(0) => return Err(io::ErrorKind::WouldBlock.into()),
            Room::Octets(octets) => octets,
            Room::Endless => usize::MAX,
            Room::Failing => {
                self.failed = true;
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        };
        let count = most.min(outgoing.len());
        let slices = outgoing.slices();
        let octets = slices.iter().flat_map(|slice| slice.iter());
        self.wire.extend(octets.take(count));
        if let Room::Octets(octets) = room {
            *octets -= count;
        }
        Ok(count)
    }

    pub(crate) fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            let Some(word) = self.coming.pop_front() else {
                return Err(io::ErrorKind::WouldBlock.into());
            };
            self.note(word);
            match word.octets() {
                Some(octets) => self.rest = octets,
                None if word == Word::End => return Ok(0),
                None => return Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
        let count = self.rest.len().min(space.len());
        space[..count].copy_from_slice(&self.rest[..count]);
        self.rest = &self.rest[count..];
        Ok(count)
    }

    fn note(&mut self, word: Word) {
        self.continued |= word == Word::Continue;
        self.ended |= word.octets().is_none();
        if word.is_final() && self.answered_at.is_none() {
            self.answered_at = Some(self.wire.len());
            self.refused = word == Word::Refusal && !self.wire.is_empty();
        }
    }
}
