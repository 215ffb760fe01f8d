//! A protection space (RFC 9110 §11.5) as one client sees it: what its requests carry, in advance and when challenged.
//!
//! An origin is one space, whatever its realms are called, and so is a proxy: which of the two it is, and what the lines
//! are named, is not known here.

use super::authentication::{Authentication, Kind};
use super::challenge::Challenge;
use super::credentials::Credentials;
use super::digest::{DigestCourse, DigestInput, DigestSpace};
use super::no_answer::NoAnswer;

/// What is known of one origin, or one proxy: the Digest challenge that was answered last, and how often. It holds no
/// credentials, and outlives requests.
///
/// ```
/// use sessile_core::{Authentication, Challenge, AuthenticationCourse, DigestInput, Method, ProtectionSpace};
/// let who = Authentication::digest("Mufasa", "Circle of Life")?;
/// let (mut space, mut course) = (ProtectionSpace::default(), AuthenticationCourse::default());
/// let input = DigestInput { method: &Method::GET, target: "/", content: Some(b""), cnonce: "0a4f113b" };
/// assert_eq!(space.in_advance(&who, &mut course, &input), Ok(None));
/// let challenges = Challenge::read([r#"Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256"#]);
/// let value = space.challenged(&who, &mut course, &challenges, &input)?;
/// assert!(value.starts_with(br#"Digest username="Mufasa", realm="r", nonce="n", uri="/", algorithm=SHA-256"#));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProtectionSpace {
    pub(super) digest: DigestSpace,
}

/// What one request has tried with one protection space. It ends with the request, and outlives its attempts.
#[derive(Clone, Debug, Default)]
pub struct AuthenticationCourse {
    digest: DigestCourse,
    digest_answered: bool,
    basic_answered: bool,
}

impl ProtectionSpace {
    /// The value of the line that a request carries before it is challenged, if it carries one. Each time that a request is
    /// sent, it is asked for anew: no answer of Digest goes out twice.
    ///
    /// # Errors
    /// If the peer is known to want what cannot be said of this request; [`NoAnswer::is_error`] is true of it.
    pub fn in_advance(
        &mut self,
        authentication: &Authentication,
        course: &mut AuthenticationCourse,
        input: &DigestInput<'_>,
    ) -> Result<Option<Vec<u8>>, NoAnswer> {
        match authentication.kind() {
            Kind::Basic(basic) if basic.is_empty() => Ok(None),
            Kind::Basic(basic) => Ok(Some(basic.basic().into_bytes())),
            Kind::Bearer(token) => Ok(Some(format!("Bearer {token}").into_bytes())),
            // The peer has asked this very request for it: it may be sent once more for another reason.
            Kind::BasicOrDigest(basic, _) if course.basic_answered => {
                Ok(Some(basic.basic().into_bytes()))
            }
            Kind::Digest(digest) | Kind::BasicOrDigest(_, digest) => {
                let value = self.digest.in_advance(digest, &mut course.digest, input)?;
                course.digest_answered |= value.is_some();
                Ok(value)
            }
            Kind::BasicThenDigest(basic, digest) => {
                let value = self.digest.in_advance(digest, &mut course.digest, input)?;
                course.digest_answered |= value.is_some();
                course.basic_answered |= value.is_none();
                Ok(Some(value.unwrap_or_else(|| basic.basic().into_bytes())))
            }
        }
    }

    /// The value of the line with which a request is sent once more, because a 401 or a 407 came with these challenges.
    ///
    /// # Errors
    /// Why it is not sent again. After that nothing is answered in advance, either.
    pub fn challenged(
        &mut self,
        authentication: &Authentication,
        course: &mut AuthenticationCourse,
        challenges: &[Challenge<'_>],
        input: &DigestInput<'_>,
    ) -> Result<Vec<u8>, NoAnswer> {
        let (digest, basic) = match authentication.kind() {
            // They were there already.
            Kind::Basic(_) | Kind::Bearer(_) => return Err(NoAnswer::Rejected),
            Kind::Digest(digest) => (digest, None),
            Kind::BasicOrDigest(basic, digest) | Kind::BasicThenDigest(basic, digest) => {
                (digest, Some(basic))
            }
        };
        let answer = self
            .digest
            .challenged(digest, &mut course.digest, challenges, input);
        match (answer, basic) {
            (Ok(value), _) => {
                course.digest_answered = true;
                Ok(value)
            }
            (Err(why), Some(basic)) if course.may_fall_back(why, challenges) => {
                course.answer_basic(basic)
            }
            (Err(why), _) => Err(why),
        }
    }
}

impl AuthenticationCourse {
    /// Basic is for peers that have no Digest to offer: never in place of one that was refused, nor behind one.
    fn may_fall_back(&self, why: NoAnswer, challenges: &[Challenge<'_>]) -> bool {
        let refused = why == NoAnswer::Rejected || why.is_error();
        let offered = challenges.iter().any(|challenge| challenge.is("Basic"));
        offered && !refused && !self.digest_answered
    }

    fn answer_basic(&mut self, basic: &Credentials) -> Result<Vec<u8>, NoAnswer> {
        if self.basic_answered {
            return Err(NoAnswer::Rejected);
        }
        self.basic_answered = true;
        Ok(basic.basic().into_bytes())
    }
}
