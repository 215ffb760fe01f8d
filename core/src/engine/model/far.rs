//! The far side of a connection: what it may say next, and how far its answer has come.

use std::io;

use crate::base::RequestId;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour";
const HALF_A_HEAD: usize = 12;
const WITHOUT_THE_LAST_TWO: usize = ANSWER.len() - 2;
const LAST_ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfour";
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
const REFUSAL: &[u8] = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: any\r\n\r\nnew";
const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n";
const AWAY: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 2\r\n\r\n";
const ELSEWHERE: &[u8] = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://name.example/\r\nContent-Length: 2\r\n\r\n";
const GARBAGE: &[u8] = b"\0\0\r\n\r\n";

/// What the far side does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// A part of the answer's head.
    HalfAHead,
    /// The answer up to the middle of its content.
    Part,
    /// The answer to its end.
    Whole,
    /// A whole answer that closes the connection.
    Last,
    /// 100.
    Continue,
    /// 417, whole.
    Refusal,
    /// The head of a 503, and none of its content.
    Unavailable,
    /// The head of a 302 to the same origin, and none of its content: a POST becomes a GET.
    Away,
    /// The head of a 307 to the origin that has a name, and none of its content: what was asked stays what it is.
    Elsewhere,
    /// 101, and what follows it.
    Switch,
    Garbage,
    /// The end of the stream.
    End,
    Reset,
}

impl Says {
    pub(super) const ALL: [Self; 13] = [
        Self::HalfAHead,
        Self::Part,
        Self::Whole,
        Self::Last,
        Self::Continue,
        Self::Refusal,
        Self::Switch,
        Self::Unavailable,
        Self::Away,
        Self::Elsewhere,
        Self::Garbage,
        Self::End,
        Self::Reset,
    ];
}

/// How far the answer to the present request has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Come {
    #[default]
    Nothing,
    HalfAHead,
    Part,
    Whole,
}

/// The far side of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Far {
    /// Whom it answers, and how many it had answered before.
    request: Option<(RequestId, u64)>,
    come: Come,
    said_continue: bool,
    /// It has said what it should not have, or ended.
    pub(super) broken: bool,
}

impl Far {
    /// The far side of a connection that this request uses now, if one does: what was said to another, or to this one
    /// before it was sent anew, is forgotten. The rest of an answer that was let go of is still the last one's.
    pub(super) fn of(self, request: Option<(RequestId, u64)>) -> Self {
        let same = request.is_none() || self.request == request;
        match same {
            true => self,
            false => Self {
                request,
                broken: self.broken,
                ..Self::default()
            },
        }
    }

    pub(super) fn come(&self) -> Come {
        self.come
    }

    /// What it may say to a request that was sent, at least in part; `besides` is what only this request may be answered.
    pub(super) fn choices(&self, besides: &[Says]) -> Vec<Says> {
        if self.broken {
            return vec![Says::End];
        }
        let mut choices = match self.come {
            Come::Nothing => vec![
                Says::HalfAHead,
                Says::Part,
                Says::Whole,
                Says::Last,
                Says::Garbage,
            ],
            Come::HalfAHead => vec![Says::Part, Says::Whole, Says::Garbage],
            Come::Part => vec![Says::Whole],
            Come::Whole => vec![],
        };
        if self.come == Come::Nothing {
            let said = |says: &&Says| matches!(says, Says::Continue | Says::Refusal);
            let besides = besides.iter();
            choices.extend(besides.filter(|says| !(said(says) && self.said_continue)));
        }
        choices.extend([Says::End, Says::Reset]);
        choices
    }

    /// What the transport's next read gives.
    pub(super) fn say(&mut self, says: Says, space: &mut [u8]) -> io::Result<usize> {
        let octets = match says {
            Says::HalfAHead => &ANSWER[..HALF_A_HEAD],
            Says::Part => &ANSWER[self.octets()..WITHOUT_THE_LAST_TWO],
            Says::Whole => &ANSWER[self.octets()..],
            Says::Last => LAST_ANSWER,
            Says::Continue => CONTINUE,
            Says::Refusal => REFUSAL,
            Says::Switch => SWITCH,
            Says::Unavailable => UNAVAILABLE,
            Says::Away => AWAY,
            Says::Elsewhere => ELSEWHERE,
            Says::Garbage => GARBAGE,
            Says::End | Says::Reset => b"",
        };
        match says {
            Says::HalfAHead => self.come = Come::HalfAHead,
            Says::Part | Says::Unavailable | Says::Away | Says::Elsewhere => {
                self.come = Come::Part;
            }
            Says::Whole | Says::Last | Says::Refusal | Says::Switch => self.come = Come::Whole,
            Says::Continue => self.said_continue = true,
            // Behind a whole answer it breaks nothing but the connection.
            Says::Garbage | Says::End | Says::Reset => self.broken |= self.come != Come::Whole,
        }
        if says == Says::Reset {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let count = octets.len().min(space.len());
        space[..count].copy_from_slice(&octets[..count]);
        Ok(count)
    }

    /// How much of the answer has come.
    fn octets(&self) -> usize {
        match self.come {
            Come::Nothing => 0,
            Come::HalfAHead => HALF_A_HEAD,
            Come::Part => WITHOUT_THE_LAST_TWO,
            Come::Whole => ANSWER.len(),
        }
    }

    pub(super) fn picture(&self) -> (Come, bool, bool) {
        (self.come, self.said_continue, self.broken)
    }
}
