//! A session for threads: each call drives its own request and waits for it.
//!
//! There is no background thread but the few that resolve names. The session is locked for control only, never while
//! octets move and never while a thread waits. Connections that nobody waits for are looked at whenever any thread uses
//! the session: the time limits of idle ones, and the rest of responses that were let go of.

mod drain;
mod octets;
mod park;
mod reader;
mod response;
mod sending;
mod session;
mod shared;
mod upgraded;

pub use reader::Reader;
pub use response::Response;
pub use session::Session;
pub use upgraded::{Socket, Upgraded};
