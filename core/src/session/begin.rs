//! A granted request begins: its head is encoded, its limits of time start, and its connection learns what to expect.

use std::borrow::Cow;
use std::sync::Arc;

use super::exchange::ExchangeState;
use super::prepare::{Expectation, HeadParts, encode_head};
use super::prepared::Route;
use super::request::Request;
use super::session::Session;
use super::shape::Shape;
use super::timers::Owner;
use crate::base::{Now, Pulse, RequestId, Tick};
use crate::connection::RequestPlan;

/// What a request needs to begin on its connection.
pub(crate) struct Beginning {
    pub(crate) request: Arc<Request>,
    /// What the core keeps of its promises, where the session's lines have changed that.
    shape: Option<Box<Shape>>,
    pub(crate) expects: bool,
    /// A response may be no answer to it.
    pub(crate) judged: bool,
    pub(crate) deadline: Option<Tick>,
    pub(crate) number: u64,
    pub(crate) served: u64,
    /// The connection was kept for it, and not opened for it just now.
    pub(crate) kept: bool,
}

impl Beginning {
    /// What the connection must know.
    pub(crate) fn plan(&self) -> RequestPlan<'_> {
        let shape = self.shape.as_deref().unwrap_or(&self.request.shape);
        let mut plan = shape.plan(&self.request.method);
        plan.expects_continue = self.expects;
        plan
    }
}

impl Session {
    /// Notes that the request begins on its connection, and encodes its head.
    pub(crate) fn begin(
        &mut self,
        now: Now,
        id: RequestId,
        out: &mut Vec<u8>,
        pulse: &Arc<Pulse>,
    ) -> Option<Beginning> {
        let mut exchange = self.exchanges.get_mut(id.0)?;
        let mut late = None;
        if exchange.request.has_secrets || self.forwards || !self.cookies.is_empty() {
            late = self.late(now, id);
            exchange = self.exchanges.get_mut(id.0)?;
        }
        let ExchangeState::Running(connection) = exchange.state else {
            return None;
        };
        let tenant = self
            .tenants
            .get(exchange.origin.0.index as usize)?
            .as_ref()?;
        let request = &exchange.request;
        let shape = request.shape_in(&self.config.fields).ok()?;
        let expect = match exchange.expect_refused {
            true => Expectation::LeftOut,
            false => self.config.expectation(request, &shape),
        };
        let route = tenant
            .path
            .as_ref()
            .map_or(&Route::Direct, |path| &path.route);
        let parts = HeadParts::connected(
            request,
            &shape,
            &self.config,
            (&tenant.head, route),
            expect,
            late.as_deref(),
        );
        encode_head(out, &parts);
        if late.is_some() {
            self.spare = late;
        }
        let expects = expect.holds(&shape);
        let shape = match shape {
            Cow::Borrowed(_) => None,
            Cow::Owned(shape) => Some(Box::new(shape)),
        };
        exchange.expects = expects;
        exchange.granted = now.tick;
        let member = self.members.get_mut(connection.0)?;
        if member.served == 0 {
            member.pulse = Arc::clone(pulse);
        } else {
            self.stats.counters.reused += 1;
        }
        let patience = exchange.patience(&self.config.timeouts);
        let beginning = Beginning {
            request: Arc::clone(&exchange.request),
            shape,
            expects,
            judged: expects || exchange.request.retry_in(&self.config).is_some(),
            deadline: exchange.deadline,
            number: member.number,
            served: member.served,
            kept: member.served > 0 || member.rested,
        };
        member.served += 1;
        // Most requests have the session's limits, of which the shortest is known.
        pulse.watch_speed(patience.timeouts.minimum_speed.is_some());
        let first_look = match exchange.request.timeouts.is_none() && !expects {
            true => self.first_look.map(|limit| now.tick.after(limit)),
            false => patience.first_look(),
        };
        if let Some(due) = first_look {
            let owner = Owner::Connection(connection);
            self.timers.arm(&mut member.armed, owner, due);
        }
        Some(beginning)
    }
}
