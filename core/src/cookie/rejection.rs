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
    /// It names no path, and that of the URL is longer than `CookieLimits::max_attribute_bytes`.
    PathTooLong,
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
        match self {
            Self::Url => "url",
            Self::Control => "control-octet",
            Self::Empty => "empty",
            Self::TooLarge => "too-large",
            Self::TooMany => "too-many",
            Self::PathTooLong => "path-too-long",
            Self::Unsayable => "unsayable",
            Self::DomainNotAscii => "domain-not-ascii",
            Self::Domain => "domain",
            Self::PublicSuffix => "public-suffix",
            Self::NoSuffixList => "no-suffix-list",
            Self::OtherDomain => "other-domain",
            Self::SecureFromInsecure => "secure-from-insecure",
            Self::OverlaysSecure => "overlays-secure",
            Self::SameSiteNoneInsecure => "same-site-none-insecure",
            Self::SecurePrefix => "secure-prefix",
            Self::HostPrefix => "host-prefix",
            Self::NamelessPrefix => "nameless-prefix",
        }
    }

    /// What is wrong.
    fn fault(self) -> &'static str {
        match self {
            Self::Url => "the URL is none of http, https, ws or wss with a host",
            Self::Control => "it holds a control octet",
            Self::Empty => "it has neither a name nor a value",
            Self::TooLarge => "its name and value are longer than `CookieLimits::max_pair_bytes`",
            Self::TooMany => "its response had `CookieLimits::max_per_response` cookies before it",
            Self::PathTooLong => {
                "it names no path, and that of the URL is longer than `CookieLimits::max_attribute_bytes`"
            }
            Self::Unsayable => "a Set-Cookie line cannot say its name, value or path as they are",
            Self::DomainNotAscii => "its Domain is not ASCII",
            Self::Domain => "its domain is no host",
            Self::PublicSuffix => "its Domain is a public suffix, below which are strangers",
            Self::NoSuffixList => {
                "its Domain is not the host, and the jar has no list of public suffixes to judge it by"
            }
            Self::OtherDomain => "its host is neither its Domain nor below it",
            Self::SecureFromInsecure => "it is Secure, and the URL is not",
            Self::OverlaysSecure => {
                "it would hide a Secure cookie of that name, and the URL is not secure"
            }
            Self::SameSiteNoneInsecure => "it says SameSite=None and not Secure",
            Self::SecurePrefix => "its name begins with __Secure- and it is not Secure",
            Self::HostPrefix => {
                "its name begins with __Host- and it is not Secure, or has a Domain, or does not say Path=/"
            }
            Self::NamelessPrefix => {
                "it has no name, and its value would be read as one that begins with __Secure- or __Host-"
            }
        }
    }

    /// Where RFC 6265bis says so.
    fn section(self) -> &'static str {
        match self {
            Self::Url => "5.1.2",
            Self::Control => "5.6",
            Self::Empty => "5.7, step 2",
            Self::TooLarge => "5.7, step 4",
            Self::TooMany | Self::PathTooLong => "6.1",
            Self::Unsayable => "4.1.1",
            Self::DomainNotAscii => "5.7, step 8",
            Self::Domain => "5.1.2",
            Self::PublicSuffix => "5.7, step 9",
            Self::NoSuffixList => "5.7, step 9",
            Self::OtherDomain => "5.7, step 10",
            Self::SecureFromInsecure => "5.7, step 13",
            Self::OverlaysSecure => "5.7, step 16",
            Self::SameSiteNoneInsecure => "5.7, step 19",
            Self::SecurePrefix => "5.7, step 20",
            Self::HostPrefix => "5.7, step 21",
            Self::NamelessPrefix => "5.7, step 22",
        }
    }

    /// What to do.
    fn remedy(self) -> &'static str {
        match self {
            Self::Url => "cookies belong to hosts that HTTP asks",
            Self::Control => "the server must encode such values",
            Self::Empty => "the server must give it one of them",
            Self::TooLarge => "the server must keep less in it",
            Self::TooMany => "raise the limit if you trust the server",
            Self::PathTooLong => "the server must name a path",
            Self::Unsayable => "encode them, and let the path begin with a slash",
            Self::DomainNotAscii => "the server must write it in Punycode",
            Self::Domain => "name a host, with a dot before it for the hosts below",
            Self::PublicSuffix => "the server must name its own domain",
            Self::NoSuffixList => "give the jar a list, as the feature `psl` does",
            Self::OtherDomain => "the server may name its own host or one above it",
            Self::SecureFromInsecure => "ask by https",
            Self::OverlaysSecure => "ask by https, or remove the other one",
            Self::SameSiteNoneInsecure => "the server must say Secure, too",
            Self::SecurePrefix => "the server must say Secure",
            Self::HostPrefix => "the server must say Secure and Path=/, and no Domain",
            Self::NamelessPrefix => "the server must name it",
        }
    }
}

impl fmt::Display for CookieRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fault, code) = (self.fault(), self.code());
        let (section, remedy) = (self.section(), self.remedy());
        write!(
            f,
            "{fault} ({code}; RFC 6265bis section {section}): {remedy}"
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
