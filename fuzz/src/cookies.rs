//! A script of responses and requests, through two jars: one with room, beside a jar that is as plain as the text of RFC
//! 6265bis, and one with hardly any.
//!
//! ```text
//! @ http://www.example.org/a/b    the URL of what follows
//! s a=b; Path=/                   a response from there sets this
//! + 60                            so many seconds pass
//! i name=value                    the application puts this in, by the URL
//! n .example.org TRUE ...         a line of a cookies.txt
//! j {"version":1,"cookies":[]}    a jar as JSON
//! ```
//! After each step a request goes to that URL. `\n` stands for LF, `\t` for HTAB; other lines mean nothing.

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{
    Cookie, CookieJar, CookieLimits, CookieRef, PublicSuffixes, SessionCookies, Url,
};

use crate::reference_jar::{ReferenceJar, is_public_suffix};

/// So many steps count: fewer than a domain has room for, so that nothing is driven out.
const STEPS: usize = 150;

#[derive(Debug)]
struct List;

impl PublicSuffixes for List {
    fn is_public_suffix(&self, domain: &str) -> bool {
        is_public_suffix(domain)
    }
}

/// Asserts, for any script:
///
/// 1. a jar with room sends what the plain jar sends;
/// 2. a line that is sent holds no control octet, exactly the cookies that `explain` says, in that order, and keeps to the
///    limits; every cookie has its verdict;
/// 3. the jar keeps to its limits;
/// 4. what is written, as JSON or as `cookies.txt`, is read as the same cookies.
///
/// # Panics
/// If one of these does not hold.
pub fn cookies(input: &[u8]) {
    let mut script = Script::new();
    let lines = input.split(|octet| *octet == b'\n').take(STEPS);
    for line in lines.map(unescaped) {
        script.step(&line);
        script.ask();
    }
    for jar in [&script.roomy, &script.narrow] {
        through_json(jar, script.wall());
        through_netscape(jar, script.wall());
    }
}

struct Script {
    url: Url,
    now: u64,
    roomy: CookieJar,
    narrow: CookieJar,
    reference: ReferenceJar,
}

impl Script {
    fn new() -> Self {
        Self {
            url: Url::parse("https://www.example.org/a/b").expect("a URL"),
            now: 1_800_000_000,
            roomy: empty(&roomy()),
            narrow: empty(&narrow()),
            reference: ReferenceJar::default(),
        }
    }

    fn wall(&self) -> Duration {
        Duration::from_secs(self.now)
    }

    fn step(&mut self, line: &[u8]) {
        let (kind, rest) = (line.first(), line.get(2..).unwrap_or_default());
        match kind {
            Some(b'@') => self.go_to(rest),
            Some(b's') => self.receive(rest),
            Some(b'+') => {
                let seconds = String::from_utf8_lossy(rest).parse::<u32>();
                self.now += u64::from(seconds.unwrap_or(0));
            }
            Some(b'i') => self.insert(rest),
            Some(b'n') => self.read(rest, CookieJar::read_netscape),
            Some(b'j') => self.read(rest, CookieJar::read_json),
            _ => {}
        }
    }

    fn go_to(&mut self, url: &[u8]) {
        if let Ok(url) = Url::parse(&String::from_utf8_lossy(url)) {
            self.url = url;
        }
    }

    fn receive(&mut self, line: &[u8]) {
        let wall = self.wall();
        let twice = [line, line, line].into_iter();
        self.narrow.receive(&self.url, twice, wall);
        let received = self.roomy.receive(&self.url, [line].into_iter(), wall);
        assert_eq!(received.stored + received.expired + received.refused, 1);
        self.reference.receive(&self.url, line, self.now);
    }

    fn insert(&mut self, pair: &[u8]) {
        let text = String::from_utf8_lossy(pair);
        let (name, value) = text.split_once('=').unwrap_or(("", &text));
        let cookie = Cookie::new(name, value);
        let wall = self.wall();
        if self.narrow.insert(&self.url, &cookie, wall).is_err() {
            let domain = self.url.host_str().unwrap_or_default();
            let _ = self.narrow.insert_at(domain, "/", &cookie, wall);
        }
    }

    /// All or nothing.
    fn read<T, E: std::fmt::Display>(
        &mut self,
        file: &[u8],
        read: impl Fn(&mut CookieJar, &[u8], Duration) -> Result<T, E>,
    ) {
        let before = all(&self.narrow);
        let wall = self.wall();
        if let Err(error) = read(&mut self.narrow, file, wall) {
            assert_eq!(all(&self.narrow), before);
            assert!(!error.to_string().contains(char::is_control));
        }
        self.narrow.read_netscape_leniently(file, wall);
        let _ = self.narrow.read_json_leniently(file, wall);
    }

    fn ask(&mut self) {
        let wall = self.wall();
        let pairs = sent(&mut self.roomy, &self.url, wall);
        assert_eq!(
            shown(&pairs),
            shown(&self.reference.sent(&self.url, self.now))
        );
        sent(&mut self.narrow, &self.url, wall);
        for jar in [&self.roomy, &self.narrow] {
            judge_room(jar);
        }
    }
}

