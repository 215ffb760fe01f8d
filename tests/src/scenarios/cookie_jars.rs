//! A jar between names: handed in by the application, filled by servers that no network has, changed while the session runs.
//!
//! A mount answers for all names of both schemes, so that what is decided by a name can be seen in every world.

use std::sync::{Arc, Mutex, PoisonError};

use sessile_core::{
    Answer, Answering, Config, CookieJar, Fields, Mount, Mounts, PublicSuffixes, Question,
    StatusCode, Url,
};

use super::cookies::{cookie, kept, sent, setting};
use super::peers::Asked;
use super::{answered, get};
use crate::origin::RequestReader;
use crate::world::World;

/// What the jar knows of public suffixes.
#[derive(Debug)]
struct List;

impl PublicSuffixes for List {
    fn is_public_suffix(&self, domain: &str) -> bool {
        ["test", "co.test"].contains(&domain)
    }
}

/// What was asked: URL and Cookie line.
#[derive(Clone, Debug, Default)]
struct Questions(Arc<Mutex<Vec<(String, String)>>>);

impl Questions {
    fn note(&self, question: &Question) {
        let read = RequestReader::new(0).read(question.head());
        let request = read.ok().flatten().expect("a request without fault");
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((question.url().to_string(), cookie(&request)));
    }

    /// The Cookie lines since this was asked last.
    fn lines(&self) -> Vec<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.drain(..).map(|(_, line)| line).collect()
    }
}

/// Sets the cookies of the query, and leads to the URL that stands at its end behind `to=`.
fn answer(question: &Question) -> Answer {
    let mut fields = Fields::new();
    let query = question.url().query().unwrap_or_default();
    let (lines, next) = match query.split_once("to=") {
        Some((lines, next)) => (lines, Some(next)),
        None => (query, None),
    };
    for line in lines.split('&').filter(|line| !line.is_empty()) {
        fields.append("Set-Cookie", line).expect("a line");
    }
    let Some(next) = next else {
        return Answer {
            fields,
            ..Answer::new(StatusCode::OK).with_content("by no server")
        };
    };
    fields.append("Location", next).expect("a line");
    Answer {
        fields,
        ..Answer::new(StatusCode::FOUND)
    }
}

/// A session whose mount answers for all names, and has this jar.
fn answering(jar: CookieJar) -> (Config, Questions) {
    let asked = Questions::default();
    let note = asked.clone();
    let mount = Mount {
        answering: Some(Answering::by(move |question| {
            note.note(question);
            Ok(answer(question))
        })),
        ..Mount::default()
    };
    let mut mounts = Mounts::new();
    for scheme in ["http://", "https://"] {
        mounts.add(scheme, mount.clone()).expect("a prefix");
    }
    let config = Config {
        mounts,
        cookies: Some(jar),
        ..Config::default()
    };
    (config, asked)
}

fn jar() -> CookieJar {
    CookieJar::with_public_suffixes(Arc::new(List))
}

/// Asks for these URLs in turn; what their Cookie lines said.
fn ask<const N: usize>(world: &mut dyn World, asked: &Questions, urls: [&str; N]) -> Vec<String> {
    for url in urls {
        let reply = answered(world, get(url));
        assert_eq!(reply.text(), "by no server");
    }
    asked.lines()
}

/// Given a mount that answers, then it sets cookies and gets them, as any server, for URLs of names that no server has, and of
/// schemes that nobody speaks here.
pub fn who_answers_without_a_connection_has_cookies(world: &mut dyn World) {
    let (config, asked) = answering(jar());
    world.configure(config);
    let lines = ask(
        world,
        &asked,
        [
            "https://shop.test/?a=1&s=2;Secure&__Host-h=3;Secure;Path=/",
            "https://shop.test/x",
            "http://shop.test/x",
            "https://other.test/",
        ],
    );
    assert_eq!(lines, ["", "a=1; s=2; __Host-h=3", "a=1", ""]);
    assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
}

