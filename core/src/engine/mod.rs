//! The session together with its connections: what a driver holds.

mod content;
#[expect(
    clippy::module_inception,
    reason = "the room that gives the floor its name"
)]
mod engine;
mod exchange;
mod in_place;
mod live;
mod making;
#[cfg(test)]
mod model;
mod shared;
mod supply;
mod upgraded;

pub use engine::{Command, Engine};
pub use in_place::Driving;
pub use live::{Live, Readiness};
pub use shared::Step;
pub use upgraded::Upgraded;
