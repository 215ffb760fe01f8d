//! The pulse of a connection: a few numbers that the data plane writes and the control plane reads.
//!
//! A connection may be in somebody else's hands (another task, another thread) while the session must judge its time
//! limits. So the connection notes what it does in relaxed atomics, and the session looks only when a timer fires:
//! ordinary traffic touches no timer and no lock.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use core::time::Duration;

use super::{Progress, Stage, Tick};

/// What the connection waits for. The order is that of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No exchange.
    Idle = 0,
    /// The request goes out.
    Sending = 1,
    /// The request is out; the final head has not come.
    AwaitingHead = 2,
    /// The content comes in.
    Receiving = 3,
    /// Octets lie ready for the application: its pace is no fault of the peer.
    Application = 4,
    /// The request's head is out; its content is held until the peer says 100.
    AwaitingContinue = 5,
    /// The request is to go on, and the application has no content for it now: its pace, too, is no fault of the peer.
    Source = 6,
}

impl Phase {
    /// Content moves in this phase, if the peer does its part.
    pub(crate) fn is_flow(self) -> bool {
        matches!(self, Self::Sending | Self::Receiving)
    }

    /// Where a peer that keeps us waiting in this phase is to be blamed.
    pub(crate) fn stage(self) -> Option<Stage> {
        match self {
            Self::Idle | Self::Application => None,
            Self::Sending | Self::Source => Some(Stage::Send),
            Self::AwaitingContinue => Some(Stage::Continue),
            Self::AwaitingHead => Some(Stage::Head),
            Self::Receiving => Some(Stage::Content),
        }
    }
}

/// Shared notes about one connection. Cheap to write, read seldom.
#[derive(Debug, Default)]
pub struct Pulse {
    phase: AtomicU8,
    head_seen: AtomicBool,
    request_complete: AtomicBool,
    abort: AtomicBool,
    /// Content that was held for a 100 may go.
    proceed: AtomicBool,
    /// The speed of content is watched; otherwise nobody pays for it.
    watched: AtomicBool,
    flushed: AtomicU64,
    active: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    flow: Flow,
}

/// How content has moved since its speed was last judged. Only time counts in which the peer was waited for.
#[derive(Debug, Default)]
struct Flow {
    since: AtomicU64,
    /// Nanoseconds of waiting, up to the last activity. (The waiting that goes on counts from there, or from `since`.)
    waited: AtomicU64,
    /// Octets that had moved by then, both ways.
    moved: AtomicU64,
}

