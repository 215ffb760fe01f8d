//! The connection pool as decisions over ids: who gets which connection, when to dial, what to close.
//!
//! It knows neither sockets nor time nor origins' names; it returns what to do and others do it.

mod assign;
mod limits;
mod list;

#[cfg(test)]
pub(crate) use assign::audit::Tally;
pub(crate) use assign::{Age, Assignment, OriginId, Place, Pool, Released};
pub use limits::{OriginLimits, PoolLimits, Shortage, WhenFull};
