//! What a client may not say to a proxy: one variant for each rule, so that a test can name the rule.

use std::error::Error;
use std::fmt;

use crate::origin::Malformed;

/// The first rule that a client broke on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no request that an origin would take.
    Request(Malformed),
    /// A target in origin-form or asterisk-form, which means nothing to a proxy (RFC 9112 §3.2.2).
    TargetForm,
    /// A request for `https` that is to be forwarded: its secrets would be the proxy's.
    SecretForwarded,
    /// Host is neither the target of CONNECT nor its host (RFC 9112 §§3.2, 3.2.3).
    HostDiffers,
    /// Proxy-Authorization more than once.
    RepeatedCredentials,
    /// Proxy-Connection, which no recipient may act on (RFC 9112 appendix C.2.2).
    ProxyConnection,
    /// Octets that came before the answer on which they depend.
    BeforeAnswer,
    /// The end of the stream inside a message.
    CutShort,
    /// The version octet is not this protocol's.
    Version,
    /// A greeting that offers no method (RFC 1928 §3).
    NoMethods,
    /// A greeting that offers 0xFF, which is the answer that no method will do (RFC 1928 §3).
    NoMethodOffered,
    /// A command other than CONNECT.
    Command,
    /// The reserved octet is not 0 (RFC 1928 §4).
    Reserved,
    /// An unknown type of address (RFC 1928 §5).
    AddressType,
    /// A name that is empty, or has octets that no host has.
    Name,
    /// The port is 0.
    ZeroPort,
    /// A user name or password without an octet (RFC 1929 §2: 1 to 255).
    EmptyCredentials,
    /// An address of zeros alone, which is neither an address nor the sign of a name (SOCKS 4A).
    ZeroAddress,
    /// A user id or name that does not end.
    TooLong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Request(reason) => return reason.fmt(f),
            Fault::TargetForm => "a target that is in no form for proxies",
            Fault::SecretForwarded => "a request for https that is not for a tunnel",
            Fault::HostDiffers => "a Host that is not the target's",
            Fault::RepeatedCredentials => "more than one Proxy-Authorization field",
            Fault::ProxyConnection => "a Proxy-Connection field",
            Fault::BeforeAnswer => "octets before the answer",
            Fault::CutShort => "the stream ended inside a message",
            Fault::Version => "another version",
            Fault::NoMethods => "no method",
            Fault::NoMethodOffered => "the method that is none",
            Fault::Command => "another command than CONNECT",
            Fault::Reserved => "a reserved octet that is not 0",
            Fault::AddressType => "an unknown type of address",
            Fault::Name => "a name that no host has",
            Fault::ZeroPort => "the port 0",
            Fault::EmptyCredentials => "an empty user name or password",
            Fault::ZeroAddress => "the address 0.0.0.0",
            Fault::TooLong => "a user id or name that does not end",
        })
    }
}

impl Error for Fault {}
