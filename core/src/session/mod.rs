//! The session: requests across connections, as decisions over ids and values. Never an octet of content.

#[cfg(test)]
mod audit;
mod begin;
mod causes;
mod config;
mod connections;
mod ending;
mod error;
mod establish;
mod event;
mod exchange;
mod key;
mod overdue;
mod prepare;
mod request;
#[expect(
    clippy::module_inception,
    reason = "the room that gives the floor its name"
)]
mod session;
mod shape;
mod snapshot;
mod timers;

#[cfg(test)]
pub(crate) use audit::{Standing, Tenancy};
pub use causes::{ContentError, RequestError, ResolveError};
pub use config::{Config, ExpectContinue, Timeouts};
pub(crate) use ending::Outcome;
pub(crate) use error::redacted;
pub use error::{Error, ErrorKind};
pub(crate) use establish::Order;
pub use event::{Event, Verdict};
pub(crate) use exchange::TakeUp;
pub use prepare::{Prepared, Route};
pub(crate) use request::Draft;
pub use request::{Content, Request};
pub(crate) use session::Session;
pub use snapshot::{IdleConnection, OriginSnapshot, PoolSnapshot};
pub(crate) use timers::Patience;
