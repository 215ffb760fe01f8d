//! A jar as JSON: everything that it knows of each cookie, ages included.
//!
//! ```text
//! {"version":1,"cookies":[
//! {"created_ms":…,"domain":"example.org","expires_ms":…,"host_only":true,…,"name":"sid","value":"31d4"},
//! ```
//!
//! Name, value and path are strings, or `{"base64":"…"}` where the octets are not UTF-8. `used` only tells which of two
//! cookies was used later.

use core::time::Duration;
use std::collections::BTreeMap;

use ::cookie::SameSite;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::super::CookieJar;
use super::super::set_cookie::{PathAttribute, SetCookie};
use super::super::stored::{CookieRef, Moment};
use super::{
    Candidate, CookieFileError, CookieFileProblem, FORMAT_VERSION, Reading, SessionCookies,
};

impl CookieJar {
    /// The jar as JSON, one cookie a line, oldest first.
    pub fn to_json(&self, sessions: SessionCookies) -> String {
        let cookies = self.written(sessions).into_iter();
        let lines: Vec<_> = cookies
            .map(|cookie| format!("\n{}", entry(cookie)))
            .collect();
        let end = if lines.is_empty() { "" } else { "\n" };
        let lines = lines.join(",");
        format!("{{\"version\":{FORMAT_VERSION},\"cookies\":[{lines}{end}]}}\n")
    }

    /// Takes the cookies of such a file: all of them, or none if one cannot be taken. How many; those that have expired
    /// are passed over.
    ///
    /// # Errors
    /// The first thing that is wrong, and its line.
    pub fn read_json(&mut self, file: &[u8], wall: Duration) -> Result<usize, CookieFileError> {
        let reading = read(self, file, wall)?;
        self.take_all(reading, wall)
    }

    /// Takes what can be taken of such a file: how many cookies, and what is wrong with each other.
    ///
    /// # Errors
    /// If nothing can be read: it is no JSON, or of a later version.
    pub fn read_json_leniently(
        &mut self,
        file: &[u8],
        wall: Duration,
    ) -> Result<(usize, Vec<CookieFileError>), CookieFileError> {
        let reading = read(self, file, wall)?;
        Ok(self.take_some(reading, wall))
    }
}

fn entry(cookie: CookieRef<'_>) -> Value {
    json!({
        "name": octets(cookie.name()),
        "value": octets(cookie.value()),
        "domain": cookie.domain(),
        "host_only": cookie.is_host_only(),
        "path": octets(cookie.path()),
        "secure": cookie.is_secure(),
        "http_only": cookie.is_http_only(),
        "same_site": cookie.same_site().map(|same_site| same_site.to_string()),
        "expires_ms": cookie.cookie.expiry.map(|expiry| expiry.0),
        "created_ms": cookie.cookie.born.moment.0,
        "used": cookie.cookie.used,
    })
}

fn octets(octets: &[u8]) -> Value {
    match core::str::from_utf8(octets) {
        Ok(text) => text.into(),
        Err(_) => json!({ "base64": STANDARD.encode(octets) }),
    }
}

/// The cookies of a file, unless it cannot be read at all.
fn read(jar: &CookieJar, file: &[u8], wall: Duration) -> Result<Reading, CookieFileError> {
    let whole = |line, problem| CookieFileError::new(line, problem);
    let text = core::str::from_utf8(file).map_err(|error| {
        let before = &file[..error.valid_up_to()];
        whole(lines(before) + 1, CookieFileProblem::Json)
    })?;
    let parsed = serde_json::from_str::<BTreeMap<String, &RawValue>>(text);
    let file = parsed.map_err(|error| whole(error.line().max(1), CookieFileProblem::Json))?;
    let key = |key: &'static str| {
        let value = file.get(key).copied();
        value.ok_or(whole(1, CookieFileProblem::Key(key)))
    };
    let version = key("version")?.get().parse();
    match version.map_err(|_| whole(1, CookieFileProblem::Key("version")))? {
        FORMAT_VERSION => {}
        0 => return Err(whole(1, CookieFileProblem::Key("version"))),
        newer => return Err(whole(1, CookieFileProblem::NewerVersion(newer))),
    }
    let cookies = serde_json::from_str::<Vec<&RawValue>>(key("cookies")?.get());
    let cookies = cookies.map_err(|_| whole(1, CookieFileProblem::Key("cookies")))?;
    Ok(read_each(jar, text, &cookies, wall))
}

