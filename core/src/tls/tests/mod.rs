//! TLS against a server of rustls' own, in memory, with certificates made when the tests run.

mod authority;
mod certificates;
mod client;
mod handshake;
mod peer;
mod settings;
mod verdicts;
mod wire;

use core::time::Duration;

use crate::base::{Now, Tick};

/// The middle of 2025, in which our certificates are valid.
const MIDDLE: u64 = 1_751_328_000;

fn at(seconds: u64) -> Now {
    Now::new(Tick::from_nanos(0), Duration::from_secs(seconds))
}

fn now() -> Now {
    at(MIDDLE)
}
