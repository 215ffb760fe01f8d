//! A loop of one's own over poll(2) that knows neither TLS nor proxies: they are settings. `cargo run --example own_loop`
//! asks an origin that it starts itself: in the open, by https, and by https through a proxy; `-- URL...` asks others.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Instant, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SocketAddrAny, SocketFlags, SocketType, connect, socket_with};
use sessile_core::*;
use sessile_tests::demo::Errand;

type Answer = (EstablishId, Result<Vec<SocketAddr>, ResolveError>);

struct Loop {
    engine: Engine<TcpStream>,
    start: Instant,
    /// Names are resolved on threads, which may block. Behind its answer each writes an octet, to wake the loop.
    answers: (Sender<Answer>, Receiver<Answer>),
    wake: (UnixStream, UnixStream),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let errand = Errand::of_arguments()?;
    let mut own = Loop {
        engine: Engine::new(errand.config)?,
        start: Instant::now(),
        answers: channel(),
        wake: UnixStream::pair()?,
    };
    own.wake.0.set_nonblocking(true)?;
    for url in errand.urls {
        let request = RequestBuilder::new("GET", &url).build()?;
        println!("{:?}: GET {url}", own.engine.submit(own.now(), request));
    }
    Ok(own.run()?)
}

impl Loop {
    fn now(&self) -> Now {
        let wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Now::new(Tick::default().after(self.start.elapsed()), wall)
    }

    /// The loop of the crate documentation, until all requests are over.
    fn run(&mut self) -> io::Result<()> {
        loop {
            let now = self.now();
            if let Some(event) = self.engine.poll_event(now) {
                self.tell(now, event);
            } else if let Some(command) = self.engine.poll_command() {
                self.perform(now, command);
            } else if let Some(connection) = self.engine.poll_ready() {
                let live = self.engine.drive(connection);
                live.into_iter().for_each(|mut live| live.step(now));
            } else if self.engine.pool(now).requests > 0 {
                self.wait(now)?;
            } else {
                return Ok(());
            }
        }
    }

    fn tell(&mut self, now: Now, event: Event) {
        match event {
            Event::Head(id) => println!("{id:?}: {:?}", self.engine.head(id)),
            Event::Content(id) => self.engine.consume(now, id, usize::MAX),
            Event::Failed(id, error) => println!("{id:?}: {error}"),
            other => println!("{other:?}"),
        }
    }

    fn perform(&mut self, now: Now, command: Command<TcpStream>) {
        let engine = &mut self.engine;
        match command {
            #[rustfmt::skip]
            Command::Resolve { establish, host, port } => {
                let (answers, wake) = (self.answers.0.clone(), self.wake.1.try_clone());
                std::thread::spawn(move || {
                    let found = (&*host, port).to_socket_addrs().map(Iterator::collect);
                    let _ = answers.send((establish, found.map_err(ResolveError::from)));
                    wake.and_then(|mut wake| wake.write(b"!"))
                });
            }
            Command::Dial { connection, plan } => match dial(&plan) {
                Ok(stream) => drop(engine.deposit(connection, stream)),
                Err(error) => engine.handle_dial_failed(now, connection, &error),
            },
            Command::Answer(it) => engine.handle_answer(now, it.id(), it.answer_or_refuse()),
            Command::Discard(mut live) => live.say_farewell(now, |io, out| out.write_to(io)),
            other => drop(other),
        }
    }

    /// Waits for what the engine waits for, and tells it what has happened.
    fn wait(&mut self, now: Now) -> io::Result<()> {
        let wait = self.engine.deadline().map(|at| at.since(now.tick));
        let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
        let watched = self.engine.interests().map(|(connection, io, interest)| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, interest.read);
            flags.set(PollFlags::OUT, interest.write);
            (connection, PollFd::new(io, flags))
        });
        let (connections, mut fds): (Vec<_>, Vec<_>) = watched.unzip();
        fds.push(PollFd::new(&self.wake.0, PollFlags::IN));
        poll(&mut fds, wait.as_ref())?;
        let happened: Vec<_> = fds.iter().map(PollFd::revents).collect();
        let (now, engine) = (self.now(), &mut self.engine);
        for (connection, flags) in connections.into_iter().zip(happened) {
            handle(engine, now, connection, flags);
        }
        let _ = self.wake.0.read(&mut [0; 64]);
        for (establish, answer) in self.answers.1.try_iter() {
            engine.handle_resolved(now, establish, answer.as_deref().map_err(Clone::clone));
        }
        engine.handle_deadline(now);
        Ok(())
    }
}

fn handle(engine: &mut Engine<TcpStream>, now: Now, connection: ConnectionId, flags: PollFlags) {
    let ready = Readiness {
        read: flags.contains(PollFlags::IN),
        write: flags.contains(PollFlags::OUT),
        closed: flags.intersects(PollFlags::HUP | PollFlags::ERR),
    };
    match engine.dialling_mut(connection).map(|io| io.take_error()) {
        _ if ready == Readiness::default() => {}
        None => engine.handle_readiness(connection, ready),
        Some(Ok(None)) => engine.handle_connected(now, connection),
        Some(Ok(Some(why)) | Err(why)) => engine.handle_dial_failed(now, connection, &why),
    }
}

/// Begins to connect; the socket is writable when that has ended. What this loop cannot do it refuses.
fn dial(plan: &DialPlan) -> io::Result<TcpStream> {
    let anywhere = plan.from == LocalEnd::default();
    let address = plan.to.address().filter(|_| anywhere);
    let address = SocketAddrAny::from(address.ok_or(io::ErrorKind::Unsupported)?);
    let (family, flags) = (address.address_family(), SocketFlags::NONBLOCK);
    let stream = TcpStream::from(socket_with(family, SocketType::STREAM, flags, None)?);
    stream.set_nodelay(plan.no_delay)?;
    match connect(&stream, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(stream),
        Err(error) => Err(error.into()),
    }
}
