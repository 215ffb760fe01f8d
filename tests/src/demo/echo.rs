//! Requests told back: as JSON, and query pairs as response fields.
//!
//! The boundary: nothing that a client sends may change the framing of what it gets.

use std::fmt::Write;

use crate::origin::Request;

/// The request as one line of JSON (RFC 8259); octets that are not UTF-8 become U+FFFD.
pub(super) fn json(request: &Request) -> String {
    let mut fields = String::new();
    for (name, value) in &request.fields {
        let comma = if fields.is_empty() { "" } else { "," };
        let (name, value) = (quoted(name.as_bytes()), quoted(value));
        // Writing to a `String` cannot fail.
        let _ = write!(fields, "{comma}[{name},{value}]");
    }
    let method = quoted(request.method.as_bytes());
    let target = quoted(request.target.as_bytes());
    let content = quoted(&request.content);
    format!(
        "{{\"method\":{method},\"target\":{target},\"fields\":[{fields}],\"content\":{content}}}\n"
    )
}

fn quoted(text: &[u8]) -> String {
    let mut quoted = String::from('"');
    for character in String::from_utf8_lossy(text).chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            // Writing to a `String` cannot fail.
            '\0'..='\x1f' => drop(write!(quoted, "\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// The pairs of a query as field names and values, or nothing if one of them may not be a field.
pub(super) fn decoded_pairs(query: &str) -> Option<Vec<(String, String)>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(decoded_pair).collect()
}

fn decoded_pair(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (decoded(name)?, decoded(value)?);
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c));
    let is_value = !value.chars().any(char::is_control);
    let frames = ["content-length", "transfer-encoding"]
        .iter()
        .any(|framing| name.eq_ignore_ascii_case(framing));
    (is_name && is_value && !frames).then_some((name, value))
}

/// Undoes `application/x-www-form-urlencoded`; strict about `%`.
fn decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        decoded.push(match octet {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            octet => octet,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_escapes_what_json_demands() {
        assert_eq!(
            quoted("a\"b\\c\n\u{e9}\0".as_bytes()),
            "\"a\\\"b\\\\c\\u000a\u{e9}\\u0000\""
        );
        assert_eq!(quoted(b"\xff"), "\"\u{fffd}\"");
    }

    #[test]
    fn decoded_pairs_takes_fields_only() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(decoded_pairs(""), Some(vec![]));
        assert_eq!(
            decoded_pairs("A=b+c%3D&&D&A="),
            Some(vec![pair("A", "b c="), pair("D", ""), pair("A", "")])
        );
        for query in [
            "=a",
            "a%20b=c",
            "A=%0d%0aB:c",
            "A=%4",
            "A=%zz",
            "A=%ff",
            "content-Length=1",
            "Transfer-Encoding=x",
        ] {
            assert_eq!(decoded_pairs(query), None, "{query}");
        }
    }
}
