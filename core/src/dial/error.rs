//! Why a connection could not be opened, as far as it matters here.

use std::io;

/// Why a dial failed. Made of an [`io::Error`], or of its kind alone.
///
/// ```
/// use sessile_core::DialError;
/// let error = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// assert!(!DialError::from(&error).is_exhausted());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialError {
    kind: io::ErrorKind,
    exhausted: bool,
}

impl DialError {
    /// There is no descriptor left, for this process or in the system: idle connections have some.
    pub fn exhausted() -> Self {
        Self {
            kind: io::ErrorKind::Other,
            exhausted: true,
        }
    }

    /// What the system said.
    pub fn kind(self) -> io::ErrorKind {
        self.kind
    }

    /// Whether it was for want of descriptors: then closing others may help.
    pub fn is_exhausted(self) -> bool {
        self.exhausted
    }
}

impl From<io::ErrorKind> for DialError {
    fn from(kind: io::ErrorKind) -> Self {
        Self {
            kind,
            exhausted: false,
        }
    }
}

impl From<&io::Error> for DialError {
    fn from(error: &io::Error) -> Self {
        Self {
            kind: error.kind(),
            exhausted: error
                .raw_os_error()
                .is_some_and(|code| EXHAUSTED.contains(&code)),
        }
    }
}

/// `EMFILE` and `ENFILE`: the standard library has no kind for them. They have these numbers on every Unix.
#[cfg(not(windows))]
const EXHAUSTED: [i32; 2] = [24, 23];

/// `WSAEMFILE`, `WSAENOBUFS`.
#[cfg(windows)]
const EXHAUSTED: [i32; 2] = [10024, 10055];
