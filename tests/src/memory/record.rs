//! What has come of one request so far.

use std::io;
use std::mem;

use sessile_core::{
    Attempt, ConnectionInfo, Error, Fields, FieldsRef, HeadRef, Tick, Upgraded, Url,
};

use crate::network::Stream;
use crate::source::Source;
use crate::world::{Reply, Tried, lines};

/// How far the application reads a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    Head,
    End,
    /// To its end, but no content is taken before the application has the time.
    Leisure,
    /// To its end, or to the end of HTTP.
    Switch,
}

/// The notes about one request.
#[derive(Debug)]
pub struct Record {
    until: Until,
    content: Option<(Source, Fields)>,
    /// When its source goes on.
    pauses: Option<Tick>,
    interim: Vec<u16>,
    state: State,
    upgraded: Option<Upgraded<Stream>>,
}

#[derive(Debug)]
enum State {
    Waiting,
    Reading(Reply),
    Over(Result<Reply, Error>),
    Collected,
}

impl Record {
    pub(super) fn new(until: Until) -> Self {
        Self {
            until,
            content: None,
            pauses: None,
            interim: Vec::new(),
            state: State::Waiting,
            upgraded: None,
        }
    }

    /// Notes about a request with content from a source, and the trailers that follow it.
    pub(super) fn with(source: Source, trailers: Fields) -> Self {
        Self {
            content: Some((source, trailers)),
            ..Self::new(Until::End)
        }
    }

    /// Where the request's content comes from; whoever asks moves it.
    pub(super) fn take_content(&mut self) -> Option<(Source, Fields)> {
        self.content.take()
    }

    /// Whether the source pauses now.
    pub(super) fn pauses(&mut self, now: Tick) -> bool {
        let (source, _) = self.content.as_mut().expect("content of a source");
        self.pauses = source.pause().map(|pause| now.after(pause));
        self.pauses.is_some()
    }

    /// When the source goes on, if it pauses.
    pub(super) fn goes_on(&self) -> Option<Tick> {
        self.pauses.filter(|_| !self.is_over())
    }

    /// The next piece of its content, or the trailers behind the last.
    pub(super) fn next_piece(&mut self) -> io::Result<Result<Vec<u8>, Fields>> {
        let (source, trailers) = self.content.as_mut().expect("content of a source");
        Ok(source.next_piece()?.ok_or_else(|| trailers.clone()))
    }

    /// The connection was switched: its stream is the application's.
    pub(super) fn switched(&mut self, upgraded: Upgraded<Stream>) {
        self.upgraded = Some(upgraded);
        self.end();
    }

    /// The stream of a connection that was switched.
    pub(super) fn upgraded(&mut self) -> Option<Upgraded<Stream>> {
        self.upgraded.take()
    }

    pub(super) fn until(&self) -> Until {
        self.until
    }

    /// Whether the head is there, and the content left lying.
    pub(super) fn is_held(&self) -> bool {
        self.until == Until::Leisure && matches!(self.state, State::Reading(_))
    }

    /// The application has the time to read.
    pub(super) fn take_held(&mut self) {
        assert_eq!(self.until, Until::Leisure);
        self.until = Until::End;
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_) | State::Collected)
    }

    /// What came of it, once.
    pub(super) fn outcome(&mut self) -> Option<Result<Reply, Error>> {
        match mem::replace(&mut self.state, State::Collected) {
            State::Over(outcome) => Some(outcome),
            other => {
                self.state = other;
                None
            }
        }
    }

    pub(super) fn interim(&mut self, head: HeadRef<'_>) {
        assert!(matches!(self.state, State::Waiting), "interim too late");
        self.interim.push(head.status().as_u16());
    }

    /// The request is sent anew.
    pub(super) fn again(&mut self) {
        assert!(matches!(self.state, State::Waiting), "again, behind a head");
        self.interim.clear();
    }

    pub(super) fn head(
        &mut self,
        url: &Url,
        head: HeadRef<'_>,
        connection: ConnectionInfo,
        attempts: &[Attempt],
    ) {
        assert!(matches!(self.state, State::Waiting), "a second head");
        let reply = Reply {
            interim: mem::take(&mut self.interim),
            trailers: Some(Vec::new()),
            attempts: Tried::all(attempts),
            ..Reply::new(url, head, connection)
        };
        self.state = State::Reading(reply);
    }

    pub(super) fn content(&mut self, content: &[u8]) {
        assert!(!content.is_empty(), "content of no octet");
        self.reply().content.extend_from_slice(content);
    }

    pub(super) fn trailers(&mut self, fields: FieldsRef<'_>) {
        self.reply().trailers = Some(lines(fields));
    }

    /// The response was read as far as is wished.
    pub(super) fn end(&mut self) {
        self.state = match mem::replace(&mut self.state, State::Collected) {
            State::Reading(reply) => State::Over(Ok(reply)),
            other => panic!("an end without a head: {other:?}"),
        };
    }

    pub(super) fn fail(&mut self, error: Error) {
        assert!(!self.is_over(), "{error:?} after {:?}", self.state);
        self.state = State::Over(Err(error));
    }

    fn reply(&mut self) -> &mut Reply {
        match &mut self.state {
            State::Reading(reply) => reply,
            other => panic!("content without a head: {other:?}"),
        }
    }
}
