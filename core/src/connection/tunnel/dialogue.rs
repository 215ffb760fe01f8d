//! Messages in turn, as both SOCKS protocols have them: we say one, the proxy says one.
//!
//! What is read is bounded by what the protocol says of its length: no octet behind a message is taken.

use core::fmt;

use super::error::TunnelError;

/// The message on its way out, and the one on its way in.
#[derive(Default)]
pub(super) struct Dialogue {
    out: Vec<u8>,
    written: usize,
    input: Vec<u8>,
}

impl Dialogue {
    pub(super) fn opened_with(message: Vec<u8>) -> Self {
        let mut dialogue = Self::default();
        dialogue.say(message);
        dialogue
    }

    /// The proxy's message was understood; this is what we say to it.
    pub(super) fn say(&mut self, message: Vec<u8>) {
        self.out = message;
        self.written = 0;
        self.input.clear();
    }

    pub(super) fn outgoing(&self) -> &[u8] {
        self.out.get(self.written..).unwrap_or_default()
    }

    pub(super) fn sent(&mut self, octets: usize) {
        self.written = self.written.saturating_add(octets).min(self.out.len());
    }

    /// The proxy's message as far as it has come.
    pub(super) fn input(&self) -> &[u8] {
        &self.input
    }

    /// How many octets of memory it holds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.out.capacity() + self.input.capacity()
    }

    /// Takes octets up to the end of the proxy's message; tells how many, and whether it is whole. `length` says how
    /// long a message is that begins so, as far as that can be told, and refuses what cannot become one.
    pub(super) fn read(
        &mut self,
        octets: &[u8],
        length: impl Fn(&[u8]) -> Result<usize, TunnelError>,
    ) -> Result<(usize, bool), TunnelError> {
        // Whoever answers before the question is out answers something else.
        if !self.outgoing().is_empty() {
            return Err(TunnelError::Unsolicited);
        }
        let mut used = 0;
        loop {
            let missing = length(&self.input)?.saturating_sub(self.input.len());
            let rest = &octets[used..];
            if missing == 0 || rest.is_empty() {
                return Ok((used, missing == 0));
            }
            let count = missing.min(rest.len());
            self.input.extend_from_slice(&rest[..count]);
            used += count;
        }
    }
}

impl fmt::Debug for Dialogue {
    /// Counts: a message may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (out, input) = (self.outgoing().len(), self.input.len());
        write!(f, "{out} octets to write, {input} read")
    }
}
