//! What one warm exchange costs: nanoseconds, heap allocations, octets allocated. A warm exchange that allocates at
//! all is a failure (exit code 1).
//!
//! Everything happens in memory: a request whose octets "went" at once, a prepared response that one copy puts where
//! `read(2)` would have. So the numbers are ours alone, and the messages are those that the peers were measured with.
//!
//! ```text
//! cargo bench -p sessile-core                                          # the table
//! cargo bench -p sessile-core -- engine                                # only names that contain "engine"
//! valgrind --tool=callgrind target/release/deps/exchange-… --once "engine small" 2000
//! ```
//!
//! `--once NAME N` runs that many exchanges after the warm-up and measures nothing: the difference between two `N`
//! under callgrind is the number of instructions per exchange, which a busy machine cannot blur.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use sessile_core::{
    Command, Config, Connection, ContentPlan, Engine, Event, HeadRef, Limits, Method, Now,
    Readiness, Received, Request, RequestBuilder, RequestId, Scratch, Step, Tick, Verdict,
};

// ------------------------------------------------------------------------------------------------------- the messages

const URL: &str = "http://127.0.0.1:8099/small";

/// What the engine sends for [`URL`]; the bare connection is given it.
const REQUEST_HEAD: &[u8] =
    b"GET /small HTTP/1.1\r\nHost: 127.0.0.1:8099\r\nUser-Agent: sessile\r\nAccept: */*\r\n\r\n";

const SMALL: &str = "HTTP/1.1 200 OK\r\n\
    Date: Tue, 14 Apr 2026 12:00:00 GMT\r\n\
    Server: origin\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 13\r\n\
    Cache-Control: no-cache\r\n\
    \r\n\
    Hello, World!";

const TWENTY_FIELDS: &str = "HTTP/1.1 200 OK\r\n\
    Date: Tue, 14 Apr 2026 12:00:00 GMT\r\n\
    Server: origin\r\n\
    Content-Type: application/json; charset=utf-8\r\n\
    Content-Length: 27\r\n\
    Cache-Control: private, max-age=0, must-revalidate\r\n\
    ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\n\
    Last-Modified: Mon, 13 Apr 2026 09:21:07 GMT\r\n\
    Vary: Accept-Encoding, Origin, Cookie\r\n\
    Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: SAMEORIGIN\r\n\
    X-XSS-Protection: 0\r\n\
    Referrer-Policy: strict-origin-when-cross-origin\r\n\
    Content-Security-Policy: default-src 'self'; img-src 'self' data: https:; script-src 'self'; \
    object-src 'none'; frame-ancestors 'self'\r\n\
    Access-Control-Allow-Origin: *\r\n\
    X-Request-Id: 7f9c2ba4-e88f-4d2a-a1c3-6a0f8d3b9e51\r\n\
    X-RateLimit-Limit: 5000\r\n\
    X-RateLimit-Remaining: 4987\r\n\
    Set-Cookie: session=eyJhbGciOiJIUzI1NiJ9.c2Vzc2lvbg.abc123; Path=/; HttpOnly; SameSite=Lax\r\n\
    Set-Cookie: theme=dark; Path=/; Max-Age=31536000\r\n\
    \r\n\
    {\"ok\":true,\"items\":[1,2,3]}";

/// A response, and how much content it has.
struct Answer {
    octets: Vec<u8>,
    content: usize,
}

impl Answer {
    fn plain(text: &str) -> Self {
        let (_, content) = text
            .split_once("\r\n\r\n")
            .expect("a head ends in an empty line");
        let content = content.len();
        let octets = text.as_bytes().to_vec();
        Self { octets, content }
    }

    /// 64 KiB in chunks of `size`.
    fn chunked(size: usize) -> Self {
        let content = 64 * 1024;
        let mut octets =
            b"HTTP/1.1 200 OK\r\nDate: Tue, 14 Apr 2026 12:00:00 GMT\r\nServer: origin\r\n\
            Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                .to_vec();
        for _ in 0..content / size {
            octets.extend_from_slice(format!("{size:x}\r\n").as_bytes());
            octets.resize(octets.len() + size, b'x');
            octets.extend_from_slice(b"\r\n");
        }
        octets.extend_from_slice(b"0\r\n\r\n");
        Self { octets, content }
    }

    /// Stands for `read(2)`.
    fn read_into(&self, space: &mut [u8]) -> usize {
        let octets = black_box(self.octets.as_slice());
        space[..octets.len()].copy_from_slice(octets);
        octets.len()
    }
}

/// What an application does with a head at the least: the status, one field.
fn look_at(head: HeadRef<'_>) {
    black_box(head.status());
    black_box(head.fields().get(black_box("content-type")));
}

/// A clock that goes on by a microsecond an exchange, as it would.
#[derive(Default)]
struct Clock(u64);

impl Clock {
    fn now(&mut self) -> Now {
        self.0 += 1_000;
        Now::new(Tick::from_nanos(self.0), Duration::from_secs(1_776_168_000))
    }
}

const READABLE: Readiness = Readiness {
    read: true,
    write: false,
    closed: false,
};

