//! A WebSocket over the async-std session: the handshake is an HTTP request with an upgrade, the frames are
//! `tungstenite`'s.
//!
//! `cargo run --release --example websocket_async` talks to an echo server of its own; give it a `ws://127.0.0.1:PORT/` to
//! talk to another one.

use std::error::Error;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use async_std::io::{Read as AsyncRead, Write as AsyncWrite};
use sessile_async_std::{Session, Upgraded};
use tungstenite::handshake::{client::generate_key, derive_accept_key};
use tungstenite::protocol::{CloseFrame, Role, frame::coding::CloseCode};
use tungstenite::{Error as Broken, Message, WebSocket};

fn main() -> Result<(), Box<dyn Error>> {
    let url = match std::env::args().nth(1) {
        Some(url) => url,
        None => echo_server()?,
    };
    async_std::task::block_on(async {
        let stream = handshake(&Session::new(), &url).await?;
        let stream = Polled::new(stream);
        converse(Socket(WebSocket::from_raw_socket(
            stream,
            Role::Client,
            None,
        )))
        .await
    })
}

/// RFC 6455 §4.1: the peer proves that it has understood by what it makes of our key.
async fn handshake(session: &Session, url: &str) -> Result<Upgraded, Box<dyn Error>> {
    let key = generate_key();
    let response = session
        .get(url.replacen("ws://", "http://", 1))
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", &key)
        .send()
        .await?;
    let stream = match response.upgrade() {
        Ok(stream) => stream,
        Err(response) => return Err(format!("it does not switch: {response:?}").into()),
    };
    println!("{:?}", stream.head());
    let accepted = stream.head().fields().text("Sec-WebSocket-Accept");
    if accepted != Some(&derive_accept_key(key.as_bytes())) {
        return Err("it has not understood the handshake".into());
    }
    Ok(stream)
}

async fn converse(mut socket: Socket) -> Result<(), Box<dyn Error>> {
    let large: Vec<u8> = (0..=250).cycle().take(100 * 1024).collect();
    socket.send(Message::text("hello")).await?;
    socket.send(Message::binary(&b"\x00\x01\x02"[..])).await?;
    socket.send(Message::Ping("are you there?".into())).await?;
    socket.send(Message::binary(large.clone())).await?;
    let mut came_back = false;
    loop {
        match socket.read().await {
            Ok(Message::Binary(octets)) if octets.len() == large.len() => {
                came_back = octets == large;
                println!("{} octets, as sent: {came_back}", octets.len());
                let bye = CloseFrame {
                    code: CloseCode::Normal,
                    reason: "all is said".into(),
                };
                socket.send(Message::Close(Some(bye))).await?;
            }
            Ok(message) => println!("{message:?}"),
            Err(Broken::ConnectionClosed) if came_back => break,
            Err(error) => return Err(error.into()),
        }
    }
    println!("closed");
    Ok(())
}

/// A WebSocket whose operations wait by the task, not by the thread.
struct Socket(WebSocket<Polled>);

impl Socket {
    async fn send(&mut self, message: Message) -> Result<(), Broken> {
        match self.0.write(message) {
            // It has been taken in all the same.
            Err(Broken::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
            other => other?,
        }
        poll_fn(|cx| self.poll(cx, |socket| socket.flush())).await
    }

    async fn read(&mut self) -> Result<Message, Broken> {
        poll_fn(|cx| self.poll(cx, |socket| socket.read())).await
    }

    fn poll<T>(
        &mut self,
        cx: &Context<'_>,
        act: impl FnOnce(&mut WebSocket<Polled>) -> Result<T, Broken>,
    ) -> Poll<Result<T, Broken>> {
        self.0.get_mut().waker.clone_from(cx.waker());
        match act(&mut self.0) {
            Err(Broken::Io(error)) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            result => Poll::Ready(result),
        }
    }
}

/// An asynchronous stream as one that refuses to block, and wakes the task that asked last.
struct Polled {
    stream: Upgraded,
    waker: Waker,
}

impl Polled {
    fn new(stream: Upgraded) -> Self {
        let waker = Waker::noop().clone();
        Self { stream, waker }
    }

    fn poll<T>(
        &mut self,
        act: impl FnOnce(Pin<&mut Upgraded>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        let cx = &mut Context::from_waker(&self.waker);
        match act(Pin::new(&mut self.stream), cx) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl Read for Polled {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.poll(|stream, cx| stream.poll_read(cx, into))
    }
}

impl Write for Polled {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.poll(|stream, cx| stream.poll_write(cx, octets))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.poll(|stream, cx| stream.poll_flush(cx))
    }
}

/// One connection's worth of echo, on a port of the system's choice.
fn echo_server() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("ws://{}/", listener.local_addr()?);
    thread::spawn(move || -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut socket = tungstenite::accept(listener.accept()?.0)?;
        loop {
            let message = socket.read()?;
            // Pings and the close are answered by the protocol itself.
            if message.is_text() || message.is_binary() {
                socket.send(message)?;
            }
        }
    });
    Ok(url)
}
