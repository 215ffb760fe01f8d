//! A `.netrc` that was read, and whose password it has.

use core::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

use super::error::NetrcError;
use super::hosts::Machine;
use super::read::read;
use crate::policy::Credentials;

/// Users and passwords by host. The file is the caller's to find and to read; nothing of it appears in `Debug` or errors.
///
/// ```
/// use sessile_core::{Netrc, Url};
/// let netrc = Netrc::parse("machine example.org login joe password secret\ndefault login anyone")?;
/// assert!(netrc.lookup(&Url::parse("https://EXAMPLE.org:8443/path")?).is_some());
/// assert!(netrc.lookup(&Url::parse("http://joe@example.org./")?).is_some());
/// // Not this host; not this login; and `default` only when asked for.
/// for url in ["http://example.org@evil.test/", "http://ann@example.org/", "http://example.com/"] {
///     assert!(netrc.lookup(&Url::parse(url)?).is_none());
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Netrc {
    entries: Vec<Entry>,
    with_default: bool,
}

/// One machine of a file.
pub(super) struct Entry {
    pub(super) machine: Machine,
    pub(super) login: Vec<u8>,
    pub(super) credentials: Credentials,
}

impl Netrc {
    /// Reads a file: machines with their logins, passwords and accounts, `default`, macros (which are skipped), comments,
    /// quoted words. Keywords have no case.
    ///
    /// # Errors
    /// If anything is wrong anywhere; nothing is taken of the file then.
    pub fn parse(file: impl AsRef<[u8]>) -> Result<Self, NetrcError> {
        Ok(Self {
            entries: read(file.as_ref())?,
            with_default: false,
        })
    }

    /// Has `default` answer for hosts that the file does not name. By itself it answers for nobody: it would hand one
    /// password to every host that a redirect leads to.
    pub fn with_default(mut self) -> Self {
        self.with_default = true;
        self
    }

    /// The user and the password for a URL: of the first entry that names its host, or, if the URL has a user, of the first
    /// of these that has this login. Another user's password is never taken, nor another host's.
    pub fn lookup(&self, url: &Url) -> Option<&Credentials> {
        let host = Machine::of(url)?;
        let names_it = |machine: &Machine| self.entries.iter().any(|one| one.machine == *machine);
        let machine = match names_it(&host) {
            true => host,
            false if self.with_default => Machine::Default,
            false => return None,
        };
        let user: Vec<u8> = percent_decode_str(url.username()).collect();
        let fits = |entry: &&Entry| user.is_empty() || entry.login == user;
        let mut entries = self.entries.iter().filter(|one| one.machine == machine);
        let credentials = &entries.find(fits)?.credentials;
        Some(credentials).filter(|credentials| !credentials.is_empty())
    }
}

impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a netrc of {} entries", self.entries.len())
    }
}
