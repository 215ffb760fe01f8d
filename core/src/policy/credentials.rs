//! A user and a password, as the Basic scheme writes them (RFC 7617), and why credentials cannot be sent.
//!
//! What would corrupt a field or be read apart by the peer is refused here, so that nothing above has to look again.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

/// A user and a password. They never appear in `Debug`, errors or logs.
///
/// ```
/// use sessile_core::Credentials;
/// let credentials = Credentials::new("joe", "pass:word")?;
/// assert!(!format!("{credentials:?}").contains("joe"));
/// assert!(Credentials::new("jo:e", "").is_err());
/// # Ok::<(), sessile_core::CredentialsError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    user: Box<[u8]>,
    password: Box<[u8]>,
}

/// Why credentials cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialsError {
    /// One of them holds a control octet (RFC 7617 §2).
    Control,
    /// The user holds a colon: the peer would take what follows it for the password (RFC 7617 §2).
    Colon,
    /// A bearer token holds an octet that none may hold (RFC 6750 §2.1).
    Token,
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "the user or the password holds a control octet (RFC 7617 section 2)",
            Self::Colon => "the user holds a colon (RFC 7617 section 2)",
            Self::Token => "the bearer token is not a b64token (RFC 6750 section 2.1)",
        })
    }
}

impl core::error::Error for CredentialsError {}

impl Credentials {
    /// Takes octets; text is sent as UTF-8.
    ///
    /// # Errors
    /// If either holds a control octet, or the user a colon.
    pub fn new(
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
    ) -> Result<Self, CredentialsError> {
        let (user, password) = (user.as_ref(), password.as_ref());
        if user.iter().chain(password).any(u8::is_ascii_control) {
            return Err(CredentialsError::Control);
        }
        if user.contains(&b':') {
            return Err(CredentialsError::Colon);
        }
        Ok(Self {
            user: user.into(),
            password: password.into(),
        })
    }

    /// Whether there is neither a user nor a password: nothing is sent then.
    pub fn is_empty(&self) -> bool {
        self.user.is_empty() && self.password.is_empty()
    }

    /// The user's octets.
    pub fn user(&self) -> &[u8] {
        &self.user
    }

    /// The password's octets: for whoever has another use for them than Basic.
    pub fn password(&self) -> &[u8] {
        &self.password
    }

    /// The userinfo of a URL, its escapes undone; `None` if it has none or an empty one.
    pub(crate) fn of_url(url: &Url) -> Result<Option<Self>, CredentialsError> {
        let (user, password) = (url.username(), url.password().unwrap_or_default());
        let octets = |text| percent_decode_str(text).collect::<Vec<u8>>();
        let credentials = Self::new(octets(user), octets(password))?;
        Ok(Some(credentials).filter(|credentials| !credentials.is_empty()))
    }

    /// credentials = "Basic" 1*SP token68
    pub(crate) fn basic(&self) -> String {
        let pair = [&self.user, &b":"[..], &self.password].concat();
        format!("Basic {}", STANDARD.encode(pair))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_octet_corrupts_the_field() {
        for octet in 0..=255u8 {
            let with = Credentials::new([octet], [b'x', octet]);
            let control = octet < b' ' || octet == 0x7f;
            assert_eq!(with.is_err(), control || octet == b':', "{octet:#x}");
            let password = Credentials::new("u", [octet]);
            assert_eq!(password.is_err(), control, "{octet:#x}");
        }
    }

    #[test]
    fn escapes_are_undone_once() {
        for (url, basic) in [
            ("http://joe:pw@a/", Some("Basic am9lOnB3")),
            ("http://joe:a+b@a/", Some("Basic am9lOmErYg==")),
            ("http://j%F6:%FF@a/", Some("Basic avY6/w==")),
            ("http://:pw@a/", Some("Basic OnB3")),
            ("http://@a/", None),
            ("http://a/", None),
        ] {
            let url = Url::parse(url).expect("a URL");
            let credentials = Credentials::of_url(&url).expect("valid");
            let written = credentials.map(|credentials| credentials.basic());
            assert_eq!(written.as_deref(), basic, "{url}");
        }
    }
}
