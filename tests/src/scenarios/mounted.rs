//! What a mount says of retries, limits of time, redirects, expectations and connections.

use std::time::Duration;

use sessile_core::{
    Config, ExpectContinue, Mount, OriginLimits, RedirectPolicy, RequestBuilder, Stage, StopReason,
    Timeouts, WhenFull,
};

use super::credentials::{anywhere, by_way_of, redirect};
use super::mounts::{mounted, said, with_fields};
use super::peers::{Asked, path_or, silence, status, text};
use super::retries::{built, course, course_of, policy};
use super::{answered, eventually, failed, get, milliseconds, nothing_left, post};
use crate::origin::Act;
use crate::world::World;

fn reading(limit: Duration) -> Option<Timeouts> {
    Some(Timeouts {
        read: Some(limit),
        ..Timeouts::default()
    })
}

/// Given a policy of the session and one of a mount, then each holds where it is; `Some(None)` is none at all, and the request's
/// own wins.
pub fn a_mount_has_a_policy_of_its_own(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, _| vec![status(503, "busy")]));
    let retry = |retry| Mount {
        retry: Some(retry),
        ..Mount::default()
    };
    world.configure(Config {
        retry: Some(policy(2, &[503])),
        ..mounted([
            (served.url("/often"), retry(Some(policy(3, &[503])))),
            (served.url("/never"), retry(None)),
            (served.url("/open"), Mount::default()),
        ])
    });
    let new = |path: &str| RequestBuilder::new("GET", served.url(path));
    for (request, count) in [
        (new("/out"), 3),
        (new("/often"), 4),
        (new("/often").retry(policy(1, &[503])), 2),
        (new("/often").retry(None), 1),
        (new("/never"), 1),
        (new("/never").retry(policy(1, &[503])), 2),
        (new("/open"), 3),
    ] {
        let before = asked.count();
        let (outcomes, reason) = match world.send(built(request)) {
            Ok(reply) => (reply.attempts.len(), course(&reply.attempts).1),
            Err(error) => (error.attempts().len(), course_of(&error).1),
        };
        let wanted = if count == 1 {
            StopReason::NoPolicy
        } else {
            StopReason::Exhausted
        };
        assert_eq!((outcomes, reason), (count, wanted));
        assert_eq!(asked.count() - before, count);
    }
    nothing_left(world);
}

/// Given a redirect out of a mount with many retries into a session with few, then each place has its own count.
pub fn each_place_counts_its_own_retries(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(
        asked.site(|number, request| match (number, request.path()) {
            (2, "/in") => vec![redirect("/busy")],
            _ => vec![status(503, "busy")],
        }),
    );
    let mount = Mount {
        retry: Some(Some(policy(9, &[503]))),
        ..Mount::default()
    };
    world.configure(Config {
        retry: Some(policy(1, &[503])),
        ..mounted([(served.url("/in"), mount)])
    });
    let error = failed(world, get(&served.url("/in")));
    let (outcomes, reason) = course_of(&error);
    assert_eq!(outcomes.join(" "), "503 503 302 503 503");
    assert_eq!(reason, StopReason::Exhausted);
    nothing_left(world);
}

/// Given a redirect out of a mount, then its policy stays behind: where the session has none, nothing is retried.
pub fn the_policy_of_a_mount_stays_in_it(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(
        asked.site(|number, request| match (number, request.path()) {
            (1, "/in") => vec![redirect("/busy")],
            _ => vec![status(503, "busy")],
        }),
    );
    let mount = Mount {
        retry: Some(Some(policy(9, &[503]))),
        ..Mount::default()
    };
    world.configure(mounted([(served.url("/in"), mount)]));
    let reply = answered(world, get(&served.url("/in")));
    let outcomes = vec!["503", "302", "503"];
    assert_eq!(course(&reply.attempts), (outcomes, StopReason::NoPolicy));
    nothing_left(world);
    assert_eq!(asked.count(), 3);
}

