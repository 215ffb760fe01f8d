//! Each driver under much of everything at once: many requests with limits that are often too short, peers that keep no
//! promise, responses that are read, read in part, dropped, moved elsewhere, given up.
//!
//! No answer is delivered to another's request, no request hangs, and afterwards nothing is left: no request, no
//! connection in use, and no file descriptor (counted on Linux). Each test takes a little more than [`A_WHILE`].

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use async_std::{future, task};
use mio::{Events, Poll};
use sessile_core::{Config, Event, PoolSnapshot, Request, RequestBuilder, RequestId};
use sessile_mio::{Driver, blocking};
use sessile_tests::demo::Demo;
use sessile_tests::loopback::Loopback;
use sessile_tests::network::Chance;

/// How long requests are begun.
const A_WHILE: Duration = Duration::from_secs(2);

/// How long we wait for what must come to an end; far longer than any limit in here.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the demonstration site has to offer, of honest answers and of broken ones.
const PATHS: [&str; 17] = [
    "/get",
    "/bytes/100000",
    "/chunked/20",
    "/close/5000",
    "/slow/3",
    "/drip/5/1",
    "/drip-chunked/5/1",
    "/hangup",
    "/reset",
    "/truncated/1000",
    "/garbage",
    "/http10/100",
    "/connection-close",
    "/interim/3",
    "/status/204",
    "/bytes/0",
    "/slow/60",
];

fn milliseconds(count: usize) -> Duration {
    Duration::from_millis(count as u64)
}

/// Fewer connections than requests at once, and few that are kept.
fn config() -> Config {
    let mut config = Config::default();
    config.pool.live_per_origin = Some(12);
    config.pool.idle_per_origin = 4;
    config.timeouts.read = Some(milliseconds(2000));
    config.timeouts.pool_wait = Some(milliseconds(2000));
    config
}

/// A request by chance; half of them are an echo of something that nobody else says.
struct Plan {
    path: &'static str,
    content: Option<String>,
    limit: Duration,
}

impl Plan {
    fn new(chance: &mut Chance) -> Self {
        let content = (chance.up_to(2) == 1).then(|| chance.next_number().to_string());
        let path = match content {
            Some(_) => "/echo",
            None => PATHS[chance.up_to(PATHS.len()) - 1],
        };
        Self {
            path,
            content,
            limit: milliseconds(chance.up_to(400)),
        }
    }

    fn request(&self, site: &Loopback) -> Request {
        let url = site.url(self.path);
        let builder = match &self.content {
            Some(content) => RequestBuilder::new("POST", url).body(content.clone()),
            None => RequestBuilder::new("GET", url),
        };
        builder.timeout(self.limit).build().expect("a request")
    }

    /// Content that came whole is this request's.
    fn judge(&self, content: &[u8]) {
        if let Some(expected) = &self.content {
            assert_eq!(content, expected.as_bytes(), "another's echo");
        }
        if self.path == "/bytes/100000" {
            // Octet i is 31 · i modulo 256.
            let expected = (0..100_000_u32).map(|place| (31 * place).to_le_bytes()[0]);
            assert!(expected.eq(content.iter().copied()), "another's content");
        }
    }
}

/// The descriptors that this process has, where the system tells.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// One test at a time, so that descriptors can be counted.
struct Alone {
    before: usize,
    _turn: MutexGuard<'static, ()>,
}

impl Alone {
    fn begin() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        // A test that failed has ended all the same.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // A runtime opens some for itself at its first use, and keeps them.
        task::block_on(task::spawn(task::sleep(milliseconds(1))));
        Self {
            before: descriptors(),
            _turn: turn,
        }
    }

    /// The session and the site are gone: so are their descriptors, soon.
    fn end(self) {
        let begun = Instant::now();
        while descriptors() > self.before {
            let (now, before) = (descriptors(), self.before);
            assert!(
                begun.elapsed() < PATIENCE,
                "{now} descriptors, not {before}"
            );
            thread::sleep(milliseconds(10));
        }
    }
}

