//! Settings by chance, with limits so small that calls in any order reach them.

use std::time::Duration;

use sessile_core::{
    Config, MinimumSpeed, OnExhausted, PoolLimits, RedirectPolicy, Retry, RetryBudget, Timeouts,
    WhenFull,
};
use sessile_tests::network::Chance;

/// From 0 up to but not including `bound`.
pub(crate) fn below(chance: &mut Chance, bound: usize) -> usize {
    chance.up_to(bound) - 1
}

fn brief(chance: &mut Chance, most: usize) -> Option<Duration> {
    let milliseconds = below(chance, most) as u64;
    Some(Duration::from_millis(milliseconds))
}

/// Limits so small that they are reached; in every other case those of time leave room for an answer, or several.
pub(crate) fn narrow(chance: &mut Chance) -> Config {
    let few = |number| Some(number).filter(|number| *number > 0);
    let ease = [1, 20][below(chance, 2)];
    let brief = |chance: &mut Chance, most: usize| brief(chance, most * ease);
    Config {
        pool: PoolLimits {
            live_per_origin: few(below(chance, 4)),
            live_total: few(below(chance, 4)),
            idle_per_origin: below(chance, 3),
            idle_total: below(chance, 4),
            idle_time: brief(chance, 50),
            idle_origins: few(below(chance, 3)),
            lifetime: brief(chance, 100).filter(|_| below(chance, 3) == 0),
            when_full: match below(chance, 4) {
                0 => WhenFull::Fail,
                _ => WhenFull::Wait,
            },
        },
        timeouts: Timeouts {
            pool_wait: brief(chance, 30),
            resolve: brief(chance, 30),
            connect: brief(chance, 30),
            tunnel: brief(chance, 30),
            tls: brief(chance, 30),
            send: brief(chance, 30),
            expect_continue: brief(chance, 10),
            head: brief(chance, 30),
            read: brief(chance, 30),
            exchange: brief(chance, 60),
            minimum_speed: Some(MinimumSpeed {
                octets: below(chance, 20) as u64,
                within: Duration::from_millis(below(chance, 20) as u64),
            }),
            deadline: brief(chance, 100),
        },
        retry: retry(chance),
        retry_budget: Some(RetryBudget {
            percent: 50,
            reserve: 3,
        })
        .filter(|_| below(chance, 2) == 0),
        redirects: redirects(chance),
        pool_events: below(chance, 3),
        ..Config::default()
    }
}

fn redirects(chance: &mut Chance) -> Option<RedirectPolicy> {
    let max = u32::try_from(below(chance, 4)).expect("few");
    let policy = RedirectPolicy {
        max,
        ..RedirectPolicy::default()
    };
    Some(policy).filter(|_| below(chance, 4) > 0)
}

fn retry(chance: &mut Chance) -> Option<Retry> {
    let total = u32::try_from(below(chance, 5)).expect("few");
    let policy = Retry {
        statuses: vec![200, 503],
        backoff_factor: Duration::from_millis(below(chance, 10) as u64),
        backoff_jitter: Duration::from_millis(below(chance, 10) as u64),
        on_exhausted: match below(chance, 2) {
            0 => OnExhausted::Response,
            _ => OnExhausted::Error,
        },
        ..Retry::new(total)
    };
    Some(policy).filter(|_| total > 0)
}
