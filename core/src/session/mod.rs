//! The session: requests across connections, as decisions over ids and values. Never an octet of content.

mod answer;
mod answering;
mod attempt;
#[cfg(test)]
mod audit;
mod begin;
mod causes;
mod config;
mod connections;
mod dialling;
mod draft;
mod ending;
mod error;
mod establish;
mod event;
mod exchange;
mod following;
mod hints;
mod hook;
mod judging;
mod key;
mod kind;
mod mount;
mod outfit;
mod overdue;
mod path;
mod peers;
mod prepare;
mod prepared;
mod queueing;
mod redirected;
mod request;
mod resting;
mod retrying;
mod secrets;
#[expect(
    clippy::module_inception,
    reason = "the room that gives the floor its name"
)]
mod session;
mod shape;
mod snapshot;
mod stats;
mod timers;

pub use answer::{Answer, AnswerFn, Answering, Question};
pub use answering::Answered;
pub use attempt::{Attempt, AttemptOutcome, Attempts, ConnectionInfo, Hop, Next};
#[cfg(test)]
pub(crate) use audit::{Standing, Tenancy};
pub use causes::{ContentError, RequestError, ResolveError, SourceError};
pub use config::{Config, ExpectContinue, MinimumSpeed, Timeouts};
pub use dialling::{Dialling, OverrideError, Overrides};
pub(crate) use draft::Draft;
pub(crate) use ending::Outcome;
pub use error::Error;
pub(crate) use establish::{Connected, Discard, Order, ProxyAnswer};
pub use event::{Event, Verdict};
pub(crate) use exchange::{Parting, TakeUp};
pub use hook::{RetryCase, RetryChoice, RetryHook};
pub(crate) use judging::HeadVerdict;
pub use kind::ErrorKind;
pub use mount::{Mount, Mounts, PrefixError};
pub(crate) use path::Way;
pub use prepared::{Prepared, Route};
pub use request::{Content, Request};
pub(crate) use session::Session;
pub use snapshot::{IdleConnection, OriginSnapshot, PoolSnapshot};
pub use stats::{PoolCounters, PoolEvent, PoolFact};
pub(crate) use timers::Patience;
