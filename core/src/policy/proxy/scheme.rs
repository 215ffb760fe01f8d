//! What is spoken with a proxy.

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProxyScheme {
    /// HTTP over TCP (RFC 9110 §3.7, §9.3.6).
    Http,
    /// HTTP over TLS: the proxy has a certificate of its own.
    Https,
    /// SOCKS version 5 (RFC 1928), told an address: the name is resolved here.
    Socks5,
    /// SOCKS version 5 (RFC 1928), told a name: the proxy resolves it.
    Socks5h,
    /// SOCKS version 4 with the extension 4A, told a name: the proxy resolves it. It knows a user and no password.
    Socks4a,
}

impl ProxyScheme {
    const ALL: [Self; 5] = [
        Self::Http,
        Self::Https,
        Self::Socks5,
        Self::Socks5h,
        Self::Socks4a,
    ];

    /// The scheme as it stands in front of `://`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
            Self::Socks4a => "socks4a",
        }
    }

    /// The port of a proxy that names none: 80, 443, and 1080 for SOCKS (RFC 1928 §3).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 | Self::Socks5h | Self::Socks4a => 1080,
        }
    }

    /// Case does not count.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|scheme| scheme.as_str().eq_ignore_ascii_case(name))
    }
}
