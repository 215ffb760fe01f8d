//! How long a peer is waited for, and who is blamed: an exchange as a whole, the speed of content, an application that takes
//! its time. The limit that comes first is the one that the error names.

use std::time::Duration;

use sessile_core::{
    Config, Content, Error, MinimumSpeed, Progress, RequestBuilder, Stage, Timeouts,
};

use super::peers::{Asked, path_or, send, silence, text};
use super::{
    TOO_LONG, answered, eventually, failed, get, milliseconds, nothing_left, one_connection,
};
use crate::origin::{Act, head, response};
use crate::source::{Piece, Source};
use crate::world::World;

const LIMIT: Duration = milliseconds(100);

/// A session with these limits of time.
fn within(timeouts: Timeouts) -> Config {
    Config {
        timeouts,
        ..Config::default()
    }
}

/// The error is that of a limit of time, which it names with its setting.
fn names(error: &Error, stage: Stage, limit: Duration, setting: &str) {
    assert!(error.is_timeout(), "{error}");
    assert_eq!(
        (error.stage(), error.limit()),
        (stage, Some(limit)),
        "{error}"
    );
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains(setting), "{setting}: {hint}");
}

/// A response of thirty such pieces, one each 20 ms.
fn piecewise(piece: &str) -> Vec<Act> {
    let length = (30 * piece.len()).to_string();
    let head = send(head(200, &[("Content-Length", &length)]));
    let pieces = (0..30).flat_map(|_| [Act::Pause(milliseconds(20)), send(piece)]);
    std::iter::once(head).chain(pieces).collect()
}

/// Given a limit on the exchange, then a response that is lively and takes too long is ended; and the next has as long
/// again.
pub fn an_exchange_has_a_limit(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/drops" => piecewise("."),
        _ => vec![text(request.path())],
    }));
    world.configure(within(Timeouts {
        exchange: Some(LIMIT),
        ..Timeouts::default()
    }));
    for round in 0..2 {
        let error = failed(world, get(&served.url("/drops")));
        names(&error, Stage::Exchange, LIMIT, "`Timeouts::exchange`");
        assert_eq!(error.progress(), Progress::HeadSeen);
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == round + 1);
    }
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
    assert_eq!(asked.connections(), [0, 1, 2]);
}

/// Given a limit on the exchange, then the time in the queue is not of it.
pub fn waiting_for_a_connection_is_no_exchange(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world
        .serve(asked.site(|_, request| vec![Act::Pause(milliseconds(120)), text(request.path())]));
    let mut config = one_connection();
    config.timeouts.exchange = Some(milliseconds(300));
    world.configure(config);
    let paths = ["/first", "/second", "/third"];
    let requests = paths.map(|path| get(&served.url(path)));
    for (reply, path) in world.send_all(requests.into()).into_iter().zip(paths) {
        assert_eq!(reply.expect("an answer").text(), path);
    }
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 3]);
}

fn at_least(octets: u64) -> Config {
    within(Timeouts {
        minimum_speed: Some(MinimumSpeed {
            octets,
            within: LIMIT,
        }),
        ..Timeouts::default()
    })
}

/// Given a least speed, then content that only drips is given up, however lively it is.
pub fn a_drip_is_too_slow(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/drip" => piecewise("."),
        _ => vec![text(request.path())],
    }));
    world.configure(at_least(1000));
    let error = failed(world, get(&served.url("/drip")));
    names(&error, Stage::Speed, LIMIT, "`Timeouts::minimum_speed`");
    assert_eq!(error.progress(), Progress::HeadSeen);
    assert!(error.received() > 0, "{error}");
    nothing_left(world);
    eventually(world, "it is closed", |_| served.closed() == 1);
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
    assert_eq!(asked.connections(), [0, 1]);
}

/// Given a least speed, then content that flows fast enough is waited for, for as long as it takes; and waiting for a head is
/// no content that is slow.
pub fn a_slow_flow_is_fast_enough(world: &mut dyn World) {
    let piece = "x".repeat(1000);
    let served = world.serve(path_or(move |_| {
        let late = Act::Pause(LIMIT + LIMIT / 2);
        Some([vec![late], piecewise(&piece)].concat())
    }));
    world.configure(at_least(1000));
    let reply = answered(world, get(&served.url("/")));
    assert_eq!(reply.content.len(), 30_000);
    nothing_left(world);
    assert_eq!((served.opened(), world.pool().origins[0].idle), (1, 1));
}

