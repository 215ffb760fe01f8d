//! Settings for the requests below a URL prefix, and pairs for every query: where they hold, and where they end.
//!
//! What a mount says of retries, time, redirects and connections is in `mounted.rs`.

use sessile_core::{
    Answer, Answering, Config, FieldNames, Fields, Mount, Mounts, RequestBuilder, StatusCode, Url,
};

use super::credentials::{anywhere, bearer, by_way_of, redirect};
use super::doors::{asking, authorizations, by};
use super::peers::{Asked, path, text};
use super::retries::built;
use super::ways::{name_it, trusting};
use super::{answered, failed, get, nothing_left};
use crate::origin::Request;
use crate::pki::Authority;
use crate::world::World;

/// A session with these mounts.
pub(super) fn mounted(mounts: impl IntoIterator<Item = (String, Mount)>) -> Config {
    let mut all = Mounts::new();
    for (prefix, mount) in mounts {
        all.add(&prefix, mount).expect("a prefix");
    }
    Config {
        mounts: all,
        ..Config::default()
    }
}

/// Field lines.
pub(super) fn fields(lines: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in lines {
        fields.append(name, value).expect("valid");
    }
    fields
}

fn names(names: &[&str]) -> FieldNames {
    let mut all = FieldNames::new();
    for name in names {
        all.insert(name).expect("a token");
    }
    all
}

/// A mount of nothing but field lines.
pub(super) fn with_fields(lines: &[(&str, &str)]) -> Mount {
    Mount {
        fields: fields(lines),
        ..Mount::default()
    }
}

/// What requests say under a name, `-` for nothing.
pub(super) fn said(requests: &[Request], name: &str) -> Vec<String> {
    let said = |request: &Request| {
        let values = request.values(name).map(String::from_utf8_lossy);
        let values = values.collect::<Vec<_>>().join(", ");
        if values.is_empty() {
            "-".to_owned()
        } else {
            values
        }
    };
    requests.iter().map(said).collect()
}

/// A mount that answers by itself, with a word.
fn answering(word: &'static str) -> Mount {
    let answer = move |_: &_| Ok(Answer::new(StatusCode::OK).with_content(word));
    Mount {
        answering: Some(Answering::by(answer)),
        ..Mount::default()
    }
}

/// Given lines of the session, of a mount and of a request, then each name has those that are nearest to the request; what the
/// mount removes is not sent, and outside of it nothing has changed.
pub fn a_mount_has_lines_of_its_own(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let mount = Mount {
        removed: names(&["User-Agent", "X-Session"]),
        ..with_fields(&[("Accept", "text/mount"), ("X-Two", "a"), ("X-Two", "b")])
    };
    world.configure(Config {
        fields: fields(&[("X-Session", "s"), ("X-Two", "c"), ("X-Both", "s")]),
        ..mounted([(served.url("/in"), mount)])
    });
    answered(world, get(&served.url("/in")));
    answered(world, get(&served.url("/out")));
    let own = RequestBuilder::new("GET", served.url("/in/own"))
        .header("Accept", "text/own")
        .header("User-Agent", "own")
        .remove_header("X-Two");
    answered(world, built(own));
    nothing_left(world);
    let asked = asked.all();
    for (name, wanted) in [
        ("Accept", ["text/mount", "*/*", "text/own"]),
        ("User-Agent", ["-", "sessile", "own"]),
        ("X-Two", ["a, b", "c", "-"]),
        ("X-Session", ["-", "s", "-"]),
        ("X-Both", ["s", "s", "s"]),
    ] {
        assert_eq!(said(&asked, name), wanted, "{name}");
    }
    assert_eq!(served.opened(), 1);
}

