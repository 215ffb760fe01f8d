//! Who two settings are: equal if nothing that a peer could see, or that decides whom we trust, differs.
//!
//! It stands in the pool key, so a connection is never used under other settings than those that it was made by
//! (hazards E4 and L1). The structs are taken apart without `..`: a new option does not compile before it is counted in.

use rustls::pki_types::PrivateKeyDer;
use sha2::{Digest, Sha256};

use super::settings::{Choices, Settings};

/// A value to compare and to hash, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// SHA-256 over all that was set.
    Content([u8; 32]),
    /// Where rustls' own configuration lies; whoever holds the identity holds it, too.
    Address(usize),
}

impl Identity {
    pub(super) fn of(settings: &Settings) -> Self {
        let Settings {
            choices,
            roots,
            client,
        } = settings;
        let Choices {
            trust,
            verification,
            versions,
            cryptography,
            server_name,
            resumption,
        } = *choices;
        let mut digest = Sha256::new();
        digest.update([
            trust as u8,
            verification as u8,
            versions as u8,
            cryptography as u8,
            u8::from(server_name),
            u8::from(resumption),
        ]);
        list(&mut digest, roots.iter().map(AsRef::as_ref));
        if let Some(client) = client {
            list(&mut digest, client.certified.cert.iter().map(AsRef::as_ref));
            digest.update(client.key);
        }
        Self::Content(digest.finalize().into())
    }
}

/// A digest by which a key is known without being kept.
pub(super) fn of_key(key: &PrivateKeyDer<'_>) -> [u8; 32] {
    Sha256::digest(key.secret_der()).into()
}

/// Each with its length before it, and their number before all: no two lists give the same octets.
fn list<'a>(digest: &mut Sha256, items: impl ExactSizeIterator<Item = &'a [u8]>) {
    digest.update((items.len() as u64).to_be_bytes());
    for item in items {
        digest.update((item.len() as u64).to_be_bytes());
        digest.update(item);
    }
}
