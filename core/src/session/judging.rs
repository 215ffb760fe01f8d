//! The final head of a response has come: whose is it? The application's, or is the request sent anew because of it: to
//! another place, or to the same one once more.

use http::StatusCode;

use super::attempt::{AttemptOutcome, Next};
use super::error::Error;
use super::exchange::{ExchangeState, Parting};
use super::following::Lead;
use super::session::Session;
use crate::base::{Now, RequestId};
use crate::message::HeadRef;
use crate::policy::{StopReason, is_redirect};

/// What is to be done with a response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeadVerdict {
    Deliver,
    /// The exchange knows what becomes of it; its connection is to be left.
    Part,
    /// The request is over already.
    Abort,
}

impl Session {
    /// The final head of a response has come on the request's connection. `untouched` tells whether the content of the
    /// request can still be sent from its beginning.
    pub(crate) fn judge_head(
        &mut self,
        now: Now,
        id: RequestId,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> HeadVerdict {
        let state = self.exchanges.get(id.0).map(|exchange| &exchange.state);
        let Some(ExchangeState::Running(connection)) = state else {
            return HeadVerdict::Abort;
        };
        let connection = *connection;
        let Some(parting) = self.judge(now, id, head, untouched) else {
            return HeadVerdict::Deliver;
        };
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.state = ExchangeState::Parting(connection, parting);
        }
        HeadVerdict::Part
    }

    /// What becomes of a request whose response is not for the application; `None` if it is.
    pub(super) fn judge(
        &mut self,
        now: Now,
        id: RequestId,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Option<Parting> {
        if is_redirect(head.status()) {
            match self.judge_redirect(now, id, head, untouched) {
                Lead::Away(parting) => return Some(parting),
                Lead::Stopped => return None,
                Lead::Nowhere => {}
            }
        }
        if head.status() == StatusCode::UNAUTHORIZED
            && let Some(parting) = self.judge_challenge(now, id, head, untouched)
        {
            return Some(parting);
        }
        if head.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(parting) = self.judge_proxy_challenge(now, id, head, untouched)
        {
            return Some(parting);
        }
        self.judge_status(now, id, head, untouched)
    }

    /// The request has failed of a response that is not handed over: that was its last attempt.
    pub(super) fn fail_on_head(
        &mut self,
        now: Now,
        id: RequestId,
        status: StatusCode,
        error: Error,
        reason: StopReason,
    ) -> Parting {
        let outcome = AttemptOutcome::Status(status);
        self.note_attempt(now, id, outcome, Next::Stop(reason));
        Parting::Fail(self.settled(id, error, reason))
    }
}
