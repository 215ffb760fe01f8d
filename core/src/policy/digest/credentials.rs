//! A user and a password, as Digest takes them: text, sent and hashed as UTF-8 (RFC 7616 §4).

use core::fmt;

use crate::policy::CredentialsError;

/// A user and a password for Digest. They never appear in `Debug`, errors or logs.
///
/// The password is hashed and never written, so that it may hold anything. Neither is normalised.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DigestCredentials {
    user: Box<str>,
    password: Box<str>,
}

impl DigestCredentials {
    /// Takes text.
    ///
    /// # Errors
    /// If the user holds a control character.
    ///
    /// ```
    /// use sessile_core::DigestCredentials;
    /// assert!(DigestCredentials::new("Mufasa", "Circle of\nLife").is_ok());
    /// assert!(DigestCredentials::new("Mufasa\n", "Circle of Life").is_err());
    /// ```
    pub fn new(user: &str, password: &str) -> Result<Self, CredentialsError> {
        if user.bytes().any(|octet| octet.is_ascii_control()) {
            return Err(CredentialsError::Control);
        }
        Ok(Self {
            user: user.into(),
            password: password.into(),
        })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for DigestCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestCredentials(..)")
    }
}
