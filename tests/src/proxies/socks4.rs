//! A proxy of SOCKS 4 with the extension for names, SOCKS 4A. It knows CONNECT alone.
//!
//! There is no RFC; the two notes by Y.-D. Lee ("SOCKS: A protocol for TCP proxy across firewalls", "SOCKS 4A: A simple
//! extension to SOCKS 4 Protocol") are the specification:
//!
//! ```text
//! VN (4)  CD (1)  DSTPORT (2 octets)  DSTIP (4 octets)  USERID  NUL  [ host name  NUL ]
//! VN (0)  CD (90..93)  DSTPORT  DSTIP
//! ```
//!
//! The name is there where DSTIP is `0.0.0.x` and x is not 0.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::passage::{Answer, Gate, Passage};
use super::record::{Faults, Record};
use super::socks5::host_name;
use super::{Fault, Reach};
use crate::origin::{Act, Peer, Site};

/// The request is granted; 91 to 93 are refusals.
pub const GRANTED: u8 = 90;

/// The request is rejected or has failed.
const FAILED: u8 = 91;

/// The request is rejected because of its user id.
const UNKNOWN_USER: u8 = 93;

/// The fixed octets before the user id.
const FIXED: usize = 8;

/// The longest user id or name: more than any host has, less than a flood.
const ROOM: usize = 255;

/// What all connections of a proxy share.
#[derive(Clone)]
struct Shared {
    reach: Reach,
    user: Option<Vec<u8>>,
    code: u8,
    /// Comes behind the success in the same segment.
    behind: Vec<u8>,
    instead: Option<Vec<Act>>,
    targets: Record<String>,
    users: Record<Vec<u8>>,
    faults: Faults,
}

/// A proxy of SOCKS 4A. Clones note into the same lists; what is said of a clone afterwards is its own.
#[derive(Clone)]
pub struct Socks4aProxy {
    shared: Arc<Shared>,
}

impl Socks4aProxy {
    /// A proxy that lets everybody in.
    pub fn new(reach: Reach) -> Self {
        Self {
            shared: Arc::new(Shared {
                reach,
                user: None,
                code: GRANTED,
                behind: Vec::new(),
                instead: None,
                targets: Record::default(),
                users: Record::default(),
                faults: Faults::default(),
            }),
        }
    }

    /// Lets in this user id alone; others get 93.
    #[must_use]
    pub fn demanding(self, user: &[u8]) -> Self {
        self.with(|shared| shared.user = Some(user.to_vec()))
    }

    /// Answers every request with this code; with [`GRANTED`] as if nothing had been said here.
    #[must_use]
    pub fn refusing(self, code: u8) -> Self {
        self.with(|shared| shared.code = code)
    }

    /// Octets behind a success, in the same segment.
    #[must_use]
    pub fn saying_behind(self, octets: &[u8]) -> Self {
        self.with(|shared| shared.behind = octets.to_vec())
    }

    /// Does this in answer to a request, if it is one, and hears no more.
    #[must_use]
    pub fn instead(self, acts: Vec<Act>) -> Self {
        self.with(|shared| shared.instead = Some(acts))
    }

    /// Where clients wanted to go, with the type of the address: `name origin.test:443`, `v4 10.0.0.1:80`.
    pub fn targets(&self) -> Vec<String> {
        self.shared.targets.all()
    }

    /// The user ids that clients said.
    pub fn users(&self) -> Vec<Vec<u8>> {
        self.shared.users.all()
    }

    /// What clients did wrong.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.faults.all()
    }

    fn with(self, change: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = (*self.shared).clone();
        change(&mut shared);
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Site for Socks4aProxy {
    fn accept(&self, _connection: usize) -> Box<dyn Peer> {
        let gate = Socks4Gate {
            shared: Arc::clone(&self.shared),
            octets: Vec::new(),
        };
        Box::new(Passage::new(gate, self.shared.faults.clone()))
    }
}

impl fmt::Debug for Socks4aProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a SOCKS 4A proxy to {:?}", self.shared.reach)
    }
}

