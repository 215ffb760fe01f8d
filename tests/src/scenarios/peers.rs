//! Peers that several scenarios talk to.

use std::sync::Arc;

use super::TOO_LONG;
use crate::origin::{Act, Request, Scripted, Site, response};

/// One send.
pub(super) fn send(octets: impl Into<Vec<u8>>) -> Act {
    Act::Send(octets.into())
}

/// A peer that says no more.
pub(super) fn silence() -> Act {
    Act::Pause(TOO_LONG)
}

/// A whole response with a text.
pub(super) fn text(text: &str) -> Act {
    Act::Send(response(200, &[], text.as_bytes()))
}

/// A site from its script.
pub(super) fn site(script: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Arc<dyn Site> {
    Arc::new(Scripted::new(script))
}

/// Answers every request with its path; `otherwise` may say something else first.
pub(super) fn path_or(
    otherwise: impl Fn(&Request) -> Option<Vec<Act>> + Send + Sync + 'static,
) -> Arc<dyn Site> {
    site(move |request| otherwise(request).unwrap_or_else(|| vec![text(request.path())]))
}

/// Answers every request with its path.
pub(super) fn path() -> Arc<dyn Site> {
    path_or(|_| None)
}
