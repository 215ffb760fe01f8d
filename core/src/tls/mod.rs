//! TLS by `rustls`: settings as a value, and a layer that takes octets in and gives octets out.

#[cfg(not(feature = "tls"))]
mod absent;

#[cfg(not(feature = "tls"))]
pub use absent::{PlatformTrust, Tls, TlsError, TlsInfo};
#[cfg(not(feature = "tls"))]
pub(crate) use absent::{TlsClient, TlsLayer};