/// One connection, until it is let through.
struct Socks4Gate {
    shared: Arc<Shared>,
    /// What has come of the request.
    octets: Vec<u8>,
}

impl Socks4Gate {
    fn answer(&self, asked: &Asked) -> Answer {
        let known = self.shared.user.as_ref();
        let code = match known.is_none_or(|known| *known == asked.user) {
            true => self.shared.code,
            false => UNKNOWN_USER,
        };
        let shut = |code| Answer::Shut(vec![Act::Send(reply(code)), Act::Finish]);
        if code != GRANTED {
            return shut(code);
        }
        match self.shared.reach.connect(&asked.authority) {
            None => shut(FAILED),
            Some(peer) => {
                let octets = [reply(code), self.shared.behind.clone()].concat();
                Answer::Open(vec![Act::Send(octets)], peer)
            }
        }
    }
}

impl Gate for Socks4Gate {
    fn hear(&mut self, bytes: &[u8]) -> Result<Answer, Fault> {
        self.octets.extend_from_slice(bytes);
        let Some(asked) = read(&self.octets)? else {
            return Ok(Answer::Go(Vec::new()));
        };
        if self.octets.len() > asked.length {
            return Err(Fault::BeforeAnswer);
        }
        let told = format!("{} {}", asked.kind, asked.authority);
        self.shared.targets.note(told);
        self.shared.users.note(asked.user.clone());
        Ok(match &self.shared.instead {
            Some(acts) => Answer::Shut(acts.clone()),
            None => self.answer(&asked),
        })
    }

    fn is_idle(&self) -> bool {
        self.octets.is_empty()
    }

    fn refuse(&self, _fault: Fault) -> Vec<u8> {
        reply(FAILED)
    }
}

/// A request that is whole.
struct Asked {
    kind: &'static str,
    authority: String,
    user: Vec<u8>,
    length: usize,
}

/// Objects to the first octet that is wrong; `None` while there are too few.
fn read(octets: &[u8]) -> Result<Option<Asked>, Fault> {
    match octets {
        [version, ..] if *version != 4 => return Err(Fault::Version),
        [_, command, ..] if *command != 1 => return Err(Fault::Command),
        [_, _, 0, 0, ..] => return Err(Fault::ZeroPort),
        [_, _, _, _, 0, 0, 0, 0, ..] => return Err(Fault::ZeroAddress),
        _ => {}
    }
    let Some(&[_, _, high, low, a, b, c, d]) = octets.get(..FIXED) else {
        return Ok(None);
    };
    let Some((user, behind)) = until_nul(octets, FIXED)? else {
        return Ok(None);
    };
    let (kind, host, length) = match [a, b, c] {
        [0, 0, 0] => match until_nul(octets, behind)? {
            None => return Ok(None),
            Some((name, length)) => ("name", host_name(name)?, length),
        },
        _ => ("v4", Ipv4Addr::new(a, b, c, d).to_string(), behind),
    };
    let port = u16::from_be_bytes([high, low]);
    Ok(Some(Asked {
        kind,
        authority: format!("{host}:{port}"),
        user: user.to_vec(),
        length,
    }))
}

/// The octets from `start` to the next NUL, and where it ends.
fn until_nul(octets: &[u8], start: usize) -> Result<Option<(&[u8], usize)>, Fault> {
    let rest = &octets[start..];
    match rest.iter().position(|octet| *octet == 0) {
        Some(length) if length <= ROOM => Ok(Some((&rest[..length], start + length + 1))),
        None if rest.len() <= ROOM => Ok(None),
        _ => Err(Fault::TooLong),
    }
}

fn reply(code: u8) -> Vec<u8> {
    vec![0, code, 0, 0, 0, 0, 0, 0]
}
