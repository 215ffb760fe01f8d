//! Credentials that belong to one origin.

use core::fmt;

use url::Url;

use super::authentication::Authentication;
use crate::message::{Origin, OriginError};

/// Credentials with the origin that they are for: scheme, host and port. They can be had for a URL of this origin alone, so
/// that whoever keeps them over a redirect cannot send them elsewhere.
///
/// ```
/// use sessile_core::{Authentication, BoundAuthentication, Url};
/// let url = Url::parse("https://example.org/login")?;
/// let bound = BoundAuthentication::new(&url, Authentication::bearer("abc")?)?;
/// assert!(bound.authentication(&Url::parse("https://example.org:443/other")?).is_some());
/// for other in ["http://example.org/", "https://example.org:8443/", "https://example.org@evil.test/"] {
///     assert!(bound.authentication(&Url::parse(other)?).is_none());
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BoundAuthentication {
    origin: Origin,
    authentication: Authentication,
}

impl BoundAuthentication {
    /// Binds credentials to the origin of a URL.
    ///
    /// # Errors
    /// If the URL has none.
    pub fn new(url: &Url, authentication: Authentication) -> Result<Self, OriginError> {
        let origin = Origin::of(url)?;
        Ok(Self {
            origin,
            authentication,
        })
    }

    /// Whom they are for.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The credentials, if the URL belongs to their origin.
    pub fn authentication(&self, url: &Url) -> Option<&Authentication> {
        self.origin.holds(url).then_some(&self.authentication)
    }
}

impl fmt::Debug for BoundAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} for {}", self.authentication, self.origin)
    }
}
