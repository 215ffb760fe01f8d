//! Everything that a session can be told before it starts.

use core::fmt;
use core::time::Duration;

use http::Method;
use url::Url;

use super::causes::RequestError;
use super::dialling::Dialling;
use super::draft::check_removed;
use super::error::Error;
use super::hook::RetryHook;
use super::kind::ErrorKind;
use super::mount::Mounts;
use super::prepare::{BUILT_IN, Expectation};
use super::request::{Content, Request};
use super::shape::{Lines, Shape};
use crate::base::{Leniency, Limits, Rules, Stage};
use crate::connection::ContentPlan;
use crate::cookie::CookieJar;
use crate::message::{FieldNames, Fields, Known, redacted};
use crate::policy::{AuthenticationHook, ProxyRules, RedirectPolicy, Retry, RetryBudget};
use crate::pool::PoolLimits;
use crate::tls::{PlatformTrust, Tls};

/// How long each stage may take. `None` is "as long as it takes"; the error names the stage whose time ran out.
///
/// ```
/// use core::time::Duration;
/// let hasty = sessile_core::Timeouts { head: Some(Duration::from_secs(2)), ..Default::default() };
/// assert_eq!(hasty.connect, Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Waiting for a connection while the pool's limits are reached: 30 s.
    pub pool_wait: Option<Duration>,
    /// Turning a name into addresses: 10 s.
    pub resolve: Option<Duration>,
    /// From the first dial until a connection stands, all addresses together: 10 s.
    pub connect: Option<Duration>,
    /// Asking a proxy for a tunnel, with the answer to its challenge: 10 s for each connection to it.
    pub tunnel: Option<Duration>,
    /// Agreeing on TLS, with the proxy and with the origin: 10 s for each.
    pub tls: Option<Duration>,
    /// Sending without progress: none.
    pub send: Option<Duration>,
    /// Holding content back for a 100 that was asked for, from the moment when the head is out: 1 s, as curl does. It is
    /// no error: the content is sent then (RFC 9110 §10.1.1). `None` waits as long as `read` allows.
    pub expect_continue: Option<Duration>,
    /// From the end of the request to the end of the response head, however lively the peer is meanwhile: none.
    pub head: Option<Duration>,
    /// Waiting for the peer without receiving an octet: 60 s. Time that the application takes does not count.
    pub read: Option<Duration>,
    /// One exchange, from the moment when it has its connection to the end of its content: none.
    pub exchange: Option<Duration>,
    /// How fast content must flow, in either direction, while it is the peer who is waited for: no least speed.
    pub minimum_speed: Option<MinimumSpeed>,
    /// The whole request from `submit` to the end of its content, with all attempts and the waits between them: none.
    pub deadline: Option<Duration>,
}

/// A least speed of content: so many octets in each stretch of time that is spent waiting for the peer, as with curl's
/// `--speed-limit` and `--speed-time`. Time that the application takes does not count, nor does waiting for a head, nor what
/// came with one. (The head of the request counts with its content.)
///
/// ```
/// use core::time::Duration;
/// use sessile_core::{MinimumSpeed, Timeouts};
/// // 1 KiB a second, judged every ten seconds.
/// let speed = MinimumSpeed { octets: 10 * 1024, within: Duration::from_secs(10) };
/// let timeouts = Timeouts { minimum_speed: Some(speed), ..Timeouts::default() };
/// # let _ = timeouts;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumSpeed {
    /// So many octets at least.
    pub octets: u64,
    /// In each such stretch of waiting.
    pub within: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            pool_wait: Some(Duration::from_secs(30)),
            resolve: Some(Duration::from_secs(10)),
            connect: Some(Duration::from_secs(10)),
            tunnel: Some(Duration::from_secs(10)),
            tls: Some(Duration::from_secs(10)),
            send: None,
            expect_continue: Some(Duration::from_secs(1)),
            head: None,
            read: Some(Duration::from_secs(60)),
            exchange: None,
            minimum_speed: None,
            deadline: None,
        }
    }
}

/// When a session asks the peer before it sends content (`Expect: 100-continue`). A request that sets the field by hand
/// does so in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpectContinue {
    /// Never: a peer that does not know the field costs every upload a second.
    #[default]
    Never,
    /// For content of more than so many octets, and for content whose length nobody knows.
    Above(u64),
    /// For all content.
    Always,
}

