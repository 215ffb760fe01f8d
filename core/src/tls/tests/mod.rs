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

#[test]
fn all_of_it_may_change_threads() {
    fn moves<T: Send>() {}
    fn is_shared<T: Send + Sync>() {}
    moves::<super::TlsLayer>();
    is_shared::<super::TlsClient>();
    is_shared::<super::Tls>();
    is_shared::<super::PlatformTrust>();
    is_shared::<super::TlsError>();
}
