//! What a runtime gives to the request builder: a place to send to.

use core::convert::Infallible;
use std::sync::Arc;

use url::Url;

use crate::session::{Error, Request};

/// What a runtime does with a built request.
pub trait Dispatch {
    /// What sending gives: a result, or a future of one.
    type Sending;

    /// What content is read from that does not stand in memory.
    type Source;

    /// What relative references are resolved against, if anything.
    fn base_url(&self) -> Option<&Url> {
        None
    }

    /// Sends a request, or reports why there is none. A request whose content is a [`Content::Stream`](crate::Content::Stream) comes with its
    /// source.
    fn dispatch(
        &self,
        request: Result<Arc<Request>, Error>,
        source: Option<Self::Source>,
    ) -> Self::Sending;
}

/// Nobody sends: the request is handed back, to be submitted by hand.
impl Dispatch for () {
    type Sending = Result<Arc<Request>, Error>;
    type Source = Infallible;

    fn dispatch(
        &self,
        request: Result<Arc<Request>, Error>,
        _source: Option<Infallible>,
    ) -> Self::Sending {
        request
    }
}
