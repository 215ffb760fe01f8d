//! A cookie as it lies in the jar, and what is shown of it.

use core::fmt;
use core::time::Duration;

use ::cookie::time::OffsetDateTime;
use ::cookie::{Cookie, SameSite};

/// Milliseconds since the Unix epoch. (Times before it are long past, whichever they are.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

impl Moment {
    /// Earlier than any.
    pub(super) const PAST: Self = Self(i64::MIN);

    pub(super) fn of(wall: Duration) -> Self {
        Self(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX))
    }

    pub(super) fn of_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    pub(super) fn after(self, more: Duration) -> Self {
        Self(self.0.saturating_add(Self::of(more).0))
    }

    /// Since the Unix epoch.
    pub(super) fn wall(self) -> Duration {
        Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }
}

/// A cookie in a jar, without its domain, which it shares with others.
#[derive(Clone)]
pub(super) struct Stored {
    /// As it is sent: `name=value`, or the value of one without a name.
    pub(super) pair: Box<[u8]>,
    pub(super) name_length: usize,
    pub(super) path: Box<[u8]>,
    pub(super) expiry: Option<Moment>,
    pub(super) host_only: bool,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<SameSite>,
    pub(super) born: Birth,
    /// When it was last sent or set, in the jar's own count: earlier is less.
    pub(super) used: u64,
}

/// The order of creation; cookies of one moment have the jar's own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Birth {
    pub(super) moment: Moment,
    pub(super) number: u64,
}

impl Stored {
    pub(super) fn name(&self) -> &[u8] {
        &self.pair[..self.name_length]
    }

    pub(super) fn value(&self) -> &[u8] {
        match self.name_length {
            0 => &self.pair,
            name => &self.pair[name + 1..],
        }
    }

    /// "In the past": at the very moment it still lives.
    pub(super) fn is_expired(&self, now: Moment) -> bool {
        self.expiry.is_some_and(|expiry| expiry < now)
    }

    /// Whether there can be only one of the two (§5.7, step 23). Their domain is the same already.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.host_only == other.host_only && self.name() == other.name() && self.path == other.path
    }
}

/// `name=value`, or the value of a cookie without a name.
pub(super) fn pair(name: &[u8], value: &[u8]) -> Box<[u8]> {
    match name {
        b"" => value.into(),
        name => [name, b"=", value].concat().into(),
    }
}

/// A cookie in a jar. Its value is a secret: `Debug` and `Display` do not show it.
#[derive(Clone, Copy)]
pub struct CookieRef<'a> {
    pub(super) domain: &'a str,
    pub(super) cookie: &'a Stored,
}

impl<'a> CookieRef<'a> {
    /// The name, as it came: octets that need not be UTF-8, and perhaps none.
    pub fn name(self) -> &'a [u8] {
        self.cookie.name()
    }

    /// The value, as it came: nothing is decoded, quotes are part of it.
    pub fn value(self) -> &'a [u8] {
        self.cookie.value()
    }

    /// The domain in canonical form, without a dot before it: a host name, or an address (IPv6 in brackets).
    pub fn domain(self) -> &'a str {
        self.domain
    }

    /// Whether it goes to that host alone, and not to those below.
    pub fn is_host_only(self) -> bool {
        self.cookie.host_only
    }

    /// The path, as it came: it begins with a slash, and need not be UTF-8.
    pub fn path(self) -> &'a [u8] {
        &self.cookie.path
    }

    /// Whether it goes over secure ways alone: https, wss, or within this machine.
    pub fn is_secure(self) -> bool {
        self.cookie.secure
    }

    /// Whether the server wants it kept from scripts. Nothing here depends on it.
    pub fn is_http_only(self) -> bool {
        self.cookie.http_only
    }

    /// What the server said of requests that come from other sites, if anything that is known. It withholds nothing: a
    /// client without documents has no other sites.
    pub fn same_site(self) -> Option<SameSite> {
        self.cookie.same_site
    }

    /// When it ends, since the Unix epoch, to the millisecond. `None`: with the session, whenever the application says
    /// that that is.
    pub fn expires(self) -> Option<Duration> {
        self.cookie.expiry.map(Moment::wall)
    }

    /// When it was first set, since the Unix epoch, to the millisecond. (A new value does not make it younger.)
    pub fn created(self) -> Duration {
        self.cookie.born.moment.wall()
    }

    /// A cookie of the `cookie` crate. `None` if name, value or path are not UTF-8, because that crate's cookies are text
    /// and a replacement would be another cookie.
    ///
    /// It has a Domain exactly if it goes to the hosts below, too.
    pub fn to_cookie(self) -> Option<Cookie<'static>> {
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).ok();
        let mut cookie = Cookie::new(text(self.name())?, text(self.value())?);
        cookie.set_path(text(self.path())?);
        if !self.is_host_only() {
            cookie.set_domain(self.domain.to_owned());
        }
        if let Some(expires) = self.expires() {
            let seconds = i64::try_from(expires.as_secs()).unwrap_or(i64::MAX);
            // Beyond the year 9999 that crate has no dates: such a cookie just lasts.
            cookie.set_expires(OffsetDateTime::from_unix_timestamp(seconds).ok());
        }
        cookie.set_secure(self.is_secure().then_some(true));
        cookie.set_http_only(self.is_http_only().then_some(true));
        cookie.set_same_site(self.same_site());
        Some(cookie)
    }
}

impl fmt::Display for CookieRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, path) = (self.name().escape_ascii(), self.path().escape_ascii());
        let below = if self.is_host_only() { "" } else { "." };
        write!(f, "`{name}` of {below}{}{path}", self.domain)?;
        for (is, word) in [
            (self.is_secure(), "Secure"),
            (self.is_http_only(), "HttpOnly"),
        ] {
            if is {
                write!(f, ", {word}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for CookieRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
