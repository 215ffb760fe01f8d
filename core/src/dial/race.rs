//! The race between the addresses of a name (Happy Eyeballs, RFC 8305): the first to connect wins, the others are closed.
//!
//! 1. *The first attempt* goes to the preferred family as soon as that has an address. If the other has one first, it waits
//!    the resolution delay, or until the preferred family has answered, were it that it has none.
//! 2. *The next attempt* starts an attempt delay after the newest one, or at once when any attempt fails. One cause starts
//!    one attempt. If no address is left then, the first that arrives later is dialled at once.
//! 3. *Which address*: of the other family than the newest attempt's if that has one left, else of the same.
//! 4. *The end*: somebody has connected; all have failed and nothing more can come; the time is up; it was given up.
//!
//! Everything is decided when an input comes in; [`Race::poll`] only says what was. It knows no socket, and no clock but the
//! ticks that it is handed.

use core::net::SocketAddr;

use super::addresses::Family;
use super::attempts::{Attempts, RaceAttempt, Stage};
use super::failure::RaceFailure;
use super::lookups::{Lookup, Lookups, Standing};
use super::settings::RaceSettings;
use crate::base::Tick;

/// What a race wants done, or has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaceAction {
    /// Connect to this address, and say what comes of it.
    Dial {
        /// What the result is to be reported for.
        attempt: RaceAttempt,
        /// Where to.
        address: SocketAddr,
    },
    /// Give up this attempt, which runs: its result is of no interest any more.
    Close(RaceAttempt),
    /// The race is over, and this attempt's connection has won.
    Won(RaceAttempt),
    /// The race is over without a connection.
    Failed(RaceFailure),
}

/// One race, from the question for a name's addresses to its connection.
///
/// The driver asks its resolver, hands in what comes of that and of the attempts, each with the tick at which it came, does
/// what [`poll`](Race::poll) says after each, and calls [`handle_deadline`](Race::handle_deadline) when
/// [`deadline`](Race::deadline) has come. The last word is exactly one [`Won`](RaceAction::Won) or
/// [`Failed`](RaceAction::Failed); the attempts that are to be closed come behind the first and before the second. What is
/// handed in after the end, or for an attempt that does not run, is passed over.
///
/// At most 16 different addresses of each family are tried, in the order of their answer; further ones are forgotten. An
/// IPv4-mapped IPv6 address counts as the IPv4 address that it is, but is dialled as it stands; flow labels and scopes are
/// kept. An address that policy forbids is to be left out of what is handed in.
///
/// Both families answer, IPv6 hangs, IPv4 wins:
///
/// ```
/// use core::net::SocketAddr;
/// use core::time::Duration;
/// use sessile_core::{Family, Lookup, Race, RaceAction, RaceSettings, Tick};
///
/// let mut now = Tick::from_nanos(0);
/// let mut race = Race::new(RaceSettings::default(), now);
///
/// // The A record comes first. It waits a little for the other answer ...
/// let a: SocketAddr = "192.0.2.1:80".parse()?;
/// race.handle_answer(now, Family::V4, Lookup::Addresses(&[a]));
/// assert_eq!(race.poll(), None);
/// assert_eq!(race.deadline(), Some(now.after(Duration::from_millis(50))));
///
/// // ... and the AAAA record is dialled before it.
/// now = now.after(Duration::from_millis(20));
/// let aaaa: SocketAddr = "[2001:db8::1]:80".parse()?;
/// race.handle_answer(now, Family::V6, Lookup::Addresses(&[aaaa]));
/// let Some(RaceAction::Dial { attempt: first, address }) = race.poll() else { panic!() };
/// assert_eq!(address, aaaa);
///
/// // Nothing is heard of it: after 250 ms the other address is tried beside it.
/// now = race.deadline().expect("it goes on");
/// race.handle_deadline(now);
/// let Some(RaceAction::Dial { attempt: second, address }) = race.poll() else { panic!() };
/// assert_eq!(address, a);
///
/// race.handle_connected(now, second);
/// assert_eq!(race.poll(), Some(RaceAction::Won(second)));
/// assert_eq!(race.poll(), Some(RaceAction::Close(first)));
/// assert_eq!((race.poll(), race.deadline()), (None, None));
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Race {
    settings: RaceSettings,
    lookups: Lookups,
    attempts: Attempts,
    last_failed: Option<RaceAttempt>,
    resolve_due: Option<Tick>,
    /// Set by the first dial.
    connect_due: Option<Tick>,
    /// From when on the next attempt may start; nobody has said before there is an address.
    next_due: Option<Tick>,
    course: Course,
    wanted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Open,
    /// This is the last word, and it has not been said.
    Decided(Result<RaceAttempt, RaceFailure>),
    Told,
}

