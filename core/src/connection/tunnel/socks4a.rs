//! SOCKS4A: one request, one reply (the memos "SOCKS: A protocol for TCP proxy across firewalls" and "SOCKS 4A: A Simple
//! Extension to SOCKS 4 Protocol", by Ying-Da Lee; there is no RFC).
//!
//! ```text
//! request: 4, 1 (CONNECT), port (2), address (4), user id, 0 [, name, 0 ]
//! reply:   0, code, port (2), address (4)
//! ```
//! A name follows if the address is one of 0.0.0.1 to 0.0.0.255. There is no IPv6 and no password in it.

use core::net::{IpAddr, Ipv4Addr};

use super::dialogue::Dialogue;
use super::error::{TunnelError, TunnelStep};
use super::refusal::Socks4Refusal;
use super::target::{Host, Target};

const CONNECT: [u8; 2] = [4, 1];
const GRANTED: u8 = 90;
/// The reply has a version of its own.
const REPLY_VERSION: u8 = 0;
const REPLY_LENGTH: usize = 8;
/// Stands where the address would, if a name follows.
const NAME_FOLLOWS: Ipv4Addr = Ipv4Addr::new(0, 0, 0, 1);
/// A user id has no length of its own; curl allows as much.
const LONGEST_USER: usize = 255;

/// A SOCKS4A handshake from the client's side.
#[derive(Debug)]
pub(crate) struct Socks4a(Step);

#[derive(Debug)]
enum Step {
    /// The request is on its way, or out; the reply is awaited.
    Reply(Dialogue),
    Established,
    Failed(TunnelError),
}

impl Socks4a {
    /// A handshake for this target, with a user id that the proxy may compare with what identd says, or an empty one.
    ///
    /// # Errors
    /// If the target has an address that SOCKS4A cannot speak of, or the user id cannot be sent.
    pub(crate) fn new(target: &Target, user: &[u8]) -> Result<Self, TunnelError> {
        let request = encode_request(target, user)?;
        Ok(Self(Step::Reply(Dialogue::opened_with(request))))
    }

    pub(crate) fn outgoing(&self) -> &[u8] {
        match &self.0 {
            Step::Reply(dialogue) => dialogue.outgoing(),
            Step::Established | Step::Failed(_) => &[],
        }
    }

    pub(crate) fn sent(&mut self, octets: usize) {
        if let Step::Reply(dialogue) = &mut self.0 {
            dialogue.sent(octets);
        }
    }

    pub(crate) fn is_established(&self) -> bool {
        matches!(self.0, Step::Established)
    }

    /// Takes octets of the proxy's, up to the end of the handshake; tells how many.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> Result<usize, TunnelError> {
        let read = match &mut self.0 {
            Step::Established => return Ok(0),
            Step::Failed(error) => return Err(error.clone()),
            Step::Reply(_) if octets.is_empty() => return Ok(0),
            Step::Reply(dialogue) => dialogue.read(octets, reply_length),
        };
        match read {
            Ok((used, false)) => Ok(used),
            Ok((used, true)) => {
                self.0 = Step::Established;
                Ok(used)
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    pub(crate) fn receive_eof(&mut self) -> Result<(), TunnelError> {
        match &self.0 {
            Step::Established => Ok(()),
            Step::Failed(error) => Err(error.clone()),
            Step::Reply(_) => Err(self.fail(TunnelError::Truncated(TunnelStep::Socks4Reply))),
        }
    }

    /// How many octets of memory the messages hold.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        match &self.0 {
            Step::Reply(dialogue) => dialogue.held(),
            Step::Established | Step::Failed(_) => 0,
        }
    }

    fn fail(&mut self, error: TunnelError) -> TunnelError {
        self.0 = Step::Failed(error.clone());
        error
    }
}

fn encode_request(target: &Target, user: &[u8]) -> Result<Vec<u8>, TunnelError> {
    if user.len() > LONGEST_USER || user.contains(&0) {
        return Err(TunnelError::UserId);
    }
    let (address, name) = match &target.host {
        Host::Name(name) => (NAME_FOLLOWS, Some(name)),
        Host::Address(IpAddr::V4(address)) if !announces_name(*address) => (*address, None),
        Host::Address(_) => return Err(TunnelError::NotInSocks4),
    };
    let mut out = CONNECT.to_vec();
    out.extend_from_slice(&target.port.to_be_bytes());
    out.extend_from_slice(&address.octets());
    out.extend_from_slice(user);
    out.push(0);
    if let Some(name) = name {
        out.extend_from_slice(name.as_bytes());
        out.push(0);
    }
    Ok(out)
}

/// Whether a proxy would read a name behind this address: then nobody can ask for the address itself.
fn announces_name(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [0, 0, 0, last] if last > 0)
}

/// How long a reply is that begins so. The rest of a refusal says nothing, and some proxies do not send it.
fn reply_length(input: &[u8]) -> Result<usize, TunnelError> {
    match *input {
        [] => Ok(1),
        [REPLY_VERSION] => Ok(2),
        [REPLY_VERSION, GRANTED, ..] => Ok(REPLY_LENGTH),
        [REPLY_VERSION, code, ..] => Err(TunnelError::Socks4(Socks4Refusal::of(code))),
        [octet, ..] => Err(TunnelError::Version {
            step: TunnelStep::Socks4Reply,
            octet,
        }),
    }
}
