//! A WebSocket over the blocking session: the handshake is an HTTP request with an upgrade, the frames are `tungstenite`'s.
//!
//! `cargo run --release --example websocket` talks to an echo server of its own; give it a `ws://127.0.0.1:PORT/` to talk to
//! another one.

use std::error::Error;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use sessile_mio::blocking::{Session, Upgraded};
use tungstenite::handshake::{client::generate_key, derive_accept_key};
use tungstenite::protocol::{CloseFrame, Role, frame::coding::CloseCode};
use tungstenite::{Error as Broken, Message, WebSocket};

fn main() -> Result<(), Box<dyn Error>> {
    let url = match std::env::args().nth(1) {
        Some(url) => url,
        None => echo_server()?,
    };
    let stream = handshake(&Session::new(), &url)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    converse(WebSocket::from_raw_socket(stream, Role::Client, None))
}

/// RFC 6455 §4.1: the peer proves that it has understood by what it makes of our key.
fn handshake(session: &Session, url: &str) -> Result<Upgraded, Box<dyn Error>> {
    let key = generate_key();
    let response = session
        .get(url.replacen("ws://", "http://", 1))
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", &key)
        .send()?;
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

fn converse(mut socket: WebSocket<Upgraded>) -> Result<(), Box<dyn Error>> {
    let large: Vec<u8> = (0..=250).cycle().take(100 * 1024).collect();
    socket.send(Message::text("hello"))?;
    socket.send(Message::binary(&b"\x00\x01\x02"[..]))?;
    socket.send(Message::Ping("are you there?".into()))?;
    socket.send(Message::binary(large.clone()))?;
    let mut came_back = false;
    loop {
        match socket.read() {
            Ok(Message::Binary(octets)) if octets.len() == large.len() => {
                came_back = octets == large;
                println!("{} octets, as sent: {came_back}", octets.len());
                socket.close(Some(CloseFrame {
                    code: CloseCode::Normal,
                    reason: "all is said".into(),
                }))?;
            }
            Ok(message) => println!("{message:?}"),
            Err(Broken::ConnectionClosed) if came_back => break,
            Err(error) => return Err(error.into()),
        }
    }
    println!("closed");
    Ok(())
}

/// One connection's worth of echo, on a port of the system's choice.
fn echo_server() -> std::io::Result<String> {
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
