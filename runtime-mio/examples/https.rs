//! HTTPS with a root of one's own, directly and through a proxy, and what is said when either is wrong. It starts the origin and
//! the proxy itself. `cargo run --release --example https`

use std::error::Error;

use sessile_mio::blocking::Session;
use sessile_mio::{Config, ProxyRules, RequestBuilder, Tls};
use sessile_tests::demo::Ways;

fn main() -> Result<(), Box<dyn Error>> {
    let ways = Ways::start()?;
    let roots = Tls::builder()
        .only_own_roots()
        .add_root_pem(ways.root_pem().as_bytes());
    let session = Session::with(Config {
        tls: roots.build()?,
        proxies: Some(ProxyRules::none().rule("all://origin.test", Some(&ways.proxy()))?),
        ..Config::default()
    })?;

    show("directly", session.get(ways.secured("/connection")));
    show(
        "by the proxy",
        session.get(ways.behind_proxy("/connection")),
    );
    show("by it again", session.get(ways.behind_proxy("/connection")));
    println!("the proxy had {} connection\n", ways.proxied());

    let strict = Tls::builder().add_root_pem(ways.root_pem().as_bytes());
    let strict = strict.only_own_roots().only_tls13().build()?;
    let request = session.get(ways.secured("/connection"));
    show("by TLS 1.3 alone", request.tls(strict));
    let request = session.get(ways.secured("/get"));
    show("by a proxy that is none", request.proxy(ways.open("")));
    let stranger = Tls::builder()
        .only_own_roots()
        .add_root_pem(Ways::start()?.root_pem().as_bytes());
    let request = session.get(ways.secured("/get")).tls(stranger.build()?);
    show("with a root that is another's", request);
    Ok(())
}

/// Sends a request and prints what became of it.
fn show(way: &str, request: RequestBuilder<Session>) {
    match request.send() {
        Ok(response) => {
            let (status, connection) = (response.status(), response.connection());
            let version = response.tls().and_then(|tls| tls.version());
            let version = version.map_or("no TLS".to_owned(), |it| it.to_string());
            println!(
                "{way}: {status} by {connection}, {version}, {:?}",
                response.text()
            );
        }
        Err(error) => println!("{way}: [{}] {error}", error.code()),
    }
}
