//! The cookie jar: RFC 6265bis as a pure value. It is told what was received and when, and says what goes out.
//!
//! Section numbers are those of draft-ietf-httpbis-rfc6265bis-22. All requests count as same-site: nobody here navigates
//! from one document to another, so SameSite is kept and judged when a cookie comes, and withholds none.

mod accept;
mod contents;
mod domains;
mod evict;
mod explain;
mod jar;
mod limits;
mod matching;
mod rejection;
mod set_cookie;
mod stored;
mod suffixes;

pub use explain::{CookieExplanation, CookieVerdict};
pub use jar::{CookieJar, ReceivedCookies};
pub use limits::CookieLimits;
pub use matching::Withheld;
pub use rejection::{CookieRejection, RejectedCookie};
pub(crate) use set_cookie::pair;
pub use stored::CookieRef;
#[cfg(feature = "psl")]
pub use suffixes::Psl;
pub use suffixes::PublicSuffixes;
