//! The test kit: a scripted origin that runs on loopback sockets and on an in-memory network alike.
//!
//! Nothing here is the client's: the origin reads requests with a strict reader of its own, so that what the client
//! writes is judged by somebody else.

pub mod demo;
pub mod loopback;
pub mod origin;
mod request_reader;
