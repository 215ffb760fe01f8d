//! Any site behind TLS: its peers hear and say what they always did, and records are on the wire.
//!
//! RFC 8446 and RFC 5246 by `rustls`, from the side of a server. [`Secured`] is a [`Site`] around a [`Site`]: the octets
//! that its peers are handed are deciphered for the peer inside, whose acts are done in its stead: what it sends goes
//! out as records, its pauses and resets stay what they are, and before it finishes the server says goodbye, or does
//! not, as [`Goodbye`] has it. So what can be around a site (a proxy, a cut) can be around this one, and inside it.
//!
//! The boundary: the server honours the protocol. Peers that do not are in [`crate::rude`], and what breaks off in the
//! middle is a [`crate::cut_after::CutAfter`] around it. Its clock stands still, so that a peer never reads one; keys
//! and nonces are by chance, so that two runs are equal in what is said, not in their octets.

mod heard;
mod peer;

use std::fmt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use self::heard::Hearing;
pub use self::heard::{Heard, Parting, Version};
use self::peer::SecuredPeer;
use crate::origin::{Peer, Site};
use crate::pki::Identity;

/// Which versions of TLS a server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// 1.3, and 1.2 with whoever does not know it.
    #[default]
    Both,
    /// 1.2 alone.
    Only12,
    /// 1.3 alone.
    Only13,
}

/// How a server ends a stream that the peer inside finishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goodbye {
    /// With close_notify and then FIN (RFC 8446 §6.1).
    #[default]
    CloseNotify,
    /// With FIN alone, as somebody in the middle would cut it.
    Cut,
    /// With close_notify alone; the connection stands until the client ends it.
    Lingering,
}

/// What a server grants and demands.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Which versions it speaks.
    pub versions: Versions,
    /// How many tickets it gives after a handshake of TLS 1.3. With none, no session of either version can be resumed.
    pub tickets: usize,
    /// The root below which a client must have a certificate; `None` asks for none.
    pub clients: Option<CertificateDer<'static>>,
    /// The protocols that it speaks, the preferred first (RFC 7301). If there are any and the client offers others
    /// alone, the handshake fails; with none the offer is passed over.
    pub alpn: Vec<Vec<u8>>,
    /// How it ends a stream.
    pub goodbye: Goodbye,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            versions: Versions::default(),
            tickets: 2,
            clients: None,
            alpn: Vec::new(),
            goodbye: Goodbye::default(),
        }
    }
}

/// A site behind TLS. Clones are the same server: they share its sessions and what it [heard](Self::heard).
///
/// # Examples
///
/// ```
/// use sessile_tests::{demo::Demo, pki::Authority, secured::Secured};
/// let authority = Authority::new();
/// let site = Secured::new(&authority.for_names(&["origin.test"]), Demo);
/// assert!(site.heard().is_empty());
/// ```
#[derive(Clone)]
pub struct Secured {
    site: Arc<dyn Site>,
    config: Arc<ServerConfig>,
    goodbye: Goodbye,
    hearing: Hearing,
}

impl Secured {
    /// A server on the usual terms.
    pub fn new(identity: &Identity, site: impl Site) -> Self {
        Self::with(identity, Terms::default(), site)
    }

    /// A server on these terms.
    ///
    /// # Panics
    ///
    /// If there can be none: its root is no certificate.
    pub fn with(identity: &Identity, terms: Terms, site: impl Site) -> Self {
        Self {
            site: Arc::new(site),
            goodbye: terms.goodbye,
            config: Arc::new(config(identity, terms)),
            hearing: Hearing::default(),
        }
    }

    /// What it has heard so far, one entry for each connection, in the order of their opening.
    pub fn heard(&self) -> Vec<Heard> {
        self.hearing.all()
    }
}

impl Site for Secured {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        Box::new(SecuredPeer::new(
            Arc::clone(&self.config),
            self.goodbye,
            self.site.accept(connection),
            self.hearing.enter(connection),
        ))
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a secured site that heard {:?}", self.heard())
    }
}

/// The clock of all servers: the first second of the year 2000.
#[derive(Debug)]
struct Stopped;

impl TimeProvider for Stopped {
    fn current_time(&self) -> Option<UnixTime> {
        let since_epoch = std::time::Duration::from_secs(946_684_800);
        Some(UnixTime::since_unix_epoch(since_epoch))
    }
}

fn config(identity: &Identity, terms: Terms) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_details(Arc::clone(&provider), Arc::new(Stopped));
    let builder = builder.with_protocol_versions(&versions(terms.versions));
    let builder = builder.expect("the provider has suites of both versions");
    let builder = match terms.clients {
        None => builder.with_no_client_auth(),
        Some(root) => builder.with_client_cert_verifier(verifier(root, provider)),
    };
    let config = builder.with_single_cert(identity.chain().to_vec(), identity.key().clone_key());
    let mut config = config.expect("the key is that of the leaf");
    config.send_tls13_tickets = terms.tickets;
    config.alpn_protocols = terms.alpn;
    if terms.tickets == 0 {
        config.session_storage = Arc::new(NoServerSessionStorage {});
    }
    config
}

fn versions(versions: Versions) -> Vec<&'static SupportedProtocolVersion> {
    match versions {
        Versions::Both => vec![&rustls::version::TLS13, &rustls::version::TLS12],
        Versions::Only12 => vec![&rustls::version::TLS12],
        Versions::Only13 => vec![&rustls::version::TLS13],
    }
}

fn verifier(
    root: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
) -> Arc<dyn ClientCertVerifier> {
    let mut roots = RootCertStore::empty();
    roots.add(root).expect("the root is a certificate");
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
    verifier.build().expect("there is a root")
}

#[cfg(test)]
mod tests;
