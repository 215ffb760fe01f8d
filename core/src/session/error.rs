//! The root of all errors: whose fault, at which stage, how far the request had come, what to do now.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::io;

use http::StatusCode;
use url::Url;

use super::attempt::{AttemptOutcome, Attempts, Next};

use super::hints::hint;
use super::kind::ErrorKind;
use crate::base::{Progress, Pulse, Stage};
use crate::connection::{PeerViolation, TunnelRefusal};
use crate::message::redacted;
use crate::policy::{Proxy, StopReason};
use crate::pool::Shortage;

/// An error of a request.
///
/// It tells [what](Error::kind) went wrong, at which [stage](Error::stage), how far the request had
/// [come](Error::progress) and how many octets had moved, so that the caller can decide whether it may be repeated.
/// No field value and no credential ever stands in it.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    stage: Stage,
    progress: Progress,
    sent: u64,
    received: u64,
    url: Option<Box<str>>,
    /// The time limit that passed.
    limit: Option<Duration>,
    /// The limit of the pool that was in the way.
    shortage: Option<Shortage>,
    attempts: Attempts,
    stop: Option<StopReason>,
    /// The proxy by way of which the connection was to be opened.
    proxy: Option<Proxy>,
    /// To send the request once more does no harm, whatever came of it.
    harmless: bool,
}

impl Error {
    /// An error before anything was sent.
    pub fn new(kind: ErrorKind, stage: Stage) -> Self {
        Self(Box::new(Inner {
            kind,
            stage,
            progress: Progress::NotSent,
            sent: 0,
            received: 0,
            url: None,
            limit: None,
            shortage: None,
            attempts: Attempts::default(),
            stop: None,
            proxy: None,
            harmless: false,
        }))
    }

    /// The error of an exchange that was under way on a connection.
    pub(crate) fn in_exchange(kind: ErrorKind, stage: Stage, pulse: &Pulse) -> Self {
        Self::new(kind, stage).on(pulse)
    }

    /// The error with what has moved on its connection.
    #[must_use]
    pub(crate) fn on(mut self, pulse: &Pulse) -> Self {
        self.0.progress = pulse.progress();
        (self.0.sent, self.0.received) = (pulse.sent(), pulse.received());
        self
    }

    /// The error of a time limit, with what has moved since it passed: whoever drives the connection hears of it later. A
    /// head that came so late was shown to nobody.
    #[must_use]
    pub(crate) fn caught_up(mut self, pulse: &Pulse) -> Self {
        let progress = pulse.progress().min(Progress::Sent);
        self.0.progress = self.0.progress.max(progress);
        (self.0.sent, self.0.received) = (pulse.sent(), pulse.received());
        self
    }

    /// The error of a response whose status the application takes for a failure.
    pub(crate) fn of_response(status: StatusCode, url: Option<&Url>, attempts: Attempts) -> Self {
        let mut error = Self::new(ErrorKind::Status(status), Stage::Head);
        error.0.progress = Progress::HeadSeen;
        error.0.stop = attempts.last().and_then(|last| match last.next {
            Next::Stop(reason) => Some(reason),
            _ => None,
        });
        error.0.attempts = attempts;
        match url {
            Some(url) => error.at(url),
            None => error,
        }
    }

    /// The error of a request that was handed over whole.
    #[must_use]
    pub(crate) fn handed_over(mut self) -> Self {
        self.0.progress = Progress::Sent;
        self
    }

    /// The error with the time limit that passed.
    #[must_use]
    pub(crate) fn with_limit(mut self, limit: Option<Duration>) -> Self {
        self.0.limit = limit;
        self
    }

    /// The error with the proxy by way of which the connection was to be opened.
    #[must_use]
    pub(crate) fn by_way_of(mut self, proxy: Option<Proxy>) -> Self {
        self.0.proxy = proxy;
        self
    }

    /// The error with the limit of the pool that was in the way.
    #[must_use]
    pub(crate) fn with_shortage(mut self, shortage: Shortage) -> Self {
        self.0.shortage = Some(shortage);
        self
    }

    /// The error with a verdict on whether its request may be repeated.
    #[must_use]
    pub(crate) fn judged(mut self, harmless: bool) -> Self {
        self.0.harmless = harmless;
        self
    }

    /// The error behind all attempts, with the reason why there is no other. The request came as far as any of them did;
    /// but a head that was not handed over was seen by nobody.
    #[must_use]
    pub(crate) fn after(mut self, attempts: Attempts, reason: StopReason) -> Self {
        for attempt in &attempts {
            let reached = match &attempt.outcome {
                AttemptOutcome::Status(_) => Progress::Sent,
                AttemptOutcome::Failed(error) => error.progress().min(Progress::Sent),
            };
            self.0.progress = self.0.progress.max(reached);
        }
        self.0.attempts = attempts;
        self.0.stop = Some(reason);
        self
    }

