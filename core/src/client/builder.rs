//! The request builder: the same for every runtime. Only what `send` gives back differs.

use core::borrow::Borrow;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use url::Url;

use super::dispatch::Dispatch;
use super::into_url::IntoUrl;
use crate::base::Stage;
use crate::message::FieldError;
use crate::policy::{Authentication, RedirectPolicy, Retry};
use crate::session::{
    Content, Draft, Error, ErrorKind, ExpectContinue, Request, RequestError, Timeouts,
};

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
pub struct RequestBuilder<D: Dispatch = ()> {
    dispatch: D,
    draft: Result<Draft, Error>,
    source: Option<D::Source>,
}

impl RequestBuilder<()> {
    /// A request that is submitted by hand, to an [`Engine`](crate::Engine) or a driver.
    pub fn new(method: impl AsRef<str>, url: impl IntoUrl) -> Self {
        Self::on((), method, url)
    }

    /// As [`RequestBuilder::new`]; a text that is no URL by itself is resolved against `base`, that of
    /// [a session](crate::Engine::base_url) say.
    ///
    /// ```
    /// # use sessile_core::{RequestBuilder, Url};
    /// let base = Url::parse("http://example.org/v1/")?;
    /// let request = RequestBuilder::based(Some(&base), "GET", "things?all").build()?;
    /// assert_eq!(request.url().as_str(), "http://example.org/v1/things?all");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn based(base: Option<&Url>, method: impl AsRef<str>, url: impl IntoUrl) -> Self {
        Self {
            dispatch: (),
            draft: begin(method.as_ref().as_bytes(), url.into_url(base)),
            source: None,
        }
    }
}

impl RequestBuilder<()> {
    /// Sets content of any kind; the pieces of a [`Content::Stream`] are handed over while the request is sent.
    pub fn content(self, content: Content) -> Self {
        self.set(|draft| draft.content = content)
    }
}

impl<D: Dispatch> RequestBuilder<D> {
    /// A request that `dispatch` will send.
    pub fn on(dispatch: D, method: impl AsRef<str>, url: impl IntoUrl) -> Self {
        let url = url.into_url(dispatch.base_url());
        Self {
            dispatch,
            draft: begin(method.as_ref().as_bytes(), url),
            source: None,
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Draft) -> Result<(), ErrorKind>) -> Self {
        if let Ok(draft) = &mut self.draft
            && let Err(kind) = change(draft)
        {
            self.draft = Err(Error::new(kind, Stage::Prepare).at(&draft.url));
        }
        self
    }

    pub(super) fn set(self, set: impl FnOnce(&mut Draft)) -> Self {
        self.change(|draft| {
            set(draft);
            Ok(())
        })
    }

    /// Adds a field line. It replaces the session's lines and the built-in line of that name, not the request's own.
    pub fn header(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.change(|draft| append(draft, name.as_ref(), value.as_ref()))
    }

    /// Adds a field line that is a secret between the application and the origin that it asks: no line of this name, nor
    /// the session's, follows a redirect to another origin. (Authorization, Cookie and Proxy-Authorization never do.)
    pub fn sensitive_header(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.change(|draft| {
            append(draft, name.as_ref(), value.as_ref())?;
            let inserted = draft.sensitive.insert(name.as_ref());
            inserted.map_err(|error| field_error(name.as_ref(), error))
        })
    }

    /// Adds a cookie for this request alone, and for the first origin that it asks: behind those of the session's jar, in place
    /// of those of its name. It does not go into the jar. (A Cookie line that is set as a [`header`](RequestBuilder::header)
    /// displaces the jar's cookies altogether, and stands in their place before these.)
    pub fn cookie(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.change(|draft| {
            let (name, value) = (name.as_ref(), value.as_ref());
            let pair = crate::cookie::pair(name, value);
            let pair = pair.ok_or_else(|| field_error(b"Cookie", FieldError::Value))?;
            if !draft.cookies.is_empty() {
                draft.cookies.extend_from_slice(b"; ");
            }
            draft.cookies.extend_from_slice(&pair);
            Ok(())
        })
    }

