//! The cookies by their domains. A domain stands before those below it, and all below it stand side by side: names are
//! compared from their last octet to their first. A sorted list, because the whole of it is a few hundred names.

use core::cmp::Ordering;

use super::matching::domain_match;
use super::stored::{CookieRef, Stored};

/// A domain and its cookies, in the order of their creation; never none.
#[derive(Clone)]
pub(super) struct Domain {
    pub(super) name: Box<str>,
    pub(super) cookies: Vec<Stored>,
}

/// The cookies of a jar.
#[derive(Clone, Default)]
pub(super) struct Domains {
    list: Vec<Domain>,
    /// Cookies, not domains.
    count: usize,
}

/// Which cookie: where its domain stands, and where it stands there. Void as soon as a cookie comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) domain: usize,
    pub(super) cookie: usize,
}

/// What came of putting a cookie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Added,
    Replaced,
}

impl Domains {
    #[inline]
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn domain(&self, name: &str) -> Option<&Domain> {
        self.find(name).ok().map(|place| &self.list[place])
    }

    pub(super) fn get(&self, place: Place) -> CookieRef<'_> {
        let Domain { name, cookies } = &self.list[place.domain];
        CookieRef {
            domain: name,
            cookie: &cookies[place.cookie],
        }
    }

    pub(super) fn get_mut(&mut self, place: Place) -> &mut Stored {
        &mut self.list[place.domain].cookies[place.cookie]
    }

    pub(super) fn all(&self) -> impl Iterator<Item = CookieRef<'_>> {
        self.list.iter().flat_map(Domain::cookies)
    }

    /// The domains that this host is, or is below; with their places.
    pub(super) fn at_or_above(&self, host: &str) -> impl Iterator<Item = (usize, &Domain)> {
        let labels = host.match_indices('.').map(|(dot, _)| &host[dot + 1..]);
        let names = core::iter::once(host).chain(labels);
        names.filter_map(|name| {
            let place = self.find(name).ok()?;
            Some((place, &self.list[place]))
        })
    }

    /// The domains below this one, without itself.
    pub(super) fn below(&self, name: &str) -> impl Iterator<Item = &Domain> {
        let top = || name.bytes().rev().chain([b'.']);
        let first = self
            .list
            .partition_point(|domain| domain.name.bytes().rev().lt(top()));
        self.list[first..]
            .iter()
            .take_while(move |domain| domain_match(&domain.name, name))
    }

    /// Puts a cookie in. One that is the same makes room for it and leaves it its age (§5.7, step 23).
    pub(super) fn put(&mut self, name: &str, mut cookie: Stored) -> Put {
        let place = match self.find(name) {
            Ok(place) => place,
            Err(place) => {
                let domain = Domain {
                    name: name.into(),
                    cookies: Vec::new(),
                };
                self.list.insert(place, domain);
                place
            }
        };
        let cookies = &mut self.list[place].cookies;
        if let Some(old) = cookies.iter_mut().find(|old| old.is_same(&cookie)) {
            cookie.born = old.born;
            *old = cookie;
            return Put::Replaced;
        }
        let at = cookies.partition_point(|other| other.born < cookie.born);
        cookies.insert(at, cookie);
        self.count += 1;
        Put::Added
    }

    /// Keeps what the function says of one domain; how many went.
    pub(super) fn retain_of(&mut self, name: &str, keep: impl FnMut(&Stored) -> bool) -> usize {
        let Ok(place) = self.find(name) else {
            return 0;
        };
        let cookies = &mut self.list[place].cookies;
        let before = cookies.len();
        cookies.retain(keep);
        let gone = before - cookies.len();
        if cookies.is_empty() {
            self.list.remove(place);
        }
        self.count -= gone;
        gone
    }

    /// Keeps what the function says; how many went.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Stored) -> bool) -> usize {
        let before = self.count;
        let mut count = 0;
        self.list.retain_mut(|domain| {
            domain.cookies.retain(&mut keep);
            count += domain.cookies.len();
            !domain.cookies.is_empty()
        });
        self.count = count;
        before - count
    }

    pub(super) fn names(&self) -> usize {
        self.list.len()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.list
            .binary_search_by(|domain| from_the_end(&domain.name, name))
    }
}

impl Domain {
    pub(super) fn cookies(&self) -> impl Iterator<Item = CookieRef<'_>> {
        self.cookies.iter().map(|cookie| CookieRef {
            domain: &self.name,
            cookie,
        })
    }
}

fn from_the_end(one: &str, other: &str) -> Ordering {
    one.bytes().rev().cmp(other.bytes().rev())
}
