//! One HTTP/1.1 connection without its socket: the driver moves octets, this says which and what they mean.
//!
//! Writing: [`absorb`](Connection::absorb) what is small, write what [`outgoing`](Connection::outgoing) shows, report
//! with [`sent`](Connection::sent). Reading: read into [`receive_space`](Connection::receive_space), report with
//! [`received`](Connection::received), then [`poll`](Connection::poll) until it says
//! [`Received::NeedMore`](super::Received::NeedMore). The two directions are independent.

use core::fmt;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::failure::Failure;
use super::persistence::{KeepAlive, Persistence};
use super::scratch::{Loan, Scratch};
use super::send::{ContentWriter, Misuse, RequestPlan};
use super::stack::Stack;
use super::state::{Halves, ReceiveState, SendEvent, SendState};
use super::upgraded::Leftover;
use crate::base::{CloseReason, Now, Phase, Pulse, Rules};
use crate::message::{FieldsRef, HeadRef, Known};
use crate::wire::{Asked, Framing};

/// Where octets go that nobody asked for: one is enough to know that the connection is useless.
const PROBE: usize = 16;

/// Which kinds of readiness the connection can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// There is room for what the peer sends.
    pub read: bool,
    /// There are octets to write.
    pub write: bool,
}

/// How the incoming stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    Clean,
    /// The transport ended, and TLS had not said that it would: somebody may have cut it.
    Cut,
    Failed(io::ErrorKind),
}

/// One HTTP/1.1 connection as a machine over octets.
///
/// It carries one exchange after the other, never two at once. The head that goes out is the caller's octets, or comes
/// from a checked request with [`Request::begin`](crate::Request::begin).
///
/// ```
/// use sessile_core::{Connection, Now, Received, RequestBuilder, Scratch};
/// let now = Now::default();
/// let mut connection = Connection::default();
/// let request = RequestBuilder::new("GET", "http://a/").build()?;
/// request.begin(now, &mut connection, Scratch::default())?;
/// assert!(connection.outgoing(b"").single().is_some_and(|octets| octets.starts_with(b"GET / HTTP/1.1\r\nHost: a\r\n")));
/// let count = connection.outgoing(b"").len();
/// connection.sent(now, count);
///
/// connection.feed(now, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
/// assert!(matches!(connection.poll()?, Received::Head(head) if head.status() == 200));
/// assert!(matches!(connection.poll()?, Received::Content(b"hi")));
/// connection.consume(now, 2);
/// assert!(matches!(connection.poll()?, Received::End));
/// assert_eq!(connection.renew(), Ok(()));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Connection {
    pub(super) halves: Halves,
    pub(super) persistence: Persistence,
    pub(super) scratch: Loan,
    pub(super) rules: Arc<Rules>,
    pub(super) pulse: Arc<Pulse>,
    /// How much of `scratch.out` the transport has taken.
    pub(super) written: usize,
    /// How much content the last `outgoing` lent.
    pub(super) lent: usize,
    pub(super) asked: Asked,
    /// How the content of the last final response is delimited.
    pub(super) framing: Framing,
    /// The protocols that the request offers to switch to.
    pub(super) offered: Option<Bytes>,
    /// The request says `Expect: 100-continue`.
    pub(super) expects_continue: bool,
    /// An octet of content was taken from the application.
    pub(super) content_touched: bool,
    pub(super) interim: usize,
    pub(super) interim_octets: usize,
    /// How much more content may come, if that is bounded.
    pub(super) allowance: Option<u64>,
    /// How much of the response was thrown away, if it was let go of.
    pub(super) discarded: Option<u64>,
    /// How much had been received of the response when it was let go of.
    pub(super) received_before: u64,
    pub(super) stream_end: Option<StreamEnd>,
    /// We have begun to wait for content, at a time that nobody has told us yet.
    pub(super) waiting_unstamped: bool,
    pub(super) probe: [u8; PROBE],
    /// What lies between HTTP and the transport, if anything does.
    pub(super) stack: Option<Box<Stack>>,
}

impl Default for Connection {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

impl Connection {
    /// A connection whose transport has just been opened.
    pub fn new(rules: Arc<Rules>) -> Self {
        Self {
            halves: Halves::new(),
            persistence: Persistence::default(),
            scratch: Loan::default(),
            rules,
            pulse: Arc::default(),
            written: 0,
            lent: 0,
            asked: Asked::Content,
            framing: Framing::None,
            offered: None,
            expects_continue: false,
            content_touched: false,
            interim: 0,
            interim_octets: 0,
            allowance: None,
            discarded: None,
            received_before: 0,
            stream_end: None,
            waiting_unstamped: false,
            probe: [0; PROBE],
            stack: None,
        }
    }

