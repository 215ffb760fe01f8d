//! One hour of requests to twenty servers that set fifty new cookies each time, in memory: whatever comes, the jar stays within
//! its limits, the Cookie line within 150 pairs and 8190 octets, and every request goes out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sessile_core::{CookieLimits, RequestBuilder};
use sessile_tests::memory::{InPlace, Memory, Style, Taken};
use sessile_tests::network::{Conditions, Resolution};
use sessile_tests::origin::{Act, Request, Scripted, response};
use sessile_tests::world::World;

const SERVERS: usize = 20;
const REQUESTS: usize = 720;

/// From one request to the next.
const PAUSE: Duration = Duration::from_secs(5);

/// What a server has seen: requests, the longest Cookie line, the most pairs.
#[derive(Debug, Default)]
struct Seen {
    requests: usize,
    octets: usize,
    pairs: usize,
}

impl Seen {
    fn note(&mut self, request: &Request) {
        let lines: Vec<_> = request.values("cookie").collect();
        assert!(lines.len() <= 1, "{} lines", lines.len());
        let line = String::from_utf8_lossy(lines.first().copied().unwrap_or_default());
        self.requests += 1;
        self.octets = self.octets.max(line.len());
        self.pairs = self.pairs.max(line.split("; ").count());
    }
}

/// Fifty cookies that nobody has set before; small ones at times, large ones at others, some that last for minutes.
fn storm(number: usize) -> Vec<u8> {
    let size = [1, 20, 150, 1_000][number / SERVERS % 4];
    let line = |cookie: usize| {
        let lasts = ["", "; Max-Age=300", "; Max-Age=9999999999"][cookie % 3];
        format!("c{number}-{cookie}={}; Path=/{lasts}", "v".repeat(size))
    };
    let lines: Vec<_> = (0..50).map(line).collect();
    let fields: Vec<_> = lines.iter().map(|line| ("Set-Cookie", &**line)).collect();
    response(200, &fields, b"stormy")
}

fn an_hour<S: Style>() {
    let mut world = Memory::<S>::new(Conditions::calm());
    let seen = Arc::new(Mutex::new(Seen::default()));
    let sees = Arc::clone(&seen);
    let _served = world.serve(Arc::new(Scripted::new(move |request| {
        let mut seen = sees.lock().expect("no panic");
        seen.note(request);
        vec![Act::Send(storm(seen.requests))]
    })));
    for server in 0..SERVERS {
        let here = Resolution::Addresses(vec![[10, 0, 0, 1].into()]);
        let name = format!("s{server}.test");
        world.network().set_name(&name, Duration::ZERO, here);
    }
    let limits = CookieLimits::default();
    for number in 0..REQUESTS {
        let url = format!("http://s{}.test/", number % SERVERS);
        let request = RequestBuilder::new("GET", url).build().expect("a request");
        let reply = world.send(request).expect("an answer");
        assert_eq!(reply.text(), "stormy");
        let jar = world.engine().cookies();
        assert!(jar.len() <= limits.max_cookies, "{number}: {jar:?}");
        if number % 60 == 59 {
            for server in 0..SERVERS {
                let name = format!("s{server}.test");
                let of_one = jar.iter().filter(|cookie| cookie.domain() == name).count();
                assert!(
                    of_one <= limits.max_per_domain,
                    "{number}: {name}: {of_one}"
                );
            }
        }
        world.pass(PAUSE);
    }
    let seen = seen.lock().expect("no panic");
    assert_eq!(seen.requests, REQUESTS);
    let (octets, pairs) = (limits.max_sent_bytes, limits.max_sent_pairs);
    assert!(seen.octets <= octets && seen.pairs <= pairs, "{seen:?}");
    assert!(seen.octets > octets / 2, "it was no storm: {seen:?}");
    assert_eq!(world.engine().cookies().len(), limits.max_cookies);
}

#[test]
fn an_hour_of_new_cookies_in_place() {
    an_hour::<InPlace>();
}

#[test]
fn an_hour_of_new_cookies_taken() {
    an_hour::<Taken>();
}
