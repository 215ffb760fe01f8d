//! Whether a redirect is followed, where to, and what the next request is made of (RFC 9110 §§10.2.2, 15.4).
//!
//! The questions come in a fixed order, and the first that says no is the answer: is it a redirect at all → do its
//! Location lines agree → is another one allowed → does the reference resolve → to http or https → not from https to
//! http → can the content be sent again. There is no other search for loops: a cookie may change what the same URL
//! answers.

use core::fmt;
use std::borrow::Cow;

use http::{Method, StatusCode};
use percent_encoding::percent_encode_byte;
use url::{Position, Url};

use crate::message::Origin;
use crate::syntax::chars::trim_ows;

/// How redirects are followed.
///
/// ```
/// use sessile_core::{Config, RedirectPolicy};
/// let few = RedirectPolicy { max: 3, ..RedirectPolicy::default() };
/// let config = Config { redirects: Some(few), ..Config::default() };
/// // Every response as it comes, redirects among them.
/// let none = Config { redirects: None, ..Config::default() };
/// # let _ = (config, none);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedirectPolicy {
    /// How many are followed for one request: 10. The next is an error that has the history; with 0 the first is.
    pub max: u32,
    /// Whether a request that began with TLS may go on without: no.
    pub allow_downgrade: bool,
}

impl Default for RedirectPolicy {
    fn default() -> Self {
        Self {
            max: 10,
            allow_downgrade: false,
        }
    }
}

/// Why a redirect that should have been followed cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectError {
    /// Several Location lines that differ: whoever picks one may pick what an attacker has added.
    ConflictingLocations,
    /// As many redirects as the policy allows were followed already.
    TooMany,
    /// The Location is no reference to a URL.
    BadLocation,
    /// The Location is neither http nor https.
    Scheme,
    /// It leads from https to http.
    Downgrade,
    /// The next request needs content that can be read only once, and was read.
    CannotReplay,
}

impl RedirectError {
    /// A stable word for logs and tests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConflictingLocations => "conflicting-locations",
            Self::TooMany => "too-many",
            Self::BadLocation => "bad-location",
            Self::Scheme => "scheme",
            Self::Downgrade => "downgrade",
            Self::CannotReplay => "cannot-replay",
        }
    }
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConflictingLocations => "the redirect names several places that differ",
            Self::TooMany => "too many redirects were followed",
            Self::BadLocation => "the redirect's Location is no URL (RFC 9110 section 10.2.2)",
            Self::Scheme => "the redirect leads to a URL that is neither http nor https",
            Self::Downgrade => "the redirect leads from https to http",
            Self::CannotReplay => {
                "the redirect asks for content once more that can be read only once"
            }
        })
    }
}

impl core::error::Error for RedirectError {}

/// The request that follows a redirect, as far as its method and content go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirected {
    /// Its method.
    pub method: Method,
    /// It has the content of the request before it; otherwise it has none.
    pub keeps_content: bool,
}

impl Redirected {
    /// 303 asks for the answer elsewhere, with GET; 301 and 302 do so after a POST, because everybody has always read them
    /// so. All others repeat the request as it was.
    pub fn by(status: StatusCode, method: &Method) -> Self {
        let becomes_get = match status.as_u16() {
            303 => method != Method::HEAD,
            301 | 302 => method == Method::POST,
            _ => false,
        };
        Self {
            method: match becomes_get {
                true => Method::GET,
                false => method.clone(),
            },
            keeps_content: !becomes_get && status != StatusCode::SEE_OTHER,
        }
    }
}

/// What a redirect depends on besides the policy and the response.
#[derive(Clone, Copy)]
pub struct Redirecting<'a> {
    /// The URL that was asked, fragment included.
    pub url: &'a Url,
    /// The method that it was asked with.
    pub method: &'a Method,
    /// The request has no content, or content that can be read again from its beginning.
    pub rewindable: bool,
}

impl fmt::Debug for Redirecting<'_> {
    /// Without userinfo.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url[Position::BeforeHost..Position::AfterQuery];
        let (method, again) = (self.method, self.rewindable);
        write!(f, "{method} {url}, may be sent again: {again}")
    }
}

/// A redirect that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Where to, without userinfo.
    pub url: Url,
    /// With what.
    pub request: Redirected,
    /// It is not the first request's origin (scheme, host or port): what was meant for that one alone is left behind, for
    /// the rest of the chain.
    pub leaves_origin: bool,
    /// It leads from https to http: a Referer would tell what was said in private.
    pub downgrades: bool,
}

/// The redirects of one request.
#[derive(Clone, Debug)]
pub struct Redirects {
    first: Origin,
    followed: u32,
}

impl Redirects {
    /// None yet, for a request that began at this origin.
    pub fn from(first: Origin) -> Self {
        Self { first, followed: 0 }
    }

