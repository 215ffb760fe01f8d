//! What is between the application and one origin: the credentials that an attempt goes out with, and the answer to a peer
//! that asks for some.

use std::sync::Arc;

use http::StatusCode;

use super::attempt::{AttemptOutcome, Next};
use super::error::Error;
use super::exchange::Parting;
use super::kind::ErrorKind;
use super::prepare::Late;
use super::request::{Content, Request};
use super::session::Session;
use crate::base::{Now, RequestId, Stage};
use crate::message::{HeadRef, Known, RequestTarget};
use crate::policy::{Challenge, DigestInput, NoAnswer, ProtectionSpace, StopReason};

/// Of so many origins it is kept what they asked for last. They are learned anew beyond that, at the cost of a round.
const MOST_SPACES: usize = 1_000;

impl Session {
    /// What is known of a request's head only when an attempt begins; `None` if nothing is.
    #[inline(never)]
    pub(super) fn late(&mut self, now: Now, id: RequestId) -> Option<Box<Late>> {
        let late = Late {
            authorization: self.authorization(id),
            cookies: self.cookie_line(now, id),
        };
        let any = late.authorization.is_some() || !late.cookies.is_empty();
        any.then(|| Box::new(late))
    }

    /// The cookies for the next attempt: the jar's, and those that the request brings, in place of the jar's of their names.
    /// None, where a Cookie line was set by hand.
    fn cookie_line(&mut self, now: Now, id: RequestId) -> Vec<u8> {
        let mut line = Vec::new();
        let Some(exchange) = self.exchanges.get(id.0) else {
            return line;
        };
        let request = &exchange.request;
        let session = match request.estranged {
            true => 0,
            false => self.config.fields.known(),
        };
        let by_hand = request.fields.known() | request.removed.known() | session;
        if self.keeps_cookies && by_hand & Known::Cookie.bit() == 0 {
            self.cookies.write_to(&request.url, now.wall, &mut line);
        }
        match request.cookies.is_empty() {
            true => line,
            false => beside(&line, &request.cookies),
        }
    }

    /// The cookies of a response go into the jar, whatever becomes of the response.
    pub(crate) fn keep_cookies(&mut self, now: Now, id: RequestId, head: HeadRef<'_>) {
        let Some(exchange) = self.exchanges.get(id.0) else {
            return;
        };
        if self.keeps_cookies && !head.status().is_informational() {
            let lines = head.fields().get_all("Set-Cookie");
            let url = &exchange.request.url;
            self.cookies.receive(url, lines, now.wall);
        }
    }

    /// The credentials for the next attempt: the answer to a challenge, or what is said in advance.
    fn authorization(&mut self, id: RequestId) -> Option<Vec<u8>> {
        let exchange = self.exchanges.get_mut(id.0)?;
        let request = Arc::clone(&exchange.request);
        let authentication = request.authentication.as_ref()?;
        let course = exchange.course.get_or_insert_default();
        if let Some(answer) = course.answer.take() {
            return Some(answer);
        }
        let cnonce = self.cnonces.digits();
        let input = digest_input(&request, &cnonce);
        let mut unknown = ProtectionSpace::default();
        let space = self.spaces.get_mut(&request.key.origin);
        let space = space.unwrap_or(&mut unknown);
        // Without what it cannot say, the request is challenged, and fails of that.
        let said = space.in_advance(authentication, &mut course.authentication, &input);
        said.ok().flatten()
    }

    /// What becomes of a request whose peer asks for credentials; `None` if there are none, or they were refused.
    pub(super) fn judge_challenge(
        &mut self,
        now: Now,
        id: RequestId,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Option<Parting> {
        let exchange = self.exchanges.get(id.0)?;
        let request = &exchange.request;
        request.authentication.as_ref()?;
        if self.closed || !(untouched || request.is_in_memory()) {
            return None;
        }
        match self.answer(id, head) {
            Ok(answer) => {
                let outcome = AttemptOutcome::Status(StatusCode::UNAUTHORIZED);
                self.note_attempt(now, id, outcome, Next::Authentication);
                let exchange = self.exchanges.get_mut(id.0)?;
                exchange.replays = 0;
                exchange.course.get_or_insert_default().answer = Some(answer);
                Some(Parting::Anew {
                    wait: core::time::Duration::ZERO,
                    here: true,
                })
            }
            Err(why) if why.is_error() => {
                let error = Error::new(ErrorKind::Authentication(why), Stage::Head);
                let error = self.addressed(id, self.moved(id, error));
                let outcome = AttemptOutcome::Status(StatusCode::UNAUTHORIZED);
                let reason = StopReason::NotReplayable;
                self.note_attempt(now, id, outcome, Next::Stop(reason));
                Some(Parting::Fail(self.settled(id, error, reason)))
            }
            Err(_) => None,
        }
    }

    fn answer(&mut self, id: RequestId, head: HeadRef<'_>) -> Result<Vec<u8>, NoAnswer> {
        let exchange = self.exchanges.get_mut(id.0).ok_or(NoAnswer::NotOffered)?;
        let request = Arc::clone(&exchange.request);
        let authentication = request.authentication.as_ref();
        let authentication = authentication.ok_or(NoAnswer::NotOffered)?;
        let origin = &request.key.origin;
        if self.spaces.len() >= MOST_SPACES && !self.spaces.contains_key(origin) {
            self.spaces.clear();
        }
        let space = self.spaces.entry(origin.clone()).or_default();
        let course = exchange.course.get_or_insert_default();
        let cnonce = self.cnonces.digits();
        let input = digest_input(&request, &cnonce);
        let challenges = Challenge::read(head.fields().get_all("WWW-Authenticate"));
        space.challenged(
            authentication,
            &mut course.authentication,
            &challenges,
            &input,
        )
    }
}

/// A request's own cookies behind those of the jar that have other names.
fn beside(jar: &[u8], own: &[u8]) -> Vec<u8> {
    let pairs = |line| <[u8]>::split(line, |&octet| octet == b';').map(<[u8]>::trim_ascii);
    let name = |pair: &[u8]| {
        pair.split(|&octet| octet == b'=')
            .next()
            .map(<[u8]>::to_vec)
    };
    let own_names: Vec<_> = pairs(own).map(name).collect();
    let kept = pairs(jar).filter(|pair| !pair.is_empty() && !own_names.contains(&name(pair)));
    let all: Vec<_> = kept.chain(pairs(own)).collect();
    all.join(&b"; "[..])
}

/// What an answer of Digest says about a request.
fn digest_input<'a>(request: &'a Request, cnonce: &'a str) -> DigestInput<'a> {
    let target = match RequestTarget::of_request(&request.url) {
        RequestTarget::Path { path, .. } if !request.asterisk => path,
        _ => "*",
    };
    DigestInput {
        method: &request.method,
        target,
        content: match &request.content {
            Content::Empty => Some(b""),
            Content::Bytes(octets) => Some(octets),
            Content::Stream { .. } => None,
        },
        cnonce,
    }
}
