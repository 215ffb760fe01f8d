//! What every floor may mention: ids, time, limits, buffers and facts. No protocol here.

mod buffer;
mod chance;
mod facts;
mod id;
mod limits;
mod now;
mod pulse;
mod rules;
mod seeded;
mod slab;
pub(crate) mod work;

pub(crate) use buffer::Buffer;
pub(crate) use chance::Chance;
pub use facts::{CloseReason, Progress, Stage};
pub(crate) use id::Key;
pub use id::{ConnectionId, EstablishId, RequestId};
pub(crate) use limits::{Bound, LONGEST_SECTION};
pub use limits::{Limit, Limits};
pub use now::{Now, Tick};
pub(crate) use pulse::Phase;
pub use pulse::Pulse;
pub use rules::{Leniency, Rules};
pub(crate) use seeded::Seeded;
pub(crate) use slab::Slab;
