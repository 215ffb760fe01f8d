//! Loops that drive in place as they like: when they read their clock, when they hand content over.

use std::io::ErrorKind;
use std::time::Duration;

use sessile_core::{
    Command, Config, Content, Engine, Event, ExpectContinue, Fields, Now, Readiness,
    RequestBuilder, Tick,
};

/// Given a driver that reads its clock before every call, when it sends several requests on one connection, then each
/// goes out: the look before reuse is asked for once, not in every turn anew.
#[test]
fn a_clock_that_moves_at_every_call_holds_nothing_back() {
    let mut engine = Engine::<()>::new(Config::default()).expect("valid");
    let mut now = Now::default();
    for _ in 0..3 {
        let request = RequestBuilder::new("GET", "http://192.0.2.1/")
            .build()
            .expect("a request");
        engine.submit(now, request);
        let mut written = 0;
        for turn in 0.. {
            assert!(turn < 20, "the request does not come to its end");
            now = now.after(Duration::from_millis(1));
            if let Some(event) = engine.poll_event(now) {
                if matches!(event, Event::End(_)) {
                    break;
                }
            } else if let Some(Command::Dial { connection, .. }) = engine.poll_command() {
                engine
                    .deposit(connection, ())
                    .expect("a dial that is wanted");
                engine.handle_connected(now, connection);
            } else if let Some(connection) = engine.poll_ready() {
                let mut live = engine.drive(connection).expect("it is ready");
                live.write(now, |(), outgoing| {
                    written = outgoing.len();
                    Ok(written)
                });
                live.read(now, |(), _| Err(ErrorKind::WouldBlock.into()));
            } else if written > 0 {
                let connection = engine.connection_at(0).expect("the only one");
                let mut live = engine.drive(connection).expect("it is ready");
                live.note_ready(Readiness {
                    read: true,
                    ..Readiness::default()
                });
                let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
                live.read(now, |(), space| {
                    space[..answer.len()].copy_from_slice(answer);
                    Ok(answer.len())
                });
            }
        }
    }
    assert_eq!(engine.pool(Now::default()).counters.opened, 1);
}

/// Given content that is pushed, when its end is told after the last piece has gone out, then the end goes out too: the
/// connection is named again for it.
#[test]
fn a_late_end_of_content_goes_out() {
    let now = Now::default();
    let mut engine = Engine::<Vec<u8>>::new(Config::default()).expect("valid");
    let request = RequestBuilder::new("POST", "http://192.0.2.1/")
        .content(Content::Stream { length: None })
        .build();
    let id = engine.submit(now, request.expect("a request"));
    let mut sent = Vec::new();
    let mut pieces = [&b"piece"[..], b""].into_iter();
    loop {
        if let Some(event) = engine.poll_event(now) {
            assert!(matches!(event, Event::ContentWanted(_)), "{event:?}");
            match pieces.next() {
                Some(b"") | None => engine.finish_content(now, id, Fields::new()),
                Some(piece) => engine.push_content(id, piece.into()),
            }
            .expect("it was asked for");
        } else if let Some(command) = engine.poll_command() {
            let Command::Dial { connection, .. } = command else {
                panic!("{command:?}");
            };
            engine.deposit(connection, Vec::new()).expect("wanted");
            engine.handle_connected(now, connection);
        } else if let Some(connection) = engine.poll_ready() {
            let mut live = engine.drive(connection).expect("it is ready");
            live.write(now, |io, outgoing| outgoing.write_to(io));
            live.read(now, |_, _| Err(ErrorKind::WouldBlock.into()));
            sent.clone_from(&live.io);
        } else {
            break;
        }
    }
    assert!(
        sent.ends_with(b"\r\n\r\n5\r\npiece\r\n0\r\n\r\n"),
        "{sent:?}"
    );
}

/// Given content that is held for a 100, when none has come for long enough, then the loop is told to move the connection
/// on, and the content goes out.
#[test]
fn held_content_goes_out_when_its_time_is_up() {
    let mut now = Now::default();
    let mut engine = Engine::<Vec<u8>>::new(Config::default()).expect("valid");
    let request = RequestBuilder::new("POST", "http://192.0.2.1/")
        .expect_continue(ExpectContinue::Always)
        .body("held")
        .build();
    engine.submit(now, request.expect("a request"));
    let mut sent = Vec::new();
    for seconds in 0..2 {
        now = Now::new(
            Tick::default().after(Duration::from_secs(seconds)),
            now.wall,
        );
        engine.handle_deadline(now);
        loop {
            if let Some(event) = engine.poll_event(now) {
                panic!("{event:?}");
            } else if let Some(Command::Dial { connection, .. }) = engine.poll_command() {
                engine.deposit(connection, Vec::new()).expect("wanted");
                engine.handle_connected(now, connection);
            } else if let Some(connection) = engine.poll_ready() {
                let mut live = engine.drive(connection).expect("it is ready");
                live.write(now, |io, outgoing| outgoing.write_to(io));
                live.read(now, |_, _| Err(ErrorKind::WouldBlock.into()));
                sent.clone_from(&live.io);
            } else {
                break;
            }
        }
        assert_eq!(sent.ends_with(b"\r\n\r\nheld"), seconds == 1, "{seconds} s");
    }
}
