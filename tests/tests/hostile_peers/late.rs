//! An application that comes back to its response when the request's time is over: that costs this response at most,
//! never the request that has the connection next.

use std::thread;

use async_std::task;

use crate::milliseconds;
use crate::peers::greeting;

/// Given a response whose deadline passes before its content is read, when it is read all the same, then the next
/// request is answered.
#[test]
fn reading_late_does_not_cost_a_thread_its_next_request() {
    let served = greeting();
    let url = served.url("/");
    let session = sessile_mio::blocking::Session::new();
    let request = session.get(&url).timeout(milliseconds(500));
    let response = request.send().expect("an answer");
    thread::sleep(milliseconds(700));
    // A session without threads of its own lets limits pass when it is used.
    session.pool();
    // Whether the content is still to be had is not the question.
    let _ = response.text();
    let response = session.get(&url).send().expect("an answer");
    assert_eq!(response.text().expect("its content"), "hi");
}

/// Given the same in a task, then the same.
#[test]
fn reading_late_does_not_cost_a_task_its_next_request() {
    let served = greeting();
    let url = served.url("/");
    let session = sessile_async_std::Session::new();
    task::block_on(async {
        let request = session.get(&url).timeout(milliseconds(500));
        let response = request.send().await.expect("an answer");
        task::sleep(milliseconds(700)).await;
        let _ = response.text().await;
        let response = session.get(&url).send().await.expect("an answer");
        assert_eq!(response.text().await.expect("its content"), "hi");
    });
}

/// Given a response that is dropped after its deadline, when the next request is one that is not sent twice, then it is
/// answered (RFC 9110 §9.2.2).
#[test]
fn dropping_late_does_not_cost_a_task_its_next_post() {
    let served = greeting();
    let url = served.url("/");
    let session = sessile_async_std::Session::new();
    task::block_on(async {
        let request = session.get(&url).timeout(milliseconds(500));
        let response = request.send().await.expect("an answer");
        task::sleep(milliseconds(700)).await;
        drop(response);
        let response = session.post(&url).body("x").send().await;
        let response = response.expect("an answer");
        assert_eq!(response.text().await.expect("its content"), "hi");
    });
}
