//! The world of the mio driver: one loop, one thread, everything at once.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use mio::{Events, Poll, Token, Waker};
use sessile_core::{
    Config, CookieJar, Error, ErrorKind, Event, Fields, PoolEvent, PoolSnapshot, Request,
    RequestId, Stage, Upgraded,
};
use sessile_mio::{Driver, Stream};
use sessile_tests::origin::Site;
use sessile_tests::source::Source;
use sessile_tests::world::{Arrival, Fate, Meanwhile, Reply, Served, Tried, Upgrade, World, lines};

const WAKE: Token = Token(0);

pub(crate) struct DriverWorld {
    poll: Poll,
    driver: Driver,
    under_way: BTreeMap<RequestId, Watched>,
}

/// How far a response is read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Until {
    Head,
    #[default]
    End,
    /// To its end, but no content is taken before the application has the time.
    Leisure,
}

/// A request under way and what has come of it.
#[derive(Default)]
struct Watched {
    until: Until,
    content: Option<(Source, Fields)>,
    /// When its source goes on.
    pauses: Option<Instant>,
    interim: Vec<u16>,
    reply: Option<Reply>,
    switched: bool,
    end: Option<Result<(), Error>>,
}

impl DriverWorld {
    pub(crate) fn new() -> Self {
        let poll = Poll::new().expect("a poll");
        let driver = driver(&poll, Config::default());
        Self {
            poll,
            driver,
            under_way: BTreeMap::new(),
        }
    }

    fn submit(&mut self, request: Request) -> RequestId {
        self.watch(request, Watched::default())
    }

    fn watch(&mut self, request: Request, watched: Watched) -> RequestId {
        let id = self.driver.submit(request);
        self.under_way.insert(id, watched);
        id
    }

    /// Hands over one piece of content. Content that is not what was announced is the application's own fault: it gives
    /// the request up.
    fn supply(&mut self, id: RequestId) {
        let watched = self.of(id);
        let (source, trailers) = watched.content.as_mut().expect("content of a source");
        if let Some(pause) = source.pause() {
            watched.pauses = Some(Instant::now() + pause);
            return;
        }
        let trailers = trailers.clone();
        let handed = match source.next_piece() {
            Ok(Some(piece)) => self.driver.push_content(id, piece),
            Ok(None) => {
                // If it may not end here, the driver fails the request.
                let _ = self.driver.finish_content(id, trailers);
                return;
            }
            Err(error) => return self.driver.abort_content(id, error),
        };
        if let Err(misuse) = handed {
            self.driver.cancel(id);
            let kind = ErrorKind::Content(misuse.into());
            self.of(id).end = Some(Err(Error::new(kind, Stage::Send)));
        }
    }

    /// Turns the loop until `done` says so or the time is up.
    fn turn_until(&mut self, limit: Option<Duration>, done: impl Fn(&Self) -> bool) {
        let end = limit.map(|limit| Instant::now() + limit);
        let mut events = Events::with_capacity(16);
        loop {
            while let Some(event) = self.driver.poll_event() {
                self.note(event);
            }
            let now = Instant::now();
            if done(self) || end.is_some_and(|end| end <= now) {
                return;
            }
            let next = [end, self.driver.deadline(), self.go_on(now)];
            let next = next.into_iter().flatten().min();
            let wait = next.map(|at| at.saturating_duration_since(now));
            self.poll
                .poll(&mut events, wait)
                .expect("a poll that works");
            for event in &events {
                if event.token() == WAKE {
                    self.driver.handle_wake();
                } else {
                    assert!(self.driver.handle_event(event), "a token of the driver's");
                }
            }
            self.driver.handle_deadline();
        }
    }

