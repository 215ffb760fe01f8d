//! The request that follows a redirect: what it takes over from the one before, and what it leaves behind.

use super::causes::RequestError;
use super::error::Error;
use super::key::PoolKey;
use super::request::{Content, Request, refused};
use crate::message::{FieldNames, Fields, Known, Origin, RequestTarget};
use crate::policy::Redirect;

/// Fields that say something about the content, besides all that begin with `Content-` (RFC 9110 §15.4).
const OF_CONTENT: [&str; 6] = [
    "Transfer-Encoding",
    "Expect",
    "Digest",
    "Repr-Digest",
    "Trailer",
    "Last-Modified",
];

/// Lines that are for one origin alone, besides those that are marked, whoever set them by hand.
pub(super) const STAYS_BEHIND: u32 = Known::Authorization.bit()
    | Known::Cookie.bit()
    | Known::Host.bit()
    | Known::ProxyAuthorization.bit();

impl Request {
    /// The request that follows this one on a redirect: for whoever follows redirects alone. (A session does it unless it
    /// is told not to.) With a new method the content goes, and what the fields say about it; with a new origin the
    /// credentials go, for good.
    ///
    /// ```
    /// use sessile_core::{Origin, RedirectPolicy, Redirecting, Redirects, RequestBuilder, StatusCode};
    /// let request = RequestBuilder::new("POST", "http://example.org/form")
    ///     .header("Authorization", "Bearer secret")
    ///     .body("a=b")
    ///     .build()?;
    /// let facts = Redirecting { url: request.url(), method: request.method(), rewindable: true };
    /// let mut redirects = Redirects::from(request.origin().clone());
    /// let location = &b"http://example.net/done"[..];
    /// let redirect = redirects.after(&RedirectPolicy::default(), &facts, StatusCode::FOUND, [location]);
    /// let next = request.redirected(&redirect?.expect("it is one"))?;
    /// assert_eq!((next.method().as_str(), next.url().as_str()), ("GET", "http://example.net/done"));
    /// assert!(next.fields().is_empty());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the redirect leads to a host that cannot be named, or what is left of the fields makes no request.
    pub fn redirected(&self, redirect: &Redirect) -> Result<Self, Error> {
        self.redirected_in(redirect, &FieldNames::new())
    }

    /// The same, where lines of these names are called secrets: they are, whoever has set them, from here on.
    pub(super) fn redirected_in(
        &self,
        redirect: &Redirect,
        secrets: &FieldNames,
    ) -> Result<Self, Error> {
        self.follow(redirect, secrets)
            .map_err(|error| refused(error, &redirect.url))
    }

    fn follow(&self, redirect: &Redirect, secrets: &FieldNames) -> Result<Self, RequestError> {
        let origin = Origin::of(&redirect.url).map_err(RequestError::Origin)?;
        RequestTarget::of(&redirect.url).ok_or(RequestError::Target)?;
        let mut next = self.clone();
        next.method = redirect.request.method.clone();
        next.url = redirect.url.clone();
        next.key = PoolKey {
            origin,
            transport: self.key.transport.clone(),
        };
        next.asterisk = false;
        next.sensitive.extend(secrets);
        let keeps = |name: &[u8]| self.keeps(name, redirect, secrets);
        if redirect.request.keeps_content {
            next.trailers = self.trailers.filtered(keeps);
        } else {
            next.content = Content::Empty;
            next.trailers = Fields::new();
        }
        // What announces them goes with the last of them.
        let announces = |name: &[u8]| Known::of(name) == Known::Trailer;
        let none_left = next.trailers.is_empty() && !self.trailers.is_empty();
        next.fields = self
            .fields
            .filtered(|name| keeps(name) && !(none_left && announces(name)));
        if redirect.leaves_origin {
            next.authorization = None;
            next.authentication = None;
            next.cookies = Vec::new();
            next.estranged = true;
            next.key.transport.leave_origin();
        }
        next.refit()?;
        Ok(next)
    }

    /// Whether the lines of this name go along.
    fn keeps(&self, name: &[u8], redirect: &Redirect, secrets: &FieldNames) -> bool {
        let is = |other: &&str| name.eq_ignore_ascii_case(other.as_bytes());
        let of_content = OF_CONTENT.iter().any(is) || begins_with_content(name);
        let sensitive = is_among(name, &self.sensitive) || is_among(name, secrets);
        let of_origin = STAYS_BEHIND & Known::of(name).bit() != 0 || sensitive;
        let referer = is(&"Referer");
        !(of_content && !redirect.request.keeps_content
            || of_origin && redirect.leaves_origin
            || referer && redirect.downgrades)
    }

    /// The trailer fields that are for whoever it was redirected to, too.
    pub(crate) fn going_along(&self, trailers: Fields) -> Fields {
        match self.estranged && !trailers.is_empty() {
            true => trailers.filtered(|name| !is_among(name, &self.sensitive)),
            false => trailers,
        }
    }
}

fn is_among(name: &[u8], names: &FieldNames) -> bool {
    let name = core::str::from_utf8(name);
    name.is_ok_and(|name| names.contains(name))
}

fn begins_with_content(name: &[u8]) -> bool {
    let start = name.get(..8);
    start.is_some_and(|start| start.eq_ignore_ascii_case(b"Content-"))
}
