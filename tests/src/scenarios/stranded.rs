//! Chains of redirects that end on the way: by a dial that fails, by being given up, by the end of their session. What lies
//! behind them is told, and nothing of them is left.

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{Config, Progress, Request, StopReason};

use super::hops::redirect_at_length;
use super::peers::{Asked, chain, lead, leading, path, send, text, to};
use super::redirects::{history, passed};
use super::retries::{course_of, policy, retrying};
use super::{TOO_LONG, answered, eventually, failed, get, milliseconds, nothing_left};
use crate::origin::{Act, Request as Asking, Site, response};
use crate::world::{Meanwhile, World};

/// Given a redirect to where nobody listens, then the error is that of the dial, and names that place; it does not forget
/// that a peer has heard the request before. A policy dials again there, and asks nobody else once more.
pub fn a_refused_hop_is_told(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(leading(&asked));
    let refused = world.refused();
    let url = chain([served.url("/307"), refused.clone()]);
    for (count, (retries, reason)) in
        (1..).zip([(0, StopReason::NoPolicy), (2, StopReason::Exhausted)])
    {
        world.configure(match retries {
            0 => Config::default(),
            _ => retrying(policy(retries + 1, &[])),
        });
        let error = failed(world, super::post(&url, "words"));
        assert!(error.is_connect(), "{error}");
        assert_eq!(
            (error.url(), error.progress()),
            (Some(&*refused), Progress::Sent)
        );
        let mut outcomes = vec!["307".to_owned()];
        outcomes.extend((0..=retries).map(|_| "connect".to_owned()));
        assert_eq!(course_of(&error), (outcomes, reason));
        assert_eq!(history(&error)[0].url, url);
        nothing_left(world);
        assert_eq!(asked.count(), count);
    }
}

/// Where a chain stands when it is given up, or its session is closed.
struct Standing {
    request: Request,
    /// Attempts that are over by then.
    behind: Vec<&'static str>,
    /// Whether it is on a connection, which may finish.
    under_way: bool,
}

/// Chains that stand for long after their redirect: the next hop is not answered, at the same origin and at another; what is
/// left of the redirect does not come; the redirect asks to wait.
fn standing(here: &str, there: &str) -> Vec<Standing> {
    let stands = |status: &str, next: &str, under_way| Standing {
        request: get(&format!("{here}{status}?{next}")),
        behind: vec!["302"],
        under_way,
    };
    let silent = |base| format!("{base}/silent");
    vec![
        stands("/302", &silent(here), true),
        stands("/302", &silent(there), true),
        stands("/late", &silent(there), true),
        stands("/wait", &silent(here), false),
        stands("/wait", &silent(there), false),
    ]
}

/// A site where chains come to stand; what is silent is so for this long.
fn stand_still(asked: &Asked, silent: Duration) -> Arc<dyn Site> {
    asked.site(
        move |_, request: &Asking| match (request.path(), request.query()) {
            ("/silent", _) => vec![Act::Pause(silent), text("/silent")],
            ("/wait", Some(next)) => {
                let lines = [("Location", next), ("Retry-After", "100")];
                vec![send(response(302, &lines, b""))]
            }
            ("/late", Some(next)) => redirect_at_length("/late", next),
            _ => lead(request),
        },
    )
}

/// Given a chain that stands anywhere behind its redirect, when it is given up, then nothing of it is left, and the next hop,
/// if it was not asked yet, never is.
pub fn giving_up_a_chain_leaves_nothing(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let here = world.serve(stand_still(&asked[0], TOO_LONG));
    let there = world.serve(stand_still(&asked[1], TOO_LONG));
    for stands in standing(&here.url(""), &there.url("")) {
        world.configure(retrying(policy(5, &[])));
        let before: usize = asked.iter().map(Asked::count).sum();
        world.send_and_cancel(stands.request, milliseconds(100));
        nothing_left(world);
        assert_eq!(answered(world, get(&here.url("/next"))).text(), "/next");
        let asked: usize = asked.iter().map(Asked::count).sum();
        assert_eq!(asked - before, 2 + usize::from(stands.under_way));
    }
    if let Some(unreachable) = world.unreachable() {
        let url = chain([here.url("/302"), unreachable]);
        world.send_and_cancel(get(&url), milliseconds(50));
        nothing_left(world);
    }
    let url = chain([here.url("/late"), here.url("/silent")]);
    world.send_and_cancel(get(&url), milliseconds(20));
    nothing_left(world);
    assert_eq!(answered(world, get(&here.url("/next"))).text(), "/next");
}

/// Given a chain that stands anywhere behind its redirect, when its session is closed, then a hop that is under way may
/// finish, and no other begins: the error tells what lies behind.
pub fn a_closed_session_begins_no_hop(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let here = world.serve(stand_still(&asked[0], milliseconds(150)));
    let there = world.serve(stand_still(&asked[1], milliseconds(150)));
    for stands in standing(&here.url(""), &there.url("")) {
        world.configure(retrying(policy(5, &[])));
        let closing = milliseconds(80);
        let outcome = world.send_through(stands.request, closing, Meanwhile::Close);
        match outcome {
            Ok(reply) => {
                assert!(stands.under_way);
                assert_eq!(
                    (reply.text(), passed(&reply.attempts).len()),
                    ("/silent", 1)
                );
            }
            Err(error) => {
                assert!(error.is_canceled() && !stands.under_way, "{error}");
                let mut outcomes = stands.behind.clone();
                outcomes.push("session-closed");
                let outcomes = outcomes.into_iter().map(str::to_owned).collect();
                assert_eq!(course_of(&error), (outcomes, StopReason::NotRetryable));
                assert_eq!(history(&error).len(), 1);
            }
        }
        nothing_left(world);
        eventually(world, "all are closed", |_| here.closed() == here.opened());
    }
}

/// Given a session that was closed, when a redirect comes that would have been followed, then the request fails, and tells
/// where it should have gone; nobody is asked there.
pub fn a_closed_session_follows_nothing(world: &mut dyn World) {
    let there = world.serve(path());
    for next in ["/there".to_owned(), there.url("/there")] {
        let asked = Asked::default();
        let place = next.clone();
        let here = world
            .serve(asked.site(move |_, _| vec![Act::Pause(milliseconds(60)), to(302, &place)]));
        world.configure(Config::default());
        let request = get(&here.url("/here"));
        let outcome = world.send_through(request, milliseconds(20), Meanwhile::Close);
        let error = outcome.expect_err("the session is closed");
        assert!(error.is_canceled(), "{error}");
        let place = if next.starts_with('/') {
            here.url(&next)
        } else {
            next
        };
        assert_eq!(error.url(), Some(&*place));
        assert_eq!(
            course_of(&error),
            (vec!["302".to_owned()], StopReason::Redirect)
        );
        assert!(history(&error).is_empty());
        nothing_left(world);
        assert_eq!((asked.count(), there.opened()), (1, 0));
        eventually(world, "it is closed", |_| here.closed() == 1);
    }
}
