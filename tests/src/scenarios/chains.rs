//! Redirects among retries, waits and limits of time: one request has one policy and one deadline, however many places it is
//! led to.

use std::time::Duration;

use sessile_core::{
    Config, ErrorKind, Next, OnExhausted, RedirectError, RedirectPolicy, RequestBuilder, Retry,
    RetryBudget, RetryChoice, RetryHook, Stage, StopReason,
};

use super::peers::{Asked, chain, lead, leading, send, silence, status, text, to};
use super::redirects::{history, passed};
use super::retries::{built, course, course_of, policy, retrying};
use super::{TOO_LONG, answered, failed, get, milliseconds, nothing_left};
use crate::origin::{Act, head, response};
use crate::world::{Tried, World};

/// The waits between attempts, whatever followed. Each was kept: to the moment where time is virtual, and at least that where
/// it is not.
fn waits(world: &dyn World, attempts: &[Tried]) -> Vec<Duration> {
    let kept = |pair: &[Tried]| {
        let (Next::Retry { wait } | Next::Redirect { wait }) = pair[0].next else {
            panic!("another attempt, not {attempts:?}");
        };
        let due = pair[0].ended.after(wait);
        match world.is_virtual() {
            true => assert_eq!(pair[1].began, due, "{attempts:?}"),
            false => assert!(pair[1].began >= due, "{attempts:?}"),
        }
        wait
    };
    attempts.windows(2).map(kept).collect()
}

/// A redirect without content, so that nothing is waited for behind it.
fn bare(location: &str) -> Act {
    send(response(302, &[("Location", location)], b""))
}

/// Given redirects that are followed, then each attempt tells so, with the wait before the next: none, where nobody asked.
pub fn a_redirect_is_followed_at_once(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| match number {
        0 | 1 => {
            let fields = [("Location", "/next"), ("Retry-After", "60")];
            vec![send(response(302, &fields, b""))]
        }
        _ => vec![text("there")],
    }));
    let reply = answered(world, get(&served.url("/first")));
    assert_eq!(reply.text(), "there");
    let next = reply.attempts.iter().map(|attempt| attempt.next);
    let at_once = Next::Redirect {
        wait: Duration::ZERO,
    };
    assert_eq!(next.collect::<Vec<_>>()[..2], [at_once; 2]);
    for pair in reply.attempts.windows(2) {
        let waited = pair[1].began.since(pair[0].ended);
        assert!(!world.is_virtual() || waited.is_zero(), "{waited:?}");
    }
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 3]);
}

/// Given a place in trouble on the way, then that is asked again, and not the one before. What is retried is the request as it
/// is there: a POST that has become a GET may be, one that is still a POST is not.
pub fn trouble_on_the_way_is_retried_there(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let here = world.serve(leading(&asked[0]));
    let there = world.serve(asked[1].site(|number, request| match number % 3 {
        2 => vec![text(request.path())],
        _ => vec![status(503, "later")],
    }));
    world.configure(retrying(policy(5, &[503])));
    let url = |status: &str| chain([here.url(status), there.url("/there")]);
    let put = RequestBuilder::new("PUT", url("/307")).body("words");
    for (request, content) in [
        (get(&url("/302")), ""),
        (super::post(&url("/303"), "words"), ""),
        (built(put), "words"),
    ] {
        let (before, first) = (asked[1].count(), request.url().to_string());
        let reply = answered(world, request);
        let outcomes = vec![&*reply.attempts[0].outcome, "503", "503", "200"];
        assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
        assert_eq!(passed(&reply.attempts)[0].1, first);
        let there = asked[1].all().split_off(before);
        assert!(
            there
                .iter()
                .all(|request| request.content == content.as_bytes())
        );
    }
    let reply = answered(world, super::post(&url("/307"), "words"));
    assert_eq!((reply.status, reply.text()), (503, "later"));
    assert_eq!(
        course(&reply.attempts),
        (vec!["307", "503"], StopReason::Method)
    );
    nothing_left(world);
    assert_eq!(asked.map(|asked| asked.count()), [4, 10]);
}

/// Given waits that double, then a redirect begins them anew, and is itself followed at once.
pub fn a_redirect_begins_the_waits_anew(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| match number {
        0 | 1 | 3 | 4 => vec![send(response(503, &[], b""))],
        2 | 5 => vec![bare("/next")],
        _ => vec![text("there")],
    }));
    let factor = if world.is_virtual() { 100 } else { 5 };
    world.configure(retrying(Retry {
        backoff_factor: milliseconds(factor),
        ..policy(9, &[503])
    }));
    let reply = answered(world, get(&served.url("/first")));
    assert_eq!(reply.text(), "there");
    let doubled = [0, 2, 0, 0, 2, 0].map(|times| milliseconds(times * factor));
    assert_eq!(waits(world, &reply.attempts), doubled);
    let outcomes = vec!["503", "503", "302", "503", "503", "302", "200"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::Success));
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 7]);
}

