//! The hashes of Digest (RFC 7616 §3.3, §6.1), weakest first.

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512_256};

/// A hash; the later ones are stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    Sha256,
    Sha512_256,
}

impl Hash {
    /// The hash that a name stands for, and whether its key belongs to a session (`-sess`); `None` if we do not know it.
    ///
    /// SHA-512/256 is a hash of its own, and no SHA-512 that was cut: it begins elsewhere.
    pub(super) fn named(name: &[u8]) -> Option<(Self, bool)> {
        Some(match name.to_ascii_lowercase().as_slice() {
            b"md5" => (Self::Md5, false),
            b"md5-sess" => (Self::Md5, true),
            b"sha-256" => (Self::Sha256, false),
            b"sha-256-sess" => (Self::Sha256, true),
            b"sha-512-256" => (Self::Sha512_256, false),
            b"sha-512-256-sess" => (Self::Sha512_256, true),
            _ => return None,
        })
    }

    /// H(data): the parts with colons between them, in hexadecimal digits, small ones (RFC 7616 §3.4).
    pub(super) fn of(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 => hexadecimal::<Md5>(parts),
            Self::Sha256 => hexadecimal::<Sha256>(parts),
            Self::Sha512_256 => hexadecimal::<Sha512_256>(parts),
        }
    }
}

fn hexadecimal<D: Digest>(parts: &[&[u8]]) -> String {
    let mut digest = D::new();
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    let octets = digest.finalize();
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
