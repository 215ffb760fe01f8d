//! From octets to what a connection made of them.

use std::fmt;
use std::io;
use std::sync::Arc;

use sessile_core::bytes::Bytes;
use sessile_core::{
    Connection, ContentPlan, Field, FieldsRef, Framing, Limits, Method, Now, Received, RequestPlan,
    Rules, Scratch,
};

use crate::verdicts::Damaged;
use crate::verdicts::case::Case;

/// What happens in a case.
pub(super) struct Script {
    requests: Vec<Asked>,
    rules: Arc<Rules>,
    pub(super) octets: Vec<u8>,
    end: End,
}

struct Asked {
    method: Method,
    upgrade: Option<Bytes>,
}

#[derive(Clone, Copy)]
enum End {
    Open,
    Clean,
    Aborted,
}

impl Script {
    pub(super) fn read(case: &Case) -> Result<Self, Damaged> {
        let requests = case.objects("requests")?;
        let limits = match case.has("limits") {
            true => limits(&case.object("limits")?)?,
            false => Limits::default(),
        };
        Ok(Self {
            requests: requests.iter().map(Asked::read).collect::<Result<_, _>>()?,
            rules: Arc::new(limits.into()),
            octets: case.octets("input")?,
            end: match case.text("eof")? {
                "none" => End::Open,
                "close" => End::Clean,
                "abort" => End::Aborted,
                other => return Err(Damaged::new(format_args!("`eof` is {other}"))),
            },
        })
    }
}

impl Asked {
    fn read(case: &Case) -> Result<Self, Damaged> {
        let method = Method::from_bytes(&case.octets("method")?).map_err(Damaged::new)?;
        let upgrade = match case.has("upgrade") {
            true => Some(case.texts("upgrade")?.join(", ").into()),
            false => None,
        };
        Ok(Self { method, upgrade })
    }
}

fn limits(case: &Case) -> Result<Limits, Damaged> {
    let set = |key: &str, limit: &mut usize| {
        if let Some(value) = case.number_or_none(key)? {
            *limit = usize::try_from(value).map_err(Damaged::new)?;
        }
        Ok(())
    };
    let mut limits = Limits::default();
    set("max_headers", &mut limits.max_fields)?;
    set("max_head_bytes", &mut limits.max_head_bytes)?;
    set("max_interim", &mut limits.max_interim)?;
    set("max_chunk_line", &mut limits.max_chunk_line)?;
    set("max_chunk_ext_total", &mut limits.max_chunk_extensions)?;
    set("max_trailers", &mut limits.max_trailers)?;
    set("max_trailer_bytes", &mut limits.max_trailer_bytes)?;
    limits.max_content_bytes = case.number_or_none("max_body")?;
    Ok(limits)
}

/// Names and values.
pub(super) type Lines = Vec<(Octets, Octets)>;

/// How a stream was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) responses: Vec<Response>,
    /// What was delivered of a response that did not come to its end.
    pub(super) partial: Response,
    pub(super) leftover: Octets,
    pub(super) reusable: bool,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Complete,
    NeedMore,
    Error(String),
}

impl Verdict {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::NeedMore => "need-more",
            Self::Error(_) => "error",
        }
    }
}

/// A response, or as much of it as there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) interim: Vec<(u16, Lines)>,
    pub(super) head: Option<Head>,
    pub(super) content: Octets,
    pub(super) trailers: Lines,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) version: String,
    pub(super) status: u16,
    pub(super) reason: Octets,
    pub(super) lines: Lines,
    pub(super) framing: &'static str,
    pub(super) persistent: bool,
}

#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Octets(pub(super) Vec<u8>);

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// The reading half of one real connection after the other: below the rule that we never ask twice at once, an answer
/// that follows another is read by a connection of its own, which is handed what the first has left.
struct Reader<'a> {
    script: &'a Script,
    connection: Connection,
    answered: usize,
    responses: Vec<Response>,
    partial: Response,
    verdict: Verdict,
}

/// Feeds the octets in pieces of these lengths, then the end of the stream.
pub(super) fn drive(script: &Script, pieces: &[usize]) -> Outcome {
    let mut reader = Reader {
        script,
        connection: script.ask(0),
        answered: 0,
        responses: Vec::new(),
        partial: Response::default(),
        verdict: Verdict::NeedMore,
    };
    let mut rest = script.octets.as_slice();
    for length in pieces {
        let (piece, later) = rest.split_at(*length);
        let unread = reader.take(piece);
        rest = later;
        if reader.verdict != Verdict::NeedMore {
            let behind = [unread, later].concat();
            return reader.outcome(behind);
        }
    }
    reader.outcome(Vec::new())
}

