//! Mounts: settings for all requests below a URL prefix, as requests' adapters have them.
//!
//! A prefix is an origin and path segments, or a scheme alone. `http://a.example/v1` covers `/v1` and `/v1/x`, not `/v10`,
//! and no other host, whatever that begins with. The longest prefix wins, and it alone: mounts do not add up. What a
//! mount leaves open is the session's, what a request says for itself wins over both. Each hop of a redirect looks for
//! its mount anew.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::answer::Answering;
use super::config::{ExpectContinue, Timeouts, names};
use super::path::Way;
use crate::dial::LocalEnd;
use crate::message::{FieldNames, Fields, Origin, OriginError, Scheme};
use crate::policy::{AuthenticationHook, ProxyRules, RedirectPolicy, Retry};
use crate::pool::OriginLimits;
use crate::tls::Tls;

/// The settings of one prefix. What is `None` or empty is the session's.
///
/// ```
/// use sessile_core::{Config, Fields, Mount, Mounts, Retry};
/// let mut fields = Fields::new();
/// fields.append("Accept", "application/json")?;
/// let api = Mount { fields, retry: Some(Some(Retry::new(3))), ..Mount::default() };
/// let mut mounts = Mounts::new();
/// mounts.add("https://api.example.org/v1", api)?;
/// mounts.add("http://", Mount { retry: Some(None), ..Mount::default() })?;
/// let config = Config { mounts, ..Config::default() };
/// # let _ = config;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Mount {
    /// Field lines for every request. They replace the session's of their names, and are replaced by a request's own.
    pub fields: Fields,
    /// Lines of the session's, and built-in ones, that are not sent, by name.
    pub removed: FieldNames,
    /// Names of field lines that are secrets, the mount's or a request's own; see
    /// [`Config::sensitive`](crate::Config::sensitive).
    pub sensitive: FieldNames,
    /// Pairs for the query of every request whose URL has none of their names.
    pub query: Vec<(String, String)>,
    /// When and how often a request is sent anew; `Some(None)` is never.
    pub retry: Option<Option<Retry>>,
    /// How redirects are followed; `Some(None)` is not at all.
    pub redirects: Option<Option<RedirectPolicy>>,
    /// Time limits. Those of resolving and connecting hold, too: the mount has connections of its own then.
    pub timeouts: Option<Timeouts>,
    /// When the peer is asked before content is sent.
    pub expect_continue: Option<ExpectContinue>,
    /// Who knows the credentials for a URL; where that is nobody, the session's is asked.
    pub authenticator: Option<AuthenticationHook>,
    /// What answers in place of a connection.
    pub answering: Option<Answering>,
    /// Bounds on the connections of each origin, which are not shared with requests outside of the mount then.
    pub pool: Option<OriginLimits>,
    /// Which proxy is asked for which URL.
    pub proxies: Option<ProxyRules>,
    /// TLS with the origins.
    pub tls: Option<Tls>,
    /// Where connections come from.
    pub local: Option<LocalEnd>,
    /// The Unix-domain socket at which the origins are reached.
    pub unix_socket: Option<Arc<Path>>,
}

impl fmt::Debug for Mount {
    /// Without values of the query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fields,
            removed,
            sensitive,
            query,
            retry,
            redirects,
            timeouts,
            expect_continue,
            authenticator,
            answering,
            pool,
            proxies,
            tls,
            local,
            unix_socket,
        } = self;
        f.debug_struct("Mount")
            .field("fields", fields)
            .field("removed", removed)
            .field("sensitive", sensitive)
            .field("query", &names(query))
            .field("retry", retry)
            .field("redirects", redirects)
            .field("timeouts", timeouts)
            .field("expect_continue", expect_continue)
            .field("authenticator", authenticator)
            .field("answering", answering)
            .field("pool", pool)
            .field("proxies", proxies)
            .field("tls", tls)
            .field("local", local)
            .field("unix_socket", unix_socket)
            .finish()
    }
}

impl Mount {
    /// Whether its requests share no connection with others.
    fn keeps_apart(&self) -> bool {
        self.pool.is_some() || self.timeouts.is_some()
    }

