//! Connections that cease to speak HTTP (RFC 9110 §7.8): whose they are then, and what was already said on them.

use std::sync::Arc;

use sessile_core::{Request, RequestBuilder};

use super::peers::{path_or, send, silence, text};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, one_connection};
use crate::origin::{Act, Peer, RequestReader, Site, head, response};
use crate::world::World;

pub(super) fn offer(url: &str) -> Request {
    let request = RequestBuilder::new("GET", url).header("Upgrade", "echo/1");
    request.build().expect("a request")
}

fn switch() -> Vec<u8> {
    head(101, &[("Connection", "upgrade"), ("Upgrade", "echo/1")])
}

/// Switches, says something at once and a little later, and then says again what it hears, up to a full stop.
pub(super) struct Echo {
    pub(super) greeting: &'static [u8],
}

struct EchoPeer {
    greeting: &'static [u8],
    reader: Option<RequestReader>,
}

impl Site for Echo {
    fn accept(&self, connection: usize) -> Box<dyn Peer> {
        Box::new(EchoPeer {
            greeting: self.greeting,
            reader: Some(RequestReader::new(connection)),
        })
    }
}

impl Peer for EchoPeer {
    fn received(&mut self, octets: &[u8]) -> Vec<Act> {
        let Some(reader) = &mut self.reader else {
            let mut acts = vec![send(octets)];
            acts.extend(octets.contains(&b'.').then_some(Act::Finish));
            return acts;
        };
        let request = reader.read(octets).expect("a request without fault");
        if request.is_none() {
            return Vec::new();
        }
        self.reader = None;
        let whole = send([&switch(), self.greeting].concat());
        vec![whole, Act::Pause(milliseconds(20)), send("so ")]
    }
}

/// Given a 101 to an offer, then the stream is handed over, and with it exactly what the peer has said already, which is
/// heard first and once.
pub fn a_switch_hands_the_stream_over(world: &mut dyn World) {
    for greeting in [&b"welcome, "[..], b""] {
        let served = world.serve(Arc::new(Echo { greeting }));
        let upgrade = world.upgrade(offer(&served.url("/")), b"they say.");
        let upgrade = upgrade.expect("a switch");
        let reply = upgrade.reply;
        assert_eq!((reply.status, reply.content.len()), (101, 0));
        assert_eq!(reply.field("upgrade"), Some(&b"echo/1"[..]));
        let expected = [greeting, b"so they say."].concat();
        assert_eq!(upgrade.heard, Some(expected));
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == 1);
    }
}

/// Given an interim response before the switch, then it is shown as such.
pub fn a_switch_may_follow_early_hints(world: &mut dyn World) {
    let served = world.serve(path_or(|_| {
        Some(vec![
            send(head(103, &[])),
            send(switch()),
            send("x"),
            Act::Finish,
        ])
    }));
    let upgrade = world.upgrade(offer(&served.url("/")), b"");
    let upgrade = upgrade.expect("a switch");
    assert_eq!(
        (upgrade.reply.status, upgrade.reply.interim),
        (101, vec![103])
    );
    assert_eq!(upgrade.heard.as_deref(), Some(&b"x"[..]));
}

/// Given a connection that was switched, then it is the session's no more: where there may be one connection, another
/// takes its place.
pub fn a_switched_connection_makes_room(world: &mut dyn World) {
    world.configure(one_connection());
    let served = world.serve(path_or(|request| {
        let switches = vec![send(switch()), Act::Finish];
        (request.path() == "/switch").then_some(switches)
    }));
    for number in [1, 2] {
        let upgrade = world.upgrade(offer(&served.url("/switch")), b"");
        let reply = upgrade.expect("a switch").reply;
        assert_eq!(
            (reply.connection.number, reply.connection.served),
            (number, 0)
        );
        assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    }
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given a 101 that nobody asked for, or to a protocol that was not offered, then it is an error, and the connection is
/// closed.
pub fn a_switch_that_was_not_offered_is_an_error(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let other = head(101, &[("Connection", "upgrade"), ("Upgrade", "other/1")]);
        match request.path() {
            "/unasked" => Some(vec![send(switch()), silence()]),
            "/other" => Some(vec![send(other), silence()]),
            _ => None,
        }
    }));
    let requests = [get(&served.url("/unasked")), offer(&served.url("/other"))];
    for (count, request) in (1..).zip(requests) {
        let error = failed(world, request);
        assert!(error.is_protocol(), "{error:?}");
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == count);
    }
}

/// Given an offer that the peer does not take, then its answer is a response like any other, and the connection goes on in
/// HTTP.
pub fn a_declined_switch_is_an_ordinary_response(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let lines = [("Connection", "upgrade"), ("Upgrade", "later/2")];
        let required = vec![send(response(426, &lines, b"not that one"))];
        (request.path() == "/required").then_some(required)
    }));
    for (before, path, status, said) in [
        (0, "/required", 426, "not that one"),
        (1, "/ignored", 200, "/ignored"),
    ] {
        let upgrade = world.upgrade(offer(&served.url(path)), b"lost");
        let upgrade = upgrade.expect("an answer");
        assert_eq!(upgrade.heard, None);
        let reply = upgrade.reply;
        assert_eq!((reply.status, reply.text()), (status, said));
        assert_eq!(reply.connection.served, before);
    }
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.served), ("/next", 2));
}

/// Given a response that has switched, when the application lets go of it, then its connection is closed.
pub fn a_dropped_switch_closes_its_connection(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let switches = vec![send(switch()), silence(), text("never")];
        (request.path() == "/switch").then_some(switches)
    }));
    for count in 1..=2 {
        let reply = world.send_and_drop(offer(&served.url("/switch")));
        assert_eq!(reply.expect("a head").status, 101);
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == count);
        assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    }
}
