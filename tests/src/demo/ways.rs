//! The demonstration site at the end of three ways: in the open, behind TLS, and behind TLS behind a proxy.
//!
//! What a client has to know to go them stands in the forms in which it would come to an application: URLs, the variables of
//! an environment, a root as PEM.

use std::io;

use super::Demo;
use crate::loopback::Loopback;
use crate::pki::Authority;
use crate::proxies::{HttpProxy, Reach};
use crate::secured::Secured;

/// The host that nobody but the proxy knows.
const HIDDEN: &str = "origin.test";

/// The site on loopback, three times. Dropping it ends all of them.
///
/// ```
/// let ways = sessile_tests::demo::Ways::start()?;
/// assert!(ways.secured("/get").starts_with("https://localhost:"));
/// assert_eq!(ways.behind_proxy("/get"), "https://origin.test/get");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Ways {
    authority: Authority,
    open: Loopback,
    secured: Loopback,
    proxy: Loopback,
}

impl Ways {
    /// Starts all of them.
    ///
    /// # Errors
    ///
    /// As [`Loopback::start`].
    pub fn start() -> io::Result<Self> {
        let authority = Authority::new();
        let identity = |name| authority.for_names(&[name]);
        let hidden = Secured::new(&identity(HIDDEN), Demo);
        let reach = Reach::new().to(&format!("{HIDDEN}:443"), hidden);
        Ok(Self {
            open: Loopback::start(Demo)?,
            secured: Loopback::start(Secured::new(&identity("localhost"), Demo))?,
            proxy: Loopback::start(HttpProxy::new(reach))?,
            authority,
        })
    }

    /// A URL of the site in the open, by its address.
    pub fn open(&self, path: &str) -> String {
        self.open.url(path)
    }

    /// A URL of the site behind TLS, by a name that must be resolved.
    pub fn secured(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.secured.address().port())
    }

    /// A URL of the site that is behind TLS behind the proxy, and nowhere else.
    pub fn behind_proxy(&self, path: &str) -> String {
        format!("https://{HIDDEN}{path}")
    }

    /// The proxy, as it is written into settings.
    pub fn proxy(&self) -> String {
        self.proxy.url("")
    }

    /// An environment that names the proxy, and exempts what is on this host.
    pub fn environment(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            pair("https_proxy", &self.proxy()),
            pair("no_proxy", "localhost,127.0.0.1"),
        ]
    }

    /// The root that a client must trust, as a PEM file.
    pub fn root_pem(&self) -> String {
        self.authority.root_pem()
    }

    /// How many connections the proxy has had.
    pub fn proxied(&self) -> usize {
        self.proxy.opened()
    }
}
