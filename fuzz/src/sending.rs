//! An upload step by step: content, the peer's answers, failures and the timer in any order.

use std::io;

use sessile_core::{
    Connection, ContentPlan, Failure, Fields, Method, Misuse, PeerViolation, Progress, Received,
    RequestPlan, Scratch,
};

use crate::exchange::now;
use crate::sent;

const HEAD: &[u8] = b"POST /upload HTTP/1.1\r\nHost: a\r\n";
const CONTENT: &[u8] =
    b"0\r\n\r\nPOST / HTTP/1.1\r\n\r\n1\r\na\r\n, and so on for forty-eight octets.";

/// What happens next; one octet of the input each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The transport takes at most so many octets, with so many of the content lent.
    Write {
        octets: usize,
        lent: usize,
    },
    Absorb(usize),
    Finish,
    FinishWithTrailers,
    /// The time for a 100 has passed.
    Proceed,
    Peer(&'static [u8]),
    SendFailed,
    StopSending,
    Ends,
    Aborts,
}

impl Step {
    fn read(octet: u8) -> Self {
        match octet {
            b'f' => Self::Finish,
            b't' => Self::FinishWithTrailers,
            b'p' => Self::Proceed,
            b'1' => Self::Peer(b"HTTP/1.1 100 Continue\r\n\r\n"),
            b'2' => Self::Peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
            b'3' => Self::Peer(b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"),
            b'4' => Self::Peer(b"HTTP/1.1 417 \r\nContent-Length: 0\r\n\r\n"),
            b'5' => Self::Peer(b"HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"),
            b'0' => Self::Peer(b"0\r\n\r\n"),
            b'h' => Self::Peer(b"HTTP/1.1 "),
            b'b' => Self::Peer(b"\0"),
            b'x' => Self::SendFailed,
            b's' => Self::StopSending,
            b'e' => Self::Ends,
            b'r' => Self::Aborts,
            b'a' => Self::Absorb(7),
            b'A' => Self::Absorb(CONTENT.len()),
            b'w' => Self::Write {
                octets: usize::MAX,
                lent: CONTENT.len(),
            },
            other => Self::Write {
                octets: usize::from(other & 15),
                lent: usize::from(other >> 4),
            },
        }
    }
}

/// Where the response stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Interim,
    Content,
    Over,
}

/// Asserts, for one request with content on one real connection, whatever happens to it in whatever order. The first
/// octet says how the content comes (`C` chunked, else of so many octets), the second whether a 100 is expected (`E`),
/// then each octet is one step:
///
/// 1. nothing of content that expects a 100 goes out before there was one, or the time for it has passed;
/// 2. what goes out is the head, then content as announced: never an octet more, and a request counts as sent exactly
///    when an independent reader finds all of it;
/// 3. nothing is written after a final head has come, or writing has failed;
/// 4. the response comes in order, and nothing follows its end or its failure;
/// 5. the connection is used again only after a request that went out whole and a response that came whole.
///
/// # Panics
/// If one of these does not hold.
pub fn sending(input: &[u8]) {
    let Some((&[plan, expects], steps)) = input.split_first_chunk::<2>() else {
        return;
    };
    let plan = match plan {
        b'C' => ContentPlan::Chunked,
        length => ContentPlan::Length(u64::from(length & 31)),
    };
    let mut run = Run::start(plan, expects == b'E');
    for octet in steps.iter().take(512) {
        run.step(Step::read(*octet));
        run.judge();
    }
    run.close();
}

struct Run {
    connection: Connection,
    plan: ContentPlan,
    head: usize,
    wire: Vec<u8>,
    taken: usize,
    finished: Option<Result<(), Misuse>>,
    trailers: Fields,
    held: bool,
    /// A final head was told or writing has failed: nothing more goes out.
    stopped: bool,
    /// Something happened that no connection survives.
    broken: bool,
    stage: Stage,
}

impl Run {
    fn start(plan: ContentPlan, expects: bool) -> Self {
        let framing = match plan {
            ContentPlan::Length(length) => format!("Content-Length: {length}\r\n"),
            _ => "Transfer-Encoding: chunked\r\n".to_owned(),
        };
        let expectation: &[u8] = if expects {
            b"Expect: 100-continue\r\n"
        } else {
            b""
        };
        let head = [HEAD, framing.as_bytes(), expectation, b"\r\n"].concat();
        let mut request = RequestPlan::new(&Method::POST, plan);
        request.expects_continue = expects;
        let mut connection = Connection::default();
        let started = connection.start(now(), request, &head, Scratch::default());
        started.expect("a new connection is idle");
        Self {
            connection,
            plan,
            head: head.len(),
            wire: Vec::new(),
            taken: 0,
            finished: None,
            trailers: Fields::new(),
            held: expects && plan != ContentPlan::Length(0),
            stopped: false,
            broken: false,
            stage: Stage::Interim,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Write { octets, lent } => self.write(octets, lent),
            Step::Absorb(octets) => {
                let piece = &self.rest()[..octets.min(self.rest().len())];
                let taken = self.connection.absorb(piece);
                assert!(taken == 0 || !self.held, "content is held for a 100");
                self.taken += taken;
            }
            Step::Finish => self.finish(Fields::new()),
            Step::FinishWithTrailers => {
                let mut trailers = Fields::new();
                trailers.append("Checksum", "1").expect("a good line");
                self.finish(trailers);
            }
            Step::Proceed => {
                self.held = false;
                self.connection.proceed();
            }
            Step::Peer(octets) => {
                self.connection.feed(now(), octets);
                self.poll();
            }
            Step::SendFailed => {
                self.connection.send_failed(io::ErrorKind::BrokenPipe);
                self.stopped = true;
                self.broken = true;
            }
            Step::StopSending => {
                let sent = self.is_sent();
                self.connection.stop_sending();
                self.stopped = true;
                self.broken |= !sent;
            }
            Step::Ends | Step::Aborts => {
                match step {
                    Step::Ends => self.connection.receive_eof(),
                    _ => self
                        .connection
                        .receive_failed(io::ErrorKind::ConnectionReset),
                }
                self.broken = true;
                self.poll();
            }
        }
    }

