//! The world of the mio driver: one loop, one thread, everything at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use sessile_core::{Config, Error, Event, PoolSnapshot, Request, RequestId};
use sessile_mio::Driver;
use sessile_tests::origin::Site;
use sessile_tests::world::{Arrival, Reply, Served, World, lines};

const WAKE: Token = Token(0);

pub(crate) struct DriverWorld {
    poll: Poll,
    driver: Driver,
    under_way: BTreeMap<RequestId, Watched>,
}

/// A request under way and what has come of it.
#[derive(Default)]
struct Watched {
    interim: Vec<u16>,
    reply: Option<Reply>,
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
        let id = self.driver.submit(request);
        self.under_way.insert(id, Watched::default());
        id
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
            let next = [end, self.driver.deadline()].into_iter().flatten().min();
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
                let connection = self.driver.connection_info(id).expect("a connection");
                let mut reply = Reply::new(head, connection);
                reply.trailers = Some(Vec::new());
                self.of(id).reply = Some(reply);
            }
            Event::Content(id) => {
                let content = self.driver.content(id).to_vec();
                self.driver.consume(id, content.len());
                let reply = self.of(id).reply.as_mut().expect("a head came first");
                reply.content.extend_from_slice(&content);
            }
            Event::Trailers(id) => {
                let trailers = lines(self.driver.trailers(id).expect("trailers"));
                let reply = self.of(id).reply.as_mut().expect("a head came first");
                reply.trailers = Some(trailers);
            }
            Event::End(id) => self.of(id).end = Some(Ok(())),
            Event::Failed(id, error) => self.of(id).end = Some(Err(error)),
            other => panic!("an event without a meaning here: {other:?}"),
        }
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
        reply.interim = Some(watched.interim);
        Ok(reply)
    }

    fn is_over(&self, id: RequestId) -> bool {
        self.under_way
            .get(&id)
            .is_none_or(|watched| watched.end.is_some())
    }

    fn cancel(&mut self, id: RequestId) {
        self.driver.cancel(id);
        self.under_way.remove(&id);
        self.turn_until(Some(Duration::ZERO), |_| true);
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

    fn send_all(&mut self, requests: Vec<Request>) -> Vec<Result<Reply, Error>> {
        let ids: Vec<_> = requests
            .into_iter()
            .map(|request| self.submit(request))
            .collect();
        self.turn_until(None, |world| ids.iter().all(|id| world.is_over(*id)));
        ids.into_iter().map(|id| self.collect(id)).collect()
    }

    fn send_and_drop(&mut self, request: Request) -> Result<Reply, Error> {
        let id = self.submit(request);
        let has_head = |world: &Self| {
            world
                .under_way
                .get(&id)
                .is_none_or(|watched| watched.reply.is_some() || watched.end.is_some())
        };
        // The loop tells all that has come; a head is one of several events then, and content may be consumed.
        self.turn_until(None, has_head);
        let watched = self.under_way.get(&id).expect("a request under way");
        if let Some(Err(_)) = watched.end {
            return self.collect(id);
        }
        let mut reply = watched.reply.clone().expect("a head");
        reply.content.clear();
        self.cancel(id);
        Ok(reply)
    }

    fn send_and_cancel(&mut self, request: Request, after: Duration) {
        let id = self.submit(request);
        self.turn_until(Some(after), |world| world.is_over(id));
        assert!(
            !self.is_over(id),
            "no head was to come before the request was given up"
        );
        self.cancel(id);
    }

    fn send_beside(
        &mut self,
        stays: Request,
        goes: Request,
        after: Duration,
    ) -> Result<Reply, Error> {
        let stays = self.submit(stays);
        self.send_and_cancel(goes, after);
        self.turn_until(None, |world| world.is_over(stays));
        self.collect(stays)
    }

    fn pool(&mut self) -> PoolSnapshot {
        self.turn_until(Some(Duration::ZERO), |_| true);
        self.driver.pool()
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
