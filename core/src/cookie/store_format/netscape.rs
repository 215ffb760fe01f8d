//! `cookies.txt`, as Netscape wrote it and curl, wget and Python's `MozillaCookieJar` read it.
//!
//! ```text
//! domain HTAB tail-match HTAB path HTAB secure HTAB expiry HTAB name HTAB value
//! #HttpOnly_.example.org    TRUE    /    TRUE    1893456000    sid    31d4
//! ```
//!
//! tail-match is TRUE for the hosts below, too. The expiry is in seconds; 0 ends with the session. Lines that begin with
//! `#` are comments, except for curl's `#HttpOnly_`. A cookie without a name has an empty column for it; where there are
//! six columns, an editor has cut off an empty value (as curl reads them). SameSite and ages are not kept.
//!
//! curl writes and takes an expiry of 0 for a cookie that ends with the session. Python's `MozillaCookieJar` writes an empty
//! column for it, and takes 0 for a time that has passed.

use core::time::Duration;

use super::super::set_cookie::{Lifetime, PathAttribute, SetCookie};
use super::super::stored::CookieRef;
use super::super::{CookieJar, CookieRejection};
use super::{Candidate, CookieFileError, CookieFileProblem, Reading, SessionCookies};

const FIRST_LINE: &[u8] = b"# Netscape HTTP Cookie File\n";
const HTTP_ONLY: &[u8] = b"#HttpOnly_";

impl CookieJar {
    /// Appends the jar as `cookies.txt`, oldest cookies first. Values are octets, so this may be no text. What it cannot
    /// say comes back and is not in it: cookies with an HTAB, which divides its columns, and those of a host that begins
    /// with a dot.
    ///
    /// Cookies that end with the session have the expiry 0, as curl has it. Python's `MozillaCookieJar` takes that for
    /// expired: its `load` drops them unless it is told `ignore_expires=True` (`ignore_discard=True` is not enough), and then
    /// they are sent only once their `expires` was set to `None`.
    ///
    /// ```
    /// # use core::time::Duration;
    /// use sessile_core::{CookieJar, SessionCookies, Url};
    /// # let now = Duration::from_secs(1_800_000_000);
    /// let mut jar = CookieJar::new();
    /// jar.set(&Url::parse("https://example.org/")?, b"sid=31d4; Secure; HttpOnly; Max-Age=60", now)?;
    /// let mut file = Vec::new();
    /// assert!(jar.write_netscape(SessionCookies::LeaveOut, &mut file).is_empty());
    /// assert!(file.ends_with(b"\n#HttpOnly_example.org\tFALSE\t/\tTRUE\t1800000060\tsid\t31d4\n"));
    /// assert_eq!(CookieJar::new().read_netscape(&file, now)?, 1);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn write_netscape(
        &self,
        sessions: SessionCookies,
        out: &mut Vec<u8>,
    ) -> Vec<CookieRef<'_>> {
        out.extend_from_slice(FIRST_LINE);
        let mut left_out = Vec::new();
        for cookie in self.written(sessions) {
            match is_sayable(cookie) {
                true => write_line(cookie, out),
                false => left_out.push(cookie),
            }
        }
        left_out
    }

    /// Takes the cookies of a `cookies.txt`: all of them, or none if one cannot be taken. How many; those that have
    /// expired are passed over. `wall` is the time since the Unix epoch:
    ///
    /// ```
    /// use std::time::{SystemTime, UNIX_EPOCH};
    /// use sessile_core::{Config, CookieJar};
    /// let file = b"example.org\tFALSE\t/\tFALSE\t0\tsid\t31d4\n"; // std::fs::read(...)
    /// let mut jar = CookieJar::new();
    /// assert_eq!(jar.read_netscape(file, SystemTime::now().duration_since(UNIX_EPOCH)?)?, 1);
    /// let config = Config { cookies: Some(jar), ..Config::default() };
    /// # let _ = config;
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first line that cannot be taken, and why.
    pub fn read_netscape(&mut self, file: &[u8], wall: Duration) -> Result<usize, CookieFileError> {
        let reading = read(self, file, wall);
        self.take_all(reading, wall)
    }

    /// Takes what can be taken of a `cookies.txt`: how many cookies, and what is wrong with each other line.
    pub fn read_netscape_leniently(
        &mut self,
        file: &[u8],
        wall: Duration,
    ) -> (usize, Vec<CookieFileError>) {
        let reading = read(self, file, wall);
        self.take_some(reading, wall)
    }
}

