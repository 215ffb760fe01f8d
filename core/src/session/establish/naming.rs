//! From a host to addresses that may be dialled: by an override, from what is remembered, or by the resolver.

use core::net::SocketAddr;

use super::establish::State;
use super::order::Order;
use super::racing::Racing;
use crate::base::{EstablishId, Now, Stage};
use crate::dial::{Endpoint, Families, Family, Lookup, RaceSettings};
use crate::message::host_address;
use crate::policy::{AddressCase, AddressRole};
use crate::session::causes::ResolveError;
use crate::session::kind::ErrorKind;
use crate::session::session::Session;

/// What is known of a host without asking.
enum Known {
    Addresses(Vec<SocketAddr>),
    Unknown,
}

impl Session {
    pub(super) fn begin_naming(&mut self, now: Now, id: EstablishId) {
        let Some((tenant, establish)) = self.making_of(id) else {
            return;
        };
        let path = match &tenant.path {
            Ok(path) => path,
            Err(error) => {
                let kind = ErrorKind::ProxyRule(*error);
                return self.fail_soon(now, id, kind, Stage::Prepare);
            }
        };
        if let Some(socket) = &path.socket {
            let to = Endpoint::Socket(socket.clone());
            return self.dial_alone(now, id, to);
        }
        let origin = &tenant.key.origin;
        if path.proxy.is_some() && establish.target.is_none() {
            // A literal is known to us whoever connects to it.
            let known = match origin.address() {
                Some(address) => Known::Addresses(vec![SocketAddr::new(address, origin.port())]),
                None if path.resolves_target() => self.known(now, origin.host(), origin.port()),
                None => return self.begin_race(now, id),
            };
            return match known {
                Known::Addresses(addresses) => self.handle_target(now, id, &addresses),
                Known::Unknown => {
                    let (host, port) = (origin.host().into(), origin.port());
                    let limit = self.establish_limit(establish.origin, Stage::Resolve);
                    self.make_due(id, limit.map(|limit| now.tick.after(limit)));
                    self.ask_resolver(id, host, port);
                }
            };
        }
        self.begin_race(now, id);
    }

    /// The origin's addresses are known, for a proxy that is to be told one, or may be told one.
    fn handle_target(&mut self, now: Now, id: EstablishId, addresses: &[SocketAddr]) {
        let allowed = self.allowed(id, AddressRole::BehindProxy, addresses);
        let Some(target) = allowed.first() else {
            let kind = match addresses {
                [] => ErrorKind::Resolve(ResolveError::new("it has no address")),
                _ => ErrorKind::AddressRefused,
            };
            return self.fail_soon(now, id, kind, Stage::Resolve);
        };
        let target = *target;
        if let Some(mut establish) = self.establishes.remove(id.0) {
            establish.target = Some(target);
            establish.due = None;
            establish.armed = None;
            // By another name: what is still said about the origin must not be taken for the proxy's address.
            let id = EstablishId(self.establishes.insert(establish));
            self.begin_race(now, id);
        }
    }

    /// Begins to look for whoever is dialled: the proxy, or the origin.
    pub(super) fn begin_race(&mut self, now: Now, id: EstablishId) {
        let Some((tenant, establish)) = self.making_of(id) else {
            return;
        };
        let Ok(path) = &tenant.path else { return };
        let (host, port) = path.first_hop(&tenant.key.origin);
        let local = path.local.address;
        let timeouts = self.dial_timeouts(establish.origin);
        let options = &self.config.dialling;
        let settings = RaceSettings {
            attempt_delay: options.attempt_delay,
            resolution_delay: options.resolution_delay,
            connect_timeout: timeouts.connect,
            resolve_timeout: timeouts.resolve,
            prefer: options.prefer,
            asked: match local {
                // From an address of one family nothing of the other can be reached.
                Some(address) => Families::Only(Family::of(&SocketAddr::new(address, 0))),
                None => options.families,
            },
        };
        let (known, host) = (self.known(now, host, port), Box::from(host));
        let racing = Racing::new(settings, now);
        if let Some(establish) = self.establishes.get_mut(id.0) {
            establish.state = State::Racing(Box::new(racing));
        }
        match known {
            Known::Addresses(addresses) => self.enter(now, id, Entering::Both(Ok(&addresses))),
            Known::Unknown => {
                self.ask_resolver(id, host, port);
                self.go_on_racing(now, id);
            }
        }
    }

    fn ask_resolver(&mut self, establish: EstablishId, host: Box<str>, port: u16) {
        self.orders.push_back(Order::Resolve {
            establish,
            host,
            port,
        });
    }

    fn known(&self, now: Now, host: &str, port: u16) -> Known {
        if let Some(addresses) = self.config.dialling.overrides.of(host, port) {
            return Known::Addresses(addresses);
        }
        if let Some(address) = host_address(host) {
            return Known::Addresses(vec![SocketAddr::new(address, port)]);
        }
        match self.names.get(now.tick, host, port) {
            Some(addresses) => Known::Addresses(addresses.to_vec()),
            None => Known::Unknown,
        }
    }

