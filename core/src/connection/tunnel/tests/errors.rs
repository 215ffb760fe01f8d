//! Every error has a code of its own, and says it with its rule.

use super::*;
use crate::connection::{PeerViolation, Socks4Refusal, Socks5Refusal, TunnelStep};

fn refusal() -> TunnelError {
    let mut tunnel = connect();
    let answer: &[u8] =
        b"HTTP/1.1 403 canary-reason\r\nX-Secret: canary-value\r\nContent-Length: 6\r\n\r\ncanary";
    flush(&mut tunnel, &mut Vec::new());
    tunnel.receive(answer).expect_err("a refusal")
}

fn all() -> Vec<TunnelError> {
    let step = TunnelStep::Socks5Reply;
    let mut errors = vec![
        TunnelError::NameTooLong,
        TunnelError::CredentialsLength,
        TunnelError::UserId,
        TunnelError::NotInSocks4,
        TunnelError::Unsolicited,
        TunnelError::Version { step, octet: 7 },
        TunnelError::CredentialsNeeded,
        TunnelError::NoAcceptableMethod,
        TunnelError::MethodNotOffered(3),
        TunnelError::AuthenticationRefused,
        TunnelError::AddressType(2),
        TunnelError::Response(PeerViolation::SwitchedUnasked),
        TunnelError::Truncated(step),
        refusal(),
    ];
    errors.extend((1..=9).map(|code| TunnelError::Socks5(Socks5Refusal::of(code))));
    errors.extend((91..=94).map(|code| TunnelError::Socks4(Socks4Refusal::of(code))));
    errors
}

#[test]
fn each_error_has_a_code_of_its_own_and_says_it_with_its_rule() {
    let errors = all();
    for (place, error) in errors.iter().enumerate() {
        let text = error.to_string();
        assert!(
            text.contains(&format!("({}; {})", error.code(), error.rule())),
            "{text}"
        );
        let again = errors[..place]
            .iter()
            .any(|other| other.code() == error.code());
        assert!(!again, "{}", error.code());
    }
}

#[test]
fn who_answers_so_is_guessed() {
    let step = TunnelStep::Socks4Reply;
    for (octet, guess) in [
        (b'H', "like an HTTP server"),
        (0, "like a SOCKS4 proxy"),
        (5, "like a SOCKS5 proxy"),
        (0x15, "like a TLS server"),
    ] {
        let text = TunnelError::Version { step, octet }.to_string();
        assert!(text.contains(guess), "{text}");
    }
    let text = TunnelError::Version { step, octet: b'x' }.to_string();
    assert!(!text.contains("like"), "{text}");
}

#[test]
fn nothing_that_the_proxy_wrote_stands_in_the_error() {
    let shown = format!("{0:?} {0}", refusal());
    assert!(
        shown.contains("403") && !shown.contains("canary"),
        "{shown}"
    );
}
