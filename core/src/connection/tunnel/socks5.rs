//! SOCKS5 (RFC 1928) with the user and password of RFC 1929: three messages each way at the most.
//!
//! ```text
//! we                                               the proxy
//! 5, count, methods                           -->
//!                                             <--  5, method                             RFC 1928 §3
//! 1, length, user, length, password           -->
//!                                             <--  1, status                             RFC 1929 §2, if it chose so
//! 5, 1 (CONNECT), 0, kind, address, port (2)  -->
//!                                             <--  5, reply, 0, kind, address, port (2)  RFC 1928 §4, §6
//! ```
//! The address in the reply is the proxy's own: it is read to its end and means nothing to us.

use core::fmt;
use core::net::IpAddr;

use super::dialogue::Dialogue;
use super::error::{TunnelError, TunnelStep};
use super::refusal::Socks5Refusal;
use super::target::{Host, Target};

const VERSION: u8 = 5;
const AUTHENTICATION_VERSION: u8 = 1;

const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;

const CONNECT: u8 = 1;
const SUCCEEDED: u8 = 0;

const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// A SOCKS5 handshake from the client's side.
pub(crate) struct Socks5 {
    dialogue: Dialogue,
    step: Step,
}

/// What is awaited, with what will be said after it.
enum Step {
    Method {
        authentication: Option<Vec<u8>>,
        request: Vec<u8>,
    },
    Authentication {
        request: Vec<u8>,
    },
    Reply,
    Established,
    Failed(TunnelError),
}

impl Socks5 {
    /// A handshake for this target. A user and a password are offered if there are any, and sent if the proxy asks.
    ///
    /// # Errors
    /// If the credentials do not fit into their message.
    pub(crate) fn new(
        target: &Target,
        credentials: Option<(&[u8], &[u8])>,
    ) -> Result<Self, TunnelError> {
        let credentials =
            credentials.filter(|(user, password)| !(user.is_empty() && password.is_empty()));
        let authentication = credentials.map(encode_authentication).transpose()?;
        let request = encode_request(target);
        let greeting = match authentication {
            Some(_) => vec![VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
            None => vec![VERSION, 1, NO_AUTHENTICATION],
        };
        Ok(Self {
            dialogue: Dialogue::opened_with(greeting),
            step: Step::Method {
                authentication,
                request,
            },
        })
    }

    pub(crate) fn outgoing(&self) -> &[u8] {
        self.dialogue.outgoing()
    }

    pub(crate) fn sent(&mut self, octets: usize) {
        self.dialogue.sent(octets);
    }

    pub(crate) fn is_established(&self) -> bool {
        matches!(self.step, Step::Established)
    }

    /// Takes octets of the proxy's, up to the end of the handshake; tells how many.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> Result<usize, TunnelError> {
        let mut used = 0;
        while used < octets.len() && !self.is_established() {
            match self.read(&octets[used..]) {
                Ok(count) => used += count,
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(used)
    }

    pub(crate) fn receive_eof(&mut self) -> Result<(), TunnelError> {
        let awaited = match &self.step {
            Step::Established => return Ok(()),
            Step::Failed(error) => return Err(error.clone()),
            Step::Method { .. } => TunnelStep::Socks5Method,
            Step::Authentication { .. } => TunnelStep::Socks5Authentication,
            Step::Reply => TunnelStep::Socks5Reply,
        };
        Err(self.fail(TunnelError::Truncated(awaited)))
    }

    /// How many octets of memory the messages hold.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        let later = match &self.step {
            Step::Method {
                authentication,
                request,
            } => authentication.as_ref().map_or(0, Vec::capacity) + request.capacity(),
            Step::Authentication { request } => request.capacity(),
            Step::Reply | Step::Established | Step::Failed(_) => 0,
        };
        self.dialogue.held() + later
    }

    fn fail(&mut self, error: TunnelError) -> TunnelError {
        self.step = Step::Failed(error.clone());
        self.dialogue = Dialogue::default();
        error
    }

    fn enter(&mut self, step: Step, message: Vec<u8>) {
        self.step = step;
        self.dialogue.say(message);
    }

    fn read(&mut self, octets: &[u8]) -> Result<usize, TunnelError> {
        let length = match &self.step {
            Step::Method { .. } => method_length,
            Step::Authentication { .. } => status_length,
            Step::Reply => reply_length,
            Step::Established => return Ok(0),
            Step::Failed(error) => return Err(error.clone()),
        };
        let (used, whole) = self.dialogue.read(octets, length)?;
        if whole {
            self.advance()?;
        }
        Ok(used)
    }

