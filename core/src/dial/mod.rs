//! Dialling as decisions: which address of a name is tried when, who has won, and which names need not be asked for again.
//!
//! The rules are those of Happy Eyeballs (RFC 8305), simplified: one lookup per family, both begun together; no sorting
//! (the resolver's order is kept); fixed delays. Nothing here opens a socket or asks a resolver: others do as they are told.

mod addresses;
mod attempts;
mod cache;
mod error;
mod failure;
mod lookups;
mod plan;
mod race;
#[cfg(test)]
mod race_tests;
mod settings;

pub use addresses::Family;
pub use attempts::RaceAttempt;
pub use cache::NameCache;
pub use error::DialError;
pub use failure::RaceFailure;
pub use lookups::Lookup;
pub use plan::{DialPlan, Endpoint, Keepalive, LocalEnd};
pub use race::{Race, RaceAction};
pub use settings::{Families, RaceSettings};
