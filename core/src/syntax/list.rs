//! The list rule of RFC 9110 §5.6.1: elements divided by commas, blanks around them, empty ones ignored.

use super::chars::trim_ows;

/// The elements of a comma-separated list, trimmed, without the empty ones.
///
/// For lists of tokens only: a comma inside a quoted string divides too.
pub(crate) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&octet| octet == b',')
        .map(trim_ows)
        .filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_elements_do_not_count() {
        let read = |value: &'static str| {
            elements(value.as_bytes())
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            read(", close ,,\tkeep-alive,"),
            [b"close".to_vec(), b"keep-alive".to_vec()]
        );
        assert!(read(" , ").is_empty());
    }
}
