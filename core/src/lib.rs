//! A whole HTTP/1.1 client session as one deterministic state machine. You bring the bytes.
//!
//! `sessile-core` holds every rule: the connection pool, the race between addresses, proxies, TLS, exchanges and their time
//! limits, cookies, redirects, credentials, retries, mounts, message heads, framing. It touches no socket, no clock, no thread,
//! no file and no environment, and no random source but the one that TLS draws its keys from. A *driver* moves octets between
//! it and the world, with seven verbs: resolve, dial, answer, read, write, close, wait. Two drivers are ready made
//! (`sessile-mio` and `sessile-async-std`); this page is all that is needed to write another.
//!
//! # The loop
//!
//! An [`Engine<S>`](Engine) is a session together with its connections; `S` is whatever the driver needs to move the
//! octets of one, a socket say. A single-threaded loop drives the connections *in place*:
//!
//! 1. hand in what happened, all with one [`Now`]: [`handle_resolved`](Engine::handle_resolved),
//!    [`deposit`](Engine::deposit) and [`handle_connected`](Engine::handle_connected) (or
//!    [`handle_dial_failed`](Engine::handle_dial_failed)), [`handle_readiness`](Engine::handle_readiness),
//!    [`handle_deadline`](Engine::handle_deadline);
//! 2. tell the application what [`poll_event`](Engine::poll_event) says until it says nothing;
//! 3. do what [`poll_command`](Engine::poll_command) says: resolve, dial, close, and [answer](Command::Answer) a request
//!    that no connection is for, with [`handle_answer`](Engine::handle_answer);
//! 4. [`drive`](Engine::drive) the connection that [`poll_ready`](Engine::poll_ready) names: write, then read once
//!    ([`Live::step`] does both for anything that implements `Read` and `Write`). Go back to 2 until none of the three
//!    has anything left. A kept connection is looked at before its next request: [`Live::write`] sends nothing until
//!    [`Live::read`] has been tried, and the connection is named again then;
//! 5. wait for readiness, or until [`deadline`](Engine::deadline). Repeat.
//!
//! Here it is, with a peer that is two buffers:
//!
//! ```
//! use sessile_core::{Command, Config, Engine, Event, Now, Readiness, RequestBuilder};
//!
//! let mut engine = Engine::<&str>::new(Config::default())?;
//! let now = Now::default();
//! let request = RequestBuilder::new("GET", "http://192.0.2.1/hello").build()?;
//! let id = engine.submit(now, request);
//!
//! let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
//! let mut content = Vec::new();
//! loop {
//!     // 2.
//!     if let Some(event) = engine.poll_event(now) {
//!         match event {
//!             Event::Head(id) => assert_eq!(engine.head(id).expect("it has just come").status(), 200),
//!             Event::Content(id) => {
//!                 let piece = engine.content(id);
//!                 let length = piece.len();
//!                 content.extend_from_slice(piece);
//!                 engine.consume(now, id, length);
//!             }
//!             Event::End(_) => break,
//!             other => panic!("{other:?}"),
//!         }
//!     // 3. An address needs no resolving: the first command is to dial.
//!     } else if let Some(command) = engine.poll_command() {
//!         match command {
//!             Command::Dial { connection, .. } => {
//!                 engine.deposit(connection, "a socket").expect("the dial is wanted");
//!                 engine.handle_connected(now, connection);
//!             }
//!             Command::Answer(question) => {
//!                 engine.handle_answer(now, question.id(), question.answer_or_refuse());
//!             }
//!             // What is discarded or abandoned is closed by dropping it.
//!             other => drop(other),
//!         }
//!     // 4. Our transport takes everything at once and answers at once.
//!     } else if let Some(connection) = engine.poll_ready() {
//!         let mut live = engine.drive(connection).expect("it is ready");
//!         live.write(now, |_socket, outgoing| {
//!             assert!(outgoing.single().expect("no large content").starts_with(b"GET /hello HTTP/1.1\r\n"));
//!             Ok(outgoing.len())
//!         });
//!         live.note_ready(Readiness { read: true, ..Readiness::default() });
//!         live.read(now, |_socket, space| {
//!             space[..answer.len()].copy_from_slice(answer);
//!             Ok(answer.len())
//!         });
//!     }
//! }
//! assert_eq!(content, b"hello");
//! assert_eq!(engine.pool(now).origins[0].idle, 1);
//! # let _ = id;
//! # Ok::<(), sessile_core::Error>(())
//! ```
//!
//! A transport that blocks fits the same steps if it blocks in step 5 alone: in step 4 its reads answer `WouldBlock`, and
//! only when 2 to 4 have nothing left does it wait, on a connection that is interested in reading, until
//! [`deadline`](Engine::deadline) at most; then it says [`note_ready`](Live::note_ready). To block in step 4 would keep
//! events from the application, [`Event::ContentWanted`] among them. In step 4 a read has to be tried even if it only
//! says `WouldBlock`: until then the connection is named again. `interests` lists what a loop waits for.
//!
//! # HTTPS, proxies, many addresses
//!
//! The loop above speaks HTTPS and goes through proxies as it stands, for what lies between HTTP and a socket is the core's
//! affair. A connection whose transport stands ([`handle_connected`](Engine::handle_connected)) is *made* first, if it has to
//! be: the proxy is asked for its tunnel, TLS is agreed on with either peer. It is named by [`poll_ready`](Engine::poll_ready)
//! and driven by [`Live::step`] like any other meanwhile, and so it is with every octet that is encrypted later. Of a loop
//! this asks four things:
//!
//! - the wall clock of its [`Now`] is right: certificates are judged by it;
//! - several [`Command::Dial`]s may be under way for one connection, of which the first that stands is taken: when an address
//!   keeps silent the next one is tried beside it, for which [`deadline`](Engine::deadline) wakes the loop;
//! - it does what the [`DialPlan`] says, or [refuses](Engine::handle_dial_failed): the path of a Unix-domain socket in place of
//!   an address, an address or an interface to come from;
//! - before it closes what is discarded it may say goodbye by TLS, [`Live::say_farewell`].
//!
//! The rest are settings: [`Config::tls`] (with the feature `rustls` or `aws-lc-rs`), [`Config::proxies`], [`Config::proxy_tls`],
//! [`Config::dialling`]. A driver for many applications fills in what only it can know of its machine, where they say nothing:
//! the environment's proxies ([`ProxyRules::from_pairs`]) and whom the platform trusts ([`PlatformTrust`]). The example
//! `own_loop` is such a loop, over poll(2) and in 150 lines.
//!
//! # Content, expectations, other protocols
//!
//! Content that is in memory goes out by itself. [`Content::Stream`] is asked for piece by piece:
//! [`Event::ContentWanted`] says that the request can take one, [`Engine::push_content`] hands it over, now or later, and
//! [`Engine::finish_content`] ends it, with trailer fields if it is chunked. With `Expect: 100-continue` nothing is asked
//! for before the peer has said 100, or [`Timeouts::expect_continue`] has passed; a 417 sends the request again without
//! the expectation. A request that offers an Upgrade may be told [`Event::Switched`]: [`Engine::take_upgraded`] hands over
//! the driver's part with what the peer has already sent. A response that is cancelled before its end is read on and
//! thrown away while that is cheap, and its connection goes back to the pool: the loop above does that without knowing.
//!
//! # Many attempts
//!
//! With a [`Retry`] policy, in [`Config::retry`] or of a request's own, what went wrong may be tried again, after a wait.
//! The loop above needs to know little of that: a request that waits for its next attempt is a deadline, and
//! [`Event::Again`] says that what was told of it is void. It comes without a policy, too: for each redirect of a
//! peer's that is followed, and for a 401 that the credentials have an answer to. (Where an answer of your own redirects,
//! nothing was told, and so nothing is void.) [`Engine::attempts`] and [`Error::attempts`] list what
//! was tried, and which redirects were followed ([`Attempts::history`]): ask the engine at [`Event::Head`], because at
//! [`Event::End`] they are gone. The example `retries` prints such a list, on a clock of its own.
//!
//! # Cookies, redirects, credentials, mounts
//!
//! They are settings: [`Config::cookies`], [`Config::redirects`], [`Config::authenticator`], [`Config::mounts`]. Of a loop
//! they ask three things: that the wall clock of its [`Now`] is right, by which cookies expire; that it takes
//! [`Event::Again`] for more than retries; and that it obeys [`Command::Answer`], which comes where a [`Mount`] says who
//! answers in place of a connection. [`Engine::cookies_mut`] lends the jar.
//!
//! # Taking connections out
//!
//! A runtime with many threads or tasks keeps the engine behind a lock and never moves an octet under it. There the
//! request's own thread or task asks [`step`](Engine::step); [`Step::Use`] hands it the connection, with its exchange
//! begun; it reads once if the connection was used before, writes, reads outside the lock, and gives the connection back.
//! [`poll_wake`](Engine::poll_wake) says who can go on after each change. [`Home`], [`Outbound`] and [`Incoming`] are
//! what the façades of both runtimes are made of.
//!
//! A connection that is still being made has no request to drive it: whoever watched its dial does. Behind
//! [`handle_connected`](Engine::handle_connected) they ask [`take_making`](Engine::take_making); if it hands them a connection,
//! they move its octets without the lock ([`Live::step_making`]), show it to [`put_making`](Engine::put_making), and wait for
//! its transport as long as they are given it back. [`shelve`](Engine::shelve) leaves it for another thread to take. With
//! `None` it is made, or has failed, and `poll_wake` says whom that concerns.
//!
//! # The connection alone
//!
//! Who wants the codec and nothing else takes [`Connection`]: heads by [`Request::begin`] or as octets of one's own, any
//! framing, [`Rules`] for how strictly it reads, and a [`CloseReason`] for what becomes of it.

