//! Requests that wait: what it costs that one of them gives up, or is looked at when its time is up.
//!
//! Ten requests in one queue are set beside ten thousand. They leave in an order that is not the queue's: whoever looks
//! for them from its front finds them in the middle.

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{Config, Engine, Now, PoolLimits, Request, RequestBuilder, RequestId, Timeouts};

use super::driver::{Driver, config, requests};
use crate::scenarios::Exchange;

/// The most that wait at once, in one queue or in many.
const MOST: usize = 10_000;
/// How far the next to leave stands behind the last one, round and round: it has no factor in common with a queue's
/// length, so everybody's turn comes.
const STRIDE: usize = 6_007;

/// Engines with a queue each, and who is to leave them.
struct Leaving {
    drivers: Vec<Driver>,
    /// The last one is next.
    next: Vec<(usize, RequestId)>,
}

impl Leaving {
    /// So many engines that ten thousand requests wait, of which half will leave.
    fn new(waiting: usize, queue: fn(usize) -> (Driver, Vec<RequestId>)) -> Self {
        let (drivers, queues): (Vec<_>, Vec<_>) =
            (0..MOST / waiting).map(|_| queue(waiting)).unzip();
        let mut next = Vec::new();
        for turn in 0..waiting / 2 {
            let place = (turn + 1) * STRIDE % waiting;
            next.extend(queues.iter().map(|queue| queue[place]).enumerate());
        }
        next.reverse();
        Self { drivers, next }
    }

    fn leave(&mut self) {
        let (driver, id) = self.next.pop().expect("more are to leave");
        self.drivers[driver].cancel(id);
    }
}

/// One after the other gives up who waits for any connection; there may be one, and it is never opened.
pub(crate) fn any(waiting: usize) -> Exchange {
    let mut leaving = Leaving::new(waiting, |waiting| {
        let mut driver = Driver::new(Config {
            pool: PoolLimits {
                live_per_origin: Some(1),
                ..PoolLimits::default()
            },
            ..Config::default()
        });
        let request = &requests(1)[0];
        // The list of free places grows while the first leave it: once before we count.
        for id in driver.submit_many(request, waiting) {
            driver.cancel(id);
        }
        let ids = driver.submit_many(request, waiting);
        (driver, ids)
    });
    Box::new(move || leaving.leave())
}

/// One after the other gives up who has lost a kept connection and waits for a fresh one.
pub(crate) fn fresh(waiting: usize) -> Exchange {
    let mut leaving = Leaving::new(waiting, |waiting| {
        let mut driver = Driver::new(config(waiting));
        let requests = requests(1);
        driver.fill(&requests, waiting);
        let ids = driver.submit_in_vain(&requests[0], waiting);
        (driver, ids)
    });
    Box::new(move || leaving.leave())
}

/// The time in the queue is up for one after the other, while a connection is being opened for each: they go on waiting.
pub(crate) fn overdue(waiting: usize) -> Exchange {
    let config = Config {
        timeouts: Timeouts {
            connect: None,
            ..Timeouts::default()
        },
        ..Config::default()
    };
    let mut engine = Engine::<()>::new(config).expect("the settings are valid");
    for turn in 0..waiting {
        let place = (turn + 1) * STRIDE % waiting;
        engine.submit(Now::default(), patient(place));
    }
    Box::new(move || {
        let due = engine.deadline().expect("somebody waits");
        engine.handle_deadline(Now {
            tick: due,
            ..Now::default()
        });
        assert!(engine.poll_event(Now::default()).is_none(), "nobody fails");
    })
}

/// A request with a time in the queue of its own.
fn patient(milliseconds: usize) -> Arc<Request> {
    let wait = Duration::from_secs(30) + Duration::from_millis(milliseconds as u64);
    let timeouts = Timeouts {
        pool_wait: Some(wait),
        ..Timeouts::default()
    };
    let request = RequestBuilder::new("GET", "http://10.0.0.0:8099/small").timeouts(timeouts);
    Arc::new(request.build().expect("the request is valid"))
}