    /// The error with the URL of its request, without userinfo.
    #[must_use]
    pub(crate) fn at(mut self, url: &Url) -> Self {
        self.0.url = Some(redacted(url).into());
        self
    }

    /// The error with a text that should have been a URL, without what may be userinfo, and not too long to read.
    #[must_use]
    pub(crate) fn at_text(mut self, text: &str) -> Self {
        let (before, shown) = text
            .rsplit_once('@')
            .map_or(("", text), |(_, rest)| ("...@", rest));
        let shown: String = shown
            .chars()
            .take(200)
            .flat_map(char::escape_debug)
            .collect();
        self.0.url = Some(format!("{before}{shown}").into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What the request was doing.
    pub fn stage(&self) -> Stage {
        self.0.stage
    }

    /// How far the request came, in the attempt that came furthest: whether it is safe to repeat depends on this and the
    /// method.
    pub fn progress(&self) -> Progress {
        self.0.progress
    }

    /// Octets of the request that the transport took in its last attempt.
    pub fn sent(&self) -> u64 {
        self.0.sent
    }

    /// Octets of the response that came in its last attempt.
    pub fn received(&self) -> u64 {
        self.0.received
    }

    /// The URL that was asked, or the text that is none, without userinfo.
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// The time limit that passed, or would have before the next attempt.
    pub fn limit(&self) -> Option<Duration> {
        self.0.limit
    }

    /// The limit of the pool that was in the way, if one was.
    pub fn shortage(&self) -> Option<Shortage> {
        self.0.shortage
    }

    /// The proxy by way of which the connection was to be opened, if there was to be one. (It shows no credentials.)
    pub fn proxy(&self) -> Option<&Proxy> {
        self.0.proxy.as_ref()
    }

    /// What the proxy answered when it was asked for a tunnel, if it answered something else than yes. Nothing of it is the
    /// origin's.
    pub fn proxy_response(&self) -> Option<&TunnelRefusal> {
        match &self.0.kind {
            ErrorKind::Tunnel(error) => error.refusal(),
            _ => None,
        }
    }

    /// All attempts to send the request, in order; none if it was refused when it was built.
    pub fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    /// Why there was no other attempt; `None` if the request was refused when it was built.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.0.stop
    }

    /// Whether the deadline has not passed, but would have before the next attempt: a response had come in time.
    pub(super) fn is_ahead_of_time(&self) -> bool {
        let answered = self
            .attempts()
            .last()
            .is_some_and(|last| matches!(last.outcome, AttemptOutcome::Status(_)));
        answered && self.0.stop == Some(StopReason::Deadline)
    }

    /// Whether the last attempt was made on a connection that had served another request before.
    pub(super) fn was_kept(&self) -> bool {
        let last = self.attempts().last();
        let connection = last.and_then(|attempt| attempt.connection);
        connection.is_some_and(|connection| connection.served > 0)
    }

    /// The request may be sent once more without harm: nothing of it was sent, or its method is idempotent, its content
    /// can be sent again and no response was seen; and what went wrong may be better next time.
    pub fn is_retryable(&self) -> bool {
        use ErrorKind::{Closed, Connect, Peer, PoolFull, Resolve, Timeout, Transport, Tunnel};
        let answers = match &self.0.kind {
            ErrorKind::Answer(error) => !error.is_broken(),
            _ => false,
        };
        let may_pass = matches!(
            self.0.kind,
            Resolve(_) | Connect(..) | Timeout | Peer(_) | Closed | Transport(_) | PoolFull
        ) || matches!(&self.0.kind, Tunnel(error) if error.may_pass())
            || matches!(&self.0.kind, ErrorKind::Tls(error) if error.may_pass());
        (may_pass || answers)
            && match self.0.progress {
                Progress::NotSent => true,
                Progress::PartlySent | Progress::Sent => self.0.harmless,
                Progress::HeadSeen => false,
            }
    }

    /// The status of a response is taken for a failure.
    pub fn is_status(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Status(_))
    }

    /// The application ended it, by closing the session.
    pub fn is_canceled(&self) -> bool {
        self.0.kind == ErrorKind::SessionClosed
    }

