//! The session together with its connections: what a driver holds.

mod content;
#[expect(
    clippy::module_inception,
    reason = "the room that gives the floor its name"
)]
mod engine;
mod live;
mod shared;

pub use engine::{Command, Driving, Engine};
pub use live::{ConnectionInfo, Live, Readiness};
pub use shared::Step;
