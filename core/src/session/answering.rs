//! A request that is answered without a connection: asked, answered, judged as any other, and collected.

use core::fmt;
use std::io;
use std::sync::Arc;

use url::Url;

use super::answer::{Answer, Question};
use super::attempt::Attempts;
use super::causes::SourceError;
use super::error::Error;
use super::establish::Order;
use super::exchange::{ExchangeState, Parting};
use super::kind::ErrorKind;
use super::prepare::unconnected_head;
use super::prepared::Route;
use super::request::Request;
use super::session::Session;
use crate::base::{Now, RequestId, Stage};
use crate::message::{HeadRef, ResponseHead};

/// A response that came by no connection, for whoever collects it.
pub struct Answered {
    pub(crate) request: Arc<Request>,
    pub(crate) head: ResponseHead,
    pub(crate) content: bytes::Bytes,
    pub(crate) attempts: Attempts,
}

impl Answered {
    /// The URL that was asked, the last one after redirects.
    pub fn url(&self) -> &Url {
        self.request.url()
    }

    /// The head.
    pub fn head(&self) -> HeadRef<'_> {
        self.head.as_ref()
    }

    /// The content.
    pub fn content(&self) -> &bytes::Bytes {
        &self.content
    }

    /// All attempts that it took, in order.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }
}

impl fmt::Debug for Answered {
    /// Neither a field's value nor the content: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.content.len();
        write!(f, "{:?}: {:?}, {octets} octets", self.request, self.head)
    }
}

impl Session {
    /// The request asks for an answer, if it is one of those that are answered.
    pub(super) fn ask(&mut self, now: Now, id: RequestId) -> bool {
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return false;
        };
        if exchange.request.answering.is_none() {
            return false;
        }
        exchange.state = ExchangeState::Asking;
        exchange.began = now.tick;
        exchange.granted = now.tick;
        self.orders.push_back(Order::Answer(id, now));
        true
    }

    /// The question of a request that still asks.
    pub(crate) fn question(&mut self, now: Now, id: RequestId) -> Option<Question> {
        let exchange = self.exchanges.get(id.0)?;
        if !matches!(exchange.state, ExchangeState::Asking) {
            return None;
        }
        let request = Arc::clone(&exchange.request);
        let answering = request.answering.clone()?;
        let head = self.head_without_connection(now, id)?;
        Some(Question {
            id,
            request,
            head,
            answering,
        })
    }

    /// The answer to a question. One that nobody waits for any more is ignored.
    pub(crate) fn handle_answer(&mut self, now: Now, id: RequestId, answer: io::Result<Answer>) {
        let exchange = self.exchanges.get(id.0);
        let Some(exchange) = exchange.filter(|it| matches!(it.state, ExchangeState::Asking)) else {
            return;
        };
        if exchange.deadline.is_some_and(|until| until <= now.tick) {
            // Who answers may have taken his time, and nobody has looked at the clock meanwhile.
            return self.fail_late(now, id);
        }
        let answer = answer.and_then(|answer| match answer.status.is_informational() {
            true => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "an answer has a final status",
            )),
            false => Ok(answer),
        });
        match answer {
            Err(error) => {
                let kind = ErrorKind::Answer(SourceError::from(error));
                self.fail_unconnected(now, id, Error::new(kind, Stage::Head).handed_over());
            }
            Ok(answer) => self.take_answer(now, id, answer),
        }
    }

    fn take_answer(&mut self, now: Now, id: RequestId, answer: Answer) {
        let head = ResponseHead::of(answer.status, &answer.fields);
        self.keep_cookies(now, id, head.as_ref());
        match self.judge(now, id, head.as_ref(), true) {
            None => self.deliver(now, id, head, answer),
            Some(Parting::Fail(error)) => {
                if let Some(exchange) = self.exchanges.get_mut(id.0) {
                    exchange.state = ExchangeState::Failed(error);
                    self.wakes.push_back(id);
                }
            }
            Some(Parting::Anew { wait, .. }) => {
                self.rest(now, id, wait);
                self.arm_request(id);
            }
            // Nothing is held for a 100.
            Some(Parting::WithoutExpectation) => {}
        }
    }

    fn deliver(&mut self, now: Now, id: RequestId, head: ResponseHead, answer: Answer) {
        let attempts = self.attempts(id, answer.status, now.tick);
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return;
        };
        let without = exchange.request.method == http::Method::HEAD
            || [204, 304].contains(&answer.status.as_u16());
        let answered = Answered {
            request: Arc::clone(&exchange.request),
            head,
            content: match without {
                true => bytes::Bytes::new(),
                false => answer.content,
            },
            attempts: attempts.unwrap_or_default(),
        };
        exchange.state = ExchangeState::Answered;
        exchange.course.get_or_insert_default().answered = Some(answered);
        self.wakes.push_back(id);
    }

    /// The head of a request that has no connection to go out on.
    fn head_without_connection(&mut self, now: Now, id: RequestId) -> Option<Vec<u8>> {
        let late = self.late(now, id);
        let request = &self.exchanges.get(id.0)?.request;
        let head = unconnected_head(request, &self.config, &Route::Direct, late.as_deref());
        self.spare = late;
        // Its lines were judged when it came in.
        head.ok()
    }
}
