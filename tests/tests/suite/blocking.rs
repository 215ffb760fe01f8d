//! The world of the blocking session: a thread for each request.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sessile_core::{Config, CookieJar, Dispatch, Error, PoolEvent, PoolSnapshot, Request};
use sessile_mio::blocking::{Reader, Response, Session};
use sessile_tests::origin::Site;
use sessile_tests::source::Source;
use sessile_tests::world::{Arrival, Fate, Meanwhile, Reply, Served, Tried, Upgrade, World, lines};

pub(crate) struct BlockingWorld {
    session: Session,
}

impl BlockingWorld {
    pub(crate) fn new() -> Self {
        Self {
            session: Session::new(),
        }
    }

    fn start(&self, request: Request) -> Sent {
        let session = self.session.clone();
        let thread = thread::spawn(move || finish(session.send(request)?));
        // Threads start in no order of their own; the scenario asked for one.
        thread::sleep(Duration::from_millis(5));
        thread
    }
}

/// A source that sleeps through its pauses.
struct Sleepy(Source);

impl Read for Sleepy {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(pause) = self.0.pause() {
            thread::sleep(pause);
        }
        self.0.read(into)
    }
}

/// A request in a thread of its own.
type Sent = thread::JoinHandle<Result<Reply, Error>>;

fn joined(thread: Sent) -> Result<Reply, Error> {
    thread.join().expect("no panic")
}

fn begin(response: &Response) -> Reply {
    let interim = response.interim().iter();
    let url = response.url().expect("the URL that was asked");
    Reply {
        interim: interim
            .map(|head| head.as_ref().status().as_u16())
            .collect(),
        attempts: Tried::all(response.attempts()),
        ..Reply::new(url, response.head(), response.connection())
    }
}

fn finish(mut response: Response) -> Result<Reply, Error> {
    let mut reply = begin(&response);
    while let Some(content) = response.chunk()? {
        reply.content.extend_from_slice(content);
    }
    reply.trailers = Some(lines(response.trailers()));
    Ok(reply)
}

impl World for BlockingWorld {
    fn name(&self) -> &'static str {
        "the blocking session"
    }

    fn arrival(&self) -> Arrival {
        Arrival::Whole
    }

    fn is_virtual(&self) -> bool {
        false
    }

    fn serve(&mut self, site: Arc<dyn Site>) -> Served {
        crate::serve(site)
    }

    fn configure(&mut self, config: Config) {
        self.session = Session::with(config).expect("the scenario's configuration is valid");
    }

    fn send(&mut self, request: Request) -> Result<Reply, Error> {
        finish(self.session.send(request)?)
    }

    fn send_from(&mut self, request: Request, source: Source) -> Result<Reply, Error> {
        let source = Some(Reader::from(Sleepy(source)));
        finish(self.session.dispatch(Ok(Arc::new(request)), source)?)
    }

    fn upgrade(&mut self, request: Request, words: &[u8]) -> Result<Upgrade, Error> {
        let response = self.session.send(request)?;
        let (reply, switched) = (begin(&response), response.is_upgraded());
        let mut stream = match response.upgrade() {
            Ok(stream) => stream,
            Err(response) => {
                assert!(!switched);
                let (reply, heard) = (finish(response)?, None);
                return Ok(Upgrade { reply, heard });
            }
        };
        assert_eq!(stream.head().status(), reply.status);
        stream.write_all(words).expect("the stream takes words");
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).expect("the stream ends");
        let heard = Some(heard);
        Ok(Upgrade { reply, heard })
    }

    fn send_all(&mut self, requests: Vec<Request>) -> Vec<Result<Reply, Error>> {
        let requests = requests.into_iter();
        let threads: Vec<_> = requests.map(|request| self.start(request)).collect();
        threads.into_iter().map(joined).collect()
    }

    fn send_and_drop(&mut self, request: Request) -> Result<Reply, Error> {
        self.session.send(request).map(|response| begin(&response))
    }

    /// A thread cannot be stopped from outside; a deadline gives the request up at the same moment.
    fn send_and_cancel(&mut self, request: Request, after: Duration) {
        let result = self.session.send(request.with_deadline(after));
        assert!(
            result.is_err(),
            "no head was to come before the request was given up"
        );
    }

    fn send_beside(
        &mut self,
        requests: Vec<(Fate, Request)>,
        after: Duration,
    ) -> Vec<Result<Reply, Error>> {
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for (fate, request) in requests {
            match fate {
                Fate::Stays => stay.push(self.start(request)),
                Fate::Goes => go.push(self.start(request.with_deadline(after))),
            }
        }
        for result in go.into_iter().map(joined) {
            assert!(
                result.is_err(),
                "no head was to come before the request was given up"
            );
        }
        stay.into_iter().map(joined).collect()
    }

    fn send_through(
        &mut self,
        request: Request,
        after: Duration,
        act: Meanwhile,
    ) -> Result<Reply, Error> {
        let thread = self.start(request);
        thread::sleep(after);
        self.act(act);
        joined(thread)
    }

    fn send_and_dawdle(&mut self, request: Request, pause: Duration) -> Result<Reply, Error> {
        let response = self.session.send(request)?;
        thread::sleep(pause);
        finish(response)
    }

    fn pool(&mut self) -> PoolSnapshot {
        self.session.pool()
    }

    fn pool_events(&mut self) -> Vec<PoolEvent> {
        self.session.pool_events()
    }

    fn cookies(&mut self, act: &mut dyn FnMut(&mut CookieJar, Duration)) {
        self.session.cookies(act);
    }

    fn close_idle(&mut self) {
        self.session.close_idle();
    }

    fn close(&mut self) {
        self.session.close();
    }

    fn refused(&mut self) -> String {
        crate::refused()
    }

    fn unreachable(&mut self) -> Option<String> {
        crate::unreachable()
    }

    /// Time limits pass when a thread uses the session.
    fn pass(&mut self, time: Duration) {
        thread::sleep(time);
        self.session.pool();
    }
}