/// Given time limits of a mount, then its requests have them, and others have the session's; the request's own win.
pub fn a_mount_has_limits_of_its_own(world: &mut dyn World) {
    let served = world.serve(path_or(|request| match request.path() {
        "/in" | "/own" => Some(vec![silence()]),
        _ => Some(vec![Act::Pause(milliseconds(100)), text("late")]),
    }));
    let mount = Mount {
        timeouts: reading(milliseconds(50)),
        ..Mount::default()
    };
    world.configure(mounted([
        (served.url("/in"), mount.clone()),
        (served.url("/own"), mount),
    ]));
    let error = failed(world, get(&served.url("/in")));
    assert_eq!((error.code(), error.stage()), ("timeout", Stage::Head));
    assert_eq!(error.limit(), Some(milliseconds(50)));
    let own = reading(milliseconds(70)).expect("limits");
    let request = RequestBuilder::new("GET", served.url("/own")).timeouts(own);
    let error = failed(world, built(request));
    assert_eq!(error.limit(), Some(milliseconds(70)));
    assert_eq!(answered(world, get(&served.url("/out"))).text(), "late");
    nothing_left(world);
}

/// Given a limit of a mount on connecting, then it ends a dial that hears nothing, and the error has it.
pub fn a_mount_limits_its_dials(world: &mut dyn World) {
    let Some(unreachable) = world.unreachable() else {
        return;
    };
    let connect = |connect| Timeouts {
        connect: Some(connect),
        ..Timeouts::default()
    };
    let mount = Mount {
        timeouts: Some(connect(milliseconds(60))),
        ..Mount::default()
    };
    world.configure(Config {
        timeouts: connect(milliseconds(120)),
        ..mounted([(format!("{unreachable}in"), mount)])
    });
    for (path, limit) in [("in", 60), ("out", 120)] {
        let error = failed(world, get(&format!("{unreachable}{path}")));
        assert_eq!((error.code(), error.stage()), ("timeout", Stage::Connect));
        assert_eq!(error.limit(), Some(milliseconds(limit)));
        let attempt = &error.attempts()[0];
        assert!(attempt.took >= milliseconds(limit), "{attempt}");
        assert!(!world.is_virtual() || attempt.took == milliseconds(limit));
    }
    nothing_left(world);
}

/// Given a mount that follows no redirects, or follows them where the session does not, then its requests do as it says; the
/// request's own policy wins.
pub fn a_mount_follows_as_it_says(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let follow = Some(RedirectPolicy::default());
    let mount = |redirects| Mount {
        redirects: Some(redirects),
        ..Mount::default()
    };
    for (session, own) in [(follow, None), (None, follow)] {
        world.configure(Config {
            redirects: session,
            ..mounted([(served.url("/in"), mount(own))])
        });
        for (path, follows) in [("/in", own), ("/out", session)] {
            let url = by_way_of(&served, path, &served.url("/last"));
            let status = if follows.is_some() { 200 } else { 302 };
            assert_eq!(answered(world, get(&url)).status, status, "{path}");
            let contrary = if follows.is_some() { None } else { follow };
            let request = RequestBuilder::new("GET", url).redirects(contrary);
            let status = 502 - status;
            assert_eq!(answered(world, built(request)).status, status, "{path}");
        }
    }
    // Who leaves the mount is no longer bound by it.
    world.configure(mounted([(served.url("/in"), mount(None))]));
    let inside = by_way_of(&served, "/in", &served.url("/last"));
    let start = by_way_of(&served, "/out", &inside);
    let reply = answered(world, get(&start));
    assert_eq!((reply.status, reply.attempts.len()), (302, 2));
    nothing_left(world);
}