fn is_sayable(cookie: CookieRef<'_>) -> bool {
    let columns = [cookie.path(), cookie.name(), cookie.value()];
    // The dot before a domain is a sign there; no name that can be resolved begins with one, but a URL's host may.
    !cookie.domain().starts_with('.') && !columns.iter().any(|column| column.contains(&b'\t'))
}

fn write_line(cookie: CookieRef<'_>, out: &mut Vec<u8>) {
    let flag = |is| if is { "TRUE" } else { "FALSE" };
    let (below, secure) = (flag(!cookie.is_host_only()), flag(cookie.is_secure()));
    // Within the first second of the epoch it would look as if there were none.
    let expiry = cookie.expires().map_or(0, |at| at.as_secs().max(1));
    if cookie.is_http_only() {
        out.extend_from_slice(HTTP_ONLY);
    }
    // An address has nothing below it, and no dot.
    if !cookie.is_host_only() && !is_address(cookie.domain()) {
        out.push(b'.');
    }
    out.extend_from_slice(cookie.domain().as_bytes());
    for column in [
        below.as_bytes(),
        cookie.path(),
        secure.as_bytes(),
        expiry.to_string().as_bytes(),
        cookie.name(),
        cookie.value(),
    ] {
        out.push(b'\t');
        out.extend_from_slice(column);
    }
    out.push(b'\n');
}

fn is_address(domain: &str) -> bool {
    !matches!(url::Host::parse(domain), Ok(url::Host::Domain(_)))
}

fn read(jar: &CookieJar, file: &[u8], wall: Duration) -> Reading {
    let mut reading = Reading::new();
    for (number, line) in (1..).zip(file.split(|octet| *octet == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
            Some(line) => (line, true),
            None if line.starts_with(b"#") || line.iter().all(u8::is_ascii_whitespace) => continue,
            None => (line, false),
        };
        let candidate = read_line(jar, line, http_only, wall);
        reading.push(candidate.map_err(|problem| CookieFileError::new(number, problem)));
    }
    reading
}

fn read_line(
    jar: &CookieJar,
    line: &[u8],
    http_only: bool,
    wall: Duration,
) -> Result<Candidate, CookieFileProblem> {
    let columns: Vec<_> = line.split(|octet| *octet == b'\t').collect();
    let (&[domain, below, path, secure, expiry, name], value) = match columns.as_slice() {
        [first @ .., value] if first.len() == 6 => (first.first_chunk().ok_or(few(0))?, *value),
        first if first.len() == 6 => (first.first_chunk().ok_or(few(0))?, &b""[..]),
        other => return Err(few(other.len())),
    };
    let set = SetCookie {
        lifetime: read_expiry(expiry)?,
        path: PathAttribute::Given(path),
        secure: read_flag(secure)?,
        http_only,
        ..SetCookie::new(name, value)
    };
    let domain = core::str::from_utf8(domain.strip_prefix(b".").unwrap_or(domain));
    let domain = domain.map_err(|_| CookieFileProblem::Rejected(CookieRejection::Domain))?;
    Candidate::new(jar, &set, (domain, !read_flag(below)?), wall)
}

fn few(columns: usize) -> CookieFileProblem {
    CookieFileProblem::Columns(columns)
}

fn read_flag(column: &[u8]) -> Result<bool, CookieFileProblem> {
    match column {
        _ if column.eq_ignore_ascii_case(b"TRUE") => Ok(true),
        _ if column.eq_ignore_ascii_case(b"FALSE") => Ok(false),
        _ => Err(CookieFileProblem::Flag),
    }
}

/// 0, or nothing as Python writes it: with the session. More than there are in a number lasts as long as may be.
fn read_expiry(column: &[u8]) -> Result<Lifetime, CookieFileProblem> {
    if !column.iter().all(u8::is_ascii_digit) {
        return Err(CookieFileProblem::Expiry);
    }
    let seconds = column.iter().fold(0_i64, |number, digit| {
        let more = number.saturating_mul(10);
        more.saturating_add(i64::from(digit - b'0'))
    });
    Ok(match seconds {
        0 => Lifetime::Session,
        seconds => Lifetime::Expires(seconds),
    })
}