// ------------------------------------------------------------------------------------------------ through the engine

/// A session with one connection to one origin.
struct Whole {
    engine: Engine<()>,
    request: Arc<Request>,
    answer: Answer,
    clock: Clock,
}

impl Whole {
    fn new(answer: Answer) -> Self {
        let request = RequestBuilder::new("GET", URL)
            .build()
            .expect("the request is valid");
        Self {
            engine: Engine::new(Config::default()).expect("the default settings are valid"),
            request: request.into(),
            answer,
            clock: Clock::default(),
        }
    }

    fn submit(&mut self, now: Now) -> RequestId {
        self.engine
            .submit(now, Arc::clone(black_box(&self.request)))
    }

    /// Only the very first exchange has a command: to dial.
    fn obey(&mut self, now: Now, command: Command<()>) {
        let Command::Dial { connection, .. } = command else {
            panic!("unexpected {command:?}");
        };
        let deposited = self.engine.deposit(connection, ());
        deposited.expect("the dial is wanted");
        self.engine.handle_connected(now, connection);
    }

    /// One exchange, driven in place: the loop of the crate's documentation until nobody has anything left.
    fn in_place(&mut self) {
        let now = self.clock.now();
        self.submit(now);
        let mut content = 0;
        loop {
            if let Some(event) = self.engine.poll_event(now) {
                match event {
                    Event::Head(id) => look_at(self.engine.head(id).expect("it has just come")),
                    Event::Content(id) => {
                        let count = black_box(self.engine.content(id)).len();
                        content += count;
                        self.engine.consume(now, id, count);
                    }
                    Event::End(_) => assert_eq!(content, self.answer.content),
                    other => panic!("unexpected {other:?}"),
                }
            } else if let Some(command) = self.engine.poll_command() {
                self.obey(now, command);
            } else if let Some(connection) = self.engine.poll_ready() {
                let live = self.engine.drive(connection);
                let mut live = live.expect("a ready connection can be driven");
                live.write(now, |(), outgoing| Ok(black_box(outgoing).len()));
                live.note_ready(READABLE);
                live.read(now, |(), space| Ok(self.answer.read_into(space)));
            } else {
                break;
            }
        }
    }

    /// One exchange whose connection is taken out, driven, and given back.
    fn taken(&mut self) {
        let now = self.clock.now();
        self.submit(now);
        while let Some(command) = self.engine.poll_command() {
            self.obey(now, command);
        }
        while let Some(id) = self.engine.poll_wake() {
            let Step::Use(mut live) = self.engine.step(now, id) else {
                panic!("a request that was woken may begin");
            };
            live.write(now, |(), outgoing| Ok(black_box(outgoing).len()));
            live.note_ready(READABLE);
            live.read(now, |(), space| Ok(self.answer.read_into(space)));
            let mut content = 0;
            loop {
                match live.connection.poll().expect("the response is good") {
                    Received::Head(head) => {
                        look_at(head);
                        assert!(matches!(self.engine.handle_head(id), Verdict::Deliver));
                    }
                    Received::Content(octets) => {
                        let count = black_box(octets).len();
                        content += count;
                        live.connection.consume(now, count);
                    }
                    Received::End => break,
                    other => panic!("unexpected {other:?}"),
                }
            }
            assert_eq!(content, self.answer.content);
            let scratch = self.engine.finish_taken(now, id, live);
            self.engine.give_back(scratch);
        }
        assert!(self.engine.poll_command().is_none());
    }
}

// --------------------------------------------------------------------------------------------- the connection alone

/// A connection, and the memory that its exchanges use one after the other.
struct Bare {
    connection: Connection,
    scratch: Scratch,
    answer: Answer,
    clock: Clock,
}

impl Bare {
    fn new(answer: Answer) -> Self {
        Self {
            connection: Connection::new(Limits::default().into()),
            scratch: Scratch::default(),
            answer,
            clock: Clock::default(),
        }
    }

