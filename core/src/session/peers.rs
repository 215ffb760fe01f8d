//! What a session remembers of those it speaks TLS with, and of the proxies that have asked who it is.
//!
//! Sessions of TLS are resumed with the very peer that gave the ticket, by the very settings: a store for each key of the pool,
//! and for each side of a proxy. (`rustls` alone would go by the server's name.)

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::key::PoolKey;
use super::kind::ErrorKind;
use super::session::Session;
use crate::base::{Seeded, Stage};
use crate::connection::TlsPlan;
use crate::policy::{AuthenticationCourse, DigestInput, ProtectionSpace, Proxy};
use crate::tls::{Tls, TlsClient};

/// For so many keys of the pool tickets are kept; beyond that the oldest are forgotten, at the cost of a full handshake.
const MOST_CLIENTS: usize = 256;

/// Of so many proxies it is kept what they asked for last.
const MOST_PROXIES: usize = 64;

/// With whom TLS is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Proxy,
    Origin,
}

/// Who speaks TLS, by key of the pool and side.
#[derive(Debug)]
pub(super) struct TlsClients {
    known: HashMap<Arc<(PoolKey, Side)>, TlsClient, Seeded>,
    order: VecDeque<Arc<(PoolKey, Side)>>,
}

impl TlsClients {
    pub(super) fn new(seed: &[u8; 32]) -> Self {
        Self {
            known: HashMap::with_hasher(Seeded::new(seed)),
            order: VecDeque::new(),
        }
    }

    fn keep(&mut self, key: Arc<(PoolKey, Side)>, client: TlsClient) {
        if self.order.len() >= MOST_CLIENTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(Arc::clone(&key));
        self.known.insert(key, client);
    }
}

/// What proxies asked for last.
#[derive(Debug)]
pub(super) struct ProxySpaces {
    known: HashMap<Proxy, ProtectionSpace, Seeded>,
}

impl ProxySpaces {
    pub(super) fn new(seed: &[u8; 32]) -> Self {
        Self {
            known: HashMap::with_hasher(Seeded::new(seed)),
        }
    }

    /// What is known of a proxy, with these credentials.
    pub(super) fn of(&mut self, proxy: &Proxy) -> &mut ProtectionSpace {
        if self.known.len() >= MOST_PROXIES && !self.known.contains_key(proxy) {
            self.known.clear();
        }
        self.known.entry(proxy.clone()).or_default()
    }

    /// What a proxy would be told in advance about a request; no answer of Digest is used up.
    pub(super) fn preview(
        &self,
        proxy: &Proxy,
        target: &str,
        input: &DigestInput<'_>,
    ) -> Option<Vec<u8>> {
        let mut space = self.known.get(proxy).cloned().unwrap_or_default();
        let input = DigestInput { target, ..*input };
        let mut course = AuthenticationCourse::default();
        let said = space.in_advance(proxy.authentication()?, &mut course, &input);
        said.ok().flatten()
    }
}

impl Session {
    /// How TLS is begun with a host.
    pub(super) fn tls_plan(
        &mut self,
        key: &PoolKey,
        side: Side,
        settings: &Tls,
        host: &str,
    ) -> Result<TlsPlan, (ErrorKind, Stage)> {
        let key = Arc::new((key.clone(), side));
        let host = host.into();
        if let Some(client) = self.tls_clients.known.get(&key) {
            let client = client.clone();
            return Ok(TlsPlan { client, host });
        }
        let client = settings.client(self.config.platform_trust.as_ref());
        let stage = match key.1 {
            Side::Proxy => Stage::ProxyTls,
            Side::Origin => Stage::Tls,
        };
        let client = client.map_err(|error| (ErrorKind::Tls(error), stage))?;
        self.tls_clients.keep(key, client.clone());
        Ok(TlsPlan { client, host })
    }
}
