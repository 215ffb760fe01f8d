//! The jar itself, and what the session does with it. Decisions are in the other rooms.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use url::Url;

use super::accept::{Audience, Rules, accept, audience_by_domain, judge, judge_size};
use super::domains::{Domains, Put};
use super::evict::{fit_all, fit_domain};
use super::limits::CookieLimits;
use super::matching::{Site, path_match};
use super::rejection::{CookieRejection, RejectedCookie};
use super::sending::Sendable;
use super::set_cookie::SetCookie;
use super::stored::{Moment, Stored};
use super::suffixes::PublicSuffixes;
use crate::syntax::chars::trim_ows;

/// The cookies of a session, by the storage model of RFC 6265bis.
///
/// A jar is a value: it reads no clock and no file. `wall` is always the present, since the Unix epoch.
///
/// ```
/// use core::time::Duration;
/// use sessile_core::{CookieJar, Url};
///
/// let now = Duration::from_secs(1_800_000_000);
/// let url = Url::parse("https://example.org/login")?;
/// let mut jar = CookieJar::new();
/// jar.receive(&url, [&b"sid=31d4; Secure; HttpOnly; Path=/"[..], b"lang=en"].into_iter(), now);
///
/// let mut line = Vec::new();
/// assert_eq!(jar.write_to(&Url::parse("https://example.org/next")?, now, &mut line), 2);
/// assert_eq!(line, b"sid=31d4; lang=en");
/// assert_eq!(jar.write_to(&Url::parse("http://other.example/")?, now, &mut line), 0);
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone)]
pub struct CookieJar {
    pub(super) domains: Domains,
    pub(super) limits: CookieLimits,
    suffixes: Option<Arc<dyn PublicSuffixes>>,
    /// What the next use or birth is called.
    pub(super) count: u64,
    /// How many cookies went to make room, so far.
    evicted: usize,
    rejections: Rejections,
    /// Room to put cookies in order, kept so that a request allocates none.
    pub(super) order: Vec<Sendable>,
}

/// The last of those that were not taken, if somebody wants to see them.
#[derive(Clone, Default)]
struct Rejections {
    kept: VecDeque<RejectedCookie>,
    most: usize,
}

/// What came of the Set-Cookie lines of one response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedCookies {
    /// Lines that put a cookie in, or a new value into one.
    pub stored: usize,
    /// Lines of a time that has passed: they take the cookie out, if it was there.
    pub expired: usize,
    /// Lines that were refused.
    pub refused: usize,
    /// Cookies that went to make room.
    pub evicted: usize,
}

/// What came of one cookie.
pub(super) enum Taken {
    Stored,
    Expired,
}

impl CookieJar {
    /// An empty jar. With the feature `psl` it knows the public suffixes, and so takes cookies for whole domains; without
    /// it, cookies are for their hosts alone.
    pub fn new() -> Self {
        #[cfg(feature = "psl")]
        return Self::with_public_suffixes(Arc::new(super::Psl));
        #[cfg(not(feature = "psl"))]
        Self::without_public_suffixes()
    }

    /// An empty jar that knows these public suffixes.
    pub fn with_public_suffixes(suffixes: Arc<dyn PublicSuffixes>) -> Self {
        Self {
            suffixes: Some(suffixes),
            ..Self::without_public_suffixes()
        }
    }

    /// An empty jar whose cookies are for their hosts alone: a Domain that is the host says no more than none, and any
    /// other is refused.
    pub fn without_public_suffixes() -> Self {
        Self {
            domains: Domains::default(),
            limits: CookieLimits::default(),
            suffixes: None,
            count: 0,
            evicted: 0,
            rejections: Rejections::default(),
            order: Vec::new(),
        }
    }

    /// The same jar with other limits. What it holds beyond them goes when the next cookie comes.
    #[must_use]
    pub fn with_limits(mut self, limits: CookieLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The limits.
    pub fn limits(&self) -> &CookieLimits {
        &self.limits
    }

    /// Whether there is no cookie at all.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.domains.count() == 0
    }

    /// How many cookies there are; expired ones count until somebody looks for them.
    pub fn len(&self) -> usize {
        self.domains.count()
    }

    // The session's verbs.

