//! What a handshake has agreed on, for whoever wants to look.

use core::fmt;

use rustls::client::ClientConnection;
use rustls::pki_types::CertificateDer;
use rustls::{HandshakeKind, ProtocolVersion};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// What was agreed on with a peer by TLS.
#[derive(Clone)]
pub struct TlsInfo {
    version: Option<TlsVersion>,
    cipher_suite: Option<&'static str>,
    alpn: Option<Vec<u8>>,
    resumed: bool,
    verified: bool,
    certificates: Vec<CertificateDer<'static>>,
}

impl TlsInfo {
    pub(super) fn of(connection: &ClientConnection, verified: bool) -> Self {
        Self {
            version: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => Some(TlsVersion::Tls12),
                Some(ProtocolVersion::TLSv1_3) => Some(TlsVersion::Tls13),
                _ => None,
            },
            cipher_suite: connection
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str()),
            alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            verified,
            certificates: connection.peer_certificates().unwrap_or_default().to_vec(),
        }
    }

    /// The version, once it is known.
    pub fn version(&self) -> Option<TlsVersion> {
        self.version
    }

    /// The cipher suite by IANA's name (rustls writes `TLS13_` where that has `TLS_`), once it is known.
    pub fn cipher_suite(&self) -> Option<&str> {
        self.cipher_suite
    }

    /// The protocol that the peer has chosen by ALPN (RFC 7301): `http/1.1`, or none.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    /// Whether an earlier session was gone on with. Its certificates were verified then, not again.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// Whether certificates were verified. False under
    /// [`danger_accept_invalid_certs`](crate::TlsBuilder::danger_accept_invalid_certs); under a configuration of rustls' own
    /// it was done as its verifier does it, which may be not at all.
    pub fn verified(&self) -> bool {
        self.verified
    }

    /// The peer's certificates (DER), its own first.
    pub fn peer_certificates(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.certificates.iter().map(AsRef::as_ref)
    }
}

impl fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("TlsInfo");
        if !self.verified {
            all.field("VERIFIED", &format_args!("NO, THE PEER MAY BE ANYBODY"));
        }
        all.field("version", &self.version)
            .field("cipher_suite", &self.cipher_suite)
            .field("alpn", &self.alpn.as_deref().map(String::from_utf8_lossy))
            .field("resumed", &self.resumed)
            .field("certificates", &self.certificates.len())
            .finish()
    }
}
