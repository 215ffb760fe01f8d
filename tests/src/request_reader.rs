//! The strict request reader: the reference against which the client's encoder is judged.
//!
//! RFC 9112 §§2, 3, 5, 6, 7.1, from the side of an origin or a proxy, sharing no line with the
//! client. It takes octets in any segmentation and gives whole requests, or the first reason to
//! object. Where the RFC lets a recipient be kind we are not: an empty line before a request, a
//! bare LF, a folded line, a chunk extension are things that a good client never sends. One reader
//! reads one connection; after a refusal it gives the same refusal for ever. Content is kept in
//! memory, without a limit: our clients are our own.

mod head;
mod input;
mod malformed;
#[cfg(test)]
mod tests;

use std::mem;

use self::head::{Framing, ascii, frame, read_field_line, read_request_line, read_trailer_line};
use self::input::Input;
pub use self::malformed::Malformed;

/// The longest head, and the longest trailer section, in octets: more than any client needs, less
/// than a flood.
const HEAD_ROOM: usize = 256 * 1024;

/// The longest chunk-size line with its CRLF: 16 hexadecimal digits fill a `u64`.
const CHUNK_LINE_ROOM: usize = 18;

/// One request as it was read from the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number of the connection that it came on, from 0.
    pub connection: usize,
    /// Its number on that connection, from 0.
    pub number: usize,
    /// The method, as sent.
    pub method: String,
    /// The request target, as sent, in any of the four forms.
    pub target: String,
    /// The minor version: 1 for HTTP/1.1, 0 for HTTP/1.0.
    pub version: u8,
    /// Names and values of the header section in their order, without the whitespace around the
    /// values.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The content, without its transfer coding.
    pub content: Vec<u8>,
    /// Names and values of the trailer section, in their order.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// The octets of the head, from the first of the request line to the last of the empty line.
    pub head: Vec<u8>,
}

impl Request {
    /// The value of the first field of that name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The values of all fields of that name, whatever its case, in their order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self
            .fields
            .iter()
            .filter(move |field| field.0.eq_ignore_ascii_case(name));
        named.map(|field| field.1.as_slice())
    }

    /// The path of the target in origin-form or absolute-form; otherwise the whole target (`*`,
    /// `host:port`).
    pub fn path(&self) -> &str {
        match self.path_and_query().split_once('?') {
            Some(("", _)) => "/",
            Some((path, _)) => path,
            None => self.path_and_query(),
        }
    }

    /// What follows the first `?` of the target.
    pub fn query(&self) -> Option<&str> {
        self.path_and_query()
            .split_once('?')
            .map(|(_, query)| query)
    }

    fn path_and_query(&self) -> &str {
        let Some((_, rest)) = self
            .target
            .split_once("://")
            .filter(|_| !self.target.starts_with('/'))
        else {
            return &self.target;
        };
        rest.find(['/', '?']).map_or("/", |at| &rest[at..])
    }
}

/// Reads the requests of one connection, one after the other.
#[derive(Debug)]
pub struct RequestReader {
    connection: usize,
    number: usize,
    input: Input,
    state: State,
}

/// Where we stand; each state carries what has been read so far.
#[derive(Debug)]
enum State {
    RequestLine,
    Fields(Request),
    Content { request: Request, left: u64 },
    ChunkSize(Request),
    ChunkData { request: Request, left: u64 },
    ChunkEnd(Request),
    Trailers { request: Request, room: usize },
    Refused(Malformed),
}

/// What one step gave.
enum Step {
    Next(State),
    NeedMore(State),
    Done(Request),
}

impl RequestReader {
    /// A reader for the connection of that number.
    pub fn new(connection: usize) -> Self {
        Self {
            connection,
            number: 0,
            input: Input::default(),
            state: State::RequestLine,
        }
    }