/// The settings of a session.
///
/// ```
/// use sessile_core::{Config, Fields};
/// let mut fields = Fields::new();
/// fields.append("User-Agent", "ship/1.0")?;
/// let config = Config { fields, ..Config::default() };
/// # Ok::<(), sessile_core::FieldError>(())
/// ```
#[derive(Clone)]
pub struct Config {
    /// Chance comes in: whoever drives the session fills this from a good random source. The same seed and the same
    /// inputs give the same outputs.
    pub seed: [u8; 32],
    /// Bounds on what a peer may send.
    pub limits: Limits,
    /// What is taken from peers although the grammar does not allow it.
    pub leniency: Leniency,
    /// See [`Rules::strict_framing`].
    pub strict_framing: bool,
    /// Bounds on connections.
    pub pool: PoolLimits,
    /// How many [events of the pool](crate::PoolEvent) are kept until they are asked for; the oldest go first. None.
    pub pool_events: usize,
    /// Time limits, unless a request brings its own.
    pub timeouts: Timeouts,
    /// Field lines for every request. Each replaces the built-in one of its name (`User-Agent`, `Accept`) and is
    /// replaced by a request's own lines of that name. Lines that no request could be sent with are refused when the session
    /// begins; those that some could (`Expect`, `Trailer`) are judged with each request.
    pub fields: Fields,
    /// Built-in lines that are not sent, by name.
    pub removed: FieldNames,
    /// Names of field lines that are secrets, default ones or a request's own: they do not follow a redirect to another
    /// origin. Authorization, Cookie and Proxy-Authorization never do.
    pub sensitive: FieldNames,
    /// How redirects are followed, unless a request says otherwise: at most ten, never from https to http.
    pub redirects: Option<RedirectPolicy>,
    /// The cookies that the session begins with, and to which every response adds: an empty jar. `None` is a session that
    /// neither takes nor sends any, but those that a request brings.
    pub cookies: Option<CookieJar>,
    /// Who knows the credentials for a URL, unless the request has some: in its URL, as a field, by
    /// [`authentication`](crate::RequestBuilder::authentication). They displace an Authorization among
    /// [`fields`](Config::fields), and are asked for on each hop of a redirect.
    pub authenticator: Option<AuthenticationHook>,
    /// What relative references are resolved against where the session makes the request: none, and they are refused.
    /// Without a slash at its end its last segment is replaced (RFC 3986 §5.2.3): against `http://example.org/v1`, `things`
    /// is `http://example.org/things`; against `http://example.org/v1/` it is `http://example.org/v1/things`.
    pub base_url: Option<Url>,
    /// Pairs for the query of every request whose URL has none of their names. A redirect goes where it says: they are not
    /// added there.
    pub query: Vec<(String, String)>,
    /// Settings for requests below a URL prefix, where they differ from these.
    pub mounts: Mounts,
    /// How connections are opened.
    pub dialling: Dialling,
    /// Which proxy is asked for which URL, unless a request or its mount says otherwise. `None` leaves it to the driver: the
    /// runtimes go by the environment then, which this crate never reads; where nobody fills it in there is no proxy.
    pub proxies: Option<ProxyRules>,
    /// TLS with origins, unless a request or its mount says otherwise: see [`Tls`].
    pub tls: Tls,
    /// TLS with proxies whose scheme is https. What is said of origins says nothing of them: neither whose certificates
    /// are trusted, nor who we are.
    pub proxy_tls: Tls,
    /// Whom the platform trusts: the runtimes know. Without it, settings of TLS that count on the platform's roots take those
    /// that were compiled in (feature `webpki-roots`), or fail.
    pub platform_trust: Option<PlatformTrust>,
    /// When the peer is asked before content is sent, unless a request says otherwise.
    pub expect_continue: ExpectContinue,
    /// When and how often a request is sent anew, unless it brings its own policy: never.
    pub retry: Option<Retry>,
    /// Asked about each retry before it is made.
    pub retry_hook: Option<RetryHook>,
    /// A bound on the retries of all requests together: none.
    pub retry_budget: Option<RetryBudget>,
}

impl fmt::Debug for Config {
    /// Without the seed, from which what nobody shall guess is drawn, without a user and a password in the base URL, and
    /// without values of the query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed: _,
            limits,
            leniency,
            strict_framing,
            pool,
            pool_events,
            timeouts,
            fields,
            removed,
            sensitive,
            redirects,
            cookies,
            authenticator,
            base_url,
            query,
            mounts,
            dialling,
            proxies,
            tls,
            proxy_tls,
            platform_trust,
            expect_continue,
            retry,
            retry_hook,
            retry_budget,
        } = self;
        f.debug_struct("Config")
            .field("limits", limits)
            .field("leniency", leniency)
            .field("strict_framing", strict_framing)
            .field("pool", pool)
            .field("pool_events", pool_events)
            .field("timeouts", timeouts)
            .field("fields", fields)
            .field("removed", removed)
            .field("sensitive", sensitive)
            .field("redirects", redirects)
            .field("cookies", cookies)
            .field("authenticator", authenticator)
            .field("base_url", &base_url.as_ref().map(redacted))
            .field("query", &names(query))
            .field("mounts", mounts)
            .field("dialling", dialling)
            .field("proxies", proxies)
            .field("tls", tls)
            .field("proxy_tls", proxy_tls)
            .field("platform_trust", platform_trust)
            .field("expect_continue", expect_continue)
            .field("retry", retry)
            .field("retry_hook", retry_hook)
            .field("retry_budget", retry_budget)
            .finish_non_exhaustive()
    }
}

