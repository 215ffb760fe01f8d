//! Wakers that run an executor's code in awkward moments: when they are dropped, and while they are cloned.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::thread;

use sessile_async_std::Session;

use crate::peers::{greeting, silent};
use crate::{milliseconds, within};

/// A waker whose end asks the session something.
struct Asking(Session);

impl Wake for Asking {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.pool();
    }
}

/// Given wakers whose drop uses the session, when a request replaces one by the next, then nothing waits for itself.
#[test]
fn a_waker_may_use_the_session_when_it_is_dropped() {
    let served = greeting();
    let url = served.url("/");
    within(milliseconds(10_000), move || {
        let session = Session::new();
        let mut sending = pin!(session.get(&url).send());
        for _ in 0..3 {
            let waker = Arc::new(Asking(session.clone())).into();
            // Whether the answer is here by now is not the question.
            if sending
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                break;
            }
        }
    });
}

/// How many milliseconds the next clone of a [`sluggish`] waker takes.
static NEXT_CLONE_TAKES: AtomicU64 = AtomicU64::new(0);

static WOKEN: AtomicBool = AtomicBool::new(false);

/// A waker that notes in [`WOKEN`] that it was woken, and that may take its time to be cloned. Two of them wake
/// different tasks if one `counts` and the other does not.
fn sluggish(counts: &'static AtomicBool) -> Waker {
    fn clone(counts: *const ()) -> RawWaker {
        let milliseconds = NEXT_CLONE_TAKES.swap(0, SeqCst);
        thread::sleep(std::time::Duration::from_millis(milliseconds));
        RawWaker::new(counts, &TABLE)
    }
    fn wake(counts: *const ()) {
        WOKEN.fetch_or(
            std::ptr::eq(counts, std::ptr::from_ref(&WOKEN).cast()),
            SeqCst,
        );
    }
    fn nothing(_: *const ()) {}
    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, nothing);
    let waker = RawWaker::new(std::ptr::from_ref(counts).cast(), &TABLE);
    #[expect(unsafe_code, reason = "only a raw waker has a clone of its own")]
    // SAFETY: the table's functions own nothing, may be called from any thread, and only compare the pointer.
    unsafe {
        Waker::from_raw(waker)
    }
}

/// Given a request that moves to another task, when its deadline passes just while the new task's waker is taken, then
/// the new task hears of it.
#[test]
fn a_request_that_changes_its_task_hears_of_its_deadline() {
    static ELSEWHERE: AtomicBool = AtomicBool::new(false);
    let served = silent();
    let session = Session::new();
    let request = session.get(served.url("/")).timeout(milliseconds(600));
    let mut sending = pin!(request.send());
    let (before, after) = (sluggish(&ELSEWHERE), sluggish(&WOKEN));
    // By and by the connection stands, and the request is out.
    for pause in [100, 20, 20, 20] {
        let poll = sending.as_mut().poll(&mut Context::from_waker(&before));
        assert!(poll.is_pending());
        thread::sleep(milliseconds(pause));
    }
    NEXT_CLONE_TAKES.store(1000, SeqCst);
    match sending.as_mut().poll(&mut Context::from_waker(&after)) {
        Poll::Ready(result) => assert!(result.is_err_and(|error| error.is_timeout())),
        Poll::Pending => {
            thread::sleep(milliseconds(1000));
            assert!(WOKEN.load(SeqCst), "the task sleeps on");
        }
    }
}
