//! The states of a connection and every transition between them.
//!
//! There are three machines. The *send* half and the *receive* half go their own ways, because HTTP lets them: a final
//! response may come while the request is still going out, and a request that can no longer be written may still be
//! answered. The third, *persistence* (in its own file), only ever goes from "may be used again" to "must be closed".
//!
//! The halves are coupled in two places, both in [`Halves`]: a final head stops a request that is not complete, and a
//! new exchange begins in both at once, only when both are idle.
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
    /// The transport took the last octet.
    Flushed,
    /// The final response began.
    FinalHead,
    /// The transport takes nothing any more.
    Failed,
    /// The exchange is over and the connection goes on.
    Renew,
}

impl SendState {
    pub(crate) fn next(self, event: SendEvent) -> Option<Self> {
        use SendEvent::{Failed, FinalHead, Flushed, Renew, Start};
        use SendState::{Done, Idle, Sending, Stopped};
        match (self, event) {
            (Idle, Start(writer)) => Some(Sending(writer)),
            (Sending(_), Flushed) => Some(Done),
            (Sending(_), FinalHead | Failed) => Some(Stopped),
            (Done, FinalHead | Failed) => Some(Done),
            (Stopped, FinalHead | Failed) => Some(Stopped),
            (Done, Renew) => Some(Idle),
            (Idle, Failed) => Some(Stopped),
            (Idle, Flushed | FinalHead | Renew)
            | (Sending(_), Start(_) | Renew)
            | (Done, Start(_) | Flushed)
            | (Stopped, Start(_) | Flushed | Renew) => None,
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
    Broken(Failure),
    /// The exchange is over and the connection goes on.
    Renew,
}

impl ReceiveState {
    pub(crate) fn next(self, event: ReceiveEvent) -> Option<Self> {
        use ReceiveEvent as Event;
        use ReceiveState::{Broken, Content, Done, Head, Idle, Trailers};
        match (self, event) {
            (Idle, Event::Start) => Some(Head(HeadScan::default())),
            (Head(_), Event::InterimHead) => Some(Head(HeadScan::default())),
            (Head(_), Event::FinalHead(Some(reader))) => Some(Content(reader)),
            (Head(_), Event::FinalHead(None)) => Some(Done),
            (Content(_), Event::TrailerSection) => Some(Trailers(HeadScan::default())),
            (Content(_) | Trailers(_), Event::End) => Some(Done),
            (Done, Event::Renew) => Some(Idle),
            (Idle | Head(_) | Content(_) | Trailers(_) | Done, Event::Broken(failure)) => {
                Some(Broken(failure))
            }
            // The first failure is the one that explains the others.
            (Broken(first), Event::Broken(_)) => Some(Broken(first)),
            (
                Idle,
                Event::InterimHead
                | Event::FinalHead(_)
                | Event::TrailerSection
                | Event::End
                | Event::Renew,
            )
            | (Head(_), Event::Start | Event::TrailerSection | Event::End | Event::Renew)
            | (
                Content(_),
                Event::Start | Event::InterimHead | Event::FinalHead(_) | Event::Renew,
            )
            | (
                Trailers(_),
                Event::Start
                | Event::InterimHead
                | Event::FinalHead(_)
                | Event::TrailerSection
                | Event::Renew,
            )
            | (
                Done,
                Event::Start
                | Event::InterimHead
                | Event::FinalHead(_)
                | Event::TrailerSection
                | Event::End,
            )
            | (
                Broken(_),
                Event::Start
                | Event::InterimHead
                | Event::FinalHead(_)
                | Event::TrailerSection
                | Event::End
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

    /// Begins an exchange: both halves at once, or neither.
    pub(crate) fn start(self, writer: ContentWriter) -> Option<Self> {
        let send = self.send.next(SendEvent::Start(writer))?;
        let receive = self.receive.next(ReceiveEvent::Start)?;
        Some(Self { send, receive })
    }

    /// The final head came: a request that is not complete stops here.
    pub(crate) fn final_head(self, reader: Option<ContentReader>) -> Option<Self> {
        let receive = self.receive.next(ReceiveEvent::FinalHead(reader))?;
        let send = self.send.next(SendEvent::FinalHead)?;
        Some(Self { send, receive })
    }

    /// Ends an exchange that left the connection usable: both halves at once, or neither.
    pub(crate) fn renew(self) -> Option<Self> {
        let send = self.send.next(SendEvent::Renew)?;
        let receive = self.receive.next(ReceiveEvent::Renew)?;
        Some(Self { send, receive })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDS: [SendState; 4] = [
        SendState::Idle,
        SendState::Sending(ContentWriter::Complete),
        SendState::Done,
        SendState::Stopped,
    ];
    const SEND_EVENTS: [SendEvent; 5] = [
        SendEvent::Start(ContentWriter::Complete),
        SendEvent::Flushed,
        SendEvent::FinalHead,
        SendEvent::Failed,
        SendEvent::Renew,
    ];

    fn receives() -> [ReceiveState; 6] {
        [
            ReceiveState::Idle,
            ReceiveState::Head(HeadScan::default()),
            ReceiveState::Content(ContentReader::UntilClose),
            ReceiveState::Trailers(HeadScan::default()),
            ReceiveState::Done,
            ReceiveState::Broken(Failure::Closed),
        ]
    }

    fn receive_events() -> [ReceiveEvent; 8] {
        [
            ReceiveEvent::Start,
            ReceiveEvent::InterimHead,
            ReceiveEvent::FinalHead(Some(ContentReader::UntilClose)),
            ReceiveEvent::FinalHead(None),
            ReceiveEvent::TrailerSection,
            ReceiveEvent::End,
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
        table += " |\n|---|---|---|---|---|---|\n";
        for state in SENDS {
            table += &row(
                &name(&state),
                SEND_EVENTS.iter().map(|event| state.next(*event)),
            );
        }
        table += "\n| receive | ";
        table += &receive_events().map(|event| event_name(&event)).join(" | ");
        table += " |\n|---|---|---|---|---|---|---|---|---|\n";
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

    #[test]
    fn a_final_head_stops_an_incomplete_request() {
        let halves = Halves::new()
            .start(ContentWriter::Complete)
            .expect("both idle");
        assert_eq!(halves.start(ContentWriter::Complete), None);
        assert_eq!(halves.renew(), None);
        let halves = halves.final_head(None).expect("a head was awaited");
        assert_eq!(halves.send, SendState::Stopped);
        assert_eq!(halves.renew(), None);
    }

    #[test]
    fn a_complete_exchange_renews_both_halves() {
        let mut halves = Halves::new()
            .start(ContentWriter::Complete)
            .expect("both idle");
        halves.send = halves
            .send
            .next(SendEvent::Flushed)
            .expect("it was sending");
        let halves = halves.final_head(None).expect("a head was awaited");
        assert_eq!(halves.renew(), Some(Halves::new()));
    }
}
