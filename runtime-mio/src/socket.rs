//! Opening TCP connections without waiting for them.

use std::io;
use std::net::SocketAddr;

use mio::net::TcpStream;

/// How far a dial is.
pub(crate) enum Dial {
    Pending,
    Connected,
    Failed(io::ErrorKind),
}

/// Begins to connect.
pub(crate) fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect(address)
}

/// Looks how far a dial is, after its socket became writable (or seemed to).
pub(crate) fn check(stream: &TcpStream) -> Dial {
    if let Ok(Some(error)) | Err(error) = stream.take_error() {
        return Dial::Failed(error.kind());
    }
    match stream.peer_addr() {
        Ok(_) => {
            // Requests are written whole; waiting for more would only delay them. Without it they still arrive.
            let _ = stream.set_nodelay(true);
            Dial::Connected
        }
        Err(error) if is_pending(&error) => Dial::Pending,
        Err(error) => Dial::Failed(error.kind()),
    }
}

fn is_pending(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotConnected | io::ErrorKind::WouldBlock)
        // macOS says EINVAL for a socket that is neither connected nor failed yet.
        || (cfg!(target_vendor = "apple") && error.kind() == io::ErrorKind::InvalidInput)
}
