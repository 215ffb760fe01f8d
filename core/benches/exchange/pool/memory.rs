//! What an idle connection costs on the heap: everything that is live behind ten thousand exchanges and was not there
//! before the session, in equal parts.

use std::mem::size_of;
use std::time::Duration;

use sessile_core::{Command, Connection, Live, Pulse, Scratch};

use super::driver::{Driver, config, requests};
use crate::allocator::live;

/// What a filter may ask for.
pub(crate) const NAME: &str = "pool memory";

const CONNECTIONS: usize = 10_000;
const ORIGINS: usize = 1_000;
/// The most octets that a connection may cost.
const BOUND: f64 = 1024.0;

/// Opens the connections, measures, and closes them. In octets: all, and what goes with the machines and the driver's
/// parts of them when they are closed.
fn cost() -> (u64, u64) {
    let (requests, each) = (requests(ORIGINS), CONNECTIONS / ORIGINS);
    let before = live();
    let mut driver = Driver::new(config(CONNECTIONS));
    driver.fill(&requests, each);
    let all = live() - before;
    driver.close();
    let (mut closed, mut freed) = (0, 0);
    while let Some(command) = driver.engine.poll_command() {
        let Command::Discard(connection) = command else {
            panic!("unexpected {command:?}");
        };
        let before = live();
        drop(connection);
        freed += before - live();
        closed += 1;
    }
    assert_eq!(closed, CONNECTIONS, "all were idle");
    (all, freed)
}

/// The same, all told, where each request has a deadline of a minute and ten times as many exchanges have followed: what
/// was only ever armed must not pile up.
fn cost_with_deadlines() -> u64 {
    let (requests, each) = (requests(ORIGINS), CONNECTIONS / ORIGINS);
    let before = live();
    let mut config = config(CONNECTIONS);
    config.timeouts.deadline = Some(Duration::from_secs(60));
    let mut driver = Driver::new(config);
    for _ in 0..=10 {
        driver.fill(&requests, each);
    }
    live() - before
}

/// Prints what a connection costs, and of what that is made; whether it keeps within its bound.
pub(crate) fn table() -> bool {
    let (all, freed) = cost();
    println!("| 10,000 idle connections over 1,000 origins       | octets each |  bound |");
    println!("|---|---:|---:|");
    row("all that is live on the heap", all, &BOUND.to_string());
    row("the connection, with its pulse", freed, "-");
    row("tables, timers, origins, spare memory", all - freed, "-");
    let busy = cost_with_deadlines();
    row(
        "all, with deadlines and 100,000 more",
        busy,
        &BOUND.to_string(),
    );
    println!();
    println!(
        "Sizes in octets: Live<()> {}, of which Connection {}, of which Scratch {}; Pulse {}.\n",
        size_of::<Live<()>>(),
        size_of::<Connection>(),
        size_of::<Scratch>(),
        size_of::<Pulse>(),
    );
    let most = all.max(busy);
    let within = each(most) <= BOUND;
    if !within {
        let each = each(most);
        eprintln!("{NAME}: {each} octets for each connection; the bound is {BOUND}");
    }
    within
}

fn each(octets: u64) -> f64 {
    octets as f64 / CONNECTIONS as f64
}

fn row(what: &str, octets: u64, bound: &str) {
    println!("| {what:<48} | {:>11.1} | {bound:>6} |", each(octets));
}
