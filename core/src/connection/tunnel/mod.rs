//! Asking a proxy for a tunnel: handshakes that go before the origin's octets, each as a machine over octets.
//!
//! SOCKS5 (RFC 1928, RFC 1929), SOCKS4A and CONNECT (RFC 9110 §9.3.6). Which proxy, how long and how often is for the
//! control plane to say; what flows through a tunnel is not looked at here.

mod connect;
mod dialogue;
mod error;
mod refusal;
mod socks4a;
mod socks5;
mod target;
#[cfg(test)]
mod tests;
#[expect(
    clippy::module_inception,
    reason = "the room that gives the folder its name"
)]
mod tunnel;

pub(crate) use connect::{Connect, connect_head};
pub use error::{TunnelError, TunnelStep};
pub use refusal::{Socks4Refusal, Socks5Refusal, TunnelRefusal};
pub(crate) use socks4a::Socks4a;
pub(crate) use socks5::Socks5;
pub(crate) use target::Target;
pub(crate) use tunnel::{Tunnel, TunnelState};
