//! Requests, from their builder to the octets that go out, and why they are refused.

use sessile_core::{
    Config, Credentials, Method, RedirectPolicy, Redirecting, Redirects, Request, RequestBuilder,
    Route, StatusCode,
};

use crate::settings::{config, credentials, fields, url};
use crate::{CANARY, Shown};

/// A request that carries a secret wherever it can.
pub(crate) fn builder() -> RequestBuilder {
    let mut builder = RequestBuilder::new("GET", url()).cookie("own", CANARY);
    for field in fields().iter() {
        builder = builder.header(field.name, field.value);
    }
    builder.sensitive_header("X-Token", CANARY)
}

/// Requests with credentials of each kind, for they displace each other.
pub(crate) fn all() -> Vec<Request> {
    let plain = || RequestBuilder::new("GET", "http://192.0.2.1/path").cookie("own", CANARY);
    let mut all = vec![builder(), RequestBuilder::new("GET", url())];
    for who in credentials() {
        all.push(plain().authentication(who));
    }
    all.push(plain().basic_auth("joe", CANARY));
    all.push(plain().bearer_auth(CANARY));
    let built = all.into_iter().map(RequestBuilder::build);
    built.map(|request| request.expect("a request")).collect()
}

#[test]
fn requests_keep_their_secrets() {
    let mut shown = Shown::default();
    shown.debug("RequestBuilder", builder());
    let proxy = Credentials::new("joe", CANARY).expect("credentials");
    for request in all() {
        shown.debug("Request", &request);
        shown.debug("its fields", request.fields());
        for route in [
            Route::Direct,
            Route::ForwardProxy(Some(proxy.clone())),
            Route::Tunnel(Some(proxy.clone())),
        ] {
            let prepared = config().prepare(&request, &route).expect("a head");
            shown.debug("Prepared", &prepared);
        }
    }
    let prepared = Config::default().prepare(&all()[0], &Route::Direct);
    let head = prepared.expect("a head").head;
    assert!(
        String::from_utf8_lossy(&head).contains(CANARY),
        "there was a secret to be kept"
    );
    shown.assert_silent();
}

/// Given a request that is refused for what is a secret, or beside one, then its error does not say it.
#[test]
fn refusals_do_not_say_what_they_refuse() {
    let mut shown = Shown::default();
    let get = || RequestBuilder::new("GET", url());
    for builder in [
        get().header("X-Api-Key", "canary\n"),
        get().header("a b", CANARY),
        get().cookie("a", "canary;"),
        get().cookie("a b", CANARY),
        get().sensitive_header("X-Api-Key", "\0canary"),
        get().trailer("X-Sum", "canary\r"),
        get().basic_auth("joe", "canary\n"),
        get().bearer_auth("canary canary"),
        get().header("Transfer-Encoding", CANARY),
        get().header("Expect", CANARY),
        get().header("Host", "canary canary"),
        get().header("Connection", CANARY),
        get().header("TE", CANARY),
        get().remove_header("Host"),
        get().asterisk(),
        RequestBuilder::new("CONNECT", url()),
        RequestBuilder::new("GET", "http://joe:canary@[/"),
        RequestBuilder::new("GET", "http://joe:canary@host:99999/"),
        RequestBuilder::new("GET", "//joe:canary@host/"),
        RequestBuilder::new("GET", "ftp://joe:canary@host/"),
        RequestBuilder::new("GET", "http://jo%00e:canary@host/"),
        RequestBuilder::new("GET", "http://jo%3Ae:canary@host/"),
    ] {
        shown.debug("RequestBuilder with a mistake", &builder);
        let error = builder.build().expect_err("a mistake");
        shown.error("Error", &error);
        shown.debug("ErrorKind", error.kind());
        shown.debug("its URL", error.url());
    }
    for name in ["Transfer-Encoding", "Expect", "Host", "TE", "Connection"] {
        let mut config = Config::default();
        config.fields.append(name, "canary canary").expect("a line");
        let error = sessile_core::Engine::<()>::new(config).err();
        shown.error("Error of the settings", &error.expect("a refusal"));
    }
    shown.assert_silent();
}

#[test]
fn redirects_keep_what_they_leave_behind() {
    let mut shown = Shown::default();
    let request = builder().build().expect("a request");
    let facts = Redirecting {
        url: request.url(),
        method: &Method::GET,
        rewindable: true,
    };
    shown.debug("Redirecting", facts);
    let mut redirects = Redirects::from(request.origin().clone());
    shown.debug("Redirects", &redirects);
    let policy = RedirectPolicy::default();
    for location in [
        &b"http://joe:canary@other.example/"[..],
        b"//joe:canary@192.0.2.1:81/",
    ] {
        let redirect = redirects.after(&policy, &facts, StatusCode::FOUND, [location]);
        let redirect = redirect.expect("no error").expect("a redirect");
        shown.debug("Redirect", &redirect);
        let next = request.redirected(&redirect).expect("a request");
        shown.debug("the next Request", &next);
    }
    for locations in [
        &[&b"http://joe:canary@[/"[..]][..],
        &[b"ftp://joe:canary@a/"],
        &[b"http://a/canary", b"http://b/canary"],
    ] {
        let locations = locations.iter().copied();
        let error = redirects.after(&policy, &facts, StatusCode::FOUND, locations);
        shown.error("RedirectError", &error.expect_err("nowhere"));
    }
    shown.assert_silent();
}