    /// Takes what the Set-Cookie lines of a response say; `url` is what was asked. Each line's blanks at both ends are no
    /// part of it. Only of a head: cookies in trailers and interim responses are to be ignored (RFC 6265bis §5.3).
    pub fn receive<'a>(
        &mut self,
        url: &Url,
        set_cookie: impl Iterator<Item = &'a [u8]>,
        wall: Duration,
    ) -> ReceivedCookies {
        let mut received = ReceivedCookies::default();
        let evicted = self.evicted;
        let site = Site::of(url);
        for (number, line) in set_cookie.enumerate() {
            let taken = match &site {
                None => Err(CookieRejection::Url),
                _ if number >= self.limits.max_per_response => Err(CookieRejection::TooMany),
                Some(site) => self.take_line(site, line, wall),
            };
            match taken {
                Ok(Taken::Stored) => received.stored += 1,
                Ok(Taken::Expired) => received.expired += 1,
                Err(reason) => {
                    received.refused += 1;
                    self.reject(url, line, reason);
                }
            }
        }
        self.fit_all(wall);
        received.evicted = self.evicted.wrapping_sub(evicted);
        received
    }

    /// Takes what one Set-Cookie line says. One whose time has passed takes its cookie out.
    ///
    /// # Errors
    /// Why the cookie is refused.
    pub fn set(&mut self, url: &Url, line: &[u8], wall: Duration) -> Result<(), CookieRejection> {
        let site = Site::of(url).ok_or(CookieRejection::Url);
        let taken = site.and_then(|site| self.take_line(&site, line, wall));
        self.fit_all(wall);
        taken
            .map(|_| ())
            .inspect_err(|reason| self.reject(url, line, *reason))
    }

    /// From now on keeps the last so many of those that are refused: none, unless this is said.
    pub fn record_rejections(&mut self, most: usize) {
        let kept = &mut self.rejections.kept;
        kept.drain(..kept.len().saturating_sub(most));
        self.rejections.most = most;
    }

    /// The last that were refused, oldest first, and forgets them.
    pub fn take_rejections(&mut self) -> Vec<RejectedCookie> {
        self.rejections.kept.drain(..).collect()
    }

    // What the other rooms build on.

    fn rules(&self, wall: Duration) -> Rules<'_> {
        Rules {
            limits: &self.limits,
            suffixes: self.suffixes.as_deref(),
            now: Moment::of(wall),
        }
    }

    fn take_line(
        &mut self,
        site: &Site<'_>,
        line: &[u8],
        wall: Duration,
    ) -> Result<Taken, CookieRejection> {
        let set = SetCookie::parse(trim_ows(line), self.limits.max_attribute_bytes)?;
        self.take(&set, site, wall)
    }

    pub(super) fn take(
        &mut self,
        set: &SetCookie<'_>,
        site: &Site<'_>,
        wall: Duration,
    ) -> Result<Taken, CookieRejection> {
        let (audience, mut cookie) = accept(set, site, &self.rules(wall))?;
        // 16. The last that is asked, because it asks all cookies.
        if !site.is_secure && self.overlays_secure(&audience.domain, &cookie, Moment::of(wall)) {
            return Err(CookieRejection::OverlaysSecure);
        }
        self.count += 1;
        cookie.number(self.count);
        Ok(self.store(&audience, cookie, wall))
    }

    /// A cookie that comes without a URL.
    pub(super) fn accept_at(
        &self,
        set: &SetCookie<'_>,
        domain: &str,
        host_only: bool,
        wall: Duration,
    ) -> Result<(Audience, Stored), CookieRejection> {
        let (set, rules) = (set.sayable()?, self.rules(wall));
        judge_size(&set, rules.limits)?;
        let audience = audience_by_domain(domain, host_only, rules.suffixes)?;
        let site = Site {
            host: &audience.domain,
            is_address: false,
            is_secure: true,
            path: "/",
        };
        let stored = judge(&set, &audience, &site, &rules)?;
        Ok((audience, stored))
    }

    /// Step 16: whether there is a Secure cookie of this name, for hosts and paths that this one would reach.
    fn overlays_secure(&self, domain: &str, new: &Stored, now: Moment) -> bool {
        let above = self.domains.at_or_above(domain).map(|(_, domain)| domain);
        let mut domains = above.chain(self.domains.below(domain));
        let is_hidden = |old: &Stored| {
            old.secure
                && old.name() == new.name()
                && path_match(&new.path, &old.path)
                && !old.is_expired(now)
        };
        domains.any(|domain| domain.cookies.iter().any(is_hidden))
    }

    /// Step 23 and 24, and the bound on one domain.
    pub(super) fn store(&mut self, audience: &Audience, cookie: Stored, wall: Duration) -> Taken {
        let now = Moment::of(wall);
        if cookie.is_expired(now) {
            let domains = &mut self.domains;
            domains.retain_of(&audience.domain, |old| !old.is_same(&cookie));
            return Taken::Expired;
        }
        if self.domains.put(&audience.domain, cookie) == Put::Added {
            let most = self.limits.max_per_domain;
            let gone = fit_domain(&mut self.domains, &audience.domain, most, now);
            self.evicted = self.evicted.wrapping_add(gone);
        }
        Taken::Stored
    }

    /// The bound on all cookies. It is kept after the last line of a response, so that many go at the cost of one.
    pub(super) fn fit_all(&mut self, wall: Duration) {
        let most = self.limits.max_cookies;
        let gone = fit_all(&mut self.domains, most, Moment::of(wall));
        self.evicted = self.evicted.wrapping_add(gone);
    }

    fn reject(&mut self, url: &Url, line: &[u8], reason: CookieRejection) {
        let Rejections { kept, most } = &mut self.rejections;
        if *most == 0 {
            return;
        }
        if kept.len() >= *most {
            kept.pop_front();
        }
        let host = url.host_str().unwrap_or_default();
        kept.push_back(RejectedCookie::new(host, line, reason));
    }
}

impl Default for CookieJar {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cookies, domains) = (self.len(), self.domains.names());
        write!(f, "CookieJar({cookies} cookies of {domains} domains)")
    }
}
