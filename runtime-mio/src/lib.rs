//! Sessile over [`mio`]: a [`Driver`] for event loops that you own, and a [`blocking::Session`].
//!
//! # In a loop of your own
//!
//! You own the [`mio::Poll`]; the driver gets its registry and a range of tokens. Hand every event of these tokens to
//! [`Driver::handle_event`], then ask [`Driver::poll_event`] until it has nothing more, then wait, at most until
//! [`Driver::deadline`]. `Driver`'s own page has the loop as a running example.
//!
//! # Without a loop
//!
//! ```
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! # let origin = sessile_tests::loopback::Loopback::start(sessile_tests::demo::Demo)?;
//! # let url = origin.url("/get");
//! let session = sessile_mio::blocking::Session::new();
//! let response = session.get(&url).header("Accept", "text/plain").send()?;
//! assert_eq!(response.status(), 200);
//! println!("{}", response.text()?);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod blocking;
mod clock;
mod driver;
mod resolver;
mod socket;

pub use driver::Driver;
#[cfg(feature = "psl")]
pub use sessile_core::Psl;
pub use sessile_core::{
    self as core, Answer, AnswerFn, Answering, Attempt, AttemptOutcome, Attempts, Authentication,
    AuthenticationHook, AuthenticationStore, Authenticator, CloseReason, Config, ConnectionInfo,
    Content, ContentError, Cookie, CookieExplanation, CookieFileError, CookieFileProblem,
    CookieJar, CookieLimits, CookieRef, CookieRejection, CookieVerdict, Credentials,
    CredentialsError, Error, ErrorKind, Event, ExpectContinue, FieldError, FieldNames, Fields,
    FieldsRef, HeadRef, Hop, IdleConnection, IntoUrl, Leftover, Leniency, Limit, Limits, Method,
    MinimumSpeed, Misuse, Mount, Mounts, Netrc, NetrcError, NetrcFault, Next, NoAnswer, NoReplay,
    OnExhausted, Origin, OriginLimits, OriginSnapshot, PeerViolation, PoolCounters, PoolEvent,
    PoolFact, PoolLimits, PoolSnapshot, PrefixError, Progress, PublicSuffixes, Question,
    ReceivedCookies, Redirect, RedirectError, RedirectPolicy, Redirected, Redirecting, Redirects,
    RejectedCookie, Replay, Request, RequestBuilder, RequestError, RequestId, ResolveError,
    ResponseHead, Retry, RetryBudget, RetryCase, RetryChoice, RetryHook, SameSite, SessionCookies,
    Shortage, SourceError, Stage, StatusCode, StopReason, Tick, Timeouts, Upgraded, Url, Version,
    WhenFull, Withheld,
};