#![forbid(unsafe_code)]

mod base;
mod client;
mod connection;
mod cookie;
mod dial;
mod engine;
mod message;
mod policy;
mod pool;
mod session;
mod syntax;
#[cfg_attr(not(feature = "tls"), path = "tls/absent.rs")]
mod tls;
mod wire;

pub use base::{
    CloseReason, ConnectionId, EstablishId, Leniency, Limit, Limits, Now, Progress, Pulse,
    RequestId, Rules, Stage, Tick,
};
pub use client::{
    Dispatch, Home, Incoming, IntoUrl, Look, Outbound, RequestBuilder, Upload, text_from,
};
pub use connection::{
    Connection, ContentPlan, Failure, Interest, KeepAlive, Leftover, Misuse, Outgoing,
    PeerViolation, Received, RequestPlan, Scratch, Socks4Refusal, Socks5Refusal, TunnelError,
    TunnelRefusal, TunnelStep,
};
#[cfg(feature = "psl")]
pub use cookie::Psl;
pub use cookie::{
    CookieExplanation, CookieFileError, CookieFileProblem, CookieJar, CookieLimits, CookieRef,
    CookieRejection, CookieVerdict, PublicSuffixes, ReceivedCookies, RejectedCookie,
    SessionCookies, Withheld,
};
pub use dial::{
    DialError, DialPlan, Endpoint, Families, Family, Keepalive, LocalEnd, Lookup, NameCache, Race,
    RaceAction, RaceAttempt, RaceFailure, RaceSettings,
};
pub use engine::{Command, Driving, Engine, Live, Readiness, Step, Upgraded};
pub use message::{
    Field, FieldError, FieldNames, Fields, FieldsIter, FieldsRef, HeadRef, Origin, OriginError,
    ResponseHead, Scheme,
};
pub use policy::{
    AddressCase, AddressPolicy, AddressRole, Authentication, AuthenticationCourse,
    AuthenticationHook, AuthenticationStore, Authenticator, BoundAuthentication, Cause, Challenge,
    Credentials, CredentialsError, DigestCredentials, DigestInput, DigestOffer, Facts, Loss, Netrc,
    NetrcError, NetrcFault, NoAnswer, NoProxy, NoReplay, OnExhausted, ProtectionSpace, Proxy,
    ProxyError, ProxyRules, ProxyScheme, Redirect, RedirectError, RedirectPolicy, Redirected,
    Redirecting, Redirects, Replay, Retries, Retry, RetryBudget, Stop, StopReason,
};
pub use pool::{OriginLimits, PoolLimits, Shortage, WhenFull};
pub use session::{
    Answer, AnswerFn, Answered, Answering, Attempt, AttemptOutcome, Attempts, Config,
    ConnectionInfo, Content, ContentError, Dialling, Error, ErrorKind, Event, ExpectContinue, Hop,
    IdleConnection, MinimumSpeed, Mount, Mounts, Next, OriginSnapshot, OverrideError, Overrides,
    PoolCounters, PoolEvent, PoolFact, PoolSnapshot, PrefixError, Prepared, Question, Request,
    RequestError, ResolveError, RetryCase, RetryChoice, RetryHook, Route, SourceError, Timeouts,
    Verdict,
};
pub use syntax::cookie_date::cookie_date;
#[cfg(feature = "tls")]
pub use tls::{CertificateFault, TlsAlert, TlsBuilder, TlsInput, TlsSettingsError, TlsVersion};
pub use tls::{PlatformTrust, Tls, TlsError, TlsInfo};
pub use wire::{ChunkError, Framing, FramingError, HeadError};

