//! The head of a request for whoever wants to look at it, or to send it by other means, by each way to the origin.

use super::config::Config;
use super::error::Error;
use super::prepare::{HeadParts, encode_head};
use super::request::{Request, refused};
use crate::connection::connect_head;
use crate::policy::Credentials;

/// By which way a request reaches its origin, as far as its head is concerned.
///
/// ```
/// use sessile_core::{Config, RequestBuilder, Route};
/// let request = RequestBuilder::new("GET", "http://example.org/a").build()?;
/// let prepared = Config::default().prepare(&request, &Route::ForwardProxy(None))?;
/// assert!(prepared.head.starts_with(b"GET http://example.org/a HTTP/1.1\r\nHost: example.org\r\n"));
/// # Ok::<(), sessile_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// To the origin itself, over whatever transport.
    #[default]
    Direct,
    /// To a proxy that makes the request in its own name (RFC 9112 §3.2.2), with credentials for it.
    ForwardProxy(Option<Credentials>),
    /// Through a tunnel that a proxy is asked for (RFC 9112 §3.2.3), with credentials for it.
    Tunnel(Option<Credentials>),
}

/// The octets with which a request begins.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The head of the CONNECT that goes before, to the proxy.
    pub connect: Option<Vec<u8>>,
    /// The request's own head.
    pub head: Vec<u8>,
}

impl core::fmt::Debug for Prepared {
    /// Counts: heads hold credentials.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "a head of {} octets", self.head.len())
    }
}

impl Config {
    /// What a session with these settings would send for a request: to look at it, or to send it by other means. Mounts do not
    /// count, nor what a session remembers and finds out: [`Engine::prepare`](crate::Engine::prepare) shows that.
    ///
    /// # Errors
    /// If the default field lines, or they and the request's together, break a rule.
    pub fn prepare(&self, request: &Request, route: &Route) -> Result<Prepared, Error> {
        self.check()?;
        let shape = request.shape_in(&self.fields);
        let shape = shape.map_err(|error| refused(error, &request.url))?;
        let connect = match route {
            Route::Tunnel(credentials) => {
                let credentials = credentials.as_ref().filter(|known| !known.is_empty());
                let basic = credentials.map(Credentials::basic);
                let basic = basic.as_deref().map(str::as_bytes);
                // Nothing in it that was not checked when it came in.
                connect_head(&request.key.origin, self.agent(), basic).ok()
            }
            Route::Direct | Route::ForwardProxy(_) => None,
        };
        let mut parts = HeadParts::unconnected(request, &shape, self, route, None);
        parts.expect = self.expectation(request, &shape);
        let mut head = Vec::new();
        encode_head(&mut head, &parts);
        Ok(Prepared { connect, head })
    }
}
