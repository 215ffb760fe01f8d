//! `hyper`: its client connection (HTTP/1.1) over a pipe in memory, polled by hand until nothing moves any more.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use hyper::body::Body;
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Request, Response, body::Incoming};

use super::{Message, Reading};
use crate::scenario::{End, Scenario};

/// The peer's octets, and then the stream's end. What is written goes nowhere.
struct Pipe {
    octets: Vec<u8>,
    read: usize,
    end: End,
    /// Nothing comes before the request.
    written: bool,
}

impl Read for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut space: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let pipe = self.get_mut();
        if !pipe.written {
            return Poll::Pending;
        }
        let rest = &pipe.octets[pipe.read..];
        let next = &rest[..rest.len().min(space.remaining())];
        if next.is_empty() {
            return match pipe.end {
                End::Open => Poll::Pending,
                End::Clean => Poll::Ready(Ok(())),
                End::Aborted => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            };
        }
        space.put_slice(next);
        pipe.read += next.len();
        Poll::Ready(Ok(()))
    }
}

impl Write for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().written = true;
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The future that moves the octets, until it is done.
struct Mover {
    connection: Option<Pin<Box<http1::Connection<Pipe, String>>>>,
}

impl Mover {
    /// Asks until there is an answer, and moves octets in between; `None` if that leads nowhere.
    fn until<T>(&mut self, mut ask: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
        const MOST: usize = 8;
        let mut context = Context::from_waker(Waker::noop());
        // A pass of the connection moves all that it can; a few more let its channel and the asker meet.
        for _ in 0..MOST {
            if let Poll::Ready(answer) = ask(&mut context) {
                return Some(answer);
            }
            if let Some(connection) = &mut self.connection
                && connection.as_mut().poll(&mut context).is_ready()
            {
                self.connection = None;
            }
        }
        None
    }
}

pub(super) fn read(scenario: &Scenario<'_>) -> Reading {
    let pipe = Pipe {
        octets: scenario.octets.to_vec(),
        read: 0,
        end: scenario.end,
        written: false,
    };
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok((mut sender, connection))) =
        pin!(http1::handshake(pipe)).as_mut().poll(&mut context)
    else {
        return Reading::Refused("no handshake".to_owned());
    };
    let mut mover = Mover {
        connection: Some(Box::pin(connection)),
    };
    let request = Request::builder()
        .method(scenario.method.clone())
        .header("host", "a")
        .body(String::new())
        .expect("a good request");
    let mut response = pin!(sender.send_request(request));
    let head = match mover.until(|context| response.as_mut().poll(context)) {
        None => return Reading::Waiting,
        Some(Err(error)) => return Reading::Refused(format!("{error:?}")),
        Some(Ok(head)) => head,
    };
    content(&mut mover, head, || sender.is_ready())
}

fn content(
    mover: &mut Mover,
    head: Response<Incoming>,
    is_ready: impl FnOnce() -> bool,
) -> Reading {
    let (parts, body) = head.into_parts();
    let (mut body, mut content) = (pin!(body), Vec::new());
    loop {
        match mover.until(|context| body.as_mut().poll_frame(context)) {
            None => return Reading::Waiting,
            Some(Some(Err(error))) => return Reading::Refused(format!("{error:?}")),
            Some(Some(Ok(frame))) => {
                content.extend_from_slice(&frame.into_data().unwrap_or_default());
            }
            Some(None) => break,
        }
    }
    let _ = mover.until(|_| Poll::<()>::Pending);
    let reusable = mover.connection.is_some() && is_ready();
    let message = Message::new(parts.status.as_u16(), content, reusable);
    Reading::Complete(message.with_map(&parts.headers))
}
