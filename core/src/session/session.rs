//! The control plane: takes in what happened, gives out who may go on and what is to be done.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use url::Url;

use super::config::{Config, Timeouts};
use super::connections::Member;
use super::error::Error;
use super::establish::{Establish, Order};
use super::exchange::{Exchange, ExchangeState, TakeUp};
use super::key::PoolKey;
use super::kind::ErrorKind;
use super::outfit::Taken;
use super::path::Path;
use super::peers::{ProxySpaces, TlsClients};
use super::prepare::{ConstantHead, Late};
use super::request::{Request, refused};
use super::stats::{PoolEvent, Stats};
use super::timers::{Timers, first_look};
use crate::base::{
    Chance, CloseReason, ConnectionId, Now, RequestId, Rules, Seeded, Slab, Stage, Tick,
};
use crate::cookie::CookieJar;
use crate::dial::NameCache;
use crate::message::{Origin, Scheme};
use crate::policy::{ProtectionSpace, ProxyError, StopReason, Tokens};
use crate::pool::{OriginId, OriginLimits, Place, Pool};

/// Of so many names the addresses are kept, if they are.
const MOST_NAMES: usize = 256;

/// An interned origin: its key, and what its requests have in common.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) key: PoolKey,
    pub(super) head: ConstantHead,
    /// The bounds on its connections.
    pub(super) limits: Arc<OriginLimits>,
    /// How it is reached; or why it is not, and never will be in a wrong way.
    pub(super) path: Result<Path, ProxyError>,
}

/// All requests and connections of one session, by id.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) config: Config,
    rules: Arc<Rules>,
    timeouts: Arc<Timeouts>,
    /// The bounds on the connections of an origin that has none of its own.
    pub(super) limits: Arc<OriginLimits>,
    /// Every request is sent as it is: there is nothing to fill in.
    plain: bool,
    /// How soon a connection must be looked at whose request has these limits.
    pub(super) first_look: Option<Duration>,
    pub(super) keys: HashMap<PoolKey, OriginId, Seeded>,
    /// The origin that was asked for last: the next request mostly asks for the same.
    recent: Option<OriginId>,
    /// By the index of the origin's id.
    pub(super) tenants: Vec<Option<Tenant>>,
    pub(super) pool: Pool,
    pub(super) exchanges: Slab<Exchange>,
    pub(super) establishes: Slab<Establish>,
    pub(super) members: Slab<Member>,
    pub(super) timers: Timers,
    pub(super) wakes: VecDeque<RequestId>,
    pub(super) orders: VecDeque<Order>,
    pub(super) stats: Stats,
    pub(super) closed: bool,
    /// How many connections throw away the rest of a response.
    pub(super) draining: usize,
    /// The cookies; empty, if the session has none.
    pub(super) cookies: CookieJar,
    /// Memory for what an attempt begins with.
    pub(super) spare: Option<Box<Late>>,
    /// Cookies of responses are kept.
    pub(super) keeps_cookies: bool,
    /// What the origins have asked for that requests authenticate to.
    pub(super) spaces: HashMap<Origin, ProtectionSpace, Seeded>,
    /// What proxies have asked for.
    pub(super) proxy_spaces: ProxySpaces,
    /// Some origin is asked by way of a proxy that makes requests in its own name.
    pub(super) forwards: bool,
    /// Who speaks TLS for us.
    pub(super) tls_clients: TlsClients,
    /// The addresses of names.
    pub(super) names: NameCache,
    /// Where the cnonces of Digest come from.
    pub(super) cnonces: Chance,
    /// Where the jitter of retries comes from.
    pub(super) jitter: Chance,
    /// What is left of the budget for retries.
    pub(super) tokens: Option<Tokens>,
}

impl Session {
    pub(crate) fn new(mut config: Config) -> Self {
        Self {
            rules: Arc::new(config.rules()),
            timeouts: Arc::new(config.timeouts.clone()),
            limits: Arc::new(config.pool.of_an_origin()),
            plain: config.mounts.is_empty()
                && config.query.is_empty()
                && config.authenticator.is_none(),
            first_look: first_look(&config.timeouts, None),
            keys: HashMap::with_hasher(Seeded::new(&config.seed)),
            recent: None,
            tenants: Vec::new(),
            pool: Pool::new(config.pool.clone()),
            exchanges: Slab::new(),
            establishes: Slab::new(),
            members: Slab::new(),
            timers: Timers::default(),
            wakes: VecDeque::new(),
            orders: VecDeque::new(),
            stats: Stats::new(config.pool_events),
            closed: false,
            draining: 0,
            spare: None,
            keeps_cookies: config.cookies.is_some(),
            cookies: config.cookies.take().unwrap_or_default(),
            spaces: HashMap::with_hasher(Seeded::new(&config.seed)),
            proxy_spaces: ProxySpaces::new(&config.seed),
            forwards: false,
            tls_clients: TlsClients::new(&config.seed),
            names: NameCache::new(config.dialling.cache, MOST_NAMES),
            cnonces: Chance::new(&config.seed, "cnonce"),
            jitter: Chance::new(&config.seed, "jitter"),
            tokens: config.retry_budget.map(Tokens::new),
            config,
        }
    }

