//! An event loop of one's own: poll(2), plain sockets, and the engine. No runtime, no mio.
//!
//! It fetches a few URLs at once from an origin that it starts itself. `cargo run --example own_loop`

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Instant, SystemTime};
use std::{fmt, thread};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
use sessile_core::{
    Command, Config, ConnectionId, Engine, EstablishId, Event, Now, Readiness, RequestBuilder,
    ResolveError, Tick,
};
use sessile_tests::{demo::Demo, loopback::Loopback};

/// A name that was resolved, on a thread that may block.
type Answer = (EstablishId, io::Result<Vec<SocketAddr>>);

struct Loop {
    engine: Engine<TcpStream>,
    answers: (Sender<Answer>, Receiver<Answer>),
    /// A thread writes an octet to the second when it has an answer; the loop waits for the first.
    wake: (UnixStream, UnixStream),
    start: Instant,
}

fn main() -> Result<(), Box<dyn Error>> {
    let origin = Loopback::start(Demo)?;
    let engine = Engine::new(Config::default())?;
    let mut own = Loop {
        engine,
        answers: channel(),
        wake: UnixStream::pair()?,
        start: Instant::now(),
    };
    own.wake.0.set_nonblocking(true)?;

    // By address, by a name that must be resolved, to a port where nobody listens, and something larger.
    let named = format!("http://localhost:{}/chunked/4", origin.address().port());
    for url in [
        origin.url("/get"),
        named,
        "http://127.0.0.1:1/".into(),
        origin.url("/bytes/300000"),
    ] {
        let id = own
            .engine
            .submit(own.now(), RequestBuilder::new("GET", &url).build()?);
        println!("{id:?} is GET {url}");
    }
    own.run(4)?;
    println!("{:#?}", own.engine.pool(own.now()));
    Ok(())
}

impl Loop {
    fn now(&self) -> Now {
        let tick = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Now::new(
            Tick::from_nanos(tick),
            SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(),
        )
    }

    /// The loop of the crate documentation, until so many requests are over.
    fn run(&mut self, mut open: usize) -> io::Result<()> {
        loop {
            let now = self.now();
            loop {
                if let Some(event) = self.engine.poll_event(now) {
                    open -= usize::from(self.tell(now, &event));
                } else if let Some(command) = self.engine.poll_command() {
                    self.perform(now, command);
                } else if let Some(connection) = self.engine.poll_ready() {
                    if let Some(mut live) = self.engine.drive(connection) {
                        live.step(now);
                    }
                } else {
                    break;
                }
            }
            if open == 0 {
                return Ok(());
            }
            for (connection, ready) in self.wait(now)? {
                self.handle(connection, ready);
            }
            self.engine.handle_deadline(self.now());
        }
    }

    /// Waits for what the engine waits for; tells which connections are ready.
    fn wait(&mut self, now: Now) -> io::Result<Vec<(ConnectionId, Readiness)>> {
        let timeout = self
            .engine
            .deadline()
            .map(|at| at.since(now.tick))
            .map(Timespec::try_from);
        let mut fds = vec![PollFd::new(&self.wake.0, PollFlags::IN)];
        let mut ids = Vec::new();
        for (connection, stream, interest) in self.engine.interests() {
            let read = if interest.read {
                PollFlags::IN
            } else {
                PollFlags::empty()
            };
            let write = if interest.write {
                PollFlags::OUT
            } else {
                PollFlags::empty()
            };
            fds.push(PollFd::new(stream, read | write));
            ids.push(connection);
        }
        poll(&mut fds, timeout.and_then(Result::ok).as_ref())?;
        let ready = |fd: &PollFd<'_>| {
            let happened = fd.revents();
            let over = happened.intersects(PollFlags::HUP | PollFlags::ERR);
            Readiness {
                read: happened.contains(PollFlags::IN),
                write: happened.contains(PollFlags::OUT),
                closed: over,
            }
        };
        let ready: Vec<_> = ids.into_iter().zip(fds[1..].iter().map(ready)).collect();
        let _ = self.wake.0.read(&mut [0; 64]);
        while let Ok((establish, answer)) = self.answers.1.try_recv() {
            let answer = answer.map_err(|error| ResolveError::new(error.to_string()));
            self.engine
                .handle_resolved(now, establish, answer.as_deref().map_err(Clone::clone));
        }
        Ok(ready
            .into_iter()
            .filter(|(_, ready)| *ready != Readiness::default())
            .collect())
    }

    fn handle(&mut self, connection: ConnectionId, ready: Readiness) {
        let now = self.now();
        match self
            .engine
            .dialling_mut(connection)
            .map(|stream| stream.take_error())
        {
            None => self.engine.handle_readiness(connection, ready),
            Some(Ok(None)) => self.engine.handle_connected(now, connection),
            Some(Ok(Some(error)) | Err(error)) => {
                self.engine
                    .handle_dial_failed(now, connection, error.kind());
            }
        }
    }

    fn perform(&mut self, now: Now, command: Command<TcpStream>) {
        match command {
            Command::Resolve {
                establish,
                host,
                port,
            } => {
                let (answers, wake) = (self.answers.0.clone(), self.wake.1.try_clone());
                thread::spawn(move || {
                    let _ = answers.send((
                        establish,
                        (&*host, port).to_socket_addrs().map(Iterator::collect),
                    ));
                    wake.and_then(|mut wake| wake.write(b"!"))
                });
            }
            Command::Dial { connection, plan } => match plan
                .to
                .address()
                .map_or(Err(io::ErrorKind::Unsupported.into()), dial)
            {
                Ok(stream) => drop(self.engine.deposit(connection, stream)),
                Err(error) => self.engine.handle_dial_failed(now, connection, &error),
            },
            Command::Answer(question) => {
                let answer = question.answer_or_refuse();
                self.engine.handle_answer(now, question.id(), answer);
            }
            // What is discarded or abandoned is closed by dropping it.
            other => drop(other),
        }
    }

    /// Tells the user; `true` if the request is over.
    fn tell(&mut self, now: Now, event: &Event) -> bool {
        let line = |id: &dyn fmt::Debug, what: &dyn fmt::Display| println!("{id:?}: {what}");
        match event {
            Event::Head(id) => self
                .engine
                .head(*id)
                .iter()
                .for_each(|head| line(id, &format!("{head:?}"))),
            Event::Content(id) => {
                let octets = self.engine.content(*id).len();
                self.engine.consume(now, *id, octets);
            }
            Event::End(id) => line(id, &"complete"),
            Event::Failed(id, error) => line(id, error),
            _ => {}
        }
        matches!(event, Event::End(_) | Event::Failed(..))
    }
}

/// Begins to connect; the socket is writable when that has ended, one way or the other.
fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let socket = socket_with(
        family,
        SocketType::STREAM,
        SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
        None,
    )?;
    match connect(&socket, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(TcpStream::from(socket)),
        Err(error) => Err(error.into()),
    }
}