    /// The numbers that others may watch while the connection is in use.
    pub fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    // ------------------------------------------------------------------------------------------- an exchange begins

    /// Begins an exchange: `head` is the encoded request head, which says what `plan` says.
    ///
    /// # Errors
    /// [`Misuse::NotIdle`] if an exchange is under way or the connection has failed.
    pub fn start(
        &mut self,
        now: Now,
        plan: RequestPlan<'_>,
        head: &[u8],
        mut scratch: Scratch,
    ) -> Result<(), Misuse> {
        scratch.clear();
        scratch.out().extend_from_slice(head);
        self.start_encoded(now, plan, scratch)
    }

    /// Begins an exchange whose encoded head already stands in the scratch.
    #[inline]
    pub(crate) fn start_encoded(
        &mut self,
        now: Now,
        plan: RequestPlan<'_>,
        scratch: Scratch,
    ) -> Result<(), Misuse> {
        let usable = self.persistence.reason().is_none() && self.stream_end.is_none();
        let writer = plan.writer();
        let expects = plan.expects_continue && writer != ContentWriter::Complete;
        let event = match expects {
            true => SendEvent::Announce(writer),
            false => SendEvent::Start(writer),
        };
        let begun = match usable {
            true => self.halves.start(event),
            false => None,
        };
        begun.ok_or(Misuse::NotIdle)?;
        self.scratch = scratch.0;
        self.written = 0;
        self.lent = 0;
        self.asked = plan.asked();
        self.offered = plan.upgrade;
        self.expects_continue = expects;
        self.content_touched = false;
        self.interim = 0;
        self.interim_octets = 0;
        self.allowance = self.rules.limits.max_content_bytes;
        self.discarded = None;
        self.waiting_unstamped = false;
        if plan.closes {
            self.persistence.note(CloseReason::LocalClose);
        }
        self.pulse.begin(now.tick);
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------- asking

    /// Which readiness the connection can use now. `content` tells whether the caller has content to offer.
    #[inline(always)]
    pub fn interest(&self, content: bool) -> Interest {
        let read = match self.halves.receive {
            ReceiveState::Idle | ReceiveState::Head(_) | ReceiveState::Trailers(_) => true,
            // Unread content: the application's pace holds the peer back.
            ReceiveState::Content(_) => self.scratch.input.unread_len() == 0,
            ReceiveState::Done | ReceiveState::Switched | ReceiveState::Broken(_) => false,
        };
        let interest = Interest {
            read: read && self.stream_end.is_none(),
            write: self.wants_write(content),
        };
        match self.stack {
            None => interest,
            Some(_) => self.interest_through(interest),
        }
    }

    /// Whether no exchange is under way and one could begin.
    pub fn is_idle(&self) -> bool {
        matches!(
            (&self.halves.receive, &self.halves.send),
            (ReceiveState::Idle, SendState::Idle)
        ) && self.close_reason().is_none()
            && self.is_made()
    }

    /// Whether the response was read to its end.
    pub fn is_done(&self) -> bool {
        matches!(self.halves.receive, ReceiveState::Done)
    }

    /// Why the connection can carry no further exchange, as far as is known now.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.persistence.reason()
    }

    /// Notes a reason of the caller's to use the connection no further. Of several, [`CloseReason`]'s order decides.
    pub(crate) fn note_close(&mut self, reason: CloseReason) {
        self.persistence.note(reason);
    }

    /// What the last final head hinted about the connection's future.
    pub fn keep_alive(&self) -> KeepAlive {
        self.persistence.hint()
    }

    /// Whether an interim or the final head stands in [`Connection::head`].
    pub(crate) fn has_head(&self) -> bool {
        !self.scratch.input.kept().is_empty()
    }

    /// The head of the response being read.
    pub fn head(&self) -> HeadRef<'_> {
        self.scratch.head()
    }

    /// Whether the head that was shown last may concern more than the one who asked: it redirects, asks for credentials, or
    /// sets cookies.
    #[inline]
    pub(crate) fn has_weighty_head(&self) -> bool {
        self.scratch.has_weighty_head()
    }

    /// Whether the head that was shown last has a Set-Cookie line.
    #[inline]
    pub(crate) fn sets_cookies(&self) -> bool {
        self.scratch.spans.has(Known::SetCookie)
    }

