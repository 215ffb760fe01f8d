//! Who a request says it comes from, before anybody asks: which of several credentials it carries, and to whom.
//!
//! Each scenario looks at what the peer was told. What a challenge brings is in `challenges.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sessile_core::{
    Authentication, AuthenticationStore, Config, Fields, Netrc, RequestBuilder, Url,
};

use super::doors::{asking, authorizations, basic, by, unauthorized};
use super::peers::{Asked, send, text};
use super::retries::built;
use super::{answered, get, nothing_left};
use crate::origin::{Act, Site, response};
use crate::world::{Served, World};

pub(super) fn bearer(token: &str) -> Authentication {
    Authentication::bearer(token).expect("a token")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

/// The URL with userinfo in it.
fn with_userinfo(url: &str, userinfo: &str) -> String {
    url.replacen("http://", &format!("http://{userinfo}@"), 1)
}

/// A redirect.
pub(super) fn redirect(location: &str) -> Act {
    send(response(302, &[("Location", location)], b"elsewhere"))
}

/// A site that redirects to whatever a request has for a query, and answers with the path where that is nothing.
pub(super) fn anywhere(asked: &Asked) -> Arc<dyn Site> {
    asked.site(|_, request| match request.query() {
        Some(query) => vec![redirect(query)],
        None => vec![text(request.path())],
    })
}

/// The URL of a site's path that redirects to another URL.
pub(super) fn by_way_of(served: &Served, path: &str, next: &str) -> String {
    format!("{}?{next}", served.url(path))
}

/// A session whose requests carry an Authorization line of their own.
fn with_a_field(value: &str) -> Config {
    let mut fields = Fields::new();
    fields.append("Authorization", value).expect("valid");
    Config {
        fields,
        ..Config::default()
    }
}

/// Given Basic or Bearer, or userinfo in the URL, then the first request carries it, and userinfo is nowhere else.
pub fn credentials_go_out_in_advance(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let url = served.url("/");
    let new = |url: &str| RequestBuilder::new("GET", url);
    for request in [
        new(&url).basic_auth("joe", "pass:word"),
        new(&url).bearer_auth("abc.def=="),
        new(&with_userinfo(&url, "j%C3%B6e:p%40ss")),
        new(&url).authentication(Authentication::basic("joe", "").expect("valid")),
        new(&url),
    ] {
        assert_eq!(answered(world, built(request)).attempts.len(), 1);
    }
    nothing_left(world);
    let said = authorizations(&asked.all());
    let named = [("joe", "pass:word"), ("j\u{f6}e", "p@ss"), ("joe", "")];
    let [joe, userinfo, nothing] = named.map(|(user, password)| basic(user, password));
    assert_eq!(said, [&joe, "Bearer abc.def==", &userinfo, &nothing, "-"]);
    for request in asked.all() {
        let head = String::from_utf8_lossy(&request.head).into_owned();
        assert!(!head.contains('@'), "{head}");
    }
}

/// Given credentials at every level, then those that are nearest to the request are sent, and no others: its own field, its
/// URL, its `authentication`, the session's authenticator, the session's field.
pub fn the_nearest_credentials_win(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let authenticator = asking(|_: &Url| Some(bearer("authenticator"))).authenticator;
    let session = with_a_field("Bearer session");
    let url = served.url("/");
    let named = with_userinfo(&url, "u:p");
    let new = |url: &str| RequestBuilder::new("GET", url);
    world.configure(session.clone());
    answered(world, get(&url));
    answered(world, by(&url, bearer("request")));
    world.configure(Config {
        authenticator,
        ..session
    });
    answered(world, get(&url));
    answered(world, by(&url, bearer("request")));
    answered(world, get(&named));
    answered(world, by(&named, bearer("request")));
    let all = new(&named).bearer_auth("request");
    answered(world, built(all.header("Authorization", "Bearer hand")));
    nothing_left(world);
    let userinfo = basic("u", "p");
    let wanted = [
        "Bearer session",
        "Bearer request",
        "Bearer authenticator",
        "Bearer request",
        &userinfo,
        &userinfo,
        "Bearer hand",
    ];
    assert_eq!(authorizations(&asked.all()), wanted);
}

/// Given a request that removes Authorization, then it says of nobody's credentials anything, and answers no challenge.
pub fn removed_credentials_are_not_sent(world: &mut dyn World) {
    let asked = Asked::default();
    let challenge = r#"Digest realm="r", nonce="n", qop="auth""#;
    let served = world.serve(asked.site(move |_, _| vec![unauthorized(&[challenge])]));
    let either = Authentication::basic_or_digest("u", "p").expect("valid");
    world.configure(Config {
        authenticator: asking(move |_: &Url| Some(either.clone())).authenticator,
        ..with_a_field("Bearer session")
    });
    for url in [served.url("/"), with_userinfo(&served.url("/"), "u:p")] {
        let request = RequestBuilder::new("GET", url).bearer_auth("request");
        let reply = answered(world, built(request.remove_header("authorization")));
        assert_eq!((reply.status, reply.attempts.len()), (401, 1));
    }
    assert_eq!(authorizations(&asked.all()), ["-", "-"]);
}

/// Given credentials that were refused, then there is nothing better to say: the 401 is the answer.
pub fn refused_credentials_are_not_repeated(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|_, _| vec![unauthorized(&[r#"Basic realm="r""#])]));
    let joe = Authentication::basic("joe", "secret").expect("valid");
    for who in [joe, bearer("t")] {
        let reply = answered(world, by(&served.url("/"), who));
        assert_eq!((reply.status, reply.text()), (401, "who are you?"));
        assert_eq!(reply.attempts.len(), 1);
    }
    nothing_left(world);
    assert_eq!((asked.count(), served.opened()), (2, 1));
}

/// Given a store, then each path has the credentials of the longest scope that it lies in, and another origin has none.
pub fn a_store_has_credentials_by_path(world: &mut dyn World) {
    let (asked, strange) = (Asked::default(), Asked::default());
    let served = world.serve(anywhere(&asked));
    let stranger = world.serve(anywhere(&strange));
    let mut store = AuthenticationStore::new();
    for (path, token) in [("/", "all"), ("/api", "api")] {
        let scope = url(&served.url(path));
        store.insert(&scope, bearer(token)).expect("an origin");
    }
    world.configure(asking(store));
    for path in ["/", "/apis", "/api", "/api/things?", "/api/../else"] {
        answered(world, get(&served.url(path)));
    }
    answered(world, get(&stranger.url("/api")));
    let said = authorizations(&asked.all());
    let (all, api) = ("Bearer all", "Bearer api");
    assert_eq!(said, [all, all, api, api, all]);
    assert_eq!(authorizations(&strange.all()), ["-"]);
}

/// Given a netrc, then the host that it names gets the password, and a host that begins or ends alike does not.
pub fn a_netrc_names_its_hosts(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let host = url(&served.url("/")).host_str().expect("a host").to_owned();
    let entry = |host: &str| {
        let netrc = Netrc::parse(format!("machine {host} login joe password secret"));
        asking(netrc.expect("a netrc"))
    };
    for host in [&host, &host[1..], &format!("{host}.evil.test")] {
        world.configure(entry(host));
        answered(world, get(&served.url("/")));
    }
    let named = basic("joe", "secret");
    assert_eq!(authorizations(&asked.all()), [&named, "-", "-"]);
}

/// Given an authenticator that panics, then it has said nothing, and the session goes on.
pub fn an_authenticator_that_panics_says_nothing(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    world.configure(asking(|url: &Url| match url.path() {
        "/panic" => std::panic::resume_unwind(Box::new("no")),
        _ => Some(bearer("t")),
    }));
    for path in ["/panic", "/calm", "/panic"] {
        assert_eq!(answered(world, get(&served.url(path))).text(), path);
    }
    nothing_left(world);
    assert_eq!(authorizations(&asked.all()), ["-", "Bearer t", "-"]);
}

/// Given a redirect to another origin, then no credentials of the first go along, whatever level they are from; nor do they
/// come back when the chain does.
pub fn credentials_stay_with_their_origin(world: &mut dyn World) {
    let (here, there) = (Asked::default(), Asked::default());
    let served = world.serve(anywhere(&here));
    let other = world.serve(anywhere(&there));
    let back = by_way_of(&other, "/there", &served.url("/back"));
    let start = by_way_of(&served, "/start", &by_way_of(&served, "/still", &back));
    let new = |url: &str| RequestBuilder::new("GET", url);
    let (named, session) = (with_userinfo(&start, "u:p"), with_a_field("Bearer session"));
    for (config, request, said) in [
        (Config::default(), new(&named), basic("u", "p")),
        (
            Config::default(),
            new(&start).basic_auth("u", "p"),
            basic("u", "p"),
        ),
        (
            Config::default(),
            new(&start).bearer_auth("t"),
            "Bearer t".into(),
        ),
        (
            Config::default(),
            new(&start).header("Authorization", "Own way"),
            "Own way".into(),
        ),
        (session, new(&start), "Bearer session".into()),
    ] {
        let (before, elsewhere) = (here.count(), there.count());
        world.configure(config);
        let reply = answered(world, built(request));
        assert_eq!((reply.text(), reply.attempts.len()), ("/back", 4));
        let asked = authorizations(&here.all()[before..]);
        assert_eq!(asked, [&*said, &*said, "-"]);
        assert_eq!(authorizations(&there.all()[elsewhere..]), ["-"]);
    }
    nothing_left(world);
}

/// Given an authenticator, then it is asked for each URL of a chain, and each origin gets its own credentials, also when the
/// chain comes back.
pub fn each_hop_asks_for_its_own_credentials(world: &mut dyn World) {
    let (here, there) = (Asked::default(), Asked::default());
    let served = world.serve(anywhere(&here));
    let other = world.serve(anywhere(&there));
    let first = url(&served.url("/")).port_or_known_default();
    let host = url(&served.url("/")).host_str().map(str::to_owned);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    world.configure(asking(move |url: &Url| {
        counted.fetch_add(1, Relaxed);
        let is_here = url.port_or_known_default() == first && url.host_str() == host.as_deref();
        Some(bearer(if is_here { "here" } else { "there" }))
    }));
    let back = by_way_of(&other, "/there", &served.url("/back"));
    let start = by_way_of(&served, "/start", &back);
    assert_eq!(answered(world, get(&start)).text(), "/back");
    // What the request says for itself is for where it began.
    assert_eq!(answered(world, by(&start, bearer("own"))).text(), "/back");
    let said = authorizations(&here.all());
    let (here, there) = (&there.all(), "Bearer there");
    assert_eq!(
        said,
        ["Bearer here", "Bearer here", "Bearer own", "Bearer here"]
    );
    assert_eq!(authorizations(here), [there, there]);
    assert_eq!(count.load(Relaxed), 5);
}

/// Given userinfo in a Location, then it is nobody's credentials.
pub fn userinfo_in_a_location_is_nobodys(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let next = with_userinfo(&served.url("/next"), "u:p");
    let start = by_way_of(&served, "/start", &next);
    let reply = answered(world, get(&start));
    assert_eq!((reply.text(), reply.attempts.len()), ("/next", 2));
    assert_eq!(authorizations(&asked.all()), ["-", "-"]);
}

/// Given credentials that no line can hold, then there is no request.
pub fn credentials_that_cannot_be_sent_are_refused(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(anywhere(&asked));
    let new = || RequestBuilder::new("GET", served.url("/"));
    for request in [
        new().basic_auth("j:e", ""),
        new().basic_auth("joe", "a\r\nb"),
        new().bearer_auth("two words"),
        RequestBuilder::new("GET", with_userinfo(&served.url("/"), "j%00e")),
    ] {
        let error = request.build().expect_err("a mistake");
        assert_eq!(error.code(), "credentials");
        assert!(!error.to_string().contains("j%00e"), "{error}");
    }
    assert_eq!(asked.count(), 0);
}
