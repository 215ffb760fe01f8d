//! Proxies without sockets, and strict ones: they note what a client says to them and refuse what it may not say.
//!
//! [`HttpProxy`] takes CONNECT (RFC 9110 §9.3.6) and requests in absolute-form (RFC 9112 §3.2.2) on one port,
//! [`Socks5Proxy`] speaks RFC 1928 and RFC 1929, [`Socks4aProxy`] SOCKS 4 with the extension for names. Each is a
//! [`Site`](crate::origin::Site), and what it leads to are sites again: those in its [`Reach`]. So an origin behind TLS
//! behind CONNECT on a proxy behind TLS is
//!
//! ```
//! use sessile_tests::proxies::{HttpProxy, Reach};
//! use sessile_tests::{demo::Demo, pki::Authority, secured::Secured};
//! let authority = Authority::new();
//! let origin = Secured::new(&authority.for_names(&["origin.test"]), Demo);
//! let proxy = HttpProxy::new(Reach::new().to("origin.test:443", origin));
//! let site = Secured::new(&authority.for_names(&["proxy.test"]), proxy);
//! ```
//!
//! The boundary: no proxy here opens a connection to anywhere, and none is the client's: what they read they read by
//! their own rules. A fault of the client's is [noted](Fault), and its connection is over.

mod fault;
mod http;
mod passage;
mod reach;
mod record;
mod socks4;
mod socks5;

pub use self::fault::Fault;
pub use self::http::{Demand, Hash, HttpProxy, Refusal, Scheme};
pub use self::reach::Reach;
pub use self::socks4::{GRANTED, Socks4aProxy};
pub use self::socks5::{Bound, Socks5Proxy, Stage};

#[cfg(test)]
mod tests;
