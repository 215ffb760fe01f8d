//! What an application does with a jar of its own.

use std::time::Duration;

use sessile_core::{Cookie, CookieRejection as R, SameSite};

use crate::{NOW, jar, sent, set, url};

#[test]
fn a_cookie_is_put_in_by_url() {
    let mut jar = jar();
    let page = url("https://www.example.org/a/b");
    let cookie =
        Cookie::parse("sid=31d4; Secure; HttpOnly; SameSite=Strict; Domain=example.org; Path=/a");
    let cookie = cookie.expect("a cookie");
    assert_eq!(jar.insert(&page, &cookie, NOW), Ok(()));
    let found = jar.get(&page, "sid", NOW).expect("it");
    assert_eq!(
        (found.value(), found.domain(), found.path()),
        (&b"31d4"[..], "example.org", &b"/a"[..])
    );
    assert!(found.is_secure() && found.is_http_only() && !found.is_host_only());
    assert_eq!(found.to_cookie(), Some(cookie.into_owned()));
    assert!(
        jar.get(&url("http://www.example.org/a"), "sid", NOW)
            .is_none()
    );
}

#[test]
fn all_rules_hold_for_the_application() {
    let (secure, plain) = (
        url("https://www.example.org/"),
        url("http://www.example.org/"),
    );
    for (page, line, reason) in [
        (&plain, "a=b; Secure", R::SecureFromInsecure),
        (&secure, "a=b; Domain=org", R::PublicSuffix),
        (&secure, "__Host-a=b; Secure", R::HostPrefix),
        (&secure, "a=b; SameSite=None", R::SameSiteNoneInsecure),
    ] {
        let mut cookie = Cookie::parse(line).expect("a cookie");
        if line.contains("SameSite=None") {
            cookie.set_secure(false);
        }
        assert_eq!(jar().insert(page, &cookie, NOW), Err(reason), "{line}");
    }
    for (name, value, path) in [
        ("a=b", "c", "/"),
        ("a", "b;c", "/"),
        (" a", "b", "/"),
        ("a", "b\t", "/"),
        ("a", "b", "x"),
        ("a", "b", ""),
    ] {
        let cookie = Cookie::new(name, value);
        let inserted = jar().insert_at("example.org", path, &cookie, NOW);
        assert_eq!(inserted, Err(R::Unsayable), "{name} {value} {path}");
    }
    for (name, value) in [("a\n", "b"), ("a", "b\r\nSet-Cookie: c=d"), ("a", "\0")] {
        let inserted = jar().insert(&secure, &Cookie::new(name, value), NOW);
        assert_eq!(inserted, Err(R::Control), "{name:?} {value:?}");
    }
}

#[test]
fn a_cookie_is_put_in_by_domain() {
    let mut jar = jar();
    let cookie = Cookie::new("a", "b");
    assert_eq!(jar.insert_at("WWW.example.org", "/x", &cookie, NOW), Ok(()));
    assert_eq!(
        jar.insert_at(".example.org", "/", &Cookie::new("all", "c"), NOW),
        Ok(())
    );
    assert_eq!(sent(&mut jar, "http://www.example.org/x/y"), "a=b; all=c");
    assert_eq!(sent(&mut jar, "http://a.www.example.org/x/y"), "all=c");
    assert_eq!(
        jar.insert_at(".org", "/", &cookie, NOW),
        Err(R::PublicSuffix)
    );
    assert_eq!(jar.insert_at("a b", "/", &cookie, NOW), Err(R::Domain));
    assert_eq!(jar.insert_at("", "/", &cookie, NOW), Err(R::Domain));
    assert_eq!(
        jar.get_at("example.org", "/", "all")
            .map(|cookie| cookie.is_host_only()),
        Some(false)
    );
    assert_eq!(
        jar.insert_at("example.org", "/", &Cookie::new("all", "own"), NOW),
        Ok(())
    );
    assert_eq!(
        jar.get_at(".EXAMPLE.org", "/", "all")
            .map(|cookie| cookie.value()),
        Some(&b"own"[..])
    );
    assert_eq!(jar.remove("example.org", "/", "all"), 2);
}

#[test]
fn cookies_are_taken_out_in_many_ways() {
    let mut jar = jar();
    for (at, line) in [
        ("https://example.org/", "session=1"),
        ("https://example.org/", "short=1; Max-Age=1"),
        ("https://example.org/", "long=1; Max-Age=100"),
        ("https://www.example.org/", "below=1; Max-Age=100"),
        ("https://b\u{fc}cher.example/", "idna=1; Max-Age=100"),
    ] {
        assert_eq!(set(&mut jar, at, line), Ok(()));
    }
    assert_eq!(jar.clear_expired(NOW + Duration::from_secs(2)), 1);
    assert_eq!(jar.clear_session(), 1);
    assert_eq!(jar.clear_domain("other.example"), 0);
    assert_eq!(jar.clear_domain("Example.org"), 1);
    assert_eq!(jar.clear_domain("b\u{fc}cher.example"), 1);
    assert_eq!((jar.len(), jar.is_empty()), (1, false));
    jar.clear();
    assert!(jar.is_empty());
    assert_eq!(sent(&mut jar, "https://www.example.org/"), "");
}

#[test]
fn the_order_of_iteration_is_the_same_however_it_was_filled() {
    let hosts = [
        "b.example.org",
        "a.example.org",
        "example.org",
        "example",
        "x-example.org",
        "zebra.uk",
    ];
    let mut forward = jar();
    let mut backward = jar();
    for host in hosts {
        assert_eq!(
            set(&mut forward, &format!("https://{host}/"), "a=1"),
            Ok(())
        );
    }
    for host in hosts.iter().rev() {
        assert_eq!(
            set(&mut backward, &format!("https://{host}/"), "a=1"),
            Ok(())
        );
    }
    let names = |jar: &sessile_core::CookieJar| {
        jar.iter()
            .map(|cookie| cookie.domain().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&forward),
        [
            "example",
            "example.org",
            "x-example.org",
            "a.example.org",
            "b.example.org",
            "zebra.uk"
        ]
        .map(str::to_owned)
    );
    assert_eq!(names(&forward), names(&backward));
}

#[test]
fn octets_that_are_no_text_are_no_cookie_of_the_crate() {
    let mut jar = jar();
    let page = url("https://example.org/");
    assert_eq!(jar.set(&page, b"a=\xff", NOW), Ok(()));
    let cookie = jar.get(&page, "a", NOW).expect("it");
    assert_eq!((cookie.value(), cookie.to_cookie()), (&b"\xff"[..], None));
    assert_eq!(
        jar.set(&page, b"a=b; Max-Age=5; Secure; SameSite=None", NOW),
        Ok(())
    );
    let cookie = jar
        .get(&page, "a", NOW)
        .and_then(|cookie| cookie.to_cookie())
        .expect("text");
    assert_eq!(
        cookie.to_string(),
        "a=b; SameSite=None; Secure; Path=/; Expires=Fri, 15 Jan 2027 08:00:05 GMT"
    );
    assert_eq!(cookie.same_site(), Some(SameSite::None));
}
