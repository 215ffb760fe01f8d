//! A request goes where its response says.
//!
//! [`Redirects`] decide; here the next request takes the place of the one before, in the same exchange: its time, its
//! attempts and its retries go on. What it needs from the session is decided anew.

use core::time::Duration;
use std::sync::Arc;

use super::attempt::{AttemptOutcome, Hop, Next};
use super::error::Error;
use super::exchange::{Exchange, Parting};
use super::kind::ErrorKind;
use super::request::Request;
use super::retrying::only_value;
use super::session::Session;
use crate::base::{Now, RequestId, Stage};
use crate::message::HeadRef;
use crate::policy::{
    AuthenticationCourse, Facts, Redirect, RedirectError, RedirectPolicy, Redirecting, Redirects,
    Stop, StopReason,
};

/// What becomes of a request whose response may be a redirect.
pub(super) enum Lead {
    /// Nowhere: the response is none to be followed, whatever else it is.
    Nowhere,
    /// Nowhere: the response is handed over, and the exchange knows why.
    Stopped,
    /// It is not for the application: the request goes on elsewhere, or has failed.
    Away(Parting),
}

/// Why a redirect is not followed.
enum Halt {
    /// It cannot be.
    Failed(Error),
    /// The retry policy says so, of which each redirect spends something.
    Stopped(Stop),
}

/// The request that follows a redirect.
struct Following {
    bare: Request,
    /// With what the session has filled in, if it has.
    dressed: Option<Arc<Request>>,
}

