//! A request under way, as a future: from `send` to the head of its response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use sessile_core::{Error, Home, Live, Received, Request, RequestId, Step, Verdict};

use crate::response::Response;
use crate::shared::{Io, Shared, poll_socket, read, write};

/// The future of a [`Response`]. The task that polls it moves the octets. Dropping it cancels the request; a
/// connection that is being opened for it stays and becomes idle.
#[must_use = "a request is sent when its future is polled"]
pub struct Sending {
    shared: Arc<Shared>,
    state: State,
}

enum State {
    /// Nothing was done yet.
    New(Result<Arc<Request>, Error>),
    /// It has no connection. The waker is the one that the session knows.
    Waiting(RequestId, Waker),
    /// It drives its connection.
    Driving(RequestId, Waker, Box<Live<Io>>),
    Done,
}

impl Sending {
    pub(crate) fn new(shared: Arc<Shared>, request: Result<Arc<Request>, Error>) -> Self {
        Self {
            shared,
            state: State::New(request),
        }
    }

    fn submit(&mut self, request: Arc<Request>, cx: &Context<'_>) -> Result<(), Error> {
        request.check_in_memory()?;
        let now = self.shared.now();
        let mut state = self.shared.lock();
        let id = state.engine.submit(now, request);
        let before = state.expect_wake(id, cx.waker());
        let step = state.engine.step(now, id);
        self.shared.settle(state);
        drop(before);
        self.go_on(id, cx.waker().clone(), step)
    }

    fn go_on(&mut self, id: RequestId, waker: Waker, step: Step<Io>) -> Result<(), Error> {
        self.state = match step {
            Step::Wait => State::Waiting(id, waker),
            Step::Failed(error) => {
                self.shared.forget(id);
                return Err(error);
            }
            Step::Use(mut live) => {
                let now = self.shared.now();
                if live.info().served > 0 {
                    // Whatever an idle connection has to say makes it useless: look before the first octet goes out.
                    read(&mut live, now);
                }
                write(&mut live, now);
                State::Driving(id, waker, live)
            }
        };
        Ok(())
    }

    fn poll_connection(&mut self, cx: &Context<'_>) -> Result<(), Error> {
        let State::Waiting(id, waker) = std::mem::replace(&mut self.state, State::Done) else {
            return Ok(());
        };
        let now = self.shared.now();
        let mut state = self.shared.lock();
        // Under one lock: a wake between the look and the note cannot be missed.
        let step = state.engine.step(now, id);
        let before = state.expect_wake(id, cx.waker());
        self.shared.settle(state);
        drop((before, waker));
        self.go_on(id, cx.waker().clone(), step)
    }

    /// Drives the connection until the final head is here.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Response>, Error>> {
        loop {
            let State::Driving(id, waker, live) = &mut self.state else {
                return Poll::Ready(Ok(None));
            };
            let aborted = live.connection.pulse().abort_requested();
            match live.connection.poll() {
                Ok(Received::Head(_)) => return Poll::Ready(self.head()),
                Ok(Received::NeedMore) if aborted => return Poll::Ready(Err(self.abort())),
                Ok(Received::NeedMore) => {}
                Ok(_) => continue,
                Err(failure) => {
                    let (id, waker, live) = self.leave_driving()?;
                    let step = self
                        .shared
                        .with(|engine, now| engine.fail(now, id, live, failure));
                    self.go_on(id, waker, step)?;
                    if matches!(self.state, State::Driving(..)) {
                        continue;
                    }
                    return Poll::Ready(Ok(None));
                }
            }
            if !waker.will_wake(cx.waker()) {
                // The request moved to another task; the session must be able to wake that one. It may just have woken
                // the other: look again.
                waker.clone_from(cx.waker());
                self.shared.expect_wake(*id, waker);
                continue;
            }
            ready!(poll_socket(live, cx));
            let now = self.shared.now();
            if live.readiness().write {
                write(live, now);
            }
            if live.readiness().read {
                read(live, now);
            }
        }
    }

    fn leave_driving(&mut self) -> Result<(RequestId, Waker, Box<Live<Io>>), Error> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Driving(id, waker, live) => Ok((id, waker, live)),
            State::New(Err(error)) => Err(error),
            State::New(Ok(_)) | State::Waiting(..) | State::Done => {
                unreachable!("only called while driving")
            }
        }
    }

    /// The final head is here. `None`: it was nobody's, and the request goes on.
    fn head(&mut self) -> Result<Option<Response>, Error> {
        let (id, waker, live) = self.leave_driving()?;
        let verdict = self.shared.with(|engine, _| engine.handle_head(id, &live));
        match verdict {
            Verdict::Deliver => {
                let shared = Arc::clone(&self.shared);
                Ok(Some(Response::new(shared, id, live, waker)))
            }
            Verdict::Again => {
                let step = self.shared.with(|engine, now| engine.again(now, id, live));
                self.go_on(id, waker, step)?;
                Ok(None)
            }
            _ => {
                self.state = State::Driving(id, waker, live);
                Err(self.abort())
            }
        }
    }

    fn abort(&mut self) -> Error {
        match self.leave_driving() {
            Ok((id, _, live)) => {
                let error = self.shared.with(|engine, now| engine.abort(now, id, live));
                self.shared.forget(id);
                error
            }
            Err(error) => error,
        }
    }
}

impl Future for Sending {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.state {
                State::New(_) => {
                    let State::New(request) = std::mem::replace(&mut self.state, State::Done)
                    else {
                        continue;
                    };
                    self.submit(request?, cx)?;
                }
                State::Waiting(..) => {
                    self.poll_connection(cx)?;
                    if matches!(self.state, State::Waiting(..)) {
                        return Poll::Pending;
                    }
                }
                State::Driving(..) => {
                    if let Some(response) = ready!(self.poll_head(cx))? {
                        return Poll::Ready(Ok(response));
                    }
                }
                State::Done => unreachable!("a future must not be polled after it was ready"),
            }
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let id = match std::mem::replace(&mut self.state, State::Done) {
            State::New(_) | State::Done => return,
            State::Waiting(id, _) => {
                self.shared.with(|engine, now| engine.cancel(now, id));
                id
            }
            State::Driving(id, _, live) => {
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
            State::New(_) => "request, not sent yet",
            State::Waiting(..) => "request, waiting for a connection",
            State::Driving(..) => "request, on its connection",
            State::Done => "request, done",
        })
    }
}
