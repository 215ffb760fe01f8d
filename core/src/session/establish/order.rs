//! What the session wants done outside.

use crate::base::{CloseReason, ConnectionId, EstablishId, Now, RequestId, Tick};
use crate::dial::DialPlan;

/// What the session wants done outside.
#[derive(Debug)]
pub(crate) enum Order {
    Resolve {
        establish: EstablishId,
        host: Box<str>,
        port: u16,
    },
    Dial {
        connection: ConnectionId,
        plan: Box<DialPlan>,
    },
    /// Have this request answered, which asks now.
    Answer(RequestId, Now),
    /// Close this connection, for this reason unless its machine knows a better one.
    Discard(Discard),
    /// Nothing outside: this connection has failed before anything was to be done for it.
    Fail(EstablishId, Now),
}

/// A connection to be closed.
#[derive(Debug)]
pub(crate) struct Discard {
    pub(crate) connection: ConnectionId,
    pub(crate) reason: CloseReason,
    /// Its number, 0 if it was never opened.
    pub(crate) number: u64,
    pub(crate) at: Tick,
}
