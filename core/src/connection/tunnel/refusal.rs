//! What a proxy says when it refuses a tunnel: a SOCKS code, or a whole response to CONNECT.

use core::fmt;
use std::sync::Arc;

use http::StatusCode;

use crate::message::{HeadRef, ResponseHead};

/// Why a SOCKS5 proxy does not connect (RFC 1928 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Socks5Refusal {
    /// 1: something is wrong with the proxy itself, or it does not tell. Its log may.
    GeneralFailure,
    /// 2: its rules forbid this client this target.
    NotAllowed,
    /// 3: it has no route to the target's network.
    NetworkUnreachable,
    /// 4: nobody answers at the target, or the name does not resolve there.
    HostUnreachable,
    /// 5: the target refuses the connection.
    ConnectionRefused,
    /// 6: the way to the target was too long, or took too long.
    TtlExpired,
    /// 7: it does not know CONNECT.
    CommandNotSupported,
    /// 8: it does not take this kind of address: a name where it wants addresses, or IPv6.
    AddressTypeNotSupported,
    /// A code that RFC 1928 has not assigned.
    Unassigned(u8),
}

impl Socks5Refusal {
    pub(super) fn of(code: u8) -> Self {
        match code {
            1 => Self::GeneralFailure,
            2 => Self::NotAllowed,
            3 => Self::NetworkUnreachable,
            4 => Self::HostUnreachable,
            5 => Self::ConnectionRefused,
            6 => Self::TtlExpired,
            7 => Self::CommandNotSupported,
            8 => Self::AddressTypeNotSupported,
            code => Self::Unassigned(code),
        }
    }

    /// Whether it may be better next time.
    pub(super) fn may_pass(self) -> bool {
        use Socks5Refusal::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
        matches!(
            self,
            Self::GeneralFailure
                | NetworkUnreachable
                | HostUnreachable
                | ConnectionRefused
                | Self::TtlExpired
        )
    }

    /// A stable word for logs and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::GeneralFailure => "socks5-general-failure",
            Self::NotAllowed => "socks5-not-allowed",
            Self::NetworkUnreachable => "socks5-network-unreachable",
            Self::HostUnreachable => "socks5-host-unreachable",
            Self::ConnectionRefused => "socks5-connection-refused",
            Self::TtlExpired => "socks5-ttl-expired",
            Self::CommandNotSupported => "socks5-command-not-supported",
            Self::AddressTypeNotSupported => "socks5-address-type-not-supported",
            Self::Unassigned(_) => "socks5-unassigned-reply",
        }
    }
}

impl fmt::Display for Socks5Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GeneralFailure => "the proxy failed and does not say why",
            Self::NotAllowed => "the proxy's rules do not allow this connection",
            Self::NetworkUnreachable => "the proxy cannot reach the target's network",
            Self::HostUnreachable => "the proxy cannot reach the target",
            Self::ConnectionRefused => "the target refused the proxy's connection",
            Self::TtlExpired => "the proxy's connection to the target expired on its way",
            Self::CommandNotSupported => "the proxy does not make connections",
            Self::AddressTypeNotSupported => "the proxy does not take this kind of address",
            Self::Unassigned(code) => {
                return write!(
                    f,
                    "the proxy refused with code {code}, which nobody has assigned"
                );
            }
        })
    }
}

/// Why a SOCKS4 proxy does not connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Socks4Refusal {
    /// 91: refused or failed; it does not tell which.
    Rejected,
    /// 92: it wants to ask an identd on our side, and reaches none.
    IdentdUnreachable,
    /// 93: identd on our side names another user than the handshake did.
    UserMismatch,
    /// A code that the protocol does not know.
    Unassigned(u8),
}

impl Socks4Refusal {
    pub(super) fn of(code: u8) -> Self {
        match code {
            91 => Self::Rejected,
            92 => Self::IdentdUnreachable,
            93 => Self::UserMismatch,
            code => Self::Unassigned(code),
        }
    }

    /// A stable word for logs and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Rejected => "socks4-rejected",
            Self::IdentdUnreachable => "socks4-identd-unreachable",
            Self::UserMismatch => "socks4-user-mismatch",
            Self::Unassigned(_) => "socks4-unassigned-reply",
        }
    }
}

impl fmt::Display for Socks4Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejected => "the proxy refused the connection, or could not make it",
            Self::IdentdUnreachable => "the proxy asks for an identd on this side and reaches none",
            Self::UserMismatch => "identd on this side names another user than was given",
            Self::Unassigned(code) => {
                return write!(
                    f,
                    "the proxy refused with code {code}, which nobody has assigned"
                );
            }
        })
    }
}

/// The response with which a proxy refused a CONNECT. It is the proxy's, never the origin's. A clone is cheap.
#[derive(Clone)]
pub struct TunnelRefusal(Arc<Response>);

struct Response {
    head: ResponseHead,
    content: Vec<u8>,
}

impl TunnelRefusal {
    pub(super) fn new(head: ResponseHead, content: Vec<u8>) -> Self {
        Self(Arc::new(Response { head, content }))
    }

    /// The status code; never a 2xx.
    pub fn status(&self) -> StatusCode {
        self.head().status()
    }

    /// The head: status line and fields.
    pub fn head(&self) -> HeadRef<'_> {
        self.0.head.as_ref()
    }

    /// The beginning of the content, 16 KiB at the most and as far as it came, before any content coding is undone.
    /// Empty for a challenge.
    pub fn content(&self) -> &[u8] {
        &self.0.content
    }
}

impl PartialEq for TunnelRefusal {
    fn eq(&self, other: &Self) -> bool {
        let same = |one: &Self, other: &Self| {
            let (fields, others) = (one.head().fields(), other.head().fields());
            let fields = fields.iter().map(|field| (field.name, field.value));
            fields.eq(others.iter().map(|field| (field.name, field.value)))
        };
        Arc::ptr_eq(&self.0, &other.0)
            || (self.status(), self.content()) == (other.status(), other.content())
                && same(self, other)
    }
}

impl Eq for TunnelRefusal {}

impl fmt::Debug for TunnelRefusal {
    /// The head's names and the number of octets; the rest may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} and {} octets", self.head(), self.content().len())
    }
}
