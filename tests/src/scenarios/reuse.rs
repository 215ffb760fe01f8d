//! Which connections carry another request, and which must not (RFC 9112 §9).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sessile_core::{Config, RequestBuilder, Version};

use super::peers::{path, path_or, send, silence, text};
use super::{answered, eventually, get, milliseconds, nothing_left, post};
use crate::origin::{Act, chunked, head, response};
use crate::world::{Arrival, Served, World};

/// Given requests one after the other, then one connection carries them all.
pub fn requests_in_turn_share_a_connection(world: &mut dyn World) {
    let served = world.serve(path());
    for before in 0..5 {
        let path = format!("/{before}");
        let reply = answered(world, get(&served.url(&path)));
        assert_eq!(reply.text(), path);
        assert_eq!(
            (reply.connection.number, reply.connection.served),
            (1, before)
        );
    }
    let pool = world.pool();
    assert_eq!(
        (served.opened(), pool.counters.opened, pool.counters.reused),
        (1, 1, 4)
    );
    assert_eq!((pool.origins.len(), pool.origins[0].idle), (1, 1));
}

/// Given `Connection: close` in a response, then the next request has a new connection, and ours is closed even if the
/// peer does not close.
pub fn the_peer_closes_by_its_word(world: &mut dyn World) {
    let served = world.serve(path_or(|_| {
        let answer = response(200, &[("Connection", "foo, Close")], b"bye");
        Some(vec![send(answer)])
    }));
    is_not_reused(world, &served);
}

/// Given `Connection: close` in our request, then it goes out, and the next request has a new connection.
pub fn we_close_by_our_word(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let option = request.field("connection").unwrap_or_default();
        Some(vec![send(response(200, &[], option))])
    }));
    for number in 1..=2 {
        let request = RequestBuilder::new("GET", served.url("/")).header("Connection", "close");
        let reply = answered(world, request.build().expect("a request"));
        assert_eq!((reply.text(), reply.connection.number), ("close", number));
    }
    eventually(world, "both are closed", |_| served.closed() == 2);
}

/// Given a peer of HTTP/1.0, then its connection is used again only if it says `keep-alive`.
pub fn an_old_peer_is_not_asked_again(world: &mut dyn World) {
    let old = |mut octets: Vec<u8>| {
        octets[b"HTTP/1.".len()] = b'0';
        Some(vec![send(octets)])
    };
    let served = world.serve(path_or(move |_| old(response(200, &[], b"old"))));
    let reply = answered(world, get(&served.url("/")));
    assert_eq!((reply.version, reply.text()), (Version::HTTP_10, "old"));
    is_not_reused(world, &served);

    let lines = [("Connection", "Keep-Alive")];
    let served = world.serve(path_or(move |_| old(response(200, &lines, b"old"))));
    for before in 0..2 {
        let reply = answered(world, get(&served.url("/")));
        assert_eq!(reply.connection.served, before);
    }
}

fn is_not_reused(world: &mut dyn World, served: &Served) {
    let opened = served.opened();
    for count in 1..=2 {
        let reply = answered(world, get(&served.url("/")));
        assert_eq!(
            (reply.connection.served, served.opened()),
            (0, opened + count)
        );
    }
    eventually(world, "all are closed", |_| {
        served.closed() == served.opened()
    });
    nothing_left(world);
    assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
}

/// Given a peer that closes an idle connection, then the next request notices and has a new one, without an error.
pub fn a_connection_that_died_idle_is_replaced(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let answer = text(request.path());
        Some(vec![answer, Act::Pause(milliseconds(20)), Act::Finish])
    }));
    for number in 1..=3 {
        let reply = answered(world, get(&served.url("/")));
        assert_eq!(
            (reply.connection.number, reply.connection.served),
            (number, 0)
        );
        world.pass(milliseconds(100));
    }
    nothing_left(world);
}

/// Given a peer that closes directly behind its answer, without a word, then the next request has a new connection.
pub fn the_peer_closes_without_a_word(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        Some(vec![text(request.path()), Act::Finish])
    }));
    for number in 1..=3 {
        let reply = answered(world, get(&served.url("/")));
        assert_eq!(
            (reply.connection.number, reply.connection.served),
            (number, 0)
        );
        // What is still under way when we ask again cannot be known.
        world.pass(milliseconds(50));
    }
}

