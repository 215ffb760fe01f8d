use http::Method;
use url::Url;

use super::*;
use crate::session::Draft;
use crate::session::ExpectContinue;
use crate::session::request::Content;

fn fields(lines: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in lines {
        fields.append(name, value).expect("valid");
    }
    fields
}

fn names(list: &[&str]) -> FieldNames {
    let mut names = FieldNames::new();
    for name in list {
        names.insert(name).expect("a token");
    }
    names
}

fn draft(method: Method, url: &str, own: &[(&str, &str)]) -> Draft {
    let mut draft = Draft::new(method, Url::parse(url).expect("a URL"));
    draft.fields = fields(own);
    draft
}

/// The head, once with the session's part encoded anew, once with what a session keeps of it: they must be the same.
fn head(draft: Draft, config: &Config) -> String {
    let request = draft.check().expect("a request");
    let prepared = config.prepare(&request, &Route::Direct).expect("valid");
    let constant = ConstantHead::new(&request.key.origin, config);
    let shape = request.shape_in(&config.fields).expect("valid");
    let expect = config.expectation(&request, &shape);
    let mut out = Vec::new();
    encode_head(
        &mut out,
        &HeadParts::connected(
            &request,
            &shape,
            config,
            (&constant, &Route::Direct),
            expect,
            None,
        ),
    );
    assert_eq!(out, prepared.head);
    String::from_utf8(out).expect("ASCII")
}

fn session(lines: &[(&str, &str)]) -> Config {
    Config {
        fields: fields(lines),
        ..Config::default()
    }
}

const BUILT_IN_LINES: &str = "User-Agent: sessile\r\nAccept: */*\r\n";

#[test]
fn the_plain_head() {
    let get = draft(Method::GET, "http://Example.org:80/a?b#c", &[("X", "1")]);
    assert_eq!(
        head(get, &Config::default()),
        format!("GET /a?b HTTP/1.1\r\nHost: example.org\r\n{BUILT_IN_LINES}X: 1\r\n\r\n")
    );
    let mut post = draft(Method::POST, "http://[::1]:8080", &[]);
    post.content = Content::Bytes("hello".into());
    assert_eq!(
        head(post, &Config::default()),
        format!("POST / HTTP/1.1\r\nHost: [::1]:8080\r\n{BUILT_IN_LINES}Content-Length: 5\r\n\r\n")
    );
    let mut put = draft(Method::PUT, "http://a", &[]);
    put.content = Content::Stream { length: None };
    assert!(head(put, &Config::default()).ends_with("Transfer-Encoding: chunked\r\n\r\n"));
}

#[test]
fn higher_levels_replace_lower_ones() {
    let config = session(&[("user-agent", "ship"), ("X-One", "s"), ("X-Two", "s")]);
    let own = [("x-one", "r"), ("X-One", "r2"), ("Accept", "text/plain")];
    assert_eq!(
        head(draft(Method::GET, "http://a", &own), &config),
        "GET / HTTP/1.1\r\nHost: a\r\nuser-agent: ship\r\nX-Two: s\r\nx-one: r\r\nX-One: r2\r\nAccept: text/plain\r\n\r\n"
    );
    let config = session(&[("Host", "session")]);
    assert_eq!(
        head(draft(Method::GET, "http://a", &[]), &config),
        format!("GET / HTTP/1.1\r\nHost: session\r\n{BUILT_IN_LINES}\r\n")
    );
    let own = [("Y", "1"), ("host", "own:1")];
    assert_eq!(
        head(draft(Method::GET, "http://a", &own), &config),
        format!("GET / HTTP/1.1\r\nHost: own:1\r\n{BUILT_IN_LINES}Y: 1\r\n\r\n")
    );
}

#[test]
fn what_is_removed_takes_lower_levels_away() {
    let mut config = session(&[("X-One", "s"), ("X-Two", "s")]);
    config.removed = names(&["User-Agent"]);
    let mut request = draft(Method::GET, "http://u:p@a", &[("Accept", "r")]);
    request.removed = names(&["x-one", "accept", "authorization"]);
    assert_eq!(
        head(request, &config),
        "GET / HTTP/1.1\r\nHost: a\r\nX-Two: s\r\nAccept: r\r\n\r\n"
    );
}

