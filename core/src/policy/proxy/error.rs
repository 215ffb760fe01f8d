//! Why there is no saying which proxy. What was written is never repeated: there may be a password in it.

use core::fmt;

/// Why a proxy cannot be used, or a rule not be kept. A proxy that is wrong is never passed over: to go without it would send
/// in the open what was meant to be hidden.
///
/// ```
/// use sessile_core::{Proxy, ProxyError};
/// let error = Proxy::parse("socks://joe:secret@proxy.test").expect_err("socks of which version?");
/// assert_eq!((error, error.code()), (ProxyError::Scheme, "proxy-scheme"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyError {
    /// What stands in front of `://` is no [`ProxyScheme`](super::ProxyScheme).
    Scheme,
    /// There is no host, or one that no URL could have.
    Host,
    /// The port is no number, or 0, or beyond 65535.
    Port,
    /// The user or the password holds a control octet (RFC 7617 §2; in SOCKS4a a NUL would end the user).
    Control,
    /// The user of an HTTP proxy holds a colon: the proxy would take what follows it for the password (RFC 7617 §2).
    Colon,
    /// The user or the password for a SOCKS5 proxy is longer than 255 octets (RFC 1929 §2).
    TooLong,
    /// The key of a rule is none of `scheme://host`, `scheme`, `all://host` and `all`.
    Key,
    /// The URL that a proxy is asked for is neither http nor https.
    Url,
}

impl ProxyError {
    /// A stable word for logs and tests: which part is wrong.
    pub fn code(self) -> &'static str {
        match self {
            Self::Scheme => "proxy-scheme",
            Self::Host | Self::Port => "proxy-url",
            Self::Control | Self::Colon | Self::TooLong => "proxy-credentials",
            Self::Key => "proxy-rule",
            Self::Url => "url",
        }
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => {
                "the proxy's scheme is not known: it can be http, https, socks5, socks5h or socks4a"
            }
            Self::Host => "the proxy has no host, or an invalid one: write scheme://host:port",
            Self::Port => "the proxy's port is no number from 1 to 65535",
            Self::Control => {
                "the proxy's user or password holds a control octet, and no proxy takes one"
            }
            Self::Colon => {
                "the proxy's user holds a colon, which is for socks proxies alone (RFC 7617 section 2)"
            }
            Self::TooLong => {
                "the socks proxy's user or password is longer than 255 octets (RFC 1929 section 2)"
            }
            Self::Key => {
                "a rule for proxies is for scheme://host, scheme, all://host or all, the scheme being http or https"
            }
            Self::Url => "there are proxies for http and https URLs alone",
        })
    }
}

impl core::error::Error for ProxyError {}

/// A [`Proxy`](super::Proxy) is one already.
impl From<core::convert::Infallible> for ProxyError {
    fn from(never: core::convert::Infallible) -> Self {
        match never {}
    }
}
