//! Why a cookie is not taken. Each reason is a rule with its section, and says what to do.

use core::fmt;

use crate::syntax::chars::trim_ows;

/// Why a jar does not take a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CookieRejection {
    /// The URL is none that cookies belong to: not of http, https, ws or wss.
    Url,
    /// A control octet other than HTAB.
    Control,
    /// Neither a name nor a value.
    Empty,
    /// Name and value are longer than `CookieLimits::max_pair_bytes`.
    TooLarge,
    /// The response had `CookieLimits::max_per_response` Set-Cookie lines before this one.
    TooMany,
    /// Name, value or path cannot stand in a Set-Cookie line as they are.
    Unsayable,
    /// The Domain attribute is not ASCII.
    DomainNotAscii,
    /// Whoever put the cookie in by domain named none that can be read.
    Domain,
    /// The Domain attribute is a public suffix: the cookie would go to strangers.
    PublicSuffix,
    /// The Domain attribute is another domain than the host, and the jar has no list of public suffixes to judge it by.
    NoSuffixList,
    /// The host is neither the domain nor below it.
    OtherDomain,
    /// A Secure cookie from an origin that is not secure.
    SecureFromInsecure,
    /// An origin that is not secure would overlay a Secure cookie.
    OverlaysSecure,
    /// `SameSite=None` without Secure.
    SameSiteNoneInsecure,
    /// A name that begins like `__Secure-`, without Secure.
    SecurePrefix,
    /// A name that begins like `__Host-`, without Secure or `Path=/`, or with a Domain.
    HostPrefix,
    /// No name, and a value that would be read as a name with such a prefix.
    NamelessPrefix,
}

impl CookieRejection {
    /// A stable word for logs and tests.
    pub fn code(self) -> &'static str {
        self.words().0
    }

    /// The code, what is wrong, by which section, and what to do.
    fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Url => (
                "url",
                "the URL is none of http, https, ws or wss with a host",
                "5.1.2",
                "cookies belong to hosts that HTTP asks",
            ),
            Self::Control => (
                "control-octet",
                "it holds a control octet",
                "5.6",
                "the server must encode such values",
            ),
            Self::Empty => (
                "empty",
                "it has neither a name nor a value",
                "5.7, step 2",
                "the server must give it one of them",
            ),
            Self::TooLarge => (
                "too-large",
                "its name and value are longer than `CookieLimits::max_pair_bytes`",
                "5.7, step 4",
                "the server must keep less in it",
            ),
            Self::TooMany => (
                "too-many",
                "its response had `CookieLimits::max_per_response` cookies before it",
                "6.1",
                "raise the limit if you trust the server",
            ),
            Self::Unsayable => (
                "unsayable",
                "a Set-Cookie line cannot say its name, value or path as they are",
                "4.1.1",
                "encode them, and let the path begin with a slash",
            ),
            Self::DomainNotAscii => (
                "domain-not-ascii",
                "its Domain is not ASCII",
                "5.7, step 8",
                "the server must write it in Punycode",
            ),
            Self::Domain => (
                "domain",
                "its domain is no host",
                "5.1.2",
                "name a host, with a dot before it for the hosts below",
            ),
            Self::PublicSuffix => (
                "public-suffix",
                "its Domain is a public suffix, below which are strangers",
                "5.7, step 9",
                "the server must name its own domain",
            ),
            Self::NoSuffixList => (
                "no-suffix-list",
                "its Domain is not the host, and the jar has no list of public suffixes to judge it by",
                "5.7, step 9",
                "give the jar a list, as the feature `psl` does",
            ),
            Self::OtherDomain => (
                "other-domain",
                "its host is neither its Domain nor below it",
                "5.7, step 10",
                "the server may name its own host or one above it",
            ),
            Self::SecureFromInsecure => (
                "secure-from-insecure",
                "it is Secure, and the URL is not",
                "5.7, step 13",
                "ask by https",
            ),
            Self::OverlaysSecure => (
                "overlays-secure",
                "it would hide a Secure cookie of that name, and the URL is not secure",
                "5.7, step 16",
                "ask by https, or remove the other one",
            ),
            Self::SameSiteNoneInsecure => (
                "same-site-none-insecure",
                "it says SameSite=None and not Secure",
                "5.7, step 19",
                "the server must say Secure, too",
            ),
            Self::SecurePrefix => (
                "secure-prefix",
                "its name begins with __Secure- and it is not Secure",
                "5.7, step 20",
                "the server must say Secure",
            ),
            Self::HostPrefix => (
                "host-prefix",
                "its name begins with __Host- and it is not Secure, or has a Domain, or does not say Path=/",
                "5.7, step 21",
                "the server must say Secure and Path=/, and no Domain",
            ),
            Self::NamelessPrefix => (
                "nameless-prefix",
                "it has no name, and its value would be read as one that begins with __Secure- or __Host-",
                "5.7, step 22",
                "the server must name it",
            ),
        }
    }
}

impl fmt::Display for CookieRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, what, section, remedy) = self.words();
        write!(
            f,
            "{what} ({code}; RFC 6265bis section {section}): {remedy}"
        )
    }
}

impl core::error::Error for CookieRejection {}

/// A cookie that was not taken. Its value is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedCookie {
    host: Box<str>,
    name: Box<[u8]>,
    reason: CookieRejection,
}

/// A server may write any name; so much of it tells which cookie it is.
const NAME_KEPT: usize = 64;

impl RejectedCookie {
    pub(super) fn new(host: &str, line: &[u8], reason: CookieRejection) -> Self {
        let pair = line
            .split(|octet| *octet == b';')
            .next()
            .unwrap_or_default();
        // Without the sign there is no name: all of it is a value, which may be secret.
        let sign = pair.iter().position(|octet| *octet == b'=').unwrap_or(0);
        let name = trim_ows(&pair[..sign]);
        Self {
            host: host.into(),
            name: name[..name.len().min(NAME_KEPT)].into(),
            reason,
        }
    }

    /// The host that sent it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The first 64 octets of its name, as they came: perhaps none.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Why it was not taken.
    pub fn reason(&self) -> CookieRejection {
        self.reason
    }
}

impl fmt::Display for RejectedCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, name, reason) = (&self.host, self.name.escape_ascii(), self.reason);
        write!(f, "the cookie `{name}` of {host} was refused: {reason}")
    }
}
