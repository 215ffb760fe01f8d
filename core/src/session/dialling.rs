//! How a session gets from a host to a connection, as far as that is the application's to say.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use url::Host;

use crate::dial::{Families, Family, Keepalive, LocalEnd, RaceSettings};
use crate::policy::AddressPolicy;

/// Settings for opening connections.
///
/// ```
/// use sessile_core::{Config, Family};
/// let mut config = Config::default();
/// config.dialling.prefer = Family::V4;
/// config.dialling.overrides.add("api.test", Some(443), [([127, 0, 0, 1], 8443).into()])?;
/// # Ok::<(), sessile_core::OverrideError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dialling {
    /// Whose address is tried first: IPv6.
    pub prefer: Family,
    /// Of which families addresses are tried: both.
    pub families: Families,
    /// How long an attempt is alone before the next one starts beside it: 250 ms (RFC 8305 §5).
    pub attempt_delay: Duration,
    /// How long an address waits for those of the preferred family: 50 ms (RFC 8305 §3). Only drivers that
    /// [answer by family](crate::Engine::handle_resolved_family) let it come to that.
    pub resolution_delay: Duration,
    /// Hosts that are not resolved, but have these addresses: none.
    pub overrides: Overrides,
    /// For how long the addresses of a name are kept: not at all. (curl keeps them for 60 s. The system's resolver knows
    /// better how long they hold, if it keeps them.)
    pub cache: Option<Duration>,
    /// Which addresses may be dialled: all.
    pub policy: Option<AddressPolicy>,
    /// Where connections come from, unless a request or its mount says otherwise: wherever the system lets them.
    pub local: LocalEnd,
    /// `TCP_NODELAY`: on.
    pub no_delay: bool,
    /// TCP keepalive: off. (The pool closes what is idle by its own clock.)
    pub keepalive: Option<Keepalive>,
}

impl Default for Dialling {
    fn default() -> Self {
        let race = RaceSettings::default();
        Self {
            prefer: race.prefer,
            families: race.asked,
            attempt_delay: race.attempt_delay,
            resolution_delay: race.resolution_delay,
            overrides: Overrides::default(),
            cache: None,
            policy: None,
            local: LocalEnd::default(),
            no_delay: true,
            keepalive: None,
        }
    }
}

/// Addresses that hosts have whatever a resolver would say, as with curl's `--resolve`. Proxies have them, too.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    list: Vec<Override>,
}

#[derive(Clone, Debug)]
struct Override {
    host: Box<str>,
    port: Option<u16>,
    addresses: Vec<SocketAddr>,
}

/// The text is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverrideError;

impl fmt::Display for OverrideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what is to be overridden is no host: write it as in a URL, without a port")
    }
}

impl core::error::Error for OverrideError {}

impl Overrides {
    /// Gives a host these addresses, on this port or on all that have none of their own; of an address with port 0 the
    /// URL's counts. No address at all makes the host unknown. A later word on the same host and port replaces an earlier.
    ///
    /// # Errors
    /// If the host is none.
    pub fn add(
        &mut self,
        host: &str,
        port: Option<u16>,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<(), OverrideError> {
        let host = Host::parse(host).map_err(|_| OverrideError)?;
        let host: Box<str> = host.to_string().into();
        self.list
            .retain(|known| (&known.host, known.port) != (&host, port));
        self.list.push(Override {
            host,
            port,
            addresses: addresses.into_iter().collect(),
        });
        Ok(())
    }

    /// The addresses of a host as it stands in a URL.
    pub(super) fn of(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let of_host = |known: &&Override| *known.host == *host;
        let exact = self
            .list
            .iter()
            .filter(of_host)
            .find(|known| known.port == Some(port));
        let any = || {
            self.list
                .iter()
                .filter(of_host)
                .find(|known| known.port.is_none())
        };
        let found = exact.or_else(any)?;
        let with_port = |address: &SocketAddr| {
            let mut address = *address;
            if address.port() == 0 {
                address.set_port(port);
            }
            address
        };
        Some(found.addresses.iter().map(with_port).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_port_comes_first() {
        let mut overrides = Overrides::default();
        let at = |last, port| SocketAddr::from(([127, 0, 0, last], port));
        overrides.add("A.test", None, [at(1, 0)]).expect("a host");
        overrides
            .add("a.test", Some(443), [at(2, 8443)])
            .expect("a host");
        overrides.add("[::1]", None, []).expect("a host");
        assert_eq!(overrides.of("a.test", 80), Some(vec![at(1, 80)]));
        assert_eq!(overrides.of("a.test", 443), Some(vec![at(2, 8443)]));
        assert_eq!(overrides.of("b.a.test", 443), None);
        assert_eq!(overrides.of("[::1]", 80), Some(vec![]));
        overrides
            .add("a.test", Some(443), [at(3, 0)])
            .expect("a host");
        assert_eq!(overrides.of("a.test", 443), Some(vec![at(3, 443)]));
        assert_eq!(overrides.add("a b", None, []), Err(OverrideError));
    }
}
