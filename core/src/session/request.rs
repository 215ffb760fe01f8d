//! A request as an immutable value, checked once. It may be submitted any number of times.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;

use bytes::Bytes;
use http::Method;
use url::Url;

use super::answer::Answering;
use super::causes::RequestError;
use super::config::{Config, ExpectContinue, Timeouts};
use super::error::Error;
use super::key::PoolKey;
use super::kind::ErrorKind;
use super::prepare::{HeadParts, encode_head};
use super::shape::{Lines, Shape};
use crate::base::{Now, Stage};
use crate::connection::{Connection, Misuse, Scratch};
use crate::message::{FieldNames, Fields, Known, Origin, redacted};
use crate::policy::{Authentication, RedirectPolicy, Retry};

/// The content of a request.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Content {
    /// None.
    #[default]
    Empty,
    /// Octets in memory; they can be sent again.
    Bytes(Bytes),
    /// Octets that come piece by piece while the request is sent, and only once.
    Stream {
        /// How many there will be; unknown means chunked.
        length: Option<u64>,
    },
}

impl fmt::Debug for Content {
    /// How much there is: the octets may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no content"),
            Self::Bytes(octets) => write!(f, "{} octets", octets.len()),
            Self::Stream { length: None } => f.write_str("a stream"),
            Self::Stream {
                length: Some(length),
            } => write!(f, "a stream of {length} octets"),
        }
    }
}

/// A checked request. Build it with [`RequestBuilder`](crate::RequestBuilder), submit an `Arc` of it.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) key: PoolKey,
    pub(crate) fields: Fields,
    pub(crate) removed: FieldNames,
    pub(crate) asterisk: bool,
    pub(crate) content: Content,
    pub(crate) trailers: Fields,
    /// The verdict on its own lines alone; a session's may change it.
    pub(crate) shape: Shape,
    /// The value of an Authorization field made from the URL's userinfo.
    pub(crate) authorization: Option<Box<str>>,
    /// It was redirected to an origin that it was not meant for at first.
    pub(crate) estranged: bool,
    /// The names of lower levels' lines that it does not leave as they are.
    pub(crate) displaced: u32,
    pub(crate) safe: bool,
    pub(crate) expect: Option<ExpectContinue>,
    /// Its own policy, if it has one: none at all, perhaps.
    pub(crate) retry: Option<Option<Box<Retry>>>,
    /// Its own redirect policy, if it has one: none at all, perhaps.
    pub(crate) redirects: Option<Option<RedirectPolicy>>,
    /// Its fields, and default ones, that are for its first origin alone.
    pub(crate) sensitive: FieldNames,
    /// Cookies of its own, as they stand in a Cookie line.
    pub(crate) cookies: Vec<u8>,
    /// It has credentials or cookies to be put into its head when an attempt begins.
    pub(crate) has_secrets: bool,
    /// Who it says it comes from, in a way that its origin may ask for.
    pub(crate) authentication: Option<Authentication>,
    /// What answers it in place of a connection.
    pub(crate) answering: Option<Answering>,
    pub(crate) timeouts: Option<Timeouts>,
    pub(crate) deadline: Option<Duration>,
}

pub(super) fn refused(error: RequestError, url: &Url) -> Error {
    Error::new(ErrorKind::Request(error), Stage::Prepare).at(url)
}

impl Request {
    /// The same request, to be over this long after it is submitted.
    #[must_use]
    pub fn with_deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URL as it was given.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The origin that is asked.
    pub fn origin(&self) -> &Origin {
        &self.key.origin
    }

    /// The request's own field lines.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The content.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Refuses a request whose content nobody is there to hand over.
    ///
    /// # Errors
    /// If the content is a [`Content::Stream`].
    pub fn check_in_memory(&self) -> Result<(), Error> {
        match self.content {
            Content::Empty | Content::Bytes(_) => Ok(()),
            Content::Stream { .. } => Err(refused(RequestError::NoSource, &self.url)),
        }
    }

    /// The fields that follow its content.
    pub fn trailers(&self) -> &Fields {
        &self.trailers
    }

    /// Begins the request on a connection that no session owns: for whoever wants the codec alone. Built-in field lines
    /// are sent as a session with default settings would. Content is then the caller's to hand over, also content that
    /// is in memory, and [`trailers`](Request::trailers) with its end.
    ///
    /// # Errors
    /// [`Misuse::NotIdle`] if the connection carries an exchange or has failed.
    pub fn begin(
        &self,
        now: Now,
        connection: &mut Connection,
        mut scratch: Scratch,
    ) -> Result<(), Misuse> {
        scratch.clear();
        let parts = HeadParts::standing_alone(self);
        encode_head(scratch.out(), &parts);
        let mut plan = self.shape.plan(&self.method);
        plan.expects_continue = self.shape.expects;
        connection.start_encoded(now, plan, scratch)
    }

    /// What the core keeps of the request's promises when a session with these default lines sends it.
    pub(crate) fn shape_in(&self, session: &Fields) -> Result<Cow<'_, Shape>, RequestError> {
        if !self.shape.depends_on(session) {
            return Ok(Cow::Borrowed(&self.shape));
        }
        self.shape_beside(Some(session)).map(Cow::Owned)
    }

    /// The verdict on its own lines, beside the session's if there is one.
    pub(super) fn shape_beside(&self, session: Option<&Fields>) -> Result<Shape, RequestError> {
        let lines = Lines {
            own: &self.fields,
            removed: &self.removed,
            session,
        };
        let trailers = !self.trailers.is_empty();
        Shape::of(&self.method, &self.content, trailers, lines)
    }

    /// Whether the core writes credentials for it, or will when they are asked for.
    pub(super) fn authorizes(&self) -> bool {
        self.authorization.is_some() || self.authentication.is_some()
    }

    /// Whether it wants no Cookie line but its own.
    pub(super) fn removes_cookies(&self) -> bool {
        self.removed.known() & Known::Cookie.bit() != 0
    }

    /// The policy that holds for it in a session.
    pub(crate) fn retry_in<'a>(&'a self, session: &'a Config) -> Option<&'a Retry> {
        match &self.retry {
            Some(own) => own.as_deref(),
            None => session.retry.as_ref(),
        }
    }

    /// How its redirects are followed in a session, if they are.
    pub(crate) fn redirects_in(&self, session: &Config) -> Option<RedirectPolicy> {
        self.redirects.unwrap_or(session.redirects)
    }

    /// The time limits that hold for it in a session.
    pub(crate) fn timeouts_in<'a>(&'a self, session: &'a Timeouts) -> &'a Timeouts {
        self.timeouts.as_ref().unwrap_or(session)
    }

    /// Whether its content can be sent again from its beginning at any time.
    pub(crate) fn is_in_memory(&self) -> bool {
        !matches!(self.content, Content::Stream { .. })
    }

    /// The content, if all of it is in memory: the engine sends it by itself then.
    pub(crate) fn content_in_memory(&self) -> Option<Bytes> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes.clone()),
            Content::Empty => Some(Bytes::new()),
            Content::Stream { .. } => None,
        }
    }
}

impl fmt::Debug for Request {
    /// Method and URL without userinfo; no field value, no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, redacted(&self.url))
    }
}
