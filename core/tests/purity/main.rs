//! The core has no hands and no watch, and its floors stand on one another: read off its own source.
//!
//! Every file of `src/` is cut into words (comments, literals and whatever is `#[cfg(test)]` are not code) and the words
//! into paths, with groups unfolded, so that `use std::{io, net}` is seen to say `std::net`. Then we ask three things of
//! each file: no banned name, no import that points up or sideways, no room that has outgrown the house.
//!
//! What this cannot see: a name that a macro puts together, and what another crate does for us. For the second there are
//! `deny.toml` and the gate's build for `wasm32-unknown-unknown`.

mod paths;
mod source;
mod words;

use source::{Source, sources};

/// Names that core does not say, as segments of a path. A macro has its `!`.
const BANNED: &[&str] = &[
    // Hands. (Addresses come from `core::net`.)
    "std::net",
    "std::fs",
    "std::env",
    "std::os",
    "std::process",
    "std::thread",
    "stdin",
    "stdout",
    "stderr",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    // A watch. (`core::time::Duration` is a number, and allowed.)
    "std::time",
    "Instant",
    "SystemTime",
    // Chance: the generators, and every constructor that takes the hasher which the system seeds.
    "rand",
    "getrandom",
    "RandomState",
    "HashMap::new",
    "HashMap::default",
    "HashMap::from",
    "HashMap::with_capacity",
    "HashSet::new",
    "HashSet::default",
    "HashSet::from",
    "HashSet::with_capacity",
    // Globals, and the back door.
    "static mut",
    "thread_local!",
    "unsafe",
];

/// Imports point down; folders on one floor do not know each other.
const FLOORS: &[(&str, u8)] = &[
    ("base", 1),
    ("syntax", 2),
    ("message", 3),
    ("cookie", 3),
    ("pool", 3),
    ("dial", 3),
    ("policy", 4),
    ("wire", 4),
    ("policy", 4),
    ("content", 4),
    ("tls", 4),
    ("connection", 5),
    ("session", 6),
    ("engine", 7),
    ("client", 8),
    ("view", 7),
];

/// Lines of a file without its tests: above the first we say so, above the second we fail.
const ROOM: usize = 400;
const OVERGROWN: usize = 700;

#[test]
fn core_has_no_hands_and_no_watch() {
    report(sources().iter().flat_map(banned_names));
}

#[test]
fn imports_point_down_the_floors() {
    report(sources().iter().flat_map(imports_off_their_floor));
}

#[test]
fn files_are_rooms() {
    let sources = sources();
    for file in sources.iter().filter(|file| file.lines > ROOM) {
        println!(
            "note: {} has {} lines without its tests",
            file.name, file.lines
        );
    }
    let overgrown = sources.iter().filter(|file| file.lines > OVERGROWN);
    report(overgrown.map(|file| {
        format!(
            "{}:{OVERGROWN}: and still no end, at {}",
            file.name, file.lines
        )
    }));
}

