//! HTTPS with a root of one's own, directly and through a proxy at once. It starts the origin and the proxy itself.
//! `cargo run --release --example https_async`

use async_std::task;
use sessile_async_std::{Config, Error, ProxyRules, Session, Tls};
use sessile_tests::demo::Ways;

#[async_std::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ways = Ways::start()?;
    let roots = Tls::builder()
        .only_own_roots()
        .add_root_pem(ways.root_pem().as_bytes());
    let session = Session::with(Config {
        tls: roots.build()?,
        proxies: Some(ProxyRules::none().rule("all://origin.test", Some(&ways.proxy()))?),
        ..Config::default()
    })?;
    let directly = task::spawn(ask(session.clone(), ways.secured("/bytes/1000000")));
    let by_the_proxy = task::spawn(ask(session, ways.behind_proxy("/bytes/1000000")));
    println!("directly: {}", directly.await?);
    println!("by the proxy: {}", by_the_proxy.await?);
    Ok(())
}

async fn ask(session: Session, url: String) -> Result<String, Error> {
    let response = session.get(&url).send().await?;
    let (status, connection) = (response.status(), response.connection());
    let octets = response.bytes().await?.len();
    Ok(format!("{status} by {connection}, {octets} octets"))
}