#[test]
fn credentials_in_the_url_stand_between_the_levels() {
    let config = session(&[("Authorization", "Bearer s"), ("X", "s")]);
    assert_eq!(
        head(draft(Method::GET, "http://u:p@a", &[]), &config),
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\n{BUILT_IN_LINES}X: s\r\nAuthorization: Basic dTpw\r\n\r\n"
        )
    );
    let own = draft(
        Method::GET,
        "http://u:p@a",
        &[("authorization", "Bearer r")],
    );
    let own = head(own, &config);
    assert!(own.contains("Bearer r") && !own.contains("Basic") && !own.contains("Bearer s"));
}

#[test]
fn connection_options_are_added_where_they_lack() {
    let upgrade = [("Upgrade", "a"), ("TE", "trailers")];
    let added = head(draft(Method::GET, "http://a", &upgrade), &Config::default());
    assert!(added.ends_with("TE: trailers\r\nConnection: Upgrade, TE\r\n\r\n"));
    let own = [("Connection", "close"), ("Upgrade", "a")];
    let amended = head(draft(Method::GET, "http://a", &own), &Config::default());
    assert!(amended.ends_with("Connection: close, Upgrade\r\nUpgrade: a\r\n\r\n"));
    let config = session(&[("Connection", "keep-alive"), ("X", "s")]);
    let amended = head(draft(Method::GET, "http://a", &upgrade), &config);
    assert!(amended.contains("Connection: keep-alive, Upgrade, TE\r\nX: s\r\nUpgrade: a\r\n"));
}

#[test]
fn the_expectation_is_policy() {
    let config = Config {
        expect_continue: ExpectContinue::Above(4),
        ..Config::default()
    };
    let ask = |content: &'static str, expect| {
        let mut post = draft(Method::POST, "http://a", &[]);
        post.content = Content::Bytes(content.into());
        post.expect = expect;
        head(post, &config).contains("Expect: 100-continue\r\nContent-Length")
    };
    assert!(!ask("four", None) && ask("fives", None));
    assert!(ask("one", Some(ExpectContinue::Always)));
    assert!(!ask("", Some(ExpectContinue::Always)));
    assert!(!ask("fives", Some(ExpectContinue::Never)));
}

#[test]
fn a_request_that_removes_the_expectation_has_none_of_the_sessions() {
    let config = Config {
        expect_continue: ExpectContinue::Always,
        ..Config::default()
    };
    let mut post = draft(Method::POST, "http://a/", &[]);
    post.content = Content::Bytes("content".into());
    post.removed = names(&["Expect"]);
    assert!(!head(post, &config).contains("Expect"));
}

#[test]
fn a_proxy_sees_what_is_meant_for_it_and_an_origin_does_not() {
    let own = [("Proxy-Authorization", "by hand")];
    let direct = head(draft(Method::GET, "http://a/b", &own), &Config::default());
    assert!(!direct.contains("by hand"));
    let credentials = Credentials::new("px", "secret").expect("valid");
    let request = draft(Method::GET, "https://u:p@a/b", &own).check();
    let request = request.expect("valid");
    let route = Route::Tunnel(Some(credentials));
    let prepared = Config::default().prepare(&request, &route).expect("valid");
    let connect = String::from_utf8(prepared.connect.expect("a tunnel")).expect("ASCII");
    assert_eq!(
        connect,
        "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nUser-Agent: sessile\r\nProxy-Authorization: Basic cHg6c2VjcmV0\r\n\r\n"
    );
    let inside = String::from_utf8(prepared.head).expect("ASCII");
    assert!(inside.starts_with("GET /b ") && !inside.contains("Proxy") && inside.contains("dTpw"));
}

#[test]
fn framing_is_no_default() {
    for name in ["Content-Length", "transfer-encoding"] {
        assert!(session(&[(name, "0")]).check().is_err(), "{name}");
    }
    let config = Config {
        removed: names(&["Host"]),
        ..Config::default()
    };
    assert!(config.check().is_err());
}
