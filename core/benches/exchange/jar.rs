//! The cookie jar: what a request costs that asks a jar of 3,000 cookies for its line, and what responses cost that fill
//! it, where each new cookie drives out an old one.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{CookieJar, PublicSuffixes, Url};

use crate::instructions::per_exchange;
use crate::measure::{ROUNDS, Sampled, interleave};
use crate::scenarios::Exchange;

const NOW: Duration = Duration::from_secs(1_800_000_000);
const DOMAINS: usize = 300;
const COOKIES_EACH: usize = 10;
const LINES: usize = 50;

/// One scenario; its bound is in instructions.
struct Member {
    name: &'static str,
    set_up: fn() -> Exchange,
    bound: u64,
    may_allocate: bool,
}

const MEMBERS: [Member; 5] = [
    Member {
        name: "jar asked while empty",
        set_up: || asked(0),
        bound: 100,
        may_allocate: false,
    },
    Member {
        name: "jar of 3,000 asked",
        set_up: || asked(DOMAINS),
        bound: 10_000,
        may_allocate: false,
    },
    Member {
        name: "jar told of no cookie",
        set_up: told_nothing,
        bound: 250,
        may_allocate: false,
    },
    Member {
        name: "jar of 3,000 told of 50 new",
        set_up: || told(crowd, &distinct),
        bound: 600_000,
        may_allocate: true,
    },
    Member {
        name: "jar of 3,000 Secure told of 50",
        set_up: || told(secure_crowd, &above),
        bound: 7_000_000,
        may_allocate: true,
    },
];

#[derive(Debug)]
struct Top;

impl PublicSuffixes for Top {
    fn is_public_suffix(&self, domain: &str) -> bool {
        !domain.contains('.')
    }
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn empty() -> CookieJar {
    CookieJar::with_public_suffixes(Arc::new(Top))
}

/// So many domains with their cookies, half of them for the hosts below, too.
fn filled(domains: usize, attributes: &str) -> CookieJar {
    let mut jar = empty();
    for domain in 0..domains {
        let page = url(&format!("https://www.site{domain}.shop.example/app/"));
        for cookie in 0..COOKIES_EACH {
            let below = match cookie % 2 {
                0 => format!("; Domain=site{domain}.shop.example"),
                _ => String::new(),
            };
            let line = format!("name{cookie}=0123456789abcdef; Path=/{below}{attributes}");
            jar.set(&page, line.as_bytes(), NOW).expect("a good cookie");
        }
    }
    assert_eq!(jar.len(), domains * COOKIES_EACH);
    jar
}

fn crowd() -> CookieJar {
    filled(DOMAINS, "")
}

fn secure_crowd() -> CookieJar {
    filled(DOMAINS, "; Secure")
}

/// A request to the next host each time.
fn asked(domains: usize) -> Exchange {
    let mut jar = filled(domains, "");
    let host = |number| {
        url(&format!(
            "https://www.site{number}.shop.example/app/page?query"
        ))
    };
    let pages: Vec<_> = (0..DOMAINS).map(host).collect();
    let mut line = Vec::new();
    let expected = if domains > 0 { COOKIES_EACH } else { 0 };
    let mut next = 0;
    Box::new(move || {
        line.clear();
        let sent = jar.write_to(&pages[next], NOW, &mut line);
        assert_eq!(sent, expected);
        black_box(&line);
        next = (next + 1) % pages.len();
    })
}

fn told_nothing() -> Exchange {
    let mut jar = crowd();
    let page = url("https://www.site0.shop.example/");
    Box::new(move || {
        let received = jar.receive(black_box(&page), std::iter::empty(), NOW);
        assert_eq!(received.stored, 0);
    })
}

/// What a response is: its URL and its lines.
type Response = (Url, Vec<String>);

/// A full jar and responses of 50 lines each, by turns.
fn told(jar: fn() -> CookieJar, response: &dyn Fn(usize) -> Response) -> Exchange {
    let mut jar = jar();
    let responses: Vec<_> = (0..200).map(response).collect();
    let mut next = 0;
    Box::new(move || {
        let (page, lines) = &responses[next];
        let lines = lines.iter().map(|line| line.as_bytes());
        let received = jar.receive(page, lines, NOW);
        assert_eq!(
            (received.stored, jar.len()),
            (LINES, DOMAINS * COOKIES_EACH)
        );
        next = (next + 1) % responses.len();
    })
}

/// 50 cookies of a host that the jar does not know, or knows no longer.
fn distinct(number: usize) -> Response {
    let lines = (0..LINES).map(|line| format!("new{line}=0123456789abcdef; Path=/"));
    (
        url(&format!("https://storm{number}.example/")),
        lines.collect(),
    )
}

/// 50 cookies for all hosts below, without TLS: each is compared with every Secure one.
fn above(number: usize) -> Response {
    let line = |line| format!("new{number}-{line}=0123456789abcdef; Domain=shop.example");
    (
        url("http://plain.shop.example/"),
        (0..LINES).map(line).collect(),
    )
}

/// Whether the filter lets something through.
pub(crate) fn has(filter: &str) -> bool {
    members(filter).next().is_some()
}

fn members(filter: &str) -> impl Iterator<Item = &'static Member> {
    MEMBERS
        .iter()
        .filter(move |member| member.name.contains(filter))
}

/// The scenario of exactly that name.
pub(crate) fn set_up(name: &str) -> Option<Exchange> {
    let mut members = MEMBERS.iter();
    let member = members.find(|member| member.name == name)?;
    Some((member.set_up)())
}

/// Measures what the filter lets through and prints a table; whether none allocated that must not.
pub(crate) fn table(filter: &str) -> bool {
    let members: Vec<_> = members(filter).collect();
    if members.is_empty() {
        return true;
    }
    let set_up = |member: &&Member| Sampled::warmed_up((member.set_up)());
    let mut sampled: Vec<_> = members.iter().map(set_up).collect();
    interleave(&mut sampled, ROUNDS);
    println!(
        "| {:<38} |  ns, median |     ns, min | allocations |",
        "a jar, once"
    );
    println!("|---|---:|---:|---:|");
    let mut clean = true;
    for (member, sampled) in members.iter().zip(&sampled) {
        println!(
            "| {:<38} | {:>11.1} | {:>11.1} | {:>11.2} |",
            member.name,
            sampled.median(),
            sampled.least(),
            sampled.allocations() as f64 / sampled.exchanges() as f64,
        );
        clean &= member.may_allocate || sampled.is_clean(member.name);
    }
    println!();
    clean
}

/// Counts what the filter lets through and prints a table; whether everything kept within its bound.
///
/// # Errors
/// Why there is nothing to count with.
pub(crate) fn instructions(filter: &str) -> Result<bool, String> {
    if !has(filter) {
        return Ok(true);
    }
    println!("| {:<38} | instructions |   bound |", "a jar, once");
    println!("|---|---:|---:|");
    let mut within = true;
    for Member { name, bound, .. } in members(filter) {
        // Once round all domains.
        let instructions = per_exchange(name, DOMAINS as u64)?;
        println!("| {name:<38} | {instructions:>12} | {bound:>7} |");
        if instructions > *bound {
            within = false;
            eprintln!("{name}: {instructions} instructions; its bound is {bound}");
        }
    }
    println!();
    Ok(within)
}
