//! A connection without an engine, in the hands of a driver that does not keep to the order of calls.

use std::sync::Arc;

use sessile_core::{
    Connection, ContentPlan, Failure, Leniency, Method, Now, Received, RequestPlan, Rules, Scratch,
};

const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn begun(rules: Rules) -> Connection {
    let mut connection = Connection::new(Arc::new(rules));
    let plan = RequestPlan::new(&Method::GET, ContentPlan::None);
    let begun = connection.start(Now::default(), plan, HEAD, Scratch::default());
    begun.expect("it is new");
    connection
}

/// Given a request half sent, when its memory is taken away, then nothing more is sent and the connection is useless.
#[test]
fn memory_taken_from_a_request_breaks_it_off() {
    let mut connection = begun(Rules::default());
    assert_eq!(connection.outgoing(b"").len(), HEAD.len());
    connection.sent(Now::default(), 5);
    connection.take_scratch();
    assert!(connection.outgoing(b"content").is_empty());
    assert!(matches!(connection.poll(), Err(Failure::Transport(_))));
    assert!(connection.renew().is_err());
}

/// Given a response half read, when its memory is taken away, then what comes next is not read on from its middle.
#[test]
fn memory_taken_from_a_response_breaks_it_off() {
    let leniency = Leniency {
        bare_line_feed: true,
        ..Leniency::default()
    };
    let mut connection = begun(Rules {
        leniency,
        ..Rules::default()
    });
    let now = Now::default();
    connection.outgoing(b"");
    connection.sent(now, HEAD.len());
    connection.feed(now, b"HTTP/1.1 200 OK\nA: 1234567890\nB");
    assert!(matches!(connection.poll(), Ok(Received::NeedMore)));
    connection.take_scratch();
    connection.feed(now, b"HTTP/1.1 200 OK\n");
    assert!(matches!(connection.poll(), Err(Failure::Transport(_))));
}

/// Given a driver that reports more octets than there was room for, then they are not made up.
#[test]
fn octets_that_had_no_room_do_not_count() {
    let mut connection = begun(Rules::default());
    let now = Now::default();
    connection.outgoing(b"");
    connection.sent(now, HEAD.len());
    connection.received(now, 5);
    assert!(matches!(connection.poll(), Ok(Received::NeedMore)));
}

/// Given an expectation without content, then there is nothing to hold: the request is complete when its head is out, and
/// the connection can be used again.
#[test]
fn an_expectation_without_content_holds_nothing() {
    let mut connection = Connection::default();
    let mut plan = RequestPlan::new(&Method::GET, ContentPlan::None);
    plan.expects_continue = true;
    let now = Now::default();
    let begun = connection.start(now, plan, HEAD, Scratch::default());
    begun.expect("it is new");
    connection.outgoing(b"");
    connection.sent(now, HEAD.len());
    assert!(!connection.interest(true).write);
    connection.feed(now, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert!(matches!(connection.poll(), Ok(Received::Interim(_))));
    connection.feed(now, b"HTTP/1.1 204 No Content\r\n\r\n");
    assert!(matches!(connection.poll(), Ok(Received::Head(_))));
    assert_eq!(connection.renew(), Ok(()));
}
