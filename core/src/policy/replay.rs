//! Whether a request that lost its connection may be sent once more without anybody asking (RFC 9112 §9.3.1,
//! RFC 9110 §9.2.2). This is no retry: it is for kept connections that had died unnoticed.

use http::Method;

use crate::base::Progress;

/// How a request lost its connection.
///
/// ```
/// use sessile_core::{Loss, Method, NoReplay, Progress};
/// let loss = Loss {
///     reused: true, dead: true, received: 0, replays: 0,
///     progress: Progress::Sent, method: &Method::POST, safe: false, rewindable: true,
/// };
/// assert_eq!(loss.judge(), Err(NoReplay::Method));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Loss<'a> {
    /// The connection was kept: it had served another request before, or had been idle since it was opened.
    pub reused: bool,
    /// It ended by end of stream or reset; not by a time limit, a violation or the application.
    pub dead: bool,
    /// Octets that came since the request began, those of interim responses included.
    pub received: u64,
    /// How often the request was replayed before.
    pub replays: u32,
    /// How much of it had gone out.
    pub progress: Progress,
    /// Its method.
    pub method: &'a Method,
    /// The application says that it may be sent twice, whatever its method.
    pub safe: bool,
    /// It has no content, or content that can be read again from its beginning.
    pub rewindable: bool,
}

/// Why a request is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The peer cannot have seen an octet of it.
    Unsent,
    /// To send it twice does what sending it once does.
    Idempotent,
}

/// Why a request is not replayed: the first reason that holds, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReplay {
    /// The connection did not die: something else ended the exchange.
    NotDead,
    /// The connection was new: the peer was there, and chose to end it.
    FreshConnection,
    /// An octet of a response had come.
    ResponseStarted,
    /// Once is enough.
    AlreadyReplayed,
    /// The peer may have acted on it, and its method is not idempotent.
    Method,
    /// Its content can be read only once.
    NotReplayable,
}

impl Loss<'_> {
    /// The verdict.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn judge(&self) -> Result<Replay, NoReplay> {
        if !self.dead {
            Err(NoReplay::NotDead)
        } else if !self.reused {
            Err(NoReplay::FreshConnection)
        } else if self.received > 0 || self.progress == Progress::HeadSeen {
            Err(NoReplay::ResponseStarted)
        } else if self.replays > 0 {
            Err(NoReplay::AlreadyReplayed)
        } else if self.progress == Progress::NotSent {
            Ok(Replay::Unsent)
        } else if !self.safe && !is_idempotent(self.method) {
            Err(NoReplay::Method)
        } else if !self.rewindable {
            Err(NoReplay::NotReplayable)
        } else {
            Ok(Replay::Idempotent)
        }
    }
}

/// RFC 9110 §9.2.2, without those that only WebDAV knows. Methods are case-sensitive, and one that we do not know promises
/// nothing.
pub(super) const IDEMPOTENT: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::PUT,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
];

pub(super) fn is_idempotent(method: &Method) -> bool {
    IDEMPOTENT.contains(method)
}

impl Replay {
    /// A stable word for logs and tests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsent => "unsent",
            Self::Idempotent => "idempotent",
        }
    }
}

impl NoReplay {
    /// A stable word for logs and tests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDead => "not-dead",
            Self::FreshConnection => "fresh-connection",
            Self::ResponseStarted => "response-started",
            Self::AlreadyReplayed => "already-replayed",
            Self::Method => "method",
            Self::NotReplayable => "not-replayable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: Loss<'static> = Loss {
        reused: true,
        dead: true,
        received: 0,
        replays: 0,
        progress: Progress::Sent,
        method: &Method::GET,
        safe: false,
        rewindable: true,
    };

    #[test]
    fn the_first_reason_against_it_counts() {
        let post = Method::POST;
        let not_dead = Loss {
            dead: false,
            reused: false,
            ..LOST
        };
        let fresh = Loss {
            reused: false,
            received: 1,
            ..LOST
        };
        let started = Loss {
            received: 1,
            replays: 1,
            ..LOST
        };
        let again = Loss {
            replays: 1,
            progress: Progress::NotSent,
            ..LOST
        };
        let unsent = Loss {
            progress: Progress::NotSent,
            method: &post,
            rewindable: false,
            ..LOST
        };
        let method = Loss {
            method: &post,
            rewindable: false,
            ..LOST
        };
        let once = Loss {
            method: &post,
            safe: true,
            rewindable: false,
            ..LOST
        };
        for (loss, verdict) in [
            (not_dead, Err(NoReplay::NotDead)),
            (fresh, Err(NoReplay::FreshConnection)),
            (started, Err(NoReplay::ResponseStarted)),
            (again, Err(NoReplay::AlreadyReplayed)),
            (unsent, Ok(Replay::Unsent)),
            (method, Err(NoReplay::Method)),
            (once, Err(NoReplay::NotReplayable)),
            (LOST, Ok(Replay::Idempotent)),
        ] {
            assert_eq!(loss.judge(), verdict, "{loss:?}");
        }
    }
}
