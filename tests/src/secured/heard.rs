//! What a server of TLS heard from its clients, for tests to look at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::CertificateDer;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// How a client ended its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// With close_notify.
    CloseNotify,
    /// With the end of the stream, and without a word.
    Cut,
}

/// One connection, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Its number at the site.
    pub connection: usize,
    /// The server name of the ClientHello (RFC 6066 §3): `None` without one, as it must be for an IP address.
    pub server_name: Option<String>,
    /// The protocols of the ClientHello in their order (RFC 7301); empty without the extension.
    pub offered: Vec<Vec<u8>>,
    /// The version, once the handshake is complete. All below it are then known, too.
    pub version: Option<Version>,
    /// Whether it resumed an earlier session.
    pub resumed: bool,
    /// The protocol that was agreed on.
    pub protocol: Option<Vec<u8>>,
    /// The client's certificates, the leaf first.
    pub client: Vec<CertificateDer<'static>>,
    /// How the client ended its side, if it did before the server ended its own: behind that nobody listens.
    pub parting: Option<Parting>,
    /// Why there is no more to hear: what the client did wrong, or the alert that it sent.
    pub failure: Option<String>,
}

/// All connections of one server.
#[derive(Clone, Default)]
pub(super) struct Hearing(Arc<Mutex<Vec<Heard>>>);

/// The entry of one connection.
pub(super) struct Entry {
    hearing: Hearing,
    at: usize,
}

impl Hearing {
    pub(super) fn all(&self) -> Vec<Heard> {
        self.lock().clone()
    }

    pub(super) fn enter(&self, connection: usize) -> Entry {
        let mut heard = self.lock();
        heard.push(Heard {
            connection,
            ..Heard::default()
        });
        Entry {
            hearing: self.clone(),
            at: heard.len() - 1,
        }
    }

    /// No entry is half-written when a thread panics.
    fn lock(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    pub(super) fn note(&self, change: impl FnOnce(&mut Heard)) {
        if let Some(heard) = self.hearing.lock().get_mut(self.at) {
            change(heard);
        }
    }
}
