//! Which lines the head of an accepted request must have, from what was asked for: the documented order and precedence,
//! written a second time over plain lists of names and values.
//!
//! The model judges nothing that can be refused; it says what must go out if nothing was.

use sessile_core::{Content, ExpectContinue, Route, Url};

use crate::draft::{Draft, Lines};
use crate::grammar;

/// The model of one head.
pub(crate) struct Expected<'a> {
    draft: &'a Draft,
    url: &'a Url,
    by_proxy: bool,
    /// What the proxy is told, if it is a proxy that reads this head.
    credentials: Option<String>,
}

/// How the content is delimited, as far as the head says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(u64),
    Chunked,
}

impl<'a> Expected<'a> {
    /// `url` is the URL as the request keeps it, with the query that was added.
    pub(crate) fn new(draft: &'a Draft, url: &'a Url, route: &Route) -> Self {
        let credentials = draft.told_credentials();
        let told = matches!(route, Route::ForwardProxy(Some(_)));
        Self {
            draft,
            url,
            by_proxy: matches!(route, Route::ForwardProxy(_)),
            credentials: credentials
                .filter(|_| told)
                .map(|(user, password)| basic(user, password)),
        }
    }

    /// The request target: origin-form, absolute-form or asterisk-form (RFC 9112 §3.2).
    pub(crate) fn target(&self) -> String {
        let mut target = match self.by_proxy {
            true => format!("{}://{}", self.url.scheme(), authority(self.url)),
            false => String::new(),
        };
        match (self.draft.asterisk, self.by_proxy) {
            (true, true) => {}
            (true, false) => target.push('*'),
            (false, _) => target.push_str(&path_and_query(self.url)),
        }
        target
    }

    /// All field lines, in their order.
    pub(crate) fn lines(&self) -> Lines {
        let mut lines = vec![line("Host", self.host())];
        lines.extend(self.built_in());
        lines.extend(self.session().filter(|(name, _)| self.is_in_place(name)));
        let own = self.draft.own.iter();
        let own = own.map(|(name, value)| line(name, grammar::trim(value)));
        lines.extend(own.filter(|(name, _)| self.is_in_place(name)));
        self.add_options(&mut lines);
        lines.extend(self.added(&lines));
        if self.needs_options(&lines) {
            let options = self.options().join(", ");
            lines.push(line("Connection", options));
        }
        if self.expects() && !has(&lines, "Expect") {
            lines.push(line("Expect", "100-continue"));
        }
        match self.framing() {
            Framing::None => {}
            Framing::Length(length) => lines.push(line("Content-Length", length.to_string())),
            Framing::Chunked => lines.push(line("Transfer-Encoding", "chunked")),
        }
        lines
    }

    fn host(&self) -> Vec<u8> {
        let own = value(&self.draft.own, "Host");
        let by_hand = own.or_else(|| value(&self.draft.session, "Host"));
        by_hand.unwrap_or_else(|| authority(self.url).into_bytes())
    }

    /// User-Agent and Accept, unless anybody says otherwise.
    fn built_in(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let lines = [("User-Agent", "sessile"), ("Accept", "*/*")];
        let kept = lines.into_iter().filter(|(name, _)| {
            let by_session =
                has(&self.draft.session, name) || lists(&self.draft.session_removed, name);
            !by_session && !self.is_replaced(name.as_bytes())
        });
        kept.map(|(name, value)| line(name, value))
    }

    /// The session's lines that the request neither replaces nor removes.
    fn session(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let lines = self.draft.session.iter();
        let kept = lines.filter(|(name, _)| !self.is_replaced(name));
        kept.map(|(name, value)| line(name, grammar::trim(value)))
    }

    fn is_replaced(&self, name: &[u8]) -> bool {
        let text = str::from_utf8(name).unwrap_or_default();
        let authorized = text.eq_ignore_ascii_case("Authorization") && self.userinfo().is_some();
        has(&self.draft.own, text) || lists(&self.draft.removed, text) || authorized
    }

    /// Host and the framing have places of their own; what is for a proxy goes to a proxy.
    fn is_in_place(&self, name: &[u8]) -> bool {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let elsewhere = is("Host") || is("Content-Length") || is("Transfer-Encoding");
        !elsewhere && (self.by_proxy || !is("Proxy-Authorization"))
    }

    /// The URL's userinfo as an Authorization, unless the request has one or wants none.
    fn userinfo(&self) -> Option<String> {
        let name = "Authorization";
        if has(&self.draft.own, name) || lists(&self.draft.removed, name) {
            return None;
        }
        let (user, password) = (self.url.username(), self.url.password().unwrap_or_default());
        let any = !user.is_empty() || !password.is_empty();
        any.then(|| basic(&unescaped(user), &unescaped(password)))
    }

    /// The credentials that the core adds.
    fn added(&self, lines: &Lines) -> Lines {
        let mut added = Lines::new();
        if let Some(value) = self.userinfo() {
            added.push(line("Authorization", value));
        }
        if let Some(value) = &self.credentials
            && !has(lines, "Proxy-Authorization")
        {
            added.push(line("Proxy-Authorization", value));
        }
        added
    }

