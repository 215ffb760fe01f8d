//! The three ways to use Sessile, under the same meter as its peers:
//! `b-…` the blocking session, `m-…` the mio driver, `a-…` the async-std session.
use std::hint::black_box;
use std::io::Read;
use std::sync::Arc;

use common::{Args, BIG, Meter, args, counting, idle_report, rss};
use sessile_mio::{
    Config, Driver, Event, Fields, PoolLimits, Request, RequestBuilder, Url, blocking,
};

counting!();

const SCENARIOS: [(&str, &str); 5] = [
    ("seq", "/small"),
    ("hdrs", "/headers"),
    ("chunked", "/chunked"),
    ("big", "/big"),
    ("bigchunked", "/bigchunked"),
];

fn config() -> Config {
    let mut fields = Fields::new();
    fields.append("User-Agent", "bench").unwrap();
    let pool = PoolLimits {
        idle_per_origin: 20_000,
        idle_total: 20_000,
        ..PoolLimits::default()
    };
    Config {
        fields,
        pool,
        ..Config::default()
    }
}

fn url(a: &Args, path: &str) -> Url {
    Url::parse(&format!("http://{}{path}", a.addr)).unwrap()
}

fn main() {
    let a = args();
    let (way, scenario) = a.mode.split_once('-').expect("b-seq, m-conc, a-big, ...");
    match (way, scenario) {
        ("b", "upload") => blocking_upload(&a),
        ("b", "idle") => blocking_idle(&a),
        ("m", "conc") => mio_conc(&a),
        ("a", "conc") => async_std::task::block_on(async_conc(&a)),
        (way, scenario) => {
            let path = SCENARIOS
                .iter()
                .find(|(name, _)| *name == scenario)
                .expect("a scenario")
                .1;
            let big = scenario.starts_with("big");
            let run = |get: &mut dyn FnMut() -> u64, name: &str| {
                for _ in 0..if big { 1 } else { a.warm } {
                    get();
                }
                let meter = Meter::start();
                let octets: u64 = (0..a.n).map(|_| get()).sum();
                if big {
                    assert_eq!(octets, BIG * a.n as u64);
                }
                meter.done(name, &a, a.n, if big { octets } else { 0 });
            };
            match way {
                "b" => {
                    let (session, url) =
                        (blocking::Session::with(config()).unwrap(), url(&a, path));
                    let mut buffer = vec![0; 256 << 10];
                    if big {
                        run(
                            &mut || {
                                let mut response = session.get(&url).send().unwrap();
                                let mut count = 0;
                                loop {
                                    match response.read(&mut buffer).unwrap() {
                                        0 => return count,
                                        octets => count += octets as u64,
                                    }
                                }
                            },
                            "sessile",
                        );
                    } else {
                        run(
                            &mut || {
                                let mut response = session.get(black_box(&url)).send().unwrap();
                                let mut count = 0;
                                while let Some(content) = response.chunk().unwrap() {
                                    count += black_box(content).len() as u64;
                                }
                                count
                            },
                            "sessile",
                        );
                    }
                }
                "m" => {
                    let mut bench = Loop::new();
                    let request =
                        Arc::new(RequestBuilder::new("GET", &url(&a, path)).build().unwrap());
                    run(&mut || bench.run(&request, 1, 1), "sessile-mio");
                }
                "a" => {
                    let (session, url) = (
                        sessile_async_std::Session::with(config()).unwrap(),
                        url(&a, path),
                    );
                    async_std::task::block_on(async {
                        let mut total = 0;
                        let mut meter = None;
                        for n in 0..a.n + if big { 1 } else { a.warm } {
                            if n == if big { 1 } else { a.warm } {
                                (meter, total) = (Some(Meter::start()), 0);
                            }
                            let mut response = session.get(black_box(&url)).send().await.unwrap();
                            while let Some(content) = response.chunk().await.unwrap() {
                                total += black_box(content).len() as u64;
                            }
                        }
                        meter
                            .unwrap()
                            .done("sessile-async", &a, a.n, if big { total } else { 0 });
                    });
                }
                _ => panic!("b, m or a"),
            }
        }
    }
}