    /// Says who the request comes from: to its origin alone, also when it is redirected. It stands in for what the session
    /// knows, and is displaced by an Authorization field of the request's own and by userinfo in its URL.
    ///
    /// ```
    /// # use sessile_core::{Authentication, RequestBuilder};
    /// let who = Authentication::digest("Mufasa", "Circle of Life")?;
    /// let request = RequestBuilder::new("GET", "http://example.org/").authentication(who).build()?;
    /// # let _ = request;
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn authentication(self, who: Authentication) -> Self {
        self.set(|draft| draft.authentication = Some(who))
    }

    /// [`authentication`](RequestBuilder::authentication) by the Basic scheme.
    pub fn basic_auth(self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Self {
        self.change(|draft| {
            let who = Authentication::basic(user, password);
            draft.authentication =
                Some(who.map_err(|error| ErrorKind::Request(RequestError::Credentials(error)))?);
            Ok(())
        })
    }

    /// [`authentication`](RequestBuilder::authentication) by a bearer token.
    pub fn bearer_auth(self, token: &str) -> Self {
        self.change(|draft| {
            let who = Authentication::bearer(token);
            draft.authentication =
                Some(who.map_err(|error| ErrorKind::Request(RequestError::Credentials(error)))?);
            Ok(())
        })
    }

    /// Leaves out what the session or the built-in defaults would send under this name: `User-Agent`, say. A line that
    /// the request adds itself is sent all the same. Authorization also stands for what the URL's userinfo would become.
    pub fn remove_header(self, name: impl AsRef<[u8]>) -> Self {
        self.change(|draft| {
            let name = name.as_ref();
            let inserted = draft.removed.insert(name);
            inserted.map_err(|error| field_error(name, error))
        })
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

    /// Asks for the server as a whole (`OPTIONS *`, RFC 9112 §3.2.4); the URL must have no path and no query.
    pub fn asterisk(self) -> Self {
        self.set(|draft| draft.asterisk = true)
    }

    /// Adds a field that follows the content (RFC 9110 §6.5); the content is chunked then, whatever its length.
    pub fn trailer(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.change(|draft| {
            let name = name.as_ref();
            let appended = draft.trailers.append(name, value);
            appended.map_err(|error| field_error(name, error))
        })
    }

    /// Says that the request may be sent twice although its method does not (it carries an idempotency key, say): then
    /// it is sent once more when a kept connection turns out to have died, and retried like an idempotent one.
    pub fn repeatable(self) -> Self {
        self.set(|draft| draft.safe = true)
    }

    /// Keeps the connections of this request apart: only requests to the same origin and with the same partition share any.
    /// For peers that take a connection for somebody's (one that was authenticated as a whole, say).
    pub fn partition(self, name: impl Into<Arc<str>>) -> Self {
        self.set(|draft| draft.transport.partition = Some(name.into()))
    }

    /// The retry policy of this request, instead of the session's; `None` is no retry at all.
    ///
    /// ```
    /// # use sessile_core::{RequestBuilder, Retry};
    /// let patient = RequestBuilder::new("GET", "http://example.org/").retry(Retry::new(3)).build()?;
    /// let once = RequestBuilder::new("GET", "http://example.org/").retry(None).build()?;
    /// # let _ = (patient, once);
    /// # Ok::<(), sessile_core::Error>(())
    /// ```
    pub fn retry(self, policy: impl Into<Option<Retry>>) -> Self {
        self.set(|draft| draft.retry = Some(policy.into().map(Box::new)))
    }

    /// How redirects of this request are followed, instead of what the session says; `None` is not at all.
    ///
    /// ```
    /// # use sessile_core::{RedirectPolicy, RequestBuilder};
    /// let as_it_comes = RequestBuilder::new("GET", "http://example.org/").redirects(None).build()?;
    /// let one = RedirectPolicy { max: 1, ..RedirectPolicy::default() };
    /// let at_most_one = RequestBuilder::new("GET", "http://example.org/").redirects(one).build()?;
    /// # let _ = (as_it_comes, at_most_one);
    /// # Ok::<(), sessile_core::Error>(())
    /// ```
    pub fn redirects(self, policy: impl Into<Option<RedirectPolicy>>) -> Self {
        self.set(|draft| draft.redirects = Some(policy.into()))
    }

    /// When to ask the peer before the content is sent, instead of what the session says.
    pub fn expect_continue(self, policy: ExpectContinue) -> Self {
        self.set(|draft| draft.expect = Some(policy))
    }

    /// Sets the content. It is kept in memory, without a copy where it already is a [`Bytes`].
    pub fn body(mut self, content: impl Into<Bytes>) -> Self {
        self.source = None;
        self.set(|draft| draft.content = Content::Bytes(content.into()))
    }

    /// Reads the content from a source while the request is sent, at most 64 KiB ahead. `length` is its length in octets,
    /// and announced; without one the content is chunked.
    ///
    /// The source is read only once, and not before the head is on its way (nor while a 100 is
    /// [awaited](RequestBuilder::expect_continue)); a final response that comes early stops it. If it fails, ends before
    /// its announced length or has more, then so does the request:
    /// [`ErrorKind::Content`] says how, and no octet too many is written. A surplus is looked for where it shows without
    /// another read: a source that has given exactly what was announced is not asked for more. The time that the source
    /// takes is no fault of the peer's, and counts for no limit but those on the exchange and on the whole request.
    ///
    /// The source goes with the builder: [`build`](RequestBuilder::build) leaves it behind.
    pub fn body_reader(mut self, source: impl Into<D::Source>, length: Option<u64>) -> Self {
        self.source = Some(source.into());
        self.set(|draft| draft.content = Content::Stream { length })
    }

    /// Limits the whole request, from sending it to the end of its content. (A response that nobody reads when the
    /// limit passes keeps its connection until it is read or dropped.)
    pub fn timeout(self, limit: Duration) -> Self {
        self.set(|draft| draft.deadline = Some(limit))
    }

    /// Replaces the session's time limits for this request. (Resolving and connecting belong to the connection, which
    /// requests share: there the session's limits stay in force.)
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.set(|draft| draft.timeouts = Some(timeouts))
    }

    /// The request.
    ///
    /// # Errors
    /// The first mistake that was made on the way.
    pub fn build(self) -> Result<Request, Error> {
        self.draft.and_then(Draft::check)
    }

    /// Sends the request.
    pub fn send(self) -> D::Sending {
        let request = self.draft.and_then(Draft::check).map(Arc::new);
        self.dispatch.dispatch(request, self.source)
    }
}

fn begin(method: &[u8], url: Result<Url, Error>) -> Result<Draft, Error> {
    let Ok(token) = Method::from_bytes(method) else {
        let error = Error::new(ErrorKind::Method(shown(method)), Stage::Prepare);
        return Err(match url {
            Ok(url) => error.at(&url),
            Err(_) => error,
        });
    };
    Ok(Draft::new(token, url?))
}

fn append(draft: &mut Draft, name: &[u8], value: &[u8]) -> Result<(), ErrorKind> {
    let appended = draft.fields.append(name, value);
    appended.map_err(|error| field_error(name, error))
}

/// The error of a field line, with its name shown as far as that is readable.
fn field_error(name: &[u8], error: FieldError) -> ErrorKind {
    let name = shown(name);
    ErrorKind::Field { name, error }
}

/// Octets that may be anything, for an error: escaped, and at most 64 characters of them.
fn shown(octets: &[u8]) -> Box<str> {
    let shown = octets.escape_ascii().take(64).map(char::from);
    shown.collect::<String>().into()
}

impl<D: Dispatch> fmt::Debug for RequestBuilder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.draft {
            Ok(draft) => write!(
                f,
                "{} {}",
                draft.method,
                crate::message::redacted(&draft.url)
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
            code(RequestBuilder::new("GET", "http://a").header("Upgrade", "h2c")),
            "upgrade"
        );
    }

    #[test]
    fn a_bad_method_is_shown_with_the_url() {
        let said = |method: &str, url: &str| {
            let refused = RequestBuilder::new(method, url).build();
            refused.expect_err("no token").to_string()
        };
        assert!(said("GE T", "http://u:canary@a/b").starts_with(
            "http://a/b: the method `GE T` is not a token (RFC 9110 section 9.1) (stage: prepare; "
        ));
        let escaped = said("G\u{e9}T\r\n", "http://a/");
        assert!(escaped.contains("`G\\xc3\\xa9T\\r\\n`"), "{escaped}");
        let cut = said(&" ".repeat(65), "http://a/");
        assert!(cut.contains(&format!("`{}`", " ".repeat(64))), "{cut}");
        assert!(said("", "no url").starts_with("the method `` is not a token"));
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
