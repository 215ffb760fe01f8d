//! The pool key: all that two requests must share before they may share a connection.

use crate::message::Origin;

/// Everything that changes which peer is talked to, or what it sees or trusts. One value with derived equality: an
/// option that is added here cannot be forgotten in a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PoolKey {
    pub(crate) origin: Origin,
}
