//! Opening connections without waiting for them: TCP or Unix-domain, from wherever the session says.

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;

use mio::event::Source;
use mio::net::TcpStream;
#[cfg(unix)]
use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use sessile_core::{DialError, DialPlan, Endpoint, Keepalive};
use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};

/// A connection's socket. It does not block.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix-domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

/// How far a dial is.
pub(crate) enum Dial {
    Pending,
    Connected,
    Failed(DialError),
}

/// Begins to connect.
pub(crate) fn dial(plan: &DialPlan) -> io::Result<Stream> {
    match &plan.to {
        Endpoint::Address(address) => dial_tcp(*address, plan).map(Stream::Tcp),
        #[cfg(unix)]
        Endpoint::Socket(path) => UnixStream::connect(path).map(Stream::Unix),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn dial_tcp(address: SocketAddr, plan: &DialPlan) -> io::Result<TcpStream> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    bind(&socket, plan)?;
    // Octets arrive without these, only later.
    let _ = socket.set_tcp_nodelay(plan.no_delay);
    if let Some(keepalive) = &plan.keepalive {
        let _ = socket.set_tcp_keepalive(&times(keepalive));
    }
    match socket.connect(&SockAddr::from(address)) {
        Err(error) if !is_under_way(&error) => Err(error),
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}

/// To pass over where a connection is to come from would send by another way than was asked for.
fn bind(socket: &Socket, plan: &DialPlan) -> io::Result<()> {
    if let Some(interface) = &plan.from.interface {
        bind_to_interface(socket, interface)?;
    }
    match plan.from.address {
        Some(address) => socket.bind(&SocketAddr::new(address, 0).into()),
        None => Ok(()),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
fn bind_to_interface(socket: &Socket, interface: &str) -> io::Result<()> {
    socket.bind_device(Some(interface.as_bytes()))
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "fuchsia")))]
fn bind_to_interface(_: &Socket, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn times(keepalive: &Keepalive) -> TcpKeepalive {
    let mut times = TcpKeepalive::new().with_time(keepalive.idle);
    if let Some(interval) = keepalive.interval {
        times = times.with_interval(interval);
    }
    #[cfg(not(windows))]
    if let Some(retries) = keepalive.retries {
        times = times.with_retries(retries);
    }
    times
}

/// What the system says of a connect that does not wait.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    let in_progress = error.raw_os_error() == Some(libc::EINPROGRESS);
    #[cfg(not(unix))]
    let in_progress = false;
    in_progress || error.kind() == io::ErrorKind::WouldBlock
}

/// Looks how far a dial is, after its socket became writable (or seemed to).
pub(crate) fn check(stream: &Stream) -> Dial {
    if let Ok(Some(error)) | Err(error) = stream.take_error() {
        return Dial::Failed(DialError::from(&error));
    }
    match stream.has_peer() {
        Ok(()) => Dial::Connected,
        Err(error) if is_pending(&error) => Dial::Pending,
        Err(error) => Dial::Failed(DialError::from(&error)),
    }
}

fn is_pending(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotConnected | io::ErrorKind::WouldBlock)
        // macOS says EINVAL for a socket that is neither connected nor failed yet.
        || (cfg!(target_vendor = "apple") && error.kind() == io::ErrorKind::InvalidInput)
}

impl Stream {
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        match self {
            Self::Tcp(stream) => stream.take_error(),
            #[cfg(unix)]
            Self::Unix(stream) => stream.take_error(),
        }
    }

    fn has_peer(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().map(drop),
            #[cfg(unix)]
            Self::Unix(stream) => stream.peer_addr().map(drop),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(into),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(octets),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(octets),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write_vectored(slices),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Stream {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.register(registry, token, interests),
            #[cfg(unix)]
            Self::Unix(stream) => stream.register(registry, token, interests),
        }
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.reregister(registry, token, interests),
            #[cfg(unix)]
            Self::Unix(stream) => stream.reregister(registry, token, interests),
        }
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.deregister(registry),
            #[cfg(unix)]
            Self::Unix(stream) => stream.deregister(registry),
        }
    }
}
