//! One connection behind TLS: records in, plaintext to the peer inside, its acts out as records.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::server::{Accepted, Acceptor};
use rustls::{Error, HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection};

use super::Goodbye;
use super::heard::{Entry, Parting, Version};
use crate::origin::{Act, Peer};

/// The server's side of one connection.
pub(super) struct SecuredPeer {
    config: Arc<ServerConfig>,
    goodbye: Goodbye,
    inner: Box<dyn Peer>,
    entry: Entry,
    stage: Stage,
}

/// How far the connection has come.
enum Stage {
    /// The ClientHello is not whole.
    Greeting(Box<Acceptor>),
    /// The peer inside knows of nobody yet.
    Shaking(Box<ServerConnection>),
    /// The peer inside listens.
    Speaking(Box<ServerConnection>),
    /// The peer inside has been told that the client has ended its side.
    Parted(Box<ServerConnection>),
    /// It is over, and deaf.
    Over,
}

impl SecuredPeer {
    pub(super) fn new(
        config: Arc<ServerConfig>,
        goodbye: Goodbye,
        inner: Box<dyn Peer>,
        entry: Entry,
    ) -> Self {
        Self {
            config,
            goodbye,
            inner,
            entry,
            stage: Stage::Greeting(Box::default()),
        }
    }

    /// Collects the ClientHello, and begins the handshake with what lies behind it.
    fn greet(&mut self, mut acceptor: Box<Acceptor>, mut bytes: &[u8]) -> Vec<Act> {
        while !bytes.is_empty() {
            if let Err(error) = acceptor.read_tls(&mut bytes) {
                return self.fail(&error.to_string(), Vec::new());
            }
            match acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => return self.begin(accepted, bytes),
                Err((error, mut alert)) => {
                    let mut octets = Vec::new();
                    let _ = alert.write_all(&mut octets);
                    return self.fail(&error.to_string(), octets);
                }
            }
        }
        self.stage = Stage::Greeting(acceptor);
        Vec::new()
    }

    fn begin(&mut self, accepted: Accepted, rest: &[u8]) -> Vec<Act> {
        let hello = accepted.client_hello();
        self.entry.note(|heard| {
            heard.server_name = hello.server_name().map(str::to_owned);
            let offered = hello.alpn().into_iter().flatten();
            heard.offered = offered.map(<[u8]>::to_vec).collect();
        });
        match accepted.into_connection(Arc::clone(&self.config)) {
            Ok(mut tls) => {
                // What a peer says in one act is one act here, however long it is.
                tls.set_buffer_limit(None);
                self.shake(Box::new(tls), rest)
            }
            Err((error, mut alert)) => {
                let mut octets = Vec::new();
                let _ = alert.write_all(&mut octets);
                self.fail(&error.to_string(), octets)
            }
        }
    }

    fn shake(&mut self, mut tls: Box<ServerConnection>, bytes: &[u8]) -> Vec<Act> {
        let deciphered = match decipher(&mut tls, bytes) {
            Ok(deciphered) => deciphered,
            Err(error) => return self.fail(&error.to_string(), outgoing(&mut tls)),
        };
        let mut acts = sent(outgoing(&mut tls));
        if tls.is_handshaking() {
            self.stage = Stage::Shaking(tls);
            return acts;
        }
        self.note_agreement(&tls);
        let opened = self.inner.opened();
        self.stage = Stage::Speaking(tls);
        acts.extend(self.encipher(opened));
        acts.extend(self.hand_in(&deciphered));
        acts
    }

    fn speak(&mut self, mut tls: Box<ServerConnection>, bytes: &[u8]) -> Vec<Act> {
        let deciphered = match decipher(&mut tls, bytes) {
            Ok(deciphered) => deciphered,
            Err(error) => return self.fail(&error.to_string(), outgoing(&mut tls)),
        };
        let mut acts = sent(outgoing(&mut tls));
        self.stage = Stage::Speaking(tls);
        acts.extend(self.hand_in(&deciphered));
        acts
    }

    /// Tells the peer inside what came, and that the client said goodbye, if it did.
    fn hand_in(&mut self, came: &Deciphered) -> Vec<Act> {
        let mut acts = Vec::new();
        if !came.plaintext.is_empty() && matches!(self.stage, Stage::Speaking(_)) {
            let said = self.inner.received(&came.plaintext);
            acts.extend(self.encipher(said));
        }
        if !came.parted {
            return acts;
        }
        let parting = Some(Parting::CloseNotify);
        self.entry.note(|heard| heard.parting = parting);
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Speaking(tls) => acts.extend(self.part(tls)),
            stage => self.stage = stage,
        }
        acts
    }

    fn part(&mut self, tls: Box<ServerConnection>) -> Vec<Act> {
        let said = self.inner.ended();
        self.stage = Stage::Parted(tls);
        self.encipher(said)
    }

    /// What the peer inside does, done in records.
    fn encipher(&mut self, said: Vec<Act>) -> Vec<Act> {
        let mut acts = Vec::new();
        for act in said {
            let (Stage::Speaking(tls) | Stage::Parted(tls)) = &mut self.stage else {
                break;
            };
            match act {
                Act::Send(octets) => {
                    let taken = tls.writer().write_all(&octets);
                    taken.expect("without a limit all is taken");
                    acts.extend(sent(outgoing(tls)));
                }
                Act::Pause(time) => acts.push(Act::Pause(time)),
                Act::Finish => {
                    acts.extend(say_goodbye(tls, self.goodbye));
                    self.stage = Stage::Over;
                }
                Act::Reset => {
                    acts.push(Act::Reset);
                    self.stage = Stage::Over;
                }
            }
        }
        acts
    }

    /// The end, with the alert that says why, if there is one to send.
    fn fail(&mut self, why: &str, alert: Vec<u8>) -> Vec<Act> {
        self.stage = Stage::Over;
        self.entry
            .note(|heard| heard.failure = Some(why.to_owned()));
        let mut acts = sent(alert);
        acts.push(Act::Finish);
        acts
    }

    fn note_agreement(&self, tls: &ServerConnection) {
        self.entry.note(|heard| {
            heard.version = tls.protocol_version().and_then(version);
            heard.resumed = tls.handshake_kind() == Some(HandshakeKind::Resumed);
            heard.protocol = tls.alpn_protocol().map(<[u8]>::to_vec);
            heard.client = tls.peer_certificates().unwrap_or_default().to_vec();
        });
    }
}

