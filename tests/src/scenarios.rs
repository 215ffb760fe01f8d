//! What the client does, told as the protocol: given a peer, when a request is sent, then this comes of it.
//!
//! A scenario knows no driver: it runs against a [`World`], and the suites run [`SCENARIOS`] over every driver there is.
//! Times are short, because some worlds really wait: pauses of up to 100 ms, limits of 50 to 300 ms. No scenario
//! depends on how fast anything is, only on what comes before what.
//!
//! The boundary: what octets mean in every split is for the core's own tests, and nothing here looks inside a driver.

mod answers;
mod attempts;
mod cancellation;
mod carried;
mod certificates;
mod chains;
mod challenges;
mod cookie_jars;
mod cookie_storms;
mod cookies;
mod cookies_said;
mod cookies_taken;
mod credentials;
mod dials;
mod doors;
mod estranged;
mod expect;
mod failures;
mod hops;
mod list;
mod messages;
mod mounted;
mod mounts;
mod patience;
mod peers;
mod pool;
mod proxies_asked;
mod questions;
mod redirects;
mod retries;
mod retry_after;
mod reuse;
mod room;
mod rounds;
mod stranded;
mod time;
mod tunnels;
mod upgrades;
mod uploads;
mod ways;
mod ways_choices;
mod ways_farewells;
mod ways_handshakes;
mod ways_messages;
mod ways_places;
mod ways_socks;

use std::time::Duration;

use sessile_core::{Config, Error, Request, RequestBuilder};

pub use self::answers::*;
pub use self::attempts::*;
pub use self::cancellation::*;
pub use self::carried::*;
pub use self::certificates::*;
pub use self::chains::*;
pub use self::challenges::*;
pub use self::cookie_jars::*;
pub use self::cookie_storms::*;
pub use self::cookies::*;
pub use self::cookies_said::*;
pub use self::cookies_taken::*;
pub use self::credentials::*;
pub use self::dials::*;
pub use self::estranged::*;
pub use self::expect::*;
pub use self::failures::*;
pub use self::hops::*;
pub use self::list::*;
pub use self::messages::*;
pub use self::mounted::*;
pub use self::mounts::*;
pub use self::patience::*;
pub use self::pool::*;
pub use self::proxies_asked::*;
pub use self::questions::*;
pub use self::redirects::*;
pub use self::retries::*;
pub use self::retry_after::*;
pub use self::reuse::*;
pub use self::room::*;
pub use self::rounds::*;
pub use self::stranded::*;
pub use self::time::*;
pub use self::tunnels::*;
pub use self::upgrades::*;
pub use self::uploads::*;
pub use self::ways::*;
pub use self::ways_choices::*;
pub use self::ways_farewells::*;
pub use self::ways_handshakes::*;
pub use self::ways_messages::*;
pub use self::ways_socks::*;
use crate::world::{Reply, World};

/// A scenario; it panics where the client does not do what it should.
pub type Scenario = fn(&mut dyn World);

/// The scenarios to run: all of them, or with `SESSILE_SCENARIO` set those whose names contain it, for whoever hunts down one.
///
/// # Panics
///
/// If there is none of that name: that would look as if all were well.
pub fn chosen() -> Vec<(&'static str, Scenario)> {
    let wanted = std::env::var("SESSILE_SCENARIO").unwrap_or_default();
    let all = SCENARIOS.iter().chain(SECURED_SCENARIOS);
    let chosen: Vec<_> = all
        .filter(|(name, _)| name.contains(&wanted))
        .copied()
        .collect();
    assert!(!chosen.is_empty(), "no scenario is called {wanted}");
    chosen
}

/// Longer than any limit in here; a peer that says so says nothing more, and a client that waits for it is wrong.
const TOO_LONG: Duration = Duration::from_secs(5);

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn get(url: &str) -> Request {
    let request = RequestBuilder::new("GET", url).build();
    request.expect("a request")
}

fn post(url: &str, content: impl Into<sessile_core::bytes::Bytes>) -> Request {
    let request = RequestBuilder::new("POST", url).body(content).build();
    request.expect("a request")
}

/// A configuration with one connection per origin.
fn one_connection() -> Config {
    let mut config = Config::default();
    config.pool.live_per_origin = Some(1);
    config
}

/// Sends a request that must be answered.
fn answered(world: &mut dyn World, request: Request) -> Reply {
    let reply = world.send(request);
    reply.expect("an answer")
}

/// Sends a request that must fail.
fn failed(world: &mut dyn World, request: Request) -> Error {
    match world.send(request) {
        Ok(reply) => panic!("an error, not {reply:?}"),
        Err(error) => error,
    }
}

/// Waits until something is so; the waiting is for worlds where a close takes its time.
fn eventually(world: &mut dyn World, what: &str, mut is_so: impl FnMut(&mut dyn World) -> bool) {
    for _ in 0..200 {
        if is_so(world) {
            return;
        }
        world.pass(milliseconds(10));
    }
    panic!("{what}; the pool: {:?}", world.pool());
}

/// No request is under way, and none waits; no connection is in use.
fn nothing_left(world: &mut dyn World) {
    eventually(world, "no request is left", |world| {
        let pool = world.pool();
        let quiet = |origin: &sessile_core::OriginSnapshot| origin.busy == 0 && origin.waiting == 0;
        pool.requests == 0 && pool.origins.iter().all(quiet)
    });
}