    /// Lets sources go on whose pause is over; when the next is.
    fn go_on(&mut self, now: Instant) -> Option<Instant> {
        let under_way = self.under_way.iter_mut();
        let over = |pauses: &mut Instant| *pauses <= now;
        let due = under_way.filter_map(|(id, it)| it.pauses.take_if(over).map(|_| *id));
        for id in due.collect::<Vec<_>>() {
            self.supply(id);
        }
        self.under_way.values().filter_map(|it| it.pauses).min()
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Interim(id) => {
                let status = self
                    .driver
                    .head(id)
                    .expect("an interim head")
                    .status()
                    .as_u16();
                self.of(id).interim.push(status);
            }
            Event::Head(id) => {
                let head = self.driver.head(id).expect("a head");
                // None if it was answered by a mount.
                let connection = self.driver.connection_info(id).unwrap_or_default();
                let attempts = self.driver.attempts(id).expect("a head has just come");
                let url = self.driver.url(id).expect("a request under way");
                let mut reply = Reply::new(url, head, connection);
                reply.attempts = Tried::all(&attempts);
                reply.trailers = Some(Vec::new());
                let watched = self.of(id);
                watched.reply = Some(reply);
                if watched.until == Until::Head {
                    watched.end = Some(Ok(()));
                    self.driver.cancel(id);
                }
            }
            Event::Content(id) if self.of(id).until == Until::Leisure => {}
            Event::Content(id) => self.take_content(id),
            Event::Trailers(id) => {
                let trailers = lines(self.driver.trailers(id).expect("trailers"));
                let reply = self.of(id).reply.as_mut().expect("a head came first");
                reply.trailers = Some(trailers);
            }
            Event::End(id) => self.of(id).end = Some(Ok(())),
            Event::Switched(id) => {
                let watched = self.of(id);
                watched.switched = true;
                watched.end = Some(Ok(()));
            }
            Event::Again(id) => self.of(id).interim.clear(),
            Event::ContentWanted(id) => self.supply(id),
            Event::Failed(id, error) => self.of(id).end = Some(Err(error)),
            other => panic!("an event without a meaning here: {other:?}"),
        }
    }

    fn take_content(&mut self, id: RequestId) {
        let content = self.driver.content(id).to_vec();
        self.driver.consume(id, content.len());
        let reply = self.of(id).reply.as_mut().expect("a head came first");
        reply.content.extend_from_slice(&content);
    }

    fn of(&mut self, id: RequestId) -> &mut Watched {
        let watched = self
            .under_way
            .get_mut(&id)
            .expect("an event of a request under way");
        assert!(watched.end.is_none(), "nothing follows the end");
        watched
    }

    fn collect(&mut self, id: RequestId) -> Result<Reply, Error> {
        let watched = self.under_way.remove(&id).expect("a request under way");
        watched.end.expect("it has ended")?;
        let mut reply = watched.reply.expect("a head came first");
        reply.interim = watched.interim;
        Ok(reply)
    }

    fn is_over(&self, id: RequestId) -> bool {
        self.under_way
            .get(&id)
            .is_none_or(|watched| watched.end.is_some())
    }

    fn give_up(&mut self, requests: &[RequestId], after: Duration) {
        self.pass(after);
        for id in requests {
            assert!(
                !self.is_over(*id),
                "no head was to come before the request was given up"
            );
            self.driver.cancel(*id);
            self.under_way.remove(id);
        }
        self.turn_until(Some(Duration::ZERO), |_| true);
    }
}

