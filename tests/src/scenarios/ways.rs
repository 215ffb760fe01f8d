//! Every way to an origin: in the open or over TLS, directly or by each kind of proxy.

use std::net::SocketAddr;
use std::sync::Arc;

use sessile_core::{Config, Proxy, ProxyRules, RequestBuilder, Tls};

use crate::origin::{Act, Scripted, Site, response};
use crate::pki::Authority;
use crate::proxies::{Demand, HttpProxy, Reach, Scheme, Socks4aProxy, Socks5Proxy};
use crate::secured::Secured;
use crate::world::{Served, World};

/// Who asks a proxy that wants to know.
pub(super) const USER: &str = "joe";
pub(super) const PASSWORD: &str = "s3cret:pass";

/// By which way an origin is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Nobody,
    HttpProxy { secured: bool, basic: bool },
    Socks4a,
    Socks5 { named: bool, credentials: bool },
}

/// All of them.
pub(super) const WAYS: [By; 10] = [
    By::Nobody,
    By::HttpProxy {
        secured: false,
        basic: false,
    },
    By::HttpProxy {
        secured: false,
        basic: true,
    },
    By::HttpProxy {
        secured: true,
        basic: false,
    },
    By::HttpProxy {
        secured: true,
        basic: true,
    },
    By::Socks4a,
    By::Socks5 {
        named: true,
        credentials: false,
    },
    By::Socks5 {
        named: true,
        credentials: true,
    },
    By::Socks5 {
        named: false,
        credentials: false,
    },
    By::Socks5 {
        named: false,
        credentials: true,
    },
];

/// An origin somewhere behind a way, and the settings that lead to it.
pub(super) struct Somewhere {
    pub(super) base: &'static str,
    pub(super) config: Config,
    /// What is dialled.
    pub(super) dialled: Served,
}

impl Somewhere {
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// Serves a site at the end of a way.
pub(super) fn behind(world: &mut dyn World, by: By, secure: bool, site: impl Site) -> Somewhere {
    let authority = Authority::new();
    let origin: Arc<dyn Site> = match secure {
        true => Arc::new(Secured::new(&authority.for_names(&["origin.test"]), site)),
        false => Arc::new(site),
    };
    let (base, port) = match secure {
        true => ("https://origin.test", 443),
        false => ("http://origin.test", 80),
    };
    let name = match by {
        By::Socks5 { named: false, .. } => "192.0.2.80",
        _ => "origin.test",
    };
    let reach = Reach::new().to(&format!("{name}:{port}"), Arc::clone(&origin));
    let (first, scheme): (Arc<dyn Site>, _) = match by {
        By::Nobody => (origin, None),
        By::HttpProxy { secured, basic } => {
            let mut proxy = HttpProxy::new(reach);
            if basic {
                proxy = proxy.demanding(Demand::new(USER, PASSWORD, &[Scheme::Basic]));
            }
            match secured {
                true => {
                    let identity = authority.for_names(&["proxy.test"]);
                    (
                        Arc::new(Secured::new(&identity, proxy)),
                        Some(("https", basic)),
                    )
                }
                false => (Arc::new(proxy), Some(("http", basic))),
            }
        }
        By::Socks4a => (Arc::new(Socks4aProxy::new(reach)), Some(("socks4a", false))),
        By::Socks5 { named, credentials } => {
            let mut proxy = Socks5Proxy::new(reach);
            if credentials {
                proxy = proxy.demanding(USER.as_bytes(), PASSWORD.as_bytes());
            }
            let scheme = if named { "socks5h" } else { "socks5" };
            (Arc::new(proxy), Some((scheme, credentials)))
        }
    };
    let dialled = world.serve(first);
    let mut config = Config {
        proxies: Some(ProxyRules::none()),
        tls: trusting(&authority),
        proxy_tls: trusting(&authority),
        ..Config::default()
    };
    let address = dialled.address();
    match scheme {
        None => name_it(&mut config, "origin.test", address),
        Some((scheme, credentials)) => {
            let proxy = Proxy::parse(&format!("{scheme}://proxy.test:3128")).expect("a proxy");
            let proxy = match credentials {
                true => proxy.credentials(USER, PASSWORD).expect("credentials"),
                false => proxy,
            };
            config.proxies = Some(ProxyRules::all(proxy));
            name_it(&mut config, "proxy.test", address);
            // For a proxy that is told addresses.
            name_it(&mut config, "origin.test", ([192, 0, 2, 80], 0).into());
        }
    }
    Somewhere {
        base,
        config,
        dialled,
    }
}

/// Gives a host an address whatever port is asked.
pub(super) fn name_it(config: &mut Config, host: &str, address: SocketAddr) {
    let added = config.dialling.overrides.add(host, None, [address]);
    added.expect("a host");
}

/// Settings that trust an authority, and nobody else.
pub(super) fn trusting(authority: &Authority) -> Tls {
    let roots = Tls::builder().only_own_roots();
    let roots = roots.add_root_pem(authority.root_pem().as_bytes());
    roots.build().expect("a root")
}

fn greeting() -> Scripted {
    Scripted::new(|request| {
        let text = format!("{} {}", request.method, request.target);
        vec![Act::Send(response(200, &[], text.as_bytes()))]
    })
}

/// Given an origin behind each way, in the open and over TLS, when it is asked twice, then it hears what it would hear
/// without, and one connection serves both.
pub fn an_origin_is_reached_by_every_way(world: &mut dyn World) {
    for secure in [false, true] {
        for by in WAYS {
            let somewhere = behind(world, by, secure, greeting());
            world.configure(somewhere.config.clone());
            for path in ["/one", "/two?x=y"] {
                let request = RequestBuilder::new("GET", somewhere.url(path)).build();
                let reply = world.send(request.expect("a request"));
                let reply = reply.unwrap_or_else(|error| panic!("{by:?}, {secure}: {error}"));
                let heard = String::from_utf8_lossy(&reply.content).into_owned();
                assert_eq!(
                    (reply.status, heard),
                    (200, format!("GET {path}")),
                    "{by:?}, {secure}"
                );
            }
            assert_eq!(somewhere.dialled.opened(), 1, "{by:?}, {secure}");
        }
    }
}
