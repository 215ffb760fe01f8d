//! Why there is no tunnel: whose fault it is, which rule says so, what to do now.

use core::fmt;

use super::refusal::{Socks4Refusal, Socks5Refusal, TunnelRefusal};
use crate::connection::PeerViolation;

/// Why a proxy was not asked for a tunnel, or gave none. No credential ever stands in it.
///
/// ```
/// use sessile_core::{Socks5Refusal, TunnelError};
/// let error = TunnelError::Socks5(Socks5Refusal::HostUnreachable);
/// assert_eq!(error.code(), "socks5-host-unreachable");
/// assert_eq!(
///     error.to_string(),
///     "the proxy cannot reach the target (socks5-host-unreachable; RFC 1928 section 6)"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TunnelError {
    /// Ours: the target's name is longer than 255 octets, which SOCKS cannot carry.
    NameTooLong,
    /// Ours: the user is empty or longer than 255 octets, or the password is longer. SOCKS5 cannot carry them.
    CredentialsLength,
    /// Ours: the user id for SOCKS4 holds a NUL, or is longer than 255 octets.
    UserId,
    /// Ours: the target's address is IPv6, or one of 0.0.0.1 to 0.0.0.255. SOCKS4A cannot ask for those; SOCKS5 can.
    NotInSocks4,
    /// The proxy spoke before it was asked.
    Unsolicited,
    /// The proxy speaks something else: its answer does not begin with the version that the step has.
    Version {
        /// Which answer.
        step: TunnelStep,
        /// With what it begins instead.
        octet: u8,
    },
    /// The proxy wants credentials, and none are set.
    CredentialsNeeded,
    /// The proxy takes neither a user with a password nor nobody.
    NoAcceptableMethod,
    /// The proxy chose a method of authentication that was not on offer.
    MethodNotOffered(u8),
    /// The proxy does not take this user with this password.
    AuthenticationRefused,
    /// The proxy's reply has an address of a kind that RFC 1928 does not know: nobody can tell where the tunnel begins.
    AddressType(u8),
    /// A SOCKS5 proxy does not connect.
    Socks5(Socks5Refusal),
    /// A SOCKS4 proxy does not connect.
    Socks4(Socks4Refusal),
    /// The proxy answered CONNECT with something else than a 2xx.
    Refused(TunnelRefusal),
    /// The proxy's answer to CONNECT breaks a rule of HTTP, or passes a limit.
    Response(PeerViolation),
    /// The proxy's stream ended inside the handshake.
    Truncated(TunnelStep),
}

/// The proxy's part of a step of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TunnelStep {
    /// The choice of a method of authentication.
    Socks5Method,
    /// The verdict on user and password.
    Socks5Authentication,
    /// The reply to the request.
    Socks5Reply,
    /// The reply to the request.
    Socks4Reply,
    /// The response to CONNECT.
    ConnectResponse,
}

impl TunnelStep {
    /// The section that says what the proxy should have sent.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Socks5Method => "RFC 1928 section 3",
            Self::Socks5Authentication => "RFC 1929 section 2",
            Self::Socks5Reply => "RFC 1928 section 6",
            Self::Socks4Reply => "the SOCKS4 protocol",
            Self::ConnectResponse => "RFC 9112 section 8",
        }
    }

    /// The step in words.
    fn as_str(self) -> &'static str {
        match self {
            Self::Socks5Method => "the choice of a SOCKS5 method",
            Self::Socks5Authentication => "the verdict on the SOCKS5 credentials",
            Self::Socks5Reply => "the SOCKS5 reply",
            Self::Socks4Reply => "the SOCKS4 reply",
            Self::ConnectResponse => "the response to CONNECT",
        }
    }
}