    pub(crate) fn cookies(&self) -> &CookieJar {
        &self.cookies
    }

    pub(crate) fn cookies_mut(&mut self) -> &mut CookieJar {
        &mut self.cookies
    }

    pub(crate) fn base_url(&self) -> Option<&Url> {
        self.config.base_url.as_ref()
    }

    pub(crate) fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// The time limits of requests that bring none of their own.
    pub(crate) fn timeouts(&self) -> &Arc<Timeouts> {
        &self.timeouts
    }

    /// The next request whose requester can go on.
    pub(crate) fn next_wake(&mut self) -> Option<RequestId> {
        self.wakes.pop_front()
    }

    /// Whether there is anything to be done outside.
    pub(crate) fn has_orders(&self) -> bool {
        !self.orders.is_empty()
    }

    /// The next thing to be done outside.
    pub(crate) fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// The next event of the pool, if events are kept.
    pub(crate) fn next_pool_event(&mut self) -> Option<PoolEvent> {
        self.stats.next()
    }

    /// A connection was closed, for this reason in the end.
    pub(crate) fn note_closed(&mut self, at: Tick, connection: u64, reason: CloseReason) {
        self.stats.note_closed(at, connection, reason);
    }

    // ------------------------------------------------------------------------------------------------ requests come

    pub(crate) fn submit(&mut self, now: Now, request: Arc<Request>) -> RequestId {
        let Taken {
            request,
            course,
            refusal,
        } = match self.plain {
            true => Taken {
                request,
                course: None,
                refusal: None,
            },
            false => self.dress_new(request),
        };
        let origin = self.intern(&request);
        let timeouts = request.timeouts_in(&self.config.timeouts);
        let limit = request.deadline.or(timeouts.deadline);
        let exchange = Exchange {
            request,
            origin,
            state: ExchangeState::Resting(now.tick, None),
            began: now.tick,
            granted: now.tick,
            deadline: limit.map(|limit| now.tick.after(limit)),
            armed: None,
            course,
            replays: 0,
            expect_refused: false,
            expects: false,
            stop: StopReason::NoPolicy,
        };
        let refusal = match self.is_unquestioned(&exchange.request) {
            true => refusal,
            false => refusal.or_else(|| self.refusal(&exchange.request)),
        };
        let id = RequestId(self.exchanges.insert(exchange));
        if let Some(tokens) = &mut self.tokens {
            tokens.earn();
        }
        match refusal {
            Some(error) => {
                self.refuse(id, error);
                self.forget_if_unused(origin);
            }
            None if !self.plain && self.ask(now, id) => {}
            None => self.enqueue(now, id, origin, Place::Back),
        }
        // Its time runs whether it collects its connection or not.
        if limit.is_some() {
            self.arm_request(id);
        }
        id
    }

