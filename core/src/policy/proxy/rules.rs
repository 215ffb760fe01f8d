//! Which proxy for which URL: explicit rules first, then what the environment says, if it was handed in.
//!
//! The questions come in a fixed order: does an explicit rule fit → has the URL's scheme a proxy → is its host exempt
//! (`no_proxy`) → is the proxy's value good. The first answer ends them: so an explicit rule asks no exceptions, and a bad
//! value is an error exactly when it would be used. It is never replaced by another one, let alone by none.
//!
//! `HTTP_PROXY` is never read: a CGI server sets it from a request's field `Proxy`, for whoever asks (CVE-2016-5385).

use url::{Host, Url};

use super::error::ProxyError;
use super::host;
use super::no_proxy::NoProxy;
use super::value::Proxy;
use crate::message::Scheme;
use crate::syntax::chars::is_blank;

/// Where the proxy for a scheme is looked up; the first that has a value counts.
const HTTP: [&str; 3] = ["http_proxy", "all_proxy", "ALL_PROXY"];
const HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Which proxy for which URL. Values are read once, when the rules are made; choosing by them allocates nothing.
///
/// ```
/// use sessile_core::{ProxyError, ProxyRules, Url};
/// let environment = [("http_proxy", "proxy.test:3128"), ("no_proxy", "example.org"), ("https_proxy", "gopher://old.test")];
/// let rules = ProxyRules::from_pairs(environment).rule("all://example.com", Some("socks5h://127.0.0.1"))?;
/// let chosen = |url: &str| {
///     let chosen = rules.select(&Url::parse(url).expect("a URL"))?;
///     Ok::<_, ProxyError>(chosen.map(|proxy| proxy.to_string()))
/// };
/// assert_eq!(chosen("http://a.test/")?.as_deref(), Some("http://proxy.test:3128"));
/// assert_eq!(chosen("http://www.example.org/")?, None);
/// assert_eq!(chosen("https://example.com/")?.as_deref(), Some("socks5h://127.0.0.1:1080"));
/// // What cannot be read is an error for whom it is meant for, never a way around it.
/// assert_eq!(chosen("https://a.test/"), Err(ProxyError::Scheme));
/// # Ok::<(), ProxyError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProxyRules {
    explicit: Vec<(Key, Choice)>,
    http: Choice,
    https: Choice,
    exceptions: NoProxy,
}

/// A value as it was read: a proxy, what is wrong with it, or none.
type Choice = Option<Result<Proxy, ProxyError>>;

/// Whom an explicit rule is for: a scheme or all, a host or all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    scheme: Option<Scheme>,
    host: Option<Host<String>>,
}

impl ProxyRules {
    /// No proxy for anybody.
    pub fn none() -> Self {
        Self::default()
    }

    /// One proxy for every URL, but for what [`no_proxy`](Self::no_proxy) names.
    pub fn all(proxy: Proxy) -> Self {
        Self {
            http: Some(Ok(proxy.clone())),
            https: Some(Ok(proxy)),
            ..Self::default()
        }
    }

