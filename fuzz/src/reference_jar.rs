//! A cookie jar as plain as RFC 6265bis has it: one list, every rule in the order of the text, no limits but those on the
//! size of one cookie and its attributes. It shares no line with the core but the reading of dates, which vectors judge.

use std::cmp::Reverse;

use sessile_core::url::Host;
use sessile_core::{Url, cookie_date};

const LONGEST_LIFE: i128 = 400 * 24 * 60 * 60;

/// Whether no cookie may be set for all hosts below.
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    matches!(domain, "co.uk" | "localhost") || !domain.contains('.')
}

#[derive(Debug, Default)]
pub(crate) struct ReferenceJar {
    /// In the order of their creation.
    cookies: Vec<Cookie>,
}

#[derive(Clone, Debug)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    domain: String,
    host_only: bool,
    path: Vec<u8>,
    secure: bool,
    /// Seconds since the epoch.
    expiry: Option<i128>,
}

/// The attributes of a line, the last of each kind.
#[derive(Default)]
struct Attributes {
    expires: Option<i64>,
    max_age: Option<i128>,
    domain: Option<Vec<u8>>,
    path: Option<Vec<u8>>,
    secure: bool,
    none: bool,
}

impl ReferenceJar {
    /// §5.6, then §5.7.
    pub(crate) fn receive(&mut self, url: &Url, line: &[u8], now: u64) {
        let now = i128::from(now);
        let Some(mut cookie) = received(url, line, now) else {
            return;
        };
        if !is_secure(url) && !cookie.secure && self.would_overlay(&cookie, now) {
            return;
        }
        let same = |old: &Cookie| {
            (&old.name, &old.domain, old.host_only, &old.path)
                == (&cookie.name, &cookie.domain, cookie.host_only, &cookie.path)
        };
        let place = self.cookies.iter().position(same);
        if is_expired(&cookie, now) {
            place.map(|place| self.cookies.remove(place));
            return;
        }
        match place {
            Some(place) => std::mem::swap(&mut self.cookies[place], &mut cookie),
            None => self.cookies.push(cookie),
        }
    }

    fn would_overlay(&self, new: &Cookie, now: i128) -> bool {
        self.cookies.iter().any(|old| {
            let domains = is_at_or_below(&old.domain, &new.domain)
                || is_at_or_below(&new.domain, &old.domain);
            old.secure
                && old.name == new.name
                && domains
                && is_path_below(&new.path, &old.path)
                && !is_expired(old, now)
        })
    }

    /// §5.8.3: the pairs of the line.
    pub(crate) fn sent(&self, url: &Url, now: u64) -> Vec<Vec<u8>> {
        let Some(host) = host(url) else {
            return Vec::new();
        };
        let belongs = |cookie: &&Cookie| {
            let hosts = match cookie.host_only {
                true => host == cookie.domain,
                false => {
                    host == cookie.domain
                        || !is_address(url) && is_at_or_below(host, &cookie.domain)
                }
            };
            hosts
                && is_path_below(url.path().as_bytes(), &cookie.path)
                && (!cookie.secure || is_secure(url))
                && !is_expired(cookie, i128::from(now))
        };
        let mut cookies: Vec<_> = self.cookies.iter().filter(belongs).collect();
        cookies.sort_by_key(|cookie| Reverse(cookie.path.len()));
        let pair = |cookie: &&Cookie| match cookie.name.as_slice() {
            b"" => cookie.value.clone(),
            name => [name, b"=", &cookie.value].concat(),
        };
        cookies.iter().map(pair).collect()
    }
}