    /// The request is over before its first attempt.
    fn refuse(&mut self, id: RequestId, error: Error) {
        let error = self.addressed(id, error);
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.state = ExchangeState::Failed(error);
            self.wakes.push_back(id);
        }
    }

    /// Whether it is seen at once that nothing is against a request.
    #[inline]
    fn is_unquestioned(&self, request: &Request) -> bool {
        let plain = request.key.origin.scheme() == Scheme::Http;
        plain && !self.closed && !request.shape.depends_on(&self.config.fields)
    }

    /// Why this session does not send a request, if it does not.
    pub(super) fn refusal(&self, request: &Request) -> Option<Error> {
        if self.closed {
            return Some(Error::new(ErrorKind::SessionClosed, Stage::Prepare));
        }
        let secure = request.key.origin.scheme() == Scheme::Https;
        if secure && !cfg!(feature = "tls") && request.answering.is_none() {
            return Some(Error::new(ErrorKind::NoTls, Stage::Prepare));
        }
        let shape = request.shape_in(&self.config.fields);
        shape.err().map(|error| refused(error, &request.url))
    }

    #[inline(always)]
    pub(super) fn intern(&mut self, request: &Request) -> OriginId {
        if let Some(id) = self.recent
            && self
                .tenant(id)
                .is_some_and(|tenant| tenant.key == request.key)
        {
            return id;
        }
        self.intern_another(request)
    }

    #[inline(never)]
    fn intern_another(&mut self, request: &Request) -> OriginId {
        if let Some(id) = self.keys.get(&request.key) {
            self.recent = Some(*id);
            return *id;
        }
        let key = request.key.clone();
        let mount = self.config.mounts.marked(key.transport.mount);
        let limits = match mount.and_then(|mount| mount.pool) {
            Some(own) => Arc::new(own),
            None => Arc::clone(&self.limits),
        };
        let id = self.pool.add_origin(*limits);
        let place = id.0.index as usize;
        if place >= self.tenants.len() {
            self.tenants.resize_with(place + 1, || None);
        }
        let head = ConstantHead::new(&key.origin, &self.config);
        let path = Path::of(&key, &request.url, &self.config);
        self.forwards |= path.as_ref().is_ok_and(|path| path.forwarder().is_some());
        self.tenants[place] = Some(Tenant {
            key: key.clone(),
            head,
            limits,
            path,
        });
        self.keys.insert(key, id);
        id
    }

    pub(super) fn tenant(&self, origin: OriginId) -> Option<&Tenant> {
        self.tenants.get(origin.0.index as usize)?.as_ref()
    }

    pub(super) fn forget_if_unused(&mut self, origin: OriginId) {
        if self.pool.remove_if_unused(origin)
            && let Some(tenant) = self
                .tenants
                .get_mut(origin.0.index as usize)
                .and_then(Option::take)
        {
            self.keys.remove(&tenant.key);
            self.recent = None;
        }
    }

    // -------------------------------------------------------------------------------------------- requests go on

    /// What the request may do now. Collecting a grant or an error happens once.
    #[inline]
    pub(crate) fn take_up(&mut self, id: RequestId) -> TakeUp {
        let Some(exchange) = self.exchanges.get_mut(id.0) else {
            return TakeUp::Wait;
        };
        match &exchange.state {
            ExchangeState::Granted(connection) => {
                let connection = *connection;
                exchange.state = ExchangeState::Running(connection);
                self.need_not_wake(id);
                TakeUp::Use(connection)
            }
            ExchangeState::Failed(_) | ExchangeState::Answered => self.collect(id),
            ExchangeState::Aborting(connection, _) => TakeUp::Abort(*connection),
            ExchangeState::Waiting(..)
            | ExchangeState::Running(_)
            | ExchangeState::Parting(..)
            | ExchangeState::Asking
            | ExchangeState::Resting(..) => TakeUp::Wait,
        }
    }

    /// The requester takes its error, or its answer: the request is over.
    #[inline(never)]
    fn collect(&mut self, id: RequestId) -> TakeUp {
        self.need_not_wake(id);
        let Some(exchange) = self.exchanges.remove(id.0) else {
            return TakeUp::Wait;
        };
        self.forget_if_unused(exchange.origin);
        match exchange.state {
            ExchangeState::Failed(error) => TakeUp::Failed(error),
            _ => {
                let answered = exchange.course.and_then(|course| course.answered);
                answered.map_or(TakeUp::Wait, |answered| {
                    TakeUp::Answered(Box::new(answered))
                })
            }
        }
    }

    /// Who collects at once needs no waking.
    fn need_not_wake(&mut self, id: RequestId) {
        if self.wakes.back() == Some(&id) {
            self.wakes.pop_back();
        }
    }

    /// Whether the request is still wanted.
    pub(crate) fn is_running(&self, id: RequestId) -> bool {
        self.exchanges
            .get(id.0)
            .is_some_and(|exchange| matches!(exchange.state, ExchangeState::Running(_)))
    }

    // ------------------------------------------------------------------------------------------------------- asking

    /// Whether the session takes no further request.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The URL that a request asks now.
    pub(crate) fn url(&self, id: RequestId) -> Option<&Url> {
        let exchange = self.exchanges.get(id.0)?;
        Some(&exchange.request.url)
    }

    /// The connection that a request uses.
    pub(crate) fn connection_of(&self, id: RequestId) -> Option<ConnectionId> {
        match self.exchanges.get(id.0)?.state {
            ExchangeState::Running(connection)
            | ExchangeState::Parting(connection, _)
            | ExchangeState::Aborting(connection, _) => Some(connection),
            ExchangeState::Waiting(..)
            | ExchangeState::Granted(_)
            | ExchangeState::Resting(..)
            | ExchangeState::Asking
            | ExchangeState::Answered
            | ExchangeState::Failed(_) => None,
        }
    }

    /// The present tenant of a place among the connections.
    pub(crate) fn member_at(&self, index: usize) -> Option<ConnectionId> {
        self.members.key_at(index).map(ConnectionId)
    }
}
