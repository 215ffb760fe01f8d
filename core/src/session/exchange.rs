//! One request under way: its states, and who acts in each.

use std::sync::Arc;

use super::error::Error;
use super::request::Request;
use super::timers::Patience;
use crate::base::{ConnectionId, Tick};
use crate::pool::OriginId;

/// A request that was submitted and has not ended.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Arc<Request>,
    pub(crate) origin: OriginId,
    pub(crate) state: ExchangeState,
    pub(crate) patience: Patience,
    /// Until when it waits for a connection.
    pub(crate) wait_until: Option<Tick>,
    /// Its entry among the timers.
    pub(crate) armed: Option<Tick>,
    /// How often it was sent once more because a kept connection had died.
    pub(crate) replays: u32,
    /// A peer has refused to be asked for a 100.
    pub(crate) expect_refused: bool,
}

/// Where a request is. Each state has exactly one who acts next.
#[derive(Debug)]
pub(crate) enum ExchangeState {
    /// The pool: it stands in its origin's queue.
    Waiting,
    /// The requester, who was woken: this connection is its own, but was not collected yet.
    Granted(ConnectionId),
    /// The driver of this connection.
    Running(ConnectionId),
    /// The driver of this connection, which must be given back: the request is over.
    Aborting(ConnectionId, Error),
    /// The requester, who was woken: only the error is left to collect.
    Failed(Error),
}

/// What a requester finds when it asks for its connection.
#[derive(Debug)]
pub(crate) enum TakeUp {
    Wait,
    Use(ConnectionId),
    Abort(ConnectionId),
    Failed(Error),
}
