//! URLs as they are shown to people.

use url::{Position, Url};

/// A URL without its userinfo and fragment.
pub(crate) fn redacted(url: &Url) -> String {
    let before = &url[..Position::BeforeUsername];
    let after = &url[Position::BeforeHost..Position::AfterQuery];
    format!("{before}{after}")
}
