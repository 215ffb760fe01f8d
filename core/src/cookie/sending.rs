//! What a request carries (RFC 6265bis §5.8.3): which cookies, in which order, and how many of them fit.

use core::cmp::Reverse;
use core::time::Duration;

use url::Url;

use super::CookieJar;
use super::domains::{Domain, Place};
use super::matching::{Site, Withheld, judge};
use super::stored::{Birth, Moment};

/// A cookie that belongs to a request, by its place in the line: longest path first, then the oldest (§5.8.3, step 2).
#[derive(Clone, Copy)]
pub(super) struct Sendable {
    path_length: usize,
    born: Birth,
    pub(super) place: Place,
}

impl CookieJar {
    /// Appends the value of the Cookie line for a request to this URL; how many cookies are in it. With none, nothing is
    /// appended: there is no such line then.
    pub fn write_to(&mut self, url: &Url, wall: Duration, out: &mut Vec<u8>) -> usize {
        if self.is_empty() {
            return 0;
        }
        let Some(site) = Site::of(url) else {
            return 0;
        };
        let mut order = core::mem::take(&mut self.order);
        self.sendable(&site, Moment::of(wall), &mut order);
        let (fitting, _) = self.fitting(&order);
        self.count += 1;
        for (number, sendable) in order[..fitting].iter().enumerate() {
            let cookie = self.domains.get_mut(sendable.place);
            cookie.used = self.count;
            if number > 0 {
                out.extend_from_slice(b"; ");
            }
            out.extend_from_slice(&cookie.pair);
        }
        self.order = order;
        fitting
    }

    /// The cookies that belong to a request, in their order.
    pub(super) fn sendable(&self, site: &Site<'_>, now: Moment, order: &mut Vec<Sendable>) {
        order.clear();
        for (domain, Domain { name, cookies }) in self.domains.at_or_above(site.host) {
            for (number, cookie) in cookies.iter().enumerate() {
                if judge(name, cookie, site, now).is_ok() {
                    order.push(Sendable {
                        path_length: cookie.path.len(),
                        born: cookie.born,
                        place: Place {
                            domain,
                            cookie: number,
                        },
                    });
                }
            }
        }
        order.sort_unstable_by_key(|sendable| (Reverse(sendable.path_length), sendable.born));
    }

    /// How many of them fit into one line, and what the next one would pass.
    pub(super) fn fitting(&self, order: &[Sendable]) -> (usize, Option<Withheld>) {
        let (pairs, bytes) = (self.limits.max_sent_pairs, self.limits.max_sent_bytes);
        let mut length = 0_usize;
        for (number, sendable) in order.iter().enumerate() {
            let separator = if number > 0 { 2 } else { 0 };
            length += separator + self.domains.get(sendable.place).cookie.pair.len();
            if number >= pairs {
                return (number, Some(Withheld::PairLimit(pairs)));
            }
            if length > bytes {
                return (number, Some(Withheld::ByteLimit(bytes)));
            }
        }
        (order.len(), None)
    }
}