/// Given prefixes that lie in each other, then the longest of whole segments holds, and it alone.
pub fn the_longest_prefix_holds(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let named = |path: &str, word: &str, other: &str| {
        (
            served.url(path),
            with_fields(&[("X-Mount", word), (other, "here")]),
        )
    };
    world.configure(mounted([
        ("http://".to_owned(), with_fields(&[("X-Mount", "scheme")])),
        named("/v1/", "v1", "X-Outer"),
        named("/v1/deep", "deep", "X-Inner"),
    ]));
    for path in [
        "/",
        "/v1",
        "/v1?",
        "/v10",
        "/v1/x",
        "/v1/deep/y",
        "/v1/deeper",
        "/V1",
    ] {
        answered(world, get(&served.url(path)));
    }
    let asked = asked.all();
    let (none, v1, deep) = ("scheme", "v1", "deep");
    let wanted = [none, v1, v1, none, v1, deep, v1, none];
    assert_eq!(said(&asked, "X-Mount"), wanted);
    let outer = wanted.map(|name| if name == v1 { "here" } else { "-" });
    assert_eq!(said(&asked, "X-Outer"), outer);
    let inner = wanted.map(|name| if name == deep { "here" } else { "-" });
    assert_eq!(said(&asked, "X-Inner"), inner);
}

/// Given hosts and URLs that look like a mount's, then they are none of it.
pub fn what_looks_like_a_prefix_is_none(world: &mut dyn World) {
    let served = world.serve(path());
    let mut config = mounted([
        ("http://api.test/v1".to_owned(), answering("mine")),
        ("http://".to_owned(), answering("other")),
    ]);
    config.tls = trusting(&Authority::new());
    name_it(&mut config, "api.test", served.address());
    world.configure(config);
    for (url, word) in [
        ("http://api.test/v1", "mine"),
        ("http://API.test:80/v1/x", "mine"),
        ("http://user:pass@api.test/v1", "mine"),
        ("http://api.test/x/../v1", "mine"),
        ("http://api.test.evil/v1", "other"),
        ("http://api.test@evil.test/v1", "other"),
        ("http://evil.test/http://api.test/v1", "other"),
        ("http://evil.test#http://api.test/v1", "other"),
        ("http://evilapi.test/v1", "other"),
        ("http://api.test:8080/v1", "other"),
        ("http://api.test./v1", "other"),
        ("http://api.test/v1%2Fx", "other"),
        ("http://api.test/v1;x", "other"),
    ] {
        assert_eq!(answered(world, get(url)).text(), word, "{url}");
    }
    // The network is asked, and the peer does not speak TLS.
    let error = failed(world, get("https://api.test/v1"));
    assert_eq!(error.code(), "tls-plain-http");
    assert_eq!(served.opened(), 1);
    nothing_left(world);
}

/// Given pairs for the query, then a request has those whose names its URL lacks, the mount's before the session's; a redirect
/// goes where it says.
pub fn pairs_are_added_to_the_query(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, request| match request.path() {
        "/away" => vec![redirect("/in/next?own=1")],
        path => vec![text(path)],
    }));
    let pairs = |list: &[(&str, &str)]| {
        let own = list
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        own.collect::<Vec<_>>()
    };
    let mount = Mount {
        query: pairs(&[("key", "mount"), ("v", "a b&c")]),
        ..Mount::default()
    };
    world.configure(Config {
        query: pairs(&[("key", "session"), ("lang", "de")]),
        ..mounted([(served.url("/in"), mount)])
    });
    for url in [
        "/out",
        "/out?key=own",
        "/out?lang",
        "/in#f",
        "/in?v=&x=1",
        "/away?lang=a&key=b",
    ] {
        answered(world, get(&served.url(url)));
    }
    let request = RequestBuilder::new("GET", served.url("/out")).query([("lang", "fr")]);
    answered(world, built(request));
    nothing_left(world);
    let targets = asked.all().into_iter().map(|request| request.target);
    let wanted = [
        "/out?key=session&lang=de",
        "/out?key=own&lang=de",
        "/out?lang&key=session",
        "/in?lang=de&key=mount&v=a+b%26c",
        "/in?v=&x=1&lang=de&key=mount",
        "/away?lang=a&key=b",
        "/in/next?own=1",
        "/out?lang=fr&key=session",
    ];
    assert_eq!(targets.collect::<Vec<_>>(), wanted);
}