    /// The content that is left, once the end was told: none.
    fn rest(&self) -> &'static [u8] {
        if self.finished.is_some() {
            b""
        } else {
            &CONTENT[self.taken..]
        }
    }

    fn write(&mut self, octets: usize, lent: usize) {
        let piece = &self.rest()[..lent.min(self.rest().len())];
        let outgoing = self.connection.outgoing(piece);
        assert!(
            !self.stopped || outgoing.is_empty(),
            "nobody reads it any more"
        );
        let (before, mut room) = (self.wire.len(), octets);
        for slice in outgoing.slices() {
            let count = room.min(slice.len());
            self.wire.extend_from_slice(&slice[..count]);
            room -= count;
        }
        self.taken += self.connection.sent(now(), self.wire.len() - before);
    }

    fn finish(&mut self, trailers: Fields) {
        if self.finished.is_some() {
            return;
        }
        let finished = self.connection.finish_content_with(&trailers);
        if finished.is_err() {
            self.stopped = true;
            self.broken |= !self.is_sent();
        } else if !self.stopped {
            self.trailers = trailers;
        }
        self.finished = Some(finished);
    }

    /// Polls until there is nothing to tell.
    fn poll(&mut self) {
        loop {
            match self.connection.poll() {
                Ok(Received::NeedMore) => return,
                Ok(Received::Interim(head)) => {
                    assert_eq!(self.stage, Stage::Interim);
                    self.held &= head.status() != 100;
                }
                Ok(Received::Head(_)) => {
                    assert_eq!(self.stage, Stage::Interim);
                    self.stage = Stage::Content;
                    self.stopped = true;
                    self.held = false;
                }
                Ok(Received::Content(content)) => {
                    assert_eq!(self.stage, Stage::Content);
                    let count = content.len();
                    self.connection.consume(now(), count);
                }
                Ok(Received::End) => {
                    assert_ne!(self.stage, Stage::Interim);
                    self.stage = Stage::Over;
                    return;
                }
                Ok(other) => panic!("no response of ours has {other:?}"),
                Err(failure) => {
                    self.judge_failure(failure);
                    return;
                }
            }
        }
    }

    fn judge_failure(&mut self, failure: Failure) {
        // Surplus is told by the verdict on reuse, not as a failure of the response before it.
        assert_ne!(self.stage, Stage::Over, "nothing follows the end");
        let unasked = failure == Failure::Violation(PeerViolation::Unsolicited);
        assert!(!unasked || self.wire.is_empty(), "there is a request");
        self.broken = true;
    }

    fn is_sent(&self) -> bool {
        sent::read(&self.wire).is_some()
    }

    fn judge(&self) {
        let content = self.wire.len().saturating_sub(self.head);
        assert!(content == 0 || !self.held, "content is held for a 100");
        if let ContentPlan::Length(length) = self.plan {
            assert!(content as u64 <= length, "an octet more than announced");
        }
        let progress = self.connection.pulse().progress();
        let message = sent::read(&self.wire);
        let expected = match (&message, self.stage) {
            (_, Stage::Content | Stage::Over) => Progress::HeadSeen,
            (Some(_), _) => Progress::Sent,
            (None, _) if self.wire.is_empty() => Progress::NotSent,
            (None, _) => Progress::PartlySent,
        };
        assert_eq!(progress, expected, "{}", self.wire.escape_ascii());
        if let Some(message) = message {
            assert_eq!(message.content, CONTENT[..message.content.len()]);
        }
    }

    fn close(mut self) {
        let renewed = self.connection.renew();
        if renewed.is_ok() {
            assert!(!self.broken && self.stage == Stage::Over);
            let message = sent::read(&self.wire).expect("a request that went out whole");
            assert_eq!(message.content, CONTENT[..self.taken]);
            assert_eq!(message.trailers, self.trailers.len());
            assert!(self.connection.is_idle());
        }
    }
}
