//! The project's vectors, and those of the public suites where somebody has them.
//!
//! `tests/data/` holds the project's own. `SESSILE_VECTORS` names a folder with all of them; where it is set, the files
//! must be there.

use std::path::{Path, PathBuf};

use sessile_tests::verdicts::{Kind, Strictness, Tally, run};

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

fn judge(folder: &Path, name: &str, kind: Kind) -> (Tally, String) {
    let file = folder.join(name).with_extension("jsonl");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    let mut out = Vec::new();
    let tally = run(kind, &text, Strictness::Allowed, &mut out).expect("no line is damaged");
    (tally, String::from_utf8(out).expect("text"))
}

fn all_pass(folder: &Path) {
    for (name, kind) in Kind::ALL {
        let (tally, said) = judge(folder, name, kind);
        println!("{name}: {tally}");
        assert!(
            tally.cases > 0 && tally.failed == 0,
            "{name}: {tally}\n{said}"
        );
    }
}

#[test]
fn our_own_vectors_pass() {
    all_pass(&own());
}

#[test]
fn the_vectors_of_public_suites_pass() {
    match std::env::var_os("SESSILE_VECTORS") {
        Some(folder) => all_pass(Path::new(&folder)),
        None => println!("SESSILE_VECTORS is not set: only our own vectors were judged"),
    }
}

/// A runner that cannot fail says nothing: each case of ours, told to expect something else, must not pass.
#[test]
fn a_wrong_expectation_does_not_pass() {
    let wrong = [
        (
            Kind::Heads,
            "heads",
            "HTTP/1.1\\r\\nHost",
            "HTTP/1.0\\r\\nHost",
        ),
        (Kind::Heads, "heads", "\"error\": \"", "\"error\": \"un"),
        (
            Kind::Reuse,
            "reuse",
            "\"reuse\": true, \"reason\": null",
            "\"reuse\": false, \"reason\": \"none\"",
        ),
        (
            Kind::Reuse,
            "reuse",
            "\"idle_limit\": 9",
            "\"idle_limit\": 19",
        ),
        (Kind::Reuse, "reuse", "\"why\": \"", "\"why\": \"un"),
        (Kind::Retries, "retries", "\"wait\": 0.", "\"wait\": 7."),
        (Kind::Retries, "retries", "\"stop\": \"", "\"stop\": \"un"),
        (
            Kind::Retries,
            "retries",
            "\"result\": \"error\"",
            "\"result\": \"response\"",
        ),
        (
            Kind::Redirects,
            "redirects",
            "\"end\": \"response\"",
            "\"end\": {\"error\": \"too-many\"}",
        ),
        (
            Kind::Redirects,
            "redirects",
            "\"end\": {\"error\": \"",
            "\"end\": {\"error\": \"un",
        ),
        (
            Kind::Redirects,
            "redirects",
            "\"basic\": \"",
            "\"basic\": \"x",
        ),
        (
            Kind::Redirects,
            "redirects",
            "\"expect\": {\"requests\": [{\"method\": \"GET\"",
            "\"expect\": {\"requests\": [{\"method\": \"PUT\"",
        ),
        (
            Kind::Digest,
            "digest",
            "\"response\": \"",
            "\"response\": \"0",
        ),
        (
            Kind::Digest,
            "digest",
            "\"expect\": {\"none\": true",
            "\"expect\": {\"none\": false",
        ),
        (Kind::Digest, "digest", "\"error\": \"", "\"error\": \"un"),
        (
            Kind::Digest,
            "digest",
            "\"nc\": \"0000000",
            "\"nc\": \"0000001",
        ),
        (
            Kind::Digest,
            "digest",
            "\"username*\": \"UTF-8",
            "\"username*\": \"utf-8",
        ),
        (
            Kind::Proxies,
            "proxies",
            "\"expect\": {\"proxy\": null",
            "\"expect\": {\"proxy\": \"http://px.test:3128\"",
        ),
        (
            Kind::Proxies,
            "proxies",
            "\"expect\": {\"proxy\": \"",
            "\"expect\": {\"proxy\": \"x",
        ),
        (Kind::Proxies, "proxies", "\"user\": \"", "\"user\": \"x"),
        (
            Kind::Proxies,
            "proxies",
            "\"password\": \"",
            "\"password\": \"x",
        ),
        (Kind::Proxies, "proxies", "\"error\": \"", "\"error\": \"un"),
        (
            Kind::Cookies,
            "cookies",
            "\"rfc6265bis\": [null]",
            "\"rfc6265bis\": [\"a=b\"]",
        ),
        (
            Kind::Cookies,
            "cookies",
            "\"rfc6265bis\": [\"a=b\"]",
            "\"rfc6265bis\": [null]",
        ),
        (
            Kind::Cookies,
            "cookies",
            "\"rfc6265bis\": [\"a=b\", null]",
            "\"rfc6265bis\": [\"a=b\"]",
        ),
        (
            Kind::CookieDates,
            "cookie-dates",
            "\"unix\": null",
            "\"unix\": 1",
        ),
        (
            Kind::CookieDates,
            "cookie-dates",
            "\"unix\": 1",
            "\"unix\": 2",
        ),
        (
            Kind::Responses,
            "responses",
            "\"outcome\": \"complete\"",
            "\"outcome\": \"error\"",
        ),
        (
            Kind::Responses,
            "responses",
            "\"outcome\": \"need-more\"",
            "\"outcome\": \"complete\"",
        ),
        (
            Kind::Responses,
            "responses",
            "\"version\": \"1.",
            "\"version\": \"2.",
        ),
        (
            Kind::Responses,
            "responses",
            "\"leftover\": \"",
            "\"leftover\": \"x",
        ),
        (Kind::Dial, "dial", "\"do\": \"won\"", "\"do\": \"idle\""),
        (Kind::Dial, "dial", "\"why\": \"", "\"why\": \"un"),
        (
            Kind::Dial,
            "dial",
            "\"t\": 250, \"do\": \"dial\"",
            "\"t\": 251, \"do\": \"dial\"",
        ),
        (Kind::Dial, "dial", "\"do\": \"close\"", "\"do\": \"dial\""),
    ];
    for (kind, name, right, other) in wrong {
        let file = own().join(name).with_extension("jsonl");
        let text = std::fs::read_to_string(file).expect("our own vectors");
        let changed: Vec<_> = text
            .lines()
            .filter(|line| line.contains(right))
            // What only an alternative or a lenient reader says may be wrong without harm.
            .filter(|line| {
                !["allowed", "also", "lenient"]
                    .iter()
                    .any(|key| line.contains(&format!("\"{key}\"")))
            })
            .filter(|line| is_compared(line, right))
            .map(|line| line.replace(right, other))
            .collect();
        let mut out = Vec::new();
        let judged = run(kind, &changed.join("\n"), Strictness::Allowed, &mut out);
        let tally = judged.expect("no line is damaged");
        assert!(tally.cases > 0, "{name}: {right}");
        assert_eq!(
            tally.cases,
            tally.failed,
            "{name}: {other}\n{}",
            String::from_utf8_lossy(&out)
        );
    }
}

/// Of a case that ends in an error, what was delivered before it may be less than what is written.
fn is_compared(line: &str, right: &str) -> bool {
    !right.contains("version") || line.contains("\"outcome\": \"complete\"")
}
