//! What holds for every handshake: however the proxy's octets are cut it comes out the same, cut off it is no tunnel, what
//! follows it is not taken, and no octets make it panic or hold more than its bound.

mod connect;
mod errors;
mod socks;

use url::Url;

use super::{Connect, Socks4a, Socks5, Target, Tunnel, TunnelError, TunnelState, connect_head};
use crate::base::Rules;
use crate::message::Origin;
use crate::policy::Credentials;

const USER: &str = "canary-user";
const PASSWORD: &str = "canary-password";

/// The longest SOCKS messages, twice: a vector that grows may hold twice what is in it.
const MOST_HELD_BY_SOCKS: usize = 2 * 3 * 520;
/// Twice the longest head and the content that is kept, and the largest space for content.
const MOST_HELD_BY_CONNECT: usize = 2 * (64 + 16) * 1024 + 128 * 1024;

fn origin(url: &str) -> Origin {
    Origin::of(&Url::parse(url).expect("a URL")).expect("an origin")
}

fn target(url: &str) -> Target {
    Target::of(&origin(url)).expect("short")
}

fn credentials() -> Credentials {
    Credentials::new(USER, PASSWORD).expect("valid")
}

fn socks5() -> Tunnel {
    Tunnel::Socks5(Socks5::new(&target("https://example.org"), None).expect("valid"))
}

fn socks5_with_credentials() -> Tunnel {
    let target = target("https://example.org");
    Tunnel::Socks5(
        Socks5::new(&target, Some((USER.as_bytes(), PASSWORD.as_bytes()))).expect("valid"),
    )
}

fn socks4a() -> Tunnel {
    let target = target("https://example.org");
    Tunnel::Socks4a(Socks4a::new(&target, USER.as_bytes()).expect("valid"))
}

fn connect() -> Tunnel {
    let head = connect_head(&origin("https://example.org"), None, None).expect("valid");
    Tunnel::Connect(Connect::new(&head, &Rules::default()))
}

fn answering_head() -> Vec<u8> {
    let basic = credentials().basic();
    let origin = origin("https://example.org");
    connect_head(&origin, None, Some(basic.as_bytes())).expect("valid")
}

/// A handshake, and what the proxy says after each of our messages.
struct Script {
    name: &'static str,
    tunnel: fn() -> Tunnel,
    answers: Vec<Vec<u8>>,
}

impl Script {
    fn new(name: &'static str, tunnel: fn() -> Tunnel, answers: &[&[u8]]) -> Self {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Self {
            name,
            tunnel,
            answers,
        }
    }

    fn length(&self) -> usize {
        self.answers.iter().map(Vec::len).sum()
    }

    /// The first so many octets of the answers.
    fn cut_off(&self, mut length: usize) -> Vec<&[u8]> {
        let mut answers = Vec::new();
        for answer in &self.answers {
            let count = length.min(answer.len());
            answers.push(&answer[..count]);
            length -= count;
        }
        answers
    }
}

/// Handshakes that succeed.
fn scripts() -> Vec<Script> {
    let ipv4 = b"\x05\x00\x00\x01\xc0\x00\x02\x01\x04\x38";
    let ipv6 = [&b"\x05\x00\x00\x04"[..], &[0xfe; 16], b"\x04\x38"].concat();
    let nameless = b"\x05\x00\x00\x03\x00\x04\x38";
    let named = [&b"\x05\x00\x00\x03\xff"[..], &[b'n'; 255], b"\x04\x38"].concat();
    let none = b"\x05\x00";
    let (asks, takes) = (b"\x05\x02", b"\x01\x00");
    let challenge =
        b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=r\r\nContent-Length: 4\r\n\r\nwho?";
    let established = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 p\r\n\r\n";
    vec![
        Script::new("an IPv4 address", socks5, &[none, ipv4]),
        Script::new("an IPv6 address", socks5, &[none, &ipv6]),
        Script::new("an empty name", socks5, &[none, nameless]),
        Script::new("the longest name", socks5, &[none, &named]),
        Script::new("nobody asks who", socks5_with_credentials, &[none, ipv4]),
        Script::new("a password", socks5_with_credentials, &[asks, takes, &named]),
        Script::new("SOCKS4A", socks4a, &[b"\x00\x5a\x04\x38\xc0\x00\x02\x01"]),
        Script::new("CONNECT", connect, &[established]),
        Script::new("old HTTP", connect, &[b"HTTP/1.0 200\r\n\r\n"]),
        Script::new("framing that does not count", connect, &[
            b"HTTP/1.1 204 x\r\nContent-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: x\r\n\r\n",
        ]),
        Script::new("interim heads", connect, &[
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ]),
        Script::new("a challenge", connect, &[challenge, established]),
        Script::new("a challenge in chunks", connect, &[
            b"HTTP/1.1 407 x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nwho\r\n0\r\nX: y\r\n\r\n",
            established,
        ]),
    ]
}

