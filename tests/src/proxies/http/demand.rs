//! Who may use a proxy: Basic (RFC 7617) and Digest (RFC 7616) in Proxy-Authorization (RFC 9110 §11.7).
//!
//! Digest is reckoned here once more, from the side of the proxy: it shares the hashes with the client and no other line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::origin::Request;

/// The realm of every challenge.
const REALM: &str = "the, proxy";

/// A hash of Digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// MD5, which old proxies ask for.
    Md5,
    /// SHA-256.
    Sha256,
}

/// A scheme in which a client may say who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// User and password as they are.
    Basic,
    /// Digest with this hash and the quality `auth`.
    Digest(Hash),
}

/// Who is let in, and how he is to say so.
#[derive(Clone, Debug)]
pub struct Demand {
    /// His name.
    pub user: String,
    /// His password.
    pub password: String,
    /// One challenge each, in this order.
    pub schemes: Vec<Scheme>,
    /// How many requests a nonce of Digest is good for; after them it is stale, and a new one is asked for.
    pub uses: usize,
}

impl Demand {
    /// Asks for these schemes, with nonces that last.
    pub fn new(user: &str, password: &str, schemes: &[Scheme]) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            schemes: schemes.to_vec(),
            uses: usize::MAX,
        }
    }
}

/// A nonce: its number, and the counts under which it was answered rightly.
#[derive(Debug, Default)]
struct Nonce {
    number: u32,
    counts: BTreeSet<String>,
}

/// Stands at a door, for all connections.
#[derive(Debug)]
pub(super) struct Doorkeeper {
    demand: Demand,
    nonce: Mutex<Nonce>,
}

/// What he thinks of what was said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Right,
    Wrong,
    /// Right, but by a nonce that is too old.
    Stale,
}

impl Doorkeeper {
    pub(super) fn new(demand: Demand) -> Self {
        let nonce = Mutex::default();
        Self { demand, nonce }
    }

    /// The values of Proxy-Authenticate for a request that is not let in; `None` if it is.
    pub(super) fn challenge(&self, request: &Request) -> Option<Vec<String>> {
        let said = request.field("proxy-authorization");
        let verdict = said.map_or(Verdict::Wrong, |said| self.judge(request, said));
        if verdict == Verdict::Right {
            return None;
        }
        let schemes = self.demand.schemes.iter();
        Some(schemes.map(|it| self.ask(*it, verdict)).collect())
    }

    fn ask(&self, scheme: Scheme, verdict: Verdict) -> String {
        let Scheme::Digest(hash) = scheme else {
            return format!(r#"Basic realm="{REALM}""#);
        };
        let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner);
        let (nonce, algorithm) = (name(nonce.number), hash.name());
        let stale = if verdict == Verdict::Stale {
            ", stale=true"
        } else {
            ""
        };
        format!(
            r#"Digest realm="{REALM}", nonce="{nonce}", qop="auth", algorithm={algorithm}{stale}"#
        )
    }

    fn judge(&self, request: &Request, said: &[u8]) -> Verdict {
        let asked = |scheme| self.demand.schemes.contains(&scheme);
        if asked(Scheme::Basic) && self.is_basic(said) {
            return Verdict::Right;
        }
        let said = std::str::from_utf8(said).ok().and_then(parameters);
        let Some(said) = said else {
            return Verdict::Wrong;
        };
        for hash in [Hash::Md5, Hash::Sha256] {
            if asked(Scheme::Digest(hash)) && self.is_digest(hash, request, &said) {
                return self.use_nonce(&said);
            }
        }
        Verdict::Wrong
    }

    fn is_basic(&self, said: &[u8]) -> bool {
        let Demand { user, password, .. } = &self.demand;
        let right = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        said == right.as_bytes()
    }

    /// Whether the response is right for the nonce that it names, whichever that is (RFC 7616 §3.4).
    fn is_digest(&self, hash: Hash, request: &Request, said: &BTreeMap<String, String>) -> bool {
        let Demand { user, password, .. } = &self.demand;
        let get = |name| said.get(name).map_or("", String::as_str);
        let key = hash.of(&format!("{user}:{REALM}:{password}"));
        let covered = hash.of(&format!("{}:{}", request.method, request.target));
        let (nonce, count, cnonce) = (get("nonce"), get("nc"), get("cnonce"));
        let response = hash.of(&format!("{key}:{nonce}:{count}:{cnonce}:auth:{covered}"));
        [
            ("username", user.as_str()),
            ("realm", REALM),
            ("uri", &request.target),
            ("qop", "auth"),
            ("algorithm", hash.name()),
            ("response", &response),
        ]
        .iter()
        .all(|(name, value)| get(name) == *value)
    }

    /// A count is good for one request (RFC 7616 §3.4). Connections share the nonce, so they may come in any order.
    fn use_nonce(&self, said: &BTreeMap<String, String>) -> Verdict {
        let mut nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner);
        let number = nonce.number;
        if said.get("nonce").is_none_or(|it| *it != name(number)) {
            return Verdict::Stale;
        }
        if nonce.counts.len() >= self.demand.uses {
            let number = number + 1;
            let counts = BTreeSet::new();
            *nonce = Nonce { number, counts };
            return Verdict::Stale;
        }
        let count = said.get("nc").filter(|count| is_count(count));
        match count.is_some_and(|count| nonce.counts.insert(count.clone())) {
            true => Verdict::Right,
            false => Verdict::Wrong,
        }
    }
}

/// nc-value = 8LHEX (RFC 7616 §3.4)
fn is_count(text: &str) -> bool {
    let is_lhex = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
    text.len() == 8 && text.bytes().all(is_lhex)
}

impl Hash {
    fn name(self) -> &'static str {
        match self {
            Hash::Md5 => "MD5",
            Hash::Sha256 => "SHA-256",
        }
    }

    fn of(self, text: &str) -> String {
        let digits = |octets: &[u8]| octets.iter().map(|it| format!("{it:02x}")).collect();
        match self {
            Hash::Md5 => digits(&Md5::digest(text)),
            Hash::Sha256 => digits(&Sha256::digest(text)),
        }
    }
}

fn name(nonce: u32) -> String {
    format!("nonce-{nonce}")
}

/// The parameters of Digest credentials, unquoted; no quoted-pair is understood.
fn parameters(value: &str) -> Option<BTreeMap<String, String>> {
    let mut rest = value.strip_prefix("Digest ")?;
    let mut said = BTreeMap::new();
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=')?;
        let (value, behind) = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => behind.split_at(behind.find(',').unwrap_or(behind.len())),
        };
        said.insert(name.to_owned(), value.to_owned());
        rest = behind.strip_prefix(',').unwrap_or(behind).trim_start();
    }
    Some(said)
}
