//! Why a reader goes no further: what it reads breaks the grammar, or passes one of [`Limits`](crate::Limits).
//!
//! The boundary: which bound it is is known here, its number where the limits are.

use crate::base::Bound;

/// The verdict on octets that are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal<E> {
    Malformed(E),
    /// Well-formed as far as it came, but more than is allowed.
    TooLarge(Bound),
}

impl<E> From<E> for Refusal<E> {
    fn from(error: E) -> Self {
        Self::Malformed(error)
    }
}
