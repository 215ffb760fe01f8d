//! `hyper`: a client connection (HTTP/1.1) over the pipe, polled by hand. No runtime: nobody is woken, we ask again.

use std::future::Future;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use http::{Request, header};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, ReadBufCursor, Write};

use super::{get, look_at};
use crate::messages::{AUTHORITY, Answer, PATH};
use crate::pipe::Pipe;
use crate::scenarios::Exchange;

/// No content: an empty string says at once that it has ended.
type NoContent = String;

/// Does nothing by itself: it is polled whenever the request side cannot go on.
type Connection = Pin<Box<http1::Connection<Pipe, NoContent>>>;

impl Read for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut space: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut().next(space.remaining()) {
            [] => Poll::Pending,
            next => {
                space.put_slice(next);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl Write for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.get_mut().write(octets))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Client {
    sender: SendRequest<NoContent>,
    connection: Connection,
    content: usize,
}

impl Client {
    fn new(answer: Answer) -> Self {
        let mut handshake = pin!(http1::handshake(Pipe::new(answer.octets)));
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(opened) = handshake.as_mut().poll(&mut context) else {
            panic!("a handshake of HTTP/1.1 exchanges nothing");
        };
        let (sender, connection) = opened.expect("the connection opens");
        Self {
            sender,
            connection: Box::pin(connection),
            content: answer.content,
        }
    }

    fn exchange(&mut self) {
        let connection = &mut self.connection;
        turn(connection, |context| self.sender.poll_ready(context))
            .expect("the last one has ended");
        let mut response = pin!(self.sender.send_request(request()));
        let response = turn(connection, |context| response.as_mut().poll(context));
        let response = response.expect("the response is good");
        look_at(&response);
        let content = receive(connection, response.into_body());
        assert_eq!(content, self.content);
    }
}

/// An origin-form target and a Host field: a bare connection of hyper's adds nothing.
fn request() -> Request<NoContent> {
    get(PATH)
        .header(header::HOST, AUTHORITY)
        .body(NoContent::new())
        .expect("the request is valid")
}

/// Asks until there is an answer, and lets the connection work in between.
fn turn<T>(connection: &mut Connection, mut ask: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(answer) = ask(&mut context) {
            return answer;
        }
        let over = connection.as_mut().poll(&mut context);
        assert!(over.is_pending(), "the connection ended: {over:?}");
    }
}

/// Reads content to its end; how much it was.
fn receive(connection: &mut Connection, body: Incoming) -> usize {
    let mut body = pin!(body);
    let mut content = 0;
    while let Some(frame) = turn(connection, |context| body.as_mut().poll_frame(context)) {
        let frame = frame.expect("the content is good");
        content += frame.into_data().map_or(0, |data| black_box(&data).len());
    }
    content
}

/// Exchanges on one connection.
pub(crate) fn exchanges(answer: Answer) -> Exchange {
    let mut client = Client::new(answer);
    Box::new(move || client.exchange())
}
