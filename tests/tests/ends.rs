//! Ends of connections that only a system has: sockets at paths, addresses to come from, descriptors that run out, and what a
//! process is told by its environment. Over both runtimes.
//!
//! What changes a whole process is done in a process of its own: this same program, asked for one of its ignored tests.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use async_std::task::block_on;
use sessile_core::{
    CloseReason, Config, Error, LocalEnd, Mount, Mounts, PoolSnapshot, ProxyRules, Request,
    RequestBuilder,
};
use sessile_tests::loopback::Loopback;
use sessile_tests::origin::{Act, Scripted, response};
use sessile_tests::proxies::{HttpProxy, Reach};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere";

/// A session of either runtime.
enum Either {
    Blocking(sessile_mio::blocking::Session),
    Async(sessile_async_std::Session),
}

impl Either {
    fn both(config: &Config) -> [Self; 2] {
        let blocking = sessile_mio::blocking::Session::with(config.clone());
        let tasks = sessile_async_std::Session::with(config.clone());
        [
            Self::Blocking(blocking.expect("valid")),
            Self::Async(tasks.expect("valid")),
        ]
    }

    fn ask(&self, request: Request) -> Result<String, Error> {
        match self {
            Self::Blocking(session) => session.send(request)?.text(),
            Self::Async(session) => block_on(async { session.send(request).await?.text().await }),
        }
    }

    fn pool(&self) -> PoolSnapshot {
        match self {
            Self::Blocking(session) => session.pool(),
            Self::Async(session) => session.pool(),
        }
    }
}

fn get(url: &str) -> RequestBuilder {
    RequestBuilder::new("GET", url)
}

fn built(request: RequestBuilder) -> Request {
    request.build().expect("a request")
}

/// A path that nobody else has.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sessile-{}-{name}", std::process::id()))
}

/// Listens at a path, answers each request, and gives back the heads of so many connections.
fn listen(at: &Path, connections: usize) -> thread::JoinHandle<Vec<String>> {
    let listener = UnixListener::bind(at).expect("a path of ours");
    thread::spawn(move || {
        let accepted = listener.incoming().take(connections);
        let converse = |stream: std::io::Result<UnixStream>| {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).is_ok_and(|it| it > 0)
            {
            }
            stream.get_mut().write_all(ANSWER).expect("it listens");
            head
        };
        accepted.map(converse).collect()
    })
}

/// Given a socket at a path, for one request or for a mount, then the origin is reached there, whatever its host, and by no proxy.
#[test]
fn an_origin_may_be_at_a_path() {
    let (by_request, by_mount) = (path("request"), path("mount"));
    let listeners = [listen(&by_request, 2), listen(&by_mount, 2)];
    let mounted = Mount {
        unix_socket: Some(Arc::from(&*by_mount)),
        ..Mount::default()
    };
    let mut mounts = Mounts::new();
    mounts
        .add("http://mounted.test", mounted)
        .expect("a prefix");
    let nowhere = sessile_core::Proxy::parse("http://127.0.0.1:1").expect("a proxy");
    let config = Config {
        mounts,
        proxies: Some(ProxyRules::all(nowhere)),
        ..Config::default()
    };
    for session in Either::both(&config) {
        let own = get("http://request.test/a").unix_socket(&by_request);
        let said = session.ask(built(own)).expect("an answer");
        assert_eq!(said, "here");
        let said = session.ask(built(get("http://mounted.test/b")));
        assert_eq!(said.expect("an answer"), "here");
    }
    let heads = listeners.map(|listener| listener.join().expect("it listened"));
    for (heads, start) in heads.iter().zip([
        "GET /a HTTP/1.1\r\nHost: request.test\r\n",
        "GET /b HTTP/1.1\r\nHost: mounted.test\r\n",
    ]) {
        assert!(
            heads.iter().all(|head| head.starts_with(start)),
            "{heads:?}"
        );
    }
    for path in [&by_request, &by_mount] {
        std::fs::remove_file(path).expect("it was ours");
    }
    // Nobody is there any more.
    for session in Either::both(&config) {
        let own = get("http://request.test/a").unix_socket(&by_request);
        let error = session.ask(built(own)).expect_err("nobody is there");
        assert!(error.is_connect() && !error.is_proxy(), "{error:?}");
    }
}

