//! The jar itself, and what the session does with it. Decisions are in the other rooms.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use url::Url;

use super::accept::{Audience, Rules, accept, audience_by_domain, judge, judge_size};
use super::domains::{Domain, Domains, Place, Put};
use super::evict::{fit_all, fit_domain};
use super::limits::CookieLimits;
use super::matching::{Site, Withheld, judge as belongs, path_match};
use super::rejection::{CookieRejection, RejectedCookie};
use super::set_cookie::SetCookie;
use super::stored::{Birth, Moment, Stored};
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
    rejections: Rejections,
    /// Room to put cookies in order, kept so that a request allocates none.
    order: Vec<Sendable>,
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

/// A cookie that belongs to a request, by its place in the line: longest path first, then the oldest (§5.8.3, step 2).
#[derive(Clone, Copy)]
pub(super) struct Sendable {
    path_length: usize,
    born: Birth,
    pub(super) place: Place,
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
        let site = Site::of(url);
        for (number, line) in set_cookie.enumerate() {
            let taken = match &site {
                None => Err(CookieRejection::Url),
                _ if number >= self.limits.max_per_response => Err(CookieRejection::TooMany),
                Some(site) => self.take_line(site, line, wall, &mut received.evicted),
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
        received.evicted += self.fit_all(wall);
        received
    }

    /// Takes what one Set-Cookie line says. One whose time has passed takes its cookie out.
    ///
    /// # Errors
    /// Why the cookie is refused.
    pub fn set(&mut self, url: &Url, line: &[u8], wall: Duration) -> Result<(), CookieRejection> {
        let site = Site::of(url).ok_or(CookieRejection::Url);
        let taken = site.and_then(|site| self.take_line(&site, line, wall, &mut 0));
        self.fit_all(wall);
        taken
            .map(|_| ())
            .inspect_err(|reason| self.reject(url, line, *reason))
    }

    /// Appends the value of the Cookie line for a request to this URL; how many cookies are in it. With none, nothing is
    /// appended: there is no such line then.
    pub fn write_to(&mut self, url: &Url, wall: Duration, out: &mut Vec<u8>) -> usize {
        let site = match Site::of(url) {
            Some(site) if !self.is_empty() => site,
            _ => return 0,
        };
        let mut order = core::mem::take(&mut self.order);
        self.sendable(&site, Moment::of(wall), &mut order);
        let (fitting, _) = self.fitting(&order);
        self.count += 1;
        for (number, sendable) in order[..fitting].iter().enumerate() {
            let cookie = self.domains.get_mut(sendable.place);
            cookie.used = self.count;
            if number > 0 {
                out.extend_from_slice(b"; ");
            }
            out.extend_from_slice(&cookie.pair);
        }
        self.order = order;
        fitting
    }

    /// From now on keeps the last so many of those that are refused: none, unless this is said.
    pub fn record_rejections(&mut self, most: usize) {
        self.rejections.most = most;
        self.rejections.kept.truncate(most);
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
        evicted: &mut usize,
    ) -> Result<Taken, CookieRejection> {
        let set = SetCookie::parse(trim_ows(line), self.limits.max_attribute_bytes)?;
        self.take(&set, site, wall, evicted)
    }

    pub(super) fn take(
        &mut self,
        set: &SetCookie<'_>,
        site: &Site<'_>,
        wall: Duration,
        evicted: &mut usize,
    ) -> Result<Taken, CookieRejection> {
        let (audience, stored) = accept(set, site, &self.rules(wall))?;
        // 16. The last that is asked, because it asks all cookies.
        if !site.is_secure && self.overlays_secure(&audience.domain, &stored, Moment::of(wall)) {
            return Err(CookieRejection::OverlaysSecure);
        }
        Ok(self.store(&audience, stored, wall, evicted))
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
        let mut others = above
            .chain(self.domains.below(domain))
            .flat_map(|domain| &domain.cookies);
        others.any(|old| {
            old.secure
                && old.name() == new.name()
                && path_match(&new.path, &old.path)
                && !old.is_expired(now)
        })
    }

    /// Step 23 and 24, and the bound on one domain.
    pub(super) fn store(
        &mut self,
        audience: &Audience,
        mut cookie: Stored,
        wall: Duration,
        evicted: &mut usize,
    ) -> Taken {
        let now = Moment::of(wall);
        if cookie.is_expired(now) {
            let domains = &mut self.domains;
            domains.retain_of(&audience.domain, |old| !old.is_same(&cookie));
            return Taken::Expired;
        }
        self.count += 1;
        cookie.born.number = self.count;
        cookie.used = self.count;
        if self.domains.put(&audience.domain, cookie) == Put::Added {
            let most = self.limits.max_per_domain;
            *evicted += fit_domain(&mut self.domains, &audience.domain, most, now);
        }
        Taken::Stored
    }

    pub(super) fn fit_all(&mut self, wall: Duration) -> usize {
        fit_all(&mut self.domains, self.limits.max_cookies, Moment::of(wall))
    }

    /// The cookies that belong to a request, in their order.
    pub(super) fn sendable(&self, site: &Site<'_>, now: Moment, order: &mut Vec<Sendable>) {
        order.clear();
        for (domain, Domain { name, cookies }) in self.domains.at_or_above(site.host) {
            for (number, cookie) in cookies.iter().enumerate() {
                if belongs(name, cookie, site, now).is_ok() {
                    order.push(Sendable {
                        path_length: cookie.path.len(),
                        born: cookie.born,
                        place: Place {
                            domain,
                            cookie: number,
                        },
                    });
                }
            }
        }
        order.sort_unstable_by_key(|sendable| {
            (core::cmp::Reverse(sendable.path_length), sendable.born)
        });
    }

    /// How many of them fit into one line, and what the next one would pass.
    pub(super) fn fitting(&self, order: &[Sendable]) -> (usize, Option<Withheld>) {
        let (pairs, bytes) = (self.limits.max_sent_pairs, self.limits.max_sent_bytes);
        let mut length = 0_usize;
        for (number, sendable) in order.iter().enumerate() {
            let separator = if number > 0 { 2 } else { 0 };
            length += separator + self.domains.get(sendable.place).cookie.pair.len();
            if number >= pairs {
                return (number, Some(Withheld::PairLimit(pairs)));
            }
            if length > bytes {
                return (number, Some(Withheld::ByteLimit(bytes)));
            }
        }
        (order.len(), None)
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
