//! A connection with something between HTTP and its transport: every octet goes through the [`Stack`].
//!
//! What the transport brings stays in the stack until HTTP has a use for it, so that backpressure reaches the peer. What HTTP
//! writes is encrypted when what was encrypted before has gone, and counts as sent when the transport has taken it.

use std::sync::Arc;

use super::failure::Failure;
use super::machine::{Connection, Interest, StreamEnd};
use super::receive::Received;
use super::send::Outgoing;
use super::stack::{Making, Stack, StackFailure};
use super::state::ReceiveState;
use crate::base::{Now, Rules};
use crate::tls::{TlsError, TlsInfo};

/// So much is brought up at once before it is looked at.
const ENOUGH: usize = 16 * 1024;

impl Connection {
    /// A connection whose transport has just been opened, and on which more must be said before HTTP.
    pub(crate) fn layered(rules: Arc<Rules>, stack: Option<Box<Stack>>) -> Self {
        let mut connection = Self::new(rules);
        connection.stack = stack;
        connection
    }

    /// How far what lies between HTTP and the transport has come.
    pub(crate) fn making(&self) -> Making<'_> {
        self.stack
            .as_ref()
            .map_or(Making::Made, |stack| stack.making())
    }

    /// Whether something must be said on the transport before HTTP.
    pub(super) fn is_made(&self) -> bool {
        self.stack.as_ref().is_none_or(|stack| stack.is_made())
    }

    /// Whether its peers are at work on what lies below HTTP.
    pub(crate) fn is_underway(&self) -> bool {
        matches!(self.making(), Making::Underway(_))
    }

    /// Asks the proxy once more, with this head.
    pub(crate) fn answer_proxy(&mut self, head: &[u8]) {
        if let Some(stack) = &mut self.stack {
            stack.answer(head);
        }
    }

    /// Nobody has an answer to what the proxy asked.
    pub(crate) fn decline_proxy(&mut self) {
        if let Some(stack) = &mut self.stack {
            stack.decline();
        }
    }

    /// What went wrong between HTTP and the transport.
    pub(crate) fn stack_failure(&self) -> Option<&StackFailure> {
        self.stack.as_ref()?.failure()
    }

    /// Why a connection that has just been made is of no use: it has ended, or its peer speaks before it is asked.
    pub(crate) fn stillborn(&self) -> Option<Failure> {
        match (&self.halves.receive, self.stream_end) {
            (ReceiveState::Broken(failure), _) => Some(*failure),
            (_, Some(StreamEnd::Failed(why))) => Some(Failure::Transport(why)),
            (_, Some(StreamEnd::Clean | StreamEnd::Cut)) => Some(Failure::Closed),
            (_, None) => None,
        }
    }

    /// What is wrong with TLS, if that is what is wrong.
    pub(crate) fn tls_failure(&self) -> Option<&TlsError> {
        match self.stack_failure()? {
            StackFailure::ProxyTls(error) | StackFailure::Tls(error) => Some(error),
            StackFailure::Tunnel(_) | StackFailure::Transport(..) => None,
        }
    }

    /// What is known of the TLS that the connection is spoken over; `None` if there is none.
    pub fn tls(&self) -> Option<TlsInfo> {
        self.stack.as_ref()?.info()
    }

    /// Tells the peer that nothing more will be sent, where TLS has a word for it (RFC 8446 §6.1): it stands in
    /// [`Connection::outgoing`] then. Worth a try when a connection is closed, and no more than that.
    pub fn say_farewell(&mut self) {
        if let Some(stack) = &mut self.stack {
            stack.close();
        }
    }

    /// Whether something stands to be written that is not HTTP's.
    pub(crate) fn tells_layers(&self) -> bool {
        self.stack.as_ref().is_some_and(|stack| stack.has_out())
    }

    /// The stack has nothing more to do: what it still has is for HTTP.
    fn shed(&mut self, now: Now) {
        let Some(mut stack) = self
            .stack
            .take_if(|stack| stack.is_made() && !stack.is_secured())
        else {
            return;
        };
        loop {
            let count = stack.read(self.receive_space());
            if count == 0 {
                break;
            }
            self.received(now, count);
        }
        if let Some(end) = stack.end() {
            self.end_stream(end);
        }
    }

    #[inline(never)]
    pub(super) fn layered_space(&mut self) -> &mut [u8] {
        match &mut self.stack {
            Some(stack) => stack.space(),
            None => &mut self.probe,
        }
    }

    /// Which readiness can be used, if HTTP alone could use this.
    #[inline(never)]
    pub(super) fn interest_through(&self, plain: Interest) -> Interest {
        let Some(stack) = &self.stack else {
            return plain;
        };
        Interest {
            read: plain.read && stack.failure().is_none(),
            write: stack.has_out() || (stack.is_made() && plain.write),
        }
    }

    /// Nothing can be decided by what has come up. [`Connection::poll`] goes on if more can come up.
    #[inline(never)]
    pub(super) fn poll_further(&mut self) -> Result<Received<'_>, Failure> {
        if !self.pull() {
            return Ok(Received::NeedMore);
        }
        // A head, or framing, may have come in any number of records.
        while self.scratch.input.unread_len() < ENOUGH && self.pull() {}
        self.poll()
    }

    /// Content that stands in the stack comes up, unless some is up already.
    #[inline(never)]
    pub(super) fn fill(&mut self) {
        if self.scratch.input.unread_len() == 0 {
            self.pull();
        }
    }

    /// An exchange is over: what else has come is seen, and nobody uses the connection for a while.
    #[inline(never)]
    pub(super) fn rest_layers(&mut self) {
        self.look_up();
        if let Some(stack) = &mut self.stack {
            stack.rest();
        }
    }

    #[inline(never)]
    pub(super) fn received_layered(&mut self, now: Now, octets: usize) {
        if let Some(stack) = &mut self.stack {
            stack.received(now, octets);
            if !stack.is_made() {
                return;
            }
        }
        self.shed(now);
        self.look_up();
    }

    #[inline(never)]
    pub(super) fn ended_layered(&mut self, end: StreamEnd) {
        if let Some(stack) = &mut self.stack {
            stack.ended(end);
            self.look_up();
        }
    }

    /// While nobody reads, and before the first octet of a request, what has come is looked at as it comes: it decides whether
    /// the connection lives.
    pub(super) fn look_up(&mut self) {
        while self.is_looked_at() && self.pull() {}
    }

    fn is_looked_at(&self) -> bool {
        match self.halves.receive {
            ReceiveState::Idle | ReceiveState::Done => true,
            ReceiveState::Head(_) => self.pulse.sent() == 0,
            _ => false,
        }
    }

    /// Brings octets up to HTTP, or the end of them; whether there were any.
    pub(super) fn pull(&mut self) -> bool {
        let Some(mut stack) = self.stack.take_if(|stack| stack.is_made()) else {
            return false;
        };
        // While it is away, this is a connection in the open.
        let count = match self.stream_end {
            None => stack.read(self.receive_space()),
            Some(_) => 0,
        };
        self.received(stack.now(), count);
        let end = stack
            .end()
            .filter(|_| count == 0 && self.stream_end.is_none());
        if let Some(end) = end {
            self.end_stream(end);
        }
        self.stack = Some(stack);
        count > 0 || end.is_some()
    }

    #[inline(never)]
    pub(super) fn outgoing_layered<'a>(&'a mut self, content: &'a [u8]) -> Outgoing<'a> {
        if let Some(mut stack) = self.stack.take() {
            if stack.is_made() {
                // What is lent is counted by each call, whether it is encrypted already or not.
                stack.encrypt(&self.outgoing(content));
            }
            self.stack = Some(stack);
        }
        Outgoing {
            pending: self.stack.as_ref().map_or(&[], |stack| stack.pending()),
            ..Outgoing::default()
        }
    }

    #[inline(never)]
    pub(super) fn sent_layered(&mut self, now: Now, octets: usize) -> usize {
        let Some(mut stack) = self.stack.take() else {
            return 0;
        };
        let gone = stack.sent(octets);
        let taken = match gone {
            0 => 0,
            gone => self.sent(now, gone),
        };
        self.stack = Some(stack);
        taken
    }
}
