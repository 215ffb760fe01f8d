//! The head of a request for whoever wants to look at it, or to send it by other means, by each way to the origin.

use super::config::Config;
use super::error::Error;
use super::prepare::{BUILT_IN, HeadParts, encode_head, write_proxy_credentials};
use super::request::{Request, refused};
use crate::message::{Known, Origin, RequestTarget};
use crate::policy::Credentials;
use crate::wire;

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

/// The head of a CONNECT: whom to reach, who asks, the credentials for the proxy, and nothing of any request's. Tunnels
/// outlive requests.
fn encode_connect(origin: &Origin, config: &Config, credentials: Option<&Credentials>) -> Vec<u8> {
    let mut out = Vec::new();
    let target = RequestTarget::Authority(origin);
    wire::write_request_line(&mut out, &http::Method::CONNECT, target);
    wire::write_line(&mut out, "Host", &origin.host_and_port());
    let agent = Known::UserAgent.bit();
    if config.fields.known() & agent != 0 {
        let others = !agent;
        wire::write_fields_except(&mut out, &config.fields, others, |_| false, |_, _| {});
    } else if config.removed.known() & agent == 0 {
        let (_, name, value) = BUILT_IN[0];
        wire::write_line(&mut out, name, value);
    }
    write_proxy_credentials(&mut out, credentials);
    out.extend_from_slice(b"\r\n");
    out
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
                let origin = &request.key.origin;
                Some(encode_connect(origin, self, credentials.as_ref()))
            }
            Route::Direct | Route::ForwardProxy(_) => None,
        };
        let mut parts = HeadParts::unconnected(request, &shape, self, None);
        parts.route = route;
        parts.expect = self.expectation(request, &shape);
        let mut head = Vec::new();
        encode_head(&mut head, &parts);
        Ok(Prepared { connect, head })
    }
}
