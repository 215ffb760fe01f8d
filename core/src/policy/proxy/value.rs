//! One proxy, as people write it into variables and settings.
//!
//! ```text
//! proxy = [ scheme "://" ] [ user [ ":" password ] "@" ] host [ ":" port ]
//! ```
//! All but the scheme is read by the URL parser as if the scheme were http: the host is canonical whoever is spoken to, and
//! there is no second reader to disagree with (RFC 3986 would make the host of an unknown scheme another thing).

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::{Host, ParseError, Url};

use super::error::ProxyError;
use super::scheme::ProxyScheme;
use crate::policy::authentication::Authentication;

/// The longest user, and the longest password, that SOCKS5 can say: their lengths are one octet (RFC 1929 §2).
const SOCKS5_LONGEST: usize = 255;

/// A proxy: how it is spoken to, where it is, and perhaps who asks it. User and password never appear in `Debug` or
/// `Display`; proxies that differ in them are not equal. Clones share one value.
///
/// ```
/// use sessile_core::{Proxy, ProxyScheme};
/// let proxy = Proxy::parse("socks5h://joe:s%3At@LOCALHOST")?;
/// assert_eq!((proxy.scheme(), proxy.host(), proxy.port()), (ProxyScheme::Socks5h, "localhost", 1080));
/// assert_eq!((proxy.user(), proxy.password()), (Some(&b"joe"[..]), Some(&b"s:t"[..])));
/// assert_eq!(proxy.to_string(), "socks5h://localhost:1080");
/// # Ok::<(), sessile_core::ProxyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy(Arc<Parts>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Parts {
    scheme: ProxyScheme,
    host: Box<str>,
    address: Option<IpAddr>,
    port: u16,
    credentials: Option<Secret>,
    /// How it is told, if the proxy speaks HTTP.
    authentication: Option<Authentication>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Secret {
    user: Box<[u8]>,
    password: Box<[u8]>,
}

impl Proxy {
    /// Reads `scheme://user:password@host:port`. Without `://` the scheme is http; without a port it is the scheme's own;
    /// escapes in user and password are undone; blanks around it, and what follows the port, are ignored.
    ///
    /// # Errors
    /// If the scheme is none of [`ProxyScheme`], there is no valid host or port, or the credentials cannot be sent.
    pub fn parse(value: &str) -> Result<Self, ProxyError> {
        let value = value.trim_matches([' ', '\t']);
        let (scheme, rest) = match value.split_once("://") {
            Some((name, rest)) => {
                let scheme = ProxyScheme::named(name).ok_or(ProxyError::Scheme)?;
                (scheme, rest)
            }
            None => (ProxyScheme::Http, value),
        };
        let url = read("http", rest)?;
        let port = match url.port() {
            // The parser says nothing of http's own port: was it written?
            None => read("https", rest)?.port(),
            written => written,
        };
        let proxy = Self(Arc::new(Parts {
            scheme,
            host: url.host_str().ok_or(ProxyError::Host)?.into(),
            address: url.host().and_then(address),
            port: port.unwrap_or(scheme.default_port()),
            credentials: None,
            authentication: None,
        }));
        if proxy.port() == 0 {
            return Err(ProxyError::Port);
        }
        let octets = |text| percent_decode_str(text).collect::<Vec<u8>>();
        let password = url.password().unwrap_or_default();
        proxy.credentials(octets(url.username()), octets(password))
    }

