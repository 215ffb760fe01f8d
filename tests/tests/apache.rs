//! Credentials before Apache's httpd, which shares no line with ours. `tests/apache/httpd.conf` says what it asks for, and
//! `tests/apache/run` starts it.
//!
//! `SESSILE_APACHE` is the URL of the server; where it is not set, nothing is judged here.

use std::thread;
use std::time::Duration;

use async_std::task;
use sessile_core::{Authentication, Error, Next, Request, RequestBuilder, StopReason, Url};
use sessile_mio::blocking;

const USER: &str = "Mufasa";
const PASSWORD: &str = "Circle of Life";

/// The server that there is.
fn server() -> Option<Url> {
    let Some(url) = std::env::var_os("SESSILE_APACHE") else {
        println!("SESSILE_APACHE is not set: no httpd was asked");
        return None;
    };
    let url = url.to_str().expect("a URL is text");
    Some(Url::parse(url).expect("a URL"))
}

/// A response, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    /// What came of each attempt.
    statuses: Vec<u16>,
    text: String,
}

type Send = Box<dyn Fn(Request) -> Result<Told, Error>>;

/// A session, whoever drives it.
struct Client {
    base: Url,
    send: Send,
}

fn statuses(attempts: &[sessile_core::Attempt]) -> Vec<u16> {
    let (last, before) = attempts.split_last().expect("an attempt");
    assert_eq!(last.next, Next::Stop(StopReason::NoPolicy));
    assert!(before.iter().all(|it| it.next == Next::Authentication));
    let status = |attempt: &sessile_core::Attempt| match &attempt.outcome {
        sessile_core::AttemptOutcome::Status(status) => status.as_u16(),
        other => panic!("a status, not {other:?}"),
    };
    attempts.iter().map(status).collect()
}

fn over_blocking(base: &Url) -> Client {
    let session = blocking::Session::new();
    let send = move |request| {
        let response = session.send(request)?;
        let statuses = statuses(response.attempts());
        let text = response.text()?;
        Ok(Told { statuses, text })
    };
    Client {
        base: base.clone(),
        send: Box::new(send),
    }
}

fn over_async_std(base: &Url) -> Client {
    let session = sessile_async_std::Session::new();
    let send = move |request| {
        task::block_on(async {
            let response = session.send(request).await?;
            let statuses = statuses(response.attempts());
            let text = response.text().await?;
            Ok(Told { statuses, text })
        })
    };
    Client {
        base: base.clone(),
        send: Box::new(send),
    }
}

impl Client {
    fn build(&self, method: &str, path: &str) -> RequestBuilder {
        let url = self.base.join(path).expect("a path");
        RequestBuilder::new(method, url)
    }

    /// What came of each attempt; a 200 has brought the file.
    fn ask(&self, request: RequestBuilder) -> Vec<u16> {
        let told = (self.send)(request.build().expect("a request")).expect("an answer");
        let served = told.text == "served\n";
        assert_eq!(served, told.statuses.ends_with(&[200]), "{told:?}");
        told.statuses
    }

    fn get(&self, path: &str, who: &Authentication) -> Vec<u16> {
        self.ask(self.build("GET", path).authentication(who.clone()))
    }
}

fn digest(password: &str) -> Authentication {
    Authentication::digest(USER, password).expect("valid")
}

fn either(password: &str) -> Authentication {
    Authentication::basic_or_digest(USER, password).expect("valid")
}

/// Does the same over both façades, each time with a new session, if there is a server.
fn each(act: impl Fn(&Client)) {
    if let Some(base) = server() {
        act(&over_blocking(&base));
        act(&over_async_std(&base));
    }
}

/// Given Digest, then the first request costs two rounds, and each that follows one, whatever it asks for.
#[test]
fn digest_is_taken_and_then_in_advance() {
    each(|client| {
        let right = digest(PASSWORD);
        assert_eq!(client.get("digest/file", &right), [401, 200]);
        assert_eq!(client.get("digest/file", &right), [200]);
        for path in [
            "digest/file?",
            "digest/file?a=b&c=%20d,e",
            "digest/./file",
            "digest/fil%65",
        ] {
            assert_eq!(client.get(path, &right), [200], "{path}");
        }
        assert_eq!(client.get("open/file", &right), [200]);
        assert_eq!(client.ask(client.build("GET", "digest/file")), [401]);
        assert_eq!(client.get("digest/file", &right), [200]);
    });
}

#[test]
fn digest_covers_the_first_query() {
    each(|client| {
        let target = "digest/file?q=%22quoted%22&p=a,b";
        assert_eq!(client.get(target, &digest(PASSWORD)), [401, 200]);
    });
}

/// Given a POST, then its content is sent with the challenge and with the answer; later in one round.
#[test]
fn digest_lets_a_post_through() {
    each(|client| {
        let post = || {
            client
                .build("POST", "digest/file")
                .authentication(digest(PASSWORD))
        };
        assert_eq!(client.ask(post().body("one=1")), [401, 200]);
        assert_eq!(client.ask(post().body("x".repeat(50_000))), [200]);
        assert_eq!(client.ask(post()), [200]);
    });
}

/// Given a nonce that has grown too old, then it costs one more round, and the new one is good in advance.
#[test]
fn a_nonce_grows_stale() {
    each(|client| {
        let right = digest(PASSWORD);
        assert_eq!(client.get("stale/file", &right), [401, 200]);
        thread::sleep(Duration::from_millis(2_100));
        assert_eq!(client.get("stale/file", &right), [401, 200]);
        assert_eq!(client.get("stale/file", &right), [200]);
    });
}

#[test]
fn a_wrong_password_is_tried_once() {
    each(|client| {
        for _ in 0..2 {
            assert_eq!(
                client.get("digest/file", &digest("hakuna matata")),
                [401, 401]
            );
            assert_eq!(
                client.get("digest/file", &either("hakuna matata")),
                [401, 401]
            );
        }
        let stranger = Authentication::digest("Scar", PASSWORD).expect("valid");
        assert_eq!(client.get("digest/file", &stranger), [401, 401]);
        assert_eq!(client.get("digest/file", &digest(PASSWORD)), [401, 200]);
    });
}

#[test]
fn basic_is_taken_in_advance() {
    each(|client| {
        let ask = |password: &str| {
            client.ask(client.build("GET", "basic/file").basic_auth(USER, password))
        };
        assert_eq!(ask(PASSWORD), [200]);
        assert_eq!(ask("hakuna matata"), [401]);
        let digest = digest(PASSWORD);
        assert_eq!(
            client.get("basic/file", &digest),
            [401],
            "it is not offered"
        );
    });
}

/// Given credentials for both, then each realm gets what it asks for, also one behind the other.
#[test]
fn each_realm_gets_what_it_asks_for() {
    each(|client| {
        let right = either(PASSWORD);
        assert_eq!(client.get("basic/file", &right), [401, 200]);
        assert_eq!(client.get("digest/file", &right), [401, 200]);
        assert_eq!(client.get("digest/file", &right), [200]);
        // An origin is one space: another realm of it is told by its challenge.
        assert_eq!(client.get("stale/file", &right), [401, 200]);
        assert_eq!(client.get("digest/file", &right), [401, 200]);
        assert_eq!(client.get("open/file", &right), [200]);
    });
}
