//! The bytes of one connection: HTTP/1.1 as a machine. No ids, no policy, no clock.

mod drain;
mod failure;
mod layered;
#[cfg(test)]
mod linear_tests;
mod machine;
mod persistence;
mod receive;
mod receive_head;
mod scratch;
mod send;
mod stack;
mod state;
mod transmit;
mod tunnel;
mod upgraded;

pub(crate) use drain::Rest;
pub use failure::{Failure, PeerViolation};
pub use machine::{Connection, Interest};
pub use persistence::KeepAlive;
pub use receive::Received;
pub use scratch::Scratch;
pub use send::{ContentPlan, Misuse, Outgoing, RequestPlan};
pub(crate) use stack::{Making, Stack, StackFailure, StackPlan, TlsPlan};
pub(crate) use tunnel::{Connect, Socks4a, Socks5, Target, Tunnel, connect_head};
pub use tunnel::{Socks4Refusal, Socks5Refusal, TunnelError, TunnelRefusal, TunnelStep};
pub use upgraded::Leftover;
