//! An answer, and the end of the stream, that come together with the opening of the connection: an edge-triggered poll
//! tells of all of it at once, and only once (epoll(7)).

use std::thread;
use std::time::Duration;

use sessile_core::Config;
use sessile_mio::blocking::Session;

use crate::peers::{Turns, busy};
use crate::{get, milliseconds};

/// Time for a peer on loopback to say all it has to say.
const A_WHILE: Duration = milliseconds(200);

/// Given a peer that answers and ends the stream before it was asked, when the loop hears of it together with the
/// opening, then that is the answer.
#[test]
fn an_answer_that_came_with_the_opening_is_heard_by_the_driver() {
    let served = busy();
    let mut turns = Turns::new(Config::default());
    turns.begin(get(&served.url("/")));
    thread::sleep(A_WHILE);
    let answer = turns.end(milliseconds(10_000), Duration::ZERO);
    assert_eq!(answer.expect("an answer").0, 503);
}

/// Given such a peer, when many threads ask it at once, so that some hear late of their opening, then each has the
/// answer, and none waits for its time to be up.
#[test]
fn an_answer_that_came_with_the_opening_is_heard_by_threads() {
    let served = busy();
    let mut config = Config::default();
    config.timeouts.read = Some(milliseconds(5000));
    let session = Session::with(config).expect("a session");
    let threads = (0..16).map(|_| {
        let (session, url) = (session.clone(), served.url("/"));
        thread::spawn(move || {
            for _ in 0..12 {
                let response = session.get(&url).send().expect("an answer");
                assert_eq!(response.status(), 503);
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().expect("each has its answer");
    }
}