    /// Takes octets and gives the next request once it is whole.
    ///
    /// Octets behind its end are kept for the next call, which may be made with an empty slice.
    ///
    /// # Errors
    ///
    /// The first violation in the order of the octets; the same one whatever their segmentation.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Option<Request>, Malformed> {
        self.input.push(bytes);
        loop {
            let state = mem::replace(&mut self.state, State::RequestLine);
            match self.step(state) {
                Ok(Step::Next(next)) => self.state = next,
                Ok(Step::NeedMore(same)) => {
                    self.state = same;
                    return Ok(None);
                }
                Ok(Step::Done(request)) => {
                    self.number += 1;
                    return Ok(Some(request));
                }
                Err(reason) => {
                    self.state = State::Refused(reason);
                    return Err(reason);
                }
            }
        }
    }

    /// Whether we stand between two requests with no octet of the next one.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::RequestLine) && self.input.is_empty()
    }

    fn step(&mut self, state: State) -> Result<Step, Malformed> {
        match state {
            State::RequestLine => self.step_request_line(),
            State::Fields(request) => self.step_fields(request),
            State::Content { request, left } => Ok(self.step_content(request, left)),
            State::ChunkSize(request) => self.step_chunk_size(request),
            State::ChunkData { request, left } => Ok(self.step_chunk_data(request, left)),
            State::ChunkEnd(request) => self.step_chunk_end(request),
            State::Trailers { request, room } => self.step_trailers(request, room),
            State::Refused(reason) => Err(reason),
        }
    }

    fn step_request_line(&mut self) -> Result<Step, Malformed> {
        let Some(line) = self.input.line(HEAD_ROOM)? else {
            return Ok(Step::NeedMore(State::RequestLine));
        };
        let (method, target, version) = read_request_line(line)?;
        Ok(Step::Next(State::Fields(Request {
            connection: self.connection,
            number: self.number,
            method: ascii(method),
            target: ascii(target),
            version,
            fields: Vec::new(),
            content: Vec::new(),
            trailers: Vec::new(),
            head: [line, b"\r\n"].concat(),
        })))
    }

    fn step_fields(&mut self, mut request: Request) -> Result<Step, Malformed> {
        let Some(line) = self.input.line(HEAD_ROOM - request.head.len())? else {
            return Ok(Step::NeedMore(State::Fields(request)));
        };
        request.head.extend_from_slice(line);
        request.head.extend_from_slice(b"\r\n");
        if !line.is_empty() {
            request.fields.push(read_field_line(line)?);
            return Ok(Step::Next(State::Fields(request)));
        }
        Ok(match frame(&request)? {
            Framing::Empty => Step::Done(request),
            Framing::Length(left) => Step::Next(State::Content { request, left }),
            Framing::Chunked => Step::Next(State::ChunkSize(request)),
        })
    }

    fn step_content(&mut self, mut request: Request, mut left: u64) -> Step {
        left -= self.input.take(left, &mut request.content);
        match left {
            0 => Step::Done(request),
            left => Step::NeedMore(State::Content { request, left }),
        }
    }

    /// chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF (RFC 9112 §7.1); we take no chunk-ext.
    fn step_chunk_size(&mut self, request: Request) -> Result<Step, Malformed> {
        let line = match self.input.line(CHUNK_LINE_ROOM) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(Step::NeedMore(State::ChunkSize(request))),
            Err(Malformed::TooLong) => return Err(Malformed::ChunkSize),
            Err(reason) => return Err(reason),
        };
        // `from_str_radix` would take a sign.
        if !line.iter().all(u8::is_ascii_hexdigit) {
            return Err(Malformed::ChunkSize);
        }
        let left = u64::from_str_radix(&ascii(line), 16).map_err(|_| Malformed::ChunkSize)?;
        Ok(Step::Next(match left {
            0 => State::Trailers {
                request,
                room: HEAD_ROOM,
            },
            left => State::ChunkData { request, left },
        }))
    }

    fn step_chunk_data(&mut self, mut request: Request, mut left: u64) -> Step {
        left -= self.input.take(left, &mut request.content);
        match left {
            0 => Step::Next(State::ChunkEnd(request)),
            left => Step::NeedMore(State::ChunkData { request, left }),
        }
    }

    fn step_chunk_end(&mut self, request: Request) -> Result<Step, Malformed> {
        match self.input.rest() {
            [b'\r', b'\n', ..] => {
                self.input.skip(b"\r\n".len());
                Ok(Step::Next(State::ChunkSize(request)))
            }
            [] | [b'\r'] => Ok(Step::NeedMore(State::ChunkEnd(request))),
            _ => Err(Malformed::ChunkEnd),
        }
    }

    fn step_trailers(&mut self, mut request: Request, room: usize) -> Result<Step, Malformed> {
        let Some(line) = self.input.line(room)? else {
            return Ok(Step::NeedMore(State::Trailers { request, room }));
        };
        if line.is_empty() {
            return Ok(Step::Done(request));
        }
        request.trailers.push(read_trailer_line(line)?);
        let room = room - line.len() - b"\r\n".len();
        Ok(Step::Next(State::Trailers { request, room }))
    }
}
