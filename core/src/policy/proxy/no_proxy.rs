//! `no_proxy`: the hosts that are reached without a proxy, as curl, wget and everybody after them have kept them.
//!
//! ```text
//! no_proxy = [ item ] *( 1*( "," / SP / HTAB ) [ item ] )
//! item     = ( "*" / [ "." / "*." ] name / IPv4 / "[" IPv6 "]" ) [ ":" port ]
//!          / IPv6 / ( IPv4 / IPv6 / "[" IPv6 "]" ) "/" prefix
//! ```
//! Nobody standardised it. Where its readers differ we compare more than text, and exempt nothing that was not named:
//! `localhost` has the proxy, too. An item that cannot be read is nobody's, and the others stay in force.

use core::net::{IpAddr, Ipv6Addr};

use url::Host;

use super::host;
use super::network::Network;

/// The hosts that are reached without a proxy.
///
/// ```
/// use sessile_core::{NoProxy, Url};
/// let exempt = NoProxy::parse("example.org, .lan:8080, 10.0.0.0/8, [::1]");
/// let covers = |url: &str| {
///     let url = Url::parse(url)?;
///     let (host, port) = (url.host().expect("a host"), url.port_or_known_default().expect("a port"));
///     Ok::<_, Box<dyn core::error::Error>>(exempt.covers(&host, port))
/// };
/// for url in ["http://EXAMPLE.org./", "https://www.example.org/", "http://nas.lan:8080/", "http://[::ffff:10.1.2.3]/"] {
///     assert!(covers(url)?, "{url}");
/// }
/// for url in ["http://badexample.org/", "http://nas.lan/", "http://11.0.0.1/", "http://localhost/"] {
///     assert!(!covers(url)?, "{url}");
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy {
    items: Vec<Item>,
}

/// Whom an item names, on which port: any, if it says none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    whom: Whom,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Whom {
    Everybody,
    /// A name and all names below it.
    Name(Box<str>),
    Network(Network),
}

impl NoProxy {
    /// Reads a list. Items that cannot be read name nobody.
    pub fn parse(list: &str) -> Self {
        let items = list.split([',', ' ', '\t']);
        Self {
            items: items.filter_map(Item::read).collect(),
        }
    }

    /// Whether a host, as [`Url::host`](url::Url::host) gives it, is reached without a proxy on this port.
    pub fn covers(&self, host: &Host<&str>, port: u16) -> bool {
        let host = host::without_final_dot(host);
        let mut items = self.items.iter();
        items.any(|item| item.port.is_none_or(|only| only == port) && item.whom.is(&host))
    }
}

impl Item {
    fn read(text: &str) -> Option<Self> {
        let (whom, port) = if let Some((base, prefix)) = text.split_once('/') {
            (Whom::Network(Network::read(base, prefix)?), None)
        } else if let Some(bracketed) = text.strip_prefix('[') {
            let (address, behind) = bracketed.split_once(']')?;
            (Whom::address(address)?, port(behind)?)
        } else if text.matches(':').count() > 1 {
            // Without brackets it is an address, all of it.
            (Whom::address(text)?, None)
        } else {
            let (name, behind) = text.split_at(text.find(':').unwrap_or(text.len()));
            (Whom::named(name)?, port(behind)?)
        };
        Some(Self { whom, port })
    }
}

impl Whom {
    fn address(text: &str) -> Option<Self> {
        let address = text.parse::<Ipv6Addr>().ok()?;
        Some(Self::Network(Network::of(address.into())))
    }

    /// A dot in front changes nothing, and neither does `*.`; there is no other wildcard but `*` itself. What the URL parser
    /// takes for an address is one, and nothing is below it.
    fn named(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everybody);
        }
        let dotted = text.strip_prefix("*.").or(text.strip_prefix('.'));
        let name = dotted.unwrap_or(text);
        if name.starts_with('.') {
            return None;
        }
        let address = |address: IpAddr| match dotted {
            None => Some(Self::Network(Network::of(address))),
            Some(_) => None,
        };
        match host::read(name)? {
            Host::Domain(name) if name.is_empty() => None,
            Host::Domain(name) => Some(Self::Name(name.into())),
            Host::Ipv4(v4) => address(v4.into()),
            Host::Ipv6(v6) => address(v6.into()),
        }
    }

    fn is(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Everybody, _) => true,
            (Self::Name(name), Host::Domain(host)) => is_or_is_below(host, name),
            (Self::Network(network), Host::Ipv4(address)) => network.holds((*address).into()),
            (Self::Network(network), Host::Ipv6(address)) => network.holds((*address).into()),
            (Self::Name(_), Host::Ipv4(_) | Host::Ipv6(_))
            | (Self::Network(_), Host::Domain(_)) => false,
        }
    }
}

/// Whole labels only: `bone.test` is not below `one.test`.
fn is_or_is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name)
        .is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// [ ":" port ], of which the port is 1*DIGIT. An item with anything else in this place cannot be read.
fn port(behind: &str) -> Option<Option<u16>> {
    if behind.is_empty() {
        return Some(None);
    }
    let digits = behind.strip_prefix(':')?;
    let plain = digits.bytes().all(|octet| octet.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).map(Some)
}