    /// How the content of the response is delimited whose head was shown last.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The trailer section that was read last, as it came. It is kept apart from the head, and nothing in here goes by
    /// it: no framing, no persistence, no cookies.
    pub fn trailers(&self) -> FieldsRef<'_> {
        self.scratch.trailers()
    }

    /// Octets that have come behind the response: they answer nothing, and the connection is useless for them.
    pub fn surplus(&self) -> &[u8] {
        match self.halves.receive {
            ReceiveState::Done => self.scratch.input.unread(),
            _ => &[],
        }
    }

    // --------------------------------------------------------------------------------------------- an exchange ends

    /// Ends an exchange whose response was read to its end, and judges whether the connection may carry another. On
    /// an idle connection it tells the same again.
    ///
    /// # Errors
    /// The reason why it may not; the connection must be closed then.
    pub fn renew(&mut self) -> Result<(), CloseReason> {
        let reason = match (&self.halves.receive, &self.halves.send) {
            (ReceiveState::Done, SendState::Done) | (ReceiveState::Idle, SendState::Idle) => None,
            (ReceiveState::Done, _) => Some(CloseReason::RequestIncomplete),
            (ReceiveState::Switched, _) => Some(CloseReason::Switched),
            (ReceiveState::Head(_), _) => Some(CloseReason::Abandoned),
            _ => Some(CloseReason::UnreadContent),
        };
        if let Some(reason) = reason {
            self.persistence.note(reason);
        }
        if self.stack.is_some() {
            self.rest_layers();
        }
        // A head that has not come to its end is no surplus.
        let in_head = matches!(self.halves.receive, ReceiveState::Head(_));
        if !in_head && self.scratch.input.unread_len() > 0 {
            self.persistence.note(CloseReason::Surplus);
        }
        if self.stream_end.is_some() {
            self.persistence.note(CloseReason::PeerEof);
        }
        self.pulse.enter(Phase::Idle);
        match self.persistence.reason() {
            Some(reason) => Err(reason),
            None => {
                // If it does not go on, it was idle already.
                self.halves.renew();
                Ok(())
            }
        }
    }

    /// Takes the exchange's memory; the response head can still be read from it. An exchange that is not over is broken
    /// off with that: what was to be sent, and what is half read, is gone.
    pub fn take_scratch(&mut self) -> Scratch {
        let over = matches!(
            self.halves.receive,
            ReceiveState::Idle | ReceiveState::Done | ReceiveState::Switched
        );
        // Octets that nobody asked for must not vanish with the buffer: they decide whether the connection lives.
        if over && self.scratch.input.unread_len() > 0 {
            self.persistence.note(CloseReason::Surplus);
        }
        if !over {
            let gone = Failure::Transport(io::ErrorKind::ConnectionAborted);
            self.break_off(gone, CloseReason::Abandoned);
            self.advance_send(SendEvent::Failed);
        }
        self.written = 0;
        Scratch(core::mem::take(&mut self.scratch))
    }

    /// Whether an exchange's memory is lent to it.
    #[cfg(test)]
    pub(crate) fn holds_memory(&self) -> bool {
        self.scratch.out.capacity() + self.scratch.input.capacity() > 0
    }

    /// Ends HTTP on a connection that was [switched](super::Received::Switched): hands over what the peer has already
    /// sent in the new protocol, exactly and once.
    ///
    /// # Errors
    /// Gives the connection back if it was not switched.
    #[expect(
        clippy::result_large_err,
        reason = "nothing is lost: the connection comes back whole"
    )]
    pub fn into_upgraded(self) -> Result<Leftover, Self> {
        match self.halves.receive {
            ReceiveState::Switched => {
                let failed = match self.stream_end {
                    Some(StreamEnd::Failed(kind)) => Some(kind),
                    Some(StreamEnd::Cut) => Some(io::ErrorKind::UnexpectedEof),
                    Some(StreamEnd::Clean) | None => None,
                };
                let ended = self.stream_end == Some(StreamEnd::Clean);
                let octets = self.scratch.input.unread();
                Ok(Leftover::new(octets, ended, failed, self.stack))
            }
            _ => Err(self),
        }
    }
}

impl fmt::Debug for Connection {
    /// States and counts; no octet of a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let send = match self.halves.send {
            SendState::Idle => "idle",
            SendState::Announcing(_) => "sending a head",
            SendState::Awaiting(_) => "awaiting 100",
            SendState::Sending(_) => "sending",
            SendState::Done => "sent",
            SendState::Stopped => "stopped",
        };
        let receive = match self.halves.receive {
            ReceiveState::Idle => "nothing to receive",
            ReceiveState::Head(_) => "awaiting a head",
            ReceiveState::Content(_) => "reading content",
            ReceiveState::Trailers(_) => "reading trailers",
            ReceiveState::Done => "response complete",
            ReceiveState::Switched => "switched",
            ReceiveState::Broken(_) => "broken",
        };
        write!(f, "HTTP/1.1 connection, {send}, {receive}")?;
        match self.close_reason() {
            Some(reason) => write!(f, ", to be closed ({reason})"),
            None => Ok(()),
        }
    }
}
