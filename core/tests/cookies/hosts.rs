//! Hosts in every spelling, and who may set cookies for whom.

use sessile_core::{CookieJar, CookieRejection as R};

use crate::{jar, sent, set};

#[test]
fn one_host_has_many_spellings() {
    for (setter, asked) in [
        ("https://EXAMPLE.org/", "https://example.org:8443/"),
        (
            "https://b\u{fc}cher.example/",
            "https://xn--bcher-kva.example/",
        ),
        ("https://\u{ff45}xample.org/", "https://example.org/"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://0x7f000001/", "http://127.0.0.1/"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
        ("ws://example.org/", "http://example.org/"),
    ] {
        let mut jar = jar();
        assert_eq!(set(&mut jar, setter, "a=b"), Ok(()));
        assert_eq!(sent(&mut jar, asked), "a=b", "{setter} {asked}");
    }
}

#[test]
fn other_hosts_are_others() {
    for (setter, asked) in [
        ("https://example.org/", "https://example.org./"),
        ("https://example.org./", "https://example.org/"),
        ("http://127.0.0.1/", "http://localhost/"),
        ("http://[::1]/", "http://127.0.0.1/"),
        ("http://[::ffff:127.0.0.1]/", "http://127.0.0.1/"),
        ("https://example.org/", "https://www.example.org/"),
        ("https://www.example.org/", "https://example.org/"),
    ] {
        let mut jar = jar();
        assert_eq!(set(&mut jar, setter, "a=b"), Ok(()));
        assert_eq!(sent(&mut jar, asked), "", "{setter} {asked}");
    }
}

#[test]
fn super_cookies_are_refused_in_every_spelling() {
    for (at, domain, reason) in [
        ("https://shop.co.uk/", "co.uk", R::PublicSuffix),
        ("https://shop.co.uk/", ".co.uk", R::PublicSuffix),
        ("https://shop.co.uk/", "CO.UK", R::PublicSuffix),
        ("https://shop.co.uk./", "co.uk.", R::PublicSuffix),
        ("https://shop.co.uk./", "uk.", R::PublicSuffix),
        ("https://shop.co.uk/", "uk", R::PublicSuffix),
        ("https://shop.co.uk/", "..", R::PublicSuffix),
        ("https://shop.co.uk/", "..co.uk", R::PublicSuffix),
        ("https://shop.co.uk/", "o.uk", R::OtherDomain),
        ("https://shop.co.uk/", "hop.co.uk", R::OtherDomain),
        ("https://shop.co.uk/", "www.shop.co.uk", R::OtherDomain),
        ("https://shop.co.uk/", "shop.co.uk:443", R::OtherDomain),
        ("https://shop.co.uk/", "shop.co.uk/", R::OtherDomain),
        ("https://shop.co.uk/", "*.shop.co.uk", R::OtherDomain),
        (
            "https://shop.co.uk/",
            "b\u{fc}cher.example",
            R::DomainNotAscii,
        ),
        ("http://a.localhost/", "localhost", R::PublicSuffix),
        ("http://127.0.0.1/", "0.0.1", R::OtherDomain),
        ("http://127.0.0.1/", "1", R::OtherDomain),
        ("http://127.0.0.1/", "127.1", R::OtherDomain),
        ("http://[::1]/", "::1", R::OtherDomain),
        ("http://[::1]/", "1]", R::OtherDomain),
    ] {
        let line = format!("a=b; Domain={domain}");
        assert_eq!(set(&mut jar(), at, &line), Err(reason), "{at} {domain}");
    }
    let mut jar = jar();
    assert_eq!(set(&mut jar, "https://co.uk/", "a=b; Domain=co.uk"), Ok(()));
    assert_eq!(
        sent(&mut jar, "https://shop.co.uk/"),
        "",
        "it is for that host alone"
    );
    assert_eq!(sent(&mut jar, "https://co.uk/"), "a=b");
}

#[test]
fn a_domain_is_for_those_below_at_a_label() {
    let mut jar = jar();
    assert_eq!(
        set(
            &mut jar,
            "https://a.b.example.org/",
            "a=b; Domain=b.example.org"
        ),
        Ok(())
    );
    for (asked, is_sent) in [
        ("https://b.example.org/", true),
        ("https://c.b.example.org/", true),
        ("https://d.c.b.example.org/", true),
        ("https://cb.example.org/", false),
        ("https://example.org/", false),
        ("https://b.example.org./", false),
        ("https://b.example.org.example/", false),
    ] {
        assert_eq!(
            sent(&mut jar, asked),
            if is_sent { "a=b" } else { "" },
            "{asked}"
        );
    }
}

#[test]
fn without_a_list_cookies_are_for_their_hosts() {
    let mut jar = CookieJar::without_public_suffixes();
    let at = "https://www.example.org/";
    assert_eq!(
        set(&mut jar, at, "a=b; Domain=example.org"),
        Err(R::NoSuffixList)
    );
    assert_eq!(set(&mut jar, at, "a=b; Domain=org"), Err(R::NoSuffixList));
    assert_eq!(
        set(&mut jar, at, "a=b; Domain=other.org"),
        Err(R::OtherDomain)
    );
    assert_eq!(set(&mut jar, at, "a=b; Domain=WWW.example.org"), Ok(()));
    assert_eq!(sent(&mut jar, at), "a=b");
    assert_eq!(sent(&mut jar, "https://a.www.example.org/"), "");
}

#[cfg(feature = "psl")]
#[test]
fn the_list_that_is_compiled_in_judges() {
    let mut jar = CookieJar::new();
    for (at, domain, taken) in [
        (
            "https://a.b.kawasaki.jp/",
            "kawasaki.jp",
            Err(R::PublicSuffix),
        ),
        (
            "https://a.b.kawasaki.jp/",
            "b.kawasaki.jp",
            Err(R::PublicSuffix),
        ),
        ("https://c.a.b.kawasaki.jp/", "a.b.kawasaki.jp", Ok(())),
        ("https://www.city.kawasaki.jp/", "city.kawasaki.jp", Ok(())),
        (
            "https://www.city.kawasaki.jp/",
            "kawasaki.jp",
            Err(R::PublicSuffix),
        ),
        (
            "https://someone.github.io/",
            "github.io",
            Err(R::PublicSuffix),
        ),
        (
            "https://a.b.some-unknown-top/",
            "some-unknown-top",
            Err(R::PublicSuffix),
        ),
        (
            "https://a.b.some-unknown-top/",
            "b.some-unknown-top",
            Ok(()),
        ),
        ("https://www.gov.uk/", "gov.uk", Err(R::PublicSuffix)),
        ("https://a.xn--80aswg/", "xn--80aswg", Err(R::PublicSuffix)),
    ] {
        let line = format!("a=b; Domain={domain}");
        assert_eq!(set(&mut jar, at, &line), taken, "{at} {domain}");
    }
}

#[test]
fn cookies_belong_to_http_alone() {
    let mut jar = jar();
    for at in [
        "ftp://example.org/",
        "data:text/plain,x",
        "file:///etc/hosts",
        "foo://example.org/",
    ] {
        assert_eq!(set(&mut jar, at, "a=b"), Err(R::Url), "{at}");
        assert_eq!(sent(&mut jar, at), "");
    }
}