impl Script {
    /// A connection that has sent its request.
    fn ask(&self, number: usize) -> Connection {
        let mut connection = Connection::new(Arc::clone(&self.rules));
        let asked = &self.requests[number];
        let mut plan = RequestPlan::new(&asked.method, ContentPlan::None);
        plan.upgrade = asked.upgrade.clone();
        let begun = connection.start(Now::default(), plan, b"head", Scratch::default());
        begun.expect("it is new");
        let octets = connection.outgoing(b"").len();
        connection.sent(Now::default(), octets);
        connection
    }
}

impl Reader<'_> {
    /// Feeds a piece; returns what of it was not asked for any more.
    fn take<'p>(&mut self, mut piece: &'p [u8]) -> &'p [u8] {
        while !piece.is_empty() && self.verdict == Verdict::NeedMore {
            let count = self.connection.feed(Now::default(), piece);
            piece = &piece[count..];
            self.poll();
        }
        piece
    }

    /// Asks what the connection makes of what it has, until it wants more.
    fn poll(&mut self) {
        let partial = &mut self.partial;
        loop {
            match self.connection.poll() {
                Ok(Received::NeedMore) => return,
                Ok(Received::Interim(head)) => {
                    let lines = lines(head.fields());
                    partial.interim.push((head.status().as_u16(), lines));
                }
                Ok(Received::Head(_)) => partial.head = Some(Head::of(&self.connection)),
                Ok(Received::Content(content)) => {
                    let count = content.len();
                    partial.content.0.extend_from_slice(content);
                    self.connection.consume(Now::default(), count);
                }
                Ok(Received::Trailers(fields)) => {
                    partial.trailers = lines(fields);
                }
                Ok(Received::End | Received::Switched) => return self.end_response(),
                Err(failure) => return self.verdict = Verdict::Error(failure.to_string()),
            }
        }
    }

    fn end_response(&mut self) {
        self.responses.push(std::mem::take(&mut self.partial));
        self.answered += 1;
        if self.answered == self.script.requests.len() {
            self.verdict = Verdict::Complete;
            return;
        }
        let next = self.script.ask(self.answered);
        let last = std::mem::replace(&mut self.connection, next);
        let left = last.surplus().to_vec();
        self.take(&left);
    }

    fn end_stream(&mut self) {
        match self.script.end {
            End::Open => {}
            End::Clean => self.connection.receive_eof(),
            End::Aborted => self
                .connection
                .receive_failed(io::ErrorKind::ConnectionReset),
        }
    }

    fn outcome(mut self, mut behind: Vec<u8>) -> Outcome {
        self.end_stream();
        while self.verdict == Verdict::NeedMore && !matches!(self.script.end, End::Open) {
            self.poll();
            // The connection that reads the next answer meets the same end.
            self.end_stream();
        }
        let complete = self.verdict == Verdict::Complete;
        let surplus = self.connection.surplus().to_vec();
        let reusable = complete && behind.is_empty() && self.connection.renew().is_ok();
        let mut leftover = match self.connection.into_upgraded() {
            Ok(leftover) => leftover.into_octets(),
            Err(_) => surplus,
        };
        leftover.append(&mut behind);
        Outcome {
            verdict: self.verdict,
            responses: self.responses,
            partial: self.partial,
            leftover: Octets(leftover),
            reusable,
        }
    }
}

impl Head {
    fn of(connection: &Connection) -> Self {
        let head = connection.head();
        let status = head.status().as_u16();
        Self {
            version: format!("1.{}", head.minor_version()),
            status,
            reason: Octets(head.reason().to_vec()),
            lines: lines(head.fields()),
            framing: match connection.framing() {
                Framing::None => "none",
                Framing::Length(_) => "length",
                Framing::Chunked => "chunked",
                Framing::UntilClose => "close",
                Framing::Switched if status == 101 => "upgrade",
                Framing::Switched => "tunnel",
            },
            persistent: head.persists(),
        }
    }
}

fn lines(fields: FieldsRef<'_>) -> Lines {
    let line = |field: Field<'_>| {
        let name = field.name.as_bytes().to_vec();
        (Octets(name), Octets(field.value.to_vec()))
    };
    fields.iter().map(line).collect()
}
