//! Networks (RFC 4632 §3.1, RFC 4291 §2.3), and single addresses as the smallest of them.
//!
//! Addresses are numbers here. An IPv4-mapped one (RFC 4291 §2.5.5.2) is the IPv4 address that it stands for, on both sides
//! of every comparison: whoever reaches `::ffff:10.0.0.1` reaches 10.0.0.1.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How long the part of a mapped address is that says so.
const MAPPED: u8 = 96;

/// All addresses whose first bits are those of the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network of one address.
    pub(super) fn of(address: IpAddr) -> Self {
        let base = address.to_canonical();
        Self {
            base,
            prefix: width(base),
        }
    }

    /// A base and the length of its prefix, as they stand around a slash.
    pub(super) fn read(base: &str, prefix: &str) -> Option<Self> {
        let base = address(base)?;
        let prefix = decimal(prefix).filter(|prefix| *prefix <= width(base))?;
        Some(match base.to_canonical() {
            IpAddr::V4(mapped) if base.is_ipv6() && prefix >= MAPPED => Self {
                base: mapped.into(),
                prefix: prefix - MAPPED,
            },
            _ => Self { base, prefix },
        })
    }

    /// Bits behind the prefix do not count. A family has no address of the other.
    pub(super) fn holds(&self, address: IpAddr) -> bool {
        let others = u32::from(width(self.base) - self.prefix);
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let differ = base.to_bits() ^ address.to_bits();
                differ.checked_shr(others).unwrap_or(0) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let differ = base.to_bits() ^ address.to_bits();
                differ.checked_shr(others).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// A full dotted quad (a zero in front would mean octal to some, and is refused), or an IPv6 address with its brackets or
/// without.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = text.strip_prefix('[');
    match bracketed.map(|text| text.strip_suffix(']')) {
        Some(inside) => inside?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None if text.contains(':') => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// Digits, without a sign or a zero in front.
fn decimal(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit());
    let short = text == "0" || !text.starts_with('0');
    text.parse().ok().filter(|_| plain && short)
}
