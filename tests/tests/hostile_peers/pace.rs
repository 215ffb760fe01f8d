//! The application's own time is not the peer's: while it does something else, no limit on reading runs.

use std::thread;
use std::time::Duration;

use async_std::task;
use sessile_core::Config;
use sessile_tests::loopback::Loopback;
use sessile_tests::origin::{Act, head};

use crate::peers::{Turns, answering};
use crate::{get, milliseconds};

/// How long the peer may be silent.
const LIMIT: Duration = milliseconds(1000);

/// Announces four octets, sends `first` of them with the head, and the others after the pause.
fn pausing(first: usize, pause: Duration) -> Loopback {
    let head = head(200, &[("Content-Length", "4")]);
    let (first, others) = b"hiho".split_at(first);
    answering(vec![
        Act::Send([&head, first].concat()),
        Act::Pause(pause),
        Act::Send(others.to_vec()),
    ])
}

fn config() -> Config {
    let mut config = Config::default();
    config.timeouts.read = Some(LIMIT);
    config
}

/// Given content that lies there in part, when the task takes longer than the peer may, before it asks for any, then the
/// content is whole: the limit holds from its asking on.
#[test]
fn a_task_may_take_its_time_before_the_first_chunk() {
    let served = pausing(2, LIMIT + LIMIT / 2);
    let session = sessile_async_std::Session::with(config()).expect("a session");
    task::block_on(async {
        let response = session.get(served.url("/")).send().await;
        task::sleep(2 * LIMIT).await;
        let text = response.expect("an answer").text().await;
        assert_eq!(text.expect("all of it"), "hiho");
    });
}

/// Given content that is still to come, when the thread takes longer than the peer may, before it asks for any, then it
/// still waits for the peer.
#[test]
fn a_thread_may_take_its_time_before_the_first_chunk() {
    let served = pausing(0, LIMIT + LIMIT / 2);
    let session = sessile_mio::blocking::Session::with(config()).expect("a session");
    let response = session.get(served.url("/")).send().expect("an answer");
    thread::sleep(LIMIT + LIMIT / 5);
    assert_eq!(response.text().expect("all of it"), "hiho");
}

/// Given content that comes in pieces, when the application does not turn its loop for longer than the peer may be
/// silent, then the content is whole.
#[test]
fn a_loop_may_take_its_time_over_a_piece() {
    let served = pausing(2, milliseconds(100));
    let mut turns = Turns::new(config());
    turns.begin(get(&served.url("/")));
    let answer = turns.end(10 * LIMIT, LIMIT + LIMIT / 5);
    assert_eq!(answer.expect("an answer").1, b"hiho");
}
