//! A request on its way out, as every façade holds it: what stays with it from one connection to the next.

use core::fmt;
use core::task::Poll;
use std::io;

use super::incoming::Incoming;
use super::upload::Upload;
use crate::base::{Now, RequestId};
use crate::connection::{Interest, Outgoing};
use crate::engine::Live;
use crate::message::{HeadRef, ResponseHead};
use crate::session::{Attempts, ContentError};

/// A request that was submitted and whose final head has not come. `R` is what its content is read from, if that does not
/// stand in memory.
pub struct Outbound<R> {
    id: RequestId,
    upload: Option<Upload<R>>,
    interim: Vec<ResponseHead>,
}

impl<R> Outbound<R> {
    /// A request that was just submitted.
    pub fn new(id: RequestId, upload: Option<Upload<R>>) -> Self {
        let interim = Vec::new();
        Self {
            id,
            upload,
            interim,
        }
    }

    /// The request.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// Moves what there is of the request to the transport: as [`Live::write`] if the content stands in memory, as
    /// [`Upload::advance`] if it has a source. `Pending` means that the source has nothing yet.
    ///
    /// # Errors
    /// As [`Upload::advance`].
    pub fn advance<S>(
        &mut self,
        live: &mut Live<S>,
        now: impl Fn() -> Now,
        read: impl FnMut(&mut R, &mut [u8]) -> Poll<io::Result<usize>>,
        write: impl FnMut(&mut S, &Outgoing<'_>) -> io::Result<usize>,
    ) -> Poll<Result<(), ContentError>> {
        match &mut self.upload {
            Some(upload) => upload.advance(live, now, read, write),
            None => {
                live.write(now(), write);
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Which readiness of the transport the request can use now.
    pub fn interest<S>(&self, live: &Live<S>) -> Interest {
        match &self.upload {
            Some(upload) => live.interest_with(upload.offers(&live.connection)),
            None => live.interest(),
        }
    }

    /// Keeps an interim head for the response. The connection bounds how many there may be.
    pub fn note_interim(&mut self, head: HeadRef<'_>) {
        self.interim.push(head.to_owned());
    }

    /// The request has a connection, the first or another one: what was heard on others is not this attempt's. A request
    /// that was redirected may have lost its content, and needs its source no more.
    pub fn begin_attempt<S>(&mut self, live: &Live<S>) {
        self.interim.clear();
        let Some(request) = live.asked() else { return };
        match &mut self.upload {
            Some(_) if request.is_in_memory() => self.upload = None,
            Some(upload) => upload.go_along(request),
            None => {}
        }
    }

    /// The final head has come, by these attempts.
    pub fn into_incoming<S>(self, live: Box<Live<S>>, attempts: Attempts) -> Incoming<S> {
        Incoming::new(self.id, live, self.interim, attempts)
    }
}

impl<R> fmt::Debug for Outbound<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.id)?;
        match &self.upload {
            Some(upload) => write!(f, ", {upload:?}"),
            None => Ok(()),
        }
    }
}
