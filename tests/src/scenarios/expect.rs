//! Content that is held until the peer asks for it (RFC 9110 §10.1.1).
//!
//! Each case is run with content in memory and with content from a source.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sessile_core::{Config, Error, ExpectContinue, RequestBuilder};

use super::milliseconds;
use super::peers::{send, text, twice};
use super::uploads::post_of;
use super::{answered, eventually, get, nothing_left};
use crate::origin::{Act, head, response};
use crate::source::Source;
use crate::world::{Reply, Served, World};

const CONTENT: &[u8] = b"what was held";

/// Where the content of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    InMemory,
    InSource,
}

const BOTH: [Kept; 2] = [Kept::InMemory, Kept::InSource];

/// Sends content that is to be held; the answer, and how many octets were taken from the source, if there is one.
fn ask(world: &mut dyn World, url: &str, kept: Kept) -> (Result<Reply, Error>, usize) {
    let expecting = |request: RequestBuilder| {
        let request = request.expect_continue(ExpectContinue::Always).build();
        request.expect("a request")
    };
    match kept {
        Kept::InMemory => {
            let request = RequestBuilder::new("POST", url).body(CONTENT);
            (world.send(expecting(request)), 0)
        }
        Kept::InSource => {
            let source = Source::of(&[&CONTENT[..4], &CONTENT[4..]]);
            let request = post_of(url, Some(CONTENT.len() as u64));
            let answer = world.send_from(expecting(request), source.clone());
            (answer, source.given())
        }
    }
}

fn expects(head: &str) -> bool {
    head.contains("\r\nExpect: 100-continue\r\n")
}

/// A configuration that waits for a 100 for this long.
fn waiting(limit: u64) -> Config {
    let mut config = Config::default();
    config.timeouts.expect_continue = Some(milliseconds(limit));
    config
}

/// Longer than a scenario: without a 100, nothing moves.
fn patient() -> Config {
    waiting(60_000)
}

/// What must be so after the connection had to be given up.
fn is_closed(world: &mut dyn World, served: &Served) {
    nothing_left(world);
    eventually(world, "it is closed", |_| {
        served.closed() == served.opened()
    });
}

/// Given content that is held, when the peer says 100, then it goes out at once, and the connection goes on.
pub fn a_100_lets_the_content_go(world: &mut dyn World) {
    world.configure(patient());
    let served = world.serve(twice(
        |head_is| match expects(head_is) {
            true => vec![Act::Pause(milliseconds(20)), send(head(100, &[]))],
            false => Vec::new(),
        },
        |request| vec![send(response(200, &[], &request.content))],
    ));
    for (before, kept) in (0..).zip(BOTH) {
        let (reply, _) = ask(world, &served.url("/"), kept);
        let reply = reply.expect("an answer");
        assert_eq!(
            (&reply.content[..], &reply.interim[..]),
            (CONTENT, &[100][..])
        );
        assert_eq!(reply.connection.served, before, "{kept:?}");
    }
}

/// Given a peer that does not know the expectation, then the content goes out after a while, which is no error.
pub fn silence_lets_the_content_go_in_time(world: &mut dyn World) {
    world.configure(waiting(50));
    let served = world.serve(twice(
        |_| Vec::new(),
        |request| vec![send(response(200, &[], &request.content))],
    ));
    for (before, kept) in (0..).zip(BOTH) {
        let (reply, _) = ask(world, &served.url("/"), kept);
        let reply = reply.expect("an answer");
        assert_eq!((&reply.content[..], reply.interim.len()), (CONTENT, 0));
        assert_eq!(reply.connection.served, before, "{kept:?}");
    }
}

/// Given a 417, then the request is sent once more without the expectation, on another connection, and its content once.
pub fn a_417_is_answered_without_the_expectation(world: &mut dyn World) {
    world.configure(patient());
    let contents = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&contents);
    let served = world.serve(twice(
        |head| match expects(head) {
            true => vec![send(response(417, &[], b"no such thing"))],
            false => Vec::new(),
        },
        move |request| {
            seen.fetch_add(1, Relaxed);
            vec![send(response(200, &[], &request.content))]
        },
    ));
    for (count, kept) in (1..).zip(BOTH) {
        world.configure(patient());
        let opened = served.opened();
        let (reply, given) = ask(world, &served.url("/"), kept);
        let reply = reply.expect("an answer");
        assert_eq!(
            (reply.status, &reply.content[..]),
            (200, CONTENT),
            "{kept:?}"
        );
        assert_eq!(
            (contents.load(Relaxed), served.opened()),
            (count, opened + 2)
        );
        assert!(kept == Kept::InMemory || given == CONTENT.len());
    }
}