    /// The request was redirected to where it cannot go, or too often.
    pub fn is_redirect(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Redirect(_))
    }

    /// A time limit passed, or would have before the next attempt.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// No connection could be opened, for whatever reason but the name.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Connect(..))
            || (self.is_timeout() && self.0.stage == Stage::Connect)
    }

    /// The host's name gave no address.
    pub fn is_dns(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Resolve(_))
            || (self.is_timeout() && self.0.stage == Stage::Resolve)
    }

    /// The peer broke the protocol or passed a limit.
    pub fn is_protocol(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Peer(_))
    }

    /// The application's own input was refused; nothing was done with it.
    pub fn is_request(&self) -> bool {
        use ErrorKind::{Field, Method, Request, Url};
        matches!(self.0.kind, Url(_) | Field { .. } | Method(_) | Request(_))
    }

    /// The content of the request is not what was announced, or its source failed.
    pub fn is_body(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Content(_))
    }

    /// TLS could not be agreed on, or was broken, or there is none in this build.
    pub fn is_tls(&self) -> bool {
        matches!(self.0.kind, ErrorKind::NoTls | ErrorKind::Tls(_))
            || (matches!(self.0.stage, Stage::ProxyTls | Stage::Tls) && self.is_at_work())
    }

    /// It is the proxy's fault, or that of the way to it, or of the rule that names it.
    pub fn is_proxy(&self) -> bool {
        match &self.0.kind {
            ErrorKind::ProxyRule(_) | ErrorKind::Tunnel(_) => true,
            ErrorKind::Tls(_) => self.0.stage == Stage::ProxyTls,
            ErrorKind::Resolve(_) | ErrorKind::Connect(..) | ErrorKind::AddressRefused => {
                self.0.proxy.is_some()
            }
            _ => self.0.proxy.is_some() && self.0.stage != Stage::Tls && self.is_at_work(),
        }
    }

    /// Something that may happen at any stage has happened at this one.
    fn is_at_work(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout | ErrorKind::Transport(_))
    }

    /// A stable word for logs, tests and tables.
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// What the caller can do about it, if there is something to say. (`Display` ends with it.)
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        hint(self)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(url) = self.url() {
            write!(f, "{url}: ")?;
        }
        match (&self.0.kind, self.0.limit) {
            (ErrorKind::Timeout, Some(limit)) if self.is_ahead_of_time() => {
                write!(
                    f,
                    "the wait before the next attempt would outlast the deadline of {limit:?}"
                )?;
            }
            (ErrorKind::Timeout, Some(limit)) => write!(f, "the time limit of {limit:?} passed")?,
            (kind, _) => kind.fmt(f)?,
        }
        write!(f, " (stage: {}", self.0.stage)?;
        if let Some(proxy) = self.proxy() {
            write!(f, ", by way of {proxy}")?;
        }
        write!(f, "; {}", self.0.progress)?;
        if self.0.sent > 0 || self.0.received > 0 {
            write!(f, ", {} octets out, {} in", self.0.sent, self.0.received)?;
        }
        if self.attempts().len() > 1 {
            let count = self.attempts().len() + self.attempts().left_out();
            write!(f, "; {count} attempts")?;
        }
        f.write_str(")")?;
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {self}", self.code())
    }
}

impl From<Error> for io::Error {
    /// For façades that implement `Read`: the error itself is inside.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Peer(PeerViolation::Truncated) | ErrorKind::Closed => {
                io::ErrorKind::UnexpectedEof
            }
            ErrorKind::Peer(_) => io::ErrorKind::InvalidData,
            ErrorKind::Connect(_, kind) | ErrorKind::Transport(kind) | ErrorKind::Driver(kind) => {
                *kind
            }
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Url(error) => Some(error),
            ErrorKind::Field { error, .. } => Some(error),
            ErrorKind::Request(error) => Some(error),
            ErrorKind::Resolve(error) => Some(error),
            ErrorKind::ProxyRule(error) => Some(error),
            ErrorKind::Tunnel(error) => Some(error),
            ErrorKind::Tls(error) => Some(error),
            ErrorKind::Peer(violation) => Some(violation),
            ErrorKind::Redirect(error) => Some(error),
            ErrorKind::Authentication(error) => Some(error),
            ErrorKind::Answer(error) => Some(error.inner()),
            ErrorKind::Content(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_a_sentence_without_secrets() {
        let url = Url::parse("http://user:canary@example.org/a?b#c").expect("a URL");
        let error = Error::new(ErrorKind::Timeout, Stage::PoolWait)
            .with_limit(Some(Duration::from_secs(30)))
            .with_shortage(Shortage::PerOrigin(4))
            .at(&url);
        let text = format!("{error} {error:?}");
        assert!(text.starts_with(
            "http://example.org/a?b: the time limit of 30s passed (stage: pool-wait; nothing was sent)"
        ));
        assert!(text.contains("`PoolLimits::live_per_origin` of 4"));
        assert!(!text.contains("canary"));
        assert!(error.is_timeout() && !error.is_connect() && !error.is_request());
    }
}
