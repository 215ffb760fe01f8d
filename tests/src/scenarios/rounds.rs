//! A challenge among all else that may happen to a request: redirects, retries, limits of time, connections that are lost, and
//! an application that gives up.

use sessile_core::{Config, Next, OnExhausted, RequestBuilder, Retry, Stage, StopReason, Url};

use super::challenges::{FIRST, behind, let_in, mistaken, outcomes};
use super::credentials::{by_way_of, redirect};
use super::doors::{Door, asking, authorizations, by, by_mufasa, mufasa, unauthorized};
use super::peers::{Asked, send, silence, text};
use super::retries::{built, course, course_of, policy, retrying};
use super::{answered, eventually, failed, milliseconds, nothing_left, one_connection};
use crate::origin::{self, Act, response};
use crate::world::{Reply, Tried, World};

/// Given a redirect from one origin to another that both ask, then neither hears an answer to the other's challenge, in
/// advance least of all.
pub fn a_challenge_is_its_origins_own(world: &mut dyn World) {
    let (here, there) = (Asked::default(), Asked::default());
    let second = Door::new("second");
    let through = |door: Door| {
        move |_: usize, request: &origin::Request| match (door.opened(request), request.query()) {
            (None, _) => vec![unauthorized(&[&door.challenge()])],
            (Some(_), Some(query)) => vec![redirect(query)],
            (Some(_), None) => vec![let_in(door, request)],
        }
    };
    let served = world.serve(here.site(through(FIRST)));
    let other = world.serve(there.site(through(second)));
    world.configure(asking(|_: &Url| Some(mufasa())));
    let back = by_way_of(&other, "/there", &served.url("/back"));
    let start = by_way_of(&served, "/start", &back);
    for (count, wanted) in [(2, "401 302 401 302 200"), (4, "302 302 200")] {
        let reply = answered(world, super::get(&start));
        assert_eq!(
            (reply.text(), &*outcomes(&reply)),
            (&*format!("/back {count}"), wanted)
        );
    }
    // What a request says for itself is not said elsewhere, even if it is asked for there.
    world.configure(Config::default());
    let before = there.count();
    let reply = answered(world, by_mufasa(&start));
    assert_eq!((reply.status, &*outcomes(&reply)), (401, "401 302 401"));
    nothing_left(world);
    assert_eq!(authorizations(&there.all()[before..]), ["-"]);
    for (asked, other) in [(here, "second"), (there, "first")] {
        let said = authorizations(&asked.all());
        assert!(!said.iter().any(|said| said.contains(other)), "{said:?}");
    }
}

/// Given a policy that retries a 401, then credentials come first, and what was refused is retried as often as the policy
/// says, without another answer.
pub fn a_policy_may_retry_what_was_refused(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(behind(&asked, FIRST));
    world.configure(retrying(Retry {
        on_exhausted: OnExhausted::Response,
        ..policy(2, &[401])
    }));
    let reply = answered(world, by_mufasa(&served.url("/")));
    assert_eq!((reply.status, &*outcomes(&reply)), (200, "401 200"));
    let before = asked.count();
    let reply = answered(world, by(&served.url("/"), mistaken()));
    let (outcomes, reason) = course(&reply.attempts);
    assert_eq!(outcomes.join(" "), "401 401 401");
    assert_eq!(reason, StopReason::Exhausted);
    let retries = reply.attempts.iter();
    let retries = retries.filter(|it| matches!(it.next, Next::Retry { .. }));
    assert_eq!(retries.count(), 2);
    nothing_left(world);
    assert_eq!(asked.count(), before + 3);
}

