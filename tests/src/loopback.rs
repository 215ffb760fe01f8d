//! A site on a real socket of this host: one thread accepts, and each connection has its own.
//!
//! The acts of [`crate::origin`] are performed for real, with TCP_NODELAY, so that each
//! [`Act::Send`](crate::origin::Act::Send) is a segment of its own when the client keeps up. What
//! happens on one connection is in `loopback/conversation.rs`; this file counts connections and
//! ends them.
//!
//! The boundary: threads belong to a [`Loopback`] and do not outlive it, unless a script itself
//! never returns.

mod conversation;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::conversation::converse;
use crate::origin::Site;

/// How long dropping a [`Loopback`] waits for its threads. They leave within milliseconds; a
/// script that hangs must not hang the test as well.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long we wait after a failed accept. It fails when descriptors run out, and they come back.
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// A running site on `127.0.0.1` at a port of the system's choice. Dropping it ends it.
///
/// # Panics
///
/// Dropping it panics if a script has panicked, so that an assertion inside a script fails its
/// test. (Not while the test already panics.)
pub struct Loopback {
    address: SocketAddr,
    board: Arc<Board>,
    acceptor: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

impl Loopback {
    /// Starts listening.
    ///
    /// # Errors
    ///
    /// If the system gives no socket or no thread.
    pub fn start(site: impl Site) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let board = Arc::new(Board::default());
        let acceptor = thread::Builder::new()
            .name("loopback accept".into())
            .spawn({
                let board = Arc::clone(&board);
                move || accept_all(&listener, &site, &board)
            })?;
        Ok(Self {
            address,
            board,
            acceptor: Some(acceptor),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT` followed by `path`, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections have been accepted so far.
    pub fn opened(&self) -> usize {
        self.board.lock().opened
    }

    /// How many of them are closed on our side, too.
    pub fn closed(&self) -> usize {
        self.board.lock().closed
    }

    /// Waits until at least `count` connections are closed; says whether that came true in time.
    pub fn wait_closed(&self, count: usize, timeout: Duration) -> bool {
        self.board.wait(timeout, |counts| counts.closed >= count)
    }
}

impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.board.lock();
        let (opened, closed) = (counts.opened, counts.closed);
        write!(
            f,
            "loopback {}, {opened} opened, {closed} closed",
            self.address
        )
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.board.stop();
        // The knock wakes the acceptor; if even that fails, we leave its thread behind.
        let knocked = TcpStream::connect_timeout(&self.address, PATIENCE).is_ok();
        let acceptor = self.acceptor.take().filter(|_| knocked);
        let workers = acceptor
            .and_then(|acceptor| acceptor.join().ok())
            .unwrap_or_default();
        if self.board.wait(PATIENCE, |counts| counts.open.is_empty()) {
            for worker in workers {
                // Its panic, if it had one, is on the board already.
                let _ = worker.join();
            }
        }
        let panicked = self.board.lock().panicked;
        assert!(
            !panicked || thread::panicking(),
            "a script on loopback panicked; see above"
        );
    }
}

/// What the threads of one [`Loopback`] know about each other.
#[derive(Default)]
struct Board {
    counts: Mutex<Counts>,
    changed: Condvar,
}

/// `closed + open.len() == opened`
#[derive(Default)]
struct Counts {
    stopping: bool,
    panicked: bool,
    opened: usize,
    closed: usize,
    open: BTreeMap<usize, Arc<TcpStream>>,
}

impl Board {
    /// No code under the lock leaves the counts half-changed, so a panic elsewhere is no reason to
    /// panic here.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a connection and gives its number, unless we are stopping.
    fn enter(&self, stream: &Arc<TcpStream>) -> Option<usize> {
        let mut counts = self.lock();
        if counts.stopping {
            return None;
        }
        let connection = counts.opened;
        counts.opened += 1;
        counts.open.insert(connection, Arc::clone(stream));
        Some(connection)
    }

    /// Ends everything that is open. The shutdown wakes threads that read or write, the
    /// notification those that pause.
    fn stop(&self) {
        let mut counts = self.lock();
        counts.stopping = true;
        for stream in counts.open.values() {
            // It fails if the client has reset the connection: that wakes as well.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.changed.notify_all();
    }

    /// Sleeps until `timeout` or until the counts are as wished; says whether they are.
    fn wait(&self, timeout: Duration, wished: impl Fn(&Counts) -> bool) -> bool {
        let deadline = after(timeout);
        let mut counts = self.lock();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if wished(&counts) || left.is_zero() {
                return wished(&counts);
            }
            let woken = self.changed.wait_timeout(counts, left);
            counts = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The instant that lies `duration` ahead, where a year is for ever: `Duration::MAX` is a natural
/// way to say so, and would overflow.
fn after(duration: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    Instant::now() + duration.min(YEAR)
}

/// The entry of one connection on the board; dropped last of all that belongs to the connection.
struct Entry {
    board: Arc<Board>,
    connection: usize,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut counts = self.board.lock();
        // The board's was the last share of the stream, so that this closes it, before we say so.
        drop(counts.open.remove(&self.connection));
        counts.closed += 1;
        counts.panicked |= thread::panicking();
        self.board.changed.notify_all();
    }
}

/// Accepts until we stop; gives the threads of the connections that were open then.
fn accept_all(listener: &TcpListener, site: &impl Site, board: &Arc<Board>) -> Vec<JoinHandle<()>> {
    let mut workers: Vec<JoinHandle<()>> = Vec::new();
    loop {
        workers.retain(|worker| !worker.is_finished());
        match listener.accept() {
            Ok((stream, _)) => {
                let stream = Arc::new(stream);
                let Some(connection) = board.enter(&stream) else {
                    return workers;
                };
                let entry = Entry {
                    board: Arc::clone(board),
                    connection,
                };
                workers.extend(start_conversation(site, entry, stream));
            }
            Err(_) if board.lock().stopping => return workers,
            Err(_) => thread::sleep(ACCEPT_AGAIN),
        }
    }
}

/// Without a thread there is no conversation: the connection is closed at once.
fn start_conversation(
    site: &impl Site,
    entry: Entry,
    stream: Arc<TcpStream>,
) -> Option<JoinHandle<()>> {
    let mut peer = site.accept(entry.connection);
    let thread = thread::Builder::new().name(format!("loopback {}", entry.connection));
    let worker = thread.spawn(move || {
        // Moved in whole, and named first: so it is dropped after the stream.
        let entry = entry;
        converse(peer.as_mut(), stream, &entry.board);
    });
    worker.ok()
}

#[cfg(test)]
mod tests;