/// No request is under way, none waits, and no connection is in use: soon, if dials must end first, or the rest of a
/// response that was let go of must come.
fn nothing_is_left(mut pool: impl FnMut() -> PoolSnapshot) {
    let begun = Instant::now();
    loop {
        let now = pool();
        assert_eq!(now.requests, 0, "{now:?}");
        assert!(now.origins.iter().all(|origin| origin.waiting == 0));
        let mut origins = now.origins.iter();
        if origins.all(|origin| (origin.busy, origin.dialling) == (0, 0)) {
            assert!(now.counters.reused > 0, "nothing went well: {now:?}");
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{now:?}");
        thread::sleep(milliseconds(10));
    }
}

/// Does one of the things that one does with a response.
fn use_up(mut response: blocking::Response, plan: &Plan, chance: &mut Chance) {
    match chance.up_to(6) {
        1 => drop(response),
        2 => drop(response.chunk().map(|_| ())),
        3 => thread::sleep(milliseconds(2)),
        4 => drop(response.read(&mut [0; 20_000])),
        5 => {
            let elsewhere = thread::spawn(move || response.bytes().is_ok());
            elsewhere.join().expect("no panic");
        }
        _ => {
            if let Ok(content) = response.bytes() {
                plan.judge(&content);
            }
        }
    }
}

/// Given threads that share a session, then none has another's answer, and nothing is left.
#[test]
fn threads_leave_nothing_behind() {
    let alone = Alone::begin();
    let site = Loopback::start(Demo).expect("a port on loopback");
    let session = blocking::Session::with(config()).expect("a session");
    let begun = Instant::now();
    thread::scope(|scope| {
        for seed in 0..16 {
            let (site, session) = (&site, &session);
            scope.spawn(move || {
                let mut chance = Chance::new(seed);
                while begun.elapsed() < A_WHILE {
                    let plan = Plan::new(&mut chance);
                    if let Ok(response) = session.send(plan.request(site)) {
                        use_up(response, &plan, &mut chance);
                    }
                }
            });
        }
    });
    assert!(begun.elapsed() < PATIENCE, "a thread hung");
    nothing_is_left(|| session.pool());
    drop((session, site));
    alone.end();
}

/// Sends a request by chance, and does one of the things that one does with what comes of it; gives it up, perhaps.
async fn exchange(session: &sessile_async_std::Session, site: &Loopback, chance: &mut Chance) {
    let plan = Plan::new(chance);
    let (sending, patience) = (session.send(plan.request(site)), chance.up_to(60));
    let patience = milliseconds(patience);
    let result = match chance.up_to(3) {
        1 => match future::timeout(patience, sending).await {
            Ok(result) => result,
            Err(_) => return,
        },
        _ => sending.await,
    };
    let Ok(mut response) = result else { return };
    match chance.up_to(4) {
        1 => drop(response),
        2 => drop(response.chunk().await.map(|_| ())),
        3 => drop(future::timeout(patience, response.bytes()).await),
        _ => {
            if let Ok(content) = response.bytes().await {
                plan.judge(&content);
            }
        }
    }
}

/// Given tasks that share a session, many more than there are connections, then the same.
#[test]
fn tasks_leave_nothing_behind() {
    let alone = Alone::begin();
    let site = std::sync::Arc::new(Loopback::start(Demo).expect("a port on loopback"));
    let session = sessile_async_std::Session::with(config()).expect("a session");
    let begun = Instant::now();
    let tasks = (0..200).map(|seed| {
        let (session, site) = (session.clone(), site.clone());
        task::spawn(async move {
            let mut chance = Chance::new(seed);
            while begun.elapsed() < A_WHILE {
                exchange(&session, &site, &mut chance).await;
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    task::block_on(async {
        for task in tasks {
            task.await;
        }
    });
    assert!(begun.elapsed() < PATIENCE, "a task hung");
    nothing_is_left(|| session.pool());
    drop((session, site));
    alone.end();
}

/// A loop with many requests under way.
struct Crowd<'a> {
    site: &'a Loopback,
    poll: Poll,
    events: Events,
    driver: Driver,
    chance: Chance,
    under_way: HashMap<RequestId, (Plan, Vec<u8>)>,
}

impl<'a> Crowd<'a> {
    fn new(site: &'a Loopback) -> Self {
        let poll = Poll::new().expect("a poll");
        let driver = Driver::new(poll.registry(), 1..100_000, || {}, config());
        Self {
            site,
            poll,
            events: Events::with_capacity(64),
            driver: driver.expect("a valid configuration"),
            chance: Chance::new(3),
            under_way: HashMap::new(),
        }
    }

    fn submit_up_to(&mut self, most: usize) {
        while self.under_way.len() < most {
            let plan = Plan::new(&mut self.chance);
            let id = self.driver.submit(plan.request(self.site));
            self.under_way.insert(id, (plan, Vec::new()));
        }
    }

    fn give_up(&mut self, id: RequestId) {
        self.driver.cancel(id);
        self.under_way.remove(&id);
    }

    fn hear(&mut self) {
        while let Some(event) = self.driver.poll_event() {
            match event {
                Event::Content(id) => self.use_some(id),
                Event::End(id) => {
                    let ended = self.under_way.remove(&id);
                    let (plan, content) = ended.expect("an end for who is under way");
                    plan.judge(&content);
                }
                Event::Failed(id, _) => {
                    self.under_way.remove(&id);
                }
                _ => {}
            }
        }
    }

    /// Uses up some of the content that is ready.
    fn use_some(&mut self, id: RequestId) {
        let ready = self.driver.content(id);
        let some = &ready[..self.chance.up_to(ready.len())];
        let (_, content) = self.under_way.get_mut(&id).expect("it is under way");
        content.extend_from_slice(some);
        let octets = some.len();
        self.driver.consume(id, octets);
        if self.chance.up_to(30) == 1 {
            self.give_up(id);
        }
    }

    fn wait(&mut self) {
        let most = milliseconds(20);
        let due = self.driver.deadline();
        let wait = due.map_or(most, |due| due.saturating_duration_since(Instant::now()));
        self.poll
            .poll(&mut self.events, Some(wait.min(most)))
            .expect("a poll that works");
        for event in &self.events {
            self.driver.handle_event(event);
        }
        self.driver.handle_deadline();
    }
}

/// Given one loop with many requests at once, some of them given up between two of its turns, then the same.
#[test]
fn a_loop_leaves_nothing_behind() {
    let alone = Alone::begin();
    let site = Loopback::start(Demo).expect("a port on loopback");
    let mut crowd = Crowd::new(&site);
    let begun = Instant::now();
    while begun.elapsed() < A_WHILE || !crowd.under_way.is_empty() {
        let left = crowd.under_way.len();
        assert!(
            begun.elapsed() < PATIENCE,
            "{left}: {:?}",
            crowd.driver.pool()
        );
        if begun.elapsed() < A_WHILE {
            crowd.submit_up_to(40);
        }
        crowd.hear();
        match crowd.under_way.keys().next().copied() {
            Some(id) if crowd.chance.up_to(4) == 1 => crowd.give_up(id),
            _ => crowd.wait(),
        }
    }
    nothing_is_left(|| {
        crowd.hear();
        crowd.wait();
        crowd.driver.pool()
    });
    drop(crowd);
    drop(site);
    alone.end();
}
