//! Character classes of RFC 9110 §5.6 and the search for line ends.

use crate::base::work;

/// One bit per class for each of the 256 octets.
const CLASSES: [u8; 256] = classes();
const TOKEN: u8 = 1;
const VALUE: u8 = 2;
const CONTROL: u8 = 4;

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = class_of(octet);
        octet += 1;
    }
    table
}

const fn class_of(octet: usize) -> u8 {
    // tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
    let token = matches!(octet, 0x21 | 0x23..=0x27 | 0x2a | 0x2b | 0x2d | 0x2e | 0x30..=0x39 | 0x41..=0x5a | 0x5e..=0x7a | 0x7c | 0x7e);
    // field-vchar and the blanks between them; obs-text (0x80 and above) is opaque data. No other control octet.
    let value = matches!(octet, 0x09 | 0x20..=0x7e | 0x80..=0xff);
    let control = !value && !matches!(octet, 0x00 | 0x0a | 0x0d);
    (if token { TOKEN } else { 0 })
        | (if value { VALUE } else { 0 })
        | (if control { CONTROL } else { 0 })
}

/// token = 1*tchar
pub(crate) fn is_token(octets: &[u8]) -> bool {
    !octets.is_empty()
        && octets
            .iter()
            .all(|&octet| CLASSES[octet as usize] & TOKEN != 0)
}

fn is_token_octet(octet: u8) -> bool {
    CLASSES[octet as usize] & TOKEN != 0
}

/// Whether every octet may stand in a field value; `controls` lets all in but those that could end a line or a string.
pub(crate) fn is_field_value(octets: &[u8], controls: bool) -> bool {
    let allowed = VALUE | if controls { CONTROL } else { 0 };
    octets
        .iter()
        .all(|&octet| CLASSES[octet as usize] & allowed != 0)
}

/// Whether the octet may stand in a field value.
pub(crate) fn is_value_octet(octet: u8) -> bool {
    CLASSES[octet as usize] & VALUE != 0
}

/// reg-name, and IPv4address with it, that is not empty (RFC 3986 §3.2.2). Escapes are not looked into.
pub(crate) fn is_host_name(octets: &[u8]) -> bool {
    let allowed = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~!$&'()*+;=%,".contains(octet);
    !octets.is_empty() && octets.iter().all(allowed)
}

