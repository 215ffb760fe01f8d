//! Content that a scenario has a request read while it is sent.
//!
//! One [`Source`] serves every driver: as a reader for those that pull, piece by piece for those that are pushed.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// What a source says when it fails.
pub const SAID: &str = "the tape is sealed";

/// One thing that a source gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These octets.
    Octets(Vec<u8>),
    /// The same octets so many times.
    Repeat(Vec<u8>, usize),
    /// An error.
    Fail(io::ErrorKind),
    /// Nothing for this long. Whoever drives the source asks [`Source::pause`] before each read.
    Pause(Duration),
}

/// Pieces of content, then its end. A clone gives the same pieces again, and shares the count.
#[derive(Clone, Debug)]
pub struct Source {
    pieces: VecDeque<Piece>,
    /// What of the first piece was not read yet.
    rest: VecDeque<u8>,
    given: Arc<AtomicUsize>,
}

impl Source {
    /// A source of these pieces.
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self {
            pieces: pieces.into_iter().collect(),
            rest: VecDeque::new(),
            given: Arc::default(),
        }
    }

    /// A source of these octets, each slice a piece.
    pub fn of(pieces: &[&[u8]]) -> Self {
        Self::new(pieces.iter().map(|piece| Piece::Octets(piece.to_vec())))
    }

    /// How many octets have been taken, from this one and from its clones.
    pub fn given(&self) -> usize {
        self.given.load(Relaxed)
    }

    /// How long it has nothing to give from now on. It is said once: time is the driver's.
    pub fn pause(&mut self) -> Option<Duration> {
        match self.pieces.front() {
            Some(Piece::Pause(pause)) if self.rest.is_empty() => {
                let pause = *pause;
                self.pieces.pop_front();
                Some(pause)
            }
            _ => None,
        }
    }

    /// The next piece whole; `None` at the end.
    ///
    /// # Errors
    ///
    /// If that is what the next piece says.
    pub fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let piece = match self.pieces.pop_front() {
            None => return Ok(None),
            Some(Piece::Pause(_)) => unreachable!("the driver has asked for pauses"),
            Some(Piece::Fail(kind)) => return Err(io::Error::new(kind, SAID)),
            Some(Piece::Octets(octets)) => octets,
            Some(Piece::Repeat(octets, times)) => {
                if times > 1 {
                    let rest = Piece::Repeat(octets.clone(), times - 1);
                    self.pieces.push_front(rest);
                }
                octets
            }
        };
        self.given.fetch_add(piece.len(), Relaxed);
        Ok(Some(piece))
    }
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            match self.next_piece()? {
                Some(piece) => self.rest.extend(piece),
                None => return Ok(0),
            }
        }
        self.rest.read(into)
    }
}
