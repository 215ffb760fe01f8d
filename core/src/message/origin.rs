//! Origins (RFC 9110 §4.3.1): scheme, host and port, read once from a parsed URL.

use core::fmt;
use std::sync::Arc;

use url::{Host, Position, Url};

use crate::syntax::chars;

/// The schemes that we speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Plain HTTP over TCP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The scheme as it stands in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(crate) fn of(url: &Url) -> Option<Self> {
        match url.scheme() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }
}

/// Why a URL names no origin that we can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginError {
    /// The scheme is neither `http` nor `https`.
    Scheme,
    /// There is no host.
    NoHost,
    /// The host holds an octet that the URL parser lets through, `"` say, and RFC 3986 §3.2.2 does not: no Host field
    /// may say it.
    Host,
    /// Port 0 cannot be connected to.
    PortZero,
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the scheme is neither http nor https",
            Self::NoHost => "the URL has no host",
            Self::Host => {
                "the URL's host holds an octet that no host may hold (RFC 3986 section 3.2.2)"
            }
            Self::PortZero => "port 0 cannot be connected to",
        })
    }
}

impl core::error::Error for OriginError {}

/// Scheme, host and port of a URL, in canonical form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: Scheme,
    port: u16,
    /// Host and, unless it is the default, port: what a Host field says (RFC 9110 §7.2).
    authority: Arc<str>,
    host_length: usize,
}

impl Origin {
    /// The origin of a URL.
    ///
    /// # Errors
    /// If the scheme is neither `http` nor `https`, or there is no host or one that cannot be named in a Host field, or
    /// the port is 0.
    ///
    /// ```
    /// let url = url::Url::parse("http://User:secret@EXAMPLE.org:80/path")?;
    /// let origin = sessile_core::Origin::of(&url)?;
    /// assert_eq!((origin.host(), origin.port(), origin.authority()), ("example.org", 80, "example.org"));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn of(url: &Url) -> Result<Self, OriginError> {
        let scheme = Self::parts(url)?;
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let host = &url[Position::BeforeHost..Position::AfterHost];
        // What stands in brackets was read as an address.
        if !host.starts_with('[') && !chars::is_host_name(host.as_bytes()) {
            return Err(OriginError::Host);
        }
        let port = url.port_or_known_default().ok_or(OriginError::Scheme)?;
        Ok(Self {
            scheme,
            port,
            authority: authority.into(),
            host_length: host.len(),
        })
    }

    /// Whether the URL belongs to this origin; no allocation.
    pub fn holds(&self, url: &Url) -> bool {
        Self::parts(url).is_ok_and(|scheme| scheme == self.scheme)
            && &url[Position::BeforeHost..Position::AfterPort] == self.authority()
    }

    fn parts(url: &Url) -> Result<Scheme, OriginError> {
        let scheme = Scheme::of(url).ok_or(OriginError::Scheme)?;
        if !url.has_host() {
            return Err(OriginError::NoHost);
        }
        if url.port() == Some(0) {
            return Err(OriginError::PortZero);
        }
        Ok(scheme)
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host as it stands in a URL: a name in small ASCII letters, an IPv4 address, or an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.authority.get(..self.host_length).unwrap_or_default()
    }

    /// The port, the default one included.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and, unless it is the scheme's default, port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Host and port, the default one included: what a tunnel is asked for (RFC 9112 §3.2.3).
    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", self.host(), self.port)
    }

    /// The host's address, if it is one and not a name.
    pub fn address(&self) -> Option<core::net::IpAddr> {
        host_address(self.host())
    }
}

/// The address that a host is, as it stands in a URL, if it is one and not a name.
pub(crate) fn host_address(host: &str) -> Option<core::net::IpAddr> {
    match Host::parse(host).ok()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<Origin, OriginError> {
        Origin::of(&Url::parse(text).expect("a URL"))
    }

    #[test]
    fn one_origin_has_one_form() {
        let plain = origin("http://example.org/").expect("an origin");
        for text in [
            "http://EXAMPLE.org:80/a?b#c",
            "http://user:word@example.org",
            "http:\\\\example.org",
        ] {
            assert_eq!(origin(text), Ok(plain.clone()), "{text}");
            assert!(plain.holds(&Url::parse(text).expect("a URL")), "{text}");
        }
        for text in [
            "http://example.org:81",
            "http://example.org.",
            "http://www.example.org",
            "https://example.org:80",
            "https://example.org",
        ] {
            assert_ne!(origin(text), Ok(plain.clone()), "{text}");
        }
    }

    #[test]
    fn addresses_are_told_from_names() {
        let v6 = origin("http://[::1]:8080/").expect("an origin");
        assert_eq!(
            (v6.host(), v6.authority(), v6.port()),
            ("[::1]", "[::1]:8080", 8080)
        );
        assert_eq!(v6.address(), Some(core::net::Ipv6Addr::LOCALHOST.into()));
        let v4 = origin("http://0x7f.1/").expect("an origin");
        assert_eq!(v4.address(), Some(core::net::Ipv4Addr::LOCALHOST.into()));
        assert_eq!(
            origin("http://localhost").expect("an origin").address(),
            None
        );
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        assert_eq!(origin("ftp://example.org/"), Err(OriginError::Scheme));
        assert_eq!(
            origin("mailto:someone@example.org"),
            Err(OriginError::Scheme)
        );
        assert_eq!(origin("http://example.org:0/"), Err(OriginError::PortZero));
        for octet in (0x20..=0x7eu8).map(char::from) {
            let Ok(url) = Url::parse(&format!("http://a{octet}b.test/")) else {
                continue;
            };
            let refused = Origin::of(&url) == Err(OriginError::Host);
            assert_eq!(refused, "\"`{}".contains(octet), "{octet}");
        }
    }
}
