//! Limits that pass while nobody waits in a poll for them: a thread that always has something to do, or that sleeps for
//! another reason, is told all the same.

use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use sessile_core::{Config, Error, Stage, Timeouts};
use sessile_mio::blocking::{Response, Session};
use sessile_tests::origin::{Act, head};

use crate::milliseconds;
use crate::peers::{answering, deaf};

/// What a limit that is missed would be mistaken for; far from any that is kept.
const MUCH_LATER: Duration = milliseconds(20_000);

/// Sends more than the system's buffers hold to a peer that begins to read late and never answers. A thread does
/// something else with the session `meanwhile`. The error, and when it was told.
fn upload_without_an_answer(meanwhile: impl FnOnce(Session) + Send + 'static) -> (Error, Duration) {
    let served = deaf([Act::Pause(milliseconds(600))]);
    let mut config = Config::default();
    config.timeouts = Timeouts {
        send: Some(MUCH_LATER),
        head: Some(milliseconds(300)),
        read: None,
        ..config.timeouts
    };
    let session = Session::with(config).expect("a session");
    let other = session.clone();
    let thread = thread::spawn(move || meanwhile(other));
    let begun = Instant::now();
    let request = session.post(served.url("/")).body(vec![0; 16 << 20]);
    let error = request.send().expect_err("there is no answer");
    let took = begun.elapsed();
    thread.join().expect("no panic");
    (error, took)
}

fn assert_head_limit_was_kept((error, took): (Error, Duration)) {
    assert_eq!((error.is_timeout(), error.stage()), (true, Stage::Head));
    assert!(took < MUCH_LATER / 2, "{took:?}");
}

/// Given a limit for the head that is shorter than the one for sending, when a thread has sent all, then it is woken
/// by the shorter one.
#[test]
fn a_thread_that_sent_for_long_keeps_the_limit_for_the_head() {
    assert_head_limit_was_kept(upload_without_an_answer(drop));
}

/// Given the same, when another thread lets limits pass while the request still goes out, then the same.
#[test]
fn another_thread_does_not_hide_the_limit_for_the_head() {
    assert_head_limit_was_kept(upload_without_an_answer(|session| {
        thread::sleep(milliseconds(450));
        session.pool();
    }));
}

/// Asks for a response of 32 MiB, which always has more ready than is taken at once, and takes from it until an error.
fn take_until_the_deadline(
    mut take: impl FnMut(&mut Response) -> io::Result<usize>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut acts = vec![Act::Send(head(200, &[("Content-Length", "33554432")]))];
    acts.extend((0..512).map(|_| Act::Send(vec![b'x'; 64 * 1024])));
    let served = answering(acts);
    let session = Session::new();
    let request = session.get(served.url("/")).timeout(milliseconds(300));
    let (mut response, begun) = (request.send()?, Instant::now());
    while begun.elapsed() < MUCH_LATER / 4 {
        thread::sleep(milliseconds(5));
        assert_ne!(take(&mut response)?, 0, "more was to come");
    }
    Ok(())
}

fn assert_deadline_was_kept(result: Result<(), Box<dyn std::error::Error>>) {
    let error = result.expect_err("it never ended");
    assert!(error.to_string().contains("stage: deadline"), "{error}");
}

/// Given content that never runs dry, when a thread looks at chunk after chunk, then the deadline ends it all the same.
#[test]
fn the_deadline_ends_chunks_that_are_always_ready() {
    assert_deadline_was_kept(take_until_the_deadline(|response| {
        let chunk = response.chunk()?;
        Ok(chunk.map_or(0, <[u8]>::len))
    }));
}

/// Given the same, when it reads straight into its own memory, then the same.
#[test]
fn the_deadline_ends_reads_that_are_always_full() {
    let mut memory = vec![0; 16 * 1024];
    assert_deadline_was_kept(take_until_the_deadline(|response| {
        response.read(&mut memory)
    }));
}

/// Where the queue of a listener can be filled, so that dials hear nothing (Linux leaves them without an answer).
#[cfg(target_os = "linux")]
mod a_full_queue {
    use std::net::{SocketAddr, TcpListener, TcpStream};

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// Listens with the shortest queue there is.
    fn listener() -> TcpListener {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket
            .bind(&any.into())
            .and_then(|()| socket.listen(0))
            .expect("a port on loopback");
        socket.into()
    }

    /// Dials that fill the queue, and more.
    fn fill(address: SocketAddr) -> Vec<Socket> {
        let dial = |_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            socket.set_nonblocking(true).expect("it can be");
            // It is under way.
            let _ = socket.connect(&address.into());
            socket
        };
        (0..4).map(dial).collect()
    }

    /// Sends a request on a thread of its own; the error.
    fn ask(session: &Session, address: SocketAddr) -> thread::JoinHandle<Error> {
        let (session, url) = (session.clone(), format!("http://{address}/"));
        thread::spawn(move || session.get(url).send().expect_err("there is no answer"))
    }

    /// The first connection, when the second request waits for it and nobody else can be accepted.
    fn in_use(listener: &TcpListener) -> TcpStream {
        let (stream, _) = listener.accept().expect("the first dial");
        thread::sleep(milliseconds(200));
        stream
    }

    /// Given a thread that sleeps until the pool has a connection, when a dial is begun for it that hears nothing, then
    /// it is woken by the limit for connecting.
    #[test]
    fn who_waited_for_the_pool_keeps_the_limit_for_connecting() {
        let listener = listener();
        let address = listener.local_addr().expect("a bound socket has one");
        let mut config = Config::default();
        config.pool.live_per_origin = Some(1);
        config.pool.idle_time = None;
        config.timeouts = Timeouts {
            pool_wait: Some(MUCH_LATER),
            connect: Some(milliseconds(500)),
            read: Some(MUCH_LATER),
            ..config.timeouts
        };
        let session = Session::with(config).expect("a session");
        let first = ask(&session, address);
        let stream = in_use(&listener);
        let second = ask(&session, address);
        thread::sleep(milliseconds(200));
        let fillers = fill(address);
        thread::sleep(milliseconds(300));
        let begun = Instant::now();
        drop(stream);
        first.join().expect("no panic");
        let error = second.join().expect("no panic");
        let took = begun.elapsed();
        drop(fillers);
        assert_eq!((error.is_timeout(), error.stage()), (true, Stage::Connect));
        assert!(took < MUCH_LATER / 2, "{took:?}");
    }
}
