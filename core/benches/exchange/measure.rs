//! Time and allocations, by rounds: in each round every member of a group runs once, so that whatever disturbs the
//! machine disturbs all alike, and a ratio is taken between neighbours in time.

use std::time::{Duration, Instant};

use crate::allocator::{Allocated, allocated};
use crate::scenarios::{Exchange, Group, HYPER, Side, UREQ_PROTO, groups};

/// Exchanges before the first that counts: the first dials, the next few grow buffers.
pub(crate) const WARM_UP: usize = 100;
/// An odd number has a median.
pub(crate) const ROUNDS: usize = 41;
/// Long beside the clock's own cost, short beside a time slice, so that most samples are undisturbed.
const SAMPLE: Duration = Duration::from_millis(4);

/// Repeats an exchange.
pub(crate) fn run(exchange: &mut Exchange, times: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        exchange();
    }
    start.elapsed()
}

/// A warm exchange, and what its samples came to.
pub(crate) struct Sampled {
    exchange: Exchange,
    /// How many exchanges make a sample.
    times: usize,
    /// Nanoseconds per exchange, by round.
    nanoseconds: Vec<f64>,
    allocated: Allocated,
}

impl Sampled {
    /// An exchange that has been warmed up.
    pub(crate) fn new(exchange: Exchange, times: usize) -> Self {
        Self {
            exchange,
            times,
            nanoseconds: Vec::new(),
            allocated: Allocated::default(),
        }
    }

    /// As [`Sampled::new`], for an exchange that was just set up; a sample is long enough to be measured.
    pub(crate) fn warmed_up(mut exchange: Exchange) -> Self {
        run(&mut exchange, WARM_UP);
        let mut times = 16;
        while run(&mut exchange, times) < SAMPLE {
            times *= 2;
        }
        Self::new(exchange, times)
    }

    fn sample(&mut self) {
        let before = allocated();
        let took = run(&mut self.exchange, self.times);
        self.allocated += allocated() - before;
        let nanoseconds = took.as_secs_f64() * 1e9 / self.times as f64;
        self.nanoseconds.push(nanoseconds);
    }

    pub(crate) fn exchanges(&self) -> u64 {
        (self.times * self.nanoseconds.len()) as u64
    }

    /// Nanoseconds per exchange.
    pub(crate) fn median(&self) -> f64 {
        median(self.nanoseconds.clone())
    }

    pub(crate) fn least(&self) -> f64 {
        self.nanoseconds
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min)
    }

    /// How many times as long as the other this one takes: the median over the rounds.
    pub(crate) fn ratio(&self, other: &Self) -> f64 {
        let rounds = self.nanoseconds.iter().zip(&other.nanoseconds);
        median(rounds.map(|(mine, theirs)| mine / theirs).collect())
    }

    /// All of them, in all rounds.
    pub(crate) fn allocations(&self) -> u64 {
        self.allocated.calls
    }

    /// Says so if it allocated; whether it did not.
    pub(crate) fn is_clean(&self, name: &str) -> bool {
        let calls = self.allocated.calls;
        if calls > 0 {
            let exchanges = self.exchanges();
            eprintln!(
                "{name}: {calls} allocations in {exchanges} warm exchanges; there must be none"
            );
        }
        calls == 0
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs the rounds.
pub(crate) fn interleave(members: &mut [Sampled], rounds: usize) {
    for _ in 0..rounds {
        for member in &mut *members {
            member.sample();
        }
    }
}

/// Measures the exchanges that the filter lets through, and prints a table for each response; whether none of ours
/// allocated.
pub(crate) fn tables(filter: &str) -> bool {
    let mut clean = true;
    for group in groups(filter) {
        let mut members: Vec<_> = group
            .scenarios
            .iter()
            .map(|scenario| Sampled::warmed_up(scenario.set_up()))
            .collect();
        interleave(&mut members, ROUNDS);
        print_table(&group, &members);
        for (scenario, member) in group.scenarios.iter().zip(&members) {
            clean &= scenario.side != Side::Ours || member.is_clean(&scenario.name);
        }
    }
    clean
}

fn print_table(
    Group {
        response,
        scenarios,
    }: &Group,
    members: &[Sampled],
) {
    let peer = |name| {
        let place = scenarios.iter().position(|other| other.contender == name);
        place.map(|place| &members[place])
    };
    let (hyper, ureq_proto) = (peer(HYPER), peer(UREQ_PROTO));
    println!(
        "| {response:<24} |  ns, median |     ns, min | x hyper | x ureq-proto | allocations |   octets |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (scenario, member) in scenarios.iter().zip(members) {
        let times = |other: Option<&Sampled>| {
            other.map_or("-".into(), |other| format!("{:.3}", member.ratio(other)))
        };
        let each = |count: u64| count as f64 / member.exchanges() as f64;
        println!(
            "| {:<24} | {:>11.1} | {:>11.1} | {:>7} | {:>12} | {:>11.2} | {:>8.0} |",
            scenario.contender,
            member.median(),
            member.least(),
            times(hyper),
            times(ureq_proto),
            each(member.allocated.calls),
            each(member.allocated.octets),
        );
    }
    println!();
}
