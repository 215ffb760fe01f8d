//! Every seed, and many mutations of them, through the invariants: what a stable toolchain can do of the fuzzing.

use std::fs;
use std::path::Path;

#[test]
fn responses_keep_their_invariant() {
    hold("response", sessile_fuzz::response, 20_000);
}

#[test]
fn requests_keep_their_invariant() {
    // Fewer: the largest seeds cost a millisecond each, octet by octet in a debug build.
    hold("request", sessile_fuzz::request, 5_000);
}

#[test]
fn encoded_heads_keep_their_invariant() {
    hold("encode", sessile_fuzz::encode, 10_000);
}

#[test]
fn uploads_keep_their_invariant() {
    hold("upload", sessile_fuzz::upload, 10_000);
}

#[test]
fn connections_send_what_they_announced() {
    hold("sending", sessile_fuzz::sending, 10_000);
}

#[test]
fn answers_say_what_went_into_them() {
    hold("challenge", sessile_fuzz::challenge, 20_000);
}

#[test]
fn jars_send_what_they_must() {
    hold("cookies", sessile_fuzz::cookies, 4_000);
}

#[test]
fn proxies_are_what_their_values_say() {
    hold("proxies", sessile_fuzz::proxies, 20_000);
}

#[test]
fn connections_are_made_or_not_whatever_is_said() {
    // Fewer: most of them draw keys.
    hold("making", sessile_fuzz::making, 3_000);
}

/// Each difference that is let pass stands in the page that explains it.
#[test]
fn known_differences_are_on_the_page() {
    let page = fs::read_to_string(folder().join("README.md")).expect("the page");
    for row in sessile_fuzz::differences() {
        assert!(page.lines().any(|line| line == row), "{row}");
    }
}

#[test]
fn others_read_the_same_or_it_is_explained() {
    hold("response", sessile_fuzz::differential, 10_000);
    hold("differential", sessile_fuzz::differential, 5_000);
}

/// Fields of every length from just below the first size of the receive buffer (8 KiB): its edge comes to lie at each
/// place of the message, and octets have to move.
#[test]
fn the_edge_of_the_buffer_changes_nothing() {
    const LINE: &[u8] = b"\r\n";
    for (name, seed) in seeds("response") {
        let moves = ["/chunked-trailers", "/chunked-trailers-folded", "/interim"];
        if !moves.iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let first_line = seed.windows(2).position(|pair| pair == LINE);
        let (line, rest) = seed.split_at(first_line.expect("a line"));
        for beyond in 0..rest.len() + 16 {
            let padding = [b"\r\nPadding: ", &[b'x'; 8 * 1024][beyond..]].concat();
            holds(
                &name,
                sessile_fuzz::response,
                &[line, &padding, rest].concat(),
            );
        }
    }
}

/// Runs every seed of a target, and so many mutations of them.
fn hold(target: &str, invariant: fn(&[u8]), mutations: usize) {
    let seeds = seeds(target);
    for (name, input) in &seeds {
        holds(name, invariant, input);
    }
    let words = dictionary();
    let mut chance = Chance(0x5e55_11e5);
    for number in 0..mutations {
        let (name, seed) = &seeds[chance.below(seeds.len())];
        let other = &seeds[chance.below(seeds.len())].1;
        let mut input = seed.clone();
        for _ in 0..=chance.below(4) {
            mutate(&mut input, other, &words, &mut chance);
        }
        holds(&format!("{name}, mutation {number}"), invariant, &input);
    }
}

/// Runs an invariant; if it does not hold, prints the input that libFuzzer would have written to a file.
fn holds(name: &str, invariant: fn(&[u8]), input: &[u8]) {
    if std::panic::catch_unwind(|| invariant(input)).is_err() {
        panic!("{name}: b\"{}\"", input.escape_ascii());
    }
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The seeds in the order of their names, so that a mutation's number says which one it is.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder().join("seeds").join(target)).expect("a folder of seeds");
    let mut seeds: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let octets = fs::read(&path).expect("a seed");
            (path.display().to_string(), octets)
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty());
    seeds
}

/// The words of the dictionary: `name="octets"`, in which `\x` and `\"` stand for what cannot stand for itself.
fn dictionary() -> Vec<Vec<u8>> {
    let text = fs::read_to_string(folder().join("dictionary/http.dict")).expect("the dictionary");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(word).collect()
}

fn word(line: &str) -> Vec<u8> {
    let quoted = line.split_once('=').expect("a name").1;
    let mut rest = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .expect("quotes");
    let mut octets = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (octet, length) = match rest.strip_prefix("\\x") {
            Some(digits) => (u8::from_str_radix(&digits[..2], 16).expect("digits"), 4),
            None if first == '\\' => (rest.as_bytes()[1], 2),
            None => (rest.as_bytes()[0], 1),
        };
        octets.push(octet);
        rest = &rest[length..];
    }
    octets
}

/// One change of the kinds that libFuzzer makes.
fn mutate(input: &mut Vec<u8>, other: &[u8], words: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(input.len() + 1);
    let end = (at + 1 + chance.below(8)).min(input.len());
    match chance.below(6) {
        0 => input
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|octet| *octet ^= 1 << chance.below(8)),
        1 => input
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|octet| *octet = chance.octet()),
        2 => drop(input.drain(at..end)),
        3 => {
            let again = input[at..end].to_vec();
            input.splice(at..at, again);
        }
        4 => {
            let word = &words[chance.below(words.len())];
            input.splice(at..at, word.iter().copied());
        }
        _ => {
            input.truncate(at);
            input.extend_from_slice(&other[other.len().min(at)..]);
        }
    }
}

/// Marsaglia's xorshift: the same mutations on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        usize::try_from(self.next() % bound).expect("less than a usize")
    }

    fn octet(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }
}
