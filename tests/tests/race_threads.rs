//! What a race costs: nothing that others could count. Alone in its program, so that nobody else's threads are counted.

use std::net::{SocketAddr, TcpListener};

use sessile_core::{Config, ProxyRules};
use sessile_mio::blocking::Session;
use sessile_tests::demo::Demo;
use sessile_tests::loopback::Loopback;

/// Where the system tells.
fn threads() -> Option<usize> {
    let tasks = std::fs::read_dir("/proc/self/task");
    tasks.ok().map(Iterator::count)
}

/// Given a name with eight addresses, seven of which refuse, then the eighth is found, and no thread was needed for that.
#[test]
fn a_race_costs_no_thread() {
    let origin = Loopback::start(Demo).expect("a port");
    let refused = |_| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("bound")
    };
    let mut addresses: Vec<SocketAddr> = (0..7).map(refused).collect();
    addresses.push(origin.address());
    let mut config = Config {
        proxies: Some(ProxyRules::none()),
        ..Config::default()
    };
    let overrides = &mut config.dialling.overrides;
    overrides.add("many.test", None, addresses).expect("a host");
    let session = Session::with(config).expect("settings");
    let before = threads();
    let response = session.get("http://many.test/get").send();
    assert_eq!(response.expect("the eighth").status(), 200);
    // The origin has one for its connection.
    assert!(threads() <= before.map(|count| count + 1), "{before:?}");
    assert_eq!(origin.opened(), 1);
}
