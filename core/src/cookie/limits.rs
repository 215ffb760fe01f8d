//! The bounds on what servers may make a jar keep, and on what a jar may make a request say.

use core::time::Duration;

/// Bounds on a cookie jar. Every one is on by default; each says why and who else has it.
///
/// ```
/// use sessile_core::{CookieJar, CookieLimits};
/// let jar = CookieJar::new().with_limits(CookieLimits { max_per_domain: 50, ..CookieLimits::default() });
/// assert_eq!(jar.limits().max_cookies, 3000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieLimits {
    /// Octets of a cookie's name and value together; a larger cookie is refused: 4096, as in RFC 6265bis §5.6, Chrome
    /// and Firefox.
    pub max_pair_bytes: usize,
    /// Octets of one attribute's value; a longer one is passed over: 1024, as in RFC 6265bis §5.6, Chrome and Firefox. A
    /// cookie that names no path, from a URL whose own is longer, is refused: the RFC has no bound there.
    pub max_attribute_bytes: usize,
    /// Set-Cookie lines of one response that are looked at: 50, as in curl (CVE-2022-32205).
    pub max_per_response: usize,
    /// Cookies of one domain: 180, as in Chrome and Firefox; RFC 6265bis §6.1 asks for 50 at least.
    pub max_per_domain: usize,
    /// Cookies in all: 3000, the least that RFC 6265bis §6.1 asks for; as in Firefox.
    pub max_cookies: usize,
    /// Cookies in one Cookie line: 150, as in curl. What would come behind them stays at home.
    pub max_sent_pairs: usize,
    /// Octets of one Cookie line's value: 8190, as in curl; Apache httpd refuses longer lines with 400, and so would
    /// every later request be refused (CVE-2022-32205). What would come behind them stays at home.
    pub max_sent_bytes: usize,
    /// How long a cookie may last: 400 days, as RFC 6265bis §5.5 and Chrome have it. A longer life is cut to it.
    pub max_lifetime: Duration,
}

impl Default for CookieLimits {
    fn default() -> Self {
        Self {
            max_pair_bytes: 4096,
            max_attribute_bytes: 1024,
            max_per_response: 50,
            max_per_domain: 180,
            max_cookies: 3000,
            max_sent_pairs: 150,
            max_sent_bytes: 8190,
            max_lifetime: Duration::from_secs(400 * 24 * 60 * 60),
        }
    }
}