/// Holds the conversation on a stream that was switched, asking it again and again: it does not block.
fn converse(mut upgraded: Upgraded<Stream>, mut words: &[u8]) -> Vec<u8> {
    let (mut heard, mut space) = (Vec::new(), [0; 1024]);
    loop {
        match upgraded.write(words) {
            Ok(count) => words = &words[count..],
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        if words.is_empty() && upgraded.flush().is_ok() {
            break;
        }
        std::thread::yield_now();
    }
    loop {
        match upgraded.read(&mut space) {
            Ok(0) => return heard,
            Ok(count) => heard.extend_from_slice(&space[..count]),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        std::thread::yield_now();
    }
}

fn driver(poll: &Poll, config: Config) -> Driver {
    let waker = Waker::new(poll.registry(), WAKE).expect("a waker");
    let wake = move || waker.wake().expect("the poll lives as long as the world");
    Driver::new(poll.registry(), 1..1000, wake, config).expect("a valid configuration")
}

impl World for DriverWorld {
    fn name(&self) -> &'static str {
        "the mio driver"
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
        // A poll takes one waker in its life.
        self.poll = Poll::new().expect("a poll");
        self.driver = driver(&self.poll, config);
    }

    fn send(&mut self, request: Request) -> Result<Reply, Error> {
        let id = self.submit(request);
        self.turn_until(None, |world| world.is_over(id));
        self.collect(id)
    }

    fn send_from(&mut self, request: Request, source: Source) -> Result<Reply, Error> {
        let watched = Watched {
            content: Some((source, request.trailers().clone())),
            ..Watched::default()
        };
        let id = self.watch(request, watched);
        self.turn_until(None, |world| world.is_over(id));
        self.collect(id)
    }

    fn upgrade(&mut self, request: Request, words: &[u8]) -> Result<Upgrade, Error> {
        let id = self.submit(request);
        self.turn_until(None, |world| world.is_over(id));
        let switched = self.under_way.get(&id).is_some_and(|it| it.switched);
        let reply = self.collect(id)?;
        let upgraded = self.driver.take_upgraded(id);
        assert_eq!(upgraded.is_some(), switched);
        let heard = upgraded.map(|upgraded| converse(upgraded, words));
        Ok(Upgrade { reply, heard })
    }

    fn send_all(&mut self, requests: Vec<Request>) -> Vec<Result<Reply, Error>> {
        let ids: Vec<_> = requests
            .into_iter()
            .map(|request| self.submit(request))
            .collect();
        self.turn_until(None, |world| ids.iter().all(|id| world.is_over(*id)));
        ids.into_iter().map(|id| self.collect(id)).collect()
    }

    fn send_and_drop(&mut self, request: Request) -> Result<Reply, Error> {
        let watched = Watched {
            until: Until::Head,
            ..Watched::default()
        };
        let id = self.watch(request, watched);
        self.turn_until(None, |world| world.is_over(id));
        self.collect(id)
    }

    fn send_and_cancel(&mut self, request: Request, after: Duration) {
        let id = self.submit(request);
        self.give_up(&[id], after);
    }

    fn send_beside(
        &mut self,
        requests: Vec<(Fate, Request)>,
        after: Duration,
    ) -> Vec<Result<Reply, Error>> {
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for (fate, request) in requests {
            let id = self.submit(request);
            match fate {
                Fate::Stays => stay.push(id),
                Fate::Goes => go.push(id),
            }
        }
        self.give_up(&go, after);
        self.turn_until(None, |world| stay.iter().all(|id| world.is_over(*id)));
        stay.into_iter().map(|id| self.collect(id)).collect()
    }

    fn send_through(
        &mut self,
        request: Request,
        after: Duration,
        act: Meanwhile,
    ) -> Result<Reply, Error> {
        let id = self.submit(request);
        self.pass(after);
        self.act(act);
        self.turn_until(None, |world| world.is_over(id));
        self.collect(id)
    }

    fn send_and_dawdle(&mut self, request: Request, pause: Duration) -> Result<Reply, Error> {
        let watched = Watched {
            until: Until::Leisure,
            ..Watched::default()
        };
        let id = self.watch(request, watched);
        self.pass(pause);
        if !self.is_over(id) {
            self.of(id).until = Until::End;
            if !self.driver.content(id).is_empty() {
                self.take_content(id);
            }
        }
        self.turn_until(None, |world| world.is_over(id));
        self.collect(id)
    }

    fn pool(&mut self) -> PoolSnapshot {
        self.turn_until(Some(Duration::ZERO), |_| true);
        self.driver.pool()
    }

    fn pool_events(&mut self) -> Vec<PoolEvent> {
        std::iter::from_fn(|| self.driver.poll_pool_event()).collect()
    }

    fn cookies(&mut self, act: &mut dyn FnMut(&mut CookieJar, Duration)) {
        let wall = UNIX_EPOCH.elapsed().expect("the epoch is past");
        act(self.driver.cookies(), wall);
    }

    fn close_idle(&mut self) {
        self.driver.close_idle();
        self.turn_until(Some(Duration::ZERO), |_| true);
    }

    fn close(&mut self) {
        self.driver.close();
        self.turn_until(Some(Duration::ZERO), |_| true);
    }

    fn refused(&mut self) -> String {
        crate::refused()
    }

    fn unreachable(&mut self) -> Option<String> {
        crate::unreachable()
    }

    fn pass(&mut self, time: Duration) {
        self.turn_until(Some(time), |_| false);
    }
}

/// Given a loop that did not poll while an idle connection got octets, or its end, then the next request is not answered
/// by them, and does not fail because of them.
#[test]
fn what_came_while_nobody_polled_is_no_answer() {
    use sessile_core::RequestBuilder;
    use sessile_tests::origin::{Act, Scripted, response};

    for last in [Act::Send(response(200, &[], b"poison")), Act::Finish] {
        let mut world = DriverWorld::new();
        let served = world.serve(Arc::new(Scripted::new(move |request| {
            let answer = Act::Send(response(200, &[], request.path().as_bytes()));
            vec![answer, Act::Pause(Duration::from_millis(20)), last.clone()]
        })));
        for number in 1..=2 {
            let path = format!("/{number}");
            let request = RequestBuilder::new("GET", served.url(&path))
                .build()
                .expect("a request");
            let reply = world.send(request).expect("an answer");
            assert_eq!((reply.text(), reply.connection.number), (&*path, number));
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