/// OWS = *( SP / HTAB )
pub(crate) fn is_blank(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

/// The octets without the optional white space in front of them.
pub(crate) fn trim_ows_front(mut octets: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = octets
        && is_blank(*first)
    {
        octets = rest;
    }
    octets
}

/// The octets without the optional white space around them.
pub(crate) fn trim_ows(octets: &[u8]) -> &[u8] {
    let mut octets = trim_ows_front(octets);
    while let [rest @ .., last] = octets
        && is_blank(*last)
    {
        octets = rest;
    }
    octets
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// The high bit of each octet that is zero. Exact for the first such octet; the ones behind it may be marked falsely.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// Which octet of a word the first marked one is.
fn first_marked(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// How many octets at the front are surely of a field value: printable, a space, or beyond ASCII. It stops at the first
/// control octet, be it a tab.
#[inline]
pub(crate) fn plain_value_length(octets: &[u8]) -> usize {
    let mut rest = octets;
    while let Some((words, tail)) = rest.split_first_chunk::<16>() {
        let (first, second) = words.split_at(8);
        let (first, second) = (controls(first), controls(second));
        if first | second != 0 {
            let before = octets.len() - rest.len();
            return match first {
                0 => before + 8 + first_marked(second),
                _ => before + first_marked(first),
            };
        }
        rest = tail;
    }
    let end = rest.iter().position(|octet| !is_plain(*octet));
    octets.len() - rest.len() + end.unwrap_or(rest.len())
}

/// Marks control octets and DEL among eight octets; exact for the first.
#[inline]
fn controls(eight: &[u8]) -> u64 {
    const SPACES: u64 = ONES * 0x20;
    const DELETES: u64 = ONES * 0x7f;
    let word = word(eight);
    // An octet below 0x20 borrows from its high bit, and so does a zero that loses one; neither had that bit before.
    let below = word.wrapping_sub(SPACES);
    let deleted = (word ^ DELETES).wrapping_sub(ONES);
    (below | deleted) & !word & HIGH
}

#[inline]
fn word(eight: &[u8]) -> u64 {
    eight
        .first_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

fn is_plain(octet: u8) -> bool {
    is_value_octet(octet) && octet != b'\t'
}

/// How many octets at the front form a token, perhaps none.
///
/// Names are letters and hyphens, nearly always: eight of them a step; the table has the last word.
#[inline]
pub(crate) fn token_length(octets: &[u8]) -> usize {
    const SMALL: u64 = ONES * 0x20;
    const FROM_A: u64 = ONES * (0x80 - b'a' as u64);
    const AFTER_Z: u64 = ONES * (0x80 - b'z' as u64 - 1);
    const HYPHENS: u64 = ONES * b'-' as u64;
    let mut rest = octets;
    while let Some((eight, tail)) = rest.split_first_chunk::<8>() {
        let word = word(eight);
        let small = word | SMALL;
        let not_letter = !small.wrapping_add(FROM_A) | small.wrapping_add(AFTER_Z);
        // An octet that is no hyphen keeps a bit when the hyphen is taken out, and 0x7f carries that to its high bit.
        let not_hyphen = (word ^ HYPHENS).wrapping_add(!HIGH);
        // What an octet beyond ASCII carries over spoils only octets behind it, and it is marked itself.
        let others = (not_letter & not_hyphen | word) & HIGH;
        if others == 0 {
            rest = tail;
            continue;
        }
        let at = first_marked(others);
        match rest.get(at) {
            Some(octet) if is_token_octet(*octet) => rest = &rest[at + 1..],
            _ => return octets.len() - rest.len() + at,
        }
    }
    let end = rest.iter().position(|octet| !is_token_octet(*octet));
    octets.len() - rest.len() + end.unwrap_or(rest.len())
}

/// Where the first line feed stands at or after `from`.
///
/// Eight octets a step: this scan sees every octet of every head that does not arrive whole.
pub(crate) fn find_line_feed(octets: &[u8], from: usize) -> Option<usize> {
    let found = search_line_feed(octets, from);
    work::note(found.unwrap_or(octets.len()).saturating_sub(from));
    found
}

#[inline]
fn search_line_feed(octets: &[u8], from: usize) -> Option<usize> {
    const LINE_FEEDS: u64 = ONES * b'\n' as u64;
    let mut at = from;
    let mut rest = octets.get(from..)?;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        let marks = zeros(u64::from_le_bytes(*word) ^ LINE_FEEDS);
        if marks != 0 {
            return Some(at + first_marked(marks));
        }
        at += 8;
        rest = tail;
    }
    rest.iter()
        .position(|&octet| octet == b'\n')
        .map(|offset| at + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_octets_have_their_class() {
        for octet in 0..=255u8 {
            let token = octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
            assert_eq!(is_token(&[octet]), token, "{octet:#x}");
            let value = octet == b'\t' || (octet >= b' ' && octet != 0x7f);
            assert_eq!(is_field_value(&[octet], false), value, "{octet:#x}");
            let ends = matches!(octet, 0 | b'\n' | b'\r');
            assert_eq!(is_field_value(&[octet], true), !ends, "{octet:#x}");
        }
        assert!(!is_token(b""));
        assert!(is_field_value(b"", false));
    }

    #[test]
    fn blanks_are_trimmed_at_both_ends() {
        for (text, trimmed) in [("", ""), (" \t ", ""), (" a b\t", "a b"), ("a", "a")] {
            assert_eq!(trim_ows(text.as_bytes()), trimmed.as_bytes());
        }
    }

    #[test]
    fn line_feeds_are_found_at_every_place() {
        for length in 0..40 {
            for place in 0..length {
                // The neighbours that differ in one bit must not be taken for it.
                let mut octets = vec![0x0b; length];
                octets[place] = b'\n';
                for from in 0..=length {
                    let expected = (from <= place).then_some(place);
                    assert_eq!(find_line_feed(&octets, from), expected);
                }
            }
            assert_eq!(find_line_feed(&vec![0x8a; length], 0), None);
        }
        assert_eq!(find_line_feed(b"\n", 5), None);
    }

    #[test]
    fn eight_octets_at_a_step_are_as_good_as_one() {
        let mut chance = 0x5e55_11e5_u64;
        let mut octet = || {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let [kind, any, ..] = chance.to_le_bytes();
            match kind % 16 {
                0 => any,
                1 => b"-:\t \r\n\x7f\x80@[`{_~09"[any as usize % 16],
                2..8 => b'A' + any % 26,
                _ => b'a' + any % 26,
            }
        };
        for length in 0..40 {
            for _ in 0..400 {
                let octets: Vec<u8> = (0..length).map(|_| octet()).collect();
                let token = octets.iter().take_while(|octet| is_token(&[**octet]));
                assert_eq!(token_length(&octets), token.count(), "{octets:?}");
                let plain = octets.iter().take_while(|octet| is_plain(**octet));
                assert_eq!(plain_value_length(&octets), plain.count(), "{octets:?}");
            }
        }
    }
}