    /// The awaited message is here, whole.
    fn advance(&mut self) -> Result<(), TunnelError> {
        let answer = self.dialogue.input().get(1).copied().unwrap_or_default();
        match core::mem::replace(&mut self.step, Step::Established) {
            Step::Method {
                authentication,
                request,
            } => match (answer, authentication) {
                (NO_AUTHENTICATION, _) => self.enter(Step::Reply, request),
                (USER_AND_PASSWORD, Some(message)) => {
                    self.enter(Step::Authentication { request }, message);
                }
                (method, authentication) => {
                    return Err(no_method(method, authentication.is_some()));
                }
            },
            Step::Authentication { .. } if answer != SUCCEEDED => {
                return Err(TunnelError::AuthenticationRefused);
            }
            Step::Authentication { request } => self.enter(Step::Reply, request),
            Step::Reply | Step::Established => self.dialogue = Dialogue::default(),
            Step::Failed(error) => return Err(error),
        }
        Ok(())
    }
}

impl fmt::Debug for Socks5 {
    /// The step, and counts: what will be said may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::Method { .. } => "awaiting a method",
            Step::Authentication { .. } => "awaiting a verdict on the credentials",
            Step::Reply => "awaiting a reply",
            Step::Established => "established",
            Step::Failed(_) => "failed",
        };
        write!(f, "SOCKS5, {step}, {:?}", self.dialogue)
    }
}

/// Why the proxy's choice is none that we can follow. A proxy that is content with nothing but no authentication would have
/// said so: if that was all that was on offer, it wants credentials.
fn no_method(method: u8, had_credentials: bool) -> TunnelError {
    match method {
        NO_ACCEPTABLE_METHOD if had_credentials => TunnelError::NoAcceptableMethod,
        NO_ACCEPTABLE_METHOD | USER_AND_PASSWORD => TunnelError::CredentialsNeeded,
        method => TunnelError::MethodNotOffered(method),
    }
}

/// Each part has one octet for its length. RFC 1929 §2 has no empty password, but proxies that know their users by name
/// alone want one, and Go, curl and Tor have it too.
fn encode_authentication((user, password): (&[u8], &[u8])) -> Result<Vec<u8>, TunnelError> {
    let lengths = (u8::try_from(user.len()), u8::try_from(password.len()));
    let (Ok(user_length @ 1..), Ok(password_length)) = lengths else {
        return Err(TunnelError::CredentialsLength);
    };
    let mut out = vec![AUTHENTICATION_VERSION, user_length];
    out.extend_from_slice(user);
    out.push(password_length);
    out.extend_from_slice(password);
    Ok(out)
}

fn encode_request(target: &Target) -> Vec<u8> {
    let mut out = vec![VERSION, CONNECT, 0];
    match &target.host {
        Host::Name(name) => {
            out.push(NAME);
            // A target's name has 255 octets at the most.
            out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(name.as_bytes());
        }
        Host::Address(IpAddr::V4(address)) => {
            out.push(IPV4);
            out.extend_from_slice(&address.octets());
        }
        Host::Address(IpAddr::V6(address)) => {
            out.push(IPV6);
            out.extend_from_slice(&address.octets());
        }
    }
    out.extend_from_slice(&target.port.to_be_bytes());
    out
}

// How long a message is that begins so. What cannot become one is refused at its first wrong octet.

fn method_length(input: &[u8]) -> Result<usize, TunnelError> {
    match *input {
        [] => Ok(1),
        [VERSION, ..] => Ok(2),
        [octet, ..] => Err(TunnelError::Version {
            step: TunnelStep::Socks5Method,
            octet,
        }),
    }
}

fn status_length(input: &[u8]) -> Result<usize, TunnelError> {
    match *input {
        [] => Ok(1),
        [AUTHENTICATION_VERSION, ..] => Ok(2),
        [octet, ..] => Err(TunnelError::Version {
            step: TunnelStep::Socks5Authentication,
            octet,
        }),
    }
}

/// The rest of a refusal says nothing, and some proxies do not send it. The reserved octet is not looked at: nothing
/// hangs on it, and curl takes any.
fn reply_length(input: &[u8]) -> Result<usize, TunnelError> {
    match *input {
        [] => Ok(1),
        [VERSION] => Ok(2),
        [VERSION, SUCCEEDED] | [VERSION, SUCCEEDED, _] => Ok(4),
        [VERSION, SUCCEEDED, _, IPV4, ..] => Ok(10),
        [VERSION, SUCCEEDED, _, IPV6, ..] => Ok(22),
        [VERSION, SUCCEEDED, _, NAME] => Ok(5),
        [VERSION, SUCCEEDED, _, NAME, length, ..] => Ok(7 + usize::from(length)),
        [VERSION, SUCCEEDED, _, kind, ..] => Err(TunnelError::AddressType(kind)),
        [VERSION, code, ..] => Err(TunnelError::Socks5(Socks5Refusal::of(code))),
        [octet, ..] => Err(TunnelError::Version {
            step: TunnelStep::Socks5Reply,
            octet,
        }),
    }
}
