//! Peers between us and the origin, or on its way to be one, that say too much and too early.

use std::sync::Arc;

use sessile_core::{
    Command, Config, Engine, Family, Now, Progress, Proxy, ProxyRules, Request, RequestBuilder,
    Stage, Tls,
};
use sessile_tests::memory::{InPlace, Memory, Style, Taken};
use sessile_tests::network::Conditions;
use sessile_tests::origin::{Act, Peer, Scripted, Site, response};
use sessile_tests::pki::Authority;
use sessile_tests::proxies::{Reach, Socks5Proxy};
use sessile_tests::secured::{Secured, Terms, Versions};
use sessile_tests::world::World;

fn get(url: &str) -> Request {
    let request = RequestBuilder::new("GET", url).build();
    request.expect("a request")
}

fn by(proxy: &str) -> Config {
    let proxy = Proxy::parse(proxy).expect("a proxy");
    Config {
        proxies: Some(ProxyRules::all(proxy)),
        ..Config::default()
    }
}

/// Speaks as soon as somebody can hear it.
struct Talkative;

impl Site for Talkative {
    fn accept(&self, _: usize) -> Box<dyn Peer> {
        Box::new(Self)
    }
}

impl Peer for Talkative {
    fn opened(&mut self) -> Vec<Act> {
        vec![Act::Send(b"SSH-2.0-early\r\n".to_vec())]
    }

    fn received(&mut self, _: &[u8]) -> Vec<Act> {
        Vec::new()
    }
}

/// Given a proxy with whose success octets come that nobody asked for, then the request fails: it does not go from one such
/// connection to the next for ever.
fn octets_behind_a_tunnel_end_the_request<S: Style>() {
    let mut world = Memory::<S>::new(Conditions::calm());
    let origin = Scripted::new(|_| vec![Act::Send(response(200, &[], b""))]);
    let reach = Reach::new().to("origin.test:80", Arc::new(origin));
    let proxy = Socks5Proxy::new(reach).saying_behind(b"SSH-2.0-early\r\n");
    let dialled = world.serve(Arc::new(proxy));
    world.configure(by(&format!("socks5h://{}", dialled.address())));
    let error = world.send(get("http://origin.test/"));
    let error = error.expect_err("it said something unasked");
    let said = (error.code(), error.stage(), error.progress());
    assert_eq!(said, ("unsolicited", Stage::Tunnel, Progress::NotSent));
    assert_eq!(dialled.opened(), 1);
    assert!(world.pool().origins.is_empty());
}

/// The same of an origin that speaks with the last word of its handshake.
fn octets_behind_a_handshake_end_the_request<S: Style>() {
    let mut world = Memory::<S>::new(Conditions::calm());
    let authority = Authority::new();
    let identity = authority.for_names(&["origin.test"]);
    // In TLS 1.2 the last word is the server's.
    let terms = Terms {
        versions: Versions::Only12,
        ..Terms::default()
    };
    let served = world.serve(Arc::new(Secured::with(&identity, terms, Talkative)));
    let tls = Tls::builder().only_own_roots();
    let tls = tls.add_root_pem(authority.root_pem().as_bytes()).build();
    let mut config = Config {
        tls: tls.expect("a root"),
        ..Config::default()
    };
    let overrides = &mut config.dialling.overrides;
    let added = overrides.add("origin.test", None, [served.address()]);
    added.expect("a host");
    world.configure(config);
    let error = world.send(get("https://origin.test/"));
    let error = error.expect_err("it said something unasked");
    // What comes by itself may come before the request goes out, or just behind.
    let said = (error.code(), error.progress());
    let early = ("unsolicited", Progress::NotSent);
    assert!(
        [early, ("not-http1", Progress::Sent)].contains(&said),
        "{said:?}"
    );
    assert_eq!(served.opened(), 1);
    assert!(world.pool().origins.is_empty());
}

#[test]
fn octets_behind_a_tunnel_in_place() {
    octets_behind_a_tunnel_end_the_request::<InPlace>();
}

#[test]
fn octets_behind_a_tunnel_taken() {
    octets_behind_a_tunnel_end_the_request::<Taken>();
}

#[test]
fn octets_behind_a_handshake_in_place() {
    octets_behind_a_handshake_end_the_request::<InPlace>();
}

#[test]
fn octets_behind_a_handshake_taken() {
    octets_behind_a_handshake_end_the_request::<Taken>();
}

/// Given a proxy that is told addresses, when the resolver answers for each family, then the second answer about the origin is
/// not taken for an address of the proxy: it would be told the proxy's password.
#[test]
fn an_address_of_the_origin_is_never_taken_for_the_proxy() {
    let now = Now::default();
    let mut engine = Engine::<()>::new(by("socks5://joe:secret@proxy.test")).expect("valid");
    engine.submit(now, get("http://origin.test/"));
    let Some(Command::Resolve {
        establish, host, ..
    }) = engine.poll_command()
    else {
        panic!("the origin is to be resolved here");
    };
    assert_eq!(&*host, "origin.test");
    let v4 = [([192, 0, 2, 1], 80).into()];
    let v6 = [([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 80).into()];
    engine.handle_resolved_family(now, establish, Family::V4, Ok(&v4));
    engine.handle_resolved_family(now, establish, Family::V6, Ok(&v6));
    let mut hosts = Vec::new();
    while let Some(command) = engine.poll_command() {
        match command {
            Command::Resolve { host, .. } => hosts.push(host),
            Command::Dial { plan, .. } => panic!("{plan:?} is no proxy"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(hosts, ["proxy.test".into()]);
}

/// Given half an answer, then it is not remembered as if it were the whole.
#[test]
fn half_an_answer_about_an_origin_is_not_remembered() {
    let now = Now::default();
    let mut config = by("socks5://proxy.test");
    config.dialling.cache = Some(std::time::Duration::from_secs(60));
    let mut engine = Engine::<()>::new(config).expect("valid");
    let v4 = [([192, 0, 2, 1], 80).into()];
    for partition in ["one", "two"] {
        let request = RequestBuilder::new("GET", "http://origin.test/").partition(partition);
        engine.submit(now, request.build().expect("a request"));
        let Some(Command::Resolve {
            establish, host, ..
        }) = engine.poll_command()
        else {
            panic!("the origin is to be resolved");
        };
        assert_eq!(&*host, "origin.test");
        engine.handle_resolved_family(now, establish, Family::V4, Ok(&v4));
        assert!(matches!(
            engine.poll_command(),
            Some(Command::Resolve { .. })
        ));
    }
}
