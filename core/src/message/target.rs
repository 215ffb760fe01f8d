//! Request targets (RFC 9112 §3.2): what stands between the method and the version.

use url::{Position, Url};

use super::Origin;

/// A request target that cannot break the request line: its constructors looked at every octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestTarget<'a> {
    /// origin-form = absolute-path [ "?" query ], and absolute-form with a scheme and authority before it.
    Path {
        /// Toward a forward proxy: whom it shall ask.
        origin: Option<&'a Origin>,
        path: &'a str,
    },
    /// authority-form = uri-host ":" port; only CONNECT has it.
    Authority(&'a Origin),
    /// asterisk-form = "*"; only OPTIONS has it.
    Asterisk,
}

impl<'a> RequestTarget<'a> {
    /// Path and query of a URL; userinfo and fragment never go on the wire.
    ///
    /// The URL parser has escaped what may not stand here. We look again, because this is where a request would be
    /// split if it ever had not: `None` then.
    pub(crate) fn of(url: &'a Url) -> Option<Self> {
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let valid =
            path.starts_with('/') && path.bytes().all(|octet| (0x21..=0x7e).contains(&octet));
        valid.then_some(Self::Path { origin: None, path })
    }

    /// As [`RequestTarget::of`], for the URL of a request: it was looked at when that was made.
    pub(crate) fn of_request(url: &'a Url) -> Self {
        let path = &url[Position::BeforePath..Position::AfterQuery];
        Self::Path { origin: None, path }
    }

    /// The same target as a forward proxy needs it. The asterisk becomes an absolute URL without a path (§3.2.4).
    pub(crate) fn by_way_of_proxy(self, origin: &'a Origin) -> Self {
        let path = match self {
            Self::Path { path, .. } => path,
            Self::Asterisk | Self::Authority(_) => "",
        };
        Self::Path {
            origin: Some(origin),
            path,
        }
    }

    #[inline(always)]
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Path { origin, path } => {
                if let Some(origin) = origin {
                    for part in [origin.scheme().as_str(), "://", origin.authority()] {
                        out.extend_from_slice(part.as_bytes());
                    }
                }
                out.extend_from_slice(path.as_bytes());
            }
            Self::Authority(origin) => out.extend_from_slice(origin.host_and_port().as_bytes()),
            Self::Asterisk => out.push(b'*'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(target: RequestTarget<'_>) -> String {
        let mut out = Vec::new();
        target.write(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

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
                RequestTarget::of(&url).map(written).as_deref(),
                Some(target)
            );
        }
    }

    #[test]
    fn each_form_is_written() {
        let url = Url::parse("http://u:p@[::1]:81/a?b#c").expect("a URL");
        let origin = Origin::of(&url).expect("an origin");
        let path = RequestTarget::of(&url).expect("a target");
        for (target, text) in [
            (path, "/a?b"),
            (path.by_way_of_proxy(&origin), "http://[::1]:81/a?b"),
            (RequestTarget::Asterisk, "*"),
            (
                RequestTarget::Asterisk.by_way_of_proxy(&origin),
                "http://[::1]:81",
            ),
            (RequestTarget::Authority(&origin), "[::1]:81"),
        ] {
            assert_eq!(written(target), text);
        }
        let url = Url::parse("https://example.org/").expect("a URL");
        let origin = Origin::of(&url).expect("an origin");
        let target = RequestTarget::Authority(&origin);
        assert_eq!(written(target), "example.org:443");
    }
}
