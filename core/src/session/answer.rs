//! Answers without a connection: a mount may name the application itself, or a function of it, as what answers below its
//! prefix. Cookies, redirects, retries and deadlines hold as for any response.

use core::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use url::Url;

use super::causes::Panicked;
use super::request::Request;
use crate::base::RequestId;
use crate::message::Fields;

/// What answers the requests of a [`Mount`](crate::Mount) in place of a connection. Of the time limits, only the
/// [deadline](crate::Timeouts::deadline) ends a request that waits for its answer: the others are a connection's.
///
/// ```
/// use sessile_core::{Answer, Answering, Config, Mount, Mounts, StatusCode};
/// let answering = Answering::by(|question| match question.url().path() {
///     "/motd" => Ok(Answer::new(StatusCode::OK).with_content("be kind")),
///     _ => Ok(Answer::new(StatusCode::NOT_FOUND)),
/// });
/// let mut mounts = Mounts::new();
/// mounts.add("http://inside.test", Mount { answering: Some(answering), ..Mount::default() })?;
/// let config = Config { mounts, ..Config::default() };
/// # let _ = config;
/// # Ok::<(), sessile_core::PrefixError>(())
/// ```
#[derive(Clone)]
pub enum Answering {
    /// Whoever drives the engine: [`Command::Answer`](crate::Command) asks,
    /// [`Engine::handle_answer`](crate::Engine::handle_answer) takes the answer. (The façades of the runtimes have nobody to
    /// ask: they fail such a request.)
    ByHand,
    /// A function, which the driver calls outside of the engine.
    By(Arc<AnswerFn>),
}

/// What answers a question, or says why it cannot.
pub type AnswerFn = dyn Fn(&Question) -> io::Result<Answer> + Send + Sync;

impl Answering {
    /// By a function. It may block under the façades of the runtimes: the blocking session calls it on the thread that sends
    /// the request (whose time limits are looked at when it returns), async-std on a thread that may block; not in an event
    /// loop of your own.
    pub fn by(answer: impl Fn(&Question) -> io::Result<Answer> + Send + Sync + 'static) -> Self {
        Self::By(Arc::new(answer))
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByHand => "by hand",
            Self::By(_) => "by a function",
        })
    }
}

/// A request that is to be answered, as it would have been sent.
pub struct Question {
    pub(crate) id: RequestId,
    pub(crate) request: Arc<Request>,
    pub(crate) head: Vec<u8>,
    pub(crate) answering: Answering,
}

impl Question {
    /// Whose question it is.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// The method.
    pub fn method(&self) -> &Method {
        self.request.method()
    }

    /// The URL.
    pub fn url(&self) -> &Url {
        self.request.url()
    }

    /// The head, as a connection would have got it: cookies and credentials stand in it.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The first value of a field of the head.
    pub fn field(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let lines = self.head.split(|&octet| octet == b'\n').skip(1);
        let mut fields = lines.filter_map(|line| {
            let line = line.strip_suffix(b"\r")?;
            let colon = line.iter().position(|&octet| octet == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        });
        let found = fields.find(|(found, _)| found.eq_ignore_ascii_case(name.as_ref()));
        found.map(|(_, value)| value)
    }

    /// The content, if it stands in memory. A source is not read.
    pub fn content(&self) -> Option<Bytes> {
        self.request.content_in_memory()
    }

    /// Asks the mount's function; `None` if there is none, and the question is the driver's. A function that panics has
    /// failed, as one that returns an error has; but that is not retried, nor is an [`io::ErrorKind::InvalidInput`].
    pub fn answer(&self) -> Option<io::Result<Answer>> {
        let Answering::By(answer) = &self.answering else {
            return None;
        };
        let answered = catch_unwind(AssertUnwindSafe(|| answer(self)));
        Some(answered.unwrap_or_else(|_| Err(io::Error::other(Panicked))))
    }
}

impl Question {
    /// As [`Question::answer`], where nobody answers by hand: that is an error then.
    ///
    /// # Errors
    /// If the function has failed, or there is none.
    pub fn answer_or_refuse(&self) -> io::Result<Answer> {
        let nobody = "nobody answers by hand here: `Answering::by` takes a function";
        let refusal = || Err(io::Error::new(io::ErrorKind::Unsupported, nobody));
        self.answer().unwrap_or_else(refusal)
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}, {:?}", self.id, self.request, self.answering)
    }
}

/// A response of the application's own making.
#[derive(Clone)]
pub struct Answer {
    /// The status: a final one.
    pub status: StatusCode,
    /// The field lines, as they are shown. None is made, and nothing goes by the framing fields among them.
    pub fields: Fields,
    /// The content. The answer to HEAD has none, nor has a 204 or 304.
    pub content: Bytes,
}

impl Answer {
    /// An answer without fields and content.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            fields: Fields::new(),
            content: Bytes::new(),
        }
    }

    /// The answer with this content.
    #[must_use]
    pub fn with_content(mut self, content: impl Into<Bytes>) -> Self {
        self.content = content.into();
        self
    }

    /// The answer with one more field line.
    ///
    /// # Errors
    /// If it could split or corrupt a message.
    pub fn with_field(
        mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<Self, crate::message::FieldError> {
        self.fields.append(name, value)?;
        Ok(self)
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for Answer {
    fn from(response: http::Response<B>) -> Self {
        let (parts, content) = response.into_parts();
        Self {
            status: parts.status,
            fields: Fields::from(&parts.headers),
            content: content.into(),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} octets", self.status.as_u16(), self.content.len())
    }
}
