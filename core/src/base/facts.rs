//! Facts that every floor may state: why a connection ended, how far a request came, at which stage.

use core::fmt;

/// Why a connection carries no further request. Every connection that ends has exactly one.
///
/// When several are true, the first in this order is the one that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The peer sent octets before we had sent any: they can answer nothing.
    Unsolicited,
    /// The peer broke a rule of the protocol or passed one of our limits.
    ProtocolError,
    /// The connection became a tunnel or went over to another protocol: it is the application's now.
    Switched,
    /// The stream ended inside a message.
    Truncated,
    /// The response was complete before the request was: its rest can no longer be sent.
    RequestIncomplete,
    /// Our request said `Connection: close`.
    LocalClose,
    /// The response said `Connection: close`.
    PeerClose,
    /// An HTTP/1.0 peer that did not say `keep-alive`.
    OldVersion,
    /// Transfer-Encoding beside Content-Length, or from an HTTP/1.0 peer: framing that two readers may read apart.
    FramingConflict,
    /// The content ended with the connection.
    CloseDelimited,
    /// The application let go of the response, and its rest was too long or too late.
    UnreadContent,
    /// Octets followed the response that belong to no request.
    Surplus,
    /// The peer ended the stream, or it failed, while no message was under way.
    PeerEof,
    /// The peer's `Keep-Alive` field allows no further request.
    KeepAliveHint,
    /// The transport failed: reset, broken pipe, unreachable.
    TransportFailed,
    /// The request was cancelled, or one of its time limits passed, while it used the connection.
    Abandoned,
    /// The connection was idle for as long as the pool or its peer allows.
    IdleTimeout,
    /// The connection has served for as long as the pool lets one.
    Lifetime,
    /// Another connection needed the place, or there were more idle ones than the pool keeps.
    Evicted,
    /// The session was closed, or told to close what nobody uses.
    SessionClosed,
}

impl CloseReason {
    /// All of them, in their order.
    pub const ALL: [Self; 20] = [
        Self::Unsolicited,
        Self::ProtocolError,
        Self::Switched,
        Self::Truncated,
        Self::RequestIncomplete,
        Self::LocalClose,
        Self::PeerClose,
        Self::OldVersion,
        Self::FramingConflict,
        Self::CloseDelimited,
        Self::UnreadContent,
        Self::Surplus,
        Self::PeerEof,
        Self::KeepAliveHint,
        Self::TransportFailed,
        Self::Abandoned,
        Self::IdleTimeout,
        Self::Lifetime,
        Self::Evicted,
        Self::SessionClosed,
    ];

    /// A stable word for logs, tests and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsolicited => "unsolicited",
            Self::ProtocolError => "protocol-error",
            Self::Switched => "switched",
            Self::Truncated => "truncated",
            Self::RequestIncomplete => "request-incomplete",
            Self::LocalClose => "local-close",
            Self::PeerClose => "peer-close",
            Self::OldVersion => "old-version",
            Self::FramingConflict => "framing-conflict",
            Self::CloseDelimited => "close-delimited",
            Self::UnreadContent => "unread-content",
            Self::Surplus => "surplus",
            Self::PeerEof => "peer-eof",
            Self::KeepAliveHint => "keep-alive-hint",
            Self::TransportFailed => "transport-failed",
            Self::Abandoned => "abandoned",
            Self::IdleTimeout => "idle-timeout",
            Self::Lifetime => "lifetime",
            Self::Evicted => "evicted",
            Self::SessionClosed => "session-closed",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a request came on its connection. Whether it may be sent again is decided from this and the method alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Progress {
    /// Not one octet was handed to the transport: the peer cannot have seen it.
    NotSent,
    /// A part was handed over; the peer may have seen it.
    PartlySent,
    /// All of it was handed over.
    Sent,
    /// The head of the final response arrived.
    HeadSeen,
}

/// What a request was doing: errors and time limits name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Building the request, before anything was done with it.
    Prepare,
    /// Waiting for a connection because the pool's limits are reached.
    PoolWait,
    /// Turning the host's name into addresses.
    Resolve,
    /// Opening a transport connection.
    Connect,
    /// Agreeing on TLS with a proxy.
    ProxyTls,
    /// Asking a proxy for a tunnel.
    Tunnel,
    /// Agreeing on TLS with the origin.
    Tls,
    /// Sending the request.
    Send,
    /// Waiting for the peer's word (100) before the content is sent.
    Continue,
    /// Waiting for the head of the final response, or reading it.
    Head,
    /// Reading the content and its trailer section.
    Content,
    /// Content that came or went too slowly.
    Speed,
    /// One exchange on its connection, whatever it was doing.
    Exchange,
    /// The whole request, whatever it was doing.
    Deadline,
}

impl Stage {
    /// A stable word for logs and tests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::PoolWait => "pool-wait",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tunnel => "tunnel",
            Self::ProxyTls => "proxy-tls",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::Continue => "continue",
            Self::Head => "head",
            Self::Content => "content",
            Self::Speed => "speed",
            Self::Exchange => "exchange",
            Self::Deadline => "deadline",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "nothing was sent",
            Self::PartlySent => "a part of the request was sent",
            Self::Sent => "the request was sent",
            Self::HeadSeen => "the response had begun",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_listed_at_their_places() {
        for (place, reason) in CloseReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "{reason}");
        }
    }
}
