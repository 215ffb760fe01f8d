//! Invariants of a [`Connection`](sessile_core::Connection), a session, credentials, proxies and a cookie jar, as plain functions over octets.
//!
//! libFuzzer calls them through `fuzz_targets/`, `tests/corpus.rs` calls them on stable with the seeds and with
//! mutations of them. Each returns if the invariant holds and panics if it does not. What they judge by is their own:
//! nothing here reads HTTP with a line of the core.

mod authorization;
mod challenge;
mod chunked;
mod cookies;
mod delivery;
mod differences;
mod differential;
mod draft;
mod encode;
mod exchange;
mod grammar;
mod leaves;
mod lines;
mod making;
mod model;
mod oracles;
mod owed;
mod proxies;
mod pushed;
mod reference_jar;
mod replay;
mod request;
mod response;
mod scenario;
mod sending;
mod sent;
mod steps;
mod trace;
mod transport;
mod tree;
mod upload;

pub use challenge::challenge;
pub use cookies::cookies;
pub use differences::differences;
pub use differential::differential;
pub use encode::encode;
pub use making::making;
pub use proxies::proxies;
pub use pushed::upload;
pub use replay::replay;
pub use request::request;
pub use response::response;
pub use sending::sending;
