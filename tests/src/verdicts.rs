//! The verdict runner: cases from a file, driven through the real core, compared with what the case expects.
//!
//! It holds no rule of HTTP of its own. A kind translates a case into calls and the answer back into the words of the
//! case; whether that is right is the case's to say. A case passes if what came is what it expects, or one of the
//! alternatives that it allows.

mod case;
mod cookies;
mod dial;
mod digest;
mod heads;
mod proxies;
mod redirects;
mod responses;
mod retries;
mod reuse;
mod transport;

use std::fmt;
use std::io::{self, Write};

use case::Case;

/// What a file of cases is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Octets from a peer, and what a connection makes of them.
    Responses,
    /// Requests, and the octets of their heads.
    Heads,
    /// Exchanges that ended, and whether their connection or their request goes on.
    Reuse,
    /// Attempts that were no good, and whether another follows.
    Retries,
    /// Chains of redirects, and the requests that follow them.
    Redirects,
    /// Challenges, and how Digest answers them.
    Digest,
    /// URLs, and which proxy they have.
    Proxies,
    /// Set-Cookie lines and requests, and what a jar sends.
    Cookies,
    /// Dates as they stand in Set-Cookie lines.
    CookieDates,
    /// Answers and attempts in virtual time, and how a dial races through them.
    Dial,
}

impl Kind {
    /// All kinds, with their names on the command line.
    pub const ALL: [(&'static str, Self); 10] = [
        ("responses", Self::Responses),
        ("heads", Self::Heads),
        ("reuse", Self::Reuse),
        ("retries", Self::Retries),
        ("redirects", Self::Redirects),
        ("digest", Self::Digest),
        ("proxies", Self::Proxies),
        ("cookies", Self::Cookies),
        ("cookie-dates", Self::CookieDates),
        ("dial", Self::Dial),
    ];

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        let mut kinds = Self::ALL.iter();
        kinds
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }

    fn judge(self, case: &Case, strictness: Strictness) -> Result<Judged, Damaged> {
        match self {
            Self::Responses => responses::judge(case, strictness),
            Self::Heads => heads::judge(case),
            Self::Reuse => reuse::judge(case),
            Self::Retries => retries::judge(case),
            Self::Redirects => redirects::judge(case),
            Self::Digest => digest::judge(case),
            Self::Proxies => proxies::judge(case),
            Self::Cookies => cookies::judge(case),
            Self::CookieDates => cookies::judge_date(case),
            Self::Dial => dial::judge(case),
        }
    }
}

/// What counts as right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// What is expected, and what is allowed besides.
    Allowed,
    /// Only what is expected: for reading, not for passing.
    Expected,
}

/// A line that is no case.
#[derive(Debug)]
pub struct Damaged(String);

impl Damaged {
    fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damaged {}

/// What came of one case: nothing to say, or what was wanted and what came.
type Judged = Option<Mismatch>;

#[derive(Debug)]
struct Mismatch {
    wanted: String,
    came: String,
}

impl Mismatch {
    fn new(wanted: impl fmt::Display, came: impl fmt::Display) -> Self {
        Self {
            wanted: wanted.to_string(),
            came: came.to_string(),
        }
    }
}

/// How many cases there were, and how many did not pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All cases of the file.
    pub cases: usize,
    /// Those that did not pass.
    pub failed: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = self.cases - self.failed;
        write!(
            f,
            "{} cases, {passed} passed, {} failed",
            self.cases, self.failed
        )
    }
}

/// Judges each line of a file, and writes a line for each case that does not pass.
///
/// # Errors
/// If a line is damaged, or the output cannot be written.
pub fn run(
    kind: Kind,
    text: &str,
    strictness: Strictness,
    out: &mut impl Write,
) -> Result<Tally, Box<dyn std::error::Error>> {
    let mut tally = Tally::default();
    for (number, line) in (1..).zip(text.lines()) {
        let damaged = |why: Damaged| Damaged(format!("line {number}: {why}"));
        let case = Case::read(line).map_err(damaged)?;
        tally.cases += 1;
        if let Some(Mismatch { wanted, came }) = kind.judge(&case, strictness).map_err(damaged)? {
            tally.failed += 1;
            write_mismatch(out, &case, &wanted, &came)?;
        }
    }
    Ok(tally)
}

fn write_mismatch(out: &mut impl Write, case: &Case, wanted: &str, came: &str) -> io::Result<()> {
    writeln!(out, "{}: wanted {wanted}, came {came}", case.id())
}
