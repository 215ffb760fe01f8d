//! A long response from little memory: a head, a block again and again, an end.

use std::hint::black_box;

use crate::messages::{CHUNKED_HEAD, LAST_CHUNK, chunks};

/// Content in one block: several reads, and little enough to stay in a cache.
const BLOCK: usize = 1024 * 1024;

/// The octets of a response, as a transport delivers them that always has as many as are asked for.
pub(crate) struct Source {
    head: Vec<u8>,
    block: Vec<u8>,
    times: usize,
    end: Vec<u8>,
    /// Which piece is being read: 0 is the head, then come the blocks, then the end.
    piece: usize,
    /// How much of it was read.
    at: usize,
}

impl Source {
    /// Content in chunks of `size` octets.
    pub(crate) fn chunked(content: usize, size: usize) -> Self {
        Self {
            head: CHUNKED_HEAD.to_vec(),
            block: chunks(BLOCK, size),
            times: content / BLOCK,
            end: LAST_CHUNK.to_vec(),
            piece: 0,
            at: 0,
        }
    }

    /// Content with a Content-Length.
    pub(crate) fn of_known_length(content: usize) -> Self {
        let head = format!(
            "HTTP/1.1 200 OK\r\nDate: Tue, 14 Apr 2026 12:00:00 GMT\r\nServer: origin\r\n\
            Content-Type: application/octet-stream\r\nContent-Length: {content}\r\n\r\n"
        );
        Self {
            head: head.into_bytes(),
            block: vec![b'x'; BLOCK],
            times: content / BLOCK,
            end: Vec::new(),
            piece: 0,
            at: 0,
        }
    }

    /// The next response, from its beginning.
    pub(crate) fn rewind(&mut self) {
        self.piece = 0;
        self.at = 0;
    }

    fn rest(&self) -> &[u8] {
        let piece = match self.piece {
            0 => &self.head,
            piece if piece <= self.times => &self.block,
            _ => &self.end,
        };
        &black_box(piece.as_slice())[self.at..]
    }

    /// Fills the space, if there is as much left; how much was read.
    pub(crate) fn read(&mut self, space: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < space.len() {
            let rest = self.rest();
            let count = rest.len().min(space.len() - filled);
            space[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.at += count;
            if count == 0 && self.piece > self.times {
                break;
            }
            if count == 0 {
                self.piece += 1;
                self.at = 0;
            }
        }
        filled
    }
}
