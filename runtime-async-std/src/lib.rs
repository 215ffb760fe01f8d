//! Sessile for [`async_std`]: a [`Session`] whose requests are futures.
//!
//! The task that awaits a request moves its octets; there is no connection task between it and its socket. Dropping a
//! request or a response, at any point, gives everything back that it held.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! # let origin = sessile_tests::loopback::Loopback::start(sessile_tests::demo::Demo)?;
//! # let url = origin.url("/get");
//! use sessile_async_std::Session;
//!
//! async_std::task::block_on(async {
//!     let session = Session::new();
//!     let response = session.get(&url).header("Accept", "text/plain").send().await?;
//!     assert_eq!(response.status(), 200);
//!     println!("{}", response.text().await?);
//!     # Ok::<(), sessile_async_std::Error>(())
//! })?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod clock;
mod drain;
mod reader;
mod response;
mod sending;
mod session;
mod shared;
mod upgraded;

pub use reader::Reader;
pub use response::Response;
pub use sending::Sending;
pub use session::Session;
pub use upgraded::Upgraded;

#[cfg(feature = "psl")]
pub use sessile_core::Psl;
pub use sessile_core::{
    self as core, Answer, AnswerFn, Answering, Attempt, AttemptOutcome, Attempts, Authentication,
    AuthenticationHook, AuthenticationStore, Authenticator, CloseReason, Config, ConnectionInfo,
    Content, ContentError, Cookie, CookieExplanation, CookieFileError, CookieFileProblem,
    CookieJar, CookieLimits, CookieRef, CookieRejection, CookieVerdict, Credentials,
    CredentialsError, Error, ErrorKind, ExpectContinue, FieldError, FieldNames, Fields, FieldsRef,
    HeadRef, Hop, IdleConnection, IntoUrl, Leniency, Limit, Limits, Method, MinimumSpeed, Misuse,
    Mount, Mounts, Netrc, NetrcError, NetrcFault, Next, NoAnswer, NoReplay, OnExhausted, Origin,
    OriginLimits, OriginSnapshot, PeerViolation, PoolCounters, PoolEvent, PoolFact, PoolLimits,
    PoolSnapshot, PrefixError, Progress, PublicSuffixes, Question, ReceivedCookies, Redirect,
    RedirectError, RedirectPolicy, Redirected, Redirecting, Redirects, RejectedCookie, Replay,
    Request, RequestBuilder, RequestError, RequestId, ResolveError, ResponseHead, Retry,
    RetryBudget, RetryCase, RetryChoice, RetryHook, SameSite, SessionCookies, Shortage,
    SourceError, Stage, StatusCode, StopReason, Tick, Timeouts, Url, Version, WhenFull, Withheld,
};
