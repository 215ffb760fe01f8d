//! The world of the blocking session: a thread for each request.

use std::io::{Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sessile_core::{Config, Dispatch, Error, PoolEvent, PoolSnapshot, Request};
use sessile_mio::blocking::{Reader, Response, Session};
use sessile_tests::origin::Site;
use sessile_tests::source::Source;
use sessile_tests::world::{Arrival, Reply, Served, Tried, Upgrade, World, lines};

pub(crate) struct BlockingWorld {
    session: Session,
}

impl BlockingWorld {
    pub(crate) fn new() -> Self {
        Self {
            session: Session::new(),
        }
    }
}

fn begin(response: &Response) -> Reply {
    let interim = response.interim().iter();
    Reply {
        interim: interim
            .map(|head| head.as_ref().status().as_u16())
            .collect(),
        attempts: Tried::all(response.attempts()),
        ..Reply::new(response.head(), response.connection())
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
        let source = Some(Reader::from(source));
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
        let threads: Vec<_> = requests
            .into_iter()
            .map(|request| {
                let session = self.session.clone();
                let thread = thread::spawn(move || finish(session.send(request)?));
                // Threads start in no order of their own; the scenario asked for one.
                thread::sleep(Duration::from_millis(5));
                thread
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
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
        stays: Request,
        goes: Request,
        after: Duration,
    ) -> Result<Reply, Error> {
        let session = self.session.clone();
        let stays = thread::spawn(move || finish(session.send(stays)?));
        thread::sleep(Duration::from_millis(5));
        self.send_and_cancel(goes, after);
        stays.join().expect("no panic")
    }

    fn pool(&mut self) -> PoolSnapshot {
        self.session.pool()
    }

    fn pool_events(&mut self) -> Vec<PoolEvent> {
        self.session.pool_events()
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
