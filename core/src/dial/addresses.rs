//! The addresses of a name, one list for each family: every address once, in the order in which the resolver gave them.

use core::net::SocketAddr;

use smallvec::SmallVec;

/// No more addresses of one family than this are kept: a hostile name server could send hundreds, and have us knock at as
/// many doors of somebody else. Thirty-two attempts, 250 ms apart, take 8 of the 10 s that a race has, and no name that is
/// meant well has so many addresses.
pub(super) const MOST_ADDRESSES: usize = 16;

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv6.
    V6,
    /// IPv4.
    V4,
}

impl Family {
    /// The family of an address. One that is IPv4-mapped (`::ffff:192.0.2.1`) leads to an IPv4 peer over IPv4 packets, and is
    /// of that family.
    pub fn of(address: &SocketAddr) -> Self {
        match address.ip().to_canonical().is_ipv6() {
            true => Self::V6,
            false => Self::V4,
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::V6 => Self::V4,
            Self::V4 => Self::V6,
        }
    }
}

/// The addresses of one family, of which the first few have been tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    known: SmallVec<[SocketAddr; 4]>,
    tried: usize,
}

impl Addresses {
    /// Adds an address; `false` if it is there already or the list is full. It is kept as it came, with flow label and scope.
    pub(super) fn add(&mut self, address: SocketAddr) -> bool {
        let destination = destination(address);
        let is_there = |known: &SocketAddr| self::destination(*known) == destination;
        let fits = self.known.len() < MOST_ADDRESSES && !self.known.iter().any(is_there);
        if fits {
            self.known.push(address);
        }
        fits
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.tried == self.known.len()
    }

    /// The next address that has not been tried, which it is now.
    pub(super) fn take(&mut self) -> Option<SocketAddr> {
        let next = self.known.get(self.tried).copied();
        self.tried += usize::from(next.is_some());
        next
    }
}

/// Where an address leads: two spellings of one IPv4 address lead to the same place, two scopes of one IPv6 address do not.
fn destination(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip if ip.is_ipv4() => SocketAddr::new(ip, address.port()),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &[&str]) -> Vec<SocketAddr> {
        let mut addresses = Addresses::default();
        for text in texts {
            addresses.add(text.parse().expect("an address"));
        }
        core::iter::from_fn(|| addresses.take()).collect()
    }

    #[test]
    fn the_first_place_of_an_address_is_kept() {
        let kept = all(&["192.0.2.2:80", "192.0.2.1:80", "192.0.2.2:80"]);
        assert_eq!(kept, all(&["192.0.2.2:80", "192.0.2.1:80"]));
        assert_eq!(all(&["192.0.2.1:80", "192.0.2.1:81"]).len(), 2);
    }

    #[test]
    fn scopes_tell_addresses_apart_and_spellings_do_not() {
        assert_eq!(all(&["[fe80::1%1]:80", "[fe80::1%2]:80"]).len(), 2);
        let mapped = all(&["[::ffff:192.0.2.1]:80", "192.0.2.1:80"]);
        assert_eq!(mapped, all(&["[::ffff:192.0.2.1]:80"]));
        assert_eq!(Family::of(&mapped[0]), Family::V4);
        // IPv4-compatible addresses have been given up (RFC 4291 §2.5.5.1): they are IPv6 like any other.
        assert_eq!(Family::of(&all(&["[::192.0.2.1]:80"])[0]), Family::V6);
    }

    #[test]
    fn sixteen_are_kept_and_duplicates_are_none_of_them() {
        let mut addresses = Addresses::default();
        for last in 0..=255u8 {
            for _ in 0..2 {
                addresses.add(SocketAddr::from(([192, 0, 2, last], 80)));
            }
        }
        let kept: Vec<_> = core::iter::from_fn(|| addresses.take()).collect();
        assert_eq!(kept.len(), MOST_ADDRESSES);
        assert_eq!(kept[15], SocketAddr::from(([192, 0, 2, 15], 80)));
        assert!(addresses.is_exhausted());
    }
}