    /// The answer to [`Order::Resolve`].
    pub(crate) fn handle_resolved(
        &mut self,
        now: Now,
        id: EstablishId,
        answer: Result<&[SocketAddr], ResolveError>,
    ) {
        let Some((tenant, establish)) = self.making_of(id) else {
            return;
        };
        let racing = match &establish.state {
            State::Naming(_) => false,
            State::Racing(_) => true,
            _ => return,
        };
        let Ok(path) = &tenant.path else { return };
        let origin = &tenant.key.origin;
        let (host, port) = match racing {
            true => path.first_hop(origin),
            false => (origin.host(), origin.port()),
        };
        if let Ok(addresses) = answer
            && !addresses.is_empty()
            && self.config.dialling.cache.is_some()
        {
            let host = Box::from(host);
            self.names.insert(now.tick, &host, port, addresses);
        }
        match racing {
            true => self.enter(now, id, Entering::Both(answer)),
            false => self.handle_named(now, id, answer),
        }
    }

    /// What was asked for a proxy that wants to be told.
    fn handle_named(
        &mut self,
        now: Now,
        id: EstablishId,
        answer: Result<&[SocketAddr], ResolveError>,
    ) {
        match answer {
            Ok(addresses) => self.handle_target(now, id, addresses),
            Err(error) => {
                self.fail_establish(now, id, ErrorKind::Resolve(error), Stage::Resolve);
            }
        }
    }

    /// The answer to [`Order::Resolve`] for one family, from a driver that asks for each by itself.
    pub(crate) fn handle_resolved_family(
        &mut self,
        now: Now,
        id: EstablishId,
        family: Family,
        answer: Result<&[SocketAddr], ResolveError>,
    ) {
        let Some(establish) = self.establishes.get_mut(id.0) else {
            return;
        };
        match &mut establish.state {
            State::Racing(_) => self.enter(now, id, Entering::One(family, answer)),
            // The first address that there is will do; that there is none takes two to say.
            State::Naming(other @ None)
                if answer.as_ref().map_or(true, |found| found.is_empty()) =>
            {
                *other = Some(family);
            }
            State::Naming(Some(other)) if *other == family => {}
            // Half an answer is nothing to remember.
            State::Naming(_) => self.handle_named(now, id, answer),
            _ => {}
        }
    }

    /// Addresses enter the race, if they may be dialled.
    fn enter(&mut self, now: Now, id: EstablishId, entering: Entering<'_>) {
        let role = match self.making_of(id).map(|(tenant, _)| &tenant.path) {
            Some(Ok(path)) if path.proxy.is_some() => AddressRole::Proxy,
            _ => AddressRole::Origin,
        };
        let given = entering
            .answer()
            .as_ref()
            .map_or(&[][..], |addresses| addresses);
        let allowed = self.allowed(id, role, given);
        let refused = allowed.len() < given.len();
        let Some(State::Racing(racing)) = self.establishes.get_mut(id.0).map(|one| &mut one.state)
        else {
            return;
        };
        racing.refused |= refused;
        let lookup = match entering.answer() {
            Ok(_) => Lookup::Addresses(&allowed),
            Err(error) => {
                racing.unresolved = Some(error.clone());
                Lookup::Failed
            }
        };
        match entering {
            Entering::Both(_) => racing.race.handle_resolved(now.tick, lookup),
            Entering::One(family, _) => racing.race.handle_answer(now.tick, family, lookup),
        }
        self.go_on_racing(now, id);
    }

    /// Those of some addresses that the application lets us use.
    fn allowed(
        &self,
        id: EstablishId,
        role: AddressRole,
        addresses: &[SocketAddr],
    ) -> Vec<SocketAddr> {
        let (Some(policy), Some((tenant, _))) = (&self.config.dialling.policy, self.making_of(id))
        else {
            return addresses.to_vec();
        };
        let host = match (role, &tenant.path) {
            (AddressRole::Proxy, Ok(path)) => path.first_hop(&tenant.key.origin).0,
            _ => tenant.key.origin.host(),
        };
        let allowed = |address: &&SocketAddr| {
            let address = **address;
            policy.allows(&AddressCase {
                host,
                address,
                role,
            })
        };
        addresses.iter().filter(allowed).copied().collect()
    }
}

/// What enters the race.
enum Entering<'a> {
    Both(Result<&'a [SocketAddr], ResolveError>),
    One(Family, Result<&'a [SocketAddr], ResolveError>),
}

impl<'a> Entering<'a> {
    fn answer(&self) -> &Result<&'a [SocketAddr], ResolveError> {
        match self {
            Self::Both(answer) | Self::One(_, answer) => answer,
        }
    }
}
