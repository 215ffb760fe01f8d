//! The connection alone: the codec without pool, timers and requests.

use std::hint::black_box;
use std::io::Read;

use sessile_core::{Connection, ContentPlan, Method, Now, Received, RequestPlan, Scratch};

use super::{Clock, look_at};
use crate::messages::{Answer, REQUEST_HEAD};
use crate::pipe::Pipe;
use crate::scenarios::Exchange;

/// Begins the GET of all our exchanges on a connection: the only place that knows how one is begun.
pub(crate) fn begin(connection: &mut Connection, now: Now, scratch: Scratch) {
    let head = black_box(REQUEST_HEAD);
    connection
        .start(
            now,
            RequestPlan::new(&Method::GET, ContentPlan::None),
            head,
            scratch,
        )
        .expect("the connection is idle");
}

/// A connection, and the memory that its exchanges use one after the other.
struct Bare {
    connection: Connection,
    scratch: Scratch,
    pipe: Pipe,
    content: usize,
    clock: Clock,
}

impl Bare {
    fn new(answer: Answer) -> Self {
        Self {
            connection: Connection::default(),
            scratch: Scratch::default(),
            pipe: Pipe::new(answer.octets),
            content: answer.content,
            clock: Clock::default(),
        }
    }

    fn exchange(&mut self) {
        let now = self.clock.now();
        let scratch = std::mem::take(&mut self.scratch);
        begin(&mut self.connection, now, scratch);
        let outgoing = self.connection.outgoing(b"");
        let count = outgoing
            .write_to(&mut self.pipe)
            .expect("the pipe takes all");
        self.connection.sent(now, count);
        self.read(now);
        let content = self.receive(now);
        assert_eq!(content, self.content);
        self.connection
            .renew()
            .expect("the response was read to its end");
        self.scratch = self.connection.take_scratch();
    }

    fn read(&mut self, now: Now) {
        let space = self.connection.receive_space();
        let count = self.pipe.read(space).expect("there is more to come");
        self.connection.received(now, count);
    }

    /// Reads the response to its end; how much content it had.
    fn receive(&mut self, now: Now) -> usize {
        let mut content = 0;
        loop {
            match self.connection.poll().expect("the response is good") {
                Received::NeedMore => self.read(now),
                Received::Head(head) => look_at(head),
                Received::Content(octets) => {
                    let count = black_box(octets).len();
                    content += count;
                    self.connection.consume(now, count);
                }
                Received::End => return content,
                other => panic!("unexpected {other:?}"),
            }
        }
    }
}

/// Exchanges on one connection.
pub(crate) fn bare(answer: Answer) -> Exchange {
    let mut bare = Bare::new(answer);
    Box::new(move || bare.exchange())
}
