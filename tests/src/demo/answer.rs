//! What a route answers, before we know whether the request was HEAD or the connection ends.
//!
//! RFC 9110 §9.3.2: the answer to HEAD is the head that GET would have had, and no content.

use crate::origin::{Act, Request};

pub(super) enum Answer {
    Message(Message),
    /// Something that is no message, and therefore the same for HEAD.
    Raw(Vec<Act>),
}

pub(super) struct Message {
    /// Pauses and interim responses.
    pub(super) before: Vec<Act>,
    pub(super) head: Vec<u8>,
    pub(super) content: Content,
    /// How the connection ends, if it does.
    pub(super) last: Option<Act>,
}

pub(super) enum Content {
    /// Leaves together with the head.
    Whole(Vec<u8>),
    Acts(Vec<Act>),
}

impl Message {
    pub(super) fn new(head: Vec<u8>, content: Content) -> Self {
        Self {
            before: Vec::new(),
            head,
            content,
            last: None,
        }
    }

    /// Parts a whole response behind its head.
    pub(super) fn whole(mut response: Vec<u8>) -> Self {
        let empty_line = response.windows(4).position(|octets| octets == b"\r\n\r\n");
        let content = response.split_off(empty_line.map_or(response.len(), |at| at + 4));
        Self::new(response, Content::Whole(content))
    }
}

impl Answer {
    pub(super) fn whole(response: Vec<u8>) -> Self {
        Self::Message(Message::whole(response))
    }

    pub(super) fn into_acts(self, request: &Request) -> Vec<Act> {
        let message = match self {
            Answer::Message(message) => message,
            Answer::Raw(acts) => return acts,
        };
        let mut acts = message.before;
        match message.content {
            _ if request.method == "HEAD" => acts.push(Act::Send(message.head)),
            Content::Whole(content) => acts.push(Act::Send([message.head, content].concat())),
            Content::Acts(content) => {
                acts.push(Act::Send(message.head));
                acts.extend(content);
            }
        }
        acts.extend(
            message
                .last
                .or_else(|| ends_connection(request).then_some(Act::Finish)),
        );
        acts
    }
}

/// RFC 9112 §9.3: `close` ends it, and so does HTTP/1.0 without `keep-alive`.
fn ends_connection(request: &Request) -> bool {
    let has = |option: &str| {
        let options = request
            .values("connection")
            .flat_map(|value| value.split(|&octet| octet == b','));
        options
            .map(<[u8]>::trim_ascii)
            .any(|listed| listed.eq_ignore_ascii_case(option.as_bytes()))
    };
    has("close") || (request.version == 0 && !has("keep-alive"))
}
