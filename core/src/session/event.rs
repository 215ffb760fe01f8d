//! What the session tells the application, by id.

use super::{Attempts, Error};
use crate::base::RequestId;

/// Something happened to a request. For each request: any number of `Interim`, then `Head`, any number of `Content`,
/// perhaps `Trailers`, then `End`; or `Failed` at any point. Nothing follows `End` or `Failed`. A response that switches
/// protocols has `Head`, then `Switched`, and nothing more. `ContentWanted` may come at any point before the end, `Again` at
/// any before `Head`.
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
    /// The connection speaks another protocol from here on: take it with
    /// [`Engine::take_upgraded`](crate::Engine::take_upgraded), or cancel the request.
    Switched(RequestId),
    /// The request can take its next piece of content: hand it over with
    /// [`Engine::push_content`](crate::Engine::push_content), now or later.
    ContentWanted(RequestId),
    /// The request is sent anew, now or after a rest, to the same place or where it was redirected to: what was told of it
    /// so far, interim responses, is void, and content that is pushed is asked for from its beginning, if it still has some.
    Again(RequestId),
    /// The request failed.
    Failed(RequestId, Error),
}

impl Event {
    /// Whose event it is.
    pub fn request(&self) -> RequestId {
        match self {
            Self::Interim(id)
            | Self::Head(id)
            | Self::Content(id)
            | Self::Trailers(id)
            | Self::End(id)
            | Self::Switched(id)
            | Self::ContentWanted(id)
            | Self::Again(id)
            | Self::Failed(id, _) => *id,
        }
    }
}

/// What is to be done with a response whose head has come.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the application's, and came by these attempts.
    Deliver(Attempts),
    /// It is nobody's: the request is retried, follows a redirect, or is sent again without an expectation that the peer has
    /// refused, or has failed. Give the connection back with [`Engine::again`](crate::Engine::again), which tells.
    Again,
    /// The request is over meanwhile (its time ran out, the session was closed): give the connection back with
    /// [`Engine::abort`](crate::Engine::abort), which has the error.
    Abort,
}