/// Given an application that leaves a response lying, then nobody blames the peer for it: no limit on the peer passes.
pub fn a_slow_reader_is_not_the_peers_fault(world: &mut dyn World) {
    let length = ("Content-Length", "300000");
    let served = world.serve(path_or(move |_| {
        Some(vec![send(head(200, &[length])), send(vec![b'x'; 300_000])])
    }));
    let mut config = at_least(1);
    config.timeouts.read = Some(LIMIT);
    config.timeouts.head = Some(LIMIT);
    world.configure(config);
    let reply = world.send_and_dawdle(get(&served.url("/")), 3 * LIMIT);
    assert_eq!(reply.expect("an answer").content.len(), 300_000);
    nothing_left(world);
    assert_eq!((served.opened(), world.pool().origins[0].idle), (1, 1));
}

/// Given a source that takes its time, then nobody blames the peer for it, and all of the content arrives.
pub fn a_slow_source_is_not_the_peers_fault(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| {
        let said = response(200, &[], &request.content);
        vec![send(said)]
    }));
    let mut config = at_least(1);
    config.timeouts.send = Some(LIMIT);
    config.timeouts.read = Some(LIMIT);
    world.configure(config);
    let words = |words: &str| Piece::Octets(words.into());
    let pause = Piece::Pause(3 * LIMIT);
    let pieces = [pause.clone(), words("now "), pause, words("and then")];
    let content = Content::Stream { length: Some(12) };
    let request = RequestBuilder::new("PUT", served.url("/")).content(content);
    let request = request.build().expect("a request");
    let reply = world.send_from(request, Source::new(pieces));
    let reply = reply.expect("an answer");
    assert_eq!(reply.text(), "now and then");
    let took = reply.attempts[0].ended.since(reply.attempts[0].began);
    assert!(took >= 6 * LIMIT, "{took:?}");
    nothing_left(world);
    assert_eq!(asked.connections(), [0]);
}

/// Limits of which this one passes soon, and all others late.
fn soonest(stage: fn(&mut Timeouts) -> &mut Option<Duration>) -> Timeouts {
    let late = Some(TOO_LONG);
    let mut timeouts = Timeouts {
        head: late,
        read: late,
        exchange: late,
        deadline: late,
        ..Timeouts::default()
    };
    *stage(&mut timeouts) = Some(LIMIT);
    timeouts
}

/// Given several limits, then the one that passes first ends the request, and is the one that the error names; be they the
/// session's or the request's own.
pub fn the_limit_that_passes_first_is_named(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/head" => vec![silence()],
        _ => vec![send(head(200, &[("Content-Length", "9")])), silence()],
    }));
    let head = soonest(|timeouts| &mut timeouts.head);
    let read = soonest(|timeouts| &mut timeouts.read);
    let exchange = soonest(|timeouts| &mut timeouts.exchange);
    let deadline = soonest(|timeouts| &mut timeouts.deadline);
    for (count, (path, timeouts, stage, setting)) in (1..).zip([
        ("/head", &head, Stage::Head, "head"),
        ("/head", &read, Stage::Head, "read"),
        ("/content", &read, Stage::Content, "read"),
        ("/head", &exchange, Stage::Exchange, "exchange"),
        ("/content", &exchange, Stage::Exchange, "exchange"),
        ("/head", &deadline, Stage::Deadline, "deadline"),
        ("/content", &deadline, Stage::Deadline, "deadline"),
    ]) {
        let request = RequestBuilder::new("GET", served.url(path));
        let (config, request) = match count % 2 {
            0 => (Config::default(), request.timeouts(timeouts.clone())),
            _ => (within(timeouts.clone()), request),
        };
        world.configure(config);
        let error = failed(world, request.build().expect("a request"));
        names(&error, stage, LIMIT, &format!("`Timeouts::{setting}`"));
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == count);
        assert_eq!((asked.count(), served.opened()), (count, count));
    }
}