/// Given a challenge that was answered, when the request is given up before the next head, or before the rest of the challenge
/// has come, then nothing of it is left, and the session goes on.
pub fn giving_up_between_challenge_and_answer_leaves_nothing(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match FIRST.opened(request) {
        _ if request.path() == "/half" => {
            let challenge = Door::new("second").challenge();
            let whole = response(401, &[("WWW-Authenticate", &challenge)], b"who are you?");
            vec![send(&whole[..whole.len() - 4]), silence()]
        }
        None => vec![unauthorized(&[&FIRST.challenge()])],
        Some(_) if request.path() == "/silent" => vec![silence()],
        Some(_) => vec![text("in")],
    }));
    world.configure(one_connection());
    for (path, after) in [("/silent", 60), ("/half", 25)] {
        world.send_and_cancel(by_mufasa(&served.url(path)), milliseconds(after));
        nothing_left(world);
        eventually(world, "it is closed", |_| {
            served.closed() == served.opened()
        });
        assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    }
    let reply = answered(world, by_mufasa(&served.url("/")));
    assert_eq!((reply.status, reply.text()), (200, "in"));
    nothing_left(world);
}

/// Given a deadline, then it covers the challenge and the answer together.
pub fn the_deadline_covers_both_rounds(world: &mut dyn World) {
    let served = world.serve(
        Asked::default().site(|_, request| match FIRST.opened(request) {
            Some(_) => vec![silence()],
            None => vec![Act::Pause(milliseconds(50)), let_in(FIRST, request)],
        }),
    );
    let request = RequestBuilder::new("GET", served.url("/")).authentication(mufasa());
    let limit = milliseconds(300);
    let error = failed(world, built(request.timeout(limit)));
    assert_eq!((error.code(), error.stage()), ("timeout", Stage::Deadline));
    let outcomes = ["401", "timeout"].map(str::to_owned).to_vec();
    assert_eq!(course_of(&error), (outcomes, StopReason::NoPolicy));
    let attempts = Tried::all(error.attempts());
    if world.is_virtual() {
        assert_eq!(attempts[1].ended, attempts[0].began.after(limit));
    }
    nothing_left(world);
}

/// Given a challenge with more content than anybody reads for nothing, or of a peer that closes, then the answer goes out on
/// another connection.
pub fn a_long_challenge_costs_its_connection(world: &mut dyn World) {
    let page = vec![b'x'; 100_000];
    let challenge = FIRST.challenge();
    let answer = move |fields: &[(&str, &str)], content: &[u8]| {
        let fields = [&[("WWW-Authenticate", &*challenge)], fields].concat();
        vec![send(response(401, &fields, content))]
    };
    let asked = Asked::default();
    let served = world.serve(asked.site(move |_, request| {
        let long = request.path() == "/long";
        match FIRST.opened(request) {
            Some(_) => vec![text(request.path())],
            None if long => answer(&[], &page),
            None => answer(&[("Connection", "close")], b"no"),
        }
    }));
    for path in ["/long", "/close"] {
        world.configure(one_connection());
        let reply = answered(world, by_mufasa(&served.url(path)));
        assert_eq!((reply.text(), &*outcomes(&reply)), (path, "401 200"));
        let numbers = reply.attempts.iter().map(|attempt| attempt.connection);
        assert_eq!(numbers.collect::<Vec<_>>(), [Some(1), Some(2)]);
        nothing_left(world);
    }
    assert_eq!(asked.connections(), [0, 1, 2, 3]);
}

/// Given requests at once, or one that is sent once more because its connection had died, then each has a count of its own: the
/// peer takes none twice.
pub fn no_answer_goes_out_twice(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match FIRST.opened(request) {
        Some(_) if number == 2 => vec![Act::Finish],
        _ => vec![let_in(FIRST, request)],
    }));
    let mut counts = Vec::new();
    let mut note = |reply: &Reply| {
        let (_, count) = reply.text().split_once(' ').expect("a count");
        counts.push(count.parse::<u32>().expect("a number"));
    };
    note(&answered(world, by_mufasa(&served.url("/"))));
    let reply = answered(world, by_mufasa(&served.url("/")));
    assert_eq!(outcomes(&reply), "closed 200");
    note(&reply);
    let requests = (0..5).map(|_| by_mufasa(&served.url("/"))).collect();
    for reply in world.send_all(requests) {
        note(&reply.expect("an answer"));
    }
    nothing_left(world);
    counts.sort_unstable();
    assert_eq!(counts, [1, 3, 4, 5, 6, 7, 8]);
}
