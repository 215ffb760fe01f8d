//! Peers that set cookies without measure: what holds, and that requests still go out (CVE-2022-32205, CVE-2025-58186).

use sessile_core::{Config, CookieLimits, Limits};

use super::cookies::{cookie, kept, sent};
use super::peers::{Asked, send, text};
use super::{answered, failed, get, nothing_left};
use crate::origin::response;
use crate::world::World;

/// A response with so many cookies, the first of which has this number, with values of so many octets.
fn storm(first: usize, count: usize, octets: usize) -> Vec<u8> {
    let line = |number| format!("c{number}={}; Path=/", "v".repeat(octets));
    let lines: Vec<_> = (first..first + count).map(line).collect();
    let fields: Vec<_> = lines.iter().map(|line| ("Set-Cookie", &**line)).collect();
    response(200, &fields, b"stormy")
}

/// Given a head with ten thousand cookies, then it is no response: it passes the limit of field lines, or, if that is raised,
/// the one of octets; nothing of it is kept. If both are raised, the jar looks at fifty of its lines.
pub fn a_head_of_ten_thousand_cookies_is_too_much(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/storm" => vec![send(storm(0, 10_000, 5))],
        _ => vec![text("calm")],
    }));
    let raised = |max_fields, max_head_bytes| Config {
        limits: Limits {
            max_fields,
            max_head_bytes,
            ..Limits::default()
        },
        ..Config::default()
    };
    for (config, code, told) in [
        (
            Config::default(),
            "too-many-fields",
            "`Limits::max_fields` is 100",
        ),
        (
            raised(20_000, 64 * 1024),
            "head-too-long",
            "`Limits::max_head_bytes` is 65536",
        ),
    ] {
        world.configure(config);
        let error = failed(world, get(&served.url("/storm")));
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!(kept(world).len(), 0);
        nothing_left(world);
        assert_eq!(answered(world, get(&served.url("/"))).text(), "calm");
    }
    world.configure(raised(20_000, 1024 * 1024));
    let reply = answered(world, get(&served.url("/storm")));
    assert_eq!((reply.text(), reply.fields.len()), ("stormy", 10_001));
    assert_eq!(answered(world, get(&served.url("/"))).text(), "calm");
    let first: Vec<_> = (0..50).map(|number| format!("c{number}=vvvvv")).collect();
    assert_eq!(kept(world), first);
    assert_eq!(sent(&asked), ["", "", "", "", "", &first.join("; ")]);
}

/// Given a peer that answers every request with new cookies, more than are looked at, then the jar stays within its limits, and
/// so does the Cookie line, by pairs and by octets; every request is answered.
pub fn ever_new_cookies_stay_within_bounds(world: &mut dyn World) {
    let limits = CookieLimits::default();
    for (octets, by_pairs) in [(4, true), (100, false), (3_000, false)] {
        let asked = Asked::default();
        let count = if octets > 1_000 { 15 } else { 60 };
        let served = world
            .serve(asked.site(move |number, _| vec![send(storm(number * count, count, octets))]));
        world.configure(Config::default());
        let a_response = count.min(limits.max_per_response);
        for round in 1..=5 {
            assert_eq!(answered(world, get(&served.url("/"))).text(), "stormy");
            let wanted = (round * a_response).min(limits.max_per_domain);
            assert_eq!(kept(world).len(), wanted, "{octets}, {round}");
        }
        let last = asked.all().pop().expect("a request");
        let line = cookie(&last);
        let (length, pairs) = (line.len(), line.split("; ").count());
        assert!(length <= limits.max_sent_bytes, "{length}");
        match by_pairs {
            true => assert_eq!(pairs, limits.max_sent_pairs),
            // One more would not have fitted.
            false => assert!(length + octets + 10 > limits.max_sent_bytes, "{length}"),
        }
        nothing_left(world);
        assert_eq!((asked.count(), served.opened()), (5, 1));
    }
}
