//! The bytes of one connection: HTTP/1.1 as a machine. No ids, no policy, no clock.

mod failure;
mod machine;
mod persistence;
mod receive;
mod scratch;
mod send;
mod state;

pub use failure::{Failure, PeerViolation};
pub use machine::{Connection, Interest};
pub use receive::Received;
pub use scratch::Scratch;
pub use send::{ContentPlan, Misuse, Outgoing};
