//! A set of field names, for what is to be left out.

use super::{FieldError, Known};
use crate::syntax::chars;

/// Field names, compared without regard to case.
///
/// ```
/// let mut names = sessile_core::FieldNames::new();
/// names.insert("User-Agent")?;
/// assert!(names.contains("user-agent"));
/// # Ok::<(), sessile_core::FieldError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldNames {
    /// The known names, and `Other` if there are others.
    known: u32,
    other: Vec<Box<str>>,
}

impl FieldNames {
    /// No names, no allocation.
    pub const fn new() -> Self {
        Self {
            known: 0,
            other: Vec::new(),
        }
    }

    /// Adds a name.
    ///
    /// # Errors
    /// If it is not a token; nothing is added then.
    pub fn insert(&mut self, name: impl AsRef<[u8]>) -> Result<(), FieldError> {
        let name = name.as_ref();
        let text = core::str::from_utf8(name).ok();
        let text = text.filter(|_| chars::is_token(name));
        let text = text.ok_or(FieldError::Name)?;
        let known = Known::of(name);
        if known == Known::Other && !self.contains(text) {
            self.other.push(text.into());
        }
        self.known |= known.bit();
        Ok(())
    }

    /// Adds all names of another set.
    pub(crate) fn extend(&mut self, others: &Self) {
        self.known |= others.known;
        for name in &others.other {
            if !self.contains(name) {
                self.other.push(name.clone());
            }
        }
    }

    /// Whether the name is in the set.
    pub fn contains(&self, name: &str) -> bool {
        match Known::of(name.as_bytes()) {
            Known::Other => self
                .other
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name)),
            known => self.known & known.bit() != 0,
        }
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.known == 0
    }

    /// The set of the known names among them; `Other` stands for all others.
    pub(crate) fn known(&self) -> u32 {
        self.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_without_their_case() {
        let mut names = FieldNames::new();
        assert!(names.is_empty());
        for name in ["X-One", "x-one", "ACCEPT"] {
            names.insert(name).expect("a token");
        }
        assert_eq!(names.other.len(), 1);
        assert!(names.contains("x-ONE") && names.contains("accept"));
        assert!(!names.contains("x-two") && !names.contains("host"));
        for octet in 0..=255u8 {
            let refused = names.insert([b'a', octet]).is_err();
            assert_eq!(refused, !chars::is_token(&[octet]), "{octet:#x}");
        }
    }
}