    /// Says by which way a request goes, as far as it does not say so itself.
    pub(super) fn show_way(&self, url: &Url, way: &mut Option<Arc<Way>>) {
        let own = (&self.proxies, &self.tls, &self.local, &self.unix_socket);
        if matches!(own, (None, None, None, None)) {
            return;
        }
        let way = Arc::make_mut(way.get_or_insert_default());
        if let (None, Some(rules)) = (&way.proxy, &self.proxies) {
            way.proxy = Some(rules.select(url).map(Option::<&_>::cloned));
        }
        way.tls = way.tls.take().or_else(|| self.tls.clone());
        way.local = way.local.take().or_else(|| self.local.clone());
        way.socket = way.socket.take().or_else(|| self.unix_socket.clone());
    }
}

/// Why a text is no prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrefixError {
    /// It is no URL.
    Url(url::ParseError),
    /// It cannot be asked.
    Origin(OriginError),
    /// It has userinfo, a query or a fragment: none of these takes part in the choice.
    Surplus,
    /// Its host has an asterisk, which would stand for itself alone.
    Wildcard,
    /// It is mounted already.
    Twice,
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(error) => write!(f, "the prefix is no URL: {error}"),
            Self::Origin(error) => error.fmt(f),
            Self::Surplus => f.write_str(
                "a prefix is an origin and a path, without userinfo, query and fragment",
            ),
            Self::Wildcard => f.write_str("a prefix is one host, and an asterisk is no wildcard"),
            Self::Twice => f.write_str("the prefix is mounted already"),
        }
    }
}

impl core::error::Error for PrefixError {}

/// What a prefix covers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Prefix {
    Scheme(Scheme),
    /// An origin, and a path without its last slash.
    Path(Origin, Box<str>),
}

impl Prefix {
    fn read(text: &str) -> Result<Self, PrefixError> {
        for scheme in [Scheme::Http, Scheme::Https] {
            let rest = text.strip_suffix("://");
            if rest.is_some_and(|rest| rest.eq_ignore_ascii_case(scheme.as_str())) {
                return Ok(Self::Scheme(scheme));
            }
        }
        let url = Url::parse(text).map_err(PrefixError::Url)?;
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || url.query().is_some() || url.fragment().is_some() {
            return Err(PrefixError::Surplus);
        }
        let origin = Origin::of(&url).map_err(PrefixError::Origin)?;
        if origin.host().contains('*') {
            return Err(PrefixError::Wildcard);
        }
        let path = url.path();
        Ok(Self::Path(
            origin,
            path.strip_suffix('/').unwrap_or(path).into(),
        ))
    }

    fn covers(&self, url: &Url) -> bool {
        match self {
            Self::Scheme(scheme) => url.scheme() == scheme.as_str(),
            Self::Path(origin, path) => {
                let rest = url.path().strip_prefix(&**path);
                origin.holds(url)
                    && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }

    /// The longer one wins.
    fn length(&self) -> usize {
        match self {
            Self::Scheme(_) => 0,
            Self::Path(_, path) => 1 + path.len(),
        }
    }
}

/// What a request finds on the prefix of its URL.
pub(super) struct Fitting<'a> {
    pub(super) mount: &'a Mount,
    /// The prefix is that of one origin.
    pub(super) bound: bool,
    /// A mark for its connections, if they are not shared with others.
    pub(super) mark: Option<usize>,
}

/// The mounts of a session. They are few: the choice goes through them one by one.
#[derive(Clone, Debug, Default)]
pub struct Mounts {
    /// The longest first.
    list: Vec<(Prefix, Mount)>,
}

impl Mounts {
    /// None.
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Mounts settings on a prefix: a URL without userinfo, query and fragment, or `http://` or `https://` for all origins
    /// of that scheme. A slash at its end changes nothing.
    ///
    /// # Errors
    /// If it is no prefix, or has settings already.
    pub fn add(&mut self, prefix: &str, mount: Mount) -> Result<(), PrefixError> {
        let prefix = Prefix::read(prefix)?;
        if self.list.iter().any(|(other, _)| *other == prefix) {
            return Err(PrefixError::Twice);
        }
        let longer = |(other, _): &(Prefix, Mount)| other.length() >= prefix.length();
        let place = self.list.iter().take_while(|other| longer(other)).count();
        self.list.insert(place, (prefix, mount));
        Ok(())
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The settings that hold for a URL, if any are mounted on a prefix of it.
    pub fn of(&self, url: &Url) -> Option<&Mount> {
        self.found(url).map(|(_, mount)| mount)
    }

    /// All settings.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Mount> {
        self.list.iter().map(|(_, mount)| mount)
    }

