//! Credentials by where they are for: an origin, or what is below a path of it.

use core::fmt;
use std::collections::BTreeMap;

use url::Url;

use super::authentication::Authentication;
use crate::message::{Origin, OriginError};

/// Credentials, each for an origin (scheme, host and port) or for a path of it and all below; the longest path wins. No
/// entry ever answers for another origin.
///
/// ```
/// use sessile_core::{Authentication, AuthenticationStore, Url};
/// let mut store = AuthenticationStore::new();
/// store.insert(&Url::parse("https://example.org/")?, Authentication::bearer("all")?)?;
/// store.insert(&Url::parse("https://example.org/api")?, Authentication::bearer("api")?)?;
/// let found = |url| Ok::<_, Box<dyn core::error::Error>>(store.lookup(&Url::parse(url)?));
/// assert_eq!(found("https://example.org/api/things")?, Some(&Authentication::bearer("api")?));
/// assert_eq!(found("https://example.org/apis")?, Some(&Authentication::bearer("all")?));
/// assert_eq!(found("http://example.org/api")?, None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct AuthenticationStore {
    origins: BTreeMap<Origin, BTreeMap<Box<str>, Authentication>>,
}

impl AuthenticationStore {
    /// Nothing for nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the credentials for a URL's origin, path and all below it; what was there before comes back. A slash at the end of
    /// the path makes no difference; user, query and fragment do not count.
    ///
    /// # Errors
    /// If the URL has no origin that can be asked.
    pub fn insert(
        &mut self,
        scope: &Url,
        authentication: Authentication,
    ) -> Result<Option<Authentication>, OriginError> {
        let paths = self.origins.entry(Origin::of(scope)?).or_default();
        Ok(paths.insert(path_of(scope).into(), authentication))
    }

    /// Takes away what was set for exactly this origin and path.
    pub fn remove(&mut self, scope: &Url) -> Option<Authentication> {
        let origin = Origin::of(scope).ok()?;
        self.origins.get_mut(&origin)?.remove(path_of(scope))
    }

    /// The credentials for a URL.
    pub fn lookup(&self, url: &Url) -> Option<&Authentication> {
        let paths = self.origins.get(&Origin::of(url).ok()?)?;
        let mut path = path_of(url);
        loop {
            if let Some(found) = paths.get(path) {
                return Some(found);
            }
            path = &path[..path.rfind('/')?];
        }
    }
}

/// The path without a slash at its end: nothing for the whole origin.
fn path_of(url: &Url) -> &str {
    let path = url.path();
    path.strip_suffix('/').unwrap_or(path)
}

impl fmt::Debug for AuthenticationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.origins).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn bearer(token: &str) -> Authentication {
        Authentication::bearer(token).expect("a token")
    }

    fn store(scopes: &[&str]) -> AuthenticationStore {
        let mut store = AuthenticationStore::new();
        for (number, scope) in scopes.iter().enumerate() {
            let token = bearer(&number.to_string());
            store.insert(&url(scope), token).expect("an origin");
        }
        store
    }

    #[test]
    fn the_longest_path_wins_at_segment_boundaries() {
        let store = store(&[
            "http://a.test/",
            "http://a.test/x",
            "http://a.test/x/y/",
            "http://a.test:81/p?q#f",
            "http://user@b.test/only",
        ]);
        for (asked, wanted) in [
            ("http://a.test", Some("0")),
            ("http://A.TEST:80/?x", Some("0")),
            ("http://a.test/xy", Some("0")),
            ("http://a.test/X", Some("0")),
            ("http://a.test/x/../z", Some("0")),
            ("http://a.test/x", Some("1")),
            ("http://a.test/x/", Some("1")),
            ("http://a.test/x?y", Some("1")),
            ("http://a.test/x/yy", Some("1")),
            ("http://a.test/x%2Fy", Some("0")),
            ("http://a.test/x/y", Some("2")),
            ("http://a.test/x//y", Some("1")),
            ("http://a.test/x/y/z", Some("2")),
            ("http://a.test/q/../x/./y/z", Some("2")),
            ("http://a.test:81/", None),
            ("http://a.test:81/p/q", Some("3")),
            ("http://b.test/", None),
            ("http://b.test/only", Some("4")),
            ("https://a.test/x", None),
            ("http://a.test./x", None),
            ("http://www.a.test/x", None),
            ("http://a.test@evil.test/x", None),
            ("mailto:a.test", None),
        ] {
            let found = store.lookup(&url(asked));
            assert_eq!(found, wanted.map(bearer).as_ref(), "{asked}");
        }
    }

    #[test]
    fn a_scope_is_set_once_and_can_be_taken_away() {
        let mut store = store(&["http://a.test/x"]);
        let before = store.insert(&url("http://a.test/x/"), bearer("new"));
        assert_eq!(before, Ok(Some(bearer("0"))));
        assert_eq!(store.remove(&url("http://a.test/")), None);
        assert_eq!(store.remove(&url("http://a.test/x")), Some(bearer("new")));
        assert_eq!(store.lookup(&url("http://a.test/x")), None);
        let refused = store.insert(&url("ftp://a.test/"), bearer("x"));
        assert_eq!(refused, Err(OriginError::Scheme));
    }

    #[test]
    fn no_secret_is_shown() {
        let mut store = AuthenticationStore::new();
        let secret = Authentication::basic("canary", "canary").expect("valid");
        let scope = url("http://canary:canary@a.test/x");
        store.insert(&scope, secret).expect("an origin");
        let said = format!("{store:?}");
        assert!(
            said.contains("http://a.test") && !said.contains("canary"),
            "{said}"
        );
    }

    #[test]
    fn a_long_path_is_looked_up_in_its_segments() {
        let store = store(&["http://a.test/x"]);
        let deep = format!("http://a.test/x{}", "/y".repeat(20_000));
        assert_eq!(store.lookup(&url(&deep)), Some(&bearer("0")));
    }
}
