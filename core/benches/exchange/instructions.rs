//! Instructions per exchange, which a busy machine cannot blur: callgrind runs this very program twice, once with twice
//! as many exchanges, and what the second run took more is theirs alone.

use std::process::Command;

use crate::scenarios::scenarios;

/// The C library copies long pieces with one instruction, which callgrind counts once for each octet. Told that nothing
/// is long, it copies with its loop of wide instructions, and the count says how much work that is.
const PLAIN_LOOPS: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.cpu.x86_rep_movsb_threshold=1000000000",
);

/// Exchanges in the shorter run.
const EXCHANGES: u64 = 200;

/// Counts what the filter lets through and prints a table; whether everything kept within its bound.
///
/// # Errors
/// Why there is nothing to count with.
pub(crate) fn table(filter: &str) -> Result<bool, String> {
    let scenarios = scenarios(filter);
    if scenarios.is_empty() {
        return Ok(true);
    }
    println!("| {:<36} | instructions |  bound |", "one warm exchange");
    println!("|---|---:|---:|");
    let mut within = true;
    for scenario in scenarios {
        let instructions = per_exchange(&scenario.name, EXCHANGES)?;
        let bound = scenario.bound.map(|bound| bound.to_string());
        let bound = bound.unwrap_or("-".into());
        let name = &scenario.name;
        println!("| {name:<36} | {instructions:>12} | {bound:>6} |");
        if scenario.bound.is_some_and(|bound| instructions > bound) {
            within = false;
            eprintln!("{name}: {instructions} instructions; its bound is {bound}");
        }
    }
    println!();
    Ok(within)
}

/// What one exchange of that name takes; so many are made in the shorter run, twice as many in the longer one.
///
/// # Errors
/// Why there is nothing to count with.
pub(crate) fn per_exchange(name: &str, exchanges: u64) -> Result<u64, String> {
    let shorter = count(name, exchanges)?;
    let longer = count(name, 2 * exchanges)?;
    let difference = longer
        .checked_sub(shorter)
        .ok_or("twice as many exchanges took fewer instructions")?;
    Ok((difference + exchanges / 2) / exchanges)
}

/// All instructions of one run.
fn count(name: &str, exchanges: u64) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let run = Command::new("valgrind")
        .env(PLAIN_LOOPS.0, PLAIN_LOOPS.1)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--once", name, &exchanges.to_string()])
        .output()
        .map_err(|error| format!("valgrind does not run: {error}"))?;
    let said = String::from_utf8_lossy(&run.stderr);
    if !run.status.success() {
        return Err(format!("{name} failed under valgrind:\n{said}"));
    }
    collected(&said).ok_or_else(|| format!("callgrind did not say what it counted:\n{said}"))
}

/// The figure behind `Collected :`, where callgrind tells the sum.
fn collected(said: &str) -> Option<u64> {
    let (_, behind) = said.split_once("Collected :")?;
    behind.split_whitespace().next()?.parse().ok()
}
