//! Character classes of RFC 9110 §5.6 and the search for line ends.

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

/// Where the first line feed stands at or after `from`.
///
/// Eight octets a step: this scan sees every octet of every head.
pub(crate) fn find_line_feed(octets: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    const LINE_FEEDS: u64 = ONES * b'\n' as u64;
    let mut at = from;
    let mut rest = octets.get(from..)?;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        // An octet of `differs` is zero where a line feed stands; the classic test marks the first such octet exactly.
        let differs = u64::from_le_bytes(*word) ^ LINE_FEEDS;
        let zeros = differs.wrapping_sub(ONES) & !differs & HIGH;
        if zeros != 0 {
            return Some(at + (zeros.trailing_zeros() / 8) as usize);
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
}
