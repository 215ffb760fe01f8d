//! Content as text.

/// Content as UTF-8, with a byte order mark dropped and what is no UTF-8 replaced by U+FFFD.
pub fn text_from(content: Vec<u8>) -> String {
    let content = match content.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => content,
    };
    String::from_utf8(content)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_fails() {
        assert_eq!(text_from(b"plain".to_vec()), "plain");
        assert_eq!(text_from(b"\xef\xbb\xbfmarked".to_vec()), "marked");
        assert_eq!(text_from(b"a\xffb".to_vec()), "a\u{fffd}b");
    }
}
