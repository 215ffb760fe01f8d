//! The world of async-std: a task for each request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_std::future::timeout;
use async_std::io::prelude::{ReadExt, WriteExt};
use async_std::task;
use sessile_async_std::{Reader, Response, Session};
use sessile_core::{Config, CookieJar, Dispatch, Error, PoolEvent, PoolSnapshot, Request};
use sessile_tests::origin::Site;
use sessile_tests::source::Source;
use sessile_tests::world::{Arrival, Fate, Meanwhile, Reply, Served, Tried, Upgrade, World, lines};

pub(crate) struct TaskWorld {
    session: Session,
}

impl TaskWorld {
    pub(crate) fn new() -> Self {
        Self {
            session: Session::new(),
        }
    }
}

/// A source that has something, unless it pauses.
struct Sleepy {
    source: Source,
    sleep: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl async_std::io::Read for Sleepy {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
            }
            let Some(pause) = self.source.pause() else {
                return Poll::Ready(io::Read::read(&mut self.source, into));
            };
            self.sleep = Some(Box::pin(task::sleep(pause)));
        }
    }
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

async fn send(session: Session, request: Request) -> Result<Reply, Error> {
    finish(session.send(request).await?).await
}

/// The future is dropped when the time is up.
async fn give_up(session: Session, request: Request, after: Duration) {
    let result = timeout(after, session.send(request)).await;
    assert!(
        result.is_err(),
        "no head was to come before the request was given up"
    );
}

async fn finish(mut response: Response) -> Result<Reply, Error> {
    let mut reply = begin(&response);
    while let Some(content) = response.chunk().await? {
        reply.content.extend_from_slice(content);
    }
    reply.trailers = Some(lines(response.trailers()));
    Ok(reply)
}

impl World for TaskWorld {
    fn name(&self) -> &'static str {
        "async-std"
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
        task::block_on(send(self.session.clone(), request))
    }

    fn send_from(&mut self, request: Request, source: Source) -> Result<Reply, Error> {
        let sleep = None;
        let source = Some(Reader::from(Sleepy { source, sleep }));
        let sending = self.session.dispatch(Ok(Arc::new(request)), source);
        task::block_on(async { finish(sending.await?).await })
    }

    fn upgrade(&mut self, request: Request, words: &[u8]) -> Result<Upgrade, Error> {
        task::block_on(async {
            let response = self.session.send(request).await?;
            let (reply, switched) = (begin(&response), response.is_upgraded());
            let mut stream = match response.upgrade() {
                Ok(stream) => stream,
                Err(response) => {
                    assert!(!switched);
                    let (reply, heard) = (finish(response).await?, None);
                    return Ok(Upgrade { reply, heard });
                }
            };
            assert_eq!(stream.head().status(), reply.status);
            let said = stream.write_all(words).await;
            said.expect("the stream takes words");
            let mut heard = Vec::new();
            let ended = stream.read_to_end(&mut heard).await;
            ended.expect("the stream ends");
            let heard = Some(heard);
            Ok(Upgrade { reply, heard })
        })
    }

    fn send_all(&mut self, requests: Vec<Request>) -> Vec<Result<Reply, Error>> {
        task::block_on(async {
            let mut tasks = Vec::new();
            for request in requests {
                tasks.push(task::spawn(send(self.session.clone(), request)));
                // Tasks start in no order of their own; the scenario asked for one.
                task::sleep(Duration::from_millis(5)).await;
            }
            let mut results = Vec::new();
            for task in tasks {
                results.push(task.await);
            }
            results
        })
    }

    fn send_and_drop(&mut self, request: Request) -> Result<Reply, Error> {
        task::block_on(async {
            self.session
                .send(request)
                .await
                .map(|response| begin(&response))
        })
    }

    fn send_and_cancel(&mut self, request: Request, after: Duration) {
        task::block_on(give_up(self.session.clone(), request, after));
    }

    fn send_beside(
        &mut self,
        requests: Vec<(Fate, Request)>,
        after: Duration,
    ) -> Vec<Result<Reply, Error>> {
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for (fate, request) in requests {
            match fate {
                Fate::Stays => stay.push(task::spawn(send(self.session.clone(), request))),
                Fate::Goes => go.push(task::spawn(give_up(self.session.clone(), request, after))),
            }
            self.pass(Duration::from_millis(5));
        }
        go.into_iter().for_each(task::block_on);
        stay.into_iter().map(task::block_on).collect()
    }

    fn send_through(
        &mut self,
        request: Request,
        after: Duration,
        act: Meanwhile,
    ) -> Result<Reply, Error> {
        let sent = task::spawn(send(self.session.clone(), request));
        self.pass(after);
        self.act(act);
        task::block_on(sent)
    }

    fn send_and_dawdle(&mut self, request: Request, pause: Duration) -> Result<Reply, Error> {
        task::block_on(async {
            let response = self.session.send(request).await?;
            task::sleep(pause).await;
            finish(response).await
        })
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

    fn pass(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}
