//! CONNECT (RFC 9110 §9.3.6, RFC 9112 §3.2.3): a tunnel by way of an HTTP proxy.
//!
//! The response is read by a [`Connection`] of its own, so its head, its interim heads and its framing are held to the
//! very rules that hold for exchanges. A 2xx is the tunnel: whatever its fields say, what follows the head is not HTTP.
//! A 407 is a challenge; its content is thrown away if it is little, and the same connection can carry the answer then.
//! Anything else is a refusal, and shown as the proxy's own.

use http::{Method, StatusCode};

use super::error::{TunnelError, TunnelStep};
use super::refusal::TunnelRefusal;
use crate::base::{Limits, Now, Rules};
use crate::connection::{
    Connection, ContentPlan, Failure, Misuse, PeerViolation, Received, RequestPlan, Rest, Scratch,
};
use crate::message::{FieldError, Fields, Origin, RequestTarget, ResponseHead};
use crate::wire;

/// So much of a refusal's content is kept: enough for the page that says why.
const MOST_KEPT: usize = 16 * 1024;
/// So much of a challenge's content is thrown away to keep the connection; as much as of any other response.
const MOST_DISCARDED: u64 = 64 * 1024;

/// A CONNECT from the client's side.
#[derive(Debug)]
pub(crate) struct Connect {
    /// The connection to the proxy, as long as there is HTTP to be had from it.
    connection: Option<Box<Connection>>,
    course: Course,
}

/// What the proxy has answered so far.
#[derive(Debug)]
enum Course {
    /// Nothing, or interim heads.
    Head,
    /// A refusal, whose content is read.
    Refusal {
        head: ResponseHead,
        content: Vec<u8>,
    },
    /// A challenge, whose content is thrown away.
    Challenge(ResponseHead),
    /// A challenge, and all that is read of it. Without a connection its answer needs another one.
    Challenged(ResponseHead),
    Established,
    Failed(TunnelError),
}

/// What has come where a head was awaited.
enum Answer {
    /// Not enough.
    Nothing,
    /// The tunnel, and so many octets of what goes through it.
    Tunnel(usize),
    /// A final head that is no tunnel.
    Head(ResponseHead),
}

impl Connect {
    /// Asks with this head, which [`connect_head`] has written.
    pub(crate) fn new(head: &[u8], rules: &Rules) -> Self {
        let mut connection = Connection::new(rules_of_proxies(rules).into());
        // A new connection is idle, and has nothing to object.
        let _ = start(&mut connection, head, Scratch::default());
        Self {
            connection: Some(Box::new(connection)),
            course: Course::Head,
        }
    }

    /// Asks again, on the same connection: `head` answers the challenge.
    ///
    /// # Errors
    /// If there is no challenge, or the connection cannot be used again.
    pub(crate) fn answer(&mut self, head: &[u8]) -> Result<(), Misuse> {
        let (Course::Challenged(_), Some(connection)) = (&self.course, &mut self.connection) else {
            return Err(Misuse::NotIdle);
        };
        let scratch = connection.take_scratch();
        start(connection, head, scratch)?;
        self.course = Course::Head;
        Ok(())
    }

    /// Nobody has an answer to the challenge: it is a refusal like any other. `None` if there is no challenge.
    pub(crate) fn decline(&mut self) -> Option<TunnelError> {
        match &self.course {
            Course::Challenge(head) | Course::Challenged(head) => {
                let refusal = TunnelRefusal::new(head.clone(), Vec::new());
                Some(self.fail(TunnelError::Refused(refusal)))
            }
            Course::Head | Course::Refusal { .. } | Course::Established | Course::Failed(_) => None,
        }
    }

    pub(crate) fn outgoing(&self) -> &[u8] {
        match &self.connection {
            Some(connection) if connection.halves.send.is_writing() => {
                let out = &connection.scratch.out;
                out.get(connection.written..).unwrap_or_default()
            }
            _ => &[],
        }
    }

    pub(crate) fn sent(&mut self, octets: usize) {
        let octets = octets.min(self.outgoing().len());
        if let Some(connection) = &mut self.connection {
            connection.sent(untimed(), octets);
        }
    }

