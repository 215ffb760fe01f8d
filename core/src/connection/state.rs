//! The states of a connection and every transition between them.
//!
//! There are three machines. The *send* half and the *receive* half go their own ways, because HTTP lets them: a final
//! response may come while the request is still going out, and a request that can no longer be written may still be
//! answered. The third, *persistence* (in its own file), only ever goes from "may be used again" to "must be closed".
//!
//! The halves are coupled in four places, all in [`Halves`]: a new exchange begins in both at once, only when both are
//! idle; a final head stops a request that is not complete; a 100 lets held content go; and a connection is switched
//! only when the request is complete.
//!
//! Everything that decides a transition lives in this file; the octets are read and written elsewhere. A pair of state
//! and event that has no successor is a misuse by the driver, never by the peer.

use super::Failure;
use super::send::ContentWriter;
use crate::wire::{ContentReader, HeadScan};

/// The sending half. A writer of content exists only while there is a request to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendState {
    Idle,
    /// The head is going out; its content is held until the peer says 100 (RFC 9110 §10.1.1).
    Announcing(ContentWriter),
    /// The head is out; whether the content may follow is the peer's word, or the timer's.
    Awaiting(ContentWriter),
    /// The head and whatever content there is are going out.
    Sending(ContentWriter),
    /// The transport has taken the whole request.
    Done,
    /// The rest of the request will not be sent: it was answered early, or the transport refused it.
    Stopped,
}

/// What can happen to the sending half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendEvent {
    Start(ContentWriter),
    /// A start that expects 100 before its content.
    Announce(ContentWriter),
    /// The transport took the last octet of what may go out.
    Flushed,
    /// A 100 came, or was waited for long enough.
    Proceed,
    /// The final response began.
    FinalHead,
    /// The transport takes nothing any more.
    Failed,
    /// The exchange is over and the connection goes on.
    Renew,
}

impl SendState {
    pub(crate) fn next(&self, event: SendEvent) -> Option<Self> {
        use SendEvent::{Announce, Failed, FinalHead, Flushed, Proceed, Renew, Start};
        use SendState::{Announcing, Awaiting, Done, Idle, Sending, Stopped};
        match (self, event) {
            (Idle, Start(writer)) => Some(Sending(writer)),
            (Idle, Announce(writer)) => Some(Announcing(writer)),
            (Announcing(writer), Flushed) => Some(Awaiting(*writer)),
            (Announcing(writer) | Awaiting(writer), Proceed) => Some(Sending(*writer)),
            (Sending(_), Flushed) => Some(Done),
            (Announcing(_) | Awaiting(_) | Sending(_), FinalHead | Failed) => Some(Stopped),
            // A 100 that comes late, or that nobody asked for, changes nothing.
            (Sending(_) | Done | Stopped, Proceed) => Some(*self),
            (Done | Stopped, FinalHead | Failed) => Some(*self),
            (Done, Renew) => Some(Idle),
            (Idle, Failed) => Some(Stopped),
            (Idle, Flushed | Proceed | FinalHead | Renew)
            | (Announcing(_) | Sending(_), Start(_) | Announce(_) | Renew)
            | (Awaiting(_), Start(_) | Announce(_) | Flushed | Renew)
            | (Done, Start(_) | Announce(_) | Flushed)
            | (Stopped, Start(_) | Announce(_) | Flushed | Renew) => None,
        }
    }

    /// The writer of content that may go out now.
    pub(crate) fn writer(&mut self) -> Option<&mut ContentWriter> {
        match self {
            Self::Sending(writer) => Some(writer),
            Self::Idle | Self::Announcing(_) | Self::Awaiting(_) | Self::Done | Self::Stopped => {
                None
            }
        }
    }

    /// Whether octets that stand ready may go out.
    pub(crate) fn is_writing(self) -> bool {
        match self {
            Self::Announcing(_) | Self::Sending(_) => true,
            Self::Idle | Self::Awaiting(_) | Self::Done | Self::Stopped => false,
        }
    }
}

/// The receiving half. Each state holds exactly the reader that is legal then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReceiveState {
    Idle,
    /// An interim or the final head is coming.
    Head(HeadScan),
    Content(ContentReader),
    Trailers(HeadScan),
    /// The response was read to its end.
    Done,
    /// The connection is a tunnel or speaks another protocol; nothing more is read as HTTP.
    Switched,
    /// Nothing that comes on this connection means anything any more.
    Broken(Failure),
}

/// What can happen to the receiving half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReceiveEvent {
    Start,
    /// An interim head was read; another head follows.
    InterimHead,
    /// The final head was read; there is content to read, or none.
    FinalHead(Option<ContentReader>),
    TrailerSection,
    End,
    /// The head of a response after which the stream is no HTTP any more.
    SwitchingHead,
    Broken(Failure),
    /// The exchange is over and the connection goes on.
    Renew,
}

