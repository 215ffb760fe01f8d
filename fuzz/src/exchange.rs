//! One exchange on a real connection: the octets of a scenario go in, a trace comes out.
//!
//! On the way it asserts what holds at every step: events come in their order, an answer that is asked for again is the
//! same, the buffer stays within its bound, and the work is linear.

use std::io;
use std::mem;

use sessile_core::{
    Connection, ContentPlan, Failure, Limits, Now, PeerViolation, Progress, Received, RequestPlan,
    Scratch,
};

use crate::delivery::{Delivery, EndSeen, Path};
use crate::scenario::{End, OFFERS, Scenario, Written};
use crate::trace::{Ending, Head, Lines, Octets, Trace};

/// Content never makes the buffer larger than this (`base/buffer.rs`).
const CONTENT_BUFFER: usize = 128 * 1024;

/// What one way of delivery led to, and after how many octets.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) trace: Trace,
    /// How many octets had been offered when the final head was told.
    pub(crate) head_at: usize,
    /// How many octets had been offered when the response was complete or had failed.
    pub(crate) ended_at: usize,
}

/// A new connection that carries the scenario's exchange, and what came of it.
pub(crate) fn run(scenario: &Scenario<'_>, delivery: Delivery, memory: &mut Scratch) -> Outcome {
    let mut connection = Connection::new(scenario.rules.clone());
    let outcome = run_on(&mut connection, scenario, delivery, mem::take(memory));
    *memory = connection.take_scratch();
    outcome
}

/// The scenario's exchange on a connection that is idle.
pub(crate) fn run_on(
    connection: &mut Connection,
    scenario: &Scenario<'_>,
    delivery: Delivery,
    memory: Scratch,
) -> Outcome {
    assert!(connection.is_idle());
    send_request(connection, scenario, memory);
    let mut exchange = Exchange {
        connection,
        delivery,
        scenario,
        limits: &scenario.rules.limits,
        outcome: Outcome::default(),
        offered: 0,
        turns: 0,
        polls: 0,
    };
    exchange.deliver();
    exchange.judge_work(scenario.octets.len());
    let (offered, mut outcome) = (exchange.offered, exchange.outcome);
    outcome.trace.renewed = Some(connection.renew());
    outcome.trace.leftover = leftover(
        mem::take(connection),
        connection,
        &scenario.octets[..offered],
    )
    .map(|octets| [&octets, &scenario.octets[offered..]].concat())
    .map(Octets);
    outcome
}

/// What a switched connection hands over of the octets that it was offered: exactly their end. Any other is put back.
fn leftover(whole: Connection, back: &mut Connection, offered: &[u8]) -> Option<Vec<u8>> {
    match whole.into_upgraded() {
        Ok(leftover) => {
            let octets = leftover.into_octets();
            assert!(offered.ends_with(&octets), "{}", octets.escape_ascii());
            Some(octets)
        }
        Err(connection) => {
            *back = connection;
            None
        }
    }
}

/// Starts the request and lets the transport take as much of it as the scenario says.
fn send_request(connection: &mut Connection, scenario: &Scenario<'_>, memory: Scratch) {
    let plan = match scenario.written {
        Written::Partly => ContentPlan::Length(1),
        Written::Whole | Written::Nothing => ContentPlan::None,
    };
    let mut plan = RequestPlan::new(&scenario.method, plan);
    plan.upgrade = scenario.offers.then(|| OFFERS.into());
    let started = connection.start(now(), plan, b"head", memory);
    started.expect("the connection is idle");
    if scenario.written != Written::Nothing {
        connection.outgoing(b"");
        assert_eq!(connection.sent(now(), 4), 0, "no content was lent");
    }
    let progress = match scenario.written {
        Written::Whole => Progress::Sent,
        Written::Partly => Progress::PartlySent,
        Written::Nothing => Progress::NotSent,
    };
    assert_eq!(connection.pulse().progress(), progress);
}

/// What a poll said, without what it lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    NeedMore,
    Told,
    End,
    Switched,
    Failed(Failure),
}

struct Exchange<'a> {
    connection: &'a mut Connection,
    scenario: &'a Scenario<'a>,
    delivery: Delivery,
    limits: &'a Limits,
    outcome: Outcome,
    offered: usize,
    turns: usize,
    polls: usize,
}