    pub(crate) fn is_established(&self) -> bool {
        matches!(self.course, Course::Established)
    }

    /// The challenge, when all is read of it that will be, and whether its answer can go out on the same connection.
    pub(crate) fn challenge(&self) -> Option<(&ResponseHead, bool)> {
        match &self.course {
            Course::Challenged(head) => Some((head, self.connection.is_some())),
            _ => None,
        }
    }

    /// Takes octets of the proxy's, up to the end of the handshake; tells how many.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> Result<usize, TunnelError> {
        let mut used = 0;
        while used < octets.len() {
            match &self.course {
                Course::Head | Course::Refusal { .. } | Course::Challenge(_) => {
                    used += self.read(&octets[used..])?;
                }
                Course::Challenged(_) => {
                    // Behind a whole response, and before the next request, they answer nothing.
                    self.connection = None;
                    used = octets.len();
                }
                Course::Established => break,
                Course::Failed(error) => return Err(error.clone()),
            }
        }
        Ok(used)
    }

    /// The proxy's stream has ended. A refusal is complete with that, however much of its content is missing.
    pub(crate) fn receive_eof(&mut self) -> Result<(), TunnelError> {
        match &self.course {
            Course::Head | Course::Refusal { .. } | Course::Challenge(_) => {
                if let Some(connection) = &mut self.connection {
                    connection.receive_eof();
                }
                self.advance().map(|_| ())
            }
            Course::Challenged(_) => {
                self.connection = None;
                Ok(())
            }
            Course::Established => Ok(()),
            Course::Failed(error) => Err(error.clone()),
        }
    }

    /// How many octets of memory it holds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        let lent = |connection: &Connection| {
            connection.scratch.out.capacity() + connection.scratch.input.capacity()
        };
        let kept = match &self.course {
            Course::Refusal { content, .. } => content.capacity(),
            _ => 0,
        };
        self.connection.as_deref().map_or(0, lent) + kept
    }

    fn fail(&mut self, error: TunnelError) -> TunnelError {
        self.connection = None;
        self.course = Course::Failed(error.clone());
        error
    }

    fn read(&mut self, octets: &[u8]) -> Result<usize, TunnelError> {
        let Some(connection) = &mut self.connection else {
            return Ok(octets.len());
        };
        let fed = connection.feed(untimed(), octets);
        // What is left over has come just now: before, all that had come was part of a head.
        let left_over = self.advance()?;
        Ok(fed.saturating_sub(left_over))
    }

    /// Reads what has come; tells how much of it belongs to the tunnel.
    fn advance(&mut self) -> Result<usize, TunnelError> {
        let Some(connection) = &mut self.connection else {
            return Ok(0);
        };
        match &mut self.course {
            Course::Head => match read_head(connection) {
                Ok(Answer::Nothing) => Ok(0),
                Ok(Answer::Tunnel(left_over)) => {
                    self.connection = None;
                    self.course = Course::Established;
                    Ok(left_over)
                }
                Ok(Answer::Head(head)) => self.take_final_head(head),
                Err(failure) => Err(self.fail(error_of(failure))),
            },
            Course::Refusal { head, content } => {
                if !read_content(connection, content) {
                    return Ok(0);
                }
                let refusal = TunnelRefusal::new(head.clone(), core::mem::take(content));
                Err(self.fail(TunnelError::Refused(refusal)))
            }
            Course::Challenge(_) => {
                let rest = connection.discard_more(MOST_DISCARDED);
                self.note_rest(rest);
                Ok(0)
            }
            Course::Challenged(_) | Course::Established | Course::Failed(_) => Ok(0),
        }
    }

    fn take_final_head(&mut self, head: ResponseHead) -> Result<usize, TunnelError> {
        if head.as_ref().status() != StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let content = Vec::new();
            self.course = Course::Refusal { head, content };
            return self.advance();
        }
        self.course = Course::Challenge(head);
        if let Some(connection) = &mut self.connection {
            let rest = connection.discard_rest(MOST_DISCARDED);
            self.note_rest(rest);
        }
        Ok(0)
    }

    /// How far the challenge's content has come.
    fn note_rest(&mut self, rest: Rest) {
        let renewed = match (rest, &mut self.connection) {
            (Rest::Coming, _) => return,
            (Rest::Ended, Some(connection)) => connection.renew().is_ok(),
            (Rest::Ended, None) | (Rest::Lost, _) => false,
        };
        if !renewed {
            self.connection = None;
        }
        if let Course::Challenge(head) = &self.course {
            self.course = Course::Challenged(head.clone());
        }
    }
}