/// What came of a handshake.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// In words.
    verdict: String,
    /// What we said.
    said: Vec<u8>,
    /// What was not taken.
    left_over: Vec<u8>,
}

/// Sends what there is to send, in pieces of three octets. A challenge is answered if the connection allows it.
fn flush(tunnel: &mut Tunnel, said: &mut Vec<u8>) {
    if let TunnelState::Challenged { reusable: true, .. } = tunnel.state() {
        tunnel.answer(&answering_head()).expect("reusable");
    }
    while let [_, ..] = tunnel.outgoing() {
        let piece = tunnel.outgoing();
        let count = piece.len().min(3);
        said.extend_from_slice(&piece[..count]);
        tunnel.sent(count);
    }
}

fn verdict(tunnel: &Tunnel) -> String {
    match tunnel.state() {
        TunnelState::Underway => "underway".into(),
        TunnelState::Established => "established".into(),
        TunnelState::Challenged { head, reusable } => {
            format!("challenged, {:?}, reusable: {reusable}", head.as_ref())
        }
    }
}

fn in_words(error: &TunnelError) -> String {
    let content = error.refusal().map(|refusal| refusal.content());
    format!("{error}, {:?}", content.map(String::from_utf8_lossy))
}

/// Plays the proxy: each answer after what it answers, in the pieces that `pieces` makes of it; then, perhaps, the end.
fn play<'a>(
    tunnel: &mut Tunnel,
    answers: &[&'a [u8]],
    pieces: impl Fn(usize, &'a [u8]) -> Vec<&'a [u8]>,
    end: bool,
) -> Outcome {
    let (mut said, mut left_over, mut at) = (Vec::new(), Vec::new(), 0);
    let mut heard = Ok(());
    for answer in answers {
        flush(tunnel, &mut said);
        heard = heard.and_then(|()| hear(tunnel, pieces(at, answer), &mut left_over));
        at += answer.len();
    }
    if end {
        heard = heard.and_then(|()| tunnel.receive_eof());
    }
    check_memory(tunnel, heard.is_err());
    let established = matches!(tunnel.state(), TunnelState::Established);
    assert!(established || left_over.is_empty(), "{tunnel:?}");
    assert!(!established || heard.is_ok(), "{tunnel:?}");
    let verdict = heard.map_or_else(|error| in_words(&error), |()| verdict(tunnel));
    Outcome {
        verdict,
        said,
        left_over,
    }
}

fn hear(
    tunnel: &mut Tunnel,
    pieces: Vec<&[u8]>,
    left_over: &mut Vec<u8>,
) -> Result<(), TunnelError> {
    for piece in pieces {
        let count = tunnel.receive(piece)?;
        left_over.extend_from_slice(&piece[count..]);
        check_memory(tunnel, false);
    }
    Ok(())
}

fn check_memory(tunnel: &Tunnel, failed: bool) {
    let (held, most) = match tunnel {
        Tunnel::Socks5(socks) => (socks.held(), MOST_HELD_BY_SOCKS),
        Tunnel::Socks4a(socks) => (socks.held(), MOST_HELD_BY_SOCKS),
        Tunnel::Connect(connect) => (connect.held(), MOST_HELD_BY_CONNECT),
    };
    assert!(held <= most, "{held} octets are held");
    if failed || matches!(tunnel.state(), TunnelState::Established) {
        assert_eq!(held, 0, "{tunnel:?}");
    }
}

fn whole(_: usize, answer: &[u8]) -> Vec<&[u8]> {
    vec![answer]
}

fn octet_by_octet(_: usize, answer: &[u8]) -> Vec<&[u8]> {
    answer.chunks(1).collect()
}

/// Cuts the answer in which the octet at this place of all of them stands.
fn cut_at<'a>(place: usize) -> impl Fn(usize, &'a [u8]) -> Vec<&'a [u8]> {
    move |at, answer| match place.checked_sub(at) {
        Some(inside) if inside < answer.len() => {
            let (before, behind) = answer.split_at(inside);
            vec![before, behind]
        }
        _ => vec![answer],
    }
}

#[test]
fn what_follows_the_handshake_is_not_taken() {
    for mut script in scripts() {
        let trailing = b"\x00the first octets of the tunnel\r\n\r\n";
        let last = script.answers.last_mut().expect("there is one");
        last.extend_from_slice(trailing);
        let outcome = play(
            &mut (script.tunnel)(),
            &script.cut_off(usize::MAX),
            whole,
            false,
        );
        assert_eq!(outcome.verdict, "established", "{}", script.name);
        assert_eq!(outcome.left_over, trailing, "{}", script.name);
    }
}

