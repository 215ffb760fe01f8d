//! Where the content of a request comes from while it is sent.
//!
//! All of it stands in memory, or the application pushes it piece by piece: one piece at a time, the next when the last
//! has gone out. That is all the backpressure there is, and all that is needed. (A façade that pulls content from a
//! reader has the pieces in its own hands and lends them.)

use bytes::{Buf, Bytes};

use crate::connection::{Connection, Misuse};
use crate::message::Fields;
use crate::session::Request;

/// What is left of a request's content on the engine's side.
#[derive(Debug, Default)]
pub(super) struct Supply {
    piece: Bytes,
    /// What comes behind the last piece.
    next: Next,
    /// The application has handed something over, a piece or the end: it will not do so again.
    used: bool,
}

#[derive(Debug, Default)]
enum Next {
    /// Nothing that we would have to say: the length was announced, or there is no content.
    #[default]
    Nothing,
    /// The end, with these trailer fields.
    End(Fields),
    /// Whatever the application pushes. It is asked once for each piece.
    Push { asked: bool },
}

impl Supply {
    pub(super) fn of(request: &Request) -> Self {
        match request.content_in_memory() {
            Some(piece) => Self {
                next: match request.trailers().is_empty() && !piece.is_empty() {
                    true => Next::Nothing,
                    false => Next::End(request.trailers().clone()),
                },
                piece,
                used: false,
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

    /// Whether a part of the content would be missing if the request were sent anew.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// Counts what the connection took of the piece, and tells it the end behind the last.
    pub(super) fn took(&mut self, octets: usize) {
        self.piece.advance(octets);
    }

    /// Tells the connection that the content has ended, if it has.
    pub(super) fn end(&mut self, connection: &mut Connection) {
        if !self.piece.is_empty() || !connection.wants_content() {
            return;
        }
        if let Next::End(trailers) = &mut self.next {
            let trailers = core::mem::take(trailers);
            self.next = Next::Nothing;
            // What ends here was checked when it was handed over.
            let finished = connection.finish_content_with(&trailers);
            debug_assert!(finished.is_ok());
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
        self.used |= !piece.is_empty();
        self.piece = piece;
        Ok(())
    }

    /// The application's content ends behind the present piece.
    pub(super) fn finish(
        &mut self,
        connection: &Connection,
        trailers: Fields,
    ) -> Result<(), Misuse> {
        if !matches!(self.next, Next::Push { .. }) {
            return Err(Misuse::NoContent);
        }
        let here = self.piece.len() as u64;
        match connection.content_left() {
            Some(left) if left > here => return Err(Misuse::ContentTooShort),
            Some(_) if !trailers.is_empty() => return Err(Misuse::TrailersNotChunked),
            _ => {}
        }
        connection.check_trailers(&trailers)?;
        self.next = Next::End(trailers);
        self.used = true;
        Ok(())
    }
}