fn roomy() -> CookieLimits {
    CookieLimits {
        max_sent_bytes: usize::MAX,
        ..CookieLimits::default()
    }
}

fn narrow() -> CookieLimits {
    CookieLimits {
        max_per_response: 2,
        max_per_domain: 3,
        max_cookies: 5,
        max_sent_pairs: 2,
        max_sent_bytes: 20,
        ..CookieLimits::default()
    }
}

fn empty(limits: &CookieLimits) -> CookieJar {
    CookieJar::with_public_suffixes(Arc::new(List)).with_limits(limits.clone())
}

/// The pairs of a request's line, which is judged.
fn sent(jar: &mut CookieJar, url: &Url, wall: Duration) -> Vec<Vec<u8>> {
    let explanation = jar.explain(url, wall);
    assert_eq!(explanation.verdicts().len(), jar.len());
    let pairs: Vec<_> = explanation.sent().map(pair).collect();
    let told = explanation.to_string();
    assert!(!told.contains(|letter: char| letter.is_control() && letter != '\n'));
    let mut line = Vec::new();
    let count = jar.write_to(url, wall, &mut line);
    assert_eq!((count, &line), (pairs.len(), &pairs.join(&b"; "[..])));
    let is_control = |octet: &u8| octet.is_ascii_control() && *octet != b'\t';
    assert!(!line.iter().any(is_control), "{}", line.escape_ascii());
    let limits = jar.limits();
    assert!(count <= limits.max_sent_pairs && line.len() <= limits.max_sent_bytes);
    pairs
}

fn pair(cookie: CookieRef<'_>) -> Vec<u8> {
    match cookie.name() {
        b"" => cookie.value().to_vec(),
        name => [name, b"=", cookie.value()].concat(),
    }
}

fn shown(pairs: &[Vec<u8>]) -> Vec<String> {
    let shown = pairs.iter().map(|pair| pair.escape_ascii().to_string());
    shown.collect()
}

fn judge_room(jar: &CookieJar) {
    let limits = jar.limits();
    assert!(jar.len() <= limits.max_cookies);
    let domains: Vec<_> = jar.iter().map(CookieRef::domain).collect();
    let most = domains
        .chunk_by(|one, other| one == other)
        .map(<[_]>::len)
        .max();
    assert!(most.unwrap_or(0) <= limits.max_per_domain);
    assert_eq!(jar.is_empty(), domains.is_empty());
}

/// Everything that is known of each cookie.
fn all(jar: &CookieJar) -> Vec<String> {
    let cookie = |cookie: CookieRef<'_>| {
        let ages = (cookie.created(), cookie.same_site());
        format!("{} {ages:?}", known_to_all(cookie))
    };
    jar.iter().map(cookie).collect()
}

/// What both formats keep.
fn known_to_all(cookie: CookieRef<'_>) -> String {
    let value = cookie.value().escape_ascii();
    let expires = cookie.expires().map(|at| at.as_secs());
    format!("{cookie} {} {value} {expires:?}", cookie.is_host_only())
}

fn through_json(jar: &CookieJar, wall: Duration) {
    let mut jar = jar.clone();
    jar.clear_expired(wall);
    let mut again = empty(jar.limits());
    let taken = again.read_json(jar.to_json(SessionCookies::Write).as_bytes(), wall);
    assert_eq!(taken, Ok(jar.len()));
    assert_eq!(all(&again), all(&jar));
}

fn through_netscape(jar: &CookieJar, wall: Duration) {
    let mut jar = jar.clone();
    jar.clear_expired(wall);
    let mut file = Vec::new();
    let left_out = jar.write_netscape(SessionCookies::Write, &mut file);
    let mut again = empty(jar.limits());
    let taken = again.read_netscape(&file, wall);
    assert_eq!(taken, Ok(jar.len() - left_out.len()));
    let sorted = |cookies: &mut dyn Iterator<Item = CookieRef<'_>>| {
        let mut cookies: Vec<_> = cookies.map(known_to_all).collect();
        cookies.sort();
        cookies
    };
    let is_written = |cookie: &CookieRef<'_>| {
        let octets = [pair(*cookie), cookie.path().to_vec()].concat();
        !octets.contains(&b'\t') && !cookie.domain().starts_with('.')
    };
    assert_eq!(
        sorted(&mut again.iter()),
        sorted(&mut jar.iter().filter(is_written))
    );
}

fn unescaped(line: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = line;
    while let Some((first, behind)) = rest.split_first() {
        let (octet, behind) = match rest {
            [b'\\', b'n', behind @ ..] => (b'\n', behind),
            [b'\\', b't', behind @ ..] => (b'\t', behind),
            _ => (*first, behind),
        };
        octets.push(octet);
        rest = behind;
    }
    octets
}