fn read_each(jar: &CookieJar, text: &str, cookies: &[&RawValue], wall: Duration) -> Reading {
    let (mut line, mut seen) = (1, 0);
    let cookies = cookies.iter().map(|cookie| {
        // Each is a piece of the text, behind the one before.
        let begin = cookie.get().as_ptr().addr() - text.as_ptr().addr();
        line += lines(&text.as_bytes()[seen..begin]);
        seen = begin;
        read_one(jar, cookie.get(), wall).map_err(|problem| CookieFileError::new(line, problem))
    });
    cookies.collect()
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|octet| **octet == b'\n').count()
}

fn read_one(jar: &CookieJar, text: &str, wall: Duration) -> Result<Candidate, CookieFileProblem> {
    let entry = Entry(serde_json::from_str(text).map_err(|_| CookieFileProblem::Json)?);
    let (name, value, path) = (
        entry.octets("name")?,
        entry.octets("value")?,
        entry.octets("path")?,
    );
    let set = SetCookie {
        path: PathAttribute::Given(&path),
        secure: entry.flag("secure")?,
        http_only: entry.flag("http_only")?,
        same_site: entry.same_site()?,
        ..SetCookie::new(&name, &value)
    };
    let audience = (entry.text("domain")?, entry.flag("host_only")?);
    let mut candidate = Candidate::new(jar, &set, audience, wall)?;
    let now = Moment::of(wall);
    if let Some(expiry) = entry.moment("expires_ms")? {
        let last = now.after(jar.limits().max_lifetime);
        candidate.cookie.expiry = Some(expiry.min(last));
    }
    let created = entry.moment("created_ms")?;
    candidate.cookie.born.moment = created.unwrap_or(now).min(now);
    candidate.used = entry.number("used")?.unwrap_or(0);
    Ok(candidate)
}

/// What is said of one cookie.
struct Entry(Map<String, Value>);

impl Entry {
    fn value(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }

    fn needed<'a, T>(
        &'a self,
        key: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<T, CookieFileProblem> {
        read(self.value(key)).ok_or(CookieFileProblem::Key(key))
    }

    /// What may be missing, or null.
    fn optional<'a, T>(
        &'a self,
        key: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, CookieFileProblem> {
        match self.value(key).is_null() {
            true => Ok(None),
            false => self.needed(key, read).map(Some),
        }
    }

    fn text(&self, key: &'static str) -> Result<&str, CookieFileProblem> {
        self.needed(key, Value::as_str)
    }

    fn flag(&self, key: &'static str) -> Result<bool, CookieFileProblem> {
        self.needed(key, Value::as_bool)
    }

    fn octets(&self, key: &'static str) -> Result<Vec<u8>, CookieFileProblem> {
        self.needed(key, |value| match value {
            Value::String(text) => Some(text.clone().into_bytes()),
            Value::Object(object) => STANDARD.decode(object.get("base64")?.as_str()?).ok(),
            _ => None,
        })
    }

    fn number(&self, key: &'static str) -> Result<Option<u64>, CookieFileProblem> {
        self.optional(key, Value::as_u64)
    }

    fn moment(&self, key: &'static str) -> Result<Option<Moment>, CookieFileProblem> {
        Ok(self.optional(key, Value::as_i64)?.map(Moment))
    }

    fn same_site(&self) -> Result<Option<SameSite>, CookieFileProblem> {
        self.optional("same_site", |value| match value.as_str()? {
            "Strict" => Some(SameSite::Strict),
            "Lax" => Some(SameSite::Lax),
            "None" => Some(SameSite::None),
            _ => None,
        })
    }
}