/// Given a POST that meets a dead idle connection, then the peer sees it exactly once.
pub fn a_dead_connection_costs_no_second_post(world: &mut dyn World) {
    let posts = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&posts);
    let served = world.serve(path_or(move |request| {
        if request.method == "POST" {
            seen.fetch_add(1, Relaxed);
        }
        let last = if request.path() == "/reset" {
            Act::Reset
        } else {
            Act::Finish
        };
        let answer = text(&String::from_utf8_lossy(&request.content));
        Some(vec![answer, Act::Pause(milliseconds(20)), last])
    }));
    for (count, path) in ["/finish", "/reset"].into_iter().enumerate() {
        answered(world, get(&served.url(path)));
        world.pass(milliseconds(100));
        let reply = answered(world, post(&served.url(path), "once"));
        assert_eq!((reply.text(), reply.connection.served), ("once", 0));
        assert_eq!(posts.load(Relaxed), count + 1);
        world.pass(milliseconds(100));
    }
}

/// An answer that nobody asked for.
const POISON: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

/// Given octets behind a response, then they end the connection and are nobody's answer (RFC 9112 §9.2).
pub fn surplus_octets_answer_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let surplus: &[u8] = match request.path() {
            "/response" => POISON,
            "/octet" => b"x",
            // Some peers send an empty line behind content, and are not worth the risk.
            "/line" => b"\r\n",
            _ => return None,
        };
        let mut answer = response(200, &[], request.path().as_bytes());
        answer.extend_from_slice(surplus);
        Some(vec![send(answer)])
    }));
    for (count, path) in ["/response", "/octet", "/line"].into_iter().enumerate() {
        let reply = answered(world, get(&served.url(path)));
        assert_eq!(reply.text(), path);
        if world.arrival() == Arrival::InPieces {
            // What is still under way when we ask again cannot be told from an answer.
            world.pass(milliseconds(50));
        }
        let reply = answered(world, get(&served.url("/next")));
        assert_eq!(
            (reply.text(), reply.connection.served),
            ("/next", 0),
            "{path}"
        );
        assert_eq!(served.opened(), 2 * (count + 1));
        // The next path must not meet the good connection.
        let closing = RequestBuilder::new("GET", served.url("/bye")).header("Connection", "close");
        let reply = answered(world, closing.build().expect("a request"));
        assert_eq!(reply.connection.served, 1);
    }
}

/// Given a response that fills a read buffer to its last octet, and octets behind it, then these answer nothing either:
/// a driver that is told of arrivals once must have looked.
pub fn surplus_behind_a_full_buffer_answers_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let size: usize = request.path().strip_prefix("/size/")?.parse().ok()?;
        let without = response(200, &[], &vec![b'x'; size]).len() - size;
        let mut answer = response(200, &[], &vec![b'x'; size - without]);
        assert_eq!(answer.len(), size);
        answer.extend_from_slice(POISON);
        Some(vec![send(answer)])
    }));
    // The sizes that buffers have.
    for size in [4, 8, 16, 32, 64].map(|size| size * 1024) {
        answered(world, get(&served.url(&format!("/size/{size}"))));
        world.pass(milliseconds(50));
        let reply = answered(world, get(&served.url("/next")));
        assert_eq!(
            (reply.text(), reply.connection.served),
            ("/next", 0),
            "{size}"
        );
        world.configure(Config::default());
    }
}

/// Given octets on an idle connection, then they end it and are nobody's answer (RFC 9112 §9.2).
pub fn octets_while_idle_answer_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let answer = text(request.path());
        let first = request.connection == 0;
        first.then(|| vec![answer, Act::Pause(milliseconds(20)), send(POISON)])
    }));
    answered(world, get(&served.url("/first")));
    world.pass(milliseconds(100));
    for before in 0..2 {
        let reply = answered(world, get(&served.url("/next")));
        assert_eq!((reply.text(), reply.connection.served), ("/next", before));
    }
    assert_eq!(served.opened(), 2);
    eventually(world, "the first is closed", |_| served.closed() == 1);
}

/// Given a response whose content is still to come when the application lets go of it, then its connection is closed.
pub fn an_unread_response_costs_its_connection(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let head = head(200, &[("Content-Length", "100000")]);
        let slow = vec![send(head), send("some"), silence(), send("more")];
        (request.path() == "/slow").then_some(slow)
    }));
    let reply = world
        .send_and_drop(get(&served.url("/slow")))
        .expect("a head");
    assert_eq!((reply.status, reply.content.len()), (200, 0));
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.number), ("/next", 2));
}

/// Given a response that has arrived whole when the application lets go of it, then its connection goes on.
pub fn a_dropped_response_that_was_complete_costs_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let empty = vec![send(response(200, &[], b""))];
        (request.path() == "/empty").then_some(empty)
    }));
    let mut paths = vec!["/empty"];
    if world.arrival() == Arrival::Whole {
        paths.push("/content");
    }
    for (before, path) in (0..).zip(paths) {
        let reply = world.send_and_drop(get(&served.url(path))).expect("a head");
        assert_eq!(
            (reply.status, reply.connection.served),
            (200, before),
            "{path}"
        );
        nothing_left(world);
        assert_eq!(world.pool().origins[0].idle, 1, "{path}");
    }
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.number), ("/next", 1));
}

