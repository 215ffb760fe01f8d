//! Digest over many requests: which challenge is answered, and which is answered in advance (RFC 7616 §3.3, §3.6).
//!
//! Two values hold all of it. What is known of a protection space outlives requests: the challenge that was answered last,
//! and how often. What a request has tried ends with it, so that no peer can have it sent again for ever.

use super::answer::DigestInput;
use super::credentials::DigestCredentials;
use super::offer::DigestOffer;
use crate::policy::{Challenge, NoAnswer};

/// What is known of one protection space: nothing, or the challenge that was answered last. It holds no credentials.
#[derive(Clone, Debug, Default)]
pub(in crate::policy) struct DigestSpace {
    last: Option<Answered>,
}

/// A challenge that was answered.
#[derive(Clone, Debug)]
struct Answered {
    offer: DigestOffer,
    /// How many answers there were.
    count: u32,
    /// What the key of a session is made with.
    cnonce: Box<str>,
}

/// What one request has answered.
#[derive(Clone, Debug, Default)]
pub(in crate::policy) struct DigestCourse {
    /// The nonce of its last answer, in advance or not.
    nonce: Option<Box<[u8]>>,
    /// It has answered a challenge that was not stale.
    fresh: bool,
    /// It has answered one that was.
    stale: bool,
}

impl DigestSpace {
    /// What a request carries before anybody has asked for it.
    pub(in crate::policy) fn in_advance(
        &mut self,
        credentials: &DigestCredentials,
        course: &mut DigestCourse,
        input: &DigestInput<'_>,
    ) -> Result<Option<Vec<u8>>, NoAnswer> {
        let Some(next) = self.last.clone().and_then(Answered::again) else {
            self.last = None;
            return Ok(None);
        };
        let written = next.write(credentials, input)?;
        course.nonce = Some(next.offer.nonce.clone());
        self.last = Some(next);
        Ok(Some(written))
    }

    #[cfg(test)]
    pub(in crate::policy) fn count_from(&mut self, count: u32) {
        self.last.iter_mut().for_each(|last| last.count = count);
    }

    /// What the request carries when it is sent again because of these challenges.
    ///
    /// 1. Nothing that we can answer: nothing.
    /// 2. A request answers one challenge that says `stale`, and one that does not.
    /// 3. A challenge that is not stale, with the nonce that the request has just used, is a rejection.
    ///
    /// Whoever is not answered is not answered in advance, either.
    pub(in crate::policy) fn challenged(
        &mut self,
        credentials: &DigestCredentials,
        course: &mut DigestCourse,
        challenges: &[Challenge<'_>],
        input: &DigestInput<'_>,
    ) -> Result<Vec<u8>, NoAnswer> {
        let last = self.last.take();
        let offer = DigestOffer::choose(challenges, input.content)?;
        course.take(&offer)?;
        let next = match last.filter(|last| last.offer.nonce == offer.nonce) {
            Some(last) => last.goes_on(offer, input).ok_or(NoAnswer::Rejected)?,
            None => Answered {
                offer,
                count: 1,
                cnonce: input.cnonce.into(),
            },
        };
        let written = next.write(credentials, input)?;
        self.last = Some(next);
        Ok(written)
    }
}

impl Answered {
    /// The next answer to the same nonce; `None` if its eight digits are used up.
    fn again(self) -> Option<Self> {
        let count = self.count.checked_add(1)?;
        Some(Self { count, ..self })
    }

    /// The next answer to the same nonce, offered anew.
    fn goes_on(self, offer: DigestOffer, input: &DigestInput<'_>) -> Option<Self> {
        let cnonce = match self.offer.session {
            true => self.cnonce,
            false => input.cnonce.into(),
        };
        let count = self.count;
        Self {
            offer,
            count,
            cnonce,
        }
        .again()
    }

    fn write(
        &self,
        credentials: &DigestCredentials,
        input: &DigestInput<'_>,
    ) -> Result<Vec<u8>, NoAnswer> {
        let cnonce = match self.offer.session {
            true => &self.cnonce,
            false => input.cnonce,
        };
        let input = DigestInput { cnonce, ..*input };
        self.offer.answer(credentials, &input, self.count)
    }
}

impl DigestCourse {
    fn take(&mut self, offer: &DigestOffer) -> Result<(), NoAnswer> {
        let tried = match offer.stale {
            true => &mut self.stale,
            false => &mut self.fresh,
        };
        let again = !offer.stale && self.nonce.as_deref() == Some(offer.nonce());
        if *tried || again {
            return Err(NoAnswer::Rejected);
        }
        *tried = true;
        self.nonce = Some(offer.nonce.clone());
        Ok(())
    }
}
