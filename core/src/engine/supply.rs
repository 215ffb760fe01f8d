//! Where the content of a request comes from while it is sent.
//!
//! All of it stands in memory, or the application pushes it piece by piece: one piece at a time, the next when the last
//! has gone out. That is all the backpressure there is, and all that is needed. (A façade that pulls content from a
//! reader has the pieces in its own hands and lends them.)

use bytes::{Buf, Bytes};

use crate::connection::{Connection, ContentPlan, Misuse};
use crate::message::Fields;
use crate::session::Request;

/// What is left of a request's content on the engine's side.
#[derive(Debug, Default)]
pub(super) struct Supply {
    piece: Bytes,
    /// What comes behind the last piece.
    next: Next,
    /// The application has handed something over that it will not hand over again: a piece, or the end.
    handed_over: bool,
}

#[derive(Debug, Default)]
enum Next {
    /// Nothing: the end was told.
    #[default]
    Nothing,
    /// The end, with these trailer fields.
    End(Fields),
    /// Whatever the application pushes. It is asked once for each piece.
    Push { asked: bool },
}

impl Supply {
    pub(super) fn of(request: &Request, plan: ContentPlan) -> Self {
        // Nearly every request has none, and no end to be told of.
        if plan == ContentPlan::None {
            return Self::default();
        }
        match request.content_in_memory() {
            // The end is told whatever the framing is: a request's own lines may have made it chunked.
            Some(piece) => Self {
                piece,
                next: Next::End(request.trailers().clone()),
                handed_over: false,
            },
            None => Self {
                next: Next::Push { asked: false },
                ..Self::default()
            },
        }
    }

    /// What is to go out next.
    pub(super) fn piece(&self) -> &[u8] {
        &self.piece
    }

    /// Whether there is something to tell the connection: a piece, or the end behind the last one.
    pub(super) fn has_some(&self) -> bool {
        !self.piece.is_empty() || matches!(self.next, Next::End(_))
    }

    /// Counts what the connection took of the piece.
    pub(super) fn took(&mut self, octets: usize) {
        self.piece.advance(octets);
    }

    /// Tells the connection that the content has ended, if it has.
    pub(super) fn end(&mut self, connection: &mut Connection) {
        if let Next::End(trailers) = &mut self.next
            && self.piece.is_empty()
            && connection.wants_content()
        {
            let trailers = core::mem::take(trailers);
            self.next = Next::Nothing;
            // What ends here was checked when it was handed over. Only a driver that has written content of its own
            // between can have spoilt it; the connection stops sending then, and is not used again.
            let _ = connection.finish_content_with(&trailers);
        }
    }

    /// Whether the application is to be asked for content; it is told once.
    pub(super) fn asks(&mut self, connection: &Connection) -> bool {
        match &mut self.next {
            Next::Push { asked } if !*asked && self.piece.is_empty() => {
                *asked = connection.wants_content() && connection.pulse().sent() > 0;
                *asked
            }
            _ => false,
        }
    }

    /// Whether the application has pushed anything, taken by the connection or not: the request cannot be sent again
    /// then without a hole in its content.
    pub(super) fn was_handed_over(&self) -> bool {
        self.handed_over
    }

    /// Takes the next piece from the application.
    pub(super) fn push(&mut self, connection: &Connection, piece: Bytes) -> Result<(), Misuse> {
        let Next::Push { asked } = &mut self.next else {
            return Err(Misuse::NoContent);
        };
        if !self.piece.is_empty() {
            return Err(Misuse::NotReady);
        }
        if !connection.wants_content() {
            return Err(Misuse::NoContent);
        }
        let length = piece.len() as u64;
        if connection.content_left().is_some_and(|left| left < length) {
            return Err(Misuse::ContentTooLong);
        }
        *asked = piece.is_empty() && *asked;
        self.handed_over |= !piece.is_empty();
        self.piece = piece;
        Ok(())
    }

    /// The application's content ends behind the present piece.
    pub(super) fn finish(
        &mut self,
        connection: &Connection,
        trailers: Fields,
    ) -> Result<(), Misuse> {
        if !matches!(self.next, Next::Push { .. }) || connection.has_stopped_sending() {
            return Err(Misuse::NoContent);
        }
        let here = self.piece.len() as u64;
        match connection.content_left() {
            Some(left) if left > here => return Err(Misuse::ContentTooShort),
            Some(_) if !trailers.is_empty() => return Err(Misuse::TrailersNotChunked),
            _ => {}
        }
        connection.check_trailers(&trailers)?;
        self.handed_over = true;
        self.next = Next::End(trailers);
        Ok(())
    }
}
