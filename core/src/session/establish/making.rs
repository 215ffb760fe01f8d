//! A transport stands, and more is to be said on it before HTTP: to the proxy, and to secure it.

use core::net::SocketAddr;

use http::Method;

use super::establish::State;
use crate::base::{ConnectionId, EstablishId, Now, Stage};
use crate::connection::{
    Connect, Failure, Socks4a, Socks5, Stack, StackFailure, StackPlan, Target, Tunnel, connect_head,
};
use crate::message::{Origin, ResponseHead};
use crate::policy::{Challenge, DigestInput, Proxy, ProxyScheme};
use crate::session::connections::MemberState;
use crate::session::kind::ErrorKind;
use crate::session::path::Path;
use crate::session::peers::Side;
use crate::session::session::Session;

/// A proxy's challenge is answered so often at most: once by each scheme, or once more because a nonce had grown stale.
const MOST_ANSWERS: u8 = 2;

/// What becomes of a transport that stands.
pub(crate) enum Connected {
    /// Nobody is interested any more: it is to be closed.
    Unwanted,
    /// It carries HTTP.
    Made,
    /// It is to carry this first.
    Making(Box<Stack>),
}

/// What becomes of a proxy's challenge.
pub(crate) enum ProxyAnswer {
    /// It is asked again with this head.
    Again(Vec<u8>),
    /// It is asked again on another connection; this one is given up.
    Anew,
    /// There is no answer.
    Declined,
}

impl Session {
    pub(super) fn begin_making(
        &mut self,
        now: Now,
        id: EstablishId,
        connection: ConnectionId,
    ) -> Connected {
        let stack = match self.stack_plan(id) {
            Ok(plan) => Stack::new(now, plan),
            Err((kind, stage)) => {
                self.fail_soon(now, id, kind, stage);
                return Connected::Unwanted;
            }
        };
        match stack {
            Some(stack) => {
                if let Some(establish) = self.establishes.get_mut(id.0) {
                    establish.state = State::Making(connection, Stage::Connect);
                }
                Connected::Making(stack)
            }
            None => {
                self.made(now, id, connection);
                Connected::Made
            }
        }
    }

    /// Its stages are through: it is a connection like any other.
    fn made(&mut self, now: Now, id: EstablishId, connection: ConnectionId) {
        let Some(establish) = self.establishes.remove(id.0) else {
            return;
        };
        self.pool.dialled(establish.origin);
        self.stats.counters.opened += 1;
        let number = self.stats.counters.opened;
        if let Some(member) = self.members.get_mut(connection.0) {
            member.number = number;
            member.opened = now.tick;
            member.state = MemberState::Free;
        }
        self.note_dial(now, establish.origin, Some(number));
    }

    /// Whether a connection is on its way to be one.
    pub(crate) fn is_making(&self, connection: ConnectionId) -> bool {
        let establish = self
            .attempt_of(connection)
            .and_then(|id| self.establishes.get(id.0));
        establish.is_some_and(|one| matches!(one.state, State::Making(own, _) if own == connection))
    }