    fn found(&self, url: &Url) -> Option<(usize, &Mount)> {
        let mut mounts = self.list.iter().enumerate();
        let (place, (_, mount)) = mounts.find(|(_, (prefix, _))| prefix.covers(url))?;
        Some((place, mount))
    }

    /// The settings for a URL, as its request takes them over.
    pub(super) fn fitting(&self, url: &Url) -> Option<Fitting<'_>> {
        let (place, mount) = self.found(url)?;
        let bound = matches!(self.list.get(place)?.0, Prefix::Path(..));
        Some(Fitting {
            mount,
            bound,
            mark: mount.keeps_apart().then_some(place),
        })
    }

    /// The settings whose connections have this mark.
    pub(super) fn marked(&self, mark: Option<usize>) -> Option<&Mount> {
        self.list.get(mark?).map(|(_, mount)| mount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(prefixes: &[&str]) -> Mounts {
        let mut mounts = Mounts::new();
        for prefix in prefixes {
            let query = vec![("prefix".to_owned(), (*prefix).to_owned())];
            let mount = Mount {
                query,
                ..Mount::default()
            };
            mounts.add(prefix, mount).expect("a prefix");
        }
        mounts
    }

    #[test]
    fn the_longest_prefix_of_whole_segments_wins() {
        let mounts = mounts(&[
            "http://",
            "http://a.com",
            "http://a.com/v1/",
            "http://a.com/v1/deep",
            "http://a.com:8080/v1",
            "http://[::1]/",
            "https://b\u{fc}cher.example/x",
        ]);
        for (url, prefix) in [
            ("http://a.com/", "http://a.com"),
            ("http://A.COM:80", "http://a.com"),
            ("http://a.com/v1", "http://a.com/v1/"),
            ("http://a.com/v1?q", "http://a.com/v1/"),
            ("http://a.com/v1/", "http://a.com/v1/"),
            ("http://a.com/v1/x/../deep/y", "http://a.com/v1/deep"),
            ("http://a.com/v1/deeper", "http://a.com/v1/"),
            ("http://a.com/v10", "http://a.com"),
            ("http://a.com/V1", "http://a.com"),
            ("http://a.com:8080/v1/x", "http://a.com:8080/v1"),
            ("http://a.com:8080/", "http://"),
            ("http://a.com.evil/", "http://"),
            ("http://a.com@evil/", "http://"),
            ("http://evil/http://a.com/", "http://"),
            ("http://[0:0::1]/x", "http://[::1]/"),
            (
                "https://xn--bcher-kva.example/x",
                "https://b\u{fc}cher.example/x",
            ),
            ("https://a.com/v1", ""),
        ] {
            let url = Url::parse(url).expect("a URL");
            let found = mounts.of(&url).map_or("", |mount| &mount.query[0].1);
            assert_eq!(found, prefix, "{url}");
        }
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        let mut mounts = mounts(&["http://a.com/x"]);
        let mut refusal = |prefix| mounts.add(prefix, Mount::default()).err();
        assert_eq!(refusal("http://a.com:80/x/"), Some(PrefixError::Twice));
        for prefix in [
            "http://u@a.com",
            "http://:p@a.com",
            "http://a.com/?",
            "http://a.com/#",
        ] {
            assert_eq!(refusal(prefix), Some(PrefixError::Surplus), "{prefix}");
        }
        assert!(matches!(refusal("a.com"), Some(PrefixError::Url(_))));
        assert!(matches!(
            refusal("ftp://"),
            Some(PrefixError::Url(_) | PrefixError::Origin(_))
        ));
        assert!(matches!(refusal("ftp://a"), Some(PrefixError::Origin(_))));
        assert_eq!(refusal("http://*.test/"), Some(PrefixError::Wildcard));
        assert_eq!(refusal("HTTPS://"), None);
    }
}
