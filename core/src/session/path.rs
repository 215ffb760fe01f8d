//! By which way an origin is reached: over which proxy, with whose TLS, from where. It depends on the origin and on what stands
//! in its key alone, and is settled when the origin is first asked.

use std::path::Path as FilePath;
use std::sync::Arc;

use url::Url;

use super::config::Config;
use super::key::PoolKey;
use super::prepared::Route;
use crate::dial::LocalEnd;
use crate::message::{Origin, Scheme};
use crate::policy::{Proxy, ProxyError, ProxyScheme};
use crate::tls::Tls;

/// What a request or its mount says about its way, in place of the session. All of it stands in the pool's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Way {
    /// A proxy, or none on purpose, or a value that is wrong and must not be passed over.
    pub(crate) proxy: Option<Result<Option<Proxy>, ProxyError>>,
    pub(crate) tls: Option<Tls>,
    pub(crate) local: Option<LocalEnd>,
    /// The path of a Unix-domain socket, at which the origin is reached whatever its host.
    pub(crate) socket: Option<Arc<FilePath>>,
}

/// The way to one origin.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// Whom a request's head is for.
    pub(super) route: Route,
    pub(super) proxy: Option<Proxy>,
    /// TLS with the origin.
    pub(super) tls: Option<Tls>,
    pub(super) local: LocalEnd,
    pub(super) socket: Option<Arc<FilePath>>,
}

impl Path {
    /// The way to the origin of a key.
    ///
    /// # Errors
    /// If the proxy that it should have is wrong: nothing is ever sent around it.
    pub(super) fn of(key: &PoolKey, url: &Url, config: &Config) -> Result<Self, ProxyError> {
        let own = key.transport.way.as_deref();
        let socket = own.and_then(|way| way.socket.clone());
        let proxy = match own.and_then(|way| way.proxy.as_ref()) {
            // What is asked for at a path on this host is not behind a proxy.
            _ if socket.is_some() => None,
            Some(chosen) => chosen.clone()?,
            None => match &config.proxies {
                Some(rules) => rules.select(url)?.cloned(),
                None => None,
            },
        };
        let secure = key.origin.scheme() == Scheme::Https;
        let tls = own.and_then(|way| way.tls.clone());
        let local = own.and_then(|way| way.local.clone());
        Ok(Self {
            route: route(proxy.as_ref(), secure),
            proxy,
            tls: secure.then(|| tls.unwrap_or_else(|| config.tls.clone())),
            local: local.unwrap_or_else(|| config.dialling.local.clone()),
            socket,
        })
    }

    /// Host and port of whom the first octets are for.
    pub(super) fn first_hop<'a>(&'a self, origin: &'a Origin) -> (&'a str, u16) {
        match &self.proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (origin.host(), origin.port()),
        }
    }

    /// Whether a SOCKS proxy is to be told an address.
    pub(super) fn resolves_target(&self) -> bool {
        self.proxy
            .as_ref()
            .is_some_and(|proxy| proxy.scheme() == ProxyScheme::Socks5)
    }

    /// Whether anything is said on a transport before HTTP.
    pub(super) fn is_layered(&self) -> bool {
        let scheme = self.proxy.as_ref().map(Proxy::scheme);
        self.tls.is_some()
            || scheme
                .is_some_and(|scheme| scheme == ProxyScheme::Https || self.forwarder().is_none())
    }

    /// The proxy that makes requests in its own name.
    pub(super) fn forwarder(&self) -> Option<&Proxy> {
        match self.route {
            Route::ForwardProxy(_) => self.proxy.as_ref(),
            Route::Direct | Route::Tunnel(_) => None,
        }
    }
}

/// Whom the head of a request is for: the form of its target follows from that, here and nowhere else (RFC 9112 §3.2).
fn route(proxy: Option<&Proxy>, secure: bool) -> Route {
    match proxy.map(Proxy::scheme) {
        None => Route::Direct,
        Some(ProxyScheme::Http | ProxyScheme::Https) if !secure => Route::ForwardProxy(None),
        Some(_) => Route::Tunnel(None),
    }
}