// The words of other crates that stand in our interface.
pub use ::cookie::{Cookie, SameSite};
pub use bytes;
pub use http::{self, Method, StatusCode, Version};
#[cfg(feature = "tls")]
pub use rustls;
pub use url::{self, Url};

/// What an application needs that sends requests by a façade: the runtimes hand all of it on, so that nobody has to name this
/// crate besides.
pub mod application {
    pub use crate::{
        AddressCase, AddressPolicy, AddressRole, Answer, AnswerFn, Answering, Attempt,
        AttemptOutcome, Attempts, Authentication, AuthenticationHook, AuthenticationStore,
        Authenticator, CloseReason, Config, ConnectionInfo, Content, ContentError, Cookie,
        CookieExplanation, CookieFileError, CookieFileProblem, CookieJar, CookieLimits, CookieRef,
        CookieRejection, CookieVerdict, Credentials, CredentialsError, Dialling, Error, ErrorKind,
        ExpectContinue, Families, Family, FieldError, FieldNames, Fields, FieldsRef, HeadRef, Hop,
        IdleConnection, IntoUrl, Keepalive, Leniency, Limit, Limits, LocalEnd, Method,
        MinimumSpeed, Misuse, Mount, Mounts, Netrc, NetrcError, NetrcFault, Next, NoAnswer,
        NoProxy, NoReplay, OnExhausted, Origin, OriginLimits, OriginSnapshot, OverrideError,
        Overrides, PeerViolation, PlatformTrust, PoolCounters, PoolEvent, PoolFact, PoolLimits,
        PoolSnapshot, PrefixError, Progress, Proxy, ProxyError, ProxyRules, ProxyScheme,
        PublicSuffixes, Question, ReceivedCookies, Redirect, RedirectError, RedirectPolicy,
        Redirected, Redirecting, Redirects, RejectedCookie, Replay, Request, RequestBuilder,
        RequestError, RequestId, ResolveError, ResponseHead, Retry, RetryBudget, RetryCase,
        RetryChoice, RetryHook, SameSite, SessionCookies, Shortage, Socks4Refusal, Socks5Refusal,
        SourceError, Stage, StatusCode, StopReason, Tick, Timeouts, Tls, TlsError, TlsInfo,
        TunnelError, TunnelRefusal, Url, Version, WhenFull, Withheld,
    };
    #[cfg(feature = "tls")]
    pub use crate::{
        CertificateFault, TlsAlert, TlsBuilder, TlsInput, TlsSettingsError, TlsVersion,
    };
}