impl ReceiveState {
    pub(crate) fn next(&self, event: ReceiveEvent) -> Option<Self> {
        use ReceiveEvent as Event;
        use ReceiveState::{Broken, Content, Done, Head, Idle, Switched, Trailers};
        match (self, event) {
            (Idle, Event::Start) => Some(Head(HeadScan::default())),
            (Head(_), Event::InterimHead) => Some(Head(HeadScan::default())),
            (Head(_), Event::FinalHead(Some(reader))) => Some(Content(reader)),
            (Head(_), Event::FinalHead(None)) => Some(Done),
            (Head(_), Event::SwitchingHead) => Some(Switched),
            (Content(_), Event::TrailerSection) => Some(Trailers(HeadScan::default())),
            (Content(_) | Trailers(_), Event::End) => Some(Done),
            (Done, Event::Renew) => Some(Idle),
            (
                Idle | Head(_) | Content(_) | Trailers(_) | Done | Switched,
                Event::Broken(failure),
            ) => Some(Broken(failure)),
            // The first failure is the one that explains the others.
            (Broken(first), Event::Broken(_)) => Some(Broken(*first)),
            (
                Idle,
                Event::InterimHead
                | Event::FinalHead(_)
                | Event::TrailerSection
                | Event::End
                | Event::SwitchingHead
                | Event::Renew,
            )
            | (Head(_), Event::Start | Event::TrailerSection | Event::End | Event::Renew)
            | (
                Content(_),
                Event::Start
                | Event::InterimHead
                | Event::FinalHead(_)
                | Event::SwitchingHead
                | Event::Renew,
            )
            | (
                Trailers(_),
                Event::Start
                | Event::InterimHead
                | Event::FinalHead(_)
                | Event::TrailerSection
                | Event::SwitchingHead
                | Event::Renew,
            )
            | (
                Done,
                Event::Start
                | Event::InterimHead
                | Event::FinalHead(_)
                | Event::TrailerSection
                | Event::End
                | Event::SwitchingHead,
            )
            | (
                Switched | Broken(_),
                Event::Start
                | Event::InterimHead
                | Event::FinalHead(_)
                | Event::TrailerSection
                | Event::End
                | Event::SwitchingHead
                | Event::Renew,
            ) => None,
        }
    }
}

/// Both halves, and what couples them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Halves {
    pub(crate) send: SendState,
    pub(crate) receive: ReceiveState,
}

impl Halves {
    pub(crate) const fn new() -> Self {
        Self {
            send: SendState::Idle,
            receive: ReceiveState::Idle,
        }
    }

    /// Begins an exchange ([`SendEvent::Start`] or [`SendEvent::Announce`]): both halves at once, or neither.
    pub(crate) fn start(&mut self, event: SendEvent) -> Option<()> {
        let send = self.send.next(event)?;
        self.receive = self.receive.next(ReceiveEvent::Start)?;
        self.send = send;
        Some(())
    }

    /// The final head came: a request that is not complete stops here.
    pub(crate) fn final_head(&mut self, reader: Option<ContentReader>) -> Option<()> {
        let send = self.send.next(SendEvent::FinalHead)?;
        self.receive = self.receive.next(ReceiveEvent::FinalHead(reader))?;
        self.send = send;
        Some(())
    }

    /// An interim head came; a 100 lets content go that is held for it.
    pub(crate) fn interim_head(&mut self, proceed: bool) -> Option<()> {
        let send = match proceed {
            true => self.send.next(SendEvent::Proceed)?,
            false => self.send,
        };
        self.receive = self.receive.next(ReceiveEvent::InterimHead)?;
        self.send = send;
        Some(())
    }

    /// The peer switches: only when it has the whole request can both sides agree on where HTTP ends.
    pub(crate) fn switch(&mut self) -> Option<()> {
        if !matches!(self.send, SendState::Done) {
            return None;
        }
        self.receive = self.receive.next(ReceiveEvent::SwitchingHead)?;
        Some(())
    }

