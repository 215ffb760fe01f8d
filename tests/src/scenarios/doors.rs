//! Peers that let in only who knows the password.
//!
//! A [`Door`] reckons Digest from its own side (RFC 7616 §3.4): it shares the hashes with the client, and no other line.
//! It is strict about what the client itself must hold to, and knows one user.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sessile_core::{Authentication, Config, RequestBuilder};
use sha2::Sha256;

use crate::origin::{Act, Request, response};

/// Who may come in.
pub(super) const USER: &str = "Mufasa";

/// How one knows him.
pub(super) const PASSWORD: &str = "Circle of Life";

/// A Digest challenge, and who has answered it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door {
    /// Different challenges have different ones.
    pub(super) nonce: &'static str,
    /// `MD5` is meant where there is none.
    pub(super) algorithm: Option<&'static str>,
    /// `auth` or `auth-int`.
    pub(super) quality: &'static str,
    /// The nonce before it was good, and is too old.
    pub(super) stale: bool,
}

impl Door {
    /// One that asks for SHA-256 and `auth`.
    pub(super) const fn new(nonce: &'static str) -> Self {
        Self {
            nonce,
            algorithm: Some("SHA-256"),
            quality: "auth",
            stale: false,
        }
    }

    /// The value of a WWW-Authenticate line.
    pub(super) fn challenge(&self) -> String {
        let Self { nonce, quality, .. } = self;
        let algorithm = self.algorithm.map(|name| format!(", algorithm={name}"));
        let stale = if self.stale { ", stale=true" } else { "" };
        let algorithm = algorithm.unwrap_or_default();
        format!(r#"Digest realm="the, rock", nonce="{nonce}", qop="{quality}"{algorithm}{stale}"#)
    }

    /// How many answers there were to this challenge, by the count of this request; `None` if it answers another one, or
    /// none, or wrongly.
    pub(super) fn opened(&self, request: &Request) -> Option<u32> {
        let said = parameters(request)?;
        let is = |name: &str, value: &str| said.get(name).is_some_and(|said| said == value);
        let named = [
            ("username", USER),
            ("realm", "the, rock"),
            ("nonce", self.nonce),
            ("uri", &request.target),
            ("qop", self.quality),
        ];
        let same = named.iter().all(|(name, value)| is(name, value));
        let same = same && said.get("algorithm").map(String::as_str) == self.algorithm;
        let (count, cnonce) = (said.get("nc")?, said.get("cnonce")?);
        let response = self.response(request, count, cnonce);
        let right = same && is("response", &response) && count.len() == 8;
        u32::from_str_radix(count, 16).ok().filter(|_| right)
    }

    fn response(&self, request: &Request, count: &str, cnonce: &str) -> String {
        let hash = |text: &str| self.hash(text.as_bytes());
        let key = hash(&format!("{USER}:the, rock:{PASSWORD}"));
        let mut covered = format!("{}:{}", request.method, request.target);
        if self.quality == "auth-int" {
            covered = format!("{covered}:{}", self.hash(&request.content));
        }
        let (nonce, quality, covered) = (self.nonce, self.quality, hash(&covered));
        hash(&format!(
            "{key}:{nonce}:{count}:{cnonce}:{quality}:{covered}"
        ))
    }

    fn hash(&self, octets: &[u8]) -> String {
        let digits = |octets: &[u8]| octets.iter().map(|it| format!("{it:02x}")).collect();
        match self.algorithm {
            Some("SHA-256") => digits(&Sha256::digest(octets)),
            Some("MD5") | None => digits(&Md5::digest(octets)),
            Some(other) => panic!("this door does not know {other}"),
        }
    }
}

/// The Authorization line of a request, as text.
///
/// # Panics
/// If there are two: no client of ours says twice who it is.
pub(super) fn authorization(request: &Request) -> Option<String> {
    let values: Vec<_> = request.values("Authorization").collect();
    assert!(values.len() < 2, "{values:?}");
    let value = values.first()?;
    Some(String::from_utf8(value.to_vec()).expect("the line is text"))
}

/// The Authorization lines of requests, `-` for none: what each of them says of who it is.
pub(super) fn authorizations(requests: &[Request]) -> Vec<String> {
    let said = |request| authorization(request).unwrap_or_else(|| "-".to_owned());
    requests.iter().map(said).collect()
}

/// The parameters of a request's Digest credentials, unquoted.
fn parameters(request: &Request) -> Option<BTreeMap<String, String>> {
    let value = authorization(request)?;
    let mut rest = value.strip_prefix("Digest ")?;
    let mut said = BTreeMap::new();
    while let Some((name, behind)) = rest.split_once('=') {
        let (value, behind) = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => behind.split_at(behind.find(',').unwrap_or(behind.len())),
        };
        said.insert(name.to_owned(), value.to_owned());
        rest = behind.strip_prefix(", ").unwrap_or(behind);
    }
    Some(said)
}

/// A 401 with these challenges.
pub(super) fn unauthorized(challenges: &[&str]) -> Act {
    let fields: Vec<_> = challenges
        .iter()
        .map(|value| ("WWW-Authenticate", *value))
        .collect();
    Act::Send(response(401, &fields, b"who are you?"))
}

/// What a Basic line says for a user and a password.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Whoever may come in, by Digest.
pub(super) fn mufasa() -> Authentication {
    Authentication::digest(USER, PASSWORD).expect("valid")
}

/// A GET by whoever may come in.
pub(super) fn by_mufasa(url: &str) -> sessile_core::Request {
    by(url, mufasa())
}

/// A GET with credentials.
pub(super) fn by(url: &str, who: Authentication) -> sessile_core::Request {
    let request = RequestBuilder::new("GET", url).authentication(who);
    request.build().expect("a request")
}

/// A session with an authenticator.
pub(super) fn asking(authenticator: impl sessile_core::Authenticator + 'static) -> Config {
    Config {
        authenticator: Some(sessile_core::AuthenticationHook::new(authenticator)),
        ..Config::default()
    }
}