/// Given a 417 to a request that expected nothing, then it is a response like any other.
pub fn a_417_unasked_is_an_ordinary_response(world: &mut dyn World) {
    let served = world.serve(twice(
        |_| Vec::new(),
        |_| vec![send(response(417, &[], b"odd"))],
    ));
    for before in 0..2 {
        let reply = answered(world, super::post(&served.url("/"), "content"));
        assert_eq!((reply.status, reply.connection.served), (417, before));
    }
}

/// Given a final answer while content is held, then that is the response, the content is never sent, and the connection is
/// not used again: its peer may still wait for the content.
pub fn a_final_answer_keeps_the_content_back(world: &mut dyn World) {
    world.configure(patient());
    let served = world.serve(twice(
        |_| vec![send(response(401, &[], b"who are you?"))],
        |request| panic!("{:?} was sent", request.content),
    ));
    for (number, kept) in (1..).zip(BOTH) {
        let (reply, given) = ask(world, &served.url("/"), kept);
        let reply = reply.expect("an answer");
        assert_eq!((reply.status, reply.text()), (401, "who are you?"));
        assert_eq!((reply.connection.number, given), (number, 0), "{kept:?}");
        is_closed(world, &served);
    }
}

/// Given a 100 after the content has gone out by itself, then it is shown and changes nothing.
pub fn a_late_100_changes_nothing(world: &mut dyn World) {
    world.configure(waiting(30));
    let served = world.serve(twice(
        |_| Vec::new(),
        |request| {
            let last = send(response(200, &[], &request.content));
            vec![send(head(100, &[])), Act::Pause(milliseconds(10)), last]
        },
    ));
    for (before, kept) in (0..).zip(BOTH) {
        let (reply, _) = ask(world, &served.url("/"), kept);
        let reply = reply.expect("an answer");
        assert_eq!(
            (&reply.content[..], &reply.interim[..]),
            (CONTENT, &[100][..])
        );
        assert_eq!(reply.connection.served, before, "{kept:?}");
    }
}

/// Given a 103 while content is held, then it is shown, and the content waits on for the 100.
pub fn early_hints_let_nothing_go(world: &mut dyn World) {
    world.configure(patient());
    let moment = Arc::new(AtomicUsize::new(0));
    let (before_100, seen) = (Arc::clone(&moment), moment);
    let served = world.serve(twice(
        move |_| {
            before_100.fetch_add(1, Relaxed);
            let hints = head(103, &[("Link", "</style>; rel=preload")]);
            vec![
                send(hints),
                Act::Pause(milliseconds(30)),
                send(response(401, &[], b"no")),
            ]
        },
        |request| panic!("{:?} was sent", request.content),
    ));
    for (count, kept) in (1..).zip(BOTH) {
        let (reply, given) = ask(world, &served.url("/"), kept);
        let reply = reply.expect("an answer");
        assert_eq!((reply.status, &reply.interim[..]), (401, &[103][..]));
        assert_eq!((seen.load(Relaxed), given), (count, 0), "{kept:?}");
        is_closed(world, &served);
    }
}

/// Given the session's policy, then it is asked for content above the limit alone.
pub fn the_policy_asks_for_large_content_only(world: &mut dyn World) {
    let mut config = patient();
    config.expect_continue = ExpectContinue::Above(CONTENT.len() as u64);
    world.configure(config);
    let served = world.serve(twice(
        |head_is| match expects(head_is) {
            true => vec![send(head(100, &[]))],
            false => Vec::new(),
        },
        |request| match request.field("expect") {
            Some(_) => vec![text("asked")],
            None => vec![text("sent")],
        },
    ));
    let url = served.url("/");
    for (content, said) in [
        (CONTENT.to_vec(), "sent"),
        ([CONTENT, b"."].concat(), "asked"),
    ] {
        assert_eq!(
            answered(world, super::post(&url, content.clone())).text(),
            said
        );
        let request = post_of(&url, Some(content.len() as u64)).build();
        let reply = world.send_from(request.expect("a request"), Source::of(&[&content]));
        assert_eq!(reply.expect("an answer").text(), said);
    }
    assert_eq!(answered(world, get(&url)).text(), "sent");
}
