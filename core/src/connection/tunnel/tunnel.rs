//! The handshake for a tunnel, whichever protocol it speaks.
//!
//! Write what [`Tunnel::outgoing`] shows and report it with [`Tunnel::sent`]; hand what comes to [`Tunnel::receive`], and
//! look at [`Tunnel::state`]. What `receive` did not take, once the tunnel is there, is the first of what flows through it.

use super::connect::Connect;
use super::error::TunnelError;
use super::socks4a::Socks4a;
use super::socks5::Socks5;
use crate::connection::Misuse;
use crate::message::ResponseHead;

/// A handshake with a proxy.
#[derive(Debug)]
pub(crate) enum Tunnel {
    Socks5(Socks5),
    Socks4a(Socks4a),
    Connect(Connect),
}

/// How far a handshake has come. That it has failed is said by the calls that find it out, and by every further one.
#[derive(Debug)]
pub(crate) enum TunnelState<'a> {
    /// There is something to write, or the proxy's answer is awaited; or it has failed.
    Underway,
    /// The proxy asks for credentials (407).
    Challenged {
        head: &'a ResponseHead,
        /// Whether the same connection can carry the [answer](Tunnel::answer); otherwise it takes another.
        reusable: bool,
    },
    /// The proxy has connected. No buffer is left.
    Established,
}

impl Tunnel {
    /// What is to be written now.
    pub(crate) fn outgoing(&self) -> &[u8] {
        match self {
            Self::Socks5(socks) => socks.outgoing(),
            Self::Socks4a(socks) => socks.outgoing(),
            Self::Connect(connect) => connect.outgoing(),
        }
    }

    /// Reports how many of those octets the transport took.
    pub(crate) fn sent(&mut self, octets: usize) {
        match self {
            Self::Socks5(socks) => socks.sent(octets),
            Self::Socks4a(socks) => socks.sent(octets),
            Self::Connect(connect) => connect.sent(octets),
        }
    }

    /// Takes octets from the proxy, cut in any way; tells how many. All of them, unless the tunnel is established: what
    /// follows the handshake is not taken.
    ///
    /// # Errors
    /// If there will be no tunnel. The same error comes again at every further call.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> Result<usize, TunnelError> {
        match self {
            Self::Socks5(socks) => socks.receive(octets),
            Self::Socks4a(socks) => socks.receive(octets),
            Self::Connect(connect) => connect.receive(octets),
        }
    }

    /// The proxy's stream has ended, or nobody wants to wait any longer: what is known is the verdict. A refusal of
    /// CONNECT is told with as much of its content as has come, a challenge stands.
    ///
    /// # Errors
    /// If there will be no tunnel: mostly because its handshake is cut off.
    pub(crate) fn receive_eof(&mut self) -> Result<(), TunnelError> {
        match self {
            Self::Socks5(socks) => socks.receive_eof(),
            Self::Socks4a(socks) => socks.receive_eof(),
            Self::Connect(connect) => connect.receive_eof(),
        }
    }

    /// How far the handshake has come.
    pub(crate) fn state(&self) -> TunnelState<'_> {
        let (established, challenge) = match self {
            Self::Socks5(socks) => (socks.is_established(), None),
            Self::Socks4a(socks) => (socks.is_established(), None),
            Self::Connect(connect) => (connect.is_established(), connect.challenge()),
        };
        match challenge {
            Some((head, reusable)) => TunnelState::Challenged { head, reusable },
            None if established => TunnelState::Established,
            None => TunnelState::Underway,
        }
    }

    /// Answers a challenge on the same connection: `head` is a whole CONNECT with credentials.
    ///
    /// # Errors
    /// If there is no challenge, or the connection cannot be used again.
    pub(crate) fn answer(&mut self, head: &[u8]) -> Result<(), Misuse> {
        match self {
            Self::Connect(connect) => connect.answer(head),
            Self::Socks5(_) | Self::Socks4a(_) => Err(Misuse::NotIdle),
        }
    }

    /// Nobody has an answer to the challenge: its head becomes a refusal. `None` if there is no challenge.
    pub(crate) fn decline(&mut self) -> Option<TunnelError> {
        match self {
            Self::Connect(connect) => connect.decline(),
            Self::Socks5(_) | Self::Socks4a(_) => None,
        }
    }
}
