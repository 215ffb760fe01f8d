//! Reading a Set-Cookie line (RFC 6265bis §5.6), and a cookie that the application has made in its stead.
//!
//! The line is octets, its blanks at both ends are gone. Nothing is decoded: no escapes, no quotes, no charset.

use ::cookie::{Cookie, Expiration, SameSite};

use super::CookieRejection;
use crate::syntax::chars::{is_field_value, is_token, trim_ows};
use crate::syntax::cookie_date::cookie_date;

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) lifetime: Lifetime,
    /// Without the dot before it. Empty is as good as none.
    pub(super) domain: &'a [u8],
    pub(super) path: PathAttribute<'a>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    /// `None` also for a word that we do not know (§5.6.7).
    pub(super) same_site: Option<SameSite>,
}

/// How long a cookie lasts; in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lifetime {
    Session,
    /// From now on. Zero and less: it is over.
    MaxAge(i64),
    /// Since the Unix epoch.
    Expires(i64),
}

/// What is said of the path: saying nothing is not the same as saying something that is no path (§5.7, step 21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathAttribute<'a> {
    Unsaid,
    Default,
    Given(&'a [u8]),
}

/// A cookie as it stands in a Cookie line (§4.2.1), if it can: a token for its name, a value that no line ends nor divides.
pub(crate) fn pair(name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let value = trim_ows(value);
    let fits = is_token(name) && is_field_value(value, false) && !value.contains(&b';');
    fits.then(|| [name, value].join(&b'='))
}

impl<'a> SetCookie<'a> {
    fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            name,
            value,
            lifetime: Lifetime::Session,
            domain: b"",
            path: PathAttribute::Unsaid,
            secure: false,
            http_only: false,
            same_site: None,
        }
    }

    /// Reads a line; an attribute whose value is longer than `longest` is passed over.
    pub(super) fn parse(line: &'a [u8], longest: usize) -> Result<Self, CookieRejection> {
        // %x00-08 / %x0A-1F / %x7F
        if !is_field_value(line, false) {
            return Err(CookieRejection::Control);
        }
        let mut parts = line.split(|octet| *octet == b';');
        let pair = parts.next().unwrap_or_default();
        // Without the sign there is no name.
        let (name, value) = cut(pair).unwrap_or((b"", pair));
        let mut cookie = Self::new(trim_ows(name), trim_ows(value));
        for attribute in parts {
            let (name, value) = cut(attribute).unwrap_or((attribute, b""));
            let (name, value) = (trim_ows(name), trim_ows(value));
            if value.len() <= longest {
                cookie.attribute(name, value);
            }
        }
        Ok(cookie)
    }

    /// §5.6.1 to 5.6.7. Of several the last counts, but Max-Age before Expires.
    fn attribute(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("Expires") {
            match cookie_date(value) {
                Some(date) if !matches!(self.lifetime, Lifetime::MaxAge(_)) => {
                    self.lifetime = Lifetime::Expires(date);
                }
                _ => {}
            }
        } else if is("Max-Age") {
            if let Some(seconds) = delta_seconds(value) {
                self.lifetime = Lifetime::MaxAge(seconds);
            }
        } else if is("Domain") {
            self.domain = value.strip_prefix(b".").unwrap_or(value);
        } else if is("Path") {
            self.path = match value {
                [b'/', ..] => PathAttribute::Given(value),
                _ => PathAttribute::Default,
            };
        } else if is("Secure") {
            self.secure = true;
        } else if is("HttpOnly") {
            self.http_only = true;
        } else if is("SameSite") {
            self.same_site = same_site(value);
        }
    }

    /// What the application's cookie says, if a line could say it.
    pub(super) fn of(cookie: &'a Cookie<'_>) -> Result<Self, CookieRejection> {
        let (name, value) = (cookie.name().as_bytes(), cookie.value().as_bytes());
        let mut set = Self::new(name, value);
        if let Some(path) = cookie.path() {
            set.path = PathAttribute::Given(path.as_bytes());
        }
        set.domain = cookie.domain().unwrap_or_default().as_bytes();
        set.secure = cookie.secure().unwrap_or(false);
        set.http_only = cookie.http_only().unwrap_or(false);
        set.same_site = cookie.same_site();
        set.lifetime = match (cookie.max_age(), cookie.expires()) {
            (Some(age), _) => Lifetime::MaxAge(age.whole_seconds()),
            (None, Some(Expiration::DateTime(date))) => Lifetime::Expires(date.unix_timestamp()),
            (None, _) => Lifetime::Session,
        };
        set.sayable()
    }

    /// Of one that was put together otherwise: whether a line, and the URL that it came from, could have said it.
    pub(super) fn sayable(self) -> Result<Self, CookieRejection> {
        let mut pair = [self.name, self.value].into_iter();
        if !pair.all(|octets| is_field_value(octets, false)) {
            return Err(CookieRejection::Control);
        }
        let is_trimmed = |octets: &[u8]| trim_ows(octets) == octets;
        let is_path = match self.path {
            PathAttribute::Given(path) => {
                path.starts_with(b"/") && is_field_value(path, false) && is_trimmed(path)
            }
            _ => true,
        };
        let is_sayable = is_path
            && is_trimmed(self.name)
            && is_trimmed(self.value)
            && !self.name.contains(&b'=')
            && !self.name.contains(&b';')
            && !self.value.contains(&b';');
        match is_sayable {
            true => Ok(self),
            false => Err(CookieRejection::Unsayable),
        }
    }
}

/// What stands before the first sign, and behind it.
fn cut(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let sign = octets.iter().position(|octet| *octet == b'=')?;
    Some((&octets[..sign], &octets[sign + 1..]))
}

/// delta-seconds with a sign perhaps (§5.6.2); more than there are in a number is as many as there are.
fn delta_seconds(value: &[u8]) -> Option<i64> {
    let (digits, negative) = match value {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |number: i64, digit: &u8| {
        let more = number.saturating_mul(10);
        more.saturating_add(i64::from(digit - b'0'))
    };
    let seconds = digits.iter().fold(0, add);
    Some(if negative { -seconds } else { seconds })
}

fn same_site(value: &[u8]) -> Option<SameSite> {
    let is = |known: &str| value.eq_ignore_ascii_case(known.as_bytes());
    match () {
        () if is("Strict") => Some(SameSite::Strict),
        () if is("Lax") => Some(SameSite::Lax),
        () if is("None") => Some(SameSite::None),
        () => None,
    }
}
