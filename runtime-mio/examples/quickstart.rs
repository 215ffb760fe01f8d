//! A few requests over one blocking session, one of them by https and one through a proxy. It starts what it asks on free
//! loopback ports; no internet is needed.
//!
//! `cargo run --release --example quickstart`

use std::time::{Duration, Instant};

use sessile_mio::blocking::Session;
use sessile_mio::{Config, ProxyRules, RequestBuilder, Tls};
use sessile_tests::demo::Ways;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = Ways::start()?;
    println!("the demo origin listens on {}\n", origin.open("/"));
    // It has an authority of its own; where everybody is trusted whom the platform trusts, `Session::new()` is enough.
    let tls = Tls::builder().add_root_pem(origin.root_pem().as_bytes());
    let session = Session::with(Config {
        tls: tls.only_own_roots().build()?,
        proxies: Some(ProxyRules::none().rule("all://origin.test", Some(&origin.proxy()))?),
        ..Config::default()
    })?;

    show(
        session
            .get(origin.open("/get"))
            .header("X-Question", "what do you see?"),
    )?;
    show(session.get(origin.open("/status/404")))?;
    show(session.get(origin.open("/chunked/3")))?;
    show(
        session
            .post(origin.open("/echo"))
            .header("Content-Type", "text/plain")
            .body("posted, and echoed"),
    )?;
    show(session.get(origin.open("/connection-close")))?;
    show(session.head(origin.open("/bytes/1000000")))?;
    show(session.get(origin.secured("/connection")))?;
    show(session.get(origin.behind_proxy("/connection")))?;

    println!("the pool now: {:#?}\n", session.pool());
    println!("and what goes wrong says how:");
    for (what, request) in [
        ("a peer that hangs up", session.get(origin.open("/hangup"))),
        (
            "a peer that is too slow",
            session
                .get(origin.open("/slow/2000"))
                .timeout(Duration::from_millis(100)),
        ),
        (
            "octets that are not HTTP",
            session.get(origin.open("/garbage")),
        ),
        (
            "a value that would split the head",
            session.get(origin.open("/get")).header("X", "a\r\nHost: b"),
        ),
        ("nobody there", session.get("http://127.0.0.1:1/")),
        (
            "a certificate that nobody vouches for",
            session.get(origin.secured("/get")).tls(
                Tls::builder()
                    .only_own_roots()
                    .add_root_pem(Ways::start()?.root_pem().as_bytes())
                    .build()?,
            ),
        ),
    ] {
        match request.send() {
            Ok(response) => println!("  {what}: {:?}, which was not expected", response.status()),
            Err(error) => println!("  {what}: [{}] {error}", error.code()),
        }
    }
    Ok(())
}

/// Sends a request and prints what became of it.
fn show(request: RequestBuilder<Session>) -> Result<(), Box<dyn std::error::Error>> {
    let asked = format!("{request:?}");
    let start = Instant::now();
    let response = request.send()?;
    let (status, connection) = (response.status(), response.connection());
    let text = response.text()?;
    println!(
        "{asked}\n  {status} in {:.2?} by {connection}",
        start.elapsed()
    );
    for line in text.lines().take(8) {
        println!("  | {}", line.chars().take(220).collect::<String>());
    }
    println!();
    Ok(())
}