/// Given a mount with bounds on its connections, then it has connections of its own, within these bounds; a mount without
/// shares the session's.
pub fn a_mount_has_connections_of_its_own(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| {
        let pause = Act::Pause(milliseconds(100));
        vec![pause, text(request.path())]
    }));
    let mount = Mount {
        pool: Some(OriginLimits {
            live_per_origin: Some(1),
            when_full: WhenFull::Wait,
            ..OriginLimits::default()
        }),
        ..Mount::default()
    };
    let shares = with_fields(&[("X-Mount", "shares")]);
    world.configure(mounted([
        (served.url("/in"), mount),
        (served.url("/shares"), shares),
    ]));
    let paths = ["/in/1", "/out/1", "/in/2", "/shares/1", "/in/3"];
    let requests = paths.map(|path| get(&served.url(path))).to_vec();
    let replies = world.send_all(requests).into_iter();
    let replies: Vec<_> = replies.map(|reply| reply.expect("an answer")).collect();
    let number = |place: usize| replies[place].connection.number;
    assert!(
        replies
            .iter()
            .zip(paths)
            .all(|(reply, path)| reply.text() == path)
    );
    assert_eq!((number(0), number(2)), (number(4), number(4)));
    let served_there: Vec<_> = [0, 2, 4].map(|it| replies[it].connection.served).to_vec();
    assert_eq!(served_there, [0, 1, 2]);
    assert!(number(1) != number(0) && number(3) != number(0) && number(1) != number(3));
    assert_eq!(served.opened(), 3);
    nothing_left(world);
    let reply = answered(world, get(&served.url("/shares")));
    assert!([number(1), number(3)].contains(&reply.connection.number));
    let idle = world
        .pool()
        .origins
        .iter()
        .map(|origin| origin.idle)
        .collect::<Vec<_>>();
    assert_eq!(idle.iter().sum::<usize>(), 3, "{idle:?}");
    assert_eq!(idle.len(), 2, "the mount's are counted apart: {idle:?}");
    assert_eq!(said(&asked.all()[5..], "X-Mount"), ["shares"]);
}

/// Given a mount that refuses when its bound is reached, then it does so at once, and nobody else does.
pub fn a_full_mount_may_refuse(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        Some(vec![Act::Pause(milliseconds(100)), text(request.path())])
    }));
    let mount = Mount {
        pool: Some(OriginLimits {
            live_per_origin: Some(1),
            when_full: WhenFull::Fail,
            ..OriginLimits::default()
        }),
        ..Mount::default()
    };
    world.configure(mounted([(served.url("/in"), mount)]));
    let paths = ["/in/1", "/in/2", "/out/1", "/out/2"];
    let replies = world.send_all(paths.map(|path| get(&served.url(path))).to_vec());
    let codes = replies.iter().map(|reply| match reply {
        Ok(reply) => reply.text(),
        Err(error) => error.code(),
    });
    assert_eq!(
        codes.collect::<Vec<_>>(),
        ["/in/1", "pool-full", "/out/1", "/out/2"]
    );
    nothing_left(world);
    assert_eq!(answered(world, get(&served.url("/in/3"))).text(), "/in/3");
}

/// Given a redirect between a mount with connections of its own and what is outside, then each request goes by its side's
/// connections, and none is left in use.
pub fn a_redirect_changes_the_connections(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let mount = Mount {
        pool: Some(OriginLimits::default()),
        ..Mount::default()
    };
    world.configure(mounted([(served.url("/in"), mount)]));
    let last = by_way_of(&served, "/in/2", &served.url("/out"));
    let middle = by_way_of(&served, "/between", &last);
    let start = by_way_of(&served, "/in/1", &middle);
    for _ in 0..2 {
        let reply = answered(world, get(&start));
        assert_eq!((reply.text(), reply.attempts.len()), ("/out", 4));
        let numbers: Vec<_> = reply.attempts.iter().map(|it| it.connection).collect();
        assert_eq!(numbers, [Some(1), Some(2), Some(1), Some(2)]);
    }
    nothing_left(world);
    assert_eq!(served.opened(), 2);
    world.close_idle();
    eventually(world, "all are closed", |_| served.closed() == 2);
}

/// Given a mount that asks before it sends content, then its requests ask, and others do not.
pub fn a_mount_asks_before_it_sends(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| vec![text(request.path())]));
    let mount = Mount {
        expect_continue: Some(ExpectContinue::Above(3)),
        ..Mount::default()
    };
    let mut config = mounted([(served.url("/in"), mount)]);
    config.timeouts.expect_continue = Some(milliseconds(20));
    world.configure(config);
    for (path, content) in [("/in", "much"), ("/in", "few"), ("/out", "much")] {
        let reply = answered(world, post(&served.url(path), content));
        assert_eq!(reply.text(), path);
    }
    let said = said(&asked.all(), "Expect");
    assert_eq!(said, ["100-continue", "-", "-"]);
}
