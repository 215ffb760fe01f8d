//! Making room (RFC 6265bis §5.7, "remove excess cookies"): expired ones first; then, of a domain that has too many, those
//! that are not Secure before those that are; then whichever; each time the one that was not used for longest.

use super::domains::{Domain, Domains};
use super::stored::{Birth, Moment, Stored};

/// What goes first is least.
type Rank = (bool, u64, Birth);

/// Within a domain: Secure cookies last.
fn rank_of_domain(cookie: &Stored) -> Rank {
    (cookie.secure, cookie.used, cookie.born)
}

fn rank_of_all(cookie: &Stored) -> Rank {
    (false, cookie.used, cookie.born)
}

/// Leaves so many cookies of one domain; how many went.
pub(super) fn fit_domain(domains: &mut Domains, name: &str, most: usize, now: Moment) -> usize {
    let count = |domains: &Domains| {
        domains
            .domain(name)
            .map_or(0, |domain| domain.cookies.len())
    };
    if count(domains) <= most {
        return 0;
    }
    let expired = domains.retain_of(name, |cookie| !cookie.is_expired(now));
    let excess = count(domains).saturating_sub(most);
    let ranks = domains.domain(name).into_iter().flat_map(ranks_of_domain);
    let Some(last) = last_to_go(ranks.collect(), excess) else {
        return expired;
    };
    expired + domains.retain_of(name, |cookie| rank_of_domain(cookie) > last)
}

fn ranks_of_domain(domain: &Domain) -> impl Iterator<Item = Rank> {
    domain.cookies.iter().map(rank_of_domain)
}

/// Leaves so many cookies in all; how many went. One pass, however many have to go.
pub(super) fn fit_all(domains: &mut Domains, most: usize, now: Moment) -> usize {
    if domains.count() <= most {
        return 0;
    }
    let expired = domains.retain(|cookie| !cookie.is_expired(now));
    let excess = domains.count().saturating_sub(most);
    let ranks = domains.all().map(|cookie| rank_of_all(cookie.cookie));
    let Some(last) = last_to_go(ranks.collect(), excess) else {
        return expired;
    };
    expired + domains.retain(|cookie| rank_of_all(cookie) > last)
}

/// The rank up to which so many go: no two are equal, for no two cookies are of one birth.
fn last_to_go(mut ranks: Vec<Rank>, excess: usize) -> Option<Rank> {
    let last = excess.checked_sub(1)?;
    let (_, rank, _) = ranks.select_nth_unstable(last);
    Some(*rank)
}
