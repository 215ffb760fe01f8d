//! What is between the application and one origin: the credentials that an attempt goes out with, and the answer to a peer
//! that asks for some.

use std::sync::Arc;

use super::attempt::{AttemptOutcome, Next};
use super::error::Error;
use super::exchange::Parting;
use super::kind::ErrorKind;
use super::path::Path;
use super::prepare::{Late, unconnected_head};
use super::request::{Content, Request, refused};
use super::session::Session;
use crate::base::{Now, RequestId, Stage};
use crate::message::{Fields, HeadRef, Known, RequestTarget};
use crate::policy::{
    AuthenticationCourse, Challenge, DigestInput, NoAnswer, ProtectionSpace, Proxy, StopReason,
};

/// Of so many origins it is kept what they asked for last. They are learned anew beyond that, at the cost of a round.
const MOST_SPACES: usize = 1_000;

impl Session {
    /// What is known of a request's head only when an attempt begins. It is to be given back, for the next.
    #[inline(never)]
    pub(super) fn late(&mut self, now: Now, id: RequestId) -> Option<Box<Late>> {
        let request = Arc::clone(&self.exchanges.get(id.0)?.request);
        let mut late = self.spare.take().unwrap_or_default();
        late.authorization = self.authorization(id);
        late.proxy = self.proxy_authorization(id);
        self.write_cookies(now, &request, &mut late.cookies);
        Some(late)
    }

    /// The cookies for the next attempt: the jar's, and those that the request brings, in place of the jar's of their names.
    /// What was set by hand stands in place of the jar's, and comes here only if the request brings cookies besides: there is
    /// one Cookie line at most (RFC 6265bis §5.8.1).
    fn write_cookies(&mut self, now: Now, request: &Request, line: &mut Vec<u8>) {
        line.clear();
        match self.cookies_by_hand(request) {
            Some(_) if request.cookies.is_empty() => {}
            Some(by_hand) => *line = by_hand,
            None if self.keeps_cookies && !request.removes_cookies() => {
                self.cookies.write_to(&request.url, now.wall, line);
            }
            None => {}
        }
        if !request.cookies.is_empty() {
            *line = beside(line, &request.cookies);
        }
    }

    /// What the Cookie lines say that are the request's own, or else the session's.
    fn cookies_by_hand(&self, request: &Request) -> Option<Vec<u8>> {
        let has_cookies = |fields: &Fields| fields.known() & Known::Cookie.bit() != 0;
        let fields = match has_cookies(&request.fields) {
            true => &request.fields,
            false if request.estranged || request.removes_cookies() => return None,
            false => Some(&self.config.fields).filter(|fields| has_cookies(fields))?,
        };
        let lines: Vec<_> = fields.values(Known::Cookie).collect();
        Some(lines.join(&b"; "[..]))
    }

    /// The head of a request as this session would send it now, if its peer asks for nothing. No answer of Digest is used up.
    pub(crate) fn preview(&mut self, now: Now, request: &Request) -> Result<Vec<u8>, Error> {
        let taken = self.dress_new(Arc::new(request.clone()));
        let request = taken.request;
        if let Some(error) = taken.refusal.or_else(|| self.refusal(&request)) {
            return Err(error.at(&request.url));
        }
        let cnonce = self.cnonces.clone().digits();
        let mut space = self.spaces.get(&request.key.origin).cloned();
        let said = request.authentication.as_ref().map(|who| {
            let mut course = AuthenticationCourse::default();
            let input = digest_input(&request, &cnonce);
            let space = space.get_or_insert_default();
            space.in_advance(who, &mut course, &input)
        });
        let mut late = Late {
            authorization: said.and_then(Result::ok).flatten(),
            ..Late::default()
        };
        self.write_cookies(now, &request, &mut late.cookies);
        let path = Path::of(&request.key, &request.url, &self.config);
        let path = path.map_err(|error| {
            Error::new(ErrorKind::ProxyRule(error), Stage::Prepare).at(&request.url)
        })?;
        if let Some(proxy) = path.forwarder() {
            let input = digest_input(&request, &cnonce);
            late.proxy = self
                .proxy_spaces
                .preview(proxy, &by_way_of_proxy(&request), &input);
        }
        let head = unconnected_head(&request, &self.config, &path.route, Some(&late));
        head.map_err(|error| refused(error, &request.url))
    }

    /// The cookies of a response go into the jar, whatever becomes of the response.
    pub(crate) fn keep_cookies(&mut self, now: Now, id: RequestId, head: HeadRef<'_>) {
        let Some(exchange) = self.exchanges.get(id.0) else {
            return;
        };
        if self.keeps_cookies && !head.status().is_informational() {
            let lines = head.fields().get_all("Set-Cookie");
            let url = &exchange.request.url;
            self.cookies.receive(url, lines, now.wall);
        }
    }

