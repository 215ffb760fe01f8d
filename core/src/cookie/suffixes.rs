//! Public suffixes: domains below which strangers register (RFC 6265bis §5.7, step 9). The list is data that grows old,
//! so it stands behind a trait.

use core::fmt::Debug;

/// A list of public suffixes: `com`, `co.uk`, `github.io`.
pub trait PublicSuffixes: Send + Sync + Debug {
    /// Whether no cookie may be set for all hosts below this one.
    ///
    /// `domain` is in canonical form: small ASCII letters, labels in Punycode, no dot at either end. It is never an
    /// address. Where the list has a wildcard (`*.kawasaki.jp`), the domain above it (`kawasaki.jp`) counts, too: all
    /// that stand directly below it are strangers to each other.
    fn is_public_suffix(&self, domain: &str) -> bool;
}

/// The list of publicsuffix.org, as the `psl` crate has compiled it in: its age is that crate's version.
#[cfg(feature = "psl")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Psl;

#[cfg(feature = "psl")]
impl PublicSuffixes for Psl {
    fn is_public_suffix(&self, domain: &str) -> bool {
        use psl::{List, Psl as _};
        // No rule names this label: if it belongs to the suffix of a domain below ours, a wildcard says so.
        const NOBODY: &[u8] = b"-";
        let labels = || domain.rsplit('.').map(str::as_bytes);
        let own = List.find(labels()).len;
        let below = List.find(labels().chain([NOBODY])).len;
        own >= domain.len() || below > domain.len()
    }
}

/// Whether the domain of a cookie, as it came, is a public suffix. Dots at its ends do not make it another.
pub(super) fn is_public(list: &dyn PublicSuffixes, domain: &str) -> bool {
    let bare = domain.trim_matches('.');
    bare.is_empty() || list.is_public_suffix(bare)
}

#[cfg(all(test, feature = "psl"))]
mod tests {
    use super::*;

    #[test]
    fn suffixes_wildcards_and_exceptions() {
        for (domain, public) in [
            ("org", true),
            ("example.org", false),
            ("co.uk", true),
            ("uk", true),
            ("example.co.uk", false),
            ("github.io", true),
            ("someone.github.io", false),
            ("jp", true),
            ("kawasaki.jp", true),
            ("any.kawasaki.jp", true),
            ("shop.any.kawasaki.jp", false),
            ("city.kawasaki.jp", false),
            ("www.city.kawasaki.jp", false),
            ("ck", true),
            ("www.ck", false),
            ("other.ck", true),
            ("unknown-top-level", true),
            ("host.unknown-top-level", false),
            ("localhost", true),
            ("xn--p1ai", true),
        ] {
            assert_eq!(Psl.is_public_suffix(domain), public, "{domain}");
            for spelling in [format!(".{domain}"), format!("{domain}.")] {
                assert_eq!(is_public(&Psl, &spelling), public, "{spelling}");
            }
        }
        assert!(is_public(&Psl, "") && is_public(&Psl, "."));
    }
}
