//! Calls of every kind in an order by chance, in both ways of driving: nothing panics, and all requests end by their
//! time limits, without anybody's help.

use std::io;

use sessile_core::bytes::Bytes;
use sessile_core::{
    CloseReason, Command, ConnectionId, Content, Engine, EstablishId, Event, ExpectContinue,
    Fields, Live, Now, Readiness, Received, RequestBuilder, RequestId, ResolveError, Step, Verdict,
};
use sessile_tests::network::Chance;

use crate::by_hand::{NO_CONTENT, at};
use crate::narrow::{below, narrow};

const URLS: [&str; 4] = [
    "http://192.0.2.1/",
    "http://192.0.2.2/",
    "http://a.test/",
    "http://b.test/",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    InPlace,
    Taken,
}

/// Who calls, what it knows of the engine, and what it has of it.
struct Caller {
    chance: Chance,
    style: Style,
    engine: Engine<()>,
    milliseconds: u64,
    submitted: Vec<RequestId>,
    dials: Vec<ConnectionId>,
    questions: Vec<EstablishId>,
    taken: Vec<(RequestId, Box<Live<()>>)>,
    /// Redirects that were followed, as far as it was told.
    hops: usize,
}

impl Caller {
    fn new(seed: u64, style: Style) -> Self {
        let mut chance = Chance::new(seed);
        let engine = Engine::new(narrow(&mut chance)).expect("a valid configuration");
        Self {
            chance,
            style,
            engine,
            milliseconds: 0,
            submitted: Vec::new(),
            dials: Vec::new(),
            questions: Vec::new(),
            taken: Vec::new(),
            hops: 0,
        }
    }

    fn now(&self) -> Now {
        at(self.milliseconds)
    }

    fn below(&mut self, bound: usize) -> usize {
        below(&mut self.chance, bound)
    }

    /// A connection that was dialled at any time, or lately.
    fn some_dial(&mut self) -> Option<ConnectionId> {
        let among = [self.dials.len(), 3][self.below(2)];
        let back = self.below(among.max(1)) + 1;
        let place = self.dials.len().checked_sub(back)?;
        Some(self.dials[place])
    }

    /// One call, or a few that belong together.
    fn call(&mut self) {
        self.milliseconds += self.below(5) as u64;
        let now = self.now();
        match self.below(16) {
            0 | 1 => self.submit(),
            2 => self.cancel(),
            3 => self.resolve(),
            4 | 5 => {
                if let Some(connection) = self.some_dial() {
                    // It comes back if the dial is not wanted, or stands already.
                    let _ = self.engine.deposit(connection, ());
                    self.engine.handle_connected(now, connection);
                }
            }
            6 => {
                if let Some(connection) = self.some_dial() {
                    let why = io::ErrorKind::ConnectionRefused;
                    self.engine.handle_dial_failed(now, connection, why);
                }
            }
            7 => self.engine.handle_deadline(now),
            8 if self.below(40) == 0 => self.engine.close(now),
            8 if self.below(20) == 0 => self.engine.close_idle(now),
            8 | 9 => self.look_at_all(),
            _ if self.style == Style::Taken => self.drive_taken(),
            _ => self.drive_in_place(),
        }
        self.obey();
    }

    fn submit(&mut self) {
        let url = URLS[self.below(URLS.len())];
        let request = match self.below(5) {
            0 => RequestBuilder::new("POST", url).content(Content::Stream { length: Some(5) }),
            1 => RequestBuilder::new("PUT", url)
                .content(Content::Stream { length: None })
                .header("Expect", "100-continue"),
            2 => RequestBuilder::new("GET", url).header("Upgrade", "any"),
            3 => RequestBuilder::new("PUT", url)
                .body("hello")
                .trailer("X-Sum", "1")
                .expect_continue(ExpectContinue::Always),
            _ => RequestBuilder::new("GET", url),
        };
        let request = request.build();
        let id = self.engine.submit(self.now(), request.expect("a request"));
        self.submitted.push(id);
    }

    /// Hands content over that nobody may have asked for, and takes streams that may be none.
    fn push(&mut self, id: RequestId) {
        let now = self.now();
        match self.below(6) {
            0 => drop(self.engine.push_content(id, Bytes::from_static(b"hello"))),
            1 => drop(self.engine.push_content(id, Bytes::from_static(b"he"))),
            2 => drop(self.engine.finish_content(now, id, Fields::new())),
            // That ends whatever it meets.
            3 if self.below(8) == 0 => self.engine.abort_content(now, id, io::ErrorKind::Other),
            4 => drop(self.engine.take_upgraded(now, id)),
            _ => {}
        }
    }