    /// A response has come, with these values of Location: the redirect to follow. `None`: it is the answer.
    ///
    /// # Errors
    /// That it should be followed and cannot.
    pub fn after<'a>(
        &mut self,
        policy: &RedirectPolicy,
        request: &Redirecting<'_>,
        status: StatusCode,
        locations: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Redirect>, RedirectError> {
        if !is_redirect(status) {
            return Ok(None);
        }
        let mut locations = locations.into_iter().map(trim_ows).peekable();
        let Some(location) = locations.peek().copied() else {
            return Ok(None);
        };
        if !locations.all(|other| other == location) {
            return Err(RedirectError::ConflictingLocations);
        }
        if location.is_empty() {
            return Ok(None);
        }
        if self.followed >= policy.max {
            return Err(RedirectError::TooMany);
        }
        let url = resolve(request.url, location)?;
        let redirect = self.judge(policy, request, status, url)?;
        self.followed += 1;
        Ok(Some(redirect))
    }

    fn judge(
        &self,
        policy: &RedirectPolicy,
        request: &Redirecting<'_>,
        status: StatusCode,
        url: Url,
    ) -> Result<Redirect, RedirectError> {
        let downgrades = request.url.scheme() == "https" && url.scheme() == "http";
        if downgrades && !policy.allow_downgrade {
            return Err(RedirectError::Downgrade);
        }
        let next = Redirected::by(status, request.method);
        if next.keeps_content && !request.rewindable {
            return Err(RedirectError::CannotReplay);
        }
        Ok(Redirect {
            leaves_origin: !self.first.holds(&url),
            url,
            request: next,
            downgrades,
        })
    }
}

/// Whether a status asks to go elsewhere. 300 leaves the choice to a person, 304 is an answer, 305 and 306 are given up.
#[inline]
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// A Location, resolved; its userinfo is nobody's, its fragment is inherited.
fn resolve(from: &Url, location: &[u8]) -> Result<Url, RedirectError> {
    let mut url = from
        .join(&as_text(location))
        .map_err(|_| RedirectError::BadLocation)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(RedirectError::Scheme);
    }
    // A URL with a host takes both.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.fragment().is_none() {
        url.set_fragment(from.fragment());
    }
    Ok(url)
}

/// Octets beyond ASCII stay the octets that they are: escaped, one by one.
fn as_text(location: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(location) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => {
            let mut text = String::new();
            for &octet in location {
                match octet.is_ascii() {
                    true => text.push(char::from(octet)),
                    false => text.push_str(percent_encode_byte(octet)),
                }
            }
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn first(from: &str, location: &[u8]) -> Result<Option<Redirect>, RedirectError> {
        let from = url(from);
        let request = Redirecting {
            url: &from,
            method: &Method::GET,
            rewindable: true,
        };
        let mut redirects = Redirects::from(Origin::of(&from).expect("an origin"));
        redirects.after(
            &RedirectPolicy::default(),
            &request,
            StatusCode::FOUND,
            [location],
        )
    }

    #[test]
    fn only_a_post_and_a_303_change_the_method() {
        let head = Method::HEAD;
        for (status, method, became, keeps) in [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (302, Method::PUT, Method::PUT, true),
            (303, Method::PUT, Method::GET, false),
            (303, Method::GET, Method::GET, false),
            (303, head.clone(), head, false),
            (307, Method::POST, Method::POST, true),
            (308, Method::POST, Method::POST, true),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let redirected = Redirected::by(status, &method);
            assert_eq!(
                (redirected.method, redirected.keeps_content),
                (became, keeps)
            );
        }
    }

    #[test]
    fn a_location_of_any_octets_is_judged() {
        for octet in 0..=255u8 {
            for location in [&[octet][..], &[b'/', octet], &[b'h', octet, b':', b'/']] {
                if let Ok(Some(redirect)) = first("http://a/b?c#d", location) {
                    assert!(redirect.url.as_str().is_ascii());
                    assert!(redirect.url.username().is_empty());
                }
            }
        }
    }

    #[test]
    fn an_origin_is_left_by_scheme_host_or_port() {
        for (location, leaves) in [
            ("/b", false),
            ("//A:80/b", false),
            ("http://a./", true),
            ("//a:81/", true),
            ("https://a/", true),
            ("//b/", true),
            ("http://joe:pw@a/", false),
        ] {
            let redirect = first("http://a/", location.as_bytes());
            let redirect = redirect.expect("a URL").expect("followed");
            assert_eq!(redirect.leaves_origin, leaves, "{location}");
        }
    }

    #[test]
    fn octets_beyond_ascii_stay_what_they_are() {
        let redirect = first("http://a/", b"/\xe9?\xc3\xa9#\xff").expect("a URL");
        let url = redirect.expect("followed").url;
        assert_eq!(url.as_str(), "http://a/%E9?%C3%A9#%FF");
    }
}
