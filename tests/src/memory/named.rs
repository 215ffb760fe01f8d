//! Sites at URLs of the test's choice: an origin that has a name, a proxy at its port.
//!
//! What [`World::serve`](crate::world::World::serve) picks is an address; certificates, cookies and proxies are about
//! names. All ports of one name have one address, as those of a host have.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sessile_core::Url;

use super::{Memory, Place, Style};
use crate::network::Resolution;
use crate::origin::Site;
use crate::world::Served;

impl<S: Style> Memory<S> {
    /// Starts a site where this URL leads, which has no path: `https://origin.test`, `http://[::1]:8080`,
    /// `socks5://proxy.test:1080`. A name that is new gets an address, which the session learns when it asks.
    ///
    /// # Panics
    ///
    /// If it is no URL, or has no host, or its scheme has no port and it neither.
    pub fn serve_at(&mut self, base: &str, site: Arc<dyn Site>) -> Served {
        let url = Url::parse(base).expect("a URL");
        let port = url.port_or_known_default().expect("a port");
        let ip = self.ip_of(url.host_str().expect("a host"));
        let address = SocketAddr::new(ip, port);
        let network = self.hub.network.clone();
        network.listen(address, site);
        Served::at(base, address, Place { network, address })
    }

    fn ip_of(&mut self, host: &str) -> IpAddr {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse() {
            return ip;
        }
        if let Some(ip) = self.hub.network.addresses(host).first() {
            return *ip;
        }
        let ip = self.new_address().ip();
        let answer = Resolution::Addresses(vec![ip]);
        self.hub.network.set_name(host, Duration::ZERO, answer);
        ip
    }
}

#[cfg(test)]
mod tests {
    use sessile_core::RequestBuilder;

    use super::*;
    use crate::demo::Demo;
    use crate::memory::{InPlace, Taken};
    use crate::network::Conditions;
    use crate::world::World;

    fn ask(world: &mut impl World, served: &Served) -> String {
        let request = RequestBuilder::new("GET", served.url("/headers"));
        let reply = world.send(request.build().unwrap()).unwrap();
        reply.text().to_owned()
    }

    fn named_sites_are_asked<S: Style>() {
        let mut world = Memory::<S>::new(Conditions::calm());
        let bases = [
            "http://origin.test",
            "http://origin.test:8080",
            "http://other.test",
            "http://10.9.8.7",
            "http://[::1]:8080",
        ];
        let served = bases.map(|base| world.serve_at(base, Arc::new(Demo)));
        for (served, base) in served.iter().zip(bases) {
            assert_eq!(served.url("/headers"), format!("{base}/headers"));
            assert_eq!(ask(&mut world, served), "20 fields\n");
            assert_eq!(served.opened(), 1, "{base}");
        }
        let addresses = |host| world.network().addresses(host);
        assert_eq!(addresses("origin.test").len(), 1);
        assert_ne!(addresses("origin.test"), addresses("other.test"));
        assert!(addresses("nobody.test").is_empty());
    }

    #[test]
    fn given_names_then_sites_are_asked_in_place() {
        named_sites_are_asked::<InPlace>();
    }

    #[test]
    fn given_names_then_sites_are_asked_where_connections_are_taken() {
        named_sites_are_asked::<Taken>();
    }

    #[test]
    fn given_other_schemes_then_their_hosts_and_ports_are_taken() {
        let mut world = Memory::<InPlace>::new(Conditions::calm());
        for base in ["socks5://proxy.test:1080", "https://origin.test"] {
            let served = world.serve_at(base, Arc::new(Demo));
            assert_eq!(served.url("/"), format!("{base}/"));
        }
        let served = world.serve_at("socks5://10.9.8.7:1080", Arc::new(Demo));
        assert_eq!(served.url(""), "socks5://10.9.8.7:1080");
        assert!(world.network().addresses("10.9.8.7").is_empty());
        assert_eq!(world.network().addresses("proxy.test").len(), 1);
    }
}
