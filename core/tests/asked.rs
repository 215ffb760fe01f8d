//! Requests that are answered without a connection, or led between such places and others that have one, in any order of what
//! can happen to them: each is over once, nothing is told of one that was given up, and nothing is left of any.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use sessile_core::{
    Answer, Answering, Authentication, Command, Config, ConnectionId, Content, Engine, Event,
    Fields, Mount, Mounts, Now, Readiness, RequestBuilder, RequestId, ResolveError, Retry,
    StatusCode, Step,
};

/// Numbers that are the same in each run.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// A peer that answers everything at once, somehow.
#[derive(Debug)]
struct Peer {
    chance: Chance,
    asked: bool,
}

impl Peer {
    fn reply(&mut self) -> String {
        let content = ["", "some", "all of it"][self.chance.below(3)];
        let head = match self.chance.below(6) {
            0 => "307 \r\nLocation: http://a.test/back",
            1 => "302 \r\nLocation: /next",
            2 => "303 \r\nLocation: http://a.test/back\r\nConnection: close",
            3 => "401 \r\nWWW-Authenticate: Basic realm=a",
            4 => "200 \r\nSet-Cookie: a=b",
            _ => "200 ",
        };
        format!("HTTP/1.1 {head}\r\nContent-Length: 9\r\n\r\n{content}")
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match (core::mem::take(&mut self.asked), self.chance.below(4)) {
            (true, _) => {
                let reply = self.reply();
                space[..reply.len()].copy_from_slice(reply.as_bytes());
                Ok(reply.len())
            }
            (false, 0) => Ok(0),
            (false, 1) => Err(io::ErrorKind::ConnectionReset.into()),
            (false, _) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// A session and what was told of its requests.
struct Walk {
    engine: Engine<Peer>,
    now: Now,
    chance: Chance,
    /// How often each was told to be over; given up counts, too.
    over: BTreeMap<RequestId, usize>,
    /// Questions that were not answered, some of them out of date.
    questions: Vec<RequestId>,
    taken: bool,
    asked: u64,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut mounts = Mounts::new();
        let mount = Mount {
            answering: Some(Answering::ByHand),
            ..Mount::default()
        };
        // In place, one origin has connections.
        let taken = seed.is_multiple_of(2);
        let prefix = if taken { "http://" } else { "http://a.test" };
        mounts.add(prefix, mount).expect("a prefix");
        let config = Config {
            mounts,
            retry: Some(Retry::new(3)),
            ..Config::default()
        };
        Self {
            engine: Engine::new(config).expect("valid"),
            now: Now::default(),
            chance: Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            over: BTreeMap::new(),
            questions: Vec::new(),
            taken,
            asked: 0,
        }
    }

    fn submit(&mut self) {
        let url = match self.taken || self.chance.below(2) == 0 {
            true => "http://a.test/",
            false => "http://192.0.2.1/",
        };
        let request = RequestBuilder::new("PUT", url);
        let mut request = match self.chance.below(3) {
            0 => request.body("words"),
            1 => request.content(Content::Stream { length: None }),
            _ => request,
        };
        if self.chance.below(2) == 0 {
            let who = Authentication::basic_or_digest("joe", "secret").expect("valid");
            request = request.authentication(who);
        }
        if self.chance.below(2) == 0 {
            request = request.timeout(Duration::from_millis(50));
        }
        let id = self
            .engine
            .submit(self.now, request.build().expect("valid"));
        assert!(self.over.insert(id, 0).is_none(), "an id of its own");
    }

    fn some_answer(&mut self) -> io::Result<Answer> {
        let answer = |status| Answer::new(StatusCode::from_u16(status).expect("a status"));
        let line =
            |answer: Answer, name, value: &str| answer.with_field(name, value).expect("valid");
        let number = self.chance.below(1_000);
        Ok(match self.chance.below(9) {
            0 => return Err(io::ErrorKind::ConnectionReset.into()),
            1 if self.taken => {
                let location = format!("http://{number}.test/");
                line(answer(307), "Location", &location)
            }
            1 => line(answer(307), "Location", "http://192.0.2.1/"),
            2 => line(answer(303), "Location", "/elsewhere"),
            3 => line(answer(302), "Location", "https://a.test/"),
            4 => line(answer(401), "WWW-Authenticate", "Basic realm=a"),
            5 => {
                let challenge =
                    format!(r#"Digest realm="a", nonce="{number}", qop="auth", stale=true"#);
                line(answer(401), "WWW-Authenticate", &challenge)
            }
            6 => line(answer(503), "Retry-After", "1"),
            7 => answer(101),
            _ => answer(200).with_content("content"),
        })
    }

    fn is_over(&mut self, id: RequestId) {
        let over = self.over.get_mut(&id).expect("it was submitted");
        *over += 1;
        assert_eq!(*over, 1, "{id:?} is over once");
    }

    fn act(&mut self) {
        match self.chance.below(12) {
            0 | 1 => self.submit(),
            2 => {
                let all = self.over.iter().filter(|(_, over)| **over == 0);
                let all: Vec<_> = all.map(|(id, _)| *id).collect();
                if !all.is_empty() {
                    let id = all[self.chance.below(all.len())];
                    self.engine.cancel(self.now, id);
                    self.is_over(id);
                }
            }
            3 => self.now = self.now.after(Duration::from_millis(20)),
            4 => self.engine.handle_deadline(self.now),
            5..=7 => {
                if !self.questions.is_empty() {
                    let place = self.chance.below(self.questions.len());
                    let id = match self.chance.below(8) {
                        // Twice.
                        0 => self.questions[place],
                        _ => self.questions.swap_remove(place),
                    };
                    let answer = self.some_answer();
                    self.engine.handle_answer(self.now, id, answer);
                }
            }
            _ => self.turn(),
        }
    }

    fn turn(&mut self) {
        while let Some(command) = self.engine.poll_command() {
            match command {
                Command::Answer(question) => {
                    self.asked += 1;
                    self.questions.push(question.id());
                }
                Command::Dial { connection, .. } => self.dial(connection),
                Command::Resolve { establish, .. } => {
                    let unknown = ResolveError::new("nobody knows");
                    self.engine
                        .handle_resolved(self.now, establish, Err(unknown));
                }
                Command::Discard(_) | Command::Abandon { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        while let Some(connection) = self.engine.poll_ready() {
            let mut live = self.engine.drive(connection).expect("it is ready");
            live.write(self.now, |peer, outgoing| {
                peer.asked |= !outgoing.is_empty();
                Ok(outgoing.len())
            });
            live.read(self.now, Peer::read);
        }
        match self.taken {
            true => self.steps(),
            false => self.events(),
        }
    }

    fn dial(&mut self, connection: ConnectionId) {
        if self.chance.below(4) == 0 {
            let why = io::ErrorKind::ConnectionRefused;
            return self.engine.handle_dial_failed(self.now, connection, why);
        }
        let chance = Chance(self.chance.0.rotate_left(7) | 1);
        let peer = Peer {
            chance,
            asked: false,
        };
        // A dial that nobody wants any more is dropped.
        if self.engine.deposit(connection, peer).is_ok() {
            self.engine.handle_connected(self.now, connection);
            let ready = Readiness {
                read: true,
                ..Readiness::default()
            };
            self.engine.handle_readiness(connection, ready);
        }
    }

    fn steps(&mut self) {
        while let Some(id) = self.engine.poll_wake() {
            match self.engine.step(self.now, id) {
                Step::Wait => {}
                Step::Answered(_) | Step::Failed(_) => self.is_over(id),
                Step::Use(_) => panic!("no connection"),
            }
        }
    }

    fn events(&mut self) {
        for _ in 0..1_000 {
            match self.engine.poll_event(self.now) {
                Some(Event::End(id) | Event::Failed(id, _)) => self.is_over(id),
                Some(Event::Content(id)) => {
                    let some = self.chance.below(9);
                    self.engine.consume(self.now, id, some);
                }
                Some(Event::ContentWanted(id)) => self.give_content(id),
                Some(event) => assert_eq!(self.over[&event.request()], 0),
                None => return,
            }
        }
        panic!("there is no end of events");
    }

    fn give_content(&mut self, id: RequestId) {
        let (now, engine) = (self.now, &mut self.engine);
        match self.chance.below(3) {
            0 => engine.push_content(id, "piece".into()).expect("wanted"),
            1 => engine
                .finish_content(now, id, Fields::new())
                .expect("no length"),
            _ => engine.abort_content(now, id, io::ErrorKind::Other),
        }
    }

    /// Answers all questions, and lets all time pass.
    fn end(mut self) -> [u64; 3] {
        for _ in 0..200 {
            self.turn();
            for id in core::mem::take(&mut self.questions) {
                let answer = Answer::new(StatusCode::OK);
                self.engine.handle_answer(self.now, id, Ok(answer));
            }
            self.now = self.now.after(Duration::from_secs(10));
            self.engine.handle_deadline(self.now);
        }
        let left: Vec<_> = self.over.iter().filter(|(_, over)| **over != 1).collect();
        assert!(left.is_empty(), "{left:?}");
        let pool = self.engine.pool(self.now);
        assert_eq!((pool.requests, pool.origins.len()), (0, 0), "{pool:?}");
        assert_eq!(self.engine.deadline(), None);
        let counters = pool.counters;
        [self.asked, counters.opened, counters.reused]
    }
}

#[test]
fn each_is_over_once_and_nothing_is_left() {
    let mut counts = [0; 3];
    for seed in 0..2_000 {
        let mut walk = Walk::new(seed);
        let close = walk.chance.below(300);
        for number in 0..200 {
            walk.act();
            if number == close {
                let now = walk.now;
                walk.engine.close(now);
            }
        }
        let counted = walk.end();
        counts = core::array::from_fn(|it| counts[it] + counted[it]);
    }
    // Questions, connections, and what came by one that had served before.
    let [asked, opened, reused] = counts;
    assert!(
        asked > 30_000 && opened > 3_000 && reused > 300,
        "{counts:?}"
    );
}
