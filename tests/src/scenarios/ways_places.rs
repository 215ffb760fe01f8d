//! Where the scenarios about TLS, proxies and dialling play: sites under names, and a session that is led to them.
//!
//! No name here is resolved: each is one of [`Dialling::overrides`](sessile_core::Dialling::overrides), so that a scenario is
//! the same in memory and over sockets.

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{Config, Proxy, ProxyRules, Tls};

use super::ways::{name_it, trusting};
use crate::origin::{Act, Peer, Site};
use crate::pki::{Authority, Identity};
use crate::world::{Served, World};

/// The origin of most scenarios, and the proxy.
pub(super) const ORIGIN: &str = "origin.test";
pub(super) const PROXY: &str = "proxy.test";

/// Names with their sites, and the settings of a session that finds them. It trusts the authority, and asks no proxy.
pub(super) struct Places {
    pub(super) authority: Authority,
    pub(super) config: Config,
}

impl Places {
    pub(super) fn new() -> Self {
        let authority = Authority::new();
        let config = Config {
            proxies: Some(ProxyRules::none()),
            tls: trusting(&authority),
            proxy_tls: trusting(&authority),
            ..Config::default()
        };
        Self { authority, config }
    }

    /// Who is this name's rightful owner.
    pub(super) fn owner(&self, host: &str) -> Identity {
        self.authority.for_names(&[host])
    }

    /// Serves a site under a name, whatever port is asked for.
    pub(super) fn serve(&mut self, world: &mut dyn World, host: &str, site: impl Site) -> Served {
        let served = world.serve(Arc::new(site));
        name_it(&mut self.config, host, served.address());
        served
    }

    /// Everything is asked for by way of this proxy.
    pub(super) fn go_by(&mut self, proxy: &str) {
        self.config.proxies = Some(ProxyRules::all(proxy_at(proxy)));
    }

    /// Begins a new session.
    pub(super) fn begin(&self, world: &mut dyn World) {
        world.configure(self.config.clone());
    }
}

/// A proxy from its URL.
pub(super) fn proxy_at(url: &str) -> Proxy {
    Proxy::parse(url).expect("a proxy")
}

/// Settings that trust the authority and whatever else there is.
pub(super) fn trusting_anybody(authority: &Authority) -> Tls {
    let roots = Tls::builder().only_own_roots();
    let roots = roots.add_root_pem(authority.root_pem().as_bytes());
    let settings = roots.danger_accept_invalid_certs().build();
    settings.expect("a root")
}

/// A site whose peers wait before they answer the first octets that come.
pub(super) struct Slow {
    site: Arc<dyn Site>,
    pause: Duration,
}

impl Slow {
    pub(super) fn new(pause: Duration, site: impl Site) -> Self {
        let site = Arc::new(site);
        Self { site, pause }
    }
}

struct SlowPeer {
    inner: Box<dyn Peer>,
    pause: Option<Duration>,
}

impl Site for Slow {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        Box::new(SlowPeer {
            inner: self.site.accept(connection),
            pause: Some(self.pause),
        })
    }
}

impl Peer for SlowPeer {
    fn received(&mut self, octets: &[u8]) -> Vec<Act> {
        let mut acts: Vec<_> = self.pause.take().map(Act::Pause).into_iter().collect();
        acts.extend(self.inner.received(octets));
        acts
    }

    fn opened(&mut self) -> Vec<Act> {
        self.inner.opened()
    }

    fn ended(&mut self) -> Vec<Act> {
        self.inner.ended()
    }
}