    /// Gives up a request, even one that ended long ago; not one whose connection is in our hands.
    fn cancel(&mut self) {
        let place = self.below(8);
        if let Some(id) = self.submitted.get(place).copied()
            && !self.has_taken(id)
        {
            self.engine.cancel(self.now(), id);
        }
    }

    fn has_taken(&self, id: RequestId) -> bool {
        self.taken.iter().any(|(taken, _)| *taken == id)
    }

    fn resolve(&mut self) {
        let addresses = [([192, 0, 2, 9], 80).into(), ([192, 0, 2, 8], 80).into()];
        let error = ResolveError::new("nobody knows");
        let Some(question) = self.questions.pop() else {
            return;
        };
        let answer = match self.below(3) {
            0 => Ok(&addresses[..]),
            1 => Ok(&[][..]),
            _ => Err(error),
        };
        self.engine.handle_resolved(self.now(), question, answer);
    }

    /// Views may be asked for at any time.
    fn look_at_all(&mut self) {
        for id in self.submitted.clone() {
            let _ = self.engine.head(id).map(|head| head.status());
            let _ = (self.engine.connection_info(id), self.engine.attempts(id));
            if !self.has_taken(id) {
                self.push(id);
            }
        }
    }

    /// Does what the engine wants done.
    fn obey(&mut self) {
        while let Some(command) = self.engine.poll_command() {
            match command {
                Command::Dial { connection, .. } => self.dials.push(connection),
                Command::Resolve { establish, .. } => self.questions.push(establish),
                Command::Discard(live) => assert!(live.connection.close_reason().is_some()),
                _ => {}
            }
        }
        let _ = (self.engine.pool(self.now()), self.engine.deadline());
        while self.engine.poll_pool_event().is_some() {}
    }

    fn drive_in_place(&mut self) {
        self.hear();
        let Some(connection) = self.some_dial() else {
            return;
        };
        let ready = Readiness {
            read: true,
            write: true,
            closed: self.below(4) == 0,
        };
        let (writes, reads, what) = (self.below(3), self.below(5), self.below(SAYINGS));
        let now = self.now();
        self.engine.handle_readiness(connection, ready);
        if let Some(mut live) = self.engine.drive(connection) {
            if writes > 0 {
                live.write(now, |(), outgoing| Ok(outgoing.len()));
            }
            if reads > 0 {
                live.read(now, |(), space| read(what, space));
            }
        }
        // A request may be submitted before anybody has heard what came.
        if self.below(3) > 0 {
            self.hear();
        }
    }

    fn hear(&mut self) {
        let now = self.now();
        while let Some(event) = self.engine.poll_event(now) {
            match event {
                Event::Content(id) => self.engine.consume(now, id, usize::MAX),
                Event::Head(id) => {
                    let attempts = self.engine.attempts(id);
                    self.hops += attempts.map_or(0, |all| all.history().count());
                }
                Event::Failed(_, error) => self.hops += error.attempts().history().count(),
                _ => {}
            }
        }
    }

    fn drive_taken(&mut self) {
        if let Some(mut live) = self.engine.take_draining() {
            let what = self.below(SAYINGS);
            let now = self.now();
            live.read(now, |(), space| read(what, space));
            self.engine.put_drained(now, live);
        }
        while self.engine.poll_wake().is_some() {}
        for id in self.submitted.clone() {
            if !self.has_taken(id) {
                let step = self.engine.step(self.now(), id);
                self.note(id, step);
            }
        }
        if !self.taken.is_empty() && self.below(2) == 0 {
            let place = self.below(self.taken.len());
            let (id, live) = self.taken.swap_remove(place);
            self.drive_one(id, live);
        }
    }

    fn note(&mut self, id: RequestId, step: Step<()>) {
        match step {
            Step::Use(live) => self.taken.push((id, live)),
            Step::Failed(error) => self.hops += error.attempts().history().count(),
            Step::Wait => {}
            Step::Answered(answered) => panic!("nothing is mounted: {answered:?}"),
        }
    }

