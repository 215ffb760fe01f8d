//! Two hundred requests at once through a pool that opens at most eight connections.
//!
//! `cargo run --release --example many`

use std::time::Instant;

use sessile_async_std::{Config, PoolLimits, Session};
use sessile_tests::{demo::Demo, loopback::Loopback};

const REQUESTS: usize = 200;
const CONNECTIONS: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = Loopback::start(Demo)?;
    let pool = PoolLimits {
        live_per_origin: Some(CONNECTIONS),
        ..PoolLimits::default()
    };
    let session = Session::with(Config {
        pool,
        ..Config::default()
    })?;
    let url = origin.url("/slow/5");

    let start = Instant::now();
    let served = async_std::task::block_on(async {
        let tasks =
            (0..REQUESTS).map(|_| async_std::task::spawn(get(session.clone(), url.clone())));
        let mut served = [0; CONNECTIONS];
        for task in tasks.collect::<Vec<_>>() {
            let connection = task.await?;
            served[connection - 1] += 1;
        }
        Ok::<_, Box<dyn std::error::Error>>(served)
    })?;

    println!(
        "{REQUESTS} requests of 5 ms each in {:.0?}",
        start.elapsed()
    );
    for (number, requests) in served.iter().enumerate() {
        println!("  connection #{}: {requests} requests", number + 1);
    }
    println!(
        "the origin accepted {} connections; the pool now: {:?}",
        origin.opened(),
        session.pool()
    );
    assert!(origin.opened() <= CONNECTIONS);
    Ok(())
}

/// One request; returns the number of the connection that served it.
async fn get(session: Session, url: String) -> Result<usize, sessile_async_std::Error> {
    let response = session.get(&url).send().await?;
    let number = response.connection().number;
    response.bytes().await?;
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}
