//! What is wrong with a `.netrc`, and where. No word of the file is ever repeated: it may be a password.

use core::fmt;

use crate::policy::CredentialsError;

/// Why a file is not taken. Nothing of it is: half a file is another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetrcError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: NetrcFault,
}

/// What is wrong in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetrcFault {
    /// A word stands where a keyword should, and is none.
    Keyword,
    /// A login, a password or an account of no machine.
    NoMachine,
    /// The file ends where a value should follow.
    NoValue,
    /// A login, a password or an account for the second time.
    Repeated,
    /// A quoted word does not end in its line, or goes on behind its last quote.
    Quoting,
    /// A backslash with nothing behind it.
    Escape,
    /// A macro without the empty line that ends it.
    Macro,
    /// A user and a password that cannot be sent.
    Credentials(CredentialsError),
}

impl fmt::Display for NetrcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "netrc, line {}: {}", self.line, self.what)
    }
}

impl fmt::Display for NetrcFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyword => "a word that is no keyword",
            Self::NoMachine => "a login, password or account of no machine",
            Self::NoValue => "the file ends where a value should follow",
            Self::Repeated => "a login, password or account for the second time",
            Self::Quoting => {
                "a quoted word that does not end where its line or its last quote does"
            }
            Self::Escape => "a backslash with nothing behind it",
            Self::Macro => "a macro without the empty line that ends it",
            Self::Credentials(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for NetrcError {}