fn report(violations: impl Iterator<Item = String>) {
    let violations = Vec::from_iter(violations);
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn banned_names(file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for path in file.paths() {
        for banned in BANNED.iter().filter(|banned| path.says(banned)) {
            found.push(format!(
                "{}:{}: `{path}` says `{banned}`",
                file.name, path.line
            ));
        }
    }
    found
}

fn imports_off_their_floor(file: &Source) -> Vec<String> {
    let Some(home) = file.folder() else {
        return Vec::new(); // lib.rs, the roof
    };
    let Some(own) = floor(home) else {
        return vec![format!("{}:1: `{home}` stands on no floor", file.name)];
    };
    let mut found = Vec::new();
    for path in file.paths() {
        let Some(target) = path.below_the_root(file.depth()) else {
            continue;
        };
        let verdict = match floor(target) {
            _ if target == home => continue,
            Some(there) if there < own => continue,
            Some(there) if there == own => "is on the same floor",
            Some(_) => "is above",
            None => "is no floor: name the folder where it lives",
        };
        found.push(format!(
            "{}:{}: `{path}`: `{target}` {verdict}",
            file.name, path.line
        ));
    }
    found
}

fn floor(folder: &str) -> Option<u8> {
    let (_, number) = FLOORS.iter().find(|(name, _)| *name == folder)?;
    Some(*number)
}

// The checker itself must be able to fail.

#[cfg(test)]
mod tests {
    use super::*;

    fn banned_in(text: &str) -> Vec<String> {
        banned_names(&Source::new("src/wire/x.rs", text))
    }

    fn misplaced_in(name: &str, text: &str) -> Vec<String> {
        imports_off_their_floor(&Source::new(name, text))
    }

    #[test]
    fn each_banned_name_is_found_on_its_line() {
        for banned in BANNED {
            let found = banned_in(&format!("fn f() {{\n    {banned} x;\n}}"));
            assert_eq!(found.len(), 1, "{banned}: {found:?}");
            assert!(found[0].starts_with("src/wire/x.rs:2: "), "{found:?}");
        }
    }

    #[test]
    fn a_banned_name_is_found_in_every_spelling() {
        let spellings = [
            "use std::net::TcpStream;",
            "use std::{io, net::TcpStream};",
            "use std::{\n    collections::{HashMap, hash_map},\n    fs,\n};",
            "use ::std::time::Duration;",
            "use std::io as net, std::{io::{self as i}, env as e};",
            "let t: std::time::Instant;",
            "let m = HashMap::<u8, fn() -> u8>::new();",
            "let m = std::collections::HashSet::<Vec<Vec<u8>>>::with_capacity(1);",
            "let x = unsafe { *p };",
            "pub static mut COUNT: u8 = 0;",
            "let url = \"http://\"; println!(\"{url}\");",
            "let quote = '\"'; dbg!(quote); let end = '\"';",
            "/* one /* inner */ still */ std::process::exit(1)",
            "let r = r#\"a \" b\"#; rand::random()",
            "fn f<'a>(x: &'a str) { std::env::var(x) }",
        ];
        for text in spellings {
            assert!(!banned_in(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_banned_name_passes() {
        let innocent = [
            "// std::net\n/// Instant\n//! println!",
            "/* std::fs /* dbg!() */ unsafe */",
            "let text = \"std::net \\\" unsafe\"; let raw = r#\"Instant \" rand::\"#;",
            "use core::time::Duration; use core::net::IpAddr;",
            "use std::{io, collections::HashMap};",
            "#![forbid(unsafe_code)]",
            "let brand = operand::of(x); InstantLike",
            "HashMap::with_hasher(seeded)",
            "fn print(x: u8) -> bool { x != 1 }",
        ];
        for text in innocent {
            assert_eq!(banned_in(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn tests_are_not_looked_at_but_what_follows_them_is() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    fn b() { \"}\"; dbg!(1); }\n}\nfn c() { dbg!(2); }";
        let found = banned_in(text);
        assert_eq!(found, ["src/wire/x.rs:7: `dbg!` says `dbg!`"]);
        assert_eq!(Source::new("src/wire/x.rs", text).lines, 2);
        assert_eq!(banned_in("#[cfg(test)]\nmod tests;\nuse std::fs;").len(), 1);
        assert_eq!(
            banned_in("struct S {\n#[cfg(test)]\nx: Instant }\nfn f() { dbg!(1) }").len(),
            1
        );
    }

    #[test]
    fn imports_up_or_sideways_are_found() {
        let wrong = [
            ("src/wire/x.rs", "use crate::connection::Connection;"),
            ("src/wire/x.rs", "fn f() -> crate::session::Error {}"),
            ("src/wire/x.rs", "use crate::{base::Now, engine::Engine};"),
            ("src/wire/x.rs", "use super::super::engine;"),
            ("src/wire/mod.rs", "use super::engine;"),
            ("src/wire/deep/x.rs", "use super::super::super::engine;"),
            ("src/engine/x.rs", "use crate::client::IntoUrl;"),
            ("src/message/x.rs", "use crate::pool::OriginId;"),
            ("src/wire/x.rs", "use crate::Limits;"),
            ("src/wire/x.rs", "use crate::*;"),
            ("src/cellar/x.rs", ""),
        ];
        for (name, text) in wrong {
            let found = misplaced_in(name, text);
            assert_eq!(found.len(), 1, "{name}: {text}: {found:?}");
            assert!(found[0].starts_with(&format!("{name}:1: ")), "{found:?}");
        }
    }

    #[test]
    fn imports_down_or_at_home_pass() {
        let right = [
            (
                "src/wire/x.rs",
                "use crate::{base::Now, message::{Fields, Known}};",
            ),
            (
                "src/wire/x.rs",
                "use super::framing::Framing; use super::super::base::Now;",
            ),
            ("src/wire/x.rs", "use crate::wire::framing; use self::x::y;"),
            (
                "src/wire/mod.rs",
                "pub(crate) use framing::Framing; use super::base;",
            ),
            ("src/wire/deep/x.rs", "use super::super::framing;"),
            (
                "src/lib.rs",
                "pub use session::Config; use crate::engine::Engine;",
            ),
            (
                "src/wire/x.rs",
                "#[cfg(test)]\nmod tests { use crate::engine::Engine; }",
            ),
            (
                "src/wire/x.rs",
                "/// See [`crate::engine::Engine`].\nfn f() {}",
            ),
        ];
        for (name, text) in right {
            assert_eq!(misplaced_in(name, text), [""; 0], "{name}: {text}");
        }
    }
}