/// Given a response that was let go of, when its rest is little and comes soon, then it is thrown away, and the connection
/// is used again. (Where time is real, soon is not always soon enough: one of a few must be.)
pub fn a_dropped_response_whose_rest_comes_soon_costs_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let rest = vec![b'x'; 20_000];
        let begun = send([&head(200, &[("Content-Length", "20004")]), &b"some"[..]].concat());
        let soon = vec![begun, Act::Pause(milliseconds(5)), send(rest)];
        let chunks = chunked(200, &[], &[&[b'x'; 5_000], b"and"], &[("X-Last", "1")]);
        match request.path() {
            "/length" => Some(soon),
            "/chunked" => Some(vec![send(chunks)]),
            _ => None,
        }
    }));
    for path in ["/length", "/chunked"] {
        let tries = if world.is_virtual() { 1 } else { 20 };
        let kept = (0..tries).any(|_| {
            let opened = served.opened();
            let reply = world.send_and_drop(get(&served.url(path))).expect("a head");
            world.pass(milliseconds(15));
            let next = answered(world, get(&served.url("/next")));
            assert_eq!((reply.status, next.text()), (200, "/next"));
            next.connection.number == reply.connection.number && served.opened() <= opened + 1
        });
        assert!(kept, "{path}");
        nothing_left(world);
    }
}

/// Given a response that was let go of, when its rest comes too late, then its connection is closed, and nobody has waited.
pub fn a_dropped_response_whose_rest_comes_late_is_closed(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let begun = send([&head(200, &[("Content-Length", "8")]), &b"some"[..]].concat());
        let late = vec![begun, Act::Pause(milliseconds(500)), send("more")];
        (request.path() == "/late").then_some(late)
    }));
    let reply = world.send_and_drop(get(&served.url("/late")));
    assert_eq!(reply.expect("a head").connection.number, 1);
    world.pass(milliseconds(100));
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.number), ("/next", 2));
}

/// Given a response that was let go of, when its rest turns out to be long, then its connection is closed: reading it costs
/// more than a new one.
pub fn a_dropped_response_whose_rest_is_long_is_closed(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let long = vec![b'x'; 100_000];
        match request.path() {
            "/length" => Some(vec![send(response(200, &[], &long))]),
            "/chunked" => Some(vec![send(chunked(200, &[], &[&long], &[]))]),
            "/until-close" => Some(vec![send(head(200, &[])), silence()]),
            _ => None,
        }
    }));
    for (count, path) in (1..).zip(["/length", "/chunked", "/until-close"]) {
        let reply = world.send_and_drop(get(&served.url(path)));
        assert_eq!(reply.expect("a head").connection.served, 0, "{path}");
        // A thread of a session looks when it sends.
        world.pass(milliseconds(60));
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == count);
    }
}

/// Given a peer that counts its requests down, then its connection carries so many more and is closed
/// (`Keep-Alive: max`, of RFC 2068's time and still sent).
pub fn a_hint_of_the_most_requests_is_obeyed(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let hinted = response(200, &[("Keep-Alive", "max=1")], request.path().as_bytes());
        (request.path() == "/hinted").then(|| vec![send(hinted)])
    }));
    for (path, number, before) in [
        ("/hinted", 1, 0),
        ("/plain", 1, 1),
        ("/hinted", 2, 0),
        ("/plain", 2, 1),
        ("/plain", 3, 0),
    ] {
        let reply = answered(world, get(&served.url(path)));
        let connection = (reply.connection.number, reply.connection.served);
        assert_eq!((reply.text(), connection), (path, (number, before)));
    }
    eventually(world, "two are closed", |_| served.closed() == 2);
}

/// Given a peer that says how long it keeps an idle connection, then it is used a little less long, and closed by us. (In
/// worlds without a clock of their own: the hint counts in seconds.)
pub fn a_hint_of_the_idle_time_is_obeyed(world: &mut dyn World) {
    if !world.is_virtual() {
        return;
    }
    let served = world.serve(path_or(|request| {
        let lines = [("Keep-Alive", "timeout=5")];
        Some(vec![send(response(200, &lines, request.path().as_bytes()))])
    }));
    for (pause, number, before) in [(0, 1, 0), (3_500, 1, 1), (4_500, 2, 0)] {
        world.pass(milliseconds(pause));
        let reply = answered(world, get(&served.url("/")));
        let connection = (reply.connection.number, reply.connection.served);
        assert_eq!(connection, (number, before), "{pause} ms");
    }
    world.pass(milliseconds(4_500));
    assert_eq!(served.closed(), 2);
}
