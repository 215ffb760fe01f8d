//! A request under way, as a future: from `send` to the head of its response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use sessile_core::{
    Answered, ContentError, Engine, Error, Home, Incoming, Live, Now, Outbound, Received, Request,
    RequestId, Step, Upload, Verdict,
};

use crate::reader::Reader;
use crate::response::Response;
use crate::shared::{Io, Shared, poll_socket, read};

/// How many pieces of content a task moves before it lets others have a turn.
const PIECES: usize = 16;

/// The future of a [`Response`]. The task that polls it moves the octets. Dropping it cancels the request; a
/// connection that is being opened for it stays and becomes idle.
#[must_use = "a request is sent when its future is polled"]
pub struct Sending {
    shared: Arc<Shared>,
    state: State,
}

enum State {
    /// Nothing was done yet.
    New(Result<Arc<Request>, Error>, Option<Reader>),
    /// It has no connection.
    Waiting(Requester),
    /// It was answered without a connection.
    Answered(Requester, Box<Answered>),
    /// It drives its connection.
    Driving(Requester, Box<Live<Io>>),
    Done,
}

/// A request that was submitted, and the waker that the session knows for it.
struct Requester {
    request: Outbound<Reader>,
    waker: Waker,
}

impl Sending {
    pub(crate) fn new(
        shared: Arc<Shared>,
        request: Result<Arc<Request>, Error>,
        source: Option<Reader>,
    ) -> Self {
        Self {
            shared,
            state: State::New(request, source),
        }
    }

    fn submit(
        &mut self,
        request: Arc<Request>,
        source: Option<Reader>,
        cx: &Context<'_>,
    ) -> Result<(), Error> {
        let upload = Upload::of(&request, source)?;
        let now = self.shared.now();
        let mut state = self.shared.lock();
        let id = state.engine.submit(now, request);
        let before = state.expect_wake(id, cx.waker());
        let step = state.engine.step(now, id);
        self.shared.settle(state);
        drop(before);
        let requester = Requester {
            request: Outbound::new(id, upload),
            waker: cx.waker().clone(),
        };
        self.go_on(requester, step)
    }

    fn go_on(&mut self, mut requester: Requester, step: Step<Io>) -> Result<(), Error> {
        self.state = match step {
            Step::Wait => State::Waiting(requester),
            Step::Failed(error) => {
                self.shared.forget(requester.request.id());
                return Err(error);
            }
            Step::Answered(answered) => State::Answered(requester, answered),
            Step::Use(mut live) => {
                requester.request.begin_attempt(&live);
                if live.info().served > 0 {
                    // Whatever an idle connection has to say makes it useless: look before the first octet goes out.
                    read(&mut live, self.shared.now());
                }
                State::Driving(requester, live)
            }
        };
        Ok(())
    }

    fn poll_connection(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        let State::Waiting(mut requester) = std::mem::replace(&mut self.state, State::Done) else {
            return Ok(());
        };
        let id = requester.request.id();
        let now = self.shared.now();
        let mut state = self.shared.lock();
        // Under one lock: a wake between the look and the note cannot be missed.
        let step = state.engine.step(now, id);
        let before = state.expect_wake(id, cx.waker());
        self.shared.settle(state);
        drop(before);
        requester.waker.clone_from(cx.waker());
        self.go_on(requester, step)
    }