impl TunnelError {
    /// The section that was broken, or that says what the answer means.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NameTooLong => "RFC 1928 section 5",
            Self::CredentialsLength | Self::AuthenticationRefused => "RFC 1929 section 2",
            Self::UserId | Self::Socks4(_) => "the SOCKS4 protocol",
            Self::NotInSocks4 => "the SOCKS4A protocol",
            Self::Unsolicited => "who is asked answers afterwards",
            Self::CredentialsNeeded | Self::NoAcceptableMethod | Self::MethodNotOffered(_) => {
                "RFC 1928 section 3"
            }
            Self::AddressType(_) => "RFC 1928 section 5",
            Self::Socks5(_) => "RFC 1928 section 6",
            Self::Refused(_) => "RFC 9110 section 9.3.6",
            Self::Response(violation) => violation.rule(),
            Self::Version { step, .. } | Self::Truncated(step) => step.rule(),
        }
    }

    /// A stable word for logs and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameTooLong => "socks-name-too-long",
            Self::CredentialsLength => "socks5-credentials-length",
            Self::UserId => "socks4-bad-user-id",
            Self::NotInSocks4 => "socks4-no-such-address",
            Self::Unsolicited => "tunnel-unsolicited",
            Self::Version { .. } => "socks-bad-version",
            Self::CredentialsNeeded => "socks5-credentials-needed",
            Self::NoAcceptableMethod => "socks5-no-acceptable-method",
            Self::MethodNotOffered(_) => "socks5-method-not-offered",
            Self::AuthenticationRefused => "socks5-authentication-refused",
            Self::AddressType(_) => "socks5-bad-address-type",
            Self::Socks5(refusal) => refusal.code(),
            Self::Socks4(refusal) => refusal.code(),
            Self::Refused(_) => "connect-refused",
            Self::Response(violation) => violation.code(),
            Self::Truncated(_) => "tunnel-truncated",
        }
    }

    /// Whether it may be better next time: the proxy could not reach the target, or went away.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Truncated(_) => true,
            Self::Socks5(refusal) => refusal.may_pass(),
            Self::Socks4(refusal) => *refusal == Socks4Refusal::Rejected,
            Self::Refused(refusal) => refusal.status().is_server_error(),
            _ => false,
        }
    }

    /// The response with which the proxy refused a CONNECT.
    pub fn refusal(&self) -> Option<&TunnelRefusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NameTooLong => "the host's name is too long for SOCKS: 255 octets at the most",
            Self::CredentialsLength => {
                "a SOCKS5 user has 1 to 255 octets, a password 255 at the most"
            }
            Self::UserId => "a SOCKS4 user id has 255 octets at the most, and no NUL",
            Self::NotInSocks4 => "SOCKS4A cannot ask for this address, use socks5",
            Self::Unsolicited => "the proxy spoke before it was asked",
            Self::CredentialsNeeded => "the proxy wants credentials, and none are set",
            Self::NoAcceptableMethod => "the proxy does not authenticate by user and password",
            Self::AuthenticationRefused => "the proxy does not accept the credentials",
            Self::MethodNotOffered(method) => {
                return write!(f, "the proxy chose method {method}, which was not on offer");
            }
            Self::AddressType(kind) => {
                return write!(f, "the proxy's reply has an address of unknown kind {kind}");
            }
            Self::Version { step, octet } => return write_version(f, *step, *octet),
            Self::Socks5(refusal) => return fmt::Display::fmt(refusal, f),
            Self::Socks4(refusal) => return fmt::Display::fmt(refusal, f),
            Self::Refused(refusal) => {
                let status = refusal.status().as_u16();
                return write!(f, "the proxy refused the tunnel with status {status}");
            }
            Self::Response(violation) => return fmt::Display::fmt(violation, f),
            Self::Truncated(step) => {
                return write!(
                    f,
                    "the proxy closed the connection inside {}",
                    step.as_str()
                );
            }
        };
        f.write_str(text)
    }
}

fn write_version(f: &mut fmt::Formatter<'_>, step: TunnelStep, octet: u8) -> fmt::Result {
    let step = step.as_str();
    write!(f, "{step} cannot begin with octet {octet:#04x}")?;
    match likeness(octet) {
        Some(other) => write!(f, ": it answers like {other}"),
        None => Ok(()),
    }
}

/// Who begins so: mostly a proxy that is configured under the wrong scheme.
fn likeness(octet: u8) -> Option<&'static str> {
    match octet {
        b'H' => Some("an HTTP server"),
        0 => Some("a SOCKS4 proxy"),
        5 => Some("a SOCKS5 proxy"),
        // An alert or a handshake record (RFC 8446 §5.1).
        0x15 | 0x16 => Some("a TLS server"),
        _ => None,
    }
}

impl fmt::Display for TunnelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_text(f)?;
        match self {
            // It has said both itself.
            Self::Response(_) => Ok(()),
            _ => write!(f, " ({}; {})", self.code(), self.rule()),
        }
    }
}

impl core::error::Error for TunnelError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Response(violation) => Some(violation),
            _ => None,
        }
    }
}