#[test]
fn however_it_is_cut_it_comes_out_the_same() {
    for mut script in scripts() {
        let last = script.answers.last_mut().expect("there is one");
        last.extend_from_slice(b"trailing");
        let answers = script.cut_off(usize::MAX);
        let expected = play(&mut (script.tunnel)(), &answers, whole, false);
        let single = play(&mut (script.tunnel)(), &answers, octet_by_octet, false);
        assert_eq!(single, expected, "{}", script.name);
        for place in 0..script.length() {
            let outcome = play(&mut (script.tunnel)(), &answers, cut_at(place), false);
            assert_eq!(outcome, expected, "{} at {place}", script.name);
        }
    }
}

#[test]
fn cut_off_anywhere_it_is_no_tunnel() {
    for script in scripts() {
        for length in 0..script.length() {
            for pieces in [whole, octet_by_octet] {
                let mut tunnel = (script.tunnel)();
                let outcome = play(&mut tunnel, &script.cut_off(length), pieces, true);
                let truncated = outcome.verdict.contains("tunnel-truncated");
                // A challenge that was read stands, but not for this connection.
                let challenged = outcome.verdict.ends_with("reusable: false");
                assert!(
                    truncated || (challenged && script.name.starts_with("a challenge")),
                    "{} at {length}: {outcome:?}",
                    script.name
                );
            }
        }
    }
}

#[test]
fn an_error_comes_again_and_an_end_behind_the_handshake_is_none() {
    for script in scripts() {
        let mut tunnel = (script.tunnel)();
        let first = tunnel.receive_eof().expect_err("nothing came").code();
        assert_eq!(first, "tunnel-truncated");
        assert_eq!(tunnel.receive(b"\x05\x00").expect_err("over").code(), first);
        assert_eq!(tunnel.receive_eof().expect_err("over").code(), first);
        assert_eq!(tunnel.outgoing(), b"", "{}", script.name);

        let mut tunnel = (script.tunnel)();
        let outcome = play(&mut tunnel, &script.cut_off(usize::MAX), whole, true);
        assert_eq!(outcome.verdict, "established", "{}", script.name);
    }
}

#[test]
fn who_answers_before_the_question_is_out_answers_nothing() {
    for script in scripts() {
        let mut tunnel = (script.tunnel)();
        let error = tunnel.receive(&script.answers[0]).expect_err("unsolicited");
        assert_eq!(error.code(), "tunnel-unsolicited", "{}", script.name);
        assert!(matches!(tunnel.state(), TunnelState::Underway));
        assert_eq!(tunnel.outgoing(), b"", "{}", script.name);
    }
}

#[test]
fn no_state_shows_a_secret() {
    let encoded = credentials().basic();
    for script in scripts() {
        for length in 0..=script.length() {
            let mut tunnel = (script.tunnel)();
            let outcome = play(&mut tunnel, &script.cut_off(length), whole, false);
            let shown = format!("{tunnel:?} {:?} {}", tunnel.state(), outcome.verdict);
            for secret in [USER, PASSWORD, &encoded] {
                assert!(!shown.contains(secret), "{shown}");
            }
            for octets in [USER.as_bytes(), PASSWORD.as_bytes()] {
                let listed = format!("{octets:?}");
                assert!(!shown.contains(&listed[1..listed.len() - 1]), "{shown}");
            }
        }
    }
}

/// Numbers that look like chance and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("below")
    }
}

/// Octets changed, lost and doubled here and there.
fn mutate(numbers: &mut Numbers, octets: &mut Vec<u8>) {
    for _ in 0..=numbers.below(3) {
        if octets.is_empty() {
            return;
        }
        let place = numbers.below(octets.len());
        match numbers.below(4) {
            0 => octets[place] = numbers.octet(),
            1 => drop(octets.remove(place)),
            2 => octets.insert(place, octets[place]),
            _ => octets[place] ^= 1 << numbers.below(8),
        }
    }
}

/// Given answers that are damaged at random, or nothing but noise, then nothing panics, memory is bounded, and what comes of it
/// does not depend on the cuts.
#[test]
fn noise_does_no_harm() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for round in 0..600 {
        for mut script in scripts() {
            for answer in &mut script.answers {
                match round % 6 {
                    0 => answer.iter_mut().for_each(|octet| *octet = numbers.octet()),
                    _ => mutate(&mut numbers, answer),
                }
            }
            let answers = script.cut_off(usize::MAX);
            let expected = play(&mut (script.tunnel)(), &answers, whole, true);
            let place = numbers.below(script.length().max(1));
            let single = play(&mut (script.tunnel)(), &answers, octet_by_octet, true);
            let halved = play(&mut (script.tunnel)(), &answers, cut_at(place), true);
            assert_eq!(single, expected, "{} of {answers:x?}", script.name);
            assert_eq!(halved, expected, "{} of {answers:x?}", script.name);
        }
    }
}
