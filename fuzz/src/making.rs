//! A connection that is made by way of a proxy, or over TLS, with a peer that says anything.
//!
//! ```text
//! C.HTTP/1.1 200 OK\r\n\r\n      by which way, how the stream ends, then what the peer says
//! ```
//! The first octet chooses the way: `F` a forwarding proxy, `C` a tunnel by CONNECT, `4` SOCKS 4A, `5` SOCKS 5 (`a` told an
//! address), `T` TLS with the origin, `S` TLS with the proxy. Of a proxy that speaks HTTP or SOCKS 5 the user is known. The
//! second ends the stream: `r` by a reset, `w` not at all (time passes), anything else cleanly. At each `|` the peer waits until
//! it is spoken to.

use std::io;
use std::time::Duration;

use sessile_core::{
    Command, Config, ConnectionId, Engine, Event, Now, Proxy, ProxyRules, Readiness,
    RequestBuilder, Tick, Tls,
};

/// What the peer has for each connection, and how much of it goes into one read.
struct Peer<'a> {
    /// What it says when it is next spoken to, and later.
    later: Option<&'a [u8]>,
    octets: &'a [u8],
    piece: usize,
    end: u8,
}

impl Peer<'_> {
    /// It was spoken to: if it has said what it had to say, it goes on.
    fn hear(&mut self) {
        if let (true, Some(later)) = (self.octets.is_empty(), self.later) {
            let end = later.iter().position(|&octet| octet == b'|');
            let (now, later) = later.split_at(end.unwrap_or(later.len()));
            self.octets = now;
            self.later = later.get(1..);
        }
    }

    /// Whether a read gives something, or the end.
    fn has_more(&self) -> bool {
        !self.octets.is_empty() || self.later.is_none() && self.end != b'w'
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = self.octets.len().min(space.len()).min(self.piece);
        let (now, later) = self.octets.split_at(count);
        match count {
            0 if !self.has_more() => return Err(io::ErrorKind::WouldBlock.into()),
            0 if self.end == b'r' => return Err(io::ErrorKind::ConnectionReset.into()),
            _ => space[..count].copy_from_slice(now),
        }
        self.octets = later;
        Ok(count)
    }
}

/// Asserts that whatever a peer says to a client that wants a proxy's help or TLS, and however it is cut, the same comes of
/// the request; that this is soon; that nothing of the request goes out where a proxy or TLS stands before it; that no
/// credential shows in what is told; and that in the end nothing is left.
///
/// # Panics
/// If one of these does not hold.
pub fn making(input: &[u8]) {
    let Some((&[way, end], octets)) = input.split_first_chunk::<2>() else {
        return;
    };
    let Some((url, config)) = settings(way) else {
        return;
    };
    let whole = outcome(url, &config, octets, usize::MAX, end);
    for piece in [1, 7] {
        let cut = outcome(url, &config, octets, piece, end);
        // Who speaks before he is asked is caught at it, or not, as it happens.
        let early = [&whole, &cut]
            .iter()
            .any(|told| told.contains("unsolicited"));
        assert!(
            early || cut == whole,
            "{whole}, but in pieces of {piece}: {cut}"
        );
    }
}

const USER: &str = "CANARY";

fn settings(way: u8) -> Option<(&'static str, Config)> {
    let (url, proxy) = match way {
        b'F' => (
            "http://192.0.2.7/hidden",
            Some("http://CANARY:CANARY@192.0.2.1"),
        ),
        b'C' => (
            "https://origin.test/hidden",
            Some("http://CANARY:CANARY@192.0.2.1"),
        ),
        b'4' => ("http://origin.test/hidden", Some("socks4a://192.0.2.1")),
        b'5' => (
            "http://origin.test/hidden",
            Some("socks5h://CANARY:CANARY@192.0.2.1"),
        ),
        b'a' => ("http://192.0.2.7/hidden", Some("socks5://192.0.2.1")),
        b'T' => ("https://192.0.2.7/hidden", None),
        b'S' => (
            "http://192.0.2.7/hidden",
            Some("https://CANARY:CANARY@192.0.2.1"),
        ),
        _ => return None,
    };
    let anybody = Tls::builder().danger_accept_invalid_certs().build();
    let mut config = Config {
        tls: anybody.clone().expect("settings"),
        proxy_tls: anybody.expect("settings"),
        ..Config::default()
    };
    if let Some(proxy) = proxy {
        config.proxies = Some(ProxyRules::all(Proxy::parse(proxy).expect("a proxy")));
    }
    Some((url, config))
}