impl Peer for SecuredPeer {
    fn received(&mut self, bytes: &[u8]) -> Vec<Act> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Greeting(acceptor) => self.greet(acceptor, bytes),
            Stage::Shaking(tls) => self.shake(tls, bytes),
            Stage::Speaking(tls) => self.speak(tls, bytes),
            // What comes behind a close_notify is ignored (RFC 8446 §6.1).
            Stage::Parted(tls) => {
                self.stage = Stage::Parted(tls);
                Vec::new()
            }
            Stage::Over => Vec::new(),
        }
    }

    fn ended(&mut self) -> Vec<Act> {
        let cut = || self.entry.note(|heard| heard.parting = Some(Parting::Cut));
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Greeting(_) | Stage::Shaking(_) => {
                cut();
                vec![Act::Finish]
            }
            Stage::Speaking(tls) => {
                cut();
                self.part(tls)
            }
            Stage::Parted(_) | Stage::Over => vec![Act::Finish],
        }
    }
}

/// What came in records.
#[derive(Default)]
struct Deciphered {
    plaintext: Vec<u8>,
    /// Behind the plaintext came close_notify.
    parted: bool,
}

/// Takes records in any segmentation; what lies behind a close_notify is ignored.
fn decipher(tls: &mut ServerConnection, mut bytes: &[u8]) -> Result<Deciphered, Error> {
    let unreadable = |error: std::io::Error| Error::General(error.to_string());
    let mut came = Deciphered::default();
    while !bytes.is_empty() && !came.parted {
        tls.read_tls(&mut bytes).map_err(unreadable)?;
        let state = tls.process_new_packets()?;
        came.parted = state.peer_has_closed();
        let before = came.plaintext.len();
        came.plaintext
            .resize(before + state.plaintext_bytes_to_read(), 0);
        let space = &mut came.plaintext[before..];
        tls.reader().read_exact(space).map_err(unreadable)?;
    }
    Ok(came)
}

/// All records that wait to go out.
fn outgoing(tls: &mut ServerConnection) -> Vec<u8> {
    let mut octets = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut octets).expect("memory takes all");
    }
    octets
}

fn sent(octets: Vec<u8>) -> Vec<Act> {
    if octets.is_empty() {
        return Vec::new();
    }
    vec![Act::Send(octets)]
}

fn say_goodbye(tls: &mut ServerConnection, goodbye: Goodbye) -> Vec<Act> {
    if goodbye == Goodbye::Cut {
        return vec![Act::Finish];
    }
    tls.send_close_notify();
    let mut acts = sent(outgoing(tls));
    if goodbye == Goodbye::CloseNotify {
        acts.push(Act::Finish);
    }
    acts
}

fn version(version: ProtocolVersion) -> Option<Version> {
    match version {
        ProtocolVersion::TLSv1_2 => Some(Version::Tls12),
        ProtocolVersion::TLSv1_3 => Some(Version::Tls13),
        _ => None,
    }
}
