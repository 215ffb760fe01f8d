//! The answer to a Digest challenge (RFC 7616 §3.4): its response, and how it is written.

use core::fmt;

use http::Method;

use super::credentials::DigestCredentials;
use super::offer::{DigestOffer, Quality};
use crate::policy::NoAnswer;

/// What an answer covers besides the challenge and the credentials.
#[derive(Clone, Copy)]
pub struct DigestInput<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request-target, exactly as it is sent.
    pub target: &'a str,
    /// The request's content; none is an empty one. `None`: it cannot be read twice.
    pub content: Option<&'a [u8]>,
    /// What the peer cannot choose: octets that nobody guesses, as text.
    pub cnonce: &'a str,
}

impl fmt::Debug for DigestInput<'_> {
    /// Neither the content nor the cnonce.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.content.map(<[u8]>::len);
        write!(f, "{} {}, octets: {octets:?}", self.method, self.target)
    }
}

impl DigestOffer {
    /// The value of an Authorization or a Proxy-Authorization line. `count` says how many answers there are to this nonce,
    /// this one included.
    ///
    /// # Errors
    /// [`NoAnswer::ContentNotAvailable`]; [`NoAnswer::Control`].
    pub fn answer(
        &self,
        credentials: &DigestCredentials,
        input: &DigestInput<'_>,
        count: u32,
    ) -> Result<Vec<u8>, NoAnswer> {
        let texts = [input.target, input.cnonce];
        if texts
            .iter()
            .any(|text| text.bytes().any(|octet| octet.is_ascii_control()))
        {
            return Err(NoAnswer::Control);
        }
        let count = format!("{count:08x}");
        let response = self.response(credentials, input, &count)?;
        let mut out = Written(b"Digest ".to_vec());
        self.write_user(&mut out, credentials.user());
        out.quoted("realm", &self.realm);
        out.quoted("nonce", &self.nonce);
        out.quoted("uri", input.target.as_bytes());
        if let Some(algorithm) = &self.algorithm {
            out.plain("algorithm", algorithm);
        }
        out.quoted("response", response.as_bytes());
        if let Some(opaque) = &self.opaque {
            out.quoted("opaque", opaque);
        }
        if let Some(quality) = self.quality.name() {
            out.plain("qop", quality);
            out.plain("nc", &count);
            out.quoted("cnonce", input.cnonce.as_bytes());
        }
        Ok(out.0)
    }

    /// response = KD(H(A1), unq(nonce) ":" nc ":" unq(cnonce) ":" unq(qop) ":" H(A2)), or without what belongs to `qop`
    /// when none was named.
    fn response(
        &self,
        credentials: &DigestCredentials,
        input: &DigestInput<'_>,
        count: &str,
    ) -> Result<String, NoAnswer> {
        let hash = self.hash;
        let key = self.key(credentials, input.cnonce);
        let covered = self.covered(input)?;
        let (key, covered) = (key.as_bytes(), covered.as_bytes());
        let Some(quality) = self.quality.name() else {
            return Ok(hash.of(&[key, &self.nonce, covered]));
        };
        let (count, cnonce) = (count.as_bytes(), input.cnonce.as_bytes());
        Ok(hash.of(&[key, &self.nonce, count, cnonce, quality.as_bytes(), covered]))
    }

    /// H(A1); A1 = unq(username) ":" unq(realm) ":" passwd, and for a session H(that) ":" unq(nonce) ":" unq(cnonce)
    fn key(&self, credentials: &DigestCredentials, cnonce: &str) -> String {
        let (user, password) = (credentials.user(), credentials.password());
        let key = self
            .hash
            .of(&[user.as_bytes(), &self.realm, password.as_bytes()]);
        match self.session {
            true => self
                .hash
                .of(&[key.as_bytes(), &self.nonce, cnonce.as_bytes()]),
            false => key,
        }
    }

    /// H(A2); A2 = Method ":" request-uri, and for `auth-int` ":" H(entity-body) behind it
    fn covered(&self, input: &DigestInput<'_>) -> Result<String, NoAnswer> {
        let (method, target) = (input.method.as_str().as_bytes(), input.target.as_bytes());
        Ok(match self.quality {
            Quality::AuthInt => {
                let content = input.content.ok_or(NoAnswer::ContentNotAvailable)?;
                let content = self.hash.of(&[content]);
                self.hash.of(&[method, target, content.as_bytes()])
            }
            Quality::Auth | Quality::Unnamed => self.hash.of(&[method, target]),
        })
    }

    /// The user, hashed if the peer prefers that (RFC 7616 §3.4.4), or else in a form that every user can take.
    fn write_user(&self, out: &mut Written, user: &str) {
        if self.userhash {
            let hashed = self.hash.of(&[user.as_bytes(), &self.realm]);
            out.quoted("username", hashed.as_bytes());
            out.plain("userhash", "true");
        } else if user.is_ascii() {
            out.quoted("username", user.as_bytes());
        } else {
            out.plain("username*", &extended(user));
        }
    }
}

impl Quality {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Unnamed => None,
            Self::Auth => Some("auth"),
            Self::AuthInt => Some("auth-int"),
        }
    }
}

/// ext-value = charset "'" [ language ] "'" *( pct-encoded / attr-char ) (RFC 8187 §3.2)
fn extended(user: &str) -> String {
    let mut value = String::from("UTF-8''");
    for octet in user.bytes() {
        match octet.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&octet) {
            true => value.push(char::from(octet)),
            false => value.push_str(&format!("%{octet:02X}")),
        }
    }
    value
}

/// Parameters as they are written, one behind the other.
struct Written(Vec<u8>);

impl Written {
    fn plain(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    /// As a quoted-string: a quote or a backslash in it must not end it.
    fn quoted(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        for octet in value {
            if matches!(octet, b'"' | b'\\') {
                self.0.push(b'\\');
            }
            self.0.push(*octet);
        }
        self.0.push(b'"');
    }

    fn name(&mut self, name: &str) {
        if !self.0.ends_with(b" ") {
            self.0.extend_from_slice(b", ");
        }
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'=');
    }
}
