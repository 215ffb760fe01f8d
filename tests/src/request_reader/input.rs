//! The octets that have come and have not been used, as lines or as content.
//!
//! RFC 9112 §2.2: a line ends with CRLF and nothing else. The first wrong octet is found when it
//! comes, not when its line ends, so that a client which sends bare LFs gets its refusal instead of
//! waiting for us.

use super::Malformed;

/// ```text
/// 0 ........ taken ........ searched ........ buffer.len()
///    used          part of a       not looked at
///                unfinished line
/// ```
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: Vec<u8>,
    taken: usize,
    searched: usize,
}

impl Input {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.searched -= self.taken;
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// Takes a line, which it gives without its CRLF; with it, the line has at most `room` octets.
    pub(super) fn line(&mut self, room: usize) -> Result<Option<&[u8]>, Malformed> {
        while let Some(&octet) = self.buffer.get(self.searched) {
            let line = &self.buffer[self.taken..self.searched];
            if line.len() >= room {
                return Err(Malformed::TooLong);
            }
            self.searched += 1;
            match (line.last(), octet) {
                (Some(b'\r'), b'\n') => {
                    let start = self.taken;
                    self.taken = self.searched;
                    return Ok(Some(&self.buffer[start..self.taken - 2]));
                }
                (Some(b'\r'), _) => return Err(Malformed::BareCr),
                (_, b'\n') => return Err(Malformed::BareLf),
                (_, b'\r' | b'\t') => {}
                (_, octet) if octet.is_ascii_control() => return Err(Malformed::Control),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Moves at most `most` octets to the end of `content`, and says how many.
    pub(super) fn take(&mut self, most: u64, content: &mut Vec<u8>) -> u64 {
        let rest = self.rest();
        let count = usize::try_from(most).map_or(rest.len(), |most| most.min(rest.len()));
        content.extend_from_slice(&rest[..count]);
        self.skip(count);
        count as u64
    }

    /// What has not been taken.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.taken..]
    }

    /// Takes the first `count` octets of the rest.
    pub(super) fn skip(&mut self, count: usize) {
        self.taken += count;
        self.searched = self.taken;
    }
}
