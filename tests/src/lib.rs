//! The test kit: a scripted origin that runs on loopback sockets and on an in-memory network alike.
//!
//! Nothing here is the client's: the origin reads requests with a strict reader of its own, so that what the client
//! writes is judged by somebody else.

#![forbid(unsafe_code)]

pub mod demo;
pub mod loopback;
pub mod memory;
pub mod network;
pub mod origin;
mod request_reader;
pub mod scenarios;
pub mod source;
pub mod verdicts;
pub mod world;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The code on the page for people who come from requests, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/coming-from-requests.md")]
struct ComingFromRequests;
