//! Whom a SOCKS proxy shall reach: a name that it resolves, or an address.
//!
//! Which of the two is the caller's choice; here it is only written down. A name comes from an [`Origin`], so it holds
//! nothing that a message could be split by.

use core::net::{IpAddr, SocketAddr};

use super::error::TunnelError;
use crate::message::Origin;

/// Names have one octet for their length (RFC 1928 §5); SOCKS4A has an end mark instead, but its proxies no more room.
const LONGEST_NAME: usize = 255;

/// The far end of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(super) host: Host,
    pub(super) port: u16,
}

/// Who stands at the far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// 1 to 255 octets.
    Name(Box<str>),
    Address(IpAddr),
}

impl Target {
    /// An origin's host as it stands in the URL: the proxy resolves it, if it is a name.
    ///
    /// # Errors
    /// If the name is longer than a SOCKS message can carry.
    pub(crate) fn of(origin: &Origin) -> Result<Self, TunnelError> {
        let host = match origin.address() {
            Some(address) => Host::Address(address),
            None if origin.host().len() > LONGEST_NAME => return Err(TunnelError::NameTooLong),
            None => Host::Name(origin.host().into()),
        };
        let port = origin.port();
        Ok(Self { host, port })
    }

    /// An address that was resolved here.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self {
            host: Host::Address(address.ip()),
            port: address.port(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn target(url: &str) -> Result<Target, TunnelError> {
        Target::of(&Origin::of(&Url::parse(url).expect("a URL")).expect("an origin"))
    }

    #[test]
    fn names_are_told_from_addresses() {
        for (url, host, port) in [
            (
                "https://Example.org/",
                Host::Name("example.org".into()),
                443,
            ),
            (
                "http://example.org./",
                Host::Name("example.org.".into()),
                80,
            ),
            (
                "http://[::1]:81/",
                Host::Address([0, 0, 0, 0, 0, 0, 0, 1u16].into()),
                81,
            ),
            ("http://0x7f.1/", Host::Address([127, 0, 0, 1].into()), 80),
        ] {
            assert_eq!(target(url).expect("short"), Target { host, port }, "{url}");
        }
        let resolved = Target::at(([192, 0, 2, 1], 8080).into());
        assert_eq!(resolved, target("http://192.0.2.1:8080").expect("short"));
    }

    #[test]
    fn a_name_has_255_octets_at_the_most() {
        let named = |length| target(&format!("http://{}/", "a".repeat(length)));
        assert!(
            matches!(named(255), Ok(Target { host: Host::Name(name), .. }) if name.len() == 255)
        );
        assert!(matches!(named(256), Err(TunnelError::NameTooLong)));
    }
}
