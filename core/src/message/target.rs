//! Request targets (RFC 9112 §3.2): what stands between the method and the version.

use url::{Position, Url};

/// A request target that cannot break the request line: its constructor looked at every octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestTarget<'a>(&'a str);

impl<'a> RequestTarget<'a> {
    /// origin-form = absolute-path [ "?" query ]; userinfo and fragment never go on the wire.
    ///
    /// The URL parser has escaped what may not stand here. We look again, because this is where a request would be
    /// split if it ever had not: `None` then.
    pub(crate) fn origin_form(url: &'a Url) -> Option<Self> {
        let target = &url[Position::BeforePath..Position::AfterQuery];
        let valid =
            target.starts_with('/') && target.bytes().all(|octet| (0x21..=0x7e).contains(&octet));
        valid.then_some(Self(target))
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_path_and_query() {
        for (url, target) in [
            ("http://u:p@example.org", "/"),
            ("http://example.org?", "/?"),
            (
                "http://example.org/a b/\u{e9}?q=\r\n1#part",
                "/a%20b/%C3%A9?q=1",
            ),
            ("http://example.org/%0d%0a", "/%0d%0a"),
        ] {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(
                RequestTarget::origin_form(&url).map(RequestTarget::as_str),
                Some(target)
            );
        }
    }
}
