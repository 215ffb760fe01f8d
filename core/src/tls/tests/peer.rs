//! The other end: a server of rustls' own, and a pair of both that exchanges until nobody has anything to say.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::server::{ServerConfig, ServerConnection, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{RootCertStore, SupportedProtocolVersion};

use super::authority::{Authority, Certified};
use super::now;
use crate::base::Now;
use crate::tls::settings::Cryptography;
use crate::tls::{Tls, TlsClient, TlsError, TlsLayer, trust};

/// What a server does unless a test changes it: both versions, ALPN `http/1.1`, no client certificates.
pub(super) fn server(certified: &Certified) -> ServerConfig {
    server_with(certified, rustls::ALL_VERSIONS, None)
}

pub(super) fn server_with(
    certified: &Certified,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Authority>,
) -> ServerConfig {
    let provider = cryptography();
    let builder = ServerConfig::builder_with_details(Arc::clone(&provider), Arc::new(Fixed))
        .with_protocol_versions(versions)
        .expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().to_vec().into()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let mut config = builder
        .with_single_cert(certified.chain.clone(), certified.key_der())
        .expect("a key");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// What was built in; both ends use it.
pub(super) fn cryptography() -> Arc<CryptoProvider> {
    trust::provider(Cryptography::Default).expect("cryptography")
}

pub(super) fn signing(certified: &Certified) -> Arc<dyn SigningKey> {
    let loaded = cryptography()
        .key_provider
        .load_private_key(certified.key_der());
    loaded.expect("a key")
}

/// The server's clock.
#[derive(Debug)]
struct Fixed;

impl rustls::time_provider::TimeProvider for Fixed {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(now().wall))
    }
}

/// Both ends.
pub(super) struct Pair {
    pub(super) layer: TlsLayer,
    pub(super) server: ServerConnection,
    pub(super) now: Now,
    /// What the client has read.
    pub(super) plain: Vec<u8>,
    /// What the server has read.
    pub(super) heard: Vec<u8>,
    /// What the server made of what we sent, if it did not like it.
    pub(super) complaint: Option<rustls::Error>,
}

impl Pair {
    pub(super) fn new(client: &TlsClient, host: &str, server: &Arc<ServerConfig>) -> Self {
        Self::at(now(), client, host, server)
    }

    pub(super) fn at(now: Now, client: &TlsClient, host: &str, server: &Arc<ServerConfig>) -> Self {
        Self {
            layer: TlsLayer::new(client, host, now).expect("a host"),
            server: ServerConnection::new(Arc::clone(server)).expect("a server"),
            now,
            plain: Vec::new(),
            heard: Vec::new(),
            complaint: None,
        }
    }

    /// What the client has to send goes to the server. Says whether there was anything.
    pub(super) fn send(&mut self) -> bool {
        let mut wire = Vec::new();
        self.layer.take_wire(&mut wire);
        let mut rest = wire.as_slice();
        while !rest.is_empty() && self.complaint.is_none() {
            self.server.read_tls(&mut rest).expect("room");
            self.complaint = self.server.process_new_packets().err();
            // It ends with `WouldBlock`, and what came before that is there.
            let _ = self.server.reader().read_to_end(&mut self.heard);
        }
        !wire.is_empty()
    }

    /// What the server has to send.
    pub(super) fn flight(&mut self) -> Vec<u8> {
        let mut wire = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut wire).expect("a Vec");
        }
        wire
    }

    /// The client is fed all of this, in pieces of so many octets, and reads what comes.
    pub(super) fn receive(&mut self, wire: &[u8], piece: usize) -> Result<(), TlsError> {
        for piece in wire.chunks(piece) {
            let mut rest = piece;
            while !rest.is_empty() {
                let taken = self.layer.feed(self.now, rest)?;
                rest = &rest[taken..];
                assert!(taken > 0 || self.layer.has_plain(), "no progress");
                self.read();
            }
        }
        Ok(())
    }

    pub(super) fn read(&mut self) {
        let mut space = [0; 1000];
        while self.layer.has_plain() {
            let read = self.layer.read_plain(&mut space);
            assert!(read > 0, "plaintext was promised");
            self.plain.extend_from_slice(&space[..read]);
        }
    }

    /// Both speak until nobody has anything to say.
    pub(super) fn exchange(&mut self) -> Result<(), TlsError> {
        self.exchange_in_pieces(usize::MAX)
    }

    pub(super) fn exchange_in_pieces(&mut self, piece: usize) -> Result<(), TlsError> {
        loop {
            let sent = self.send();
            let flight = self.flight();
            if !sent && flight.is_empty() {
                return Ok(());
            }
            self.receive(&flight, piece)?;
        }
    }

    /// The server sends this to the client.
    pub(super) fn say(&mut self, text: &[u8]) {
        self.server.writer().write_all(text).expect("room");
    }
}

/// One handshake under these settings.
pub(super) fn handshake(
    tls: &Tls,
    host: &str,
    server: ServerConfig,
) -> (Pair, Result<(), TlsError>) {
    handshake_at(now(), tls, host, server)
}

pub(super) fn handshake_at(
    now: Now,
    tls: &Tls,
    host: &str,
    server: ServerConfig,
) -> (Pair, Result<(), TlsError>) {
    let client = tls.client(None).expect("settings");
    let mut pair = Pair::at(now, &client, host, &Arc::new(server));
    let outcome = pair.exchange();
    (pair, outcome)
}

/// A server that shows a certificate whose key it does not have.
pub(super) fn server_of_another(
    shown: &Certified,
    own: &Certified,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    let mut config = server_with(own, versions, None);
    let pretence = CertifiedKey::new(shown.chain.clone(), signing(own));
    config.cert_resolver = Arc::new(SingleCertAndKey::from(pretence));
    config
}
