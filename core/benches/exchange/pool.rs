//! The pool, large beside small: what an idle connection costs in memory, what an exchange costs among ten thousand idle
//! connections, and what it costs to leave a queue of ten thousand.
//!
//! Nothing here may grow with the pool: a member of a series may take twice the instructions of the first, which is the
//! smallest, and the rest of what it takes longer is the memory's, whose caches ten thousand connections do not fit in.

mod driver;
mod memory;
mod queues;

use crate::instructions::per_exchange;
use crate::measure::{ROUNDS, Sampled, interleave};
use crate::scenarios::Exchange;
use driver::{Driver, config, requests};

/// How many times the instructions of the first member of its series one may take.
const BOUND: f64 = 2.0;

/// One size.
struct Member {
    name: &'static str,
    set_up: fn() -> Exchange,
}

/// The same at several sizes, the smallest first.
struct Series {
    what: &'static str,
    members: &'static [Member],
    /// How many are made in the shorter of the runs whose instructions are compared.
    counted: u64,
}

/// One warm exchange, each with the next origin.
const EXCHANGES: Series = Series {
    what: "one exchange, connections over origins",
    members: &[
        Member {
            name: "pool of 10 over 1",
            set_up: || exchanges(10, 1),
        },
        Member {
            name: "pool of 10 over 10",
            set_up: || exchanges(10, 10),
        },
        Member {
            name: "pool of 10,000 over 1,000",
            set_up: || exchanges(10_000, 1_000),
        },
    ],
    // Once round all origins.
    counted: 1_000,
};

const LEAVING: Series = Series {
    what: "one request leaves its queue",
    members: &[
        Member {
            name: "pool queue of 10",
            set_up: || queues::any(10),
        },
        Member {
            name: "pool queue of 10,000",
            set_up: || queues::any(10_000),
        },
    ],
    counted: 2_400,
};

const LEAVING_FRESH: Series = Series {
    what: "one leaves that waits for a fresh one",
    members: &[
        Member {
            name: "pool fresh queue of 10",
            set_up: || queues::fresh(10),
        },
        Member {
            name: "pool fresh queue of 10,000",
            set_up: || queues::fresh(10_000),
        },
    ],
    counted: 2_400,
};

const OVERDUE: Series = Series {
    what: "one has waited for long, and may go on",
    members: &[
        Member {
            name: "pool wait of 10",
            set_up: || queues::overdue(10),
        },
        Member {
            name: "pool wait of 10,000",
            set_up: || queues::overdue(10_000),
        },
    ],
    counted: 2_400,
};

const ALL: [&Series; 4] = [&EXCHANGES, &LEAVING, &LEAVING_FRESH, &OVERDUE];

impl Series {
    /// A series is compared with its first member: all of it is wanted, or nothing.
    fn has(&self, filter: &str) -> bool {
        self.members
            .iter()
            .any(|member| member.name.contains(filter))
    }
}

/// Whether the filter lets something through of which there are tables of memory or times.
pub(crate) fn has(filter: &str) -> bool {
    memory::NAME.contains(filter) || EXCHANGES.has(filter)
}

/// Whether the filter lets something through whose instructions are counted.
pub(crate) fn has_counted(filter: &str) -> bool {
    ALL.iter().any(|series| series.has(filter))
}

/// The member of exactly that name.
pub(crate) fn set_up(name: &str) -> Option<Exchange> {
    let mut members = ALL.iter().flat_map(|series| series.members);
    let member = members.find(|member| member.name == name)?;
    Some((member.set_up)())
}

/// Exchanges in a pool of so many idle connections, going round all origins.
fn exchanges(connections: usize, origins: usize) -> Exchange {
    let requests = requests(origins);
    let mut driver = Driver::new(config(connections));
    driver.fill(&requests, connections / origins);
    let mut next = 0;
    Box::new(move || {
        driver.exchange(&requests[next]);
        next = (next + 1) % requests.len();
    })
}

/// Measures what the filter lets through and prints tables; whether an idle connection keeps within its memory, and no
/// warm exchange allocated.
pub(crate) fn tables(filter: &str) -> bool {
    let mut good = true;
    if memory::NAME.contains(filter) {
        good &= memory::table();
    }
    if EXCHANGES.has(filter) {
        good &= times();
    }
    good
}

fn times() -> bool {
    let Series { what, members, .. } = EXCHANGES;
    let mut sampled: Vec<_> = members
        .iter()
        .map(|member| Sampled::warmed_up((member.set_up)()))
        .collect();
    interleave(&mut sampled, ROUNDS);
    println!("| {what:<38} |  ns, median |     ns, min | x the first | allocations |");
    println!("|---|---:|---:|---:|---:|");
    let mut clean = true;
    for (Member { name, .. }, member) in members.iter().zip(&sampled) {
        println!(
            "| {name:<38} | {:>11.1} | {:>11.1} | {:>11.3} | {:>11} |",
            member.median(),
            member.least(),
            member.ratio(&sampled[0]),
            member.allocations(),
        );
        clean &= member.is_clean(name);
    }
    println!();
    clean
}

/// Counts what the filter lets through and prints tables; whether nothing grows with the pool.
///
/// # Errors
/// Why there is nothing to count with.
pub(crate) fn instructions(filter: &str) -> Result<bool, String> {
    let mut within = true;
    for series in ALL.iter().filter(|series| series.has(filter)) {
        within &= count(series)?;
    }
    Ok(within)
}

fn count(series: &Series) -> Result<bool, String> {
    println!(
        "| {:<38} | instructions | x the first |  bound |",
        series.what
    );
    println!("|---|---:|---:|---:|");
    let mut first = None;
    let mut within = true;
    for Member { name, .. } in series.members {
        let instructions = per_exchange(name, series.counted)?;
        let ratio = instructions as f64 / *first.get_or_insert(instructions) as f64;
        println!("| {name:<38} | {instructions:>12} | {ratio:>11.3} | {BOUND:>6.3} |");
        if ratio > BOUND {
            within = false;
            eprintln!(
                "{name}: {ratio:.3} times the instructions of the smallest; its bound is {BOUND}"
            );
        }
    }
    println!();
    Ok(within)
}
