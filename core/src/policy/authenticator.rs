//! Who says which credentials are for which URL: the application's, asked each time that a request chooses its own.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use url::Url;

use super::authentication::Authentication;
use super::bound::BoundAuthentication;
use super::netrc::Netrc;
use super::store::AuthenticationStore;

/// Finds the credentials for a URL, if there are any. It must not block nor call its session, which is locked meanwhile.
pub trait Authenticator: Send + Sync {
    /// The credentials for a URL. They are used for its origin and for no other.
    fn authentication(&self, url: &Url) -> Option<Authentication>;
}

impl<F: Fn(&Url) -> Option<Authentication> + Send + Sync> Authenticator for F {
    fn authentication(&self, url: &Url) -> Option<Authentication> {
        self(url)
    }
}

impl Authenticator for AuthenticationStore {
    fn authentication(&self, url: &Url) -> Option<Authentication> {
        self.lookup(url).cloned()
    }
}

/// Basic, as `requests` and curl take a netrc; a closure over [`Netrc::lookup`] can make Digest of the same entry:
///
/// ```
/// use sessile_core::{Authentication, AuthenticationHook, Netrc, Url};
/// let netrc = Netrc::parse("machine example.org login joe password secret")?;
/// let digest = AuthenticationHook::new(move |url: &Url| {
///     let known = netrc.lookup(url)?;
///     let text = |octets| core::str::from_utf8(octets).ok();
///     Authentication::digest(text(known.user())?, text(known.password())?).ok()
/// });
/// let bound = digest.ask(&Url::parse("http://example.org/")?).expect("it is named");
/// assert_eq!(format!("{bound:?}"), "Digest credentials for http://example.org");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
impl Authenticator for Netrc {
    fn authentication(&self, url: &Url) -> Option<Authentication> {
        self.lookup(url).cloned().map(Authentication::from)
    }
}

/// An authenticator that sessions share.
///
/// ```
/// use sessile_core::{Authentication, AuthenticationHook, Netrc, Url};
/// let netrc = Netrc::parse("machine example.org login joe password secret")?;
/// let url = Url::parse("http://example.org/")?;
/// let bound = AuthenticationHook::new(netrc).ask(&url).expect("it is named");
/// assert_eq!(format!("{bound:?}"), "Basic credentials for http://example.org");
/// let broken = AuthenticationHook::new(|_: &Url| -> Option<Authentication> { panic!("no") });
/// assert_eq!(broken.ask(&url), None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AuthenticationHook(Arc<dyn Authenticator>);

impl AuthenticationHook {
    /// Shares one.
    pub fn new(authenticator: impl Authenticator + 'static) -> Self {
        Self(Arc::new(authenticator))
    }

    /// What it says for a URL, bound to the URL's origin. If it panics, it says nothing: whoever asks may hold a lock that
    /// others need.
    pub fn ask(&self, url: &Url) -> Option<BoundAuthentication> {
        let asked = catch_unwind(AssertUnwindSafe(|| self.0.authentication(url)));
        BoundAuthentication::new(url, asked.ok()??).ok()
    }
}

impl fmt::Debug for AuthenticationHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an authenticator")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_it_says_is_for_the_origin_that_was_asked_about() {
        let url = |text| Url::parse(text).expect("a URL");
        let all = AuthenticationHook::new(|_: &Url| Authentication::bearer("t").ok());
        let bound = all.ask(&url("http://a.test/x")).expect("credentials");
        assert_eq!(bound.origin().authority(), "a.test");
        assert!(bound.authentication(&url("http://a.test/y")).is_some());
        for other in ["http://b.test/", "https://a.test/", "http://a.test:81/"] {
            assert!(bound.authentication(&url(other)).is_none(), "{other}");
        }
        assert_eq!(all.ask(&url("ftp://a.test/")), None);
        let mut store = AuthenticationStore::new();
        let token = Authentication::bearer("t").expect("a token");
        store
            .insert(&url("http://a.test/x"), token)
            .expect("an origin");
        let store = AuthenticationHook::new(store);
        assert_eq!(store.ask(&url("http://a.test/x/y")), Some(bound));
        assert_eq!(store.ask(&url("http://a.test/")), None);
    }
}
