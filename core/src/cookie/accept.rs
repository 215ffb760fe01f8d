//! Whether a cookie is taken, and as what: the storage model of RFC 6265bis §5.7 as arithmetic. What depends on the other
//! cookies in the jar, steps 16 and 23, is the jar's.

use url::Host;

use super::limits::CookieLimits;
use super::matching::{Site, default_path, domain_match};
use super::set_cookie::{Lifetime, PathAttribute, SetCookie};
use super::stored::{Birth, Moment, Stored, pair};
use super::suffixes::is_public;
use super::{CookieRejection, PublicSuffixes};

/// What cookies are judged by.
pub(super) struct Rules<'a> {
    pub(super) limits: &'a CookieLimits,
    pub(super) suffixes: Option<&'a dyn PublicSuffixes>,
    pub(super) now: Moment,
}

/// Whom a cookie is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Audience {
    pub(super) domain: String,
    pub(super) host_only: bool,
}

/// Steps 2 to 22, without 16.
pub(super) fn accept(
    set: &SetCookie<'_>,
    site: &Site<'_>,
    rules: &Rules<'_>,
) -> Result<(Audience, Stored), CookieRejection> {
    judge_size(set, rules.limits)?;
    let audience = audience(set.domain, site, rules.suffixes)?;
    let stored = judge(set, &audience, site, rules)?;
    Ok((audience, stored))
}

/// Steps 2 to 4.
pub(super) fn judge_size(
    set: &SetCookie<'_>,
    limits: &CookieLimits,
) -> Result<(), CookieRejection> {
    match set.name.len() + set.value.len() {
        0 => Err(CookieRejection::Empty),
        length if length > limits.max_pair_bytes => Err(CookieRejection::TooLarge),
        _ => Ok(()),
    }
}

/// Steps 7 to 10.
fn audience(
    attribute: &[u8],
    site: &Site<'_>,
    suffixes: Option<&dyn PublicSuffixes>,
) -> Result<Audience, CookieRejection> {
    let host_only = |host_only| Audience {
        domain: site.host.to_owned(),
        host_only,
    };
    if attribute.is_empty() {
        return Ok(host_only(true));
    }
    // 8.
    let domain = core::str::from_utf8(attribute)
        .ok()
        .filter(|domain| domain.is_ascii())
        .ok_or(CookieRejection::DomainNotAscii)?
        .to_ascii_lowercase();
    let is_host = domain == site.host;
    // 9. An address is no suffix, nor has it one. Without a list the host may be one.
    let is_suffix = match suffixes {
        None => is_host,
        Some(list) => !site.is_address && is_public(list, &domain),
    };
    if is_suffix {
        return match is_host {
            true => Ok(host_only(true)),
            false => Err(CookieRejection::PublicSuffix),
        };
    }
    // 10.
    if is_host {
        return Ok(host_only(false));
    }
    if site.is_address || !domain_match(site.host, &domain) {
        return Err(CookieRejection::OtherDomain);
    }
    match suffixes {
        Some(_) => Ok(Audience {
            domain,
            host_only: false,
        }),
        None => Err(CookieRejection::NoSuffixList),
    }
}

/// The audience of a cookie that comes without a URL, by domain alone: one for its host, or for all below it, too.
pub(super) fn audience_by_domain(
    domain: &str,
    host_only: bool,
    suffixes: Option<&dyn PublicSuffixes>,
) -> Result<Audience, CookieRejection> {
    let host = Host::parse(domain).map_err(|_| CookieRejection::Domain)?;
    let is_address = !matches!(host, Host::Domain(_));
    let domain = host.to_string();
    match suffixes {
        _ if host_only => {}
        None => return Err(CookieRejection::NoSuffixList),
        Some(list) if !is_address && is_public(list, &domain) => {
            return Err(CookieRejection::PublicSuffix);
        }
        Some(_) => {}
    }
    Ok(Audience { domain, host_only })
}

/// Steps 5, 6 and 11 to 22.
pub(super) fn judge(
    set: &SetCookie<'_>,
    audience: &Audience,
    site: &Site<'_>,
    rules: &Rules<'_>,
) -> Result<Stored, CookieRejection> {
    // 13.
    if set.secure && !site.is_secure {
        return Err(CookieRejection::SecureFromInsecure);
    }
    // 19.
    if set.same_site == Some(::cookie::SameSite::None) && !set.secure {
        return Err(CookieRejection::SameSiteNoneInsecure);
    }
    let path = match set.path {
        PathAttribute::Given(path) => path,
        PathAttribute::Default | PathAttribute::Unsaid => default_path(site.path).as_bytes(),
    };
    // An attribute's value is bounded; what stands in its place is, too, or 3,000 cookies were 176 MiB.
    if path.len() > rules.limits.max_attribute_bytes {
        return Err(CookieRejection::PathTooLong);
    }
    judge_prefixes(set, audience, path)?;
    Ok(Stored {
        pair: pair(set.name, set.value),
        name_length: set.name.len(),
        path: path.into(),
        expiry: expiry(set.lifetime, rules),
        host_only: audience.host_only,
        secure: set.secure,
        http_only: set.http_only,
        same_site: set.same_site,
        born: Birth {
            moment: rules.now,
            number: 0,
        },
        used: 0,
    })
}

/// Steps 20 to 22; §5.4 says what a prefix promises.
fn judge_prefixes(
    set: &SetCookie<'_>,
    audience: &Audience,
    path: &[u8],
) -> Result<(), CookieRejection> {
    const SECURE: &[u8] = b"__Secure-";
    const HOST: &[u8] = b"__Host-";
    if begins(set.name, SECURE) && !set.secure {
        return Err(CookieRejection::SecurePrefix);
    }
    let says_root = set.path != PathAttribute::Unsaid && path == b"/";
    if begins(set.name, HOST) && !(set.secure && audience.host_only && says_root) {
        return Err(CookieRejection::HostPrefix);
    }
    if set.name.is_empty() && (begins(set.value, SECURE) || begins(set.value, HOST)) {
        return Err(CookieRejection::NamelessPrefix);
    }
    Ok(())
}

/// In any case of its letters.
fn begins(octets: &[u8], prefix: &[u8]) -> bool {
    let front = octets.get(..prefix.len());
    front.is_some_and(|front| front.eq_ignore_ascii_case(prefix))
}

/// Step 6, and the longest life of §5.5.
fn expiry(lifetime: Lifetime, rules: &Rules<'_>) -> Option<Moment> {
    let last = rules.now.after(rules.limits.max_lifetime);
    match lifetime {
        Lifetime::Session => None,
        Lifetime::MaxAge(..=0) => Some(Moment::PAST),
        Lifetime::MaxAge(seconds) => {
            let milliseconds = Moment::of_seconds(seconds).0;
            Some(Moment(rules.now.0.saturating_add(milliseconds)).min(last))
        }
        Lifetime::Expires(seconds) => Some(Moment::of_seconds(seconds).min(last)),
    }
}
