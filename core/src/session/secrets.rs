//! What is between the application and one origin: the cookies and credentials that an attempt goes out with.

use super::prepare::Late;
use super::session::Session;
use crate::base::{Now, RequestId};

impl Session {
    /// What is known of a request's head only when an attempt begins; `None` if nothing is.
    pub(super) fn late(&mut self, _now: Now, _id: RequestId) -> Option<Late> {
        None
    }
}
