//! A session for threads: each call drives its own request and waits for it.
//!
//! There is no background thread but the few that resolve names. The session is locked for control only, never while
//! octets move and never while a thread waits. Time limits of connections that nobody waits for (idle ones) are looked
//! at whenever any thread uses the session.

mod octets;
mod park;
mod response;
mod session;
mod shared;

pub use response::Response;
pub use session::Session;