impl Session {
    /// What becomes of a request that is redirected.
    pub(super) fn judge_redirect(
        &mut self,
        now: Now,
        id: RequestId,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Lead {
        let exchange = self.exchanges.get(id.0);
        let Some(policy) = exchange.and_then(|it| it.request.redirects_in(&self.config)) else {
            return Lead::Nowhere;
        };
        let found = match self.redirect_of(id, &policy, head, untouched) {
            Ok(None) => return Lead::Nowhere,
            Ok(Some(redirect)) => self.admit(now, id, &redirect, head, untouched),
            Err(halt) => Err(halt),
        };
        match found {
            Ok((next, wait)) => Lead::Away(self.follow(now, id, next, wait, head)),
            Err(Halt::Stopped(Stop {
                reason,
                delivers: true,
            })) => {
                if let Some(exchange) = self.exchanges.get_mut(id.0) {
                    exchange.stop = reason;
                }
                Lead::Stopped
            }
            Err(Halt::Stopped(Stop {
                reason: StopReason::Exhausted,
                ..
            })) => {
                let kind = ErrorKind::Redirect(RedirectError::TooMany);
                let error = self.addressed(id, Error::new(kind, Stage::Head));
                Lead::Away(self.lead_nowhere(now, id, head, error, StopReason::Exhausted))
            }
            Err(Halt::Stopped(Stop { reason, .. })) => {
                Lead::Away(self.stopped_by_status(now, id, head.status(), reason))
            }
            Err(Halt::Failed(error)) => {
                Lead::Away(self.lead_nowhere(now, id, head, error, StopReason::Redirect))
            }
        }
    }

    /// The request has failed of a redirect that is not followed.
    fn lead_nowhere(
        &mut self,
        now: Now,
        id: RequestId,
        head: HeadRef<'_>,
        error: Error,
        reason: StopReason,
    ) -> Parting {
        // What is refused before it is sent has moved nothing.
        let error = match error.is_redirect() {
            true => self.moved(id, error),
            false => error,
        };
        self.fail_on_head(now, id, head.status(), error, reason)
    }

    fn redirect_of(
        &mut self,
        id: RequestId,
        policy: &RedirectPolicy,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Result<Option<Redirect>, Halt> {
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return Ok(None);
        };
        let request = &exchange.request;
        let facts = Redirecting {
            url: &request.url,
            method: &request.method,
            rewindable: untouched || request.is_in_memory(),
        };
        let course = exchange.course.get_or_insert_default();
        let redirects = course
            .redirects
            .get_or_insert_with(|| Redirects::from(request.key.origin.clone()));
        let locations = head.fields().get_all("Location");
        let found = redirects.after(policy, &facts, head.status(), locations);
        found.map_err(|error| {
            let error = Error::new(ErrorKind::Redirect(error), Stage::Head);
            Halt::Failed(error.at(&request.url))
        })
    }

    /// The request that follows, if this session sends it, and after which wait.
    fn admit(
        &mut self,
        now: Now,
        id: RequestId,
        redirect: &Redirect,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Result<(Following, Duration), Halt> {
        let Some(exchange) = self.exchanges.get(id.0) else {
            let gone = Error::new(ErrorKind::SessionClosed, Stage::Head);
            return Err(Halt::Failed(gone));
        };
        let course = exchange.course.as_ref();
        let bare = course.and_then(|course| course.bare.as_ref());
        let bare = bare.unwrap_or(&exchange.request);
        // With the marks of its mount, which hold for its own lines, too.
        let mut secrets = exchange.request.sensitive.clone();
        secrets.extend(&self.config.sensitive);
        let bare = bare
            .redirected_in(redirect, &secrets)
            .map_err(Halt::Failed)?;
        let dressed = self.dress(&bare).map_err(Halt::Failed)?;
        let next = dressed.as_deref().unwrap_or(&bare);
        if let Some(refusal) = self.refusal(next) {
            return Err(Halt::Failed(refusal.at(&next.url)));
        }
        let facts = Facts {
            method: &next.method,
            safe: next.safe,
            rewindable: untouched || next.is_in_memory(),
            now,
            deadline: exchange.deadline,
        };
        let policy = exchange.request.retry_in(&self.config).cloned();
        let wait = match policy {
            None => Duration::ZERO,
            Some(policy) => {
                let mut retries = self.retries_of(id, &policy);
                let judged = retries.after_redirect(&policy, &facts, only_value(head));
                self.keep_retries(id, retries);
                judged.map_err(Halt::Stopped)?
            }
        };
        Ok((Following { bare, dressed }, wait))
    }

    /// The next request takes the place of the one before.
    fn follow(
        &mut self,
        now: Now,
        id: RequestId,
        next: Following,
        wait: Duration,
        head: HeadRef<'_>,
    ) -> Parting {
        let outcome = AttemptOutcome::Status(head.status());
        self.note_attempt(now, id, outcome, Next::Redirect { wait });
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return Parting::Anew { wait, here: false };
        };
        exchange.note_hop(head);
        let (key, origin) = (exchange.request.key.clone(), exchange.origin);
        let before = Arc::clone(&exchange.request);
        exchange.become_next(next);
        // Another place may have another policy, whose counters are its own.
        if before.retry_in(&self.config) != exchange.request.retry_in(&self.config) {
            exchange.course.get_or_insert_default().retries = None;
        }
        exchange.replays = 0;
        exchange.expect_refused = false;
        let near = exchange.request.key == key;
        // Who may not wait for a place in the pool has none elsewhere before it has left its own.
        let here = near || self.lets_nobody_wait(origin);
        Parting::Anew { wait, here }
    }
}

impl Exchange {
    fn become_next(&mut self, next: Following) {
        let bare = Arc::new(next.bare);
        let course = self.course.get_or_insert_default();
        // Another request has another word with its peer.
        course.authentication = AuthenticationCourse::default();
        course.answer = None;
        (self.request, course.bare) = match next.dressed {
            Some(dressed) => (dressed, Some(bare)),
            None => (bare, None),
        };
    }

    /// Its last attempt was a redirect, which is followed.
    fn note_hop(&mut self, head: HeadRef<'_>) {
        let hop = Hop::new(&self.request.url, head);
        if let Some(course) = &mut self.course {
            course.attempts.redirected(hop);
        }
    }
}
