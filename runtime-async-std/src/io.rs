//! What a connection's octets move through: a TCP or a Unix-domain socket of the reactor's, opened from wherever the session
//! says.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll};

use async_io::Async;
use sessile_core::{DialPlan, Endpoint, Keepalive};
use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};

/// A connection's socket.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stream {
    /// TCP.
    Tcp(Async<TcpStream>),
    /// A Unix-domain socket.
    #[cfg(unix)]
    Unix(Async<UnixStream>),
}

impl Stream {
    /// Opens a connection.
    pub(crate) async fn dial(plan: &DialPlan) -> io::Result<Self> {
        match &plan.to {
            Endpoint::Address(address) => dial_tcp(*address, plan).await.map(Self::Tcp),
            #[cfg(unix)]
            Endpoint::Socket(path) => Async::<UnixStream>::connect(path).await.map(Self::Unix),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_readable(cx),
            #[cfg(unix)]
            Self::Unix(stream) => stream.poll_readable(cx),
        }
    }

    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_writable(cx),
            #[cfg(unix)]
            Self::Unix(stream) => stream.poll_writable(cx),
        }
    }

    /// Ends the sending side.
    pub(crate) fn finish(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.get_ref().shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(stream) => stream.get_ref().shutdown(Shutdown::Write),
        }
    }
}

async fn dial_tcp(address: SocketAddr, plan: &DialPlan) -> io::Result<Async<TcpStream>> {
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
        Err(error) if !is_under_way(&error) => return Err(error),
        _ => {}
    }
    let stream = Async::new_nonblocking(TcpStream::from(socket))?;
    stream.writable().await?;
    match stream.get_ref().take_error()? {
        Some(error) => Err(error),
        None => stream.get_ref().peer_addr().map(|_| stream),
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

/// Without waiting, as the socket is.
impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.get_ref().read(into),
            #[cfg(unix)]
            Self::Unix(stream) => stream.get_ref().read(into),
        }
    }
}

/// Without waiting, as the socket is.
impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.get_ref().write(octets),
            #[cfg(unix)]
            Self::Unix(stream) => stream.get_ref().write(octets),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.get_ref().write_vectored(slices),
            #[cfg(unix)]
            Self::Unix(stream) => stream.get_ref().write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
