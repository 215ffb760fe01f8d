//! Letting go of a response before its end: what is left of it is read and thrown away, if that is little and soon
//! (a connection is worth more than a few octets). How long to wait is for the control plane to say.

use super::machine::Connection;
use super::receive::Received;
use crate::base::{CloseReason, Phase};

/// How far the rest of a response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// All of it was thrown away: the exchange is over.
    Ended,
    /// More is to come.
    Coming,
    /// It is too much, or the connection is of no further use anyway.
    Lost,
}

impl Connection {
    /// Lets go of the response: from now on its content is thrown away, at most so many octets.
    pub(crate) fn discard_rest(&mut self, most: u64) -> Rest {
        self.discarded = None;
        if self.close_reason().is_some() || self.is_done() {
            return match self.is_done() {
                true => Rest::Ended,
                false => Rest::Lost,
            };
        }
        self.discarded = Some(0);
        self.received_before = self.pulse.received();
        self.discard_more(most)
    }

    /// Throws away what has come since. Until the head is here there is nothing to throw away: a request that nobody
    /// wants any more may yet be answered with anything.
    pub(crate) fn discard_more(&mut self, most: u64) -> Rest {
        loop {
            let left = most.saturating_sub(self.discarded.unwrap_or_default());
            let count = match self.poll() {
                Ok(Received::Content(content)) => content.len(),
                Ok(Received::End) => return self.end_discarding(),
                Ok(Received::NeedMore) => return self.await_rest(most, left),
                Ok(Received::Interim(_) | Received::Head(_) | Received::Trailers(_)) => continue,
                Ok(Received::Switched) | Err(_) => return Rest::Lost,
            };
            if count as u64 > left {
                self.persistence.note(CloseReason::UnreadContent);
                return Rest::Lost;
            }
            self.use_up(count);
            self.discarded = self.discarded.map(|before| before + count as u64);
        }
    }

    fn end_discarding(&mut self) -> Rest {
        self.pulse.enter(Phase::Idle);
        Rest::Ended
    }

    /// Whether what is still to come is content, and as far as anybody knows not too much of it. Its framing may take as
    /// much again: a peer can write any number of octets around one of content.
    fn await_rest(&mut self, most: u64, left: u64) -> Rest {
        // It is nobody's time any more: no limit of the exchange applies.
        self.pulse.enter(Phase::Idle);
        let come = self.pulse.received().saturating_sub(self.received_before);
        match self.rest_of_content() {
            Some(rest) if rest <= left && come <= most.saturating_mul(2) => {}
            Some(_) => self.persistence.note(CloseReason::UnreadContent),
            // No head yet, or content that ends with the connection.
            None => self.persistence.note(CloseReason::Abandoned),
        }
        match self.close_reason() {
            None => Rest::Coming,
            Some(_) => Rest::Lost,
        }
    }

    /// How many octets of content the present response was thrown away of; `None` if it was read to its end.
    pub fn discarded(&self) -> Option<u64> {
        self.discarded
    }
}