    /// The same proxy, asked by this user; text is sent as UTF-8. Both empty: by nobody in particular. SOCKS4a has no
    /// password: it is kept, and sent to nobody.
    ///
    /// # Errors
    /// If either holds a control octet; if the user holds a colon and the proxy speaks HTTP; if either is longer than 255
    /// octets and the proxy speaks SOCKS5.
    pub fn credentials(
        self,
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
    ) -> Result<Self, ProxyError> {
        let (user, password) = (user.as_ref(), password.as_ref());
        judge(self.scheme(), user, password)?;
        let secret = Secret {
            user: user.into(),
            password: password.into(),
        };
        let none = user.is_empty() && password.is_empty();
        let speaks_http = matches!(self.scheme(), ProxyScheme::Http | ProxyScheme::Https);
        let authentication = Authentication::of_proxy(user, password);
        Ok(Self(Arc::new(Parts {
            credentials: Some(secret).filter(|_| !none),
            authentication: authentication.filter(|_| speaks_http && !none),
            ..Arc::unwrap_or_clone(self.0)
        })))
    }

    /// The same proxy, told in this way who asks: Digest alone, say, in place of the Basic credentials that a proxy's user and
    /// password make and that are sent before it asks. SOCKS proxies have their own way, and pass it over.
    #[must_use]
    pub fn authenticated(self, authentication: Authentication) -> Self {
        let speaks_http = matches!(self.scheme(), ProxyScheme::Http | ProxyScheme::Https);
        Self(Arc::new(Parts {
            authentication: Some(authentication).filter(|_| speaks_http),
            ..Arc::unwrap_or_clone(self.0)
        }))
    }

    /// How it is told who asks, over HTTP.
    pub(crate) fn authentication(&self) -> Option<&Authentication> {
        self.0.authentication.as_ref()
    }

    /// How it is spoken to.
    pub fn scheme(&self) -> ProxyScheme {
        self.0.scheme
    }

    /// Its host: a name in small ASCII letters, an IPv4 address, or an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Its port, the scheme's own if none was written. Never 0.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The host's address, if it is one and not a name.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.address
    }

    /// Whether there is a user or a password.
    pub fn has_credentials(&self) -> bool {
        self.0.credentials.is_some()
    }

    /// The user's octets, if there are credentials; empty if they are a password alone.
    pub fn user(&self) -> Option<&[u8]> {
        self.0.credentials.as_ref().map(|secret| &*secret.user)
    }

    /// The password's octets, if there are credentials; empty if they are a user alone.
    pub fn password(&self) -> Option<&[u8]> {
        self.0.credentials.as_ref().map(|secret| &*secret.password)
    }
}

fn read(scheme: &str, rest: &str) -> Result<Url, ProxyError> {
    Url::parse(&format!("{scheme}://{rest}")).map_err(|error| match error {
        ParseError::InvalidPort => ProxyError::Port,
        _ => ProxyError::Host,
    })
}

fn address(host: Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Whether a proxy can be told such credentials.
fn judge(scheme: ProxyScheme, user: &[u8], password: &[u8]) -> Result<(), ProxyError> {
    if user.iter().chain(password).any(u8::is_ascii_control) {
        return Err(ProxyError::Control);
    }
    let longest = user.len().max(password.len());
    match scheme {
        ProxyScheme::Http | ProxyScheme::Https if user.contains(&b':') => Err(ProxyError::Colon),
        ProxyScheme::Socks5 | ProxyScheme::Socks5h if longest > SOCKS5_LONGEST => {
            Err(ProxyError::TooLong)
        }
        _ => Ok(()),
    }
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(value: &str) -> Result<Self, ProxyError> {
        Self::parse(value)
    }
}

impl TryFrom<&String> for Proxy {
    type Error = ProxyError;

    fn try_from(value: &String) -> Result<Self, ProxyError> {
        Self::parse(value)
    }
}

impl TryFrom<String> for Proxy {
    type Error = ProxyError;

    fn try_from(value: String) -> Result<Self, ProxyError> {
        Self::parse(&value)
    }
}

impl TryFrom<&str> for Proxy {
    type Error = ProxyError;

    fn try_from(value: &str) -> Result<Self, ProxyError> {
        Self::parse(value)
    }
}

impl fmt::Display for Proxy {
    /// `scheme://host:port`, the port always, the credentials never.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme().as_str();
        write!(f, "{scheme}://{}:{}", self.host(), self.port())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
