//! A jar and servers that mean it harm: storms, every octet in every place, hosts in every spelling, super cookies.

mod application;
mod hosts;
mod octets;
mod overlay;
mod room;

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{CookieJar, CookieRejection, PublicSuffixes, Url};

const NOW: Duration = Duration::from_secs(1_800_000_000);

/// Few, so that the tests need no feature.
#[derive(Debug)]
struct List;

impl PublicSuffixes for List {
    fn is_public_suffix(&self, domain: &str) -> bool {
        let is_canonical = !domain.starts_with('.') && !domain.ends_with('.');
        assert!(is_canonical && domain.is_ascii(), "{domain}");
        assert!(
            !domain.bytes().any(|octet| octet.is_ascii_uppercase()),
            "{domain}"
        );
        ["example", "org", "uk", "co.uk", "localhost"].contains(&domain)
    }
}

fn jar() -> CookieJar {
    CookieJar::with_public_suffixes(Arc::new(List))
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn set(jar: &mut CookieJar, at: &str, line: &str) -> Result<(), CookieRejection> {
    jar.set(&url(at), line.as_bytes(), NOW)
}

fn sent(jar: &mut CookieJar, to: &str) -> String {
    let mut line = Vec::new();
    jar.write_to(&url(to), NOW, &mut line);
    line.escape_ascii().to_string()
}
