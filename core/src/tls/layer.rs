//! One connection's TLS: octets of the wire in, plaintext out, and back. No socket, no waiting, no clock of its own.
//!
//! rustls' buffered connection does the protocol; it is fed one record at a time. So whatever the peer sends is judged the
//! same however it was cut: plaintext that came before a fault is read before the fault is told, and nothing behind
//! `close_notify` is looked at (RFC 8446 section 6.1).

use core::net::Ipv6Addr;
use std::io::{IoSlice, Read, Write};
use std::sync::Arc;

use rustls::client::ClientConnection;
use rustls::pki_types::{IpAddr, ServerName};
use smallvec::SmallVec;

use super::client::{Clock, TlsClient};
use super::error::TlsError;
use super::info::TlsInfo;
use super::record::{Place, Records};
use super::verdict;
use crate::base::Now;

/// TLS between one transport and one HTTP/1.1 connection.
pub(crate) struct TlsLayer {
    connection: ClientConnection,
    clock: Arc<Clock>,
    records: Records,
    verified: bool,
    /// Whether we have a certificate to show: it decides what a peer's complaint means.
    certified: bool,
    /// Octets of plaintext that wait to be read.
    plain: usize,
    ended: bool,
    closed: bool,
    fault: Option<TlsError>,
}

impl TlsLayer {
    /// Begins a handshake with `host`, as it stands in a URL: a name, an IPv4 address, or an IPv6 address in brackets.
    /// A name is verified as a name and an address as an address (hazard L3).
    pub(crate) fn new(client: &TlsClient, host: &str, now: Now) -> Result<Self, TlsError> {
        let name = server_name(host).ok_or(TlsError::Host)?;
        client.clock.set(now);
        let certified = client.config.client_auth_cert_resolver.has_certs();
        let connection = ClientConnection::new(Arc::clone(&client.config), name)
            .map_err(|error| verdict::of(error, certified))?;
        Ok(Self {
            connection,
            clock: Arc::clone(&client.clock),
            records: Records::new(),
            verified: client.verified,
            certified,
            plain: 0,
            ended: false,
            closed: false,
            fault: None,
        })
    }

    /// Takes octets of the wire and says how many: it stops as soon as plaintext waits to be read. After an error there is
    /// an alert for the peer to be [taken](Self::take_wire), and every later call gives the same error.
    pub(crate) fn feed(&mut self, now: Now, wire: &[u8]) -> Result<usize, TlsError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        self.clock.set(now);
        let mut taken = 0;
        while taken < wire.len() && !self.has_plain() {
            taken += self.feed_piece(&wire[taken..])?;
        }
        Ok(taken)
    }

    /// At most to the end of a header or of a fragment.
    fn feed_piece(&mut self, wire: &[u8]) -> Result<usize, TlsError> {
        if self.ended {
            return Ok(wire.len());
        }
        match self.records.place() {
            Place::Header(seen) => {
                let (taken, header) = self.records.collect(seen, wire);
                if let Some(header) = header {
                    self.pass(&header)?;
                }
                Ok(taken)
            }
            Place::Fragment(left) => {
                let piece = &wire[..left.min(wire.len())];
                self.records.enter(left - piece.len());
                self.pass(piece)?;
                Ok(piece.len())
            }
        }
    }

    /// Hands a piece on to rustls.
    fn pass(&mut self, mut piece: &[u8]) -> Result<(), TlsError> {
        while !piece.is_empty() {
            let taken = self.connection.read_tls(&mut piece);
            if !taken.is_ok_and(|taken| taken > 0) {
                // A message that never ends: rustls keeps 64 KiB of one, and no more.
                return Err(self.fail(TlsError::Misbehaved("message too large".to_owned())));
            }
        }
        match self.connection.process_new_packets() {
            Ok(state) => {
                self.plain = state.plaintext_bytes_to_read();
                self.ended = state.peer_has_closed();
                self.records.pass();
                Ok(())
            }
            Err(error) => {
                let fault = verdict::of_peer(error, self.certified, self.records.opening());
                Err(self.fail(fault))
            }
        }
    }

    #[cold]
    fn fail(&mut self, fault: TlsError) -> TlsError {
        self.fault = Some(fault.clone());
        fault
    }

    /// Whether plaintext waits to be read.
    pub(crate) fn has_plain(&self) -> bool {
        self.plain > 0
    }

    /// Moves plaintext out, and says how many octets.
    pub(crate) fn read_plain(&mut self, into: &mut [u8]) -> usize {
        // The only errors are that there is nothing, and we know that.
        let read = self.connection.reader().read(into).unwrap_or_default();
        self.plain = self.plain.saturating_sub(read);
        read
    }

    /// Whether the peer has said that there is no more (`close_notify`), and all that came before was read. A transport
    /// that ends without this was cut.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended && !self.has_plain()
    }

    /// Takes plaintext to be sent, and says how many octets: none before the handshake is over (so that nothing counts as
    /// sent that was not), and no more than about 64 KiB until the wire is [taken](Self::take_wire). What fits into one
    /// record goes out in one.
    pub(crate) fn encrypt(&mut self, parts: &[&[u8]]) -> usize {
        if self.is_handshaking() || self.closed || self.fault.is_some() {
            return 0;
        }
        let parts =
            SmallVec::<[IoSlice<'_>; 4]>::from_iter(parts.iter().map(|part| IoSlice::new(part)));
        let written = self.connection.writer().write_vectored(&parts);
        written.unwrap_or_default() // it fails with the fault that we have told already
    }

    /// Whether there is something to be sent.
    pub(crate) fn has_wire(&self) -> bool {
        self.connection.wants_write()
    }

    /// Appends what is to be sent.
    pub(crate) fn take_wire(&mut self, out: &mut Vec<u8>) {
        // A `Vec` takes everything, but rustls hands over at most 64 records at once.
        while self.has_wire() && self.connection.write_tls(out).is_ok_and(|moved| moved > 0) {}
    }

    /// Whether the handshake goes on, even if it never will be finished.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Tells the peer that there is no more (RFC 8446 section 6.1). What it still sends can be read.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.connection.send_close_notify();
    }

    /// What it means that the transport has ended inside the handshake.
    pub(crate) fn cut(&self) -> TlsError {
        self.fault.clone().unwrap_or(TlsError::Truncated)
    }

    /// What was agreed on; little before the handshake is over.
    pub(crate) fn info(&self) -> TlsInfo {
        TlsInfo::of(&self.connection, self.verified)
    }
}

/// A name's trailing dot is neither sent nor verified: no certificate has one (RFC 6066 section 3).
fn server_name(host: &str) -> Option<ServerName<'static>> {
    let Some(address) = host.strip_prefix('[') else {
        return ServerName::try_from(host.to_owned()).ok();
    };
    let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
    Some(ServerName::IpAddress(IpAddr::V6(address.into())))
}