impl Race {
    /// A race that begins now: the lookups of all families that [`RaceSettings::asked`] names are under way.
    pub fn new(settings: RaceSettings, now: Tick) -> Self {
        Self {
            lookups: Lookups::new(settings.asked),
            attempts: Attempts::default(),
            last_failed: None,
            resolve_due: settings.resolve_timeout.map(|limit| now.after(limit)),
            connect_due: None,
            next_due: None,
            course: Course::Open,
            wanted: true,
            settings,
        }
    }

    /// When [`Race::handle_deadline`] is to be called, unless something else comes first; `None` when the race is over, or
    /// waits for answers and attempts alone.
    pub fn deadline(&self) -> Option<Tick> {
        if self.is_over() {
            return None;
        }
        let next = self.next_due.filter(|_| self.lookups.has_address());
        let dues = [self.resolve_due(), self.connect_due, next];
        dues.into_iter().flatten().min()
    }

    /// Whether the last word is decided: nothing that is handed in changes it.
    pub fn is_over(&self) -> bool {
        self.course != Course::Open
    }

    /// `false` after [`Race::disown`]: a connection that wins is for nobody and becomes idle, and nobody is told of a failure.
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// The address of an attempt of this race.
    pub fn address(&self, attempt: RaceAttempt) -> Option<SocketAddr> {
        self.attempts.address(attempt)
    }

    /// The attempt that failed last, by what was handed in, if any has: its error is the one to show.
    pub fn last_failed(&self) -> Option<RaceAttempt> {
        self.last_failed
    }

    /// One family has answered. Only its first answer counts, and an address goes to the family that it is of.
    ///
    /// Answers that come together are better told together, by [`Race::handle_answers`]: with a resolution delay of zero it
    /// makes a difference.
    pub fn handle_answer(&mut self, now: Tick, family: Family, answer: Lookup<'_>) {
        self.handle_answers(now, &[(family, answer)]);
    }