    /// Ends an exchange that left the connection usable: both halves at once, or neither.
    pub(crate) fn renew(&mut self) -> Option<()> {
        let send = self.send.next(SendEvent::Renew)?;
        self.receive = self.receive.next(ReceiveEvent::Renew)?;
        self.send = send;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDS: [SendState; 6] = [
        SendState::Idle,
        SendState::Announcing(ContentWriter::Complete),
        SendState::Awaiting(ContentWriter::Complete),
        SendState::Sending(ContentWriter::Complete),
        SendState::Done,
        SendState::Stopped,
    ];
    const SEND_EVENTS: [SendEvent; 7] = [
        SendEvent::Start(ContentWriter::Complete),
        SendEvent::Announce(ContentWriter::Complete),
        SendEvent::Flushed,
        SendEvent::Proceed,
        SendEvent::FinalHead,
        SendEvent::Failed,
        SendEvent::Renew,
    ];

    fn receives() -> [ReceiveState; 7] {
        [
            ReceiveState::Idle,
            ReceiveState::Head(HeadScan::default()),
            ReceiveState::Content(ContentReader::UntilClose),
            ReceiveState::Trailers(HeadScan::default()),
            ReceiveState::Done,
            ReceiveState::Switched,
            ReceiveState::Broken(Failure::Closed),
        ]
    }

    fn receive_events() -> [ReceiveEvent; 9] {
        [
            ReceiveEvent::Start,
            ReceiveEvent::InterimHead,
            ReceiveEvent::FinalHead(Some(ContentReader::UntilClose)),
            ReceiveEvent::FinalHead(None),
            ReceiveEvent::TrailerSection,
            ReceiveEvent::End,
            ReceiveEvent::SwitchingHead,
            ReceiveEvent::Broken(Failure::Closed),
            ReceiveEvent::Renew,
        ]
    }

    /// The variant's name alone.
    fn name(value: &impl core::fmt::Debug) -> String {
        let text = format!("{value:?}");
        let end = text.find(['(', ' ', '{']).unwrap_or(text.len());
        text[..end].to_owned()
    }

    fn event_name(event: &ReceiveEvent) -> String {
        match event {
            ReceiveEvent::FinalHead(Some(_)) => "FinalHead, content".to_owned(),
            ReceiveEvent::FinalHead(None) => "FinalHead, no content".to_owned(),
            other => name(other),
        }
    }

    fn row<T: core::fmt::Debug>(title: &str, cells: impl Iterator<Item = Option<T>>) -> String {
        let cells = cells.map(|cell| cell.map_or("·".to_owned(), |state| name(&state)));
        format!("| {title} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
    }

    fn table() -> String {
        let mut table = String::from("| send | ");
        table += &SEND_EVENTS.map(|event| name(&event)).join(" | ");
        table += " |\n|---|---|---|---|---|---|---|---|\n";
        for state in SENDS {
            table += &row(
                &name(&state),
                SEND_EVENTS.iter().map(|event| state.next(*event)),
            );
        }
        table += "\n| receive | ";
        table += &receive_events().map(|event| event_name(&event)).join(" | ");
        table += " |\n|---|---|---|---|---|---|---|---|---|---|\n";
        for state in receives() {
            table += &row(
                &name(&state),
                receive_events().iter().map(|event| state.next(*event)),
            );
        }
        table
    }

    /// Walks every pair; the picture in `ARCHITECTURE.md` and the code cannot part.
    #[test]
    fn the_printed_table_is_the_code() {
        let page = include_str!("../../../ARCHITECTURE.md");
        let table = table();
        assert!(
            page.contains(&table),
            "ARCHITECTURE.md should show this table:\n\n{table}"
        );
    }

    fn begun(event: SendEvent) -> Halves {
        let mut halves = Halves::new();
        halves.start(event).expect("both are idle");
        halves
    }

    #[test]
    fn a_final_head_stops_an_incomplete_request() {
        for event in [
            SendEvent::Start(ContentWriter::Complete),
            SendEvent::Announce(ContentWriter::Chunked),
        ] {
            let mut halves = begun(event);
            let before = halves;
            assert_eq!(halves.start(event), None);
            assert_eq!(halves.renew(), None);
            assert_eq!(halves, before, "neither half moved");
            halves.final_head(None).expect("a head was awaited");
            assert_eq!(halves.send, SendState::Stopped);
            assert_eq!(halves.renew(), None);
        }
    }

    #[test]
    fn a_complete_exchange_renews_both_halves() {
        let mut halves = begun(SendEvent::Start(ContentWriter::Complete));
        halves.send = halves
            .send
            .next(SendEvent::Flushed)
            .expect("it was sending");
        halves.final_head(None).expect("a head was awaited");
        halves.renew().expect("both are done");
        assert_eq!(halves, Halves::new());
    }

    #[test]
    fn only_a_100_lets_held_content_go() {
        let mut halves = begun(SendEvent::Announce(ContentWriter::Chunked));
        let held = halves.send;
        halves.interim_head(false).expect("a head was awaited");
        assert_eq!(halves.send, held);
        halves.interim_head(true).expect("a head was awaited");
        assert_eq!(halves.send, SendState::Sending(ContentWriter::Chunked));
    }

    #[test]
    fn an_incomplete_request_is_not_switched() {
        let mut halves = begun(SendEvent::Start(ContentWriter::Complete));
        assert_eq!(halves.switch(), None);
        halves.send = SendState::Done;
        halves.switch().expect("the request is complete");
        assert_eq!(halves.receive, ReceiveState::Switched);
        assert_eq!(halves.renew(), None);
    }
}
