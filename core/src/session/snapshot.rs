//! A view into the pool: what stands there now.

use core::time::Duration;

use super::connections::MemberState;
use super::path::Path;
use super::session::Session;
use super::stats::PoolCounters;
use crate::base::Now;
use crate::message::Origin;
use crate::policy::{Proxy, ProxyScheme};
use crate::pool::OriginId;
use crate::tls::Tls;

/// The connections of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginSnapshot {
    /// Whose they are.
    pub origin: Origin,
    /// The proxy by way of which they are opened, if one is asked. (It shows no credentials.)
    pub proxy: Option<Proxy>,
    /// They are spoken over TLS with whoever answers: [danger](crate::Tls) that was asked for.
    pub unverified: bool,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Connections in use.
    pub busy: usize,
    /// Connections that are being opened.
    pub dialling: usize,
    /// Requests that wait for one.
    pub waiting: usize,
    /// The connections that nobody uses, in the order in which they are taken: the one that was used last first.
    pub idle_connections: Vec<IdleConnection>,
}

/// A connection that nobody uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleConnection {
    /// Its number in the order in which the session opened connections, from 1.
    pub number: u64,
    /// How many requests it has served.
    pub served: u64,
    /// How long it has been open.
    pub age: Duration,
    /// How long nobody has used it.
    pub idle_for: Duration,
    /// For how long it may be idle, its peer's hint considered.
    pub idle_limit: Option<Duration>,
    /// How many further requests its peer has said to take.
    pub requests_left: Option<u64>,
}

/// The whole pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolSnapshot {
    /// Origins with connections or waiting requests, in the order in which they were first asked.
    pub origins: Vec<OriginSnapshot>,
    /// What has happened since the session began.
    pub counters: PoolCounters,
    /// Requests that are under way, waiting for a connection or resting between two attempts.
    pub requests: usize,
}

impl Session {
    pub(crate) fn pool_snapshot(&self, now: Now) -> PoolSnapshot {
        let mut origins = Vec::new();
        for tenant in self.tenants.iter().flatten() {
            let id = self.keys.get(&tenant.key).copied();
            let counts = id.and_then(|id| Some((id, self.pool.counts(id)?)));
            if let Some((id, (idle, dialling, live, waiting))) = counts {
                let busy = live - idle - dialling;
                let path = tenant.path.as_ref().ok();
                origins.push(OriginSnapshot {
                    origin: tenant.key.origin.clone(),
                    proxy: path.and_then(|path| path.proxy.clone()),
                    unverified: path.is_some_and(|path| self.is_unverified(path)),
                    idle,
                    busy,
                    dialling,
                    waiting,
                    idle_connections: self.idle_connections(now, id),
                });
            }
        }
        PoolSnapshot {
            origins,
            counters: self.stats.counters,
            requests: self.exchanges.len(),
        }
    }

    /// Whether TLS on a way, with the origin or with the proxy, is spoken with whoever answers.
    fn is_unverified(&self, path: &Path) -> bool {
        let secured = path.proxy.as_ref();
        let secured = secured.is_some_and(|proxy| proxy.scheme() == ProxyScheme::Https);
        let origin = path.tls.as_ref().is_some_and(Tls::is_unverified);
        origin || secured && self.config.proxy_tls.is_unverified()
    }

    fn idle_connections(&self, now: Now, origin: OriginId) -> Vec<IdleConnection> {
        let members = self.pool.idle(origin);
        members
            .filter_map(|connection| self.members.get(connection.0))
            .map(|member| IdleConnection {
                number: member.number,
                served: member.served,
                age: now.tick.since(member.opened),
                idle_for: match member.state {
                    MemberState::Idle(since) => now.tick.since(since),
                    _ => Duration::ZERO,
                },
                idle_limit: member.idle_limit(),
                requests_left: member.hint.as_ref().and_then(|hint| hint.requests),
            })
            .collect()
    }
}