    fn exchange(&mut self) {
        let (now, connection) = (self.clock.now(), &mut self.connection);
        let scratch = std::mem::take(&mut self.scratch);
        let head = black_box(REQUEST_HEAD);
        connection
            .start(now, &Method::GET, head, ContentPlan::None, scratch)
            .expect("the connection is idle");
        let count = black_box(connection.outgoing(b"")).len();
        connection.sent(now, count);

        let mut coming = black_box(self.answer.octets.as_slice());
        coming = &coming[connection.feed(now, coming)..];
        let mut content = 0;
        loop {
            match connection.poll().expect("the response is good") {
                Received::NeedMore => coming = &coming[connection.feed(now, coming)..],
                Received::Head(head) => look_at(head),
                Received::Content(octets) => {
                    let count = black_box(octets).len();
                    content += count;
                    connection.consume(now, count);
                }
                Received::End => break,
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(content, self.answer.content);
        connection
            .renew()
            .expect("the response was read to its end");
        self.scratch = connection.take_scratch();
    }
}

// ------------------------------------------------------------------------------------------------------ the scenarios

type Exchange = Box<dyn FnMut()>;

/// Its name, and how to set it up.
type Scenario = (&'static str, fn() -> Exchange);

fn in_place(answer: Answer) -> Exchange {
    let mut whole = Whole::new(answer);
    Box::new(move || whole.in_place())
}

fn taken(answer: Answer) -> Exchange {
    let mut whole = Whole::new(answer);
    Box::new(move || whole.taken())
}

fn bare(answer: Answer) -> Exchange {
    let mut bare = Bare::new(answer);
    Box::new(move || bare.exchange())
}

const SCENARIOS: [Scenario; 7] = [
    ("engine small", || in_place(Answer::plain(SMALL))),
    ("engine 20 fields", || {
        in_place(Answer::plain(TWENTY_FIELDS))
    }),
    ("engine taken small", || taken(Answer::plain(SMALL))),
    ("connection small", || bare(Answer::plain(SMALL))),
    ("connection 20 fields", || {
        bare(Answer::plain(TWENTY_FIELDS))
    }),
    ("connection 64 KiB in 1 KiB chunks", || {
        bare(Answer::chunked(1024))
    }),
    ("connection 64 KiB in 8 KiB chunks", || {
        bare(Answer::chunked(8 * 1024))
    }),
];

// -------------------------------------------------------------------------------------------------------- the measure

/// Exchanges before the first that counts: the first dials, the next few grow buffers.
const WARM_UP: usize = 100;
/// An odd number has a median.
const SAMPLES: usize = 41;
/// Long beside the clock's own cost, short beside a time slice, so that most samples are undisturbed.
const SAMPLE: Duration = Duration::from_millis(4);

/// The allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(octets: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    ALLOCATED.fetch_add(octets as u64, Relaxed);
}

#[expect(
    unsafe_code,
    reason = "the only way to see allocations; every call goes to the system's allocator as it came"
)]
// SAFETY: `System` keeps the contract of `GlobalAlloc`, and we only count.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: our caller's promise is the one that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, octets: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as above.
        unsafe { System.realloc(octets, layout, size) }
    }

    unsafe fn dealloc(&self, octets: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(octets, layout) }
    }
}

/// What the samples of one scenario came to.
struct Cost {
    median: f64,
    least: f64,
    exchanges: u64,
    allocations: u64,
    allocated: u64,
}

fn run(exchange: &mut Exchange, times: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        exchange();
    }
    start.elapsed()
}

/// How many exchanges make a sample.
fn calibrate(exchange: &mut Exchange) -> usize {
    let mut times = 16;
    while run(exchange, times) < SAMPLE {
        times *= 2;
    }
    times
}

fn measure(exchange: &mut Exchange) -> Cost {
    run(exchange, WARM_UP);
    let times = calibrate(exchange);
    let mut samples = [0.0; SAMPLES];
    let before = (ALLOCATIONS.load(Relaxed), ALLOCATED.load(Relaxed));
    for sample in &mut samples {
        *sample = run(exchange, times).as_secs_f64() * 1e9 / times as f64;
    }
    let after = (ALLOCATIONS.load(Relaxed), ALLOCATED.load(Relaxed));
    samples.sort_unstable_by(f64::total_cmp);
    Cost {
        median: samples[SAMPLES / 2],
        least: samples[0],
        exchanges: (SAMPLES * times) as u64,
        allocations: after.0 - before.0,
        allocated: after.1 - before.1,
    }
}

/// Measures what the filter lets through; whether none of it allocated.
fn table(filter: &str) -> bool {
    println!(
        "{:<36}{:>12}{:>12}{:>14}{:>14}",
        "one warm exchange", "median ns", "min ns", "allocations", "octets"
    );
    let mut clean = true;
    for (name, scenario) in SCENARIOS {
        if !name.contains(filter) {
            continue;
        }
        let cost = measure(&mut scenario());
        let each = |count: u64| count as f64 / cost.exchanges as f64;
        println!(
            "{name:<36}{:>12.1}{:>12.1}{:>14.2}{:>14.1}",
            cost.median,
            cost.least,
            each(cost.allocations),
            each(cost.allocated)
        );
        if cost.allocations > 0 {
            clean = false;
            eprintln!(
                "{name}: {} allocations in {} warm exchanges; there must be none",
                cost.allocations, cost.exchanges
            );
        }
    }
    clean
}

/// Runs one scenario, for callgrind; whether there is one of that name.
fn once(name: &str, times: usize) -> bool {
    let Some((_, scenario)) = SCENARIOS.iter().find(|(known, _)| *known == name) else {
        eprintln!("no scenario is called {name:?}");
        return false;
    };
    let mut exchange = scenario();
    run(&mut exchange, WARM_UP + times);
    true
}

fn main() -> ExitCode {
    // Cargo adds `--bench` to whatever stands behind `--`.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let good = match arguments.as_slice() {
        [] => table(""),
        [filter] if !filter.starts_with('-') => table(filter),
        ["--once", name, times] => match times.parse() {
            Ok(times) => once(name, times),
            Err(error) => {
                eprintln!("{times:?} is not a number of exchanges: {error}");
                false
            }
        },
        _ => {
            eprintln!("usage: exchange [FILTER | --once NAME N]");
            false
        }
    };
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
