//! Which addresses may be dialled: the application's word on every one of them, on every hop, before anything is sent there.
//!
//! A URL that somebody else has chosen may name a host inside (server-side request forgery), by an address, by a name that
//! resolves to one, or by a redirect to either. Only the address that is dialled tells.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Whose address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressRole {
    /// The origin's, which is dialled.
    Origin,
    /// A proxy's, which is dialled.
    Proxy,
    /// The origin's, as far as it is known here: a proxy is asked to connect to it. (A name that the proxy resolves is seen
    /// by the proxy alone.)
    BehindProxy,
}

/// An address that is about to be used.
#[derive(Clone, Copy, Debug)]
pub struct AddressCase<'a> {
    /// The host that it is an address of, as it stands in the URL.
    pub host: &'a str,
    /// The address, with the port.
    pub address: SocketAddr,
    /// Whose it is.
    pub role: AddressRole,
}

impl AddressCase<'_> {
    /// Whether the address is one of the public Internet: none of the host itself, of a private or local network, for
    /// documentation, tests or many hosts at once, nor an IPv6 address that stands for such an IPv4 one (RFC 6890).
    pub fn is_public(&self) -> bool {
        is_public(self.address.ip())
    }
}

/// A function of the application's that is asked about every address before it is dialled, whether it stood in a URL, was
/// resolved, was set as an override or kept in the cache. It must not block nor call its session. If it panics, the answer
/// is no.
///
/// ```
/// use sessile_core::{AddressPolicy, Config};
/// // Nothing but the Internet; a proxy of ours may stand inside.
/// let policy = AddressPolicy::new(|case| case.is_public() || case.role == sessile_core::AddressRole::Proxy);
/// let mut config = Config::default();
/// config.dialling.policy = Some(policy);
/// ```
#[derive(Clone)]
pub struct AddressPolicy(Arc<Ask>);

type Ask = dyn Fn(&AddressCase<'_>) -> bool + Send + Sync;

impl AddressPolicy {
    /// A policy from a function, which tells whether the address may be dialled.
    pub fn new(ask: impl Fn(&AddressCase<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Only addresses of the public Internet: see [`AddressCase::is_public`].
    pub fn public() -> Self {
        Self::new(|case| case.is_public())
    }

    pub(crate) fn allows(&self, case: &AddressCase<'_>) -> bool {
        catch_unwind(AssertUnwindSafe(|| (self.0)(case))).unwrap_or(false)
    }
}

impl fmt::Debug for AddressPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy")
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network; shared between carriers; IETF assignments; benchmarks; reserved, and the broadcast.
        (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) | (240.., ..) => true,
        // The relays of 6to4.
        (192, 88, 99) => true,
        _ => false,
    };
    let local = address.is_loopback() || address.is_private() || address.is_link_local();
    !(special || local || address.is_documentation() || address.is_multicast())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // NAT64 and 6to4 lead to an IPv4 address (RFC 6052, RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, benchmarks, ORCHID and the other assignments below 2001:200::; documentation.
        [0x2001, 0..0x200, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        // Global unicast is 2000::/3 and nothing else, so far.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("1.1.1.1", true),
            ("192.0.1.1", true),
            ("172.32.0.1", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("198.20.0.1", true),
            ("2606:4700::1111", true),
            ("64:ff9b::808:808", true),
            ("2002:808:808::1", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("192.0.0.1", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("224.0.0.1", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("::127.0.0.1", false),
            ("64:ff9b::a00:1", false),
            ("64:ff9b:1::1", false),
            ("2002:a00:1::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("3fff::1", false),
            ("fc00::1", false),
            ("fd12::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("100::1", false),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(is_public(address), public, "{address}");
        }
    }

    #[test]
    fn a_policy_that_panics_says_no() {
        let policy = AddressPolicy::new(|case| match case.is_public() {
            true => true,
            false => panic!("a bug of the application's"),
        });
        let case = |address: &str| AddressCase {
            host: "a.test",
            address: address.parse().expect("an address"),
            role: AddressRole::Origin,
        };
        assert!(policy.allows(&case("8.8.8.8:80")));
        assert!(!policy.allows(&case("127.0.0.1:80")));
        assert!(!AddressPolicy::public().allows(&case("[fe80::1%3]:80")));
    }
}
