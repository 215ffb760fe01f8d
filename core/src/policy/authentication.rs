//! Who a request says it comes from: credentials of one of the schemes that we speak (RFC 9110 §11.4).

use core::fmt;
use std::sync::Arc;

use super::challenge::is_token68;
use super::credentials::{Credentials, CredentialsError};
use super::digest::DigestCredentials;

/// Credentials with the scheme that they are for. Copies are cheap, and `Debug` shows the scheme alone.
///
/// It says nothing of whom it is for: an [`AuthenticationStore`](super::AuthenticationStore) and a
/// [`BoundAuthentication`](super::BoundAuthentication) do.
///
/// ```
/// use sessile_core::Authentication;
/// let digest = Authentication::digest("Mufasa", "Circle of Life")?;
/// assert_eq!(format!("{digest:?}"), "Digest credentials");
/// assert!(Authentication::bearer("two words").is_err());
/// # Ok::<(), sessile_core::CredentialsError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Authentication(Arc<Kind>);

#[derive(PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Basic(Credentials),
    Bearer(Box<str>),
    Digest(DigestCredentials),
    BasicOrDigest(Credentials, DigestCredentials),
    /// As it is usual with proxies: Basic in advance, Digest if that is what is wanted.
    BasicThenDigest(Credentials, DigestCredentials),
}

impl Authentication {
    /// Basic (RFC 7617): sent in advance, with every request. It shows the password to whoever can read the connection.
    ///
    /// # Errors
    /// If either holds a control octet, or the user a colon.
    pub fn basic(
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
    ) -> Result<Self, CredentialsError> {
        Credentials::new(user, password).map(Self::from)
    }

    /// A bearer token (RFC 6750 §2.1), sent in advance, with every request.
    ///
    /// # Errors
    /// If it is no b64token: letters, digits and `-._~+/`, then any number of `=`.
    pub fn bearer(token: &str) -> Result<Self, CredentialsError> {
        match is_token68(token.as_bytes()) {
            true => Ok(Self::of(Kind::Bearer(token.into()))),
            false => Err(CredentialsError::Token),
        }
    }

    /// Digest (RFC 7616): the first request of a protection space goes without, and is sent again with the answer to its
    /// challenge; later ones are answered in advance. No other scheme is answered.
    ///
    /// # Errors
    /// If the user holds a control character.
    pub fn digest(user: &str, password: &str) -> Result<Self, CredentialsError> {
        DigestCredentials::new(user, password).map(|digest| Self::of(Kind::Digest(digest)))
    }

    /// Digest if the peer offers it, else Basic; never Basic in advance, and never in place of a Digest that was refused.
    ///
    /// # Errors
    /// If either holds a control character, or the user a colon.
    pub fn basic_or_digest(user: &str, password: &str) -> Result<Self, CredentialsError> {
        let basic = Credentials::new(user, password)?;
        let digest = DigestCredentials::new(user, password)?;
        Ok(Self::of(Kind::BasicOrDigest(basic, digest)))
    }

    /// Who a proxy's URL says asks it: Basic in advance, as requests and curl do, and Digest if the proxy asks for that.
    pub(super) fn of_proxy(user: &[u8], password: &[u8]) -> Option<Self> {
        let basic = Credentials::new(user, password).ok()?;
        // The words of Digest are text.
        let texts = (str::from_utf8(user), str::from_utf8(password));
        let digest = match texts {
            (Ok(user), Ok(password)) => DigestCredentials::new(user, password).ok(),
            _ => None,
        };
        Some(Self::of(match digest {
            Some(digest) => Kind::BasicThenDigest(basic, digest),
            None => Kind::Basic(basic),
        }))
    }

    fn of(kind: Kind) -> Self {
        Self(Arc::new(kind))
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.0
    }
}

/// As [`Authentication::basic`].
impl From<Credentials> for Authentication {
    fn from(credentials: Credentials) -> Self {
        Self::of(Kind::Basic(credentials))
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind() {
            Kind::Basic(_) => "Basic credentials",
            Kind::Bearer(_) => "Bearer credentials",
            Kind::Digest(_) => "Digest credentials",
            Kind::BasicOrDigest(..) | Kind::BasicThenDigest(..) => "Basic or Digest credentials",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_a_b64token() {
        for octet in 0..=255u8 {
            let letter = char::from(octet);
            let body = letter.is_ascii_alphanumeric() || "-._~+/".contains(letter);
            let taken = |token: String| Authentication::bearer(&token).is_ok();
            assert_eq!(
                taken(format!("a{letter}")),
                body || letter == '=',
                "{octet:#x}"
            );
            assert_eq!(taken(format!("{letter}a")), body, "{octet:#x}");
        }
        for (token, taken) in [
            ("", false),
            ("=", false),
            ("a==", true),
            ("a=b", false),
            ("mF_9.B5f-4.1JqM", true),
            ("a\r\nX: y", false),
        ] {
            let bearer = Authentication::bearer(token);
            assert_eq!(bearer.is_ok(), taken, "{token:?}");
            assert!(taken || bearer == Err(CredentialsError::Token));
        }
    }

    #[test]
    fn each_scheme_refuses_what_it_cannot_say() {
        use CredentialsError::{Colon, Control};
        for (user, password, basic, digest) in [
            ("u", "p", None, None),
            ("", "", None, None),
            ("u:v", "p", Some(Colon), None),
            ("u", "p:q", None, None),
            ("u\n", "p", Some(Control), Some(Control)),
            ("u\u{7f}", "p", Some(Control), Some(Control)),
            ("u", "p\0", Some(Control), None),
            ("\u{e9}va", "\u{e9}", None, None),
        ] {
            let refused = Authentication::basic(user, password).err();
            assert_eq!(refused, basic, "{user:?}");
            assert_eq!(
                Authentication::digest(user, password).err(),
                digest,
                "{user:?}"
            );
            let either = Authentication::basic_or_digest(user, password).err();
            assert_eq!(either, basic, "{user:?}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let all = [
            Authentication::basic("canary", "canary"),
            Authentication::bearer("canary"),
            Authentication::digest("canary", "canary"),
            Authentication::basic_or_digest("canary", "canary"),
        ];
        for authentication in all {
            assert!(!format!("{authentication:?}").contains("canary"));
        }
    }
}
