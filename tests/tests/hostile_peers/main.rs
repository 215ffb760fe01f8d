//! Peers, applications and clocks at their worst, over real sockets, with each of the three drivers.
//!
//! What matters in here is when things happen: what comes together with the opening of a connection, whose time it is
//! that passes, who sleeps while a limit runs out. Times are long against the noise of a busy machine, and what is
//! asserted is which end a request comes to, seldom how soon.

mod late;
mod limits;
mod openings;
mod pace;
mod peers;
mod wakers;

use std::thread;
use std::time::Duration;

use sessile_core::{Config, Content, Error, ErrorKind, Request, RequestBuilder};

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn get(url: &str) -> Request {
    let request = RequestBuilder::new("GET", url).build();
    request.expect("a request")
}

/// Runs `act` on a thread of its own, which may never come back.
fn within<R: Send + 'static>(limit: Duration, act: impl FnOnce() -> R + Send + 'static) -> R {
    let (tell, told) = std::sync::mpsc::channel();
    // If nobody listens any more, it was too late.
    thread::spawn(move || tell.send(act()).is_ok());
    told.recv_timeout(limit).expect("it hangs")
}

fn assert_refused<R>(result: Result<R, Error>) {
    match result {
        Err(error) => assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}"),
        Ok(_) => panic!("nobody can have handed the content over"),
    }
}

/// Given content that the driver's user is to hand over piece by piece, when a session that cannot take any is asked to
/// send it, then it refuses at once.
#[test]
fn a_session_refuses_content_that_it_cannot_be_handed() {
    let served = peers::silent();
    let url = served.url("/");
    let request = move || {
        let content = Content::Stream { length: Some(5) };
        let request = RequestBuilder::new("POST", &url).content(content);
        request.build().expect("a request")
    };
    within(milliseconds(10_000), move || {
        let mut config = Config::default();
        config.timeouts.deadline = None;
        let session = sessile_mio::blocking::Session::with(config.clone());
        assert_refused(session.expect("a session").send(request()));
        let session = sessile_async_std::Session::with(config).expect("a session");
        assert_refused(async_std::task::block_on(session.send(request())));
    });
}
