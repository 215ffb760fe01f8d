//! A view into the pool: what stands there now.

use super::session::Session;
use crate::message::Origin;

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
            let counts = self
                .keys
                .get(&tenant.key)
                .and_then(|id| self.pool.counts(*id));
            if let Some((idle, dialling, live, waiting)) = counts {
                let busy = live - idle - dialling;
                origins.push(OriginSnapshot {
                    origin: tenant.key.origin.clone(),
                    idle,
                    busy,
                    dialling,
                    waiting,
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
}