/// Given names, then a cookie goes to its host alone, unless it names a domain: then to all hosts of that. No domain below which
/// strangers live is named, and none that the host is not of.
pub fn a_cookie_is_for_its_host_or_its_domain(world: &mut dyn World) {
    let (config, asked) = answering(jar());
    world.configure(config);
    let lines = ask(
        world,
        &asked,
        [
            "http://www.shop.test/?host=1&all=2;Domain=shop.test&dot=3;Domain=.SHOP.test",
            "http://www.shop.test/",
            "http://shop.test/",
            "http://www.www.shop.test/",
            "http://api.shop.test:8080/",
            "http://myshop.test/",
            "http://shop.test.evil.test/",
        ],
    );
    let below = "all=2; dot=3";
    let all = "host=1; all=2; dot=3";
    assert_eq!(lines, ["", all, below, below, below, "", ""]);
    let lines = ask(
        world,
        &asked,
        [
            "http://shop.co.test/?a=1;Domain=test&b=2;Domain=co.test&c=3;Domain=other.test&d=4;Domain=www.shop.co.test",
            "http://shop.co.test/",
            "http://other.test/",
            "http://www.shop.co.test/",
        ],
    );
    assert_eq!(lines, ["", "", "", ""]);
}

/// Given a Secure cookie, then it is neither set nor sent in the open, nor is it displaced from there; within the machine it
/// is both.
pub fn a_secure_cookie_stays_on_secure_ways(world: &mut dyn World) {
    let (config, asked) = answering(jar());
    world.configure(config);
    let lines = ask(
        world,
        &asked,
        [
            "http://shop.test/?s=1;Secure",
            "https://shop.test/?s=2;Secure",
            "http://shop.test/?s=3&s=4;Domain=shop.test",
            "https://shop.test/",
            "http://localhost/?s=5;Secure",
            "http://localhost/",
            "http://127.0.0.1/?s=6;Secure",
            "http://127.0.0.1/",
            "http://[::1]/?s=7;Secure",
            "http://[::1]/",
        ],
    );
    assert_eq!(lines, ["", "", "", "s=2", "", "s=5", "", "s=6", "", "s=7"]);
}

/// Given one host at two ports, then both have its cookies: cookies know no ports (RFC 6265bis §8.5), nor schemes, but for
/// Secure.
pub fn ports_of_a_host_share_its_cookies(world: &mut dyn World) {
    let (config, asked) = answering(jar());
    world.configure(config);
    let lines = ask(
        world,
        &asked,
        [
            "http://shop.test:81/?a=1",
            "http://shop.test:82/?b=2",
            "https://shop.test:83/",
            "http://127.0.0.1:84/?c=3",
            "http://127.0.0.1:85/",
            "http://127.0.0.2:85/",
        ],
    );
    assert_eq!(lines, ["", "a=1", "a=1; b=2", "", "c=3", ""]);
}

/// Given a chain from name to name, then each hop has the cookies of its own name, those that the hops before have set for it
/// among them.
pub fn each_hop_has_the_cookies_of_its_host(world: &mut dyn World) {
    let (config, asked) = answering(jar());
    world.configure(config);
    let chain = [
        "http://a.shop.test/?a=1&all=2;Domain=shop.test&to=",
        "http://b.shop.test/?b=3&to=",
        "https://other.test/?o=4&to=",
        "https://a.shop.test/",
    ]
    .concat();
    let reply = answered(world, get(&chain));
    assert_eq!(reply.url, "https://a.shop.test/");
    assert_eq!(asked.lines(), ["", "all=2", "", "a=1; all=2"]);
    assert_eq!(kept(world).len(), 4);
}

/// Given a jar that is handed in, then the session begins with it, and adds to a copy of its own; what the application puts in
/// and takes out meanwhile is so for the next request.
pub fn a_session_begins_with_the_jar_that_it_is_given(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    let url = Url::parse(&served.url("/")).expect("a URL");
    let mut begin = jar();
    world.cookies(&mut |_, wall| {
        for line in [&b"a=1"[..], b"old=2; Max-Age=0", b"b=3; Path=/x"] {
            assert_eq!(begin.set(&url, line, wall), Ok(()));
        }
    });
    let config = Config {
        cookies: Some(begin.clone()),
        ..Config::default()
    };
    for _ in 0..2 {
        world.configure(config.clone());
        answered(world, get(&served.url("/?c=4")));
        answered(world, get(&served.url("/x")));
        world.cookies(&mut |jar, wall| {
            jar.clear();
            assert_eq!(jar.set(&url, b"d=5", wall), Ok(()));
        });
        answered(world, get(&served.url("/x")));
        world.cookies(&mut |jar, _| jar.clear());
        answered(world, get(&served.url("/x")));
    }
    assert_eq!(begin.len(), 2);
    let lines = ["a=1", "b=3; a=1; c=4", "d=5", ""];
    assert_eq!(sent(&asked), [lines, lines].concat());
}
