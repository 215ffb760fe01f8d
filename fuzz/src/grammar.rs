//! The small rules of RFC 9110 that several readers here share: tokens and field values.

/// token = 1*tchar (RFC 9110 §5.6.2)
static TOKEN: [bool; 256] = {
    let (mut table, mut octet) = ([false; 256], 0);
    while octet < 256 {
        table[octet] = matches!(octet, 0x21..=0x7e) && !is_delimiter(octet);
        octet += 1;
    }
    table
};

/// Delimiters: DQUOTE and "(),/:;<=>?@[\]{}"
const fn is_delimiter(octet: usize) -> bool {
    matches!(octet, 0x22 | 0x28 | 0x29 | 0x2c | 0x2f | 0x3a..=0x40 | 0x5b..=0x5d | 0x7b | 0x7d)
}

pub(crate) fn is_token(octets: &[u8]) -> bool {
    !octets.is_empty() && octets.iter().all(|octet| TOKEN[usize::from(*octet)])
}

/// field-value (RFC 9110 §5.5), without the blanks around it: no control octet but HTAB.
pub(crate) fn is_value(octets: &[u8]) -> bool {
    !octets.iter().any(|octet| is_control(*octet)) && octets == trim(octets)
}

/// A control octet that no leniency and no grammar lets into a value; HTAB is white space.
pub(crate) fn is_control(octet: u8) -> bool {
    octet.is_ascii_control() && octet != b'\t'
}

/// Without the OWS around it: SP and HTAB, and nothing else.
pub(crate) fn trim(mut octets: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = octets {
        octets = rest;
    }
    octets
}

/// The elements of a comma-separated list, blanks around them dropped, empty ones too (RFC 9110 §5.6.1).
pub(crate) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let parts = value.split(|&octet| octet == b',').map(trim);
    parts.filter(|element| !element.is_empty())
}
