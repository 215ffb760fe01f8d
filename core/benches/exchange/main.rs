//! What one warm exchange costs, ours and our peers': nanoseconds, allocations, octets allocated, instructions. How fast
//! large content goes through, beside a plain copy of it. Whether a pool of ten thousand connections costs more than one of
//! ten. And what a cookie jar costs that is full.
//!
//! Everything happens in memory: a request goes into a pipe at once, and one copy puts a prepared response where
//! `read(2)` would have. So the numbers are the protocol's alone, and the messages are the same for all.
//!
//! ```text
//! cargo bench -p sessile-core                              # all tables of times and allocations
//! cargo bench -p sessile-core -- engine                    # only names that contain "engine"
//! cargo bench -p sessile-core -- bulk                      # only the 256 MiB
//! cargo bench -p sessile-core -- pool                      # only the pool: memory and times
//! cargo bench -p sessile-core -- jar                       # only the cookie jar
//! cargo bench -p sessile-core -- --instructions [FILTER]   # instructions, by valgrind, with their bounds
//! ```
//!
//! The exit code is 1 if one of ours allocates when warm, copies content twice, or takes more instructions than its
//! bound, and if an idle connection takes more memory than its bound. Times are never judged: machines are noisy.
//!
//! `--once NAME N` runs that many exchanges after the warm-up and measures nothing; it is what runs under callgrind.

mod allocator;
mod bulk;
mod instructions;
mod jar;
mod measure;
mod messages;
mod ours;
mod peers;
mod pipe;
mod pool;
mod scenarios;

use std::process::ExitCode;

/// Measures what the filter lets through; whether ours did as they must.
fn tables(filter: &str) -> Result<bool, String> {
    let others = [bulk::has(filter), pool::has(filter), jar::has(filter)];
    if scenarios::scenarios(filter).is_empty() && !others.contains(&true) {
        return Err(format!("no name contains {filter:?}"));
    }
    // All, even if the first fails.
    let exchanges = measure::tables(filter);
    let bulk = bulk::table(filter);
    let pool = pool::tables(filter);
    let jar = jar::table(filter);
    Ok(exchanges && bulk && pool && jar)
}

/// Counts instructions; whether ours kept within their bounds.
fn instructions(filter: &str) -> Result<bool, String> {
    let others = pool::has_counted(filter) || jar::has(filter);
    if scenarios::scenarios(filter).is_empty() && !others {
        return Err(format!("no exchange's name contains {filter:?}"));
    }
    let exchanges = instructions::table(filter)?;
    let pool = pool::instructions(filter)?;
    let jar = jar::instructions(filter)?;
    Ok(exchanges && pool && jar)
}

/// Runs one scenario, for callgrind.
fn once(name: &str, times: &str) -> Result<bool, String> {
    let times: usize = times
        .parse()
        .map_err(|error| format!("{times:?} is not a number of exchanges: {error}"))?;
    let mut exchange = set_up(name).ok_or_else(|| format!("no scenario is called {name:?}"))?;
    measure::run(&mut exchange, measure::WARM_UP + times);
    Ok(true)
}

/// The exchange of exactly that name.
fn set_up(name: &str) -> Option<scenarios::Exchange> {
    let scenarios = scenarios::scenarios(name);
    let scenario = scenarios.iter().find(|scenario| scenario.name == name);
    scenario
        .map(scenarios::Scenario::set_up)
        .or_else(|| pool::set_up(name))
        .or_else(|| jar::set_up(name))
}

fn main() -> ExitCode {
    // Cargo adds `--bench` to whatever stands behind `--`.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let good = match arguments.as_slice() {
        [] => tables(""),
        ["--instructions"] => instructions(""),
        ["--instructions", filter] => instructions(filter),
        ["--once", name, times] => once(name, times),
        [filter] if !filter.starts_with('-') => tables(filter),
        _ => Err("usage: exchange [FILTER | --instructions [FILTER] | --once NAME N]".into()),
    };
    match good {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
