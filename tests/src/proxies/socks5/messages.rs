//! The messages of RFC 1928 and RFC 1929, as a server reads and writes them.
//!
//! A reader is given all octets that have come of a message. It says `None` while there are too few, and objects to the
//! first octet that is wrong even then, so that no client waits for an answer that we do not owe. The octets behind a
//! message are not its business: it says how many are the message's.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::proxies::Fault;

/// The version of SOCKS.
const VERSION: u8 = 5;

/// The version of the subnegotiation (RFC 1929 §2).
const SUBNEGOTIATION: u8 = 1;

/// No authentication required (RFC 1928 §3).
pub(super) const ANYBODY: u8 = 0;

/// Username/password.
pub(super) const PASSWORD: u8 = 2;

/// No acceptable methods.
pub(super) const NONE: u8 = 0xff;

/// Which address a success tells the client (BND.ADDR); most proxies tell nothing of worth there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `0.0.0.0`.
    V4,
    /// `::`.
    V6,
    /// A name of 11 octets.
    Name,
}

/// A message that is whole, and how many octets it has.
pub(super) type Read<T> = Result<Option<(T, usize)>, Fault>;

/// VER NMETHODS METHODS: the methods.
pub(super) fn read_methods(octets: &[u8]) -> Read<Vec<u8>> {
    expect(octets.first(), VERSION, Fault::Version)?;
    let Some((methods, length)) = counted(octets, 1) else {
        return Ok(None);
    };
    if methods.is_empty() {
        return Err(Fault::NoMethods);
    }
    if methods.contains(&NONE) {
        return Err(Fault::NoMethodOffered);
    }
    Ok(Some((methods.to_vec(), length)))
}

/// VER ULEN UNAME PLEN PASSWD: user and password.
pub(super) fn read_credentials(octets: &[u8]) -> Read<(Vec<u8>, Vec<u8>)> {
    expect(octets.first(), SUBNEGOTIATION, Fault::Version)?;
    let Some((user, behind)) = counted(octets, 1) else {
        return Ok(None);
    };
    let password = counted(octets, behind);
    if user.is_empty() || password.is_some_and(|(password, _)| password.is_empty()) {
        return Err(Fault::EmptyCredentials);
    }
    Ok(password.map(|(password, length)| ((user.to_vec(), password.to_vec()), length)))
}

/// A place where a client wants to go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    kind: &'static str,
    host: String,
    port: u16,
}

impl Target {
    /// `host:port`.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// With the type of the address.
    pub(super) fn told(&self) -> String {
        format!("{} {}", self.kind, self.authority())
    }
}

/// VER CMD RSV ATYP DST.ADDR DST.PORT
pub(super) fn read_target(octets: &[u8]) -> Read<Target> {
    expect(octets.first(), VERSION, Fault::Version)?;
    expect(octets.get(1), 1, Fault::Command)?;
    expect(octets.get(2), 0, Fault::Reserved)?;
    let (kind, host, behind) = match octets.get(3) {
        None => return Ok(None),
        Some(1) => (
            "v4",
            fixed(octets).map(|it: [u8; 4]| Ipv4Addr::from(it).to_string()),
            8,
        ),
        Some(4) => (
            "v6",
            fixed(octets).map(|it: [u8; 16]| format!("[{}]", Ipv6Addr::from(it))),
            20,
        ),
        Some(3) => match counted(octets, 4) {
            None => return Ok(None),
            Some((name, behind)) => ("name", Some(host_name(name)?), behind),
        },
        Some(_) => return Err(Fault::AddressType),
    };
    let (Some(host), Some(port)) = (host, octets.get(behind..behind + 2)) else {
        return Ok(None);
    };
    let port = u16::from_be_bytes([port[0], port[1]]);
    if port == 0 {
        return Err(Fault::ZeroPort);
    }
    Ok(Some((Target { kind, host, port }, behind + 2)))
}

/// VER METHOD
pub(super) fn method(method: u8) -> Vec<u8> {
    vec![VERSION, method]
}

/// VER STATUS
pub(super) fn status(status: u8) -> Vec<u8> {
    vec![SUBNEGOTIATION, status]
}

/// VER REP RSV ATYP BND.ADDR BND.PORT
pub(super) fn reply(code: u8, bound: Bound) -> Vec<u8> {
    let address: &[u8] = match bound {
        Bound::V4 => &[1, 0, 0, 0, 0],
        Bound::V6 => &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        Bound::Name => b"\x03\x0bsocks5.test",
    };
    [&[VERSION, code, 0], address, &[0, 0]].concat()
}

fn expect(octet: Option<&u8>, right: u8, fault: Fault) -> Result<(), Fault> {
    match octet {
        Some(octet) if *octet != right => Err(fault),
        _ => Ok(()),
    }
}

/// The octets behind a count at `at`, and where they end.
fn counted(octets: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let end = at + 1 + usize::from(*octets.get(at)?);
    Some((octets.get(at + 1..end)?, end))
}

/// An address of this length behind the first four octets.
fn fixed<const N: usize>(octets: &[u8]) -> Option<[u8; N]> {
    octets.get(4..4 + N)?.try_into().ok()
}

/// A name as a host has it; whether it is one is for whoever resolves it.
pub(in crate::proxies) fn host_name(name: &[u8]) -> Result<String, Fault> {
    let is_right = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._".contains(octet);
    if name.is_empty() || !name.iter().all(is_right) {
        return Err(Fault::Name);
    }
    Ok(name.iter().copied().map(char::from).collect())
}
