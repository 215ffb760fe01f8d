//! What the session tells the application, by id.

use super::Error;
use crate::base::RequestId;

/// Something happened to a request. For each request: any number of `Interim`, then `Head`, any number of `Content`,
/// perhaps `Trailers`, then `End`; or `Failed` at any point. Nothing follows `End` or `Failed`.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// An interim response; [`Engine::head`](crate::Engine::head) shows it until the next event is asked for.
    Interim(RequestId),
    /// The final head; [`Engine::head`](crate::Engine::head) shows it until `End`.
    Head(RequestId),
    /// Content is ready in [`Engine::content`](crate::Engine::content). Nothing more is read for this request until
    /// it is consumed.
    Content(RequestId),
    /// Trailer fields, in [`Engine::trailers`](crate::Engine::trailers) until the next event is asked for.
    Trailers(RequestId),
    /// The response is complete.
    End(RequestId),
    /// The request failed.
    Failed(RequestId, Error),
}

/// What is to be done with a response whose head has come.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the application's.
    Deliver,
    /// The request is over meanwhile (its time ran out, the session was closed): give the connection back with
    /// [`Engine::abort`](crate::Engine::abort), which has the error.
    Abort,
}