/// The names of query pairs: their values may be keys.
pub(super) fn names(query: &[(String, String)]) -> Vec<&str> {
    query.iter().map(|(name, _)| &**name).collect()
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: [0; 32],
            limits: Limits::default(),
            leniency: Leniency::default(),
            strict_framing: false,
            pool: PoolLimits::default(),
            pool_events: 0,
            timeouts: Timeouts::default(),
            fields: Fields::new(),
            removed: FieldNames::new(),
            sensitive: FieldNames::new(),
            redirects: Some(RedirectPolicy::default()),
            cookies: Some(CookieJar::new()),
            authenticator: None,
            base_url: None,
            query: Vec::new(),
            mounts: Mounts::new(),
            dialling: Dialling::default(),
            proxies: None,
            tls: Tls::default(),
            proxy_tls: Tls::default(),
            platform_trust: None,
            expect_continue: ExpectContinue::default(),
            retry: None,
            retry_hook: None,
            retry_budget: None,
        }
    }
}

impl Config {
    /// Looks for default field lines that no session may have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mounts = self.mounts.iter();
        let sections = mounts.map(|mount| (&mount.fields, &mount.removed));
        let sections = core::iter::once((&self.fields, &self.removed)).chain(sections);
        let mut judged = sections.map(|(fields, removed)| judge(fields, removed));
        judged
            .find_map(Result::err)
            .map_or(Ok(()), Err)
            .map_err(|error| Error::new(ErrorKind::Request(error), Stage::Prepare))
    }

    /// What proxies are told of who asks: they are given no request's line.
    pub(super) fn agent(&self) -> Option<&[u8]> {
        let own = self.fields.values(Known::UserAgent).next();
        let removed = self.removed.known() & Known::UserAgent.bit() != 0;
        let (_, _, built_in) = BUILT_IN[0];
        own.or(Some(built_in.as_bytes()).filter(|_| !removed))
    }

    /// What each connection holds its peer to.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            limits: self.limits.clone(),
            leniency: self.leniency,
            strict_framing: self.strict_framing,
        }
    }

    /// Whether the core adds `Expect: 100-continue` to a request.
    pub(crate) fn expectation(&self, request: &Request, shape: &Shape) -> Expectation {
        // Removing the field takes the session's policy away, like any lower level's line.
        let removed = request.removed.known() & Known::Expect.bit() != 0;
        let session = match removed {
            true => ExpectContinue::Never,
            false => self.expect_continue,
        };
        let policy = request.expect.unwrap_or(session);
        let length = match shape.content {
            ContentPlan::None => Some(0),
            ContentPlan::Length(length) => Some(length),
            ContentPlan::Chunked => None,
        };
        let asks = match policy {
            ExpectContinue::Never => false,
            ExpectContinue::Above(most) => length.is_none_or(|length| length > most),
            ExpectContinue::Always => length != Some(0),
        };
        if asks && !shape.expects {
            Expectation::Added
        } else {
            Expectation::AsWritten
        }
    }
}

/// Looks for default field lines that no session may have.
fn judge(fields: &Fields, removed: &FieldNames) -> Result<(), RequestError> {
    check_removed(removed)?;
    // Whatever content has one length has none of the others'.
    let framing = Known::ContentLength.bit() | Known::TransferEncoding.bit();
    if fields.known() & framing != 0 {
        return Err(RequestError::Framing);
    }
    judge_fields(fields)
}

/// Default lines that no request could be sent with. What depends on the request (Expect and Trailer on its content,
/// Connection options on fields of its own) is judged with it; a POST of unknown length has all that they could need.
fn judge_fields(fields: &Fields) -> Result<(), RequestError> {
    let lines = Lines {
        own: fields,
        removed: &FieldNames::new(),
        session: None,
    };
    let content = Content::Stream { length: None };
    Shape::of(&Method::POST, &content, false, lines).map(|_| ())
}
