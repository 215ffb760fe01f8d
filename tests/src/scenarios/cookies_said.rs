//! What a Cookie line says besides the jar: what the application says for one request, or for all of a session.

use sessile_core::{Config, Fields, Mount, Mounts, RequestBuilder};

use super::cookies::{host, kept, sent, setting};
use super::peers::{Asked, chain, leading};
use super::retries::built;
use super::{answered, get, nothing_left};
use crate::world::{Served, World};

/// A session that has a Cookie line for all.
fn saying(line: &str) -> Config {
    let mut config = Config::default();
    config.fields.append("Cookie", line).expect("a line");
    config
}

/// Puts cookies for these sites into the jar.
fn put(world: &mut dyn World, sites: &[&Served], line: &str) {
    for served in sites {
        let url = sessile_core::Url::parse(&served.url("/")).expect("a URL");
        world.cookies(&mut |jar, wall| {
            assert_eq!(jar.set(&url, line.as_bytes(), wall), Ok(()));
        });
    }
}

/// A request to a site whose jar has `a=1; b=2`.
fn beside_the_jar(world: &mut dyn World, served: &Served) -> RequestBuilder {
    put(world, &[served], "a=1");
    put(world, &[served], "b=2");
    RequestBuilder::new("GET", served.url("/"))
}

/// Given a Cookie line that the request sets by hand, then it stands alone; the jar stays as it is.
pub fn a_line_by_hand_displaces_the_jar(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    for line in ["x=9", "a=7; Path", ""] {
        let request = beside_the_jar(world, &served);
        answered(world, built(request.header("cookie", line)));
    }
    answered(world, get(&served.url("/")));
    assert_eq!(sent(&asked), ["x=9", "a=7; Path", "", "a=1; b=2"]);
    assert_eq!(kept(world), ["a=1", "b=2"]);
}

/// Given cookies of one request alone, then they stand behind the jar's, in place of those of their names; none is kept.
pub fn a_request_has_cookies_of_its_own(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    let request = RequestBuilder::new("GET", served.url("/"));
    answered(world, built(request.cookie("alone", "0")));
    for (own, line) in [
        (&[("c", "3")][..], "a=1; b=2; c=3"),
        (&[("c", "3"), ("a", "9"), ("d", "")], "b=2; c=3; a=9; d="),
        (&[("a", "8"), ("b", "7")], "a=8; b=7"),
        // Another name, for names have a case.
        (&[("A", "9")], "a=1; b=2; A=9"),
        (&[], "a=1; b=2"),
    ] {
        let mut request = beside_the_jar(world, &served);
        for (name, value) in own {
            request = request.cookie(name, value);
        }
        answered(world, built(request));
        assert_eq!(sent(&asked).pop().as_deref(), Some(line));
    }
    assert_eq!(sent(&asked)[0], "alone=0");
    assert_eq!(kept(world), ["a=1", "b=2"]);
    nothing_left(world);
    assert_eq!(served.opened(), 1);
}

/// Given what would not stand in a Cookie line as one cookie, then the request is refused when it is built.
pub fn a_cookie_that_cannot_be_said_is_refused(_world: &mut dyn World) {
    for (name, value) in [
        ("", "1"),
        ("a b", "1"),
        ("a=b", "1"),
        ("a;b", "1"),
        ("a", "1; b=2"),
        ("a", "1\r\nX: y"),
        ("a", "\0"),
        ("a\n", "1"),
    ] {
        let request = RequestBuilder::new("GET", "http://example.org/");
        let refused = request.cookie(name, value).build();
        let error = refused.expect_err("it cannot be said");
        assert_eq!(error.code(), "field-value", "{name:?}, {value:?}");
    }
}

/// Given a request that wants no Cookie line, then it has none, but for what it says itself.
pub fn a_request_may_do_without_cookies(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    for config in [Config::default(), saying("d=4")] {
        world.configure(config);
        let request = beside_the_jar(world, &served).remove_header("Cookie");
        answered(world, built(request));
        let request = beside_the_jar(world, &served).remove_header("cookie");
        answered(world, built(request.cookie("c", "3")));
        assert_eq!(kept(world), ["a=1", "b=2"]);
    }
    assert_eq!(sent(&asked), ["", "c=3", "", "c=3"]);
}

