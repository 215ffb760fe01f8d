//! The hosts of a `.netrc` and of URLs, in the one form in which they are compared.
//!
//! Text is never compared with text: `EXAMPLE.org`, `example.org.` and a host in full-width letters are one host, and what
//! stands before the `@` of a URL is none at all.

use url::{Host, Url};

/// Whom an entry is for.
#[derive(PartialEq, Eq)]
pub(super) enum Machine {
    /// This host.
    Named(Host<String>),
    /// Whoever no other entry names.
    Default,
    /// A name that can be no host's. Nobody asks for it.
    Unreadable,
}

impl Machine {
    pub(super) fn read(name: &[u8]) -> Self {
        let host = core::str::from_utf8(name).ok().and_then(read);
        host.map_or(Self::Unreadable, Self::Named)
    }

    pub(super) fn of(url: &Url) -> Option<Self> {
        url.host()
            .map(|host| Self::Named(canonical(host.to_owned())))
    }
}

/// IPv6 addresses stand in brackets or without.
fn read(name: &str) -> Option<Host<String>> {
    let host = match name.contains(':') && !name.starts_with('[') {
        true => Host::parse(&format!("[{name}]")),
        false => Host::parse(name),
    };
    host.ok().map(canonical)
}

/// One final dot says that a name is absolute, which the names of URLs are anyway.
fn canonical(host: Host<String>) -> Host<String> {
    match host {
        Host::Domain(mut name) => {
            if name.ends_with('.') {
                name.pop();
            }
            Host::Domain(name)
        }
        address => address,
    }
}
