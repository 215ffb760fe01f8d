//! The whole session: one origin, one kept connection, the two ways to drive it.

use std::hint::black_box;
use std::io::Read;
use std::sync::Arc;

use sessile_core::{
    Command, Config, CookieJar, Engine, Event, Live, Now, Readiness, Received, Request,
    RequestBuilder, RequestId, Step, Verdict,
};

use super::{Clock, look_at};
use crate::messages::{Answer, URL};
use crate::pipe::Pipe;
use crate::scenarios::Exchange;

const READABLE: Readiness = Readiness {
    read: true,
    write: false,
    closed: false,
};

/// A session with one connection to one origin.
struct Whole {
    engine: Engine<Pipe>,
    request: Arc<Request>,
    /// Until the first exchange dials.
    pipe: Option<Pipe>,
    content: usize,
    clock: Clock,
}

impl Whole {
    fn new(answer: Answer, cookies: Option<CookieJar>) -> Self {
        let config = Config {
            cookies,
            ..Config::default()
        };
        let request = RequestBuilder::new("GET", URL)
            .build()
            .expect("the request is valid");
        Self {
            engine: Engine::new(config).expect("the settings are valid"),
            request: request.into(),
            pipe: Some(Pipe::new(answer.octets)),
            content: answer.content,
            clock: Clock::default(),
        }
    }

    fn submit(&mut self, now: Now) -> RequestId {
        self.engine
            .submit(now, Arc::clone(black_box(&self.request)))
    }

    /// Only the very first exchange has a command: to dial.
    fn obey(&mut self, now: Now, command: Command<Pipe>) {
        let Command::Dial { connection, .. } = command else {
            panic!("unexpected {command:?}");
        };
        let pipe = self.pipe.take().expect("one dial is enough");
        let deposited = self.engine.deposit(connection, pipe);
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
                    Event::End(_) => assert_eq!(content, self.content),
                    other => panic!("unexpected {other:?}"),
                }
            } else if let Some(command) = self.engine.poll_command() {
                self.obey(now, command);
            } else if let Some(connection) = self.engine.poll_ready() {
                let live = self.engine.drive(connection);
                move_octets(now, &mut live.expect("a ready connection can be driven"));
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
            move_octets(now, &mut live);
            self.receive(now, id, &mut live);
            let scratch = self.engine.finish_taken(now, id, live);
            self.engine.give_back(scratch);
        }
        assert!(self.engine.poll_command().is_none());
    }

    fn receive(&mut self, now: Now, id: RequestId, live: &mut Live<Pipe>) {
        let mut content = 0;
        loop {
            match live.connection.poll().expect("the response is good") {
                Received::NeedMore => {
                    let count = live.read(now, |pipe, space| pipe.read(space));
                    assert!(count > 0, "there is more to come");
                }
                Received::Head(head) => {
                    look_at(head);
                    assert!(matches!(
                        self.engine.handle_head(now, id, live),
                        Verdict::Deliver(_)
                    ));
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
        assert_eq!(content, self.content);
    }
}

/// Writes what there is to write, then reads once: in memory the answer comes at once, so the poll that would tell of
/// it stands between the two.
fn move_octets(now: Now, live: &mut Live<Pipe>) {
    live.write(now, |pipe, outgoing| outgoing.write_to(pipe));
    if live.io.is_readable() {
        live.note_ready(READABLE);
    }
    live.read(now, |pipe, space| pipe.read(space));
}

/// Exchanges through an engine that is driven in place. It keeps no cookies: the peers that it is compared with do not.
pub(crate) fn in_place(answer: Answer) -> Exchange {
    let mut whole = Whole::new(answer, None);
    Box::new(move || whole.in_place())
}

/// Exchanges through an engine whose connection is taken out.
pub(crate) fn taken(answer: Answer) -> Exchange {
    let mut whole = Whole::new(answer, None);
    Box::new(move || whole.taken())
}

/// Exchanges through an engine that is driven in place, and keeps cookies.
pub(crate) fn keeping(answer: Answer) -> Exchange {
    let mut whole = Whole::new(answer, Some(CookieJar::new()));
    Box::new(move || whole.in_place())
}
