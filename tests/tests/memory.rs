//! Every scenario over the in-memory network, in both styles, however the octets are cut.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{Config, RequestBuilder};
use sessile_tests::memory::{InPlace, Memory, Style, Taken};
use sessile_tests::network::{Conditions, Cuts, Report};
use sessile_tests::origin::{Act, Scripted, response};
use sessile_tests::scenarios::{SCENARIOS, Scenario, chosen};
use sessile_tests::world::World;

fn by_chance(seed: u64) -> Conditions {
    Conditions {
        seed,
        arrival: Cuts::Random(16),
        departure: Cuts::Random(16),
        delay: Duration::from_micros(100 * seed),
    }
}

/// Calm, a slow link, the finest cuts, and chance.
fn all_conditions() -> Vec<Conditions> {
    let (calm, octet) = (Conditions::calm, Cuts::Pieces(1));
    let delay = Duration::from_millis(5);
    vec![
        calm(),
        Conditions { delay, ..calm() },
        Conditions {
            arrival: octet,
            ..calm()
        },
        Conditions {
            departure: octet,
            ..calm()
        },
        Conditions {
            arrival: octet,
            departure: octet,
            delay,
            ..calm()
        },
        by_chance(1),
        by_chance(2),
        by_chance(3),
    ]
}

/// Runs a scenario; whether it went well, and the trace of what happened.
fn run<S: Style>(scenario: Scenario, conditions: Conditions) -> (bool, u64) {
    let mut world = Memory::<S>::new(conditions);
    let run = panic::catch_unwind(AssertUnwindSafe(|| scenario(&mut world)));
    (run.is_ok(), world.network().trace())
}

/// Runs every scenario under every condition, and tells all that failed.
fn run_all<S: Style>() {
    let mut failures = Vec::new();
    for conditions in all_conditions() {
        for (name, scenario) in chosen() {
            if !run::<S>(scenario, conditions.clone()).0 {
                failures.push(format!("{name}, {conditions:?}"));
            }
        }
    }
    let (count, list) = (failures.len(), failures.join("\n"));
    assert!(failures.is_empty(), "{}: {count} failed:\n{list}", S::NAME);
}

#[test]
fn every_scenario_in_place() {
    run_all::<InPlace>();
}

#[test]
fn every_scenario_taken() {
    run_all::<Taken>();
}

fn same_seed_same_trace<S: Style>() {
    let mut changed_by_seed = 0;
    for (name, scenario) in SCENARIOS {
        let first = run::<S>(*scenario, by_chance(1)).1;
        let second = run::<S>(*scenario, by_chance(1)).1;
        assert_eq!(first, second, "{}: {name}", S::NAME);
        changed_by_seed += usize::from(first != run::<S>(*scenario, by_chance(2)).1);
    }
    // Those that send nothing have nothing to leave to chance.
    assert!(changed_by_seed > SCENARIOS.len() / 2, "{changed_by_seed}");
}

#[test]
fn given_the_same_seed_then_the_trace_is_the_same_in_place() {
    same_seed_same_trace::<InPlace>();
}

#[test]
fn given_the_same_seed_then_the_trace_is_the_same_taken() {
    same_seed_same_trace::<Taken>();
}

/// Given news of an idle connection, when a request is submitted in the same turn, then the request is not sent there:
/// what lies there answers nothing (RFC 9112 §9.2), and an end that was reported is no surprise.
#[test]
fn news_of_an_idle_connection_comes_before_the_next_request() {
    let poison = response(200, &[], b"poison");
    for news in [Act::Send(poison), Act::Finish, Act::Reset] {
        let mut world = Memory::<InPlace>::new(Conditions::calm());
        let late = news.clone();
        let served = world.serve(Arc::new(Scripted::new(move |request| {
            let answer = Act::Send(response(200, &[], request.path().as_bytes()));
            match request.connection {
                0 => vec![answer, Act::Pause(Duration::from_millis(20)), late.clone()],
                _ => vec![answer],
            }
        })));
        let ask = |world: &mut Memory<InPlace>, path| {
            let request = RequestBuilder::new("GET", served.url(path)).build();
            let reply = world.send(request.expect("a request"));
            let reply = reply.unwrap_or_else(|error| panic!("{news:?}: {error}"));
            assert_eq!(reply.text(), path, "{news:?}");
            assert_eq!(reply.connection.served, 0, "{news:?}");
        };
        ask(&mut world, "/first");
        let soon = world.network().now().tick.after(Duration::from_secs(1));
        match world.network().advance(soon) {
            Some(Report::Ready(connection, ready)) => {
                world.engine().handle_readiness(connection, ready);
            }
            other => panic!("{other:?}"),
        }
        ask(&mut world, "/next");
    }
}

/// One connection, three requests at once; the peer says `behind` right behind each response of `size` octets. Each
/// request has an answer of its own; the numbers of the connections they came on, in order.
fn with_news_behind_each_response<S: Style>(size: usize, behind: &Act) -> Vec<u64> {
    let mut world = Memory::<S>::new(Conditions::calm());
    let mut config = Config::default();
    config.pool.live_per_origin = Some(1);
    world.configure(config);
    let behind = behind.clone();
    let served = world.serve(Arc::new(Scripted::new(move |request| {
        let content = [b"to ", &*request.content].concat();
        let padding = "x".repeat(size);
        let whole = |length| response(200, &[("X-Padding", &padding[..length])], &content);
        let octets = whole(size.saturating_sub(whole(0).len()));
        match &behind {
            Act::Send(surplus) => vec![Act::Send([octets, surplus.clone()].concat())],
            last => vec![Act::Send(octets), last.clone()],
        }
    })));
    let post = |content: String| RequestBuilder::new("POST", served.url("/")).body(content);
    let requests = (0..3).map(|number| post(number.to_string()).build().expect("a request"));
    let replies = world.send_all(requests.collect()).into_iter().enumerate();
    let numbers = replies.map(|(number, reply)| {
        let case = format!("{}: {size} octets", S::NAME);
        let reply = reply.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(reply.text(), format!("to {number}"), "{case}");
        reply.connection.number
    });
    numbers.collect()
}

/// Given requests that wait for the only connection, when a response comes with the end of the stream, or with octets
/// behind it, then who waits has a new connection: the old one is known to be dead.
fn news_behind_a_response_come_before_who_waits<S: Style>() {
    let poison = Act::Send(response(200, &[], b"poison"));
    // 8 KiB fill the first read to its last octet: what lies behind them is still in the transport.
    for (size, behind) in [
        (0, &poison),
        (0, &Act::Finish),
        (8 * 1024, &poison),
        (8 * 1024, &Act::Finish),
    ] {
        let mut numbers = with_news_behind_each_response::<S>(size, behind);
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3], "{}: {size}, {behind:?}", S::NAME);
    }
}

#[test]
fn news_behind_a_response_come_before_who_waits_in_place() {
    news_behind_a_response_come_before_who_waits::<InPlace>();
}

#[test]
fn news_behind_a_response_come_before_who_waits_taken() {
    news_behind_a_response_come_before_who_waits::<Taken>();
}

/// Given a request that was granted a dead connection and lost it unused, then it is before those who came after it:
/// first come, first served.
#[test]
fn who_lost_a_dead_connection_is_still_first_in_line() {
    let in_place = with_news_behind_each_response::<InPlace>(0, &Act::Finish);
    let taken = with_news_behind_each_response::<Taken>(0, &Act::Finish);
    assert_eq!((in_place, taken), (vec![1, 2, 3], vec![1, 2, 3]));
}
