//! TLS (RFC 8446, and RFC 5246 for peers that know no better) for https, behind the features `rustls` and `aws-lc-rs`.
//!
//! Settings are a value with an identity ([`Tls`]); a [`TlsClient`] is made of them for one pool key, and a [`TlsLayer`]
//! for one connection: octets of the wire in, octets of plaintext out, and back. Whom to trust is decided here, by rustls'
//! verifiers; what the plaintext says is not. Time comes in with every call. Chance does not: keys and nonces are drawn by
//! the cryptography that was built in, from the system, and no seed of ours has a say in them.

mod client;
mod error;
mod fault;
mod identity;
mod info;
mod input;
mod layer;
mod record;
mod settings;
mod settings_error;
mod trust;
mod verdict;

#[cfg(all(test, any(feature = "rustls", feature = "aws-lc-rs")))]
mod tests;

pub(crate) use client::TlsClient;
pub use error::{TlsAlert, TlsError};
pub use fault::CertificateFault;
pub use info::{TlsInfo, TlsVersion};
pub(crate) use layer::TlsLayer;
pub use settings::{Tls, TlsBuilder};
pub use settings_error::{TlsInput, TlsSettingsError};
pub use trust::PlatformTrust;