/// Given credentials of the session and of a mount, then the mount's come first, be they an authenticator or a field; what the
/// mount removes nobody says; the request's own win.
pub fn a_mount_has_credentials_of_its_own(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let authenticator =
        |name: &'static str| asking(move |_: &Url| Some(bearer(name))).authenticator;
    let knowing = Mount {
        authenticator: authenticator("mount"),
        ..with_fields(&[("Authorization", "Field mount")])
    };
    let removing = Mount {
        removed: names(&["Authorization"]),
        ..Mount::default()
    };
    world.configure(Config {
        authenticator: authenticator("session"),
        ..mounted([
            (served.url("/knows"), knowing),
            (
                served.url("/field"),
                with_fields(&[("Authorization", "Field mount")]),
            ),
            (served.url("/open"), Mount::default()),
            (served.url("/removes"), removing),
        ])
    });
    for path in ["/out", "/knows", "/field", "/open", "/removes"] {
        answered(world, get(&served.url(path)));
        answered(world, by(&served.url(path), bearer("own")));
    }
    let (session, own) = ("Bearer session", "Bearer own");
    let wanted = [
        (session, own),
        ("Bearer mount", own),
        ("Field mount", own),
        (session, own),
        ("-", own),
    ];
    let wanted: Vec<_> = wanted.iter().flat_map(|(one, two)| [*one, *two]).collect();
    assert_eq!(authorizations(&asked.all()), wanted);
}

/// Given a redirect out of a mount or into one, then its lines, secrets and credentials are those of the requests in it, and
/// of no others, be they at the same origin or at another.
pub fn what_a_mount_says_stays_in_it(world: &mut dyn World) {
    let (here, there) = (Asked::default(), Asked::default());
    let served = world.serve(anywhere(&here));
    let other = world.serve(anywhere(&there));
    let mount = Mount {
        authenticator: asking(|_: &Url| Some(bearer("mount"))).authenticator,
        sensitive: names(&["X-Key"]),
        ..with_fields(&[("X-Key", "secret"), ("Cookie", "a=b"), ("X-Tag", "tag")])
    };
    world.configure(mounted([(served.url("/in"), mount)]));
    let again = by_way_of(&other, "/there", &served.url("/in/again"));
    let out = by_way_of(&served, "/out", &again);
    let start = by_way_of(&served, "/in", &out);
    let reply = answered(world, get(&start));
    assert_eq!((reply.text(), reply.attempts.len()), ("/in/again", 4));
    nothing_left(world);
    let (here, there) = (here.all(), there.all());
    for (name, value) in [
        ("Authorization", "Bearer mount"),
        ("X-Key", "secret"),
        ("Cookie", "a=b"),
        ("X-Tag", "tag"),
    ] {
        assert_eq!(said(&here, name), [value, "-", value], "{name}");
        assert_eq!(said(&there, name), ["-"], "{name}");
    }
}

/// Given a mount on a scheme alone, then its secrets go to whom a request is for, and not to where it is redirected; what is no
/// secret goes everywhere.
pub fn a_scheme_has_no_secrets_for_strangers(world: &mut dyn World) {
    let (here, there) = (Asked::default(), Asked::default());
    let served = world.serve(anywhere(&here));
    let other = world.serve(anywhere(&there));
    let mount = Mount {
        sensitive: names(&["X-Key"]),
        ..with_fields(&[
            ("X-Key", "secret"),
            ("Authorization", "Own way"),
            ("X-Tag", "tag"),
        ])
    };
    world.configure(mounted([("http://".to_owned(), mount)]));
    let back = by_way_of(&other, "/there", &served.url("/back"));
    answered(world, get(&by_way_of(&served, "/start", &back)));
    answered(world, get(&other.url("/asked")));
    let (here, there) = (here.all(), there.all());
    for (name, value) in [("X-Key", "secret"), ("Authorization", "Own way")] {
        assert_eq!(said(&here, name), [value, "-"], "{name}");
        assert_eq!(said(&there, name), ["-", value], "{name}");
    }
    assert_eq!(said(&here, "X-Tag"), ["tag", "tag"]);
    assert_eq!(said(&there, "X-Tag"), ["tag", "tag"]);
}