impl Exchange<'_> {
    /// Delivers everything; or as much as a driver would, that asks for what follows a switch and reads by itself then.
    fn deliver(&mut self) {
        let scenario = self.scenario;
        let mut rest = scenario.octets;
        let with_the_last = self.delivery.end_seen == EndSeen::WithTheLastOctets;
        while !rest.is_empty() {
            let piece = rest.len().min(self.delivery.piece(self.turns));
            let taken = self.hand_in(&rest[..piece]);
            assert!((1..=piece).contains(&taken), "an octet is always taken");
            rest = &rest[taken..];
            self.turns += 1;
            self.offered += taken;
            if rest.is_empty() && with_the_last {
                self.end_stream(scenario.end);
            }
            self.settle();
            if self.outcome.trace.ending == Ending::Switched {
                return;
            }
        }
        if !with_the_last || scenario.octets.is_empty() {
            self.end_stream(scenario.end);
            self.settle();
        }
    }

    /// Hands octets in by the delivery's path; tells how many were taken.
    fn hand_in(&mut self, octets: &[u8]) -> usize {
        if self.delivery.path == Path::Feed {
            return self.connection.feed(now(), octets);
        }
        let direct = usize::try_from(self.connection.direct_limit()).unwrap_or(usize::MAX);
        if self.delivery.path == Path::Direct && direct > 0 {
            let count = direct.min(octets.len());
            let content = &mut self.outcome.trace.content.0;
            content.extend_from_slice(&octets[..count]);
            self.connection.received_direct(now(), count);
            return count;
        }
        let space = self.connection.receive_space();
        // Two sections may stand in the buffer at once: a head, and a trailer section or another head behind it.
        let section = self.limits.max_head_bytes + self.limits.max_trailer_bytes;
        assert!(space.len() <= CONTENT_BUFFER.max(2 * section));
        let count = space.len().min(octets.len());
        space[..count].copy_from_slice(&octets[..count]);
        self.connection.received(now(), count);
        count
    }

    fn end_stream(&mut self, end: End) {
        match end {
            End::Open => {}
            End::Clean => self.connection.receive_eof(),
            End::Aborted => self
                .connection
                .receive_failed(io::ErrorKind::ConnectionReset),
        }
    }

    /// Polls until there is nothing to tell, then once more: the answer must not change by being asked for.
    fn settle(&mut self) {
        let last = loop {
            match self.poll() {
                Answer::Told => {}
                last => break last,
            }
        };
        assert_eq!(self.poll(), last, "an answer that is asked for again");
        let interest = self.connection.interest(false).read;
        match last {
            // A driver that waits for readiness must be told to; after the stream's end it would wait for ever.
            Answer::NeedMore => assert!(interest, "there is something to read for"),
            Answer::End | Answer::Switched | Answer::Failed(_) => {
                assert!(!interest, "there is nothing to read for");
            }
            Answer::Told => unreachable!("the loop above ends at the others"),
        }
        assert_eq!(self.connection.is_done(), last == Answer::End);
        if matches!(last, Answer::End | Answer::Switched) {
            self.judge_what_stays();
        }
        self.note_ending(last);
    }

    /// The head and the trailers that were told can still be read, and no others.
    fn judge_what_stays(&self) {
        let trace = &self.outcome.trace;
        assert_eq!(Some(Head::copy(self.connection.head())), trace.head);
        let trailers = self.connection.trailers();
        let told = (!trailers.is_empty()).then(|| Lines::copy(trailers));
        assert_eq!(told, trace.trailers);
    }

    fn note_ending(&mut self, answer: Answer) {
        let ending = match answer {
            Answer::NeedMore | Answer::Told => Ending::Waiting,
            Answer::End => Ending::Complete,
            Answer::Switched => Ending::Switched,
            Answer::Failed(failure) => Ending::Failed(failure),
        };
        let noted = &mut self.outcome.trace.ending;
        match *noted {
            Ending::Waiting if ending != Ending::Waiting => {
                *noted = ending;
                self.outcome.ended_at = self.offered;
            }
            _ => assert_eq!(*noted, ending, "the first end is the only one"),
        }
    }

    /// One poll; what it tells goes into the trace. Asserts that it may be told now.
    fn poll(&mut self) -> Answer {
        self.polls += 1;
        let consumed = self.delivery.piece(self.polls);
        let trace = &mut self.outcome.trace;
        let received = match self.connection.poll() {
            Ok(received) => received,
            Err(failure) => return Answer::Failed(failure),
        };
        if let Received::NeedMore = received {
            return Answer::NeedMore;
        }
        if let Received::End = received {
            assert!(trace.head.is_some(), "no end without a head");
            return Answer::End;
        }
        if let Received::Switched = received {
            assert!(trace.head.is_some() && trace.content.0.is_empty());
            return Answer::Switched;
        }
        assert_eq!(trace.ending, Ending::Waiting, "nothing follows the end");
        assert_eq!(trace.trailers, None, "only the end follows trailers");
        match received {
            Received::Interim(head) => {
                assert_eq!(trace.head, None, "no interim head after the final one");
                assert!(head.status().is_informational() && head.status() != 101);
                trace.interim.push(Head::copy(head));
                assert!(trace.interim.len() <= self.limits.max_interim);
            }
            Received::Head(head) => {
                assert_eq!(trace.head, None, "one final head");
                assert!(!head.status().is_informational() || head.status() == 101);
                assert!(head.fields().len() <= self.limits.max_fields);
                trace.head = Some(Head::copy(head));
                self.outcome.head_at = self.offered;
            }
            Received::Content(content) => {
                assert!(trace.head.is_some(), "no content before the head");
                assert!(!content.is_empty());
                let count = content.len().min(consumed);
                trace.content.0.extend_from_slice(&content[..count]);
                self.connection.consume(now(), count);
            }
            Received::Trailers(fields) => {
                assert!(trace.head.is_some(), "no trailers before the head");
                assert!((1..=self.limits.max_trailers).contains(&fields.len()));
                trace.trailers = Some(Lines::copy(fields));
            }
            Received::NeedMore | Received::End | Received::Switched => {}
        }
        Answer::Told
    }

    /// Each octet is offered once and can end at most one piece of content, one section and one message; each turn
    /// ends in two polls that tell nothing.
    fn judge_work(&self, length: usize) {
        assert!(self.offered == length || self.outcome.trace.ending == Ending::Switched);
        assert!(self.turns <= length);
        assert!(
            self.polls <= 2 * length + 2 * self.turns + 8,
            "{} polls for {length} octets",
            self.polls
        );
    }
}

/// An idle connection takes one octet for what it is: nobody asked.
pub(crate) fn assert_unsolicited(mut connection: Connection) {
    assert!(connection.is_idle());
    connection.feed(now(), b"H");
    let failure = connection
        .poll()
        .map(|_| ())
        .expect_err("nothing was asked");
    assert_eq!(failure, Failure::Violation(PeerViolation::Unsolicited));
    assert!(!connection.is_idle());
}

/// Time is not what these targets are about.
pub(crate) fn now() -> Now {
    Now::default()
}