    /// The credentials for the next attempt: the answer to a challenge, or what is said in advance.
    fn authorization(&mut self, id: RequestId) -> Option<Vec<u8>> {
        let exchange = self.exchanges.get_mut(id.0)?;
        let request = Arc::clone(&exchange.request);
        let authentication = request.authentication.as_ref()?;
        let course = exchange.course.get_or_insert_default();
        if let Some(answer) = course.answer.take() {
            return Some(answer);
        }
        let cnonce = self.cnonces.digits();
        let input = digest_input(&request, &cnonce);
        let mut unknown = ProtectionSpace::default();
        let space = self.spaces.get_mut(&request.key.origin);
        let space = space.unwrap_or(&mut unknown);
        // Without what it cannot say, the request is challenged, and fails of that.
        let said = space.in_advance(authentication, &mut course.authentication, &input);
        said.ok().flatten()
    }

    /// The credentials for the proxy that makes the request in its own name: the answer to its challenge, or what is said in
    /// advance.
    fn proxy_authorization(&mut self, id: RequestId) -> Option<Vec<u8>> {
        let (proxy, request) = self.forwarder(id)?;
        let who = proxy.authentication()?;
        let course = self.exchanges.get_mut(id.0)?.course.get_or_insert_default();
        if let Some(answer) = course.proxy.answer.take() {
            return Some(answer);
        }
        let cnonce = self.cnonces.digits();
        let target = by_way_of_proxy(&request);
        let input = DigestInput {
            target: &target,
            ..digest_input(&request, &cnonce)
        };
        let space = self.proxy_spaces.of(&proxy);
        let said = space.in_advance(who, &mut course.proxy.authentication, &input);
        said.ok().flatten()
    }

    /// The proxy that makes a request in its own name, and the request.
    fn forwarder(&self, id: RequestId) -> Option<(Proxy, Arc<Request>)> {
        if !self.forwards {
            return None;
        }
        let exchange = self.exchanges.get(id.0)?;
        let path = self.tenant(exchange.origin)?.path.as_ref().ok()?;
        Some((path.forwarder()?.clone(), Arc::clone(&exchange.request)))
    }