    /// Families that have answered in one instant: all that they say is known before anything is dialled.
    pub fn handle_answers(&mut self, now: Tick, answers: &[(Family, Lookup<'_>)]) {
        if self.is_over() {
            return;
        }
        for (family, answer) in answers {
            self.lookups.learn(*family, *answer);
        }
        self.go_on(now);
    }

    /// All that there will be to know, of both families: what `getaddrinfo` answers, the address that a URL names, the
    /// addresses that stand in for a name.
    pub fn handle_resolved(&mut self, now: Tick, answer: Lookup<'_>) {
        let both = [Family::V6, Family::V4].map(|family| (family, answer));
        self.handle_answers(now, &both);
    }

    /// This attempt has connected: it has won.
    pub fn handle_connected(&mut self, _now: Tick, attempt: RaceAttempt) {
        if !self.is_over() && self.attempts.finish(attempt) {
            self.end(Ok(attempt));
        }
    }

    /// This attempt has failed, for whatever reason: the next starts at once.
    pub fn handle_failed(&mut self, now: Tick, attempt: RaceAttempt) {
        if !self.is_over() && self.attempts.finish(attempt) {
            self.last_failed = Some(attempt);
            self.next_due = Some(now);
            self.go_on(now);
        }
    }

    /// The time that [`Race::deadline`] named may have come. Too early is harmless; what is due is done when it is too late.
    pub fn handle_deadline(&mut self, now: Tick) {
        if self.is_over() {
            return;
        }
        let resolve = self.resolve_due().filter(|due| *due <= now);
        let connect = self.connect_due.filter(|due| *due <= now);
        // Whoever comes late may find both, and what came first decides.
        if resolve.is_some_and(|resolve| connect.is_none_or(|connect| resolve <= connect)) {
            self.lookups.stop();
            self.end_if_exhausted();
        }
        match connect {
            Some(_) => self.fail(RaceFailure::ConnectTimeout),
            None => self.go_on(now),
        }
    }

    /// The request that the race was begun for is gone, but its connection would be kept for others: the race goes on as if
    /// nothing had happened, and [`Race::is_wanted`] says no.
    pub fn disown(&mut self) {
        self.wanted &= self.is_over();
    }

    /// Nobody has any use for the connection, now or later: the race ends at once, as [`RaceFailure::Canceled`].
    pub fn abandon(&mut self) {
        self.disown();
        self.fail(RaceFailure::Canceled);
    }

    /// What is to be done next, or has become of the race; `None` until something else is handed in.
    pub fn poll(&mut self) -> Option<RaceAction> {
        if let Some((attempt, address)) = self.attempts.advance(Stage::Ordered, Stage::Running) {
            return Some(RaceAction::Dial { attempt, address });
        }
        // A victory is told first, because somebody waits for it; a failure when everything is tidy.
        if let Course::Decided(Ok(winner)) = self.course {
            self.course = Course::Told;
            return Some(RaceAction::Won(winner));
        }
        if let Some((attempt, _)) = self.attempts.advance(Stage::Closing, Stage::Over) {
            return Some(RaceAction::Close(attempt));
        }
        let Course::Decided(Err(why)) = self.course else {
            return None;
        };
        self.course = Course::Told;
        Some(RaceAction::Failed(why))
    }

    /// Something has changed: starts an attempt if it is time for one, and sees whether anything can still come.
    fn go_on(&mut self, now: Tick) {
        if self.is_over() {
            return;
        }
        if self.attempts.is_empty() && self.lookups.has_address() {
            self.next_due = Some(self.first_due(now));
        }
        if self.next_due.is_some_and(|due| due <= now) {
            self.dial(now);
        }
        self.end_if_exhausted();
    }

    /// Rule 1: when the first attempt may start, now that there is an address.
    fn first_due(&self, now: Tick) -> Tick {
        match self.lookups.is_awaited(self.settings.prefer) {
            true => self
                .next_due
                .unwrap_or_else(|| now.after(self.settings.resolution_delay)),
            false => now,
        }
    }

    /// Rule 2: one attempt, if there is an address left. None that the time limit would close at once.
    fn dial(&mut self, now: Tick) {
        if self.connect_due.is_some_and(|due| due <= now) {
            return;
        }
        if let Some(address) = self.next_address() {
            self.attempts.order(address);
            self.next_due = Some(now.after(self.settings.attempt_delay));
            let limit = self.settings.connect_timeout;
            self.connect_due = self
                .connect_due
                .or_else(|| limit.map(|limit| now.after(limit)));
        }
    }

    /// Rule 3.
    fn next_address(&mut self) -> Option<SocketAddr> {
        let newest = self.attempts.newest();
        let family = newest.map_or(self.settings.prefer, |newest| Family::of(&newest).other());
        self.lookups.take(family)
    }

    /// Rule 4, where nothing can come any more.
    fn end_if_exhausted(&mut self) {
        if self.lookups.any(Standing::Pending)
            || self.lookups.has_address()
            || self.attempts.any_alive()
        {
            return;
        }
        self.fail(match self.attempts.is_empty() {
            false => RaceFailure::AllRefused,
            true if self.lookups.any(Standing::TimedOut) => RaceFailure::ResolveTimeout,
            true if self.lookups.any(Standing::Failed) => RaceFailure::Resolve,
            true => RaceFailure::NoAddress,
        });
    }

    fn fail(&mut self, why: RaceFailure) {
        if !self.is_over() {
            self.end(Err(why));
        }
    }

    fn end(&mut self, last_word: Result<RaceAttempt, RaceFailure>) {
        self.attempts.call_off();
        self.course = Course::Decided(last_word);
    }

    fn resolve_due(&self) -> Option<Tick> {
        self.resolve_due
            .filter(|_| self.lookups.any(Standing::Pending))
    }
}
