//! The test kit: a scripted origin that runs on loopback sockets and on an in-memory network alike.
//!
//! Nothing here is the client's: the origin reads requests with a strict reader of its own, so that what the client
//! writes is judged by somebody else.

#![forbid(unsafe_code)]

pub mod cut_after;
pub mod demo;
pub mod loopback;
pub mod memory;
pub mod network;
pub mod origin;
pub mod pki;
pub mod proxies;
mod request_reader;
pub mod rude;
pub mod scenarios;
pub mod secured;
pub mod source;
pub mod verdicts;
#[cfg(test)]
mod visitor;
pub mod wire;
pub mod world;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The code on the page for people who come from requests, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/coming-from-requests.md")]
struct ComingFromRequests;
