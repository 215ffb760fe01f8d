//! By which way a request goes to its origin, where that is not its session's: over which proxy, with whose TLS, from where.
//!
//! All of it stands in the pool's key: what differs in it shares no connection.

use std::path::Path;
use std::sync::Arc;

use super::builder::RequestBuilder;
use super::dispatch::Dispatch;
use crate::dial::LocalEnd;
use crate::policy::{Proxy, ProxyError};
use crate::session::Way;
use crate::tls::Tls;

impl<D: Dispatch> RequestBuilder<D> {
    /// Sends this request by way of a proxy, whatever the session's rules say. Redirects go the same way.
    ///
    /// ```
    /// use sessile_core::RequestBuilder;
    /// let request = RequestBuilder::new("GET", "http://example.org/").proxy("socks5h://localhost:1080").build()?;
    /// # let _ = request;
    /// # Ok::<(), sessile_core::Error>(())
    /// ```
    ///
    /// A proxy that cannot be read is an error when the request is sent; it is never passed over.
    pub fn proxy<P>(self, proxy: P) -> Self
    where
        P: TryInto<Proxy>,
        P::Error: Into<ProxyError>,
    {
        let proxy = proxy.try_into().map_err(Into::into);
        self.way(|way| way.proxy = Some(proxy.map(Some)))
    }

    /// Sends this request to its origin itself, whatever the session's rules say.
    pub fn no_proxy(self) -> Self {
        self.way(|way| way.proxy = Some(Ok(None)))
    }

    /// The settings of TLS with the origin of this request, in place of the session's. They stay with that origin: a redirect
    /// to another one goes by the session's.
    pub fn tls(self, settings: Tls) -> Self {
        self.way(|way| way.tls = Some(settings))
    }

    /// Where the connection for this request comes from, in place of what the session says.
    pub fn local(self, end: LocalEnd) -> Self {
        self.way(|way| way.local = Some(end))
    }

    /// Reaches the origin at the Unix-domain socket of this path. The URL's host goes into the Host field, and is not
    /// resolved; no proxy is asked. A redirect to another origin leaves the socket.
    pub fn unix_socket(self, path: impl AsRef<Path>) -> Self {
        self.way(|way| way.socket = Some(path.as_ref().into()))
    }

    fn way(self, change: impl FnOnce(&mut Way)) -> Self {
        self.set(|draft| change(Arc::make_mut(draft.transport.way.get_or_insert_default())))
    }
}