    /// What becomes of a request whose proxy asks for credentials; `None` if there are none, or they were refused. A 407
    /// that no proxy of ours can have sent is a response like any other.
    pub(super) fn judge_proxy_challenge(
        &mut self,
        now: Now,
        id: RequestId,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Option<Parting> {
        let (proxy, request) = self.forwarder(id)?;
        let who = proxy.authentication()?;
        if self.closed || !(untouched || request.is_in_memory()) {
            return None;
        }
        let course = self.exchanges.get_mut(id.0)?.course.get_or_insert_default();
        let cnonce = self.cnonces.digits();
        let challenges = Challenge::read(head.fields().get_all("Proxy-Authenticate"));
        let target = by_way_of_proxy(&request);
        let input = DigestInput {
            target: &target,
            ..digest_input(&request, &cnonce)
        };
        let space = self.proxy_spaces.of(&proxy);
        let course = &mut course.proxy;
        let answer = space.challenged(who, &mut course.authentication, &challenges, &input);
        course.answer = Some(answer.ok()?);
        Some(self.challenged(now, id, head))
    }

    /// An answer to a challenge is there: the request is sent once more.
    fn challenged(&mut self, now: Now, id: RequestId, head: HeadRef<'_>) -> Parting {
        let outcome = AttemptOutcome::Status(head.status());
        self.note_attempt(now, id, outcome, Next::Authentication);
        if let Some(exchange) = self.exchanges.get_mut(id.0) {
            exchange.replays = 0;
        }
        Parting::Anew {
            wait: core::time::Duration::ZERO,
            here: true,
        }
    }

    /// What becomes of a request whose peer asks for credentials; `None` if there are none, or they were refused.
    pub(super) fn judge_challenge(
        &mut self,
        now: Now,
        id: RequestId,
        head: HeadRef<'_>,
        untouched: bool,
    ) -> Option<Parting> {
        let exchange = self.exchanges.get(id.0)?;
        let request = &exchange.request;
        request.authentication.as_ref()?;
        if self.closed || !(untouched || request.is_in_memory()) {
            return None;
        }
        match self.answer(id, head) {
            Ok(answer) => {
                let exchange = self.exchanges.get_mut(id.0)?;
                exchange.course.get_or_insert_default().answer = Some(answer);
                Some(self.challenged(now, id, head))
            }
            Err(why) if why.is_error() => {
                let error = Error::new(ErrorKind::Authentication(why), Stage::Head);
                let error = self.addressed(id, self.moved(id, error));
                let reason = StopReason::NotReplayable;
                Some(self.fail_on_head(now, id, head.status(), error, reason))
            }
            Err(_) => None,
        }
    }

    fn answer(&mut self, id: RequestId, head: HeadRef<'_>) -> Result<Vec<u8>, NoAnswer> {
        let exchange = self.exchanges.get_mut(id.0).ok_or(NoAnswer::NotOffered)?;
        let request = Arc::clone(&exchange.request);
        let authentication = request.authentication.as_ref();
        let authentication = authentication.ok_or(NoAnswer::NotOffered)?;
        let origin = &request.key.origin;
        if self.spaces.len() >= MOST_SPACES && !self.spaces.contains_key(origin) {
            self.spaces.clear();
        }
        let space = self.spaces.entry(origin.clone()).or_default();
        let course = exchange.course.get_or_insert_default();
        let cnonce = self.cnonces.digits();
        let input = digest_input(&request, &cnonce);
        let challenges = Challenge::read(head.fields().get_all("WWW-Authenticate"));
        space.challenged(
            authentication,
            &mut course.authentication,
            &challenges,
            &input,
        )
    }
}

/// What stands in the request line of a request to a proxy.
fn by_way_of_proxy(request: &Request) -> String {
    let target = match request.asterisk {
        true => RequestTarget::Asterisk,
        false => RequestTarget::of_request(&request.url),
    };
    let mut text = Vec::new();
    target.by_way_of_proxy(&request.key.origin).write(&mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// A request's own cookies behind those others that have other names.
fn beside(others: &[u8], own: &[u8]) -> Vec<u8> {
    let pairs = |line| <[u8]>::split(line, |&octet| octet == b';').map(<[u8]>::trim_ascii);
    let name = |pair: &[u8]| {
        pair.split(|&octet| octet == b'=')
            .next()
            .map(<[u8]>::to_vec)
    };
    let own_names: Vec<_> = pairs(own).map(name).collect();
    let kept = pairs(others).filter(|pair| !pair.is_empty() && !own_names.contains(&name(pair)));
    let all: Vec<_> = kept.chain(pairs(own)).collect();
    all.join(&b"; "[..])
}

/// What an answer of Digest says about a request.
fn digest_input<'a>(request: &'a Request, cnonce: &'a str) -> DigestInput<'a> {
    let target = match RequestTarget::of_request(&request.url) {
        RequestTarget::Path { path, .. } if !request.asterisk => path,
        _ => "*",
    };
    DigestInput {
        method: &request.method,
        target,
        content: match &request.content {
            Content::Empty => Some(b""),
            Content::Bytes(octets) => Some(octets),
            Content::Stream { .. } => None,
        },
        cnonce,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::RequestBuilder;
    use crate::engine::Engine;
    use crate::session::Config;

    #[test]
    fn a_preview_has_what_the_session_remembers() {
        let mut engine = Engine::<()>::new(Config::default()).expect("valid");
        let now = Now::default();
        let request = RequestBuilder::new("GET", "http://a.example/x/y")
            .basic_auth("joe", "pw")
            .cookie("mine", "1")
            .build()
            .expect("a request");
        for line in [&b"theirs=2; Path=/x"[..], b"mine=3", b"other=4; Path=/z"] {
            let set = engine.cookies_mut().set(request.url(), line, now.wall);
            set.expect("a cookie");
        }
        let head = engine.prepare(now, &request).expect("it would be sent");
        let text = String::from_utf8(head).expect("ASCII");
        assert!(
            text.starts_with("GET /x/y HTTP/1.1\r\nHost: a.example\r\n"),
            "{text}"
        );
        assert!(
            text.contains("\r\nAuthorization: Basic am9lOnB3\r\nCookie: theirs=2; mine=1\r\n"),
            "{text}"
        );
        engine.close(now);
        let refused = engine.prepare(now, &request).expect_err("it is closed");
        assert_eq!(refused.code(), "session-closed");
    }

    #[test]
    fn own_cookies_stand_in_for_those_of_their_names() {
        for (jar, own, all) in [
            ("", "a=1", "a=1"),
            ("a=0", "a=1", "a=1"),
            ("a=0; b=2; c", "b=1; d=", "a=0; c; b=1; d="),
            ("a=x=y", "a=1", "a=1"),
        ] {
            let line = beside(jar.as_bytes(), own.as_bytes());
            assert_eq!(line, all.as_bytes(), "{jar} {own}");
        }
    }
}
