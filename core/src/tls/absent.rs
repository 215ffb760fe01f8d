//! What stands in place of TLS in a build without it, so that nobody else has to ask how this was built. Nobody is there to
//! speak it: a [`TlsClient`] is never made, and nothing that follows from one ever happens.

use core::fmt;

use crate::base::Now;

/// The settings of TLS. This build speaks none (feature `rustls`): requests for `https` are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tls(());

/// How a runtime gives the platform's roots. This build speaks no TLS.
#[derive(Clone, Debug)]
pub struct PlatformTrust(());

/// Why TLS failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsError {
    /// This build speaks none (feature `rustls`).
    Absent,
}

/// What is known of a connection's TLS. This build speaks none.
#[derive(Clone, Debug)]
pub struct TlsInfo(());

impl TlsError {
    /// A stable word for logs, tests and tables.
    pub fn code(&self) -> &'static str {
        "no-tls"
    }

    /// Whether it is the peer's certificate that was refused.
    pub fn is_certificate(&self) -> bool {
        false
    }

    pub(crate) fn may_pass(&self) -> bool {
        false
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this build cannot speak TLS")
    }
}

impl core::error::Error for TlsError {}

#[derive(Clone, Debug)]
pub(crate) struct TlsClient(());

pub(crate) struct TlsLayer(());

impl Tls {
    /// Nobody is trusted who ought not to be.
    pub(crate) fn is_unverified(&self) -> bool {
        false
    }

    /// There is nobody to speak TLS.
    pub(crate) fn client(&self, _: Option<&PlatformTrust>) -> Result<TlsClient, TlsError> {
        Err(TlsError::Absent)
    }
}

impl TlsLayer {
    pub(crate) fn new(_: &TlsClient, _: &str, _: Now) -> Result<Self, TlsError> {
        Err(TlsError::Absent)
    }

    pub(crate) fn feed(&mut self, _: Now, _: &[u8]) -> Result<usize, TlsError> {
        Err(TlsError::Absent)
    }

    pub(crate) fn has_plain(&self) -> bool {
        false
    }

    pub(crate) fn read_plain(&mut self, _: &mut [u8]) -> usize {
        0
    }

    pub(crate) fn has_ended(&self) -> bool {
        true
    }

    pub(crate) fn encrypt(&mut self, _: &[&[u8]]) -> usize {
        0
    }

    pub(crate) fn take_wire(&mut self, _: &mut Vec<u8>) {}

    pub(crate) fn is_handshaking(&self) -> bool {
        false
    }

    pub(crate) fn close(&mut self) {}

    pub(crate) fn cut(&self) -> TlsError {
        TlsError::Absent
    }

    pub(crate) fn info(&self) -> TlsInfo {
        TlsInfo(())
    }
}
