//! What a builder has gathered, checked once when it becomes a request.

use core::time::Duration;

use http::Method;
use url::Url;

use super::causes::RequestError;
use super::config::{ExpectContinue, Timeouts};
use super::error::Error;
use super::key::{PoolKey, Transport};
use super::request::{Content, Request, refused};
use super::shape::{Lines, Shape};
use crate::message::{FieldNames, Fields, Known, Origin, RequestTarget};
use crate::policy::{Authentication, Credentials, RedirectPolicy, Retry};

/// What a builder has gathered.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) fields: Fields,
    pub(crate) removed: FieldNames,
    pub(crate) asterisk: bool,
    pub(crate) content: Content,
    pub(crate) trailers: Fields,
    pub(crate) transport: Transport,
    pub(crate) safe: bool,
    pub(crate) expect: Option<ExpectContinue>,
    /// Its own policy, if it has one: none at all, perhaps.
    pub(crate) retry: Option<Option<Box<Retry>>>,
    /// Its own redirect policy, if it has one: none at all, perhaps.
    pub(crate) redirects: Option<Option<RedirectPolicy>>,
    /// Its fields, and default ones, that are for its first origin alone.
    pub(crate) sensitive: FieldNames,
    pub(crate) cookies: Vec<u8>,
    pub(crate) authentication: Option<Authentication>,
    pub(crate) timeouts: Option<Timeouts>,
    pub(crate) deadline: Option<Duration>,
}

impl Draft {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            fields: Fields::new(),
            removed: FieldNames::new(),
            asterisk: false,
            content: Content::Empty,
            trailers: Fields::new(),
            safe: false,
            expect: None,
            transport: Transport::default(),
            retry: None,
            redirects: None,
            sensitive: FieldNames::new(),
            cookies: Vec::new(),
            authentication: None,
            timeouts: None,
            deadline: None,
        }
    }

    /// Puts the parts together.
    ///
    /// # Errors
    /// If they contradict each other or the rules of HTTP; nothing has been done then.
    pub(crate) fn check(self) -> Result<Request, Error> {
        let (origin, shape, authorization) = match self.judge() {
            Ok(judged) => judged,
            Err(error) => return Err(refused(error, &self.url)),
        };
        // What is said by hand comes first, then what the URL says.
        let wanted = self.may_authenticate() && authorization.is_none();
        let authentication = self.authentication.filter(|_| wanted);
        let authorizes = authorization.is_some() || authentication.is_some();
        Ok(Request {
            displaced: displaced(&self.fields, &self.removed, authorizes),
            has_secrets: authentication.is_some() || !self.cookies.is_empty(),
            cookies: self.cookies,
            authentication,
            key: PoolKey {
                origin,
                transport: self.transport,
            },
            shape,
            authorization,
            method: self.method,
            url: self.url,
            fields: self.fields,
            removed: self.removed,
            asterisk: self.asterisk,
            content: self.content,
            trailers: self.trailers,
            safe: self.safe,
            expect: self.expect,
            retry: self.retry,
            redirects: self.redirects,
            sensitive: self.sensitive,
            estranged: false,
            answering: None,
            timeouts: self.timeouts,
            deadline: self.deadline,
        })
    }

    /// What the parts come to: whom to ask, what the core keeps of the fields, the credentials in the URL.
    fn judge(&self) -> Result<(Origin, Shape, Option<Box<str>>), RequestError> {
        let origin = Origin::of(&self.url).map_err(RequestError::Origin)?;
        RequestTarget::of(&self.url).ok_or(RequestError::Target)?;
        if self.method.as_str().eq_ignore_ascii_case("CONNECT") {
            return Err(RequestError::Connect);
        }
        check_asterisk(self)?;
        check_removed(&self.removed)?;
        if self.trailers.known() & Known::forbidden_in_trailers() != 0 {
            return Err(RequestError::Trailer);
        }
        let lines = Lines {
            own: &self.fields,
            removed: &self.removed,
            session: None,
        };
        let trailers = !self.trailers.is_empty();
        let shape = Shape::of(&self.method, &self.content, trailers, lines)?;
        Ok((origin, shape, self.authorization()?))
    }

    /// Authorization from the URL, unless the request has its own or wants none.
    fn authorization(&self) -> Result<Option<Box<str>>, RequestError> {
        let credentials = Credentials::of_url(&self.url).map_err(RequestError::Credentials)?;
        let credentials = credentials.filter(|_| self.may_authenticate());
        Ok(credentials.map(|credentials| credentials.basic().into()))
    }

    /// Whether it has no Authorization of its own, and wants one.
    fn may_authenticate(&self) -> bool {
        let known = self.fields.known() | self.removed.known();
        known & Known::Authorization.bit() == 0
    }
}

/// The names of lower levels' lines that a request does not leave as they are.
pub(super) fn displaced(fields: &Fields, removed: &FieldNames, authorizes: bool) -> u32 {
    let authorization = match authorizes {
        true => Known::Authorization.bit(),
        false => 0,
    };
    fields.known() | removed.known() | authorization
}

/// asterisk-form is for OPTIONS on a whole server (RFC 9112 §3.2.4): a path or query would be lost.
fn check_asterisk(draft: &Draft) -> Result<(), RequestError> {
    let bare = draft.url.path() == "/" && draft.url.query().is_none();
    if draft.asterisk && !(bare && draft.method == Method::OPTIONS) {
        Err(RequestError::Asterisk)
    } else {
        Ok(())
    }
}

/// Without Host and framing there is no message.
pub(super) fn check_removed(removed: &FieldNames) -> Result<(), RequestError> {
    let needed = Known::Host.bit() | Known::ContentLength.bit() | Known::TransferEncoding.bit();
    if removed.known() & needed != 0 {
        Err(RequestError::Remove)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::ErrorKind;

    fn draft(method: &str, url: &str) -> Draft {
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        Draft::new(method, Url::parse(url).expect("a URL"))
    }

    fn refusal(draft: Draft) -> Option<RequestError> {
        match draft.check().err()?.kind() {
            ErrorKind::Request(error) => Some(error.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn parts_that_make_no_request_are_refused() {
        for method in ["CONNECT", "connect"] {
            let connect = draft(method, "http://a/");
            assert_eq!(refusal(connect), Some(RequestError::Connect));
        }
        for (method, url) in [
            ("GET", "http://a/"),
            ("OPTIONS", "http://a/b"),
            ("OPTIONS", "http://a/?"),
        ] {
            let mut asterisk = draft(method, url);
            asterisk.asterisk = true;
            assert_eq!(refusal(asterisk), Some(RequestError::Asterisk), "{url}");
        }
        for name in ["host", "Content-Length", "TRANSFER-ENCODING"] {
            let mut removing = draft("GET", "http://a/");
            removing.removed.insert(name).expect("a token");
            assert_eq!(refusal(removing), Some(RequestError::Remove), "{name}");
        }
        let mut trailing = draft("POST", "http://a/");
        trailing.trailers.append("Host", "b").expect("valid");
        assert_eq!(refusal(trailing), Some(RequestError::Trailer));
        for url in ["http://j%3Ae:pw@a/", "http://j%00e:pw@a/"] {
            let credentials = refusal(draft("GET", url));
            let told = matches!(credentials, Some(RequestError::Credentials(_)));
            assert!(told, "{url}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut draft = draft("GET", "http://user:canary@example.org/");
        draft
            .fields
            .append("Authorization", "canary")
            .expect("valid");
        draft.content = Content::Bytes("canary".into());
        let request = draft.check().expect("valid");
        assert!(!format!("{request:?} {:?}", request.fields()).contains("canary"));
    }
}