/// Given a policy that counts redirects, or everything, then each spends one, and the first that is too many is an error by
/// the policy, whatever it does with the last response otherwise; the session's own bound comes first.
pub fn a_policy_bounds_redirects(world: &mut dyn World) {
    let all = policy(9, &[503]);
    let some = |redirect| Retry {
        redirect: Some(redirect),
        ..all.clone()
    };
    let lenient = |redirect| Retry {
        on_exhausted: OnExhausted::Response,
        ..some(redirect)
    };
    let total = |total| Retry {
        total: Some(total),
        ..all.clone()
    };
    for (retry, wanted) in [
        (some(1), "302 302"),
        (some(0), "302"),
        (lenient(2), "302 302 302"),
        (total(2), "302 302 302"),
        (
            Retry {
                total: None,
                ..some(3)
            },
            "302 302 302 302",
        ),
    ] {
        let asked = Asked::default();
        let served = world.serve(asked.site(|_, _| vec![to(302, "/loop")]));
        world.configure(retrying(retry));
        let error = failed(world, get(&served.url("/loop")));
        let found = ErrorKind::Redirect(RedirectError::TooMany);
        assert_eq!((error.kind(), error.stage()), (&found, Stage::Head));
        let (outcomes, reason) = course_of(&error);
        assert_eq!(
            (&*outcomes.join(" "), reason),
            (wanted, StopReason::Exhausted)
        );
        assert_eq!(history(&error).len(), outcomes.len() - 1);
        nothing_left(world);
        assert_eq!((asked.count(), served.opened()), (outcomes.len(), 1));
    }
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, _| vec![to(302, "/loop")]));
    let one = RedirectPolicy {
        max: 1,
        ..RedirectPolicy::default()
    };
    let request = RequestBuilder::new("GET", served.url("/loop")).redirects(one);
    let error = failed(world, built(request.retry(some(1))));
    assert_eq!(error.kind(), &ErrorKind::Redirect(RedirectError::TooMany));
    // What was spent on the way is missing behind it.
    let served = world.serve(Asked::default().site(|number, _| match number {
        0 => vec![to(302, "/busy")],
        _ => vec![status(503, "later")],
    }));
    world.configure(retrying(total(2)));
    let error = failed(world, get(&served.url("/first")));
    let (outcomes, reason) = course_of(&error);
    assert_eq!(
        (&*outcomes.join(" "), reason),
        ("302 503 503", StopReason::Exhausted)
    );
    nothing_left(world);
}

/// Given a hook that vetoes every retry, and a budget for none, then redirects are followed: they are no retries.
pub fn redirects_are_no_retries(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(leading(&asked));
    let budget = RetryBudget {
        percent: 0,
        reserve: 0,
    };
    let hook = RetryHook::new(|_| RetryChoice::Stop);
    for config in [
        Config {
            retry_hook: Some(hook),
            ..retrying(policy(9, &[503]))
        },
        Config {
            retry_budget: Some(budget),
            ..retrying(policy(9, &[503]))
        },
    ] {
        world.configure(config);
        let url = chain([served.url("/301"), served.url("/302"), served.url("/end")]);
        assert_eq!(answered(world, get(&url)).text(), "/end");
    }
    nothing_left(world);
    assert_eq!(asked.count(), 6);
}

/// Given a redirect that asks to come later, when there is a policy that looks at it, then the next request rests for as long;
/// nobody else does.
pub fn a_retry_after_on_a_redirect_is_obeyed(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number % 2 {
        0 => {
            let when = request.query().expect("seconds");
            let fields = [("Location", "/there"), ("Retry-After", when)];
            vec![send(response(302, &fields, b""))]
        }
        _ => vec![text(request.path())],
    }));
    let deaf = Retry {
        respect_retry_after: false,
        ..policy(9, &[])
    };
    let told: &[(&str, u64)] = if world.is_virtual() {
        &[("7", 7), ("120", 120), ("0", 0), ("soon", 0)]
    } else {
        &[("0", 0), ("soon", 0)]
    };
    let obeyed = told
        .iter()
        .map(|(when, wait)| (*when, policy(9, &[]), *wait));
    let ignored = [("60", deaf, 0)];
    for (when, retry, wait) in obeyed.chain(ignored) {
        let mut config = retrying(retry);
        // The connection waits as long.
        config.pool.idle_time = None;
        world.configure(config);
        let reply = answered(world, get(&served.url(&format!("/here?{when}"))));
        assert_eq!(reply.text(), "/there");
        assert_eq!(
            waits(world, &reply.attempts),
            [Duration::from_secs(wait)],
            "{when}"
        );
        assert_eq!(course(&reply.attempts).0, ["302", "200"]);
        nothing_left(world);
    }
    let opened = served.opened();
    assert_eq!((asked.count(), opened), (2 * opened, told.len() + 1));
}