impl Pulse {
    pub(crate) fn begin(&self, tick: Tick) {
        self.sent.store(0, Relaxed);
        self.received.store(0, Relaxed);
        self.head_seen.store(false, Relaxed);
        self.request_complete.store(false, Relaxed);
        self.abort.store(false, Relaxed);
        self.proceed.store(false, Relaxed);
        self.flushed.store(tick.as_nanos(), Relaxed);
        self.active.store(tick.as_nanos(), Relaxed);
        if self.watched.load(Relaxed) {
            self.restart_flow(tick, 0);
        }
        self.enter(Phase::Sending);
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    /// Whether the speed of content is to be watched in the exchange that begins.
    pub(crate) fn watch_speed(&self, watched: bool) {
        self.watched.store(watched, Relaxed);
    }

    /// What came up to here is no content.
    #[cold]
    fn begin_content(&self) {
        let all = self.sent().saturating_add(self.received());
        self.restart_flow(self.active(), all);
    }

    fn restart_flow(&self, now: Tick, moved: u64) {
        self.flow.since.store(now.as_nanos(), Relaxed);
        self.flow.waited.store(0, Relaxed);
        self.flow.moved.store(moved, Relaxed);
    }

    /// From when on the present waiting counts.
    fn waiting_since(&self) -> u64 {
        let active = self.active.load(Relaxed);
        active.max(self.flow.since.load(Relaxed))
    }

    /// Counts the time since the last activity as time of waiting, if content was to flow.
    #[cold]
    fn note_flow(&self, tick: Tick) {
        if self.phase().is_flow() {
            let waited = tick.as_nanos().saturating_sub(self.waiting_since());
            let waited = waited.saturating_add(self.flow.waited.load(Relaxed));
            self.flow.waited.store(waited, Relaxed);
        }
    }

    /// When so much time of waiting has come together, if the peer goes on being waited for.
    pub(crate) fn judged_again(&self, within: Duration) -> Tick {
        let waited = Duration::from_nanos(self.flow.waited.load(Relaxed));
        let since = Tick::from_nanos(self.waiting_since());
        since.after(within.saturating_sub(waited))
    }

    /// Whether so many octets have moved since the speed was last judged; if so, it is measured anew from here on.
    pub(crate) fn is_fast_enough(&self, now: Tick, octets: u64) -> bool {
        let all = self.sent().saturating_add(self.received());
        let fast = all.saturating_sub(self.flow.moved.load(Relaxed)) >= octets;
        if fast {
            self.restart_flow(now, all);
        }
        fast
    }

    // One writer at a time holds the connection, so a plain load and store is enough and cheaper than a fetch-add.
    pub(crate) fn note_sent(&self, tick: Tick, octets: u64) {
        if self.watched.load(Relaxed) {
            self.note_flow(tick);
        }
        self.sent
            .store(self.sent.load(Relaxed).saturating_add(octets), Relaxed);
        self.active.store(tick.as_nanos(), Relaxed);
    }

    pub(crate) fn note_received(&self, tick: Tick, octets: u64) {
        if self.watched.load(Relaxed) {
            self.note_flow(tick);
        }
        self.received
            .store(self.received.load(Relaxed).saturating_add(octets), Relaxed);
        self.active.store(tick.as_nanos(), Relaxed);
    }

    /// From here on it is the peer who is waited for.
    pub(crate) fn stamp(&self, tick: Tick) {
        self.active.store(tick.as_nanos(), Relaxed);
    }

    pub(crate) fn note_request_complete(&self, tick: Tick) {
        self.flushed.store(tick.as_nanos(), Relaxed);
        self.request_complete.store(true, Relaxed);
    }

    pub(crate) fn note_head_flushed(&self, tick: Tick) {
        self.flushed.store(tick.as_nanos(), Relaxed);
        self.enter(Phase::AwaitingContinue);
    }

    /// Lets content go that is held for a 100, whoever holds the connection.
    pub(crate) fn permit(&self) {
        self.proceed.store(true, Relaxed);
    }

    pub(crate) fn may_proceed(&self) -> bool {
        self.proceed.load(Relaxed)
    }

    /// The transport takes no more of the request: what is awaited now is awaited from here on.
    pub(crate) fn note_send_over(&self) {
        self.flushed.store(self.active.load(Relaxed), Relaxed);
        self.enter(Phase::AwaitingHead);
    }

    pub(crate) fn note_head(&self) {
        self.head_seen.store(true, Relaxed);
        if self.watched.load(Relaxed) {
            self.begin_content();
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            1 => Phase::Sending,
            2 => Phase::AwaitingHead,
            3 => Phase::Receiving,
            4 => Phase::Application,
            5 => Phase::AwaitingContinue,
            6 => Phase::Source,
            _ => Phase::Idle,
        }
    }

    /// What the present exchange is doing, if it ends now: one whose request the transport did not take to its end was
    /// sending, even if nothing but the head is awaited any more.
    pub(crate) fn stage(&self) -> Option<Stage> {
        match self.phase() {
            Phase::AwaitingHead if !self.request_complete.load(Relaxed) => Some(Stage::Send),
            phase => phase.stage(),
        }
    }

    /// When the transport had taken the whole request.
    pub(crate) fn flushed(&self) -> Tick {
        Tick::from_nanos(self.flushed.load(Relaxed))
    }

    /// When octets last moved, in either direction.
    pub fn active(&self) -> Tick {
        Tick::from_nanos(self.active.load(Relaxed))
    }

    /// Octets of the present request that the transport has taken.
    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Octets received since the present request began.
    pub fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    /// How far the present request came.
    pub fn progress(&self) -> Progress {
        if self.head_seen.load(Relaxed) {
            Progress::HeadSeen
        } else if self.request_complete.load(Relaxed) {
            Progress::Sent
        } else if self.sent() > 0 {
            Progress::PartlySent
        } else {
            Progress::NotSent
        }
    }

    /// Asks whoever drives the connection to give it back: its request is over.
    pub(crate) fn request_abort(&self) {
        self.abort.store(true, Relaxed);
    }

    /// Whether the session wants the connection back. A driver that is woken looks here first.
    pub fn abort_requested(&self) -> bool {
        self.abort.load(Relaxed)
    }
}
