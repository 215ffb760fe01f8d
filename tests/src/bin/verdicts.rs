//! Judges a file of cases: `verdicts [--strict] KIND FILE`.
//!
//! A line for each case that does not pass, then `N cases, N passed, N failed`. Exit code 0 if all passed, 1 if not, 2 if
//! there was nothing to judge: an unknown kind, a file that cannot be read, a damaged line.

use std::io::Write;
use std::process::ExitCode;

use sessile_tests::verdicts::{Kind, Strictness, Tally, run};

fn judge(arguments: &[String]) -> Result<Tally, Box<dyn std::error::Error>> {
    let (strictness, arguments) = match arguments.split_first() {
        Some((first, rest)) if first == "--strict" => (Strictness::Expected, rest),
        _ => (Strictness::Allowed, arguments),
    };
    let [kind, file] = arguments else {
        return Err(usage().into());
    };
    let kind = Kind::named(kind).ok_or_else(|| format!("no kind is called {kind}; {}", usage()))?;
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let mut out = std::io::stdout().lock();
    let tally = run(kind, &text, strictness, &mut out)?;
    writeln!(out, "{tally}")?;
    Ok(tally)
}

fn usage() -> String {
    let kinds: Vec<_> = Kind::ALL.iter().map(|(name, _)| *name).collect();
    format!(
        "usage: verdicts [--strict] KIND FILE, KIND one of {}",
        kinds.join(", ")
    )
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match judge(&arguments) {
        Ok(Tally { failed: 0, .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("verdicts: {error}");
            ExitCode::from(2)
        }
    }
}
