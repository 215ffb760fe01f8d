//! What the application does with a jar: putting in, looking up, taking out.

use core::time::Duration;

use ::cookie::Cookie;
use url::{Host, Url};

use super::domains::Domains;
use super::matching::Site;
use super::set_cookie::{PathAttribute, SetCookie};
use super::stored::{CookieRef, Moment, Stored};
use super::{CookieJar, CookieRejection};

impl CookieJar {
    /// Takes a cookie as if a response from this URL had set it: all rules hold.
    ///
    /// # Errors
    /// Why the cookie is refused.
    pub fn insert(
        &mut self,
        url: &Url,
        cookie: &Cookie<'_>,
        wall: Duration,
    ) -> Result<(), CookieRejection> {
        let site = Site::of(url).ok_or(CookieRejection::Url)?;
        let set = SetCookie::of(cookie)?;
        self.take(&set, &site, wall, &mut 0)?;
        self.fit_all(wall);
        Ok(())
    }

    /// Takes a cookie for a domain and a path, whatever Domain and Path it says itself. A dot before the domain is for all
    /// hosts below it, too; without one, it is for that host alone.
    ///
    /// # Errors
    /// Why the cookie is refused. You are trusted as a secure origin is; all other rules hold.
    ///
    /// ```
    /// # use core::time::Duration;
    /// use sessile_core::{Cookie, CookieJar};
    /// let mut jar = CookieJar::new();
    /// jar.insert_at("example.org", "/", &Cookie::new("token", "31d4"), Duration::ZERO)?;
    /// assert_eq!(jar.get_at("example.org", "/", "token").expect("it").value(), b"31d4");
    /// # Ok::<(), sessile_core::CookieRejection>(())
    /// ```
    pub fn insert_at(
        &mut self,
        domain: &str,
        path: &str,
        cookie: &Cookie<'_>,
        wall: Duration,
    ) -> Result<(), CookieRejection> {
        let set = SetCookie {
            path: PathAttribute::Given(path.as_bytes()),
            ..SetCookie::of(cookie)?
        };
        let (domain, host_only) = match domain.strip_prefix('.') {
            Some(domain) => (domain, false),
            None => (domain, true),
        };
        let (audience, stored) = self.accept_at(&set, domain, host_only, wall)?;
        self.store(&audience, stored, wall, &mut 0);
        self.fit_all(wall);
        Ok(())
    }

    /// The first cookie of this name that a request to this URL would carry.
    pub fn get(&self, url: &Url, name: impl AsRef<[u8]>, wall: Duration) -> Option<CookieRef<'_>> {
        let mut order = Vec::new();
        self.sendable(&Site::of(url)?, Moment::of(wall), &mut order);
        let mut cookies = order
            .iter()
            .map(|sendable| self.domains.get(sendable.place));
        cookies.find(|cookie| cookie.name() == name.as_ref())
    }

    /// The cookie of exactly this domain, path and name. Of two, the one for the host alone.
    pub fn get_at(
        &self,
        domain: &str,
        path: impl AsRef<[u8]>,
        name: impl AsRef<[u8]>,
    ) -> Option<CookieRef<'_>> {
        let domain = self.domains.domain(&canonical(domain))?;
        let mut found = domain
            .cookies()
            .filter(|cookie| cookie.path() == path.as_ref() && cookie.name() == name.as_ref());
        let first = found.next()?;
        Some(found.find(|other| other.is_host_only()).unwrap_or(first))
    }

    /// Takes out the cookies of exactly this domain, path and name: none, one, or one for the host alone and another for
    /// those below. How many there were.
    pub fn remove(
        &mut self,
        domain: &str,
        path: impl AsRef<[u8]>,
        name: impl AsRef<[u8]>,
    ) -> usize {
        let (path, name) = (path.as_ref(), name.as_ref());
        let is_it = |cookie: &Stored| *cookie.path == *path && cookie.name() == name;
        self.domains
            .retain_of(&canonical(domain), |cookie| !is_it(cookie))
    }

    /// Takes out all cookies.
    pub fn clear(&mut self) {
        self.domains = Domains::default();
    }

    /// Takes out the cookies of exactly this domain, not those of domains below it. How many there were.
    pub fn clear_domain(&mut self, domain: &str) -> usize {
        self.domains.retain_of(&canonical(domain), |_| false)
    }

    /// Takes out what has expired. How many there were. (It is never sent, and goes first when room is needed.)
    pub fn clear_expired(&mut self, wall: Duration) -> usize {
        let now = Moment::of(wall);
        self.domains.retain(|cookie| !cookie.is_expired(now))
    }

    /// Takes out what lasts as long as the session: the session is over. How many there were.
    pub fn clear_session(&mut self) -> usize {
        self.domains.retain(|cookie| cookie.expiry.is_some())
    }

    /// All cookies. A domain's stand together, in the order of their creation, before those of domains below it; domains
    /// are compared from their last octet to their first.
    pub fn iter(&self) -> impl Iterator<Item = CookieRef<'_>> {
        self.domains.all()
    }
}

/// The domain as it is stored, if it is one.
fn canonical(domain: &str) -> String {
    let bare = domain.strip_prefix('.').unwrap_or(domain);
    Host::parse(bare).map_or_else(|_| bare.to_ascii_lowercase(), |host| host.to_string())
}