/// What came of the request, in words that can be compared.
fn outcome(url: &str, config: &Config, octets: &[u8], piece: usize, end: u8) -> String {
    let mut engine = Engine::new(config.clone()).expect("settings");
    let mut now = Now::default();
    let request = RequestBuilder::new("GET", url).build().expect("a request");
    let id = engine.submit(now, request);
    let (mut told, mut heard) = (String::new(), Vec::new());
    // Each octet may take a turn, and each of a few connections all of them.
    for _ in 0..64 + 16 * (octets.len() + 64) {
        if let Some(event) = engine.poll_event(now) {
            match event {
                Event::Head(_) => {
                    told += &format!("{:?};", engine.head(id).map(|head| head.status()));
                }
                Event::Content(_) => {
                    heard.extend_from_slice(engine.content(id));
                    engine.consume(now, id, usize::MAX);
                }
                Event::End(_) | Event::Switched(_) => {
                    told += &format!("{heard:?} whole");
                    break;
                }
                Event::Failed(_, error) => {
                    assert!(!format!("{error} {error:?}").contains(USER), "{error:?}");
                    told += &format!(
                        "{heard:?} {} {} {}",
                        error.code(),
                        error.stage(),
                        error.progress()
                    );
                    break;
                }
                _ => {}
            }
        } else if let Some(command) = engine.poll_command() {
            perform(&mut engine, now, command, octets, piece, end);
        } else if let Some(connection) = engine.poll_ready() {
            step(&mut engine, now, connection, url);
        } else {
            let due = engine.deadline().expect("something is waited for");
            now = Now::new(due.max(now.tick), Duration::ZERO);
            engine.handle_deadline(now);
        }
    }
    assert!(!told.is_empty(), "nothing came of it");
    engine.cancel(now, id);
    engine.close(now);
    engine.handle_deadline(Now::new(Tick::from_nanos(u64::MAX), Duration::ZERO));
    while engine.poll_event(now).is_some() || engine.poll_command().is_some() {}
    let left = engine.pool(now);
    assert!(left.origins.is_empty() && left.requests == 0, "{left:?}");
    told
}

fn perform<'a>(
    engine: &mut Engine<Peer<'a>>,
    now: Now,
    command: Command<Peer<'a>>,
    octets: &'a [u8],
    piece: usize,
    end: u8,
) {
    if let Command::Dial { connection, .. } = command {
        let peer = Peer {
            later: Some(octets),
            octets: b"",
            piece,
            end,
        };
        assert!(
            engine.deposit(connection, peer).is_ok(),
            "a dial for nobody"
        );
        engine.handle_connected(now, connection);
        let ready = Readiness {
            read: true,
            write: true,
            closed: false,
        };
        engine.handle_readiness(connection, ready);
    }
}

/// Writes all there is, then reads once; the transport has more as long as the peer has.
fn step(engine: &mut Engine<Peer<'_>>, now: Now, connection: ConnectionId, url: &str) {
    let secured = url.starts_with("https");
    let mut live = engine.drive(connection).expect("it is ready");
    live.write(now, |peer, outgoing| {
        let said: Vec<u8> = outgoing
            .slices()
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect();
        let shown = said.windows(6).any(|part| part == b"hidden");
        assert!(!(secured && shown), "the request went out in the open");
        peer.hear();
        Ok(outgoing.len())
    });
    live.read(now, Peer::read);
    let read = live.io.has_more();
    live.note_ready(Readiness {
        read,
        ..Readiness::default()
    });
}
