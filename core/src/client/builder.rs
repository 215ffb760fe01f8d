//! The request builder: the same for every runtime. Only what `send` gives back differs.

use core::borrow::Borrow;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use url::Url;

use crate::base::Stage;
use crate::message::Fields;
use crate::session::{Content, Error, ErrorKind, Request, Timeouts};

/// What a runtime does with a built request.
pub trait Dispatch {
    /// What sending gives: a result, or a future of one.
    type Sending;

    /// Sends a request, or reports why there is none.
    fn dispatch(&self, request: Result<Arc<Request>, Error>) -> Self::Sending;
}

/// Anything that names a URL. Hand in a [`Url`], or a reference to one, where the same is asked often: parsing costs
/// more than a whole exchange does in here.
pub trait IntoUrl {
    /// The URL.
    ///
    /// # Errors
    /// If the text is not an absolute URL.
    fn into_url(self) -> Result<Url, Error>;
}

impl IntoUrl for Url {
    fn into_url(self) -> Result<Url, Error> {
        Ok(self)
    }
}

impl IntoUrl for &Url {
    fn into_url(self) -> Result<Url, Error> {
        Ok(self.clone())
    }
}

impl IntoUrl for &str {
    fn into_url(self) -> Result<Url, Error> {
        Url::parse(self)
            .map_err(|error| Error::new(ErrorKind::Url(error), Stage::Prepare).at_text(self))
    }
}

impl IntoUrl for &String {
    fn into_url(self) -> Result<Url, Error> {
        self.as_str().into_url()
    }
}

impl IntoUrl for String {
    fn into_url(self) -> Result<Url, Error> {
        self.as_str().into_url()
    }
}

/// Builds a request. The first mistake is remembered and comes out of [`build`](RequestBuilder::build) or of what
/// [`send`](RequestBuilder::send) gives.
///
/// ```
/// use sessile_core::RequestBuilder;
/// let request = RequestBuilder::new("POST", "http://example.org/things")
///     .header("Content-Type", "text/plain")
///     .body("one thing")
///     .build()?;
/// assert_eq!(request.origin().host(), "example.org");
///
/// let mistake = RequestBuilder::new("GET", "http://example.org/").header("X", "a\r\nb").build();
/// assert_eq!(mistake.unwrap_err().code(), "field-value");
/// # Ok::<(), sessile_core::Error>(())
/// ```
#[must_use = "a builder does nothing until it is built or sent"]
pub struct RequestBuilder<D = ()> {
    dispatch: D,
    draft: Result<Draft, Error>,
}

struct Draft {
    method: Method,
    url: Url,
    fields: Fields,
    content: Content,
    timeouts: Option<Timeouts>,
    deadline: Option<Duration>,
}

impl RequestBuilder<()> {
    /// A request that is submitted by hand, to an [`Engine`](crate::Engine) or a driver.
    pub fn new(method: impl AsRef<str>, url: impl IntoUrl) -> Self {
        Self::on((), method, url)
    }
}

impl RequestBuilder<()> {
    /// Announces content that the driver will hand over octet by octet.
    pub fn content(self, content: Content) -> Self {
        self.change(|draft| {
            draft.content = content;
            Ok(())
        })
    }
}

impl<D> RequestBuilder<D> {
    /// A request that `dispatch` will send.
    pub fn on(dispatch: D, method: impl AsRef<str>, url: impl IntoUrl) -> Self {
        let method = Method::from_bytes(method.as_ref().as_bytes())
            .map_err(|_| Error::new(ErrorKind::Method, Stage::Prepare));
        let url = url.into_url();
        let draft = method.and_then(|method| {
            let (fields, content) = (Fields::new(), Content::Empty);
            Ok(Draft {
                method,
                url: url?,
                fields,
                content,
                timeouts: None,
                deadline: None,
            })
        });
        Self { dispatch, draft }
    }

    fn change(mut self, change: impl FnOnce(&mut Draft) -> Result<(), ErrorKind>) -> Self {
        if let Ok(draft) = &mut self.draft
            && let Err(kind) = change(draft)
        {
            self.draft = Err(Error::new(kind, Stage::Prepare).at(&draft.url));
        }
        self
    }