    /// A connection in the making is at this stage.
    pub(crate) fn note_stage(&mut self, now: Now, connection: ConnectionId, stage: Stage) {
        let Some(id) = self.attempt_of(connection) else {
            return;
        };
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return;
        };
        let origin = establish.origin;
        if let State::Making(_, known) = &mut establish.state
            && *known != stage
        {
            *known = stage;
            let limit = self.establish_limit(origin, stage);
            self.make_due(id, limit.map(|limit| now.tick.after(limit)));
        }
    }

    /// A connection carries HTTP now.
    pub(crate) fn handle_made(&mut self, now: Now, connection: ConnectionId) {
        if let Some(id) = self.attempt_of(connection) {
            self.made(now, id, connection);
        }
    }

    /// A connection will never carry HTTP.
    pub(crate) fn handle_making_failed(
        &mut self,
        now: Now,
        connection: ConnectionId,
        why: StackFailure,
    ) {
        let Some(id) = self.attempt_of(connection) else {
            return;
        };
        let (kind, stage) = match why {
            StackFailure::ProxyTls(error) => (ErrorKind::Tls(error), Stage::ProxyTls),
            StackFailure::Tls(error) => (ErrorKind::Tls(error), Stage::Tls),
            StackFailure::Tunnel(error) => (ErrorKind::Tunnel(error), Stage::Tunnel),
            StackFailure::Transport(stage, why) => (ErrorKind::Transport(why), stage),
        };
        self.fail_establish(now, id, kind, stage);
    }

    /// A connection was made, and is of no use.
    pub(crate) fn handle_stillborn(&mut self, now: Now, connection: ConnectionId, why: Failure) {
        let id = self.attempt_of(connection);
        let establish = id.and_then(|id| Some((id, self.establishes.get(id.0)?)));
        if let Some((id, establish)) = establish {
            let stage = establish.stage();
            self.fail_establish(now, id, why.into(), stage);
        }
    }

    /// A proxy wants credentials.
    pub(crate) fn handle_challenge(
        &mut self,
        now: Now,
        connection: ConnectionId,
        head: &ResponseHead,
        reusable: bool,
    ) -> ProxyAnswer {
        let answered = self
            .attempt_of(connection)
            .and_then(|id| Some((id, self.answer_proxy(id, head)?)));
        let Some((id, answer)) = answered else {
            return ProxyAnswer::Declined;
        };
        if reusable {
            let head = self.connect_head(id, Some(&answer));
            return head.map_or(ProxyAnswer::Declined, ProxyAnswer::Again);
        }
        if let Some(establish) = self.establishes.get_mut(id.0) {
            establish.asked.next = Some(answer);
        }
        self.drop_attempt(now, connection);
        self.begin_race(now, id);
        ProxyAnswer::Anew
    }

    fn answer_proxy(&mut self, id: EstablishId, head: &ResponseHead) -> Option<Vec<u8>> {
        let (tenant, _) = self.making_of(id)?;
        let path = tenant.path.as_ref().ok()?;
        let proxy = path.proxy.clone()?;
        let who = proxy.authentication()?.clone();
        let target = tenant.key.origin.host_and_port();
        let establish = self.establishes.get_mut(id.0)?;
        establish.asked.answers += 1;
        if establish.asked.answers > MOST_ANSWERS {
            return None;
        }
        let cnonce = self.cnonces.digits();
        let challenges = Challenge::read(head.as_ref().fields().get_all("Proxy-Authenticate"));
        let space = self.proxy_spaces.of(&proxy);
        let course = &mut establish.asked.course;
        space
            .challenged(&who, course, &challenges, &of_connect(&target, &cnonce))
            .ok()
    }

    /// What is to be between HTTP and the transport.
    fn stack_plan(&mut self, id: EstablishId) -> Result<StackPlan, (ErrorKind, Stage)> {
        let mut plan = StackPlan::default();
        let Some((tenant, establish)) = self.making_of(id) else {
            return Ok(plan);
        };
        let Ok(path) = tenant.path.clone() else {
            return Ok(plan);
        };
        let (key, target) = (tenant.key.clone(), establish.target);
        let origin = &key.origin;
        if let Some(proxy) = &path.proxy {
            if proxy.scheme() == ProxyScheme::Https {
                let settings = self.config.proxy_tls.clone();
                let host = proxy.host();
                plan.below = Some(self.tls_plan(&key, Side::Proxy, &settings, host)?);
            }
            plan.tunnel = self.tunnel(id, &path, proxy, origin, target)?;
        }
        if let Some(settings) = &path.tls {
            plan.above = Some(self.tls_plan(&key, Side::Origin, settings, origin.host())?);
        }
        Ok(plan)
    }

    fn tunnel(
        &mut self,
        id: EstablishId,
        path: &Path,
        proxy: &Proxy,
        origin: &Origin,
        target: Option<SocketAddr>,
    ) -> Result<Option<Tunnel>, (ErrorKind, Stage)> {
        let failed = |error| (ErrorKind::Tunnel(error), Stage::Tunnel);
        let named = || match target {
            Some(address) => Ok(Target::at(address)),
            None => Target::of(origin).map_err(failed),
        };
        Ok(Some(match proxy.scheme() {
            ProxyScheme::Http | ProxyScheme::Https if path.forwarder().is_some() => {
                return Ok(None);
            }
            ProxyScheme::Http | ProxyScheme::Https => {
                let authorization = self.connect_authorization(id, proxy, origin);
                let Some(head) = self.connect_head(id, authorization.as_deref()) else {
                    return Ok(None);
                };
                Tunnel::Connect(Connect::new(&head, self.rules()))
            }
            ProxyScheme::Socks5 | ProxyScheme::Socks5h => {
                let credentials = proxy.user().zip(proxy.password());
                let socks = Socks5::new(&named()?, credentials);
                Tunnel::Socks5(socks.map_err(failed)?)
            }
            ProxyScheme::Socks4a => {
                let socks = Socks4a::new(&named()?, proxy.user().unwrap_or_default());
                Tunnel::Socks4a(socks.map_err(failed)?)
            }
        }))
    }

    /// What a CONNECT says before it is challenged, or behind a challenge that took another connection.
    fn connect_authorization(
        &mut self,
        id: EstablishId,
        proxy: &Proxy,
        origin: &Origin,
    ) -> Option<Vec<u8>> {
        let establish = self.establishes.get_mut(id.0)?;
        if let Some(answer) = establish.asked.next.take() {
            return Some(answer);
        }
        let who = proxy.authentication()?;
        let (target, cnonce) = (origin.host_and_port(), self.cnonces.digits());
        let space = self.proxy_spaces.of(proxy);
        let course = &mut establish.asked.course;
        space
            .in_advance(who, course, &of_connect(&target, &cnonce))
            .ok()
            .flatten()
    }

    /// The head of a CONNECT. It holds nothing that was not checked when it came in.
    fn connect_head(&self, id: EstablishId, authorization: Option<&[u8]>) -> Option<Vec<u8>> {
        let (tenant, _) = self.making_of(id)?;
        connect_head(&tenant.key.origin, self.config.agent(), authorization).ok()
    }
}

/// What an answer of Digest says about a CONNECT.
fn of_connect<'a>(target: &'a str, cnonce: &'a str) -> DigestInput<'a> {
    DigestInput {
        method: &Method::CONNECT,
        target,
        content: Some(b""),
        cnonce,
    }
}