/// Given a redirect that asks for a longer wait than the policy grants, then it is handed over, and its reason told; given one
/// whose wait would outlast the deadline, then the request fails at once.
pub fn too_long_a_wait_for_a_hop_is_not_begun(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(
        asked.site(|number, request| match (number, request.path()) {
            (_, "/next") => vec![text("/next")],
            _ => {
                let fields = [("Location", "/there"), ("Retry-After", "121")];
                vec![send(response(302, &fields, b"later"))]
            }
        }),
    );
    world.configure(retrying(policy(5, &[503])));
    let reply = answered(world, get(&served.url("/here")));
    assert_eq!((reply.status, reply.text()), (302, "later"));
    let reason = StopReason::RetryAfterTooLong;
    assert_eq!(course(&reply.attempts), (vec!["302"], reason));
    nothing_left(world);

    let patient = Retry {
        retry_after_max: Duration::from_secs(1_000),
        ..policy(5, &[503])
    };
    let limit = 2 * TOO_LONG;
    let request = RequestBuilder::new("GET", served.url("/here"));
    let error = failed(world, built(request.retry(patient).timeout(limit)));
    assert!(
        error.is_timeout() && error.stage() == Stage::Deadline,
        "{error}"
    );
    assert_eq!(error.limit(), Some(limit));
    let outcomes = vec!["302".to_owned()];
    assert_eq!(course_of(&error), (outcomes, StopReason::Deadline));
    assert!(history(&error).is_empty());
    nothing_left(world);
    let reply = answered(world, get(&served.url("/next")));
    let ended = Tried::all(error.attempts())[0].ended;
    let passed = reply.attempts[0].began.since(ended);
    assert!(passed < TOO_LONG, "{passed:?}");
    assert_eq!(asked.connections(), [0; 3]);
}

/// Given a deadline, then it is one for the whole chain; the error tells the way so far. Limits on one exchange and on one
/// head begin anew with each hop.
pub fn the_deadline_covers_the_chain(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let slowly = |asked: &Asked| {
        asked.site(|_, request| [vec![Act::Pause(milliseconds(80))], lead(request)].concat())
    };
    let [here, there] = [
        world.serve(slowly(&asked[0])),
        world.serve(slowly(&asked[1])),
    ];
    let stops = || {
        chain([
            here.url("/302"),
            here.url("/302"),
            there.url("/302"),
            here.url("/302"),
            here.url("/end"),
        ])
    };
    let mut config = Config::default();
    config.timeouts.exchange = Some(milliseconds(300));
    config.timeouts.head = Some(milliseconds(300));
    world.configure(config);
    assert_eq!(answered(world, get(&stops())).text(), "/end");
    let limit = milliseconds(220);
    let request = RequestBuilder::new("GET", stops()).timeout(limit);
    let error = failed(world, built(request));
    assert!(
        error.is_timeout() && error.stage() == Stage::Deadline,
        "{error}"
    );
    assert_eq!(error.limit(), Some(limit));
    let (outcomes, reason) = course_of(&error);
    assert_eq!(
        (outcomes.last().map(|it| &**it), reason),
        (Some("timeout"), StopReason::NoPolicy)
    );
    let hops = history(&error);
    assert!(
        hops.len() < 3 && hops.len() == outcomes.len() - 1,
        "{hops:?}"
    );
    assert!(!hops.is_empty() || !world.is_virtual());
    nothing_left(world);
}

/// Given a redirect of which a part does not come, when the deadline passes while the next request waits for it, then it
/// fails in time.
pub fn a_deadline_passes_behind_a_redirect(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/late" => {
            let fields = [("Location", "/there"), ("Content-Length", "9")];
            vec![send(head(302, &fields)), silence()]
        }
        path => vec![text(path)],
    }));
    let limit = milliseconds(40);
    let request = RequestBuilder::new("GET", served.url("/late")).timeout(limit);
    let error = failed(world, built(request));
    assert!(
        error.is_timeout() && error.stage() == Stage::Deadline,
        "{error}"
    );
    assert_eq!((error.limit(), history(&error).len()), (Some(limit), 1));
    let outcomes = ["302", "timeout"].map(str::to_owned).to_vec();
    assert_eq!(course_of(&error), (outcomes, StopReason::NoPolicy));
    nothing_left(world);
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
    assert_eq!(asked.connections(), [0, 1]);
}