    fn drive_one(&mut self, id: RequestId, mut live: Box<Live<()>>) {
        let now = self.now();
        if self.below(2) == 0 {
            live.write(now, |(), outgoing| Ok(outgoing.len()));
        }
        match self.below(8) {
            0 => self.engine.cancel_taken(now, id, live),
            1 => {
                let step = self.engine.abort(now, id, live);
                self.note(id, step);
            }
            2 => {
                live.connection.receive_eof();
                self.give_back(id, live);
            }
            3 => self.taken.push((id, live)),
            _ => {
                let what = self.below(SAYINGS);
                live.read(now, |(), space| read(what, space));
                self.give_back(id, live);
            }
        }
    }

    /// Gives a connection back by what it says; the verdict on a head is asked for and not minded.
    fn give_back(&mut self, id: RequestId, mut live: Box<Live<()>>) {
        let now = self.now();
        match live.connection.poll() {
            Ok(Received::Head(_)) => {
                match self.engine.handle_head(now, id, &live) {
                    Verdict::Again => {
                        let step = self.engine.again(now, id, live);
                        return self.note(id, step);
                    }
                    Verdict::Deliver(attempts) => self.hops += attempts.history().count(),
                    _ => {}
                }
                let _ = live.connection.poll();
                if live.connection.close_reason() == Some(CloseReason::Switched) {
                    return drop(self.engine.finish_upgraded(now, id, live));
                }
                let scratch = self.engine.finish_taken(now, id, live);
                self.engine.give_back(scratch);
            }
            Ok(Received::Interim(_)) => self.taken.push((id, live)),
            Ok(_) => self.engine.cancel_taken(now, id, live),
            Err(failure) => {
                let step = self.engine.fail(now, id, live, failure);
                self.note(id, step);
            }
        }
    }

    /// Gives back what it has, and lets time pass.
    fn end(&mut self) {
        for _ in 0..50 {
            self.milliseconds += 200;
            let now = self.now();
            for (id, live) in std::mem::take(&mut self.taken) {
                self.engine.cancel_taken(now, id, live);
            }
            self.engine.handle_deadline(now);
            match self.style {
                Style::InPlace => self.hear(),
                Style::Taken => {
                    while let Some(id) = self.engine.poll_wake() {
                        let step = self.engine.step(now, id);
                        self.note(id, step);
                    }
                }
            }
            self.obey();
        }
    }
}

/// How many things a transport may say, those without content counted several times.
const SAYINGS: usize = 16;

/// What a transport may say.
fn read(what: usize, space: &mut [u8]) -> io::Result<usize> {
    let octets: &[u8] = match what {
        0 => return Ok(0),
        1 => return Err(io::ErrorKind::ConnectionReset.into()),
        2 => b"x",
        3 => b"HTTP/1.1 100 Continue\r\n\r\n",
        4 => b"HTTP/1.1 101 Switching\r\nUpgrade: any\r\n\r\nnew",
        5 => b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 9\r\n\r\nhalf",
        6 => b"HTTP/1.1 417 No\r\nContent-Length: 9\r\n\r\nhalf",
        7 => b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 9\r\n\r\nhalf",
        8 => b"HTTP/1.1 307 There\r\nLocation: http://b.test/\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
        9 => b"HTTP/1.1 303 Other\r\nLocation: //192.0.2.2/\r\nContent-Length: 9\r\n\r\nhalf",
        10 => b"HTTP/1.1 308 TLS\r\nLocation: https://a.test/\r\nContent-Length: 9\r\n\r\nhalf",
        11 => b"HTTP/1.1 301 Two\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
        _ => NO_CONTENT,
    };
    let count = octets.len().min(space.len());
    space[..count].copy_from_slice(&octets[..count]);
    Ok(count)
}

/// Given calls in any order, then none panics, and when all time has passed no request, no connection and no timer is
/// left.
fn nothing_is_left(style: Style) {
    let mut hops = 0;
    for seed in 0..1_000 {
        let mut caller = Caller::new(seed, style);
        for _ in 0..200 {
            caller.call();
        }
        caller.end();
        let (pool, due) = (caller.engine.pool(Now::default()), caller.engine.deadline());
        assert!(pool.origins.is_empty(), "{style:?}, {seed}: {pool:?}");
        assert_eq!((pool.requests, due), (0, None), "{style:?}, {seed}");
        hops += caller.hops;
    }
    assert!(hops > 50, "{style:?}: {hops} redirects were followed");
}

#[test]
fn calls_in_any_order_leave_nothing_in_place() {
    nothing_is_left(Style::InPlace);
}

#[test]
fn calls_in_any_order_leave_nothing_taken() {
    nothing_is_left(Style::Taken);
}
