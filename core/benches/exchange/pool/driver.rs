//! A session with many connections, driven in place, whose transports are nothing at all: what is live on the heap is
//! the core's, and a request costs no more than its octets are moved.
//!
//! A transport has its answer ready when a request was written, and then nothing, as the pipe of the other exchanges.

use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{
    Command, Config, Engine, Event, Live, Now, PoolLimits, Readiness, Request, RequestBuilder,
    RequestId, Tick,
};

use crate::messages::Answer;
use crate::ours::look_at;

/// Between two exchanges. It is longer than a look at a kept connection counts for, so that a small pool, too, looks at
/// each connection before its next request.
const STEP: Duration = Duration::from_micros(200);

/// Longer than any run, so that no connection goes meanwhile; the timers that watch for it are at work.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);

const READABLE: Readiness = Readiness {
    read: true,
    write: false,
    closed: false,
};

/// What the peers do with what is sent to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peers {
    Answer,
    /// They have closed every connection that had answered once.
    Close,
}

/// An engine, and the world around it.
pub(crate) struct Driver {
    pub(crate) engine: Engine<()>,
    answer: Answer,
    now: Now,
    peers: Peers,
    /// How many exchanges have ended.
    ended: usize,
}

/// The settings of a session that may keep so many idle connections.
pub(crate) fn config(connections: usize) -> Config {
    Config {
        pool: PoolLimits {
            idle_per_origin: connections,
            idle_total: connections,
            idle_time: Some(IDLE),
            ..PoolLimits::default()
        },
        ..Config::default()
    }
}

/// One request for each of so many origins. All are addresses: nobody resolves anything.
pub(crate) fn requests(origins: usize) -> Vec<Arc<Request>> {
    let request = |origin: usize| {
        let url = format!("http://10.0.{}.{}:8099/small", origin / 250, origin % 250);
        let built = RequestBuilder::new("GET", url.as_str()).build();
        Arc::new(built.expect("the request is valid"))
    };
    (0..origins).map(request).collect()
}

impl Driver {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            engine: Engine::new(config).expect("the settings are valid"),
            answer: Answer::small(),
            now: Now::new(Tick::default(), Duration::from_secs(1_776_168_000)),
            peers: Peers::Answer,
            ended: 0,
        }
    }

    /// Opens so many connections to each origin by as many requests at once, and waits until all are idle.
    pub(crate) fn fill(&mut self, requests: &[Arc<Request>], each: usize) {
        for request in requests {
            self.submit_many(request, each);
            assert_eq!(self.turn(), each, "every exchange ends");
        }
        let origins = self.engine.pool(self.now).origins;
        let idle: usize = origins.iter().map(|origin| origin.idle).sum();
        assert_eq!(
            (origins.len(), idle),
            (requests.len(), requests.len() * each)
        );
    }

    /// One exchange from its request until its connection is idle again.
    pub(crate) fn exchange(&mut self, request: &Arc<Request>) {
        self.submit(request);
        assert_eq!(self.turn(), 1, "the exchange ends");
    }

    fn submit(&mut self, request: &Arc<Request>) -> RequestId {
        self.engine.submit(self.now, Arc::clone(black_box(request)))
    }

    pub(crate) fn submit_many(&mut self, request: &Arc<Request>, times: usize) -> Vec<RequestId> {
        (0..times).map(|_| self.submit(request)).collect()
    }

    /// Submits so many requests that lose a kept connection each, and wait for a fresh one now.
    pub(crate) fn submit_in_vain(
        &mut self,
        request: &Arc<Request>,
        times: usize,
    ) -> Vec<RequestId> {
        let ids = self.submit_many(request, times);
        self.peers = Peers::Close;
        assert_eq!(self.turn(), 0, "nobody answers");
        ids
    }

    pub(crate) fn cancel(&mut self, id: RequestId) {
        self.engine.cancel(self.now, id);
    }

    /// Closes the session; the commands that this gives are left to be obeyed.
    pub(crate) fn close(&mut self) {
        self.engine.close(self.now);
    }

    /// The loop of the crate's documentation, until nobody has anything left; how many exchanges have ended.
    fn turn(&mut self) -> usize {
        self.ended = 0;
        self.now = self.now.after(STEP);
        self.engine.handle_deadline(self.now);
        loop {
            if let Some(event) = self.engine.poll_event(self.now) {
                self.hear(event);
            } else if let Some(command) = self.engine.poll_command() {
                self.obey(command);
            } else if let Some(connection) = self.engine.poll_ready() {
                let live = self.engine.drive(connection);
                let mut live = live.expect("a ready connection can be driven");
                move_octets(self.now, &mut live, self.peers, &self.answer);
            } else {
                return self.ended;
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Head(id) => look_at(self.engine.head(id).expect("it has just come")),
            Event::Content(id) => {
                let count = black_box(self.engine.content(id)).len();
                assert_eq!(count, self.answer.content, "it is short");
                self.engine.consume(self.now, id, count);
            }
            Event::End(_) => self.ended += 1,
            // Its kept connection was lost: it waits for a fresh one.
            Event::Again(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }

    fn obey(&mut self, command: Command<()>) {
        match (command, self.peers) {
            (Command::Dial { connection, .. }, Peers::Answer) => {
                let deposited = self.engine.deposit(connection, ());
                deposited.expect("the dial is wanted");
                self.engine.handle_connected(self.now, connection);
            }
            // The dial goes on and on.
            (Command::Dial { .. }, Peers::Close) => {}
            (Command::Discard(_), Peers::Close) => {}
            (other, _) => panic!("unexpected {other:?}"),
        }
    }
}

/// Writes what there is to write, then reads once; what was written is answered at once, and in one piece.
fn move_octets(now: Now, live: &mut Live<()>, peers: Peers, answer: &Answer) {
    let mut asked = false;
    live.write(now, |(), outgoing| {
        asked = true;
        Ok(black_box(outgoing).len())
    });
    if asked {
        live.note_ready(READABLE);
    }
    live.read(now, |(), space| match (asked, peers) {
        (true, Peers::Answer) => {
            let octets = black_box(answer.octets.as_slice());
            space[..octets.len()].copy_from_slice(octets);
            Ok(octets.len())
        }
        (false, Peers::Answer) => Err(io::ErrorKind::WouldBlock.into()),
        (_, Peers::Close) => Ok(0),
    });
}