    /// The Connection options that the fields need (RFC 9110 §7.6.1) and that nobody wrote.
    fn options(&self) -> Vec<&'static str> {
        let mut written: Lines = self.session().collect();
        written.extend(self.draft.own.iter().cloned());
        let connection = value(&written, "Connection").unwrap_or_default();
        let lacks = |option: &str| {
            let mut options = grammar::elements(&connection);
            !options.any(|other| other.eq_ignore_ascii_case(option.as_bytes()))
        };
        let needed = ["Upgrade", "TE"].into_iter();
        let needed = needed.filter(|option| has(&written, option) && lacks(option));
        needed.collect()
    }

    fn needs_options(&self, lines: &Lines) -> bool {
        !self.options().is_empty() && !has(lines, "Connection")
    }

    /// Options go behind those that a Connection line has.
    fn add_options(&self, lines: &mut Lines) {
        for (name, value) in lines {
            if name.eq_ignore_ascii_case(b"Connection") {
                for option in self.options() {
                    value.extend_from_slice(b", ");
                    value.extend_from_slice(option.as_bytes());
                }
            }
        }
    }

    /// Whether the policy in force asks for a 100; a line by hand is no matter of policy.
    fn expects(&self) -> bool {
        let length = match self.framing() {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked => None,
        };
        match self.draft.expect.unwrap_or(self.draft.session_expect) {
            ExpectContinue::Never => false,
            ExpectContinue::Above(most) => length.is_none_or(|length| length > most),
            ExpectContinue::Always => length != Some(0),
        }
    }

    /// RFC 9110 §8.6, RFC 9112 §6: by the content, unless it leaves the choice open and a line by hand makes it.
    pub(crate) fn framing(&self) -> Framing {
        let by_hand = value(&self.draft.own, "Content-Length").and_then(|digits| number(&digits));
        let length = match &self.draft.content {
            Content::Empty => Some(0),
            Content::Bytes(octets) => Some(octets.len() as u64),
            Content::Stream { length } => *length,
        };
        let announces = ["POST", "PUT", "PATCH"].contains(&self.draft.method.as_str());
        if has(&self.draft.own, "Transfer-Encoding") || !self.draft.trailers.is_empty() {
            return Framing::Chunked;
        }
        match by_hand.or(length) {
            None => Framing::Chunked,
            Some(0) if by_hand.is_none() && !announces => Framing::None,
            Some(length) => Framing::Length(length),
        }
    }
}

/// The lines of a CONNECT: for the proxy, and of no request (RFC 9110 §9.3.6).
pub(crate) fn of_connect(draft: &Draft, url: &Url, credentials: bool) -> Lines {
    let mut lines = vec![line("Host", tunnel(url))];
    if has(&draft.session, "User-Agent") {
        let named = draft.session.iter();
        let named = named.filter(|(name, _)| name.eq_ignore_ascii_case(b"User-Agent"));
        lines.extend(named.map(|(name, value)| line(name, grammar::trim(value))));
    } else if !lists(&draft.session_removed, "User-Agent") {
        lines.push(line("User-Agent", "sessile"));
    }
    if let (true, Some((user, password))) = (credentials, draft.told_credentials()) {
        lines.push(line("Proxy-Authorization", basic(user, password)));
    }
    lines
}

/// authority-form: the port is never left out.
pub(crate) fn tunnel(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn line(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> (Vec<u8>, Vec<u8>) {
    (name.as_ref().to_vec(), value.as_ref().to_vec())
}

fn value(lines: &Lines, name: &str) -> Option<Vec<u8>> {
    let mut lines = lines.iter();
    let line = lines.find(|line| line.0.eq_ignore_ascii_case(name.as_bytes()));
    line.map(|(_, value)| grammar::trim(value).to_vec())
}

fn has(lines: &Lines, name: &str) -> bool {
    value(lines, name).is_some()
}

fn lists(names: &[Vec<u8>], name: &str) -> bool {
    let mut names = names.iter();
    names.any(|other| other.eq_ignore_ascii_case(name.as_bytes()))
}

fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Undoes percent-encoding.
fn unescaped(text: &str) -> Vec<u8> {
    let digit = |octet: &u8| char::from(*octet).to_digit(16);
    let (mut octets, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => digit(high).zip(digit(low)),
            _ => None,
        };
        let octet = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        octets.push(octet.unwrap_or(*first));
        rest = octet.map_or(tail, |_| &rest[3..]);
    }
    octets
}

/// credentials = "Basic" SP base64(user ":" password) (RFC 7617 §2, RFC 4648 §4)
fn basic(user: &[u8], password: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = String::from("Basic ");
    for group in [user, b":", password].concat().chunks(3) {
        let octet = |place: usize| u32::from(group.get(place).copied().unwrap_or_default());
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            value.push(if place <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7617 §2 and RFC 4648 §10 have these.
    #[test]
    fn basic_credentials_are_encoded() {
        for (user, password, value) in [
            (
                "Aladdin",
                "open sesame",
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            ),
            ("test", "123\u{a3}", "Basic dGVzdDoxMjPCow=="),
            ("a", "", "Basic YTo="),
            ("ab", "", "Basic YWI6"),
        ] {
            assert_eq!(basic(user.as_bytes(), password.as_bytes()), value);
        }
        assert_eq!(unescaped("a%3ab%%4"), b"a:b%%4");
    }
}