fn received(url: &Url, line: &[u8], now: i128) -> Option<Cookie> {
    let host = host(url)?;
    let line = trim(line);
    if line
        .iter()
        .any(|octet| matches!(octet, 0..=8 | 10..=31 | 127))
    {
        return None;
    }
    let mut parts = line.split(|octet| *octet == b';');
    let pair = parts.next()?;
    let (name, value) = divide(pair).unwrap_or((b"", pair));
    let (name, value) = (trim(name).to_vec(), trim(value).to_vec());
    let attributes = attributes(parts);
    let length = name.len() + value.len();
    if length == 0 || length > 4096 {
        return None;
    }
    let (domain, host_only) = audience(url, host, attributes.domain.as_deref())?;
    let default = default_path(url.path()).as_bytes().to_vec();
    let said = attributes.path.clone().map(|path| match path.first() {
        Some(b'/') => path,
        _ => default.clone(),
    });
    if attributes.secure && !is_secure(url) || attributes.none && !attributes.secure {
        return None;
    }
    let like = |octets: &[u8], prefix: &str| {
        let text = String::from_utf8_lossy(octets).to_ascii_lowercase();
        text.starts_with(prefix)
    };
    // Our own bound: the RFC has none on the path of the URL.
    if said.as_ref().unwrap_or(&default).len() > 1024 {
        return None;
    }
    let root = said.as_deref() == Some(b"/");
    if like(&name, "__secure-") && !attributes.secure
        || like(&name, "__host-") && !(attributes.secure && host_only && root)
        || name.is_empty() && (like(&value, "__secure-") || like(&value, "__host-"))
    {
        return None;
    }
    let expiry = match (attributes.max_age, attributes.expires) {
        (Some(age), _) if age <= 0 => Some(i128::MIN),
        (Some(age), _) => Some(now + age.min(LONGEST_LIFE)),
        (None, Some(date)) => Some(i128::from(date).min(now + LONGEST_LIFE)),
        (None, None) => None,
    };
    Some(Cookie {
        name,
        value,
        domain,
        host_only,
        path: said.unwrap_or(default),
        secure: attributes.secure,
        expiry,
    })
}

fn attributes<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Attributes {
    let mut read = Attributes::default();
    for part in parts {
        let (name, value) = divide(part).unwrap_or((part, b""));
        let value = trim(value);
        if value.len() > 1024 {
            continue;
        }
        let name = String::from_utf8_lossy(trim(name)).to_ascii_lowercase();
        match name.as_str() {
            "expires" => read.expires = cookie_date(value).or(read.expires),
            "max-age" => read.max_age = max_age(value).or(read.max_age),
            "domain" => read.domain = Some(value.to_vec()),
            "path" => read.path = Some(value.to_vec()),
            "secure" => read.secure = true,
            "samesite" => read.none = value.eq_ignore_ascii_case(b"none"),
            _ => {}
        }
    }
    read
}

fn max_age(value: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(value).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.bytes().any(|octet| !octet.is_ascii_digit()) {
        return None;
    }
    // So many digits are a long time, whichever they are.
    let significant = digits.trim_start_matches('0');
    let number = match significant.len() {
        0 => 0,
        1..=30 => significant.parse().ok()?,
        _ => i128::MAX,
    };
    Some(if text.starts_with('-') {
        -number
    } else {
        number
    })
}

fn audience(url: &Url, host: &str, attribute: Option<&[u8]>) -> Option<(String, bool)> {
    let attribute = attribute.unwrap_or_default();
    let attribute = attribute.strip_prefix(b".").unwrap_or(attribute);
    if attribute.is_empty() {
        return Some((host.to_owned(), true));
    }
    if !attribute.is_ascii() {
        return None;
    }
    let domain = String::from_utf8_lossy(attribute).to_ascii_lowercase();
    let bare = domain.trim_matches('.');
    if !is_address(url) && (bare.is_empty() || is_public_suffix(bare)) {
        return (domain == host).then(|| (host.to_owned(), true));
    }
    let matches = domain == host || !is_address(url) && is_at_or_below(host, &domain);
    matches.then_some((domain, false))
}

fn host(url: &Url) -> Option<&str> {
    let spoken = matches!(url.scheme(), "http" | "https" | "ws" | "wss");
    url.host_str().filter(|_| spoken)
}

fn is_address(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

fn is_secure(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Domain(name)) => {
            let name = format!(".{}", name.strip_suffix('.').unwrap_or(name));
            name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.octets()[0] == 127,
        Some(Host::Ipv6(address)) => u128::from(address) == 1,
        None => false,
    };
    local || matches!(url.scheme(), "https" | "wss")
}

fn is_at_or_below(host: &str, domain: &str) -> bool {
    host == domain || host.ends_with(&format!(".{domain}"))
}

fn is_path_below(path: &[u8], above: &[u8]) -> bool {
    let folder = [above, b"/"].concat();
    path == above || path.starts_with(&folder) || above.ends_with(b"/") && path.starts_with(above)
}

fn default_path(path: &str) -> &str {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    if folder.is_empty() { "/" } else { folder }
}

fn is_expired(cookie: &Cookie, now: i128) -> bool {
    cookie.expiry.is_some_and(|expiry| expiry < now)
}

fn divide(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let sign = octets.iter().position(|octet| *octet == b'=')?;
    Some((&octets[..sign], &octets[sign + 1..]))
}

fn trim(octets: &[u8]) -> &[u8] {
    crate::grammar::trim(octets)
}