/// An event loop with nothing in it but the driver.
struct Loop {
    poll: mio::Poll,
    events: mio::Events,
    driver: Driver,
}

impl Loop {
    fn new() -> Self {
        let poll = mio::Poll::new().unwrap();
        let driver = Driver::new(poll.registry(), 0..100_000, || {}, config()).unwrap();
        Self {
            poll,
            events: mio::Events::with_capacity(256),
            driver,
        }
    }

    /// Keeps `at_once` requests under way until `n` are done; returns the octets of their content.
    fn run(&mut self, request: &Arc<Request>, n: usize, at_once: usize) -> u64 {
        let (mut sent, mut done, mut total) = (0, 0, 0);
        while sent < at_once.min(n) {
            self.driver.submit(Arc::clone(request));
            sent += 1;
        }
        loop {
            while let Some(event) = self.driver.poll_event() {
                match event {
                    Event::Head(id) => assert_eq!(self.driver.head(id).unwrap().status(), 200),
                    Event::Content(id) => {
                        let octets = black_box(self.driver.content(id)).len();
                        total += octets as u64;
                        self.driver.consume(id, octets);
                    }
                    Event::End(_) => {
                        done += 1;
                        if sent < n {
                            self.driver.submit(Arc::clone(request));
                            sent += 1;
                        }
                    }
                    other => panic!("{other:?}"),
                }
            }
            if done == n {
                return total;
            }
            self.poll.poll(&mut self.events, None).unwrap();
            for event in &self.events {
                self.driver.handle_event(event);
            }
        }
    }
}

fn mio_conc(a: &Args) {
    let mut bench = Loop::new();
    let request = Arc::new(
        RequestBuilder::new("GET", &url(a, "/small"))
            .build()
            .unwrap(),
    );
    bench.run(&request, a.warm.max(a.c * 10), a.c);
    let meter = Meter::start();
    bench.run(&request, a.n, a.c);
    meter.done("sessile-mio", a, a.n, 0);
}

async fn async_conc(a: &Args) {
    let (session, url) = (
        sessile_async_std::Session::with(config()).unwrap(),
        url(a, "/small"),
    );
    for (phase, n) in [a.c * 10, a.n].into_iter().enumerate() {
        let (meter, each) = (Meter::start(), n / a.c);
        let tasks: Vec<_> = (0..a.c)
            .map(|_| {
                let (session, url) = (session.clone(), url.clone());
                async_std::task::spawn(async move {
                    for _ in 0..each {
                        let mut response = session.get(&url).send().await.unwrap();
                        while response.chunk().await.unwrap().is_some() {}
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
        if phase == 1 {
            meter.done("sessile-async", a, a.n, 0);
        }
    }
}

fn blocking_upload(a: &Args) {
    let session = blocking::Session::with(config()).unwrap();
    let content = vec![1; usize::try_from(BIG).unwrap()];
    let content = sessile_mio::core::bytes::Bytes::from(content);
    let url = url(a, "/echo");
    session.get(&url).send().unwrap().bytes().unwrap();
    let meter = Meter::start();
    for _ in 0..a.n {
        session
            .post(&url)
            .body(content.clone())
            .send()
            .unwrap()
            .bytes()
            .unwrap();
    }
    meter.done("sessile", a, a.n, BIG * a.n as u64);
}

fn blocking_idle(a: &Args) {
    let session = blocking::Session::with(config()).unwrap();
    let url = url(a, "/small");
    let before = rss();
    let held: Vec<_> = (0..a.n)
        .map(|_| session.get(&url).send().unwrap())
        .collect();
    for response in held {
        response.bytes().unwrap();
    }
    idle_report("sessile", a.n, before);
}
