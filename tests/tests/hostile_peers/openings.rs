//! An answer, and the end of the stream, that come together with the opening of the connection: an edge-triggered poll
//! tells of all of it at once, and only once (epoll(7)).

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use async_std::task;
use sessile_core::Config;
use sessile_mio::blocking::Session;

use crate::peers::{Turns, busy, tired_at_first};
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

/// Given a connection whose request was given up while it was dialled, and whose peer has said meanwhile that it waits no
/// longer, when a request that may not be sent twice is granted it, then it is answered by another connection.
#[test]
fn what_was_said_to_nobody_answers_no_later_request() {
    // On a busy machine the dial may be done, and the answer here, within the one poll: then there was nobody to give up.
    let given_up = (0..50).any(|_| is_given_up_unanswered());
    assert!(
        given_up,
        "the peer is always asked and heard within one poll"
    );
}

/// Whether a request was given up before its answer; if so, the next one was answered by another connection.
fn is_given_up_unanswered() -> bool {
    let served = tired_at_first();
    let (url, session) = (served.url("/"), sessile_async_std::Session::new());
    let pending = task::block_on(async {
        // It is sent and given up within one poll.
        let mut sending = Box::pin(session.get(&url).send());
        let pending = poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx).is_pending())).await;
        drop(sending);
        if pending {
            task::sleep(A_WHILE).await;
            let response = session.post(&url).body("x").send().await;
            assert_eq!(response.expect("an answer").status(), 200);
        }
        pending
    });
    assert!(!pending || served.opened() == 2);
    pending
}
