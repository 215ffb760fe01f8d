//! Content that the application pushes, at times when it need not or when nobody wants it any more.

use std::io;

use sessile_core::{
    Config, ConnectionId, Content, Engine, Event, ExpectContinue, Fields, Misuse, Now, Request,
    RequestBuilder,
};

use crate::by_hand::{
    NO_CONTENT, arrive, assert_answered, at, connect, engine, events, get, idle_connection, send,
    sent,
};

const REFUSAL: &[u8] = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";

fn pushing(expect: ExpectContinue) -> Request {
    let request = RequestBuilder::new("POST", "http://192.0.2.1/")
        .content(Content::Stream { length: None })
        .expect_continue(expect);
    request.build().expect("a request")
}

fn stall(engine: &mut Engine<()>, now: Now, connection: ConnectionId) {
    let mut live = engine.drive(connection).expect("an open connection");
    live.write(now, |(), _| Err(io::ErrorKind::WouldBlock.into()));
}

/// Given a piece that was pushed and has not gone out, when the peer refuses the expectation, then that is the answer:
/// sent once more, the request would lack the piece.
#[test]
fn a_pushed_piece_is_not_lost_to_a_refused_expectation() {
    let mut engine = engine(Config::default());
    let (id, connection) = sent(&mut engine, at(0), pushing(ExpectContinue::Always));
    assert!(events(&mut engine, at(0)).is_empty());
    let now = at(1001);
    engine.handle_deadline(now);
    let told = events(&mut engine, now);
    assert!(matches!(told[..], [Event::ContentWanted(_)]), "{told:?}");
    let pushed = engine.push_content(id, vec![b'a'; 4000].into());
    pushed.expect("it was asked for");
    stall(&mut engine, now, connection);
    arrive(&mut engine, now, connection, REFUSAL);
    assert_answered(&events(&mut engine, now), id);
}

/// Given content that was ended before anybody asked for it, then the same: nobody would end it again.
#[test]
fn an_early_end_of_content_is_not_lost_to_a_refused_expectation() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let (id, connection) = sent(&mut engine, now, pushing(ExpectContinue::Always));
    let finished = engine.finish_content(now, id, Fields::new());
    assert_eq!(finished, Ok(()));
    arrive(&mut engine, now, connection, REFUSAL);
    assert_answered(&events(&mut engine, now), id);
}

/// Given a piece that was pushed before anybody asked for it, when the kept connection turns out to be dead, then the
/// request fails: sent once more, it would lack the piece.
#[test]
fn a_pushed_piece_is_not_lost_with_a_dead_connection() {
    let mut engine = engine(Config::default());
    let connection = idle_connection(&mut engine, at(0));
    let now = at(10);
    let id = engine.submit(now, pushing(ExpectContinue::Never));
    assert!(events(&mut engine, now).is_empty());
    let pushed = engine.push_content(id, "piece".into());
    assert_eq!(pushed, Ok(()));
    let mut live = engine.drive(connection).expect("an open connection");
    live.read(now, |(), _| Ok(0));
    drop(live);
    let told = events(&mut engine, now);
    assert!(matches!(told[..], [Event::Failed(_, _)]), "{told:?}");
}

/// Given an answer that came early, when the application ends its content, with trailer fields even, then it is told
/// that nobody wants to know, and the response goes on.
#[test]
fn ending_content_after_an_early_answer_does_not_cost_the_answer() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let (id, connection) = sent(&mut engine, now, pushing(ExpectContinue::Never));
    let told = events(&mut engine, now);
    assert!(matches!(told[..], [Event::ContentWanted(_)]), "{told:?}");
    let answer = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\n";
    arrive(&mut engine, now, connection, answer);
    let told = events(&mut engine, now);
    assert!(matches!(told[..], [Event::Head(_)]), "{told:?}");
    let mut trailers = Fields::new();
    trailers.append("X-Sum", "1").expect("valid");
    let finished = engine.finish_content(now, id, trailers);
    assert_eq!(finished, Err(Misuse::NoContent));
    arrive(&mut engine, now, connection, b"no");
    let told = events(&mut engine, now);
    assert!(matches!(told[..], [Event::Content(_)]), "{told:?}");
}

/// Given a driver that has lent content of its own, and stopped in its middle, when the application ends the content it
/// was asked for, then the request stops, and its connection is not used again.
#[test]
fn an_end_in_the_middle_of_lent_content_completes_nothing() {
    let (mut engine, now) = (engine(Config::default()), at(0));
    let (id, connection) = sent(&mut engine, now, pushing(ExpectContinue::Never));
    let told = events(&mut engine, now);
    assert!(matches!(told[..], [Event::ContentWanted(_)]), "{told:?}");
    let mut live = engine.drive(connection).expect("an open connection");
    let mut room = 100;
    live.write_from(now, &[b'a'; 4000], |(), _| {
        match std::mem::take(&mut room) {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            octets => Ok(octets),
        }
    });
    drop(live);
    let finished = engine.finish_content(now, id, Fields::new());
    assert_eq!(finished, Ok(()));
    send(&mut engine, now, connection);
    arrive(&mut engine, now, connection, NO_CONTENT);
    assert_answered(&events(&mut engine, now), id);
    assert!(engine.pool(Now::default()).origins.is_empty());
}

/// Given a source that fails before its request has a connection, then the request fails, and leaves nothing behind.
#[test]
fn content_that_is_aborted_early_fails_its_request() {
    let mut config = Config::default();
    config.pool.live_per_origin = Some(1);
    let (mut engine, now) = (engine(config), at(0));
    let id = engine.submit(now, pushing(ExpectContinue::Never));
    engine.abort_content(now, id, io::ErrorKind::Other);
    let told = events(&mut engine, now);
    assert!(
        matches!(told[..], [Event::Failed(failed, _)] if failed == id),
        "{told:?}"
    );
    let connection = connect(&mut engine, now).expect("it was dialled all the same");
    assert_eq!(engine.pool(Now::default()).origins[0].idle, 1);

    // Granted, and not begun.
    let id = engine.submit(now, pushing(ExpectContinue::Never));
    engine.abort_content(now, id, io::ErrorKind::Other);
    let told = events(&mut engine, now);
    assert!(
        matches!(told[..], [Event::Failed(failed, _)] if failed == id),
        "{told:?}"
    );
    let next = engine.submit(now, get("/"));
    assert!(events(&mut engine, now).is_empty());
    send(&mut engine, now, connection);
    arrive(&mut engine, now, connection, NO_CONTENT);
    assert_answered(&events(&mut engine, now), next);
}
