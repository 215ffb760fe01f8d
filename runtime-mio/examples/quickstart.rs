//! A few requests over one blocking session. It starts its own origin on a free loopback port; no internet is needed.
//!
//! `cargo run --release --example quickstart`

use std::time::{Duration, Instant};

use sessile_mio::RequestBuilder;
use sessile_mio::blocking::Session;
use sessile_tests::{demo::Demo, loopback::Loopback};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = Loopback::start(Demo)?;
    println!("the demo origin listens on {}\n", origin.url("/"));
    let session = Session::new();

    show(
        session
            .get(origin.url("/get"))
            .header("X-Question", "what do you see?"),
    )?;
    show(session.get(origin.url("/status/404")))?;
    show(session.get(origin.url("/chunked/3")))?;
    show(
        session
            .post(origin.url("/echo"))
            .header("Content-Type", "text/plain")
            .body("posted, and echoed"),
    )?;
    show(session.get(origin.url("/connection-close")))?;
    show(session.head(origin.url("/bytes/1000000")))?;

    println!("the pool now: {:#?}\n", session.pool());
    println!("and what goes wrong says how:");
    for (what, request) in [
        ("a peer that hangs up", session.get(origin.url("/hangup"))),
        (
            "a peer that is too slow",
            session
                .get(origin.url("/slow/2000"))
                .timeout(Duration::from_millis(100)),
        ),
        (
            "octets that are not HTTP",
            session.get(origin.url("/garbage")),
        ),
        (
            "a value that would split the head",
            session.get(origin.url("/get")).header("X", "a\r\nHost: b"),
        ),
        ("nobody there", session.get("http://127.0.0.1:1/")),
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
