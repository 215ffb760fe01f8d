//! A request as an immutable value, checked once. It may be submitted any number of times.

use core::fmt;
use core::time::Duration;

use bytes::Bytes;
use http::Method;
use url::Url;

use super::causes::RequestError;
use super::config::Timeouts;
use super::error::{Error, ErrorKind};
use super::key::PoolKey;
use crate::base::Stage;
use crate::connection::ContentPlan;
use crate::message::{Fields, Known, Origin, RequestTarget};
use crate::syntax::list;

/// The content of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// None.
    #[default]
    Empty,
    /// Octets in memory; they can be sent again.
    Bytes(Bytes),
    /// Octets that the driver hands to [`Connection::outgoing`](crate::Connection::outgoing) as they come.
    Stream {
        /// How many there will be; unknown means chunked.
        length: Option<u64>,
    },
}

/// A checked request. Build it with [`RequestBuilder`](crate::RequestBuilder), submit an `Arc` of it.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) key: PoolKey,
    pub(crate) fields: Fields,
    pub(crate) content: Content,
    pub(crate) plan: ContentPlan,
    pub(crate) timeouts: Option<Timeouts>,
    pub(crate) deadline: Option<Duration>,
    /// The request says `Connection: close`.
    pub(crate) close: bool,
}

impl Request {
    /// Puts the parts together.
    ///
    /// # Errors
    /// If they contradict each other or the rules of HTTP; nothing has been done then.
    pub(crate) fn new(
        method: Method,
        url: Url,
        mut fields: Fields,
        content: Content,
    ) -> Result<Self, Error> {
        match check(&method, &url, &mut fields, &content) {
            Ok((origin, plan, close)) => Ok(Self {
                method,
                url,
                key: PoolKey { origin },
                fields,
                content,
                plan,
                timeouts: None,
                deadline: None,
                close,
            }),
            Err(error) => Err(Error::new(ErrorKind::Request(error), Stage::Prepare).at(&url)),
        }
    }

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

    /// Refuses a request whose content somebody would have to hand over: for façades that cannot.
    ///
    /// # Errors
    /// If the content is a [`Content::Stream`].
    pub fn check_in_memory(&self) -> Result<(), Error> {
        match self.content {
            Content::Empty | Content::Bytes(_) => Ok(()),
            Content::Stream { .. } => {
                let kind = ErrorKind::Request(RequestError::Unsupported(
                    "streamed content, by this session,",
                ));
                Err(Error::new(kind, Stage::Prepare).at(&self.url))
            }
        }
    }

    /// The content, if all of it is in memory: the engine sends it by itself then.
    pub(crate) fn content_in_memory(&self) -> Bytes {
        match &self.content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Empty | Content::Stream { .. } => Bytes::new(),
        }
    }

    /// The content.
    pub fn content(&self) -> &Content {
        &self.content
    }
}

impl fmt::Debug for Request {
    /// Method and URL without userinfo; no field value, no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, super::error::redacted(&self.url))
    }
}

/// What the parts come to: whom to ask, how the content is framed, whether the connection ends with the request.
fn check(
    method: &Method,
    url: &Url,
    fields: &mut Fields,
    content: &Content,
) -> Result<(Origin, ContentPlan, bool), RequestError> {
    let origin = Origin::of(url).map_err(RequestError::Origin)?;
    RequestTarget::origin_form(url).ok_or(RequestError::Target)?;
    if method == Method::CONNECT {
        return Err(RequestError::Connect);
    }
    let plan = plan(method, content);
    if method == Method::TRACE && plan != ContentPlan::None {
        return Err(RequestError::TraceContent);
    }
    let mut close = false;
    if fields.known() != 0 {
        check_host(fields)?;
        check_framing(fields, plan)?;
        close = check_connection(fields)?;
        check_unsupported(fields)?;
    }
    Ok((origin, plan, close))
}

