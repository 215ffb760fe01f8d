//! From rustls' errors to ours: whose fault it is, and of what kind.

use core::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerMisbehaved};

use super::error::{TlsAlert, TlsError};
use super::fault::CertificateFault;
use super::record::Header;
use super::settings_error::TlsSettingsError;

/// How many of a certificate's names are told, and how much of each: a peer may have thousands.
const NAMES: usize = 8;
const NAME: usize = 255;

/// An error in what a peer sent. `opening` are the octets it began with, if the fault lies in its first record.
#[cold]
pub(super) fn of_peer(error: Error, certified: bool, opening: Option<Header>) -> TlsError {
    use InvalidMessage as Bad;
    let header_is_bad = matches!(
        error,
        Error::InvalidMessage(
            Bad::InvalidContentType
                | Bad::UnknownProtocolVersion
                | Bad::MessageTooLarge
                | Bad::InvalidEmptyPayload
        )
    );
    match opening {
        Some(header) if header == *b"HTTP/" => TlsError::PlainHttp,
        Some(_) if header_is_bad => TlsError::NotTls,
        _ => of(error, certified),
    }
}

/// Any error; `certified` says whether we have a certificate to show.
#[cold]
pub(super) fn of(error: Error, certified: bool) -> TlsError {
    match error {
        Error::InvalidCertificate(error) => TlsError::Certificate(certificate(error)),
        Error::NoCertificatesPresented => TlsError::Certificate(CertificateFault::Missing),
        Error::InvalidCertRevocationList(_) => {
            TlsError::Certificate(CertificateFault::Other(error.to_string()))
        }
        Error::AlertReceived(description) => alert(description, certified),
        Error::PeerIncompatible(what) => TlsError::NothingInCommon(format!("{what:?}")),
        Error::NoApplicationProtocol
        | Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol) => {
            TlsError::Protocol
        }
        Error::UnsupportedNameType => TlsError::Host,
        Error::BadMaxFragmentSize => TlsSettingsError::Refused(error.to_string()).into(),
        Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::InvalidMessage(_)
        | Error::PeerMisbehaved(_)
        | Error::DecryptError
        | Error::PeerSentOversizedRecord
        | Error::InvalidEncryptedClientHello(_) => TlsError::Misbehaved(error.to_string()),
        _ => TlsError::Internal(error.to_string()),
    }
}

/// A complaint about certificates can only be about ours. Of TLS 1.2's peers some say `bad_certificate` for none.
fn alert(description: AlertDescription, certified: bool) -> TlsError {
    use AlertDescription as Alert;
    let alert = TlsAlert::new(description.into());
    match description {
        Alert::CloseNotify => TlsError::Truncated,
        Alert::CertificateRequired => TlsError::ClientCertificateRequired(alert),
        Alert::BadCertificate if !certified => TlsError::ClientCertificateRequired(alert),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied
            if certified =>
        {
            TlsError::ClientCertificateRefused(alert)
        }
        Alert::ProtocolVersion | Alert::InsufficientSecurity => {
            TlsError::NothingInCommon(format!("it sent {alert}"))
        }
        Alert::NoApplicationProtocol => TlsError::Protocol,
        _ => TlsError::Alert(alert),
    }
}

#[expect(deprecated, reason = "a verifier of another's may still say it")]
fn certificate(error: CertificateError) -> CertificateFault {
    use CertificateError as Bad;
    match error {
        Bad::Expired => CertificateFault::Expired { since: None },
        Bad::ExpiredContext { time, not_after } => CertificateFault::Expired {
            since: Some(between(not_after, time)),
        },
        Bad::NotValidYet => CertificateFault::NotValidYet { wait: None },
        Bad::NotValidYetContext { time, not_before } => CertificateFault::NotValidYet {
            wait: Some(between(time, not_before)),
        },
        Bad::NotValidForName => for_others(None, &[]),
        Bad::NotValidForNameContext {
            expected,
            presented,
        } => for_others(Some(&expected), &presented),
        Bad::UnknownIssuer => CertificateFault::UnknownIssuer,
        Bad::Revoked => CertificateFault::Revoked,
        Bad::BadEncoding => CertificateFault::Encoding,
        Bad::BadSignature
        | Bad::UnsupportedSignatureAlgorithm
        | Bad::UnsupportedSignatureAlgorithmContext { .. }
        | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            CertificateFault::Signature
        }
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => CertificateFault::Purpose,
        Bad::Other(error) => CertificateFault::Other(error.to_string()),
        other => CertificateFault::Other(other.to_string()),
    }
}

fn between(earlier: UnixTime, later: UnixTime) -> Duration {
    Duration::from_secs(later.as_secs().saturating_sub(earlier.as_secs()))
}

fn for_others(expected: Option<&ServerName<'_>>, presented: &[String]) -> CertificateFault {
    CertificateFault::Name {
        wanted: expected.map_or_else(String::new, |name| name.to_str().into_owned()),
        presented: presented
            .iter()
            .take(NAMES)
            .map(|name| plain(name))
            .collect(),
    }
}

/// The verifier writes `DnsName("example.org")` and `IpAddress(192.0.2.1)`. What stands inside is the peer's to choose.
fn plain(presented: &str) -> String {
    let inside = presented
        .split_once('(')
        .map_or(presented, |(_, rest)| rest);
    let inside = inside.strip_suffix(')').unwrap_or(inside).trim_matches('"');
    let printable = inside.chars().filter(|c| c.is_ascii_graphic());
    printable.take(NAME).collect()
}
