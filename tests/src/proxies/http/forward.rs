//! Requests that are handed on: from absolute-form to origin-form, each to the peer of its target.

use std::collections::BTreeMap;

use crate::origin::{Act, Peer, Request, chunk};
use crate::proxies::{Fault, Reach};

/// The peers to which one connection's requests go.
pub(super) struct Targets {
    reach: Reach,
    peers: BTreeMap<String, Box<dyn Peer>>,
}

impl Targets {
    pub(super) fn new(reach: Reach) -> Self {
        let peers = BTreeMap::new();
        Self { reach, peers }
    }

    /// What the target does with the request; `None` if there is no such target.
    pub(super) fn forward(&mut self, request: &Request) -> Option<Vec<Act>> {
        let (authority, target) = target_of(request).ok()?;
        let mut acts = Vec::new();
        if !self.peers.contains_key(&authority) {
            let mut peer = self.reach.connect(&authority)?;
            acts = peer.opened();
            self.peers.insert(authority.clone(), peer);
        }
        let peer = self.peers.get_mut(&authority)?;
        if !acts.iter().any(Act::is_last) {
            acts.extend(peer.received(&rewritten(request, &target)));
        }
        Some(acts)
    }
}

/// The authority with its port, and the target in origin-form or asterisk-form (RFC 9112 §3.2).
pub(super) fn target_of(request: &Request) -> Result<(String, String), Fault> {
    if request.target.starts_with("https://") {
        return Err(Fault::SecretForwarded);
    }
    let rest = request.target.strip_prefix("http://");
    let rest = rest.ok_or(Fault::TargetForm)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let bracket = authority.rfind(']').unwrap_or(0);
    let authority = match authority[bracket..].contains(':') {
        true => authority.to_owned(),
        false => format!("{authority}:80"),
    };
    let target = match path {
        // RFC 9112 §3.2.4
        "" if request.method == "OPTIONS" => "*".to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("/{path}"),
    };
    Ok((authority, target))
}

/// The request as an origin gets it. What was for the proxy stays here; Connection goes on, because both connections
/// live and die together.
fn rewritten(request: &Request, target: &str) -> Vec<u8> {
    let (method, version) = (&request.method, request.version);
    let mut octets = format!("{method} {target} HTTP/1.{version}\r\n").into_bytes();
    let for_us = |name: &str| name.eq_ignore_ascii_case("proxy-authorization");
    let fields: Vec<_> = request.fields.iter().filter(|it| !for_us(&it.0)).collect();
    push_fields(&mut octets, &fields);
    if request.field("transfer-encoding").is_none() {
        octets.extend_from_slice(&request.content);
        return octets;
    }
    octets.extend(chunk(&request.content));
    octets.extend_from_slice(b"0\r\n");
    push_fields(&mut octets, &request.trailers.iter().collect::<Vec<_>>());
    octets
}

/// Field lines and the empty line behind them.
fn push_fields(octets: &mut Vec<u8>, fields: &[&(String, Vec<u8>)]) {
    for (name, value) in fields {
        octets.extend_from_slice(name.as_bytes());
        octets.extend_from_slice(b": ");
        octets.extend_from_slice(value);
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b"\r\n");
}
