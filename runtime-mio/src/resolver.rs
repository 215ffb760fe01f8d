//! Name resolution off the loop: a few threads that ask the system, since the system offers nothing that does not block.
//!
//! Threads come when there is work and go when there has been none for a while; there are never more than [`THREADS`].

use std::collections::VecDeque;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use sessile_core::{EstablishId, ResolveError};

/// How many names are resolved at once. A name server that does not answer holds a thread for several seconds.
const THREADS: usize = 4;
/// How long a thread without work stays.
const STAY: Duration = Duration::from_secs(10);

/// What the resolver found, or why it found nothing.
pub(crate) type Answer = Result<Vec<SocketAddr>, ResolveError>;

struct Question {
    establish: EstablishId,
    host: Box<str>,
    port: u16,
}

#[derive(Default)]
struct Queue {
    questions: VecDeque<Question>,
    threads: usize,
    resting: usize,
    closed: bool,
}

struct Inner {
    queue: Mutex<Queue>,
    work: Condvar,
    deliver: Box<dyn Fn(EstablishId, Answer) + Send + Sync>,
}

/// The threads' master. Dropping it ends them, each after the name it is at.
pub(crate) struct Resolver(Arc<Inner>);

impl Resolver {
    /// A resolver without threads yet; `deliver` is called on one of them for each answer.
    pub(crate) fn new(deliver: impl Fn(EstablishId, Answer) + Send + Sync + 'static) -> Self {
        let deliver = Box::new(deliver);
        Self(Arc::new(Inner {
            queue: Mutex::default(),
            work: Condvar::new(),
            deliver,
        }))
    }

    /// Asks for a host's addresses.
    pub(crate) fn resolve(&self, establish: EstablishId, host: Box<str>, port: u16) {
        let mut queue = self.0.lock();
        queue.questions.push_back(Question {
            establish,
            host,
            port,
        });
        if queue.resting < queue.questions.len() && queue.threads < THREADS {
            let inner = Arc::clone(&self.0);
            let spawned = thread::Builder::new()
                .name("sessile-resolver".into())
                .spawn(move || inner.work());
            match spawned {
                Ok(_) => queue.threads += 1,
                Err(error) if queue.threads == 0 => {
                    queue.questions.clear();
                    drop(queue);
                    let why = ResolveError::new(format!("no thread to ask with: {error}"));
                    return (self.0.deliver)(establish, Err(why));
                }
                Err(_) => {}
            }
        }
        self.0.work.notify_one();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // The queue is whole between any two statements; a panic elsewhere does not spoil it.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(Question {
            establish,
            host,
            port,
        }) = self.next()
        {
            let answer = (&*host, port).to_socket_addrs();
            let answer = answer
                .map(Vec::from_iter)
                .map_err(|error| ResolveError::new(error.to_string()));
            (self.deliver)(establish, answer);
        }
    }

    fn next(&self) -> Option<Question> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(question) = queue.questions.pop_front() {
                return Some(question);
            }
            queue.resting += 1;
            let (after, waited) = self
                .work
                .wait_timeout(queue, STAY)
                .unwrap_or_else(PoisonError::into_inner);
            queue = after;
            queue.resting -= 1;
            if waited.timed_out() && queue.questions.is_empty() {
                queue.threads -= 1;
                return None;
            }
        }
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.work.notify_all();
    }
}
