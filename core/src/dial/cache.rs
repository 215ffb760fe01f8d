//! The addresses of names, remembered for a while.
//!
//! The time limit is the application's, not the record's: what a driver asks (`getaddrinfo`) does not tell the TTL. Only
//! addresses are kept: a name that has none today, or whose server did not answer, is asked for again.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use smallvec::SmallVec;

use super::addresses::{Addresses, Family};
use crate::base::Tick;

/// What names have been resolved to, each for a limited time.
///
/// A name is a host and a port, as they stand in an [`Origin`](crate::Origin): hosts that differ in case are different. Of each
/// at most 16 addresses of either family are kept, those that a [`Race`](crate::Race) would try. When there are too many names,
/// the one that was resolved the longest ago is forgotten. A look-up goes through all names, for there are few: next to a dial
/// that is nothing.
///
/// ```
/// use core::time::Duration;
/// use sessile_core::{NameCache, Tick};
/// let mut names = NameCache::new(Some(Duration::from_secs(60)), 256);
/// let resolved = Tick::default();
/// names.insert(resolved, "example.org", 80, &["192.0.2.1:80".parse()?]);
/// assert!(names.get(resolved.after(Duration::from_secs(59)), "example.org", 80).is_some());
/// assert!(names.get(resolved.after(Duration::from_secs(60)), "example.org", 80).is_none());
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct NameCache {
    limit: Option<Duration>,
    most: usize,
    /// The one that was resolved last comes last.
    names: VecDeque<Name>,
}

#[derive(Clone, Debug)]
struct Name {
    host: Box<str>,
    port: u16,
    answers: SmallVec<[SocketAddr; 4]>,
    expires: Tick,
}

impl Name {
    fn is(&self, host: &str, port: u16) -> bool {
        self.port == port && *self.host == *host
    }
}

impl NameCache {
    /// Keeps so many names for so long; without a limit, or with one of zero, it keeps nothing.
    pub fn new(limit: Option<Duration>, most: usize) -> Self {
        Self {
            limit: limit.filter(|limit| !limit.is_zero()),
            most,
            names: VecDeque::new(),
        }
    }

    /// The addresses of a name in the order of their answer, at least one, unless their time is up.
    pub fn get(&self, now: Tick, host: &str, port: u16) -> Option<&[SocketAddr]> {
        let mut names = self.names.iter();
        let name = names.find(|name| name.is(host, port))?;
        (now < name.expires).then_some(&name.answers)
    }

    /// What a name has been resolved to now, in place of what was known of it. An empty answer is not kept.
    pub fn insert(&mut self, now: Tick, host: &str, port: u16, answers: &[SocketAddr]) {
        let fresh = |name: &Name| now < name.expires && !name.is(host, port);
        self.names.retain(fresh);
        let Some(limit) = self.limit.filter(|_| !answers.is_empty() && self.most > 0) else {
            return;
        };
        while self.names.len() >= self.most {
            self.names.pop_front();
        }
        self.names.push_back(Name {
            host: Box::from(host),
            port,
            answers: bounded(answers),
            expires: now.after(limit),
        });
    }

    /// Forgets a name: its addresses were of no use, say.
    pub fn remove(&mut self, host: &str, port: u16) {
        self.names.retain(|name| !name.is(host, port));
    }

    /// Forgets all names: the network has changed, say.
    pub fn clear(&mut self) {
        self.names.clear();
    }
}

/// The addresses that a race would try, in the order in which they came.
fn bounded(answers: &[SocketAddr]) -> SmallVec<[SocketAddr; 4]> {
    let (mut v6, mut v4) = (Addresses::default(), Addresses::default());
    let kept = answers.iter().filter(|address| match Family::of(address) {
        Family::V6 => v6.add(**address),
        Family::V4 => v4.add(**address),
    });
    kept.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Tick {
        Tick::default().after(Duration::from_secs(seconds))
    }

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 80))
    }

    fn knows(names: &NameCache, now: Tick, host: &str) -> bool {
        names.get(now, host, 80).is_some()
    }

    #[test]
    fn a_name_is_known_until_its_time_is_up() {
        let mut names = NameCache::new(Some(MINUTE), 2);
        names.insert(at(5), "a.test", 80, &[address(2), address(1)]);
        assert_eq!(
            names.get(at(64), "a.test", 80),
            Some(&[address(2), address(1)][..])
        );
        assert!(!knows(&names, at(65), "a.test"));
        assert!(!knows(&names, at(6), "b.test"));
        assert_eq!(names.get(at(6), "a.test", 443), None);
    }

    #[test]
    fn a_newer_answer_takes_the_place_of_the_older_and_its_time_begins_anew() {
        let mut names = NameCache::new(Some(MINUTE), 2);
        names.insert(at(0), "a.test", 80, &[address(1)]);
        names.insert(at(30), "a.test", 80, &[address(2)]);
        assert_eq!(names.get(at(80), "a.test", 80), Some(&[address(2)][..]));
        assert_eq!(names.names.len(), 1);
        names.insert(at(81), "a.test", 80, &[]);
        assert!(!knows(&names, at(81), "a.test"));
    }

    #[test]
    fn where_there_are_too_many_the_oldest_goes_and_the_expired_before_it() {
        let mut names = NameCache::new(Some(MINUTE), 2);
        for (host, second) in [
            ("a.test", 0),
            ("b.test", 10),
            ("a.test", 20),
            ("c.test", 30),
        ] {
            names.insert(at(second), host, 80, &[address(1)]);
        }
        let known = |names: &NameCache, now| {
            ["a.test", "b.test", "c.test"].map(|host| knows(names, now, host))
        };
        assert_eq!(known(&names, at(30)), [true, false, true]);
        names.insert(at(85), "b.test", 80, &[address(1)]);
        assert_eq!(known(&names, at(85)), [false, true, true]);
        assert_eq!(names.names.len(), 2);
    }

    #[test]
    fn names_are_forgotten_one_by_one_or_all_at_once() {
        let mut names = NameCache::new(Some(MINUTE), 9);
        for host in ["a.test", "b.test", "c.test"] {
            names.insert(at(0), host, 80, &[address(1)]);
        }
        names.remove("a.test", 80);
        names.remove("b.test", 81);
        assert!(!knows(&names, at(0), "a.test") && knows(&names, at(0), "b.test"));
        names.clear();
        assert!(!knows(&names, at(0), "b.test") && !knows(&names, at(0), "c.test"));
    }

    #[test]
    fn without_time_or_room_nothing_is_kept() {
        for (limit, most) in [(None, 9), (Some(Duration::ZERO), 9), (Some(MINUTE), 0)] {
            let mut names = NameCache::new(limit, most);
            names.insert(at(0), "a.test", 80, &[address(1)]);
            assert!(!knows(&names, at(0), "a.test"), "{limit:?}, {most}");
        }
    }

    #[test]
    fn of_a_name_with_hundreds_of_addresses_sixteen_of_each_family_are_kept_in_their_order() {
        let v4 = (0..=255).map(address);
        let v6 = (0..256).map(|last| SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 80)));
        let all: Vec<_> = v4.chain(v6).collect();
        let mut names = NameCache::new(Some(MINUTE), 1);
        names.insert(at(0), "a.test", 80, &all);
        let kept = [&all[..16], &all[256..272]].concat();
        assert_eq!(names.get(at(0), "a.test", 80), Some(&kept[..]));
    }
}