    /// What an environment says, given as names and values: `http_proxy`; `https_proxy` or `HTTPS_PROXY`; in place of
    /// either `all_proxy` or `ALL_PROXY`; `no_proxy` or `NO_PROXY` for the exceptions. An empty or blank value is none. All
    /// other names are ignored, `HTTP_PROXY` and mixed case among them.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        let pairs = Vec::from_iter(pairs);
        let proxy = |names| first(&pairs, names).map(Proxy::parse);
        let exceptions = first(&pairs, &EXCEPTIONS).unwrap_or_default();
        Self {
            explicit: Vec::new(),
            http: proxy(&HTTP),
            https: proxy(&HTTPS),
            exceptions: NoProxy::parse(exceptions),
        }
    }

    /// Adds an explicit rule, or replaces the one with the same key. The key is `scheme://host`, `scheme`, `all://host` or
    /// `all`, looked up in this order; the scheme is http or https, the host is exactly this one on any port. The value is a
    /// [`Proxy`]; `None`, empty or blank, it means no proxy. Where a rule fits, nothing else is asked, no exceptions either.
    ///
    /// # Errors
    /// If the key is none of these. A bad value is an error of [`select`](Self::select), when it would be used.
    pub fn rule(mut self, key: &str, value: Option<&str>) -> Result<Self, ProxyError> {
        let key = Key::read(key).ok_or(ProxyError::Key)?;
        let choice = value.filter(|value| !is_no_value(value)).map(Proxy::parse);
        self.explicit.retain(|(known, _)| *known != key);
        self.explicit.push((key, choice));
        Ok(self)
    }

    /// Sets the exceptions, in place of those before: what [`NoProxy::parse`] reads.
    pub fn no_proxy(mut self, list: &str) -> Self {
        self.exceptions = NoProxy::parse(list);
        self
    }

    /// The proxy for a URL; `None`: its host is asked directly.
    ///
    /// # Errors
    /// If the URL is neither http nor https, or the proxy that it should have is wrong.
    pub fn select(&self, url: &Url) -> Result<Option<&Proxy>, ProxyError> {
        let scheme = Scheme::of(url).ok_or(ProxyError::Url)?;
        let (host, port) = (url.host(), url.port_or_known_default());
        let (host, port) = host.zip(port).ok_or(ProxyError::Url)?;
        let choice = match self.explicit(scheme, &host) {
            Some(choice) => choice,
            None => self.implied(scheme, &host, port),
        };
        choice
            .as_ref()
            .map(Result::as_ref)
            .transpose()
            .map_err(|error| *error)
    }

    /// The choice of the most particular rule that fits.
    fn explicit(&self, scheme: Scheme, host: &Host<&str>) -> Option<&Choice> {
        let host = host::without_final_dot(host);
        let fitting = self
            .explicit
            .iter()
            .filter(|(key, _)| key.fits(scheme, &host));
        fitting
            .min_by_key(|(key, _)| key.rank())
            .map(|(_, choice)| choice)
    }

    fn implied(&self, scheme: Scheme, host: &Host<&str>, port: u16) -> &Choice {
        let choice = match scheme {
            Scheme::Http => &self.http,
            Scheme::Https => &self.https,
        };
        match choice.is_some() && self.exceptions.covers(host, port) {
            true => &None,
            false => choice,
        }
    }
}

impl Key {
    fn read(text: &str) -> Option<Self> {
        let (scheme, host) = match text.split_once("://") {
            Some((scheme, host)) => (scheme, Some(host::read(host)?)),
            None => (text, None),
        };
        let schemes = [
            ("http", Some(Scheme::Http)),
            ("https", Some(Scheme::Https)),
            ("all", None),
        ];
        let mut schemes = schemes.into_iter();
        let (_, scheme) = schemes.find(|(name, _)| scheme.eq_ignore_ascii_case(name))?;
        Some(Self { scheme, host })
    }

    fn fits(&self, scheme: Scheme, host: &Host<&str>) -> bool {
        let is_host = |own: &Host<String>| *own == *host;
        self.scheme.is_none_or(|own| own == scheme) && self.host.as_ref().is_none_or(is_host)
    }

    /// The least goes first: `scheme://host`, `scheme`, `all://host`, `all`.
    fn rank(&self) -> (bool, bool) {
        (self.scheme.is_none(), self.host.is_none())
    }
}

/// The value of the first name that has one.
fn first<'a, N: AsRef<str>, V: AsRef<str>>(pairs: &'a [(N, V)], names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let values = pairs.iter().filter(|(own, _)| own.as_ref() == *name);
        let mut values = values.map(|(_, value)| value.as_ref());
        values.find(|value| !is_no_value(value))
    })
}

/// A variable that is empty or blank is as good as not set.
fn is_no_value(value: &str) -> bool {
    value.bytes().all(is_blank)
}