/// Given an address to come from, then the peer sees that one; given one that is not ours, then nothing is dialled from another.
#[test]
#[cfg(target_os = "linux")]
fn a_connection_comes_from_where_it_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let seen = thread::spawn(move || {
        let see = |_| {
            let (stream, peer) = listener.accept().expect("a connection");
            let mut stream = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).is_ok_and(|it| it > 0)
            {
            }
            stream.get_mut().write_all(ANSWER).expect("it listens");
            peer.ip().to_string()
        };
        (0..2).map(see).collect::<Vec<_>>()
    });
    for (own, works) in [("127.0.0.2", true), ("192.0.2.1", false)] {
        let config = Config::default();
        for session in Either::both(&config) {
            let local = LocalEnd {
                address: own.parse().ok(),
                ..LocalEnd::default()
            };
            match session.ask(built(get(&url).local(local))) {
                Ok(said) => assert!(works && said == "here"),
                Err(error) => assert!(!works && error.is_connect(), "{error:?}"),
            }
        }
    }
    assert_eq!(seen.join().expect("two connections"), ["127.0.0.2"; 2]);
}

fn answering(words: &'static str) -> Loopback {
    let site = Scripted::new(move |_| vec![Act::Send(response(200, &[], words.as_bytes()))]);
    Loopback::start(Arc::new(site)).expect("a port")
}

/// This program, asked for one of its ignored tests in a process of its own.
fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
}

fn succeeds(command: &mut Command) {
    let output = command.output().expect("a process");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{errors}"
    );
}

/// Given an environment that names a proxy, and exceptions, then sessions of both runtimes go by it, unless they are told otherwise.
#[test]
fn the_environment_names_proxies() {
    let site = Scripted::new(|_| vec![Act::Send(response(200, &[], b"by way of the proxy"))]);
    let proxy = HttpProxy::new(Reach::new().to("origin.test:80", site));
    let listening = Loopback::start(Arc::new(proxy.clone())).expect("a port");
    let direct = answering("directly");
    let mut child = child("goes_by_its_environment");
    child.env("http_proxy", format!("http://{}", listening.address()));
    child.env("no_proxy", "direct.test");
    child.env("SESSILE_DIRECT", direct.address().to_string());
    succeeds(&mut child);
    assert_eq!((proxy.seen().len(), proxy.faults()), (2, vec![]));
    // Two by exception, and two for each session that is told to ask no proxy.
    assert_eq!(direct.opened(), 2 + 4);
}

fn address_in(name: &str) -> SocketAddr {
    let value = std::env::var(name).expect("it is asked for by another test");
    value.parse().expect("an address")
}

#[test]
#[ignore = "it is a child of the_environment_names_proxies"]
fn goes_by_its_environment() {
    let direct = address_in("SESSILE_DIRECT");
    let mut config = Config::default();
    for host in ["origin.test", "direct.test"] {
        let added = config.dialling.overrides.add(host, None, [direct]);
        added.expect("a host");
    }
    let told = Config {
        proxies: Some(ProxyRules::none()),
        ..config.clone()
    };
    for (config, expected) in [(&config, "by way of the proxy"), (&told, "directly")] {
        for session in Either::both(config) {
            let said = session.ask(built(get("http://origin.test/")));
            assert_eq!(said.expect("an answer"), expected);
            let said = session.ask(built(get("http://direct.test/")));
            assert_eq!(said.expect("an answer"), "directly");
        }
    }
}

/// Given a process that has no descriptor left, when another origin is asked, then an idle connection gives its own.
#[test]
#[cfg(target_os = "linux")]
fn where_descriptors_run_out_the_idle_give_theirs() {
    let sites = [answering("one"), answering("two")];
    for runtime in ["blocking", "tasks"] {
        let mut limited = Command::new("sh");
        let program = std::env::current_exe().expect("this program");
        let script =
            "ulimit -n 64; exec \"$0\" --exact goes_on_without_descriptors --ignored --nocapture";
        limited.args(["-c", script]).arg(program);
        for (name, site) in ["SESSILE_ONE", "SESSILE_TWO"].into_iter().zip(&sites) {
            limited.env(name, site.address().to_string());
        }
        limited.env("SESSILE_RUNTIME", runtime);
        succeeds(&mut limited);
    }
}

#[test]
#[ignore = "it is a child of where_descriptors_run_out_the_idle_give_theirs"]
fn goes_on_without_descriptors() {
    let [one, two] = ["SESSILE_ONE", "SESSILE_TWO"].map(address_in);
    let config = Config {
        proxies: Some(ProxyRules::none()),
        ..Config::default()
    };
    let [blocking, tasks] = Either::both(&config);
    let session = match &*std::env::var("SESSILE_RUNTIME").expect("a runtime") {
        "blocking" => blocking,
        _ => tasks,
    };
    let ask = |address: SocketAddr| session.ask(built(get(&format!("http://{address}/"))));
    assert_eq!(ask(one).expect("an answer"), "one");
    let mut all = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        all.push(file);
    }
    assert_eq!(ask(two).expect("an answer"), "two");
    let counters = session.pool().counters;
    assert_eq!(counters.closed(CloseReason::Evicted), 1, "{counters:?}");
    assert_eq!(ask(one).expect("an answer"), "one");
}