    /// Drives the connection until the final head is here.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Response>, Error>> {
        for _ in 0..PIECES {
            let State::Driving(requester, live) = &mut self.state else {
                return Poll::Ready(Ok(None));
            };
            let aborted = live.connection.pulse().abort_requested();
            match live.connection.poll() {
                Ok(Received::Head(_)) => return Poll::Ready(self.head()),
                Ok(Received::NeedMore) if aborted => {
                    self.abort()?;
                    continue;
                }
                Ok(Received::NeedMore) => {}
                Ok(Received::Interim(head)) => {
                    requester.request.note_interim(head);
                    continue;
                }
                Ok(_) => continue,
                Err(failure) => {
                    self.leave(|engine, now, id, live| engine.fail(now, id, live, failure))?;
                    continue;
                }
            }
            if !requester.waker.will_wake(cx.waker()) {
                // The request moved to another task; the session must be able to wake that one. It may just have woken
                // the other: look again.
                requester.waker.clone_from(cx.waker());
                self.shared
                    .expect_wake(requester.request.id(), &requester.waker);
                continue;
            }
            match requester.poll_send(&self.shared, live, cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(why)) => {
                    self.fail_source(why)?;
                    continue;
                }
                Poll::Pending => return Poll::Pending,
            }
            if live.readiness().read {
                read(live, self.shared.now());
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn leave_driving(&mut self) -> Result<(Requester, Box<Live<Io>>), Error> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Driving(requester, live) => Ok((requester, live)),
            State::New(Err(error), _) => Err(error),
            State::New(Ok(_), _) | State::Waiting(_) | State::Answered(..) | State::Done => {
                unreachable!("only called while driving")
            }
        }
    }

    /// The final head is here. `None`: it was nobody's, and the request goes on.
    fn head(&mut self) -> Result<Option<Response>, Error> {
        let (requester, live) = self.leave_driving()?;
        let id = requester.request.id();
        let verdict = self
            .shared
            .with(|engine, now| engine.handle_head(now, id, &live));
        match verdict {
            Verdict::Deliver(attempts) => {
                let shared = Arc::clone(&self.shared);
                let incoming = requester.request.into_incoming(live, attempts);
                Ok(Some(Response::new(shared, incoming, requester.waker)))
            }
            Verdict::Again => {
                self.state = State::Driving(requester, live);
                self.leave(Engine::again)?;
                Ok(None)
            }
            _ => {
                self.state = State::Driving(requester, live);
                self.abort()?;
                Ok(None)
            }
        }
    }

    /// The session wants the connection back.
    fn abort(&mut self) -> Result<(), Error> {
        self.leave(Engine::abort)
    }

    fn fail_source(&mut self, why: ContentError) -> Result<(), Error> {
        self.leave(|engine, now, id, live| engine.fail_source(now, id, live, why))
    }

    /// Gives the connection back; the request may go on with another.
    fn leave(
        &mut self,
        give_back: impl FnOnce(&mut Engine<Io>, Now, RequestId, Box<Live<Io>>) -> Step<Io>,
    ) -> Result<(), Error> {
        let (requester, live) = self.leave_driving()?;
        let id = requester.request.id();
        let step = self
            .shared
            .with(|engine, now| give_back(engine, now, id, live));
        self.go_on(requester, step)
    }
}

impl Requester {
    /// Writes what can be written, and waits until the socket is ready for more or has something to read.
    fn poll_send(
        &mut self,
        shared: &Shared,
        live: &mut Live<Io>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ContentError>> {
        let mut source_waits = false;
        if live.readiness().write {
            let moved = self.request.advance(
                live,
                || shared.now(),
                |reader, space| reader.poll_read(cx, space),
                |io, outgoing| outgoing.write_to(io),
            );
            match moved {
                Poll::Ready(moved) => moved?,
                Poll::Pending => source_waits = true,
            }
        }
        let interest = match source_waits {
            true => live.interest_with(false),
            false => self.request.interest(live),
        };
        poll_socket(live, interest, cx).map(Ok)
    }
}

impl Future for Sending {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.state {
                State::New(..) => {
                    let State::New(request, source) =
                        std::mem::replace(&mut self.state, State::Done)
                    else {
                        continue;
                    };
                    self.submit(request?, source, cx)?;
                }
                State::Waiting(_) => {
                    self.poll_connection(cx)?;
                    if matches!(self.state, State::Waiting(_)) {
                        return Poll::Pending;
                    }
                }
                State::Driving(..) => {
                    if let Some(response) = ready!(self.poll_head(cx))? {
                        return Poll::Ready(Ok(response));
                    }
                }
                State::Answered(..) => {
                    let State::Answered(requester, answered) =
                        std::mem::replace(&mut self.state, State::Done)
                    else {
                        continue;
                    };
                    let incoming = Incoming::answered(requester.request.id(), *answered);
                    let shared = Arc::clone(&self.shared);
                    return Poll::Ready(Ok(Response::new(shared, incoming, requester.waker)));
                }
                State::Done => unreachable!("a future must not be polled after it was ready"),
            }
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let id = match std::mem::replace(&mut self.state, State::Done) {
            State::New(..) | State::Done => return,
            State::Waiting(requester) => {
                let id = requester.request.id();
                self.shared.with(|engine, now| engine.cancel(now, id));
                id
            }
            State::Answered(requester, _) => requester.request.id(),
            State::Driving(requester, live) => {
                let id = requester.request.id();
                self.shared
                    .with(|engine, now| engine.cancel_taken(now, id, live));
                id
            }
        };
        self.shared.forget(id);
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::New(..) => "request, not sent yet",
            State::Waiting(_) => "request, waiting for a connection",
            State::Answered(..) => "request, answered",
            State::Driving(..) => "request, on its connection",
            State::Done => "request, done",
        })
    }
}
