//! How connections get out of this machine: over sockets of the file system, from an address of ours, with few descriptors, and
//! to nowhere that the application forbids. Over real sockets, by both façades.

#![cfg(unix)]

use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};

use async_std::task::block_on;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sessile_core::{AddressPolicy, Config, LocalEnd, Mount, ProxyRules};
use sessile_mio::blocking;
use sessile_tests::demo::Demo;
use sessile_tests::loopback::Loopback;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

fn config() -> Config {
    Config {
        proxies: Some(ProxyRules::none()),
        ..Config::default()
    }
}

fn blocking(config: Config) -> blocking::Session {
    blocking::Session::with(config).expect("settings")
}

/// Reads a head, and answers; the head.
fn answer(mut stream: impl Read + Write) -> String {
    let (mut head, mut octet) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut octet).expect("a request"), 1);
        head.push(octet[0]);
    }
    stream.write_all(ANSWER).expect("somebody listens");
    String::from_utf8(head).expect("ASCII")
}

/// A socket in a place of its own, until this is dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sessile-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.join("socket")
    }

    fn listen(&self, times: usize) -> JoinHandle<Vec<String>> {
        let listener = UnixListener::bind(self.path()).expect("a socket");
        thread::spawn(move || {
            let accept = |_| answer(listener.accept().expect("a connection").0);
            (0..times).map(accept).collect()
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Given a Unix-domain socket, when a request or its mount names it, then the origin is asked there, by its own name.
#[test]
fn an_origin_is_reached_at_a_socket() {
    let place = Place::new("origin");
    let listening = place.listen(3);
    let session = blocking(config());
    let request = session
        .get("http://origin.test/a")
        .unix_socket(place.path());
    assert_eq!(
        request.send().expect("an answer").text().expect("text"),
        "hello"
    );

    let mut mounted = config();
    let mount = Mount {
        unix_socket: Some(Path::new(&place.path()).into()),
        ..Mount::default()
    };
    mounted
        .mounts
        .add("http://origin.test", mount)
        .expect("a prefix");
    let response = blocking(mounted).get("http://origin.test/b").send();
    assert_eq!(response.expect("an answer").text().expect("text"), "hello");

    let session = sessile_async_std::Session::with(config()).expect("settings");
    let heard = block_on(async {
        let request = session
            .get("http://origin.test/c")
            .unix_socket(place.path());
        request.send().await?.text().await
    });
    assert_eq!(heard.expect("an answer"), "hello");
    for (head, path) in listening
        .join()
        .expect("no panic")
        .iter()
        .zip(["/a", "/b", "/c"])
    {
        let wanted = format!("GET {path} HTTP/1.1\r\nHost: origin.test\r\n");
        assert!(head.starts_with(&wanted), "{head}");
    }
    let nowhere = blocking(config())
        .get("http://origin.test/")
        .unix_socket("/nowhere");
    let error = nowhere.send().expect_err("nobody is there");
    assert!(error.is_connect(), "{error}");
}

/// Given an address of ours to come from, then the peer sees it; and one of the other family is not dialled from there.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_comes_from_where_it_was_told_to() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let ours = IpAddr::from([127, 0, 0, 2]);
    let listening = thread::spawn(move || {
        let accept = |_| {
            let (stream, peer) = listener.accept().expect("a connection");
            answer(stream);
            peer.ip()
        };
        (0..2).map(accept).collect::<Vec<_>>()
    });
    let mut config = config();
    config.dialling.local = LocalEnd {
        address: Some(ours),
        ..LocalEnd::default()
    };
    blocking(config.clone())
        .get(&url)
        .send()
        .expect("an answer");
    let session = sessile_async_std::Session::with(config.clone()).expect("settings");
    block_on(async { session.get(&url).send().await }).expect("an answer");
    assert_eq!(listening.join().expect("no panic"), [ours, ours]);
    let error = blocking(config).get("http://[::1]:9/").send();
    assert!(error.expect_err("another family").is_dns());
}

/// Given a policy for the Internet alone, then nothing on this machine is dialled, by whatever name.
#[test]
fn what_may_not_be_dialled_is_not() {
    let origin = Loopback::start(Demo).expect("a port");
    let mut config = config();
    config.dialling.policy = Some(AddressPolicy::public());
    let added = config
        .dialling
        .overrides
        .add("inside.test", None, [origin.address()]);
    added.expect("a host");
    let session = blocking(config.clone());
    let direct = origin.url("/get");
    for url in [&*direct, "http://inside.test/get", "http://localhost/"] {
        let error = session.get(url).send().expect_err("it is inside");
        assert_eq!(error.code(), "address-refused", "{error}");
    }
    // An address that a proxy is to be told is seen, too; and the proxy's own.
    for proxy in ["http://192.0.2.1", "socks5://inside.test"] {
        let error = session.get("https://127.0.0.1/").proxy(proxy).send();
        assert_eq!(error.expect_err("it is inside").code(), "address-refused");
    }
    assert_eq!(origin.opened(), 0);
}

fn threads() -> Option<usize> {
    std::fs::read_dir("/proc/self/task")
        .ok()
        .map(Iterator::count)
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
    let mut config = config();
    config
        .dialling
        .overrides
        .add("many.test", None, addresses)
        .expect("a host");
    let session = blocking(config);
    let before = threads();
    let response = session
        .get("http://many.test/get")
        .send()
        .expect("the eighth");
    assert_eq!(response.status(), 200);
    // The origin has one for its connection.
    assert!(threads() <= before.map(|count| count + 1), "{before:?}");
    assert_eq!(origin.opened(), 1);
}

const ORIGINS: &str = "SESSILE_TEST_ORIGINS";

/// Given a process that has no descriptor left, when another origin is asked, then an idle connection gives its own.
#[test]
fn without_descriptors_idle_connections_go() {
    if let Ok(urls) = std::env::var(ORIGINS) {
        return with_few_descriptors(&urls);
    }
    let origins: Vec<_> = (0..4)
        .map(|_| Loopback::start(Demo).expect("a port"))
        .collect();
    let urls: Vec<_> = origins.iter().map(|origin| origin.url("/get")).collect();
    let program = std::env::current_exe().expect("this program");
    let run = Command::new(program)
        .args([
            "--exact",
            "without_descriptors_idle_connections_go",
            "--nocapture",
        ])
        .env(ORIGINS, urls.join(" "))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert_eq!(origins[3].opened(), 1);
}

fn with_few_descriptors(urls: &str) {
    let session = blocking(config());
    let urls: Vec<_> = urls.split(' ').collect();
    for url in &urls[..3] {
        session
            .get(*url)
            .send()
            .expect("an answer")
            .text()
            .expect("text");
    }
    let limit = getrlimit(Resource::Nofile);
    let few = Rlimit {
        current: Some(64),
        ..limit
    };
    setrlimit(Resource::Nofile, few).expect("less is granted");
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    let response = session.get(urls[3]).send();
    assert_eq!(response.expect("a place was made").status(), 200);
    let evicted = session
        .pool()
        .counters
        .closed(sessile_core::CloseReason::Evicted);
    assert_eq!(evicted, 1);
}