    /// Adds a field line. It replaces the session's lines and the built-in line of that name, not the request's own.
    pub fn header(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.change(|draft| append(draft, name.as_ref(), value.as_ref()))
    }

    /// Adds field lines.
    pub fn headers<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        self,
        lines: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.change(|draft| {
            let mut lines = lines.into_iter();
            lines.try_for_each(|(name, value)| append(draft, name.as_ref(), value.as_ref()))
        })
    }

    /// Appends pairs to the URL's query, escaped as a form's are.
    pub fn query<I, K, V>(self, pairs: I) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        self.change(|draft| {
            let mut pairs = pairs.into_iter().peekable();
            if pairs.peek().is_some() {
                draft.url.query_pairs_mut().extend_pairs(pairs);
            }
            Ok(())
        })
    }

    /// Sets the content. It is kept in memory, without a copy where it already is a [`Bytes`].
    pub fn body(self, content: impl Into<Bytes>) -> Self {
        self.change(|draft| {
            draft.content = Content::Bytes(content.into());
            Ok(())
        })
    }

    /// Limits the whole request, from sending it to the end of its content. (A response that nobody reads when the
    /// limit passes keeps its connection until it is read or dropped.)
    pub fn timeout(self, limit: Duration) -> Self {
        self.change(|draft| {
            draft.deadline = Some(limit);
            Ok(())
        })
    }

    /// Replaces the session's time limits for this request. (Resolving and connecting belong to the connection, which
    /// requests share: there the session's limits stay in force.)
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.change(|draft| {
            draft.timeouts = Some(timeouts);
            Ok(())
        })
    }

    /// The request.
    ///
    /// # Errors
    /// The first mistake that was made on the way.
    pub fn build(self) -> Result<Request, Error> {
        self.split().1
    }

    fn split(self) -> (D, Result<Request, Error>) {
        let request = self.draft.and_then(|draft| {
            let Draft {
                method,
                url,
                fields,
                content,
                timeouts,
                deadline,
            } = draft;
            let mut request = Request::new(method, url, fields, content)?;
            request.timeouts = timeouts;
            request.deadline = deadline;
            Ok(request)
        });
        (self.dispatch, request)
    }
}

fn append(draft: &mut Draft, name: &[u8], value: &[u8]) -> Result<(), ErrorKind> {
    draft.fields.append(name, value).map_err(|error| {
        let name = name
            .escape_ascii()
            .take(64)
            .map(char::from)
            .collect::<String>()
            .into();
        ErrorKind::Field { name, error }
    })
}

impl<D: Dispatch> RequestBuilder<D> {
    /// Sends the request.
    pub fn send(self) -> D::Sending {
        let (dispatch, request) = self.split();
        dispatch.dispatch(request.map(Arc::new))
    }
}

impl<D> fmt::Debug for RequestBuilder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.draft {
            Ok(draft) => write!(
                f,
                "{} {}",
                draft.method,
                crate::session::redacted(&draft.url)
            ),
            Err(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mistake_is_told() {
        let code = |builder: RequestBuilder| builder.build().expect_err("a mistake").code();
        assert_eq!(
            code(RequestBuilder::new("GET", "no url").header("a b", "c")),
            "url"
        );
        assert_eq!(
            code(RequestBuilder::new("GET", "file:///etc/passwd")),
            "url"
        );
        assert_eq!(code(RequestBuilder::new("GE T", "http://a")), "method");
        assert_eq!(
            code(
                RequestBuilder::new("GET", "http://a")
                    .header("a b", "c")
                    .header("d", "\n")
            ),
            "field-name"
        );
        assert_eq!(
            code(RequestBuilder::new("GET", "http://a").header("Upgrade", "x")),
            "unsupported"
        );
    }

    #[test]
    fn query_pairs_are_appended() {
        let url = |builder: RequestBuilder| builder.build().expect("a request").url().to_string();
        assert_eq!(
            url(RequestBuilder::new("GET", "http://a/?x=1").query([("k y", "v&")])),
            "http://a/?x=1&k+y=v%26"
        );
        assert_eq!(
            url(RequestBuilder::new("GET", "http://a/").query::<[(&str, &str); 0], _, _>([])),
            "http://a/"
        );
    }
}
