//! What a peer offers with a Digest challenge, and which of its offers is taken (RFC 7616 §3.3, §3.7).

use core::fmt;

use super::algorithm::Hash;
use crate::policy::{Challenge, NoAnswer};
use crate::syntax::list;

/// A challenge that can be answered.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestOffer {
    pub(super) realm: Box<[u8]>,
    pub(super) nonce: Box<[u8]>,
    pub(super) opaque: Option<Box<[u8]>>,
    pub(super) hash: Hash,
    /// The key belongs to a session: one cnonce serves a nonce for good.
    pub(super) session: bool,
    /// How the algorithm was spelled; `None` if it was not named, and MD5 is meant.
    pub(super) algorithm: Option<Box<str>>,
    pub(super) quality: Quality,
    pub(super) userhash: bool,
    pub(super) stale: bool,
}

/// The quality of protection (`qop`) that we choose of those on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quality {
    /// None was named: the response of RFC 2069.
    Unnamed,
    /// `auth`: the method and the target are covered. Chosen whenever it is offered, for it asks nothing of the content.
    Auth,
    /// `auth-int`: the content, too.
    AuthInt,
}

impl DigestOffer {
    /// The strongest offer among challenges that can be answered, the first among equals. The `-sess` form of a hash is as
    /// strong as its plain form, and the quality of protection does not count.
    ///
    /// # Errors
    /// Why none can be answered: [`NoAnswer::ContentNotAvailable`] if it is for the content's sake alone, else what the first
    /// Digest challenge lacks.
    pub fn choose(challenges: &[Challenge<'_>], content: Option<&[u8]>) -> Result<Self, NoAnswer> {
        let mut best: Option<Self> = None;
        let mut refused = None;
        let mut needs_content = false;
        for challenge in challenges.iter().filter(|one| one.is("Digest")) {
            match Self::read(challenge) {
                Err(why) => refused = refused.or(Some(why)),
                Ok(offer) if offer.quality == Quality::AuthInt && content.is_none() => {
                    needs_content = true;
                }
                Ok(offer) if best.as_ref().is_none_or(|best| offer.hash > best.hash) => {
                    best = Some(offer);
                }
                Ok(_) => {}
            }
        }
        best.ok_or(match needs_content {
            true => NoAnswer::ContentNotAvailable,
            false => refused.unwrap_or(NoAnswer::NotOffered),
        })
    }

    fn read(challenge: &Challenge<'_>) -> Result<Self, NoAnswer> {
        if challenge.repeats_a_parameter() {
            return Err(NoAnswer::Malformed);
        }
        let value = |name| challenge.parameter(name);
        let is_true = |name| value(name).is_some_and(|value| value.eq_ignore_ascii_case(b"true"));
        let realm = value("realm").ok_or(NoAnswer::Malformed)?;
        let nonce = value("nonce").filter(|nonce| !nonce.is_empty());
        let nonce = nonce.ok_or(NoAnswer::Malformed)?;
        let algorithm = value("algorithm");
        let (hash, session) =
            Hash::named(algorithm.unwrap_or(b"MD5")).ok_or(NoAnswer::UnknownAlgorithm)?;
        let quality = quality(value("qop").unwrap_or_default())?;
        if session && quality == Quality::Unnamed {
            // Its key is made with a cnonce, which RFC 2069 has no place for.
            return Err(NoAnswer::UnknownQuality);
        }
        Ok(Self {
            realm: realm.into(),
            nonce: nonce.into(),
            opaque: value("opaque").map(Box::from),
            hash,
            session,
            algorithm: algorithm.map(|name| String::from_utf8_lossy(name).into()),
            quality,
            userhash: is_true("userhash"),
            stale: is_true("stale"),
        })
    }

    /// What the peer protects, in its own words.
    pub fn realm(&self) -> &[u8] {
        &self.realm
    }

    /// What the answer is good for.
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// What goes back as it came.
    pub fn opaque(&self) -> Option<&[u8]> {
        self.opaque.as_deref()
    }

    /// The credentials were right, and the nonce too old.
    pub fn is_stale(&self) -> bool {
        self.stale
    }
}

/// qop-options = DQUOTE #( "auth" / "auth-int" / token ) DQUOTE
fn quality(options: &[u8]) -> Result<Quality, NoAnswer> {
    let offers = |name: &[u8]| list::elements(options).any(|one| one.eq_ignore_ascii_case(name));
    if offers(b"auth") {
        Ok(Quality::Auth)
    } else if offers(b"auth-int") {
        Ok(Quality::AuthInt)
    } else if list::elements(options).next().is_none() {
        Ok(Quality::Unnamed)
    } else {
        Err(NoAnswer::UnknownQuality)
    }
}

impl fmt::Debug for DigestOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (realm, hash) = (self.realm.escape_ascii(), self.hash);
        write!(f, "an offer of {hash:?} for \"{realm}\"")
    }
}