/// Which framing the content gets (RFC 9110 §8.6): methods that expect content say so even when there is none.
fn plan(method: &Method, content: &Content) -> ContentPlan {
    let length = match content {
        Content::Empty => Some(0),
        Content::Bytes(bytes) => Some(bytes.len() as u64),
        Content::Stream { length } => *length,
    };
    let expected = [Method::POST, Method::PUT, Method::PATCH].contains(method);
    match length {
        None => ContentPlan::Chunked,
        Some(0) if !expected => ContentPlan::None,
        Some(length) => ContentPlan::Length(length),
    }
}

/// Host = uri-host [ ":" port ]
fn check_host(fields: &Fields) -> Result<(), RequestError> {
    let mut hosts = fields.get_all("host");
    let Some(host) = hosts.next() else {
        return Ok(());
    };
    if hosts.next().is_some() || !is_authority(host) {
        return Err(RequestError::Host);
    }
    Ok(())
}

fn is_authority(value: &[u8]) -> bool {
    let bracketed = value.first() == Some(&b'[');
    let end = if bracketed {
        value
            .iter()
            .position(|&octet| octet == b']')
            .map(|at| at + 1)
    } else {
        None
    };
    let end = end
        .or_else(|| value.iter().position(|&octet| octet == b':'))
        .unwrap_or(value.len());
    let (host, port) = value.split_at(end);
    let name = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~!$&'()*+;=%".contains(octet);
    let host_valid = if bracketed {
        host.len() > 2
            && host[1..host.len() - 1]
                .iter()
                .all(|octet| octet.is_ascii_hexdigit() || b":.".contains(octet))
    } else {
        !host.is_empty() && host.iter().all(name)
    };
    let port_valid = match port {
        [] => true,
        [b':', digits @ ..] => {
            let text = core::str::from_utf8(digits).unwrap_or_default();
            digits.iter().all(u8::is_ascii_digit) && text.parse::<u16>().is_ok()
        }
        _ => false,
    };
    host_valid && port_valid
}

/// A Content-Length set by hand must agree with the content; the line that is sent is always the core's.
fn check_framing(fields: &mut Fields, plan: ContentPlan) -> Result<(), RequestError> {
    if fields.known() & Known::TransferEncoding.bit() != 0 {
        return Err(RequestError::Framing);
    }
    if fields.known() & Known::ContentLength.bit() == 0 {
        return Ok(());
    }
    let announced = match plan {
        ContentPlan::None => 0,
        ContentPlan::Length(length) => length,
        ContentPlan::Chunked => return Err(RequestError::Framing),
    };
    let mut lines = fields.get_all("content-length");
    let line = lines.next().unwrap_or_default();
    let digits = line.iter().all(u8::is_ascii_digit);
    let value = core::str::from_utf8(line)
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    if lines.next().is_some() || !digits || value != Some(announced) {
        return Err(RequestError::Framing);
    }
    drop(lines);
    fields.remove("content-length");
    Ok(())
}

/// Whether the request closes its connection.
fn check_connection(fields: &Fields) -> Result<bool, RequestError> {
    let mut lines = fields.get_all("connection");
    let Some(line) = lines.next() else {
        return Ok(false);
    };
    let is = |word: &'static str| move |option: &[u8]| option.eq_ignore_ascii_case(word.as_bytes());
    let close = list::elements(line).any(is("close"));
    let keep_alive = list::elements(line).any(is("keep-alive"));
    let options = list::elements(line).count();
    if lines.next().is_some()
        || options != usize::from(close) + usize::from(keep_alive)
        || close == keep_alive
    {
        return Err(RequestError::Connection);
    }
    Ok(close)
}

/// Default field lines of a session: none that belongs to one message or one connection.
pub(crate) fn check_defaults(fields: &Fields) -> Result<(), RequestError> {
    check_host(fields)?;
    check_unsupported(fields)?;
    if fields.known() & (Known::ContentLength.bit() | Known::TransferEncoding.bit()) != 0 {
        return Err(RequestError::Framing);
    }
    if fields.known() & Known::Connection.bit() != 0 {
        Err(RequestError::Connection)
    } else {
        Ok(())
    }
}

