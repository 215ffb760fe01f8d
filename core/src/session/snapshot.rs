//! A view into the pool: what stands there now.

use core::time::Duration;

use super::session::Session;
use crate::message::Origin;
use crate::pool::OriginId;

/// The connections of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginSnapshot {
    /// Whose they are.
    pub origin: Origin,
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
    /// Connections opened since the session began.
    pub opened: u64,
    /// Requests that were given a connection which had served another before.
    pub reused: u64,
    /// Requests that are under way or waiting.
    pub requests: usize,
}

impl Session {
    pub(crate) fn pool_snapshot(&self) -> PoolSnapshot {
        let mut origins = Vec::new();
        for tenant in self.tenants.iter().flatten() {
            let id = self.keys.get(&tenant.key).copied();
            let counts = id.and_then(|id| Some((id, self.pool.counts(id)?)));
            if let Some((id, (idle, dialling, live, waiting))) = counts {
                let busy = live - idle - dialling;
                origins.push(OriginSnapshot {
                    origin: tenant.key.origin.clone(),
                    idle,
                    busy,
                    dialling,
                    waiting,
                    idle_connections: self.idle_connections(id),
                });
            }
        }
        PoolSnapshot {
            origins,
            opened: self.opened,
            reused: self.reused,
            requests: self.exchanges.len(),
        }
    }

    fn idle_connections(&self, origin: OriginId) -> Vec<IdleConnection> {
        let members = self.pool.idle(origin);
        members
            .filter_map(|connection| self.members.get(connection.0))
            .map(|member| IdleConnection {
                number: member.number,
                served: member.served,
                idle_limit: member.hint.idle_within(self.config.pool.idle_time),
                requests_left: member.hint.requests,
            })
            .collect()
    }
}
