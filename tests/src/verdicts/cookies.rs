//! Kinds `cookies` and `cookie-dates`: what a jar makes of Set-Cookie lines, and of their dates.

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{CookieJar, PublicSuffixes, Url, cookie_date};

use super::case::{Case, octets};
use super::{Damaged, Judged, Mismatch};

/// When every script begins: 2011-04-27T00:00:00Z.
const START: Duration = Duration::from_secs(1_303_862_400);

/// The list that all cases know.
const SUFFIXES: [&str; 11] = [
    "org",
    "com",
    "net",
    "test",
    "example",
    "io",
    "github.io",
    "uk",
    "co.uk",
    "jp",
    "kawasaki.jp",
];

#[derive(Debug)]
struct List;

impl PublicSuffixes for List {
    fn is_public_suffix(&self, domain: &str) -> bool {
        SUFFIXES.contains(&domain)
    }
}

/// The Cookie line of a request, or none.
type Line = Option<Vec<u8>>;

pub(super) fn judge(case: &Case) -> Result<Judged, Damaged> {
    let mut jar = CookieJar::with_public_suffixes(Arc::new(List));
    let mut came: Vec<Line> = Vec::new();
    for step in case.objects("steps")? {
        came.extend(take(&mut jar, &step)?);
    }
    let wanted = wanted(&case.object("expect")?, "rfc6265bis")?;
    // Where the specifications and their tests differ, or upstream does not run it, either outcome is right.
    let agrees = match case.text("status")? {
        "unsettled" | "disabled upstream" => wanted.len() == came.len(),
        _ => agree(case, &wanted, &came)?,
    };
    Ok((!agrees).then(|| Mismatch::new(shown(&wanted), shown(&came))))
}

/// The outcome of a request to which both are fine is not compared.
fn agree(case: &Case, wanted: &[Line], came: &[Line]) -> Result<bool, Damaged> {
    let open = case.list("either_ok")?;
    let mut pairs = (0_u64..).zip(wanted.iter().zip(came));
    let agrees = pairs.all(|(number, (wanted, came))| {
        wanted == came || open.iter().any(|open| open.as_u64() == Some(number))
    });
    Ok(agrees && wanted.len() == came.len())
}

/// One step of a script; the line, if it is a request.
fn take(jar: &mut CookieJar, step: &Case) -> Result<Option<Line>, Damaged> {
    let url = Url::parse(step.text("url")?).map_err(Damaged::new)?;
    let wall = START + Duration::from_secs(step.number("at")?);
    match step.text("op")? {
        "set" => {
            let lines = step.list("set_cookie")?.iter().map(octets);
            let lines = lines.collect::<Result<Vec<_>, _>>()?;
            let lines = lines.iter().map(|line| trimmed(line));
            jar.receive(&url, lines, wall);
            Ok(None)
        }
        "get" => {
            let mut line = Vec::new();
            let sent = jar.write_to(&url, wall, &mut line);
            Ok(Some((sent > 0).then_some(line)))
        }
        other => Err(Damaged::new(format_args!("`op` is {other}"))),
    }
}

/// As whoever reads a field section hands a value over.
fn trimmed(value: &[u8]) -> &[u8] {
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let begin = value.iter().position(|octet| !is_blank(octet));
    let end = value.iter().rposition(|octet| !is_blank(octet));
    match (begin, end) {
        (Some(begin), Some(end)) => &value[begin..=end],
        _ => b"",
    }
}

fn wanted(expect: &Case, key: &str) -> Result<Vec<Line>, Damaged> {
    let line = |value: &serde_json::Value| match value.is_null() {
        true => Ok(None),
        false => octets(value).map(Some),
    };
    expect.list(key)?.iter().map(line).collect()
}

fn shown(lines: &[Line]) -> String {
    let line = |line: &Line| {
        let line = line.as_ref();
        line.map_or("none".to_owned(), |line| {
            format!("\"{}\"", line.escape_ascii())
        })
    };
    let lines: Vec<_> = lines.iter().map(line).collect();
    lines.join(", ")
}

pub(super) fn judge_date(case: &Case) -> Result<Judged, Damaged> {
    let wanted = case.value("unix").as_i64();
    if wanted.is_none() && case.has("unix") {
        return Err(Damaged::new("`unix` is no number"));
    }
    let came = cookie_date(&case.octets("date")?);
    let shown = |unix: Option<i64>| unix.map_or("none".to_owned(), |unix| unix.to_string());
    Ok((wanted != came).then(|| Mismatch::new(shown(wanted), shown(came))))
}