fn check_unsupported(fields: &Fields) -> Result<(), RequestError> {
    for (known, name) in [
        (Known::Expect, "Expect"),
        (Known::KeepAlive, "Keep-Alive"),
        (Known::ProxyConnection, "Proxy-Connection"),
        (Known::Te, "TE"),
        (Known::Trailer, "Trailer"),
        (Known::Upgrade, "Upgrade"),
    ] {
        if fields.known() & known.bit() != 0 {
            return Err(RequestError::Unsupported(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(
        method: &str,
        lines: &[(&str, &str)],
        content: &'static str,
    ) -> Result<Request, ErrorKind> {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.append(name, value).expect("valid");
        }
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        let content = if content.is_empty() {
            Content::Empty
        } else {
            Content::Bytes(content.into())
        };
        let url = Url::parse("http://example.org/").expect("a URL");
        Request::new(method, url, fields, content).map_err(|error| error.kind().clone())
    }

    #[test]
    fn what_belongs_to_the_core_is_checked() {
        for (method, lines, content, error) in [
            ("CONNECT", &[][..], "", RequestError::Connect),
            ("TRACE", &[], "x", RequestError::TraceContent),
            (
                "GET",
                &[("Host", "a"), ("host", "a")],
                "",
                RequestError::Host,
            ),
            ("GET", &[("Host", "a b")], "", RequestError::Host),
            ("GET", &[("Host", "")], "", RequestError::Host),
            ("GET", &[("Host", "a:70000")], "", RequestError::Host),
            ("GET", &[("Host", "a@b")], "", RequestError::Host),
            (
                "POST",
                &[("Content-Length", "2")],
                "x",
                RequestError::Framing,
            ),
            (
                "POST",
                &[("Content-Length", "+1")],
                "x",
                RequestError::Framing,
            ),
            (
                "POST",
                &[("content-length", "1"), ("Content-Length", "1")],
                "x",
                RequestError::Framing,
            ),
            (
                "POST",
                &[("Transfer-Encoding", "chunked")],
                "x",
                RequestError::Framing,
            ),
            (
                "GET",
                &[("Connection", "upgrade")],
                "",
                RequestError::Connection,
            ),
            (
                "GET",
                &[("Connection", "close, keep-alive")],
                "",
                RequestError::Connection,
            ),
            (
                "GET",
                &[("Connection", "close"), ("Connection", "close")],
                "",
                RequestError::Connection,
            ),
            ("GET", &[("Connection", "")], "", RequestError::Connection),
            (
                "GET",
                &[("Upgrade", "websocket")],
                "",
                RequestError::Unsupported("Upgrade"),
            ),
            (
                "POST",
                &[("Expect", "100-continue")],
                "x",
                RequestError::Unsupported("Expect"),
            ),
        ] {
            assert_eq!(
                request(method, lines, content).err(),
                Some(ErrorKind::Request(error)),
                "{method} {lines:?}"
            );
        }
        for lines in [
            &[("Host", "[::1]:80")][..],
            &[("Host", "a.b:1")],
            &[("Connection", "Close")],
            &[("Content-Length", "01")],
        ] {
            assert!(request("POST", lines, "x").is_ok(), "{lines:?}");
        }
    }

    #[test]
    fn methods_that_expect_content_announce_its_absence() {
        for (method, content, plan) in [
            ("GET", "", ContentPlan::None),
            ("GET", "x", ContentPlan::Length(1)),
            ("POST", "", ContentPlan::Length(0)),
            ("PATCH", "", ContentPlan::Length(0)),
            ("post", "", ContentPlan::None),
            ("DELETE", "", ContentPlan::None),
        ] {
            assert_eq!(
                request(method, &[], content).map(|request| request.plan),
                Ok(plan),
                "{method} {content:?}"
            );
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let url = Url::parse("http://user:canary@example.org/").expect("a URL");
        let mut fields = Fields::new();
        fields.append("Authorization", "canary").expect("valid");
        let request =
            Request::new(Method::GET, url, fields, Content::Bytes("canary".into())).expect("valid");
        assert!(!format!("{request:?} {:?}", request.fields()).contains("canary"));
    }
}
