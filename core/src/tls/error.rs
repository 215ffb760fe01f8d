//! Why there is no TLS with a peer: whose fault, which rule, what now.

use core::fmt;

use super::fault::CertificateFault;
use super::settings_error::TlsSettingsError;

/// What went wrong in TLS. Nothing of it is ever mended by going on without TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsError {
    /// Our settings cannot be used.
    Settings(TlsSettingsError),
    /// The URL's host is neither a name nor an address that a certificate could be for.
    Host,
    /// The peer's certificate is not accepted.
    Certificate(CertificateFault),
    /// The peer wants a certificate of ours, and we have none. (Under TLS 1.3 this comes after the handshake.)
    ClientCertificateRequired(TlsAlert),
    /// The peer does not accept our certificate. (Under TLS 1.3 this comes after the handshake.)
    ClientCertificateRefused(TlsAlert),
    /// The peer has ended it with an alert.
    Alert(TlsAlert),
    /// The transport ended inside the handshake.
    Truncated,
    /// The peer answered in plain HTTP.
    PlainHttp,
    /// The peer answered in something that is not TLS.
    NotTls,
    /// There is no version, cipher suite or the like that both sides would use; in rustls' words.
    NothingInCommon(String),
    /// The peer chose a protocol that we did not offer, or would have none that we offer.
    Protocol,
    /// The peer broke the rules of TLS; in rustls' words.
    Misbehaved(String),
    /// Cryptography failed on our side; in rustls' words.
    Internal(String),
}

impl TlsError {
    /// A stable word for logs and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Settings(error) => error.code(),
            Self::Host => "tls-bad-host",
            Self::Certificate(fault) => fault.code(),
            Self::ClientCertificateRequired(_) => "tls-client-certificate-required",
            Self::ClientCertificateRefused(_) => "tls-client-certificate-refused",
            Self::Alert(_) => "tls-alert",
            Self::Truncated => "tls-truncated",
            Self::PlainHttp => "tls-plain-http",
            Self::NotTls => "tls-not-tls",
            Self::NothingInCommon(_) => "tls-nothing-in-common",
            Self::Protocol => "tls-protocol",
            Self::Misbehaved(_) => "tls-misbehaved",
            Self::Internal(_) => "tls-internal",
        }
    }

    /// Whether it may be better next time.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Truncated)
    }

    /// Whether the peer's certificate is what was not accepted.
    pub fn is_certificate(&self) -> bool {
        matches!(self, Self::Certificate(_))
    }
}

impl From<TlsSettingsError> for TlsError {
    fn from(error: TlsSettingsError) -> Self {
        Self::Settings(error)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => return error.fmt(f),
            Self::Host => f.write_str(
                "the URL's host is neither a name nor an address that a certificate could be for",
            ),
            Self::Certificate(fault) => return fault.fmt(f),
            Self::ClientCertificateRequired(alert) => write!(
                f,
                "the peer requires a client certificate, and the settings have none: it sent {alert}"
            ),
            Self::ClientCertificateRefused(alert) => {
                write!(f, "the peer refuses our client certificate: it sent {alert}")
            }
            Self::Alert(alert) => write!(f, "the peer ended TLS: it sent {alert}"),
            Self::Truncated => f.write_str(
                "the peer, or someone on the way, closed the connection inside the TLS handshake",
            ),
            Self::PlainHttp => f.write_str(
                "the peer answered in plain HTTP: this port does not speak TLS, or the URL should begin with http",
            ),
            Self::NotTls => {
                f.write_str("the peer answered in something that is not TLS: is this the right port?")
            }
            Self::NothingInCommon(words) => write!(
                f,
                "the peer and we have no TLS version or cipher suite in common: {words}"
            ),
            Self::Protocol => {
                f.write_str("the peer would not speak http/1.1, the one protocol that we offer")
            }
            Self::Misbehaved(words) => write!(f, "the peer broke the rules of TLS: {words}"),
            Self::Internal(words) => write!(f, "cryptography failed on our side: {words}"),
        }?;
        write!(f, " ({}; {})", self.code(), self.rule())
    }
}

impl TlsError {
    fn rule(&self) -> &'static str {
        match self {
            Self::Settings(_) | Self::Internal(_) => "the session's settings",
            Self::Host => "RFC 9525 section 6.1",
            Self::Certificate(_) => "RFC 5280 section 6",
            Self::ClientCertificateRequired(_) | Self::ClientCertificateRefused(_) => {
                "RFC 8446 section 4.4.2.4"
            }
            Self::Alert(_) => "RFC 8446 section 6.2",
            Self::Truncated => "RFC 8446 section 6.1",
            Self::PlainHttp | Self::NotTls => "RFC 9110 section 4.2.2",
            Self::NothingInCommon(_) => "RFC 8446 section 4.1.1",
            Self::Protocol => "RFC 7301 section 3.2",
            Self::Misbehaved(_) => "RFC 8446",
        }
    }
}

impl core::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Settings(error) => Some(error),
            Self::Certificate(fault) => Some(fault),
            _ => None,
        }
    }
}

/// A fatal alert (RFC 8446 section 6): one word of the peer's about why it goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TlsAlert(u8);

impl TlsAlert {
    pub(super) fn new(code: u8) -> Self {
        Self(code)
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Its name in RFC 8446, or in the earlier RFC that had it.
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            _ => "unassigned",
        }
    }
}

impl fmt::Display for TlsAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "alert {} ({})", self.0, self.name())
    }
}

impl fmt::Debug for TlsAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
