//! Which cookies belong to a request (RFC 6265bis §5.1.2 to 5.1.4, 5.8.3): hosts, paths, and whether the way is secure.

use core::fmt;

use url::{Host, Url};

use super::stored::{Moment, Stored};

/// What a URL says to a jar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    /// Canonical: the URL parser has made it so.
    pub(super) host: &'a str,
    /// Whether it is an IP address, which has nothing above or below it.
    pub(super) is_address: bool,
    /// Whether nobody can read along or write in between.
    pub(super) is_secure: bool,
    pub(super) path: &'a str,
}

impl<'a> Site<'a> {
    /// `None` for a URL that is not HTTP's, nor a WebSocket's, which begins as HTTP.
    pub(super) fn of(url: &'a Url) -> Option<Self> {
        let encrypted = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return None,
        };
        let host = url.host()?;
        Some(Self {
            host: url.host_str().filter(|host| !host.is_empty())?,
            is_address: !matches!(host, Host::Domain(_)),
            is_secure: encrypted || is_loopback(&host),
            path: url.path(),
        })
    }
}

/// Whether what is said to this host stays on this machine: then it is as good as encrypted, as in the W3C's Secure
/// Contexts §3.1. (Names below `localhost` are never asked of the DNS: RFC 6761 §6.3.)
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// domain-match (§5.1.3) of names: the same, or below it at the boundary of a label.
pub(super) fn domain_match(host: &str, domain: &str) -> bool {
    match host.strip_suffix(domain) {
        Some("") => true,
        Some(front) => front.ends_with('.'),
        None => false,
    }
}

/// default-path (§5.1.4) of a URL's path.
pub(super) fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(slash) if slash > 0 && path.starts_with('/') => &path[..slash],
        _ => "/",
    }
}

/// path-match (§5.1.4): the same, or below it at the boundary of a segment.
pub(super) fn path_match(path: &[u8], cookie_path: &[u8]) -> bool {
    match path.strip_prefix(cookie_path) {
        Some(rest) => rest.is_empty() || cookie_path.ends_with(b"/") || rest[0] == b'/',
        None => false,
    }
}

/// Why a cookie is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Withheld {
    /// The host is neither the cookie's domain nor below it.
    OtherHost,
    /// The host is below the cookie's, which is for that host alone.
    HostOnly,
    /// The path is neither the cookie's nor below it.
    OtherPath,
    /// The cookie is Secure and the URL is not.
    NotSecure,
    /// Its time has passed.
    Expired,
    /// So many cookies stand before it: `CookieLimits::max_sent_pairs`.
    PairLimit(usize),
    /// With those before it the line would be longer: `CookieLimits::max_sent_bytes`.
    ByteLimit(usize),
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherHost => "another host (RFC 6265bis section 5.1.3)",
            Self::HostOnly => "for its own host alone, not those below (RFC 6265bis section 5.8.3)",
            Self::OtherPath => "another path (RFC 6265bis section 5.1.4)",
            Self::NotSecure => "Secure, and the URL is not (RFC 6265bis section 5.8.3)",
            Self::Expired => "expired (RFC 6265bis section 5.7)",
            Self::PairLimit(most) => {
                return write!(f, "beyond `CookieLimits::max_sent_pairs`, {most}");
            }
            Self::ByteLimit(most) => {
                return write!(f, "beyond `CookieLimits::max_sent_bytes`, {most}");
            }
        })
    }
}

/// Whether a cookie of this domain belongs to a request (§5.8.3, step 1).
pub(super) fn judge(
    domain: &str,
    cookie: &Stored,
    site: &Site<'_>,
    now: Moment,
) -> Result<(), Withheld> {
    let is_host = site.host == domain;
    // Above an address there is nothing, though its text has dots.
    let is_below = !site.is_address && domain_match(site.host, domain);
    if !is_host && !is_below {
        Err(Withheld::OtherHost)
    } else if !is_host && cookie.host_only {
        Err(Withheld::HostOnly)
    } else if !path_match(site.path.as_bytes(), &cookie.path) {
        Err(Withheld::OtherPath)
    } else if cookie.secure && !site.is_secure {
        Err(Withheld::NotSecure)
    } else if cookie.is_expired(now) {
        Err(Withheld::Expired)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_match_at_labels() {
        for (host, domain, matches) in [
            ("example.org", "example.org", true),
            ("www.example.org", "example.org", true),
            ("badexample.org", "example.org", false),
            ("example.org", "www.example.org", false),
            ("example.org.", "example.org", false),
            ("org", "example.org", false),
            (".example.org", "example.org", true),
        ] {
            assert_eq!(domain_match(host, domain), matches, "{host} {domain}");
        }
    }

    #[test]
    fn paths_match_at_segments() {
        for (path, cookie, matches) in [
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/a", "/a/", false),
            ("/ab", "/a", false),
            ("/", "/a", false),
            ("/A", "/a", false),
            ("//a", "/", true),
        ] {
            assert_eq!(
                path_match(path.as_bytes(), cookie.as_bytes()),
                matches,
                "{path} {cookie}"
            );
        }
    }

    #[test]
    fn the_default_path_is_the_directory() {
        for (path, default) in [
            ("/", "/"),
            ("/a", "/"),
            ("/a/", "/a"),
            ("/a/b", "/a"),
            ("", "/"),
            ("a/b", "/"),
            ("//", "/"),
        ] {
            assert_eq!(default_path(path), default, "{path}");
        }
    }

    #[test]
    fn what_stays_on_the_machine_is_secure() {
        for (url, secure) in [
            ("https://example.org/", true),
            ("wss://example.org/", true),
            ("http://example.org/", false),
            ("ws://localhost/", true),
            ("http://localhost./", true),
            ("http://a.localhost:8080/", true),
            ("http://notlocalhost/", false),
            ("http://localhost.example/", false),
            ("http://127.0.0.1/", true),
            ("http://127.255.0.9/", true),
            ("http://0x7f.1/", true),
            ("http://[::1]/", true),
            ("http://[::2]/", false),
            ("http://128.0.0.1/", false),
            ("http://127.0.0.1.example/", false),
        ] {
            let url = Url::parse(url).expect("a URL");
            let site = Site::of(&url).expect("a site");
            assert_eq!(site.is_secure, secure, "{url}");
        }
        for url in ["ftp://example.org/", "data:,a=b", "foo://EXAMPLE/"] {
            assert!(
                Site::of(&Url::parse(url).expect("a URL")).is_none(),
                "{url}"
            );
        }
    }
}
