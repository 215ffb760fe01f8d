//! A client by `rustls` and by hand, for the tests of the kit's own peers: over [`crate::wire`] and over sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::pki::{Authority, Identity};

/// A client that trusts an authority, and perhaps shows a certificate.
pub(crate) struct Visitor<'a> {
    pub(crate) trusts: &'a Authority,
    pub(crate) shows: Option<&'a Identity>,
    pub(crate) offers: &'a [&'a [u8]],
    pub(crate) versions: &'a [&'static SupportedProtocolVersion],
}

impl<'a> Visitor<'a> {
    pub(crate) fn new(trusts: &'a Authority) -> Self {
        Self {
            trusts,
            shows: None,
            offers: &[],
            versions: rustls::ALL_VERSIONS,
        }
    }

    /// One session after the other with the same configuration may resume the one before.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusts.root_der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
        let builder = builder.with_protocol_versions(self.versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        let mut config = match self.shows {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain().to_vec(), identity.key().clone_key())
                .unwrap(),
        };
        config.alpn_protocols = self.offers.iter().map(|it| it.to_vec()).collect();
        Arc::new(config)
    }
}

/// A secured stream over any other one.
pub(crate) type Secure<S> = StreamOwned<ClientConnection, S>;

/// Greets the server of that name, and shakes hands when first something is written or read.
pub(crate) fn secure<S: Read + Write>(
    config: &Arc<ClientConfig>,
    name: &str,
    under: S,
) -> Secure<S> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    StreamOwned::new(connection, under)
}

/// A GET, as it is written.
pub(crate) fn get(host: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

/// Says something and reads until the octets end with `end`.
///
/// # Errors
///
/// The stream's; `UnexpectedEof` if it ends before, `WouldBlock` if no more comes on a wire.
pub(crate) fn ask(stream: &mut (impl Read + Write), words: &[u8], end: &str) -> io::Result<String> {
    stream.write_all(words)?;
    stream.flush()?;
    let (mut text, mut space) = (String::new(), [0; 1024]);
    while !text.ends_with(end) {
        match stream.read(&mut space)? {
            0 => return Err(io::Error::new(ErrorKind::UnexpectedEof, text)),
            count => text.push_str(&String::from_utf8_lossy(&space[..count])),
        }
    }
    Ok(text)
}

/// Says something and gives everything until the end of the stream, and the error that stood there, if one did.
pub(crate) fn hear_out(
    stream: &mut (impl Read + Write),
    words: &[u8],
) -> (Vec<u8>, Option<ErrorKind>) {
    let mut heard = Vec::new();
    let said = stream.write_all(words).and_then(|()| stream.flush());
    let read = said.and_then(|()| stream.read_to_end(&mut heard));
    (heard, read.err().map(|error| error.kind()))
}