/// The head of a CONNECT: whom to reach, who asks, the credentials for the proxy, and nothing of any request's.
///
/// # Errors
/// If a value holds a control octet.
pub(crate) fn connect_head(
    origin: &Origin,
    agent: Option<&[u8]>,
    authorization: Option<&[u8]>,
) -> Result<Vec<u8>, FieldError> {
    let mut lines = Fields::new();
    let named = [
        ("User-Agent", agent),
        ("Proxy-Authorization", authorization),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            lines.append(name, value)?;
        }
    }
    let mut out = Vec::new();
    let target = RequestTarget::Authority(origin);
    wire::write_request_line(&mut out, &Method::CONNECT, target);
    wire::write_line(&mut out, "Host", &origin.host_and_port());
    out.extend_from_slice(lines.wire());
    out.extend_from_slice(b"\r\n");
    Ok(out)
}

/// The bound on content is for origins: here it would hide a refusal, and the content has bounds of its own.
fn rules_of_proxies(rules: &Rules) -> Rules {
    Rules {
        limits: Limits {
            max_content_bytes: None,
            ..rules.limits.clone()
        },
        ..rules.clone()
    }
}

/// Nobody watches the pulse of this connection: its caller has one time limit for the whole handshake.
fn untimed() -> Now {
    Now::default()
}

fn start(connection: &mut Connection, head: &[u8], scratch: Scratch) -> Result<(), Misuse> {
    let plan = RequestPlan::new(&Method::CONNECT, ContentPlan::None);
    connection.start(untimed(), plan, head, scratch)
}

fn read_head(connection: &mut Connection) -> Result<Answer, Failure> {
    loop {
        match connection.poll()? {
            Received::Interim(_) => {}
            Received::Head(head) if head.status().is_success() => {}
            Received::Head(head) => return Ok(Answer::Head(head.to_owned())),
            Received::Switched => {
                return Ok(Answer::Tunnel(connection.scratch.input.unread_len()));
            }
            // The last three come behind a final head.
            Received::NeedMore | Received::Content(_) | Received::Trailers(_) | Received::End => {
                return Ok(Answer::Nothing);
            }
        }
    }
}

/// Keeps content until there is enough of it; tells whether there is. Content that breaks off, or breaks a rule, ends there:
/// the head has said what counts.
fn read_content(connection: &mut Connection, kept: &mut Vec<u8>) -> bool {
    loop {
        let length = match connection.poll() {
            Ok(Received::Content(content)) => {
                let count = content.len().min(MOST_KEPT - kept.len());
                kept.extend_from_slice(&content[..count]);
                content.len()
            }
            Ok(Received::Interim(_) | Received::Head(_) | Received::Trailers(_)) => continue,
            Ok(Received::NeedMore) => return false,
            Ok(Received::End | Received::Switched) | Err(_) => return true,
        };
        connection.consume(untimed(), length);
        if kept.len() >= MOST_KEPT {
            return true;
        }
    }
}

fn error_of(failure: Failure) -> TunnelError {
    match failure {
        Failure::Violation(PeerViolation::Unsolicited) => TunnelError::Unsolicited,
        // Who owns the transport knows how it failed.
        Failure::Violation(PeerViolation::Truncated) | Failure::Closed | Failure::Transport(_) => {
            TunnelError::Truncated(TunnelStep::ConnectResponse)
        }
        Failure::Violation(violation) => TunnelError::Response(violation),
    }
}