/// Given a session with a Cookie line for all its requests, then that stands in place of the jar's, which takes cookies all the
/// same; a request's own line stands in its place.
pub fn a_session_may_say_the_line(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    world.configure(saying("d=4"));
    answered(world, get(&served.url("/?a=1")));
    answered(world, get(&served.url("/")));
    let request = RequestBuilder::new("GET", served.url("/"));
    answered(world, built(request.header("Cookie", "x=9")));
    assert_eq!(sent(&asked), ["d=4", "d=4", "x=9"]);
    assert_eq!(kept(world), ["a=1"]);
}

/// Given a line that was set by hand, at whichever level, and cookies of the request's own, then there is one line of both
/// (RFC 6265bis §5.8.1 allows no second), the request's in place of those of their names.
pub fn there_is_one_line_whoever_says_it(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    let own = |request: RequestBuilder| built(request.cookie("c", "3").cookie("d", "5"));

    let request = beside_the_jar(world, &served);
    let request = request.header("X-Before", "1").header("Cookie", "d=4; e=6");
    answered(world, own(request.header("X-Behind", "2")));

    world.configure(saying("d=4; e=6"));
    let request = beside_the_jar(world, &served);
    answered(world, own(request));
    let request = beside_the_jar(world, &served).header("Cookie", "f=7");
    answered(world, own(request));

    let mut fields = Fields::new();
    fields.append("Cookie", "d=4; g=8").expect("a line");
    let mount = Mount {
        fields,
        ..Mount::default()
    };
    let mut mounts = Mounts::new();
    mounts.add(&served.url("/"), mount).expect("a prefix");
    world.configure(Config {
        mounts,
        ..saying("h=9")
    });
    let request = beside_the_jar(world, &served);
    answered(world, own(request));
    let request = beside_the_jar(world, &served).remove_header("Cookie");
    answered(world, own(request));

    let lines = [
        "e=6; c=3; d=5",
        "e=6; c=3; d=5",
        "f=7; c=3; d=5",
        "g=8; c=3; d=5",
        "c=3; d=5",
    ];
    assert_eq!(sent(&asked), lines);
    let first = &asked.all()[0];
    let others = ["x-before", "x-behind"].map(|name| first.field(name));
    assert_eq!(others, [Some(&b"1"[..]), Some(b"2")]);
}

/// Given cookies of a request's own, a line of the session's, and a chain that leaves the first origin, then neither goes along,
/// nor comes back; the jar is asked on each hop.
pub fn own_cookies_are_for_the_first_origin(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let [here, there] = [0, 1].map(|site| world.serve(leading(&asked[site])));
    let to_and_fro = chain([
        here.url("/302"),
        here.url("/307"),
        there.url("/301"),
        there.url("/308"),
        here.url("/back"),
    ]);
    let two_hosts = host(&here.url("/")) != host(&there.url("/"));
    for (config, within) in [
        (Config::default(), "j=1; own=9"),
        (saying("d=4"), "d=4; own=9"),
    ] {
        world.configure(config);
        put(world, &[&here], "j=1");
        if two_hosts {
            put(world, &[&there], "k=2");
        }
        let before = [asked[0].count(), asked[1].count()];
        let request = RequestBuilder::new("GET", &to_and_fro).cookie("own", "9");
        assert_eq!(answered(world, built(request)).text(), "/back");
        assert_eq!(sent(&asked[0])[before[0]..], [within, within, "j=1"]);
        let beyond = if two_hosts { "k=2" } else { "j=1" };
        assert_eq!(sent(&asked[1])[before[1]..], [beyond, beyond]);
    }
}

/// Given a session that keeps no cookies, then it takes none and sends none, but for what the application says.
pub fn a_session_may_keep_no_cookies(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(setting(&asked));
    world.configure(Config {
        cookies: None,
        ..Config::default()
    });
    for _ in 0..2 {
        answered(world, get(&served.url("/?a=1")));
    }
    let request = RequestBuilder::new("GET", served.url("/?a=1"));
    answered(world, built(request.cookie("own", "2")));
    assert_eq!(sent(&asked), ["", "", "own=2"]);
    assert_eq!(kept(world).len(), 0);
}
