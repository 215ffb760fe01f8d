//! What the target `encode` reads from its input: a method and a URL, then a line for each thing that is asked for.
//!
//! ```text
//! POST http://user:pw@example.org/a?b#c     method, SP, URL
//! h Name: value                             a field line of the request's; `s` the session's; `t` behind the content
//! r Name                                    a name that the request removes; `d` that the session removes
//! q key=value                               a pair for the query
//! b octets                                  content in memory; `l 5` of known length, `u` of unknown length
//! e A                                       expect a 100: always (A), never (N), above a digit; `E` the session
//! c user:password                           credentials for a proxy
//! *                                         asterisk-form
//! ```
//! `\n` stands for LF, so that a value can try to hold one; other lines mean nothing.

use sessile_core::bytes::Bytes;
use sessile_core::{
    Config, Content, Credentials, Error, ExpectContinue, FieldNames, Fields, Request,
    RequestBuilder,
};

/// One input of the target `encode`.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) own: Lines,
    pub(crate) session: Lines,
    pub(crate) trailers: Lines,
    pub(crate) removed: Vec<Vec<u8>>,
    pub(crate) session_removed: Vec<Vec<u8>>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content: Content,
    pub(crate) asterisk: bool,
    pub(crate) expect: Option<ExpectContinue>,
    pub(crate) session_expect: ExpectContinue,
    pub(crate) credentials: Option<(Vec<u8>, Vec<u8>)>,
}

/// Names and values as they were asked for.
pub(crate) type Lines = Vec<(Vec<u8>, Vec<u8>)>;

impl Draft {
    pub(crate) fn read(input: &[u8]) -> Self {
        let mut lines = input.split(|&octet| octet == b'\n').map(unescaped);
        let first = text(&lines.next().unwrap_or_default());
        let (method, url) = first.split_once(' ').unwrap_or((&first, ""));
        let mut draft = Self {
            method: method.to_owned(),
            url: url.to_owned(),
            ..Self::default()
        };
        lines.for_each(|line| draft.note(&line));
        draft
    }

    fn note(&mut self, line: &[u8]) {
        let rest = line.get(2..).unwrap_or_default();
        match line.first() {
            Some(b'h') => self.own.push(split(rest, b':')),
            Some(b's') => self.session.push(split(rest, b':')),
            Some(b't') => self.trailers.push(split(rest, b':')),
            Some(b'r') => self.removed.push(rest.to_vec()),
            Some(b'd') => self.session_removed.push(rest.to_vec()),
            Some(b'q') => {
                let (key, value) = split(rest, b'=');
                self.query.push((text(&key), text(&value)));
            }
            Some(b'b') => self.content = Content::Bytes(Bytes::copy_from_slice(rest)),
            Some(b'l') => {
                self.content = Content::Stream {
                    length: number(rest),
                }
            }
            Some(b'u') => self.content = Content::Stream { length: None },
            Some(b'e') => self.expect = Some(expectation(rest)),
            Some(b'E') => self.session_expect = expectation(rest),
            Some(b'c') => self.credentials = Some(split(rest, b':')),
            Some(b'*') => self.asterisk = true,
            _ => {}
        }
    }

    /// The request, by the calls that an application would make.
    pub(crate) fn request(&self) -> Result<Request, Error> {
        let mut builder = RequestBuilder::new(&self.method, &self.url)
            .headers(self.own.iter().map(|(name, value)| (name, value)))
            .query(&self.query)
            .content(self.content.clone());
        for (name, value) in &self.trailers {
            builder = builder.trailer(name, value);
        }
        for name in &self.removed {
            builder = builder.remove_header(name);
        }
        if self.asterisk {
            builder = builder.asterisk();
        }
        if let Some(policy) = self.expect {
            builder = builder.expect_continue(policy);
        }
        builder.build()
    }

    /// The session's settings; `None` if its fields cannot even be written down.
    pub(crate) fn config(&self) -> Option<Config> {
        let (mut fields, mut removed) = (Fields::new(), FieldNames::new());
        for (name, value) in &self.session {
            fields.append(name, value).ok()?;
        }
        for name in &self.session_removed {
            removed.insert(name).ok()?;
        }
        Some(Config {
            fields,
            removed,
            expect_continue: self.session_expect,
            ..Config::default()
        })
    }

    /// The credentials that a proxy is told: none if both halves are empty.
    pub(crate) fn told_credentials(&self) -> Option<&(Vec<u8>, Vec<u8>)> {
        let credentials = self.credentials.as_ref();
        credentials.filter(|(user, password)| !(user.is_empty() && password.is_empty()))
    }

    pub(crate) fn proxy_credentials(&self) -> Option<Credentials> {
        let (user, password) = self.credentials.as_ref()?;
        Credentials::new(user, password).ok()
    }
}

fn unescaped(line: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(line.len());
    let mut rest = line;
    while let [first, tail @ ..] = rest {
        let escaped = rest.strip_prefix(b"\\n");
        octets.push(escaped.map_or(*first, |_| b'\n'));
        rest = escaped.unwrap_or(tail);
    }
    octets
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// What stands before the first separator and behind it.
fn split(line: &[u8], separator: u8) -> (Vec<u8>, Vec<u8>) {
    let at = line.iter().position(|&octet| octet == separator);
    let (before, behind) = line.split_at(at.unwrap_or(line.len()));
    let behind = behind.get(1..).unwrap_or_default();
    (before.to_vec(), behind.to_vec())
}

fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}

fn expectation(word: &[u8]) -> ExpectContinue {
    match word {
        [b'A', ..] => ExpectContinue::Always,
        [digit @ b'0'..=b'9', ..] => ExpectContinue::Above(u64::from(digit - b'0')),
        _ => ExpectContinue::Never,
    }
}
