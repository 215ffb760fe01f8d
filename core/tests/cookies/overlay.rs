//! What an origin that is not secure cannot do, what prefixes promise, and one test for each reason to refuse.

use sessile_core::CookieRejection as R;

use crate::{NOW, jar, sent, set, url};

#[test]
fn each_reason_has_a_line_that_meets_it() {
    let (plain, secure) = ("http://www.example.org/", "https://www.example.org/");
    for (at, line, reason) in [
        ("ftp://example.org/", "a=b", R::Url),
        (secure, "a=\u{1}", R::Control),
        (secure, "", R::Empty),
        (secure, " = ; Path=/", R::Empty),
        (secure, "a=b; Domain=\u{fc}", R::DomainNotAscii),
        (secure, "a=b; Domain=org", R::PublicSuffix),
        (secure, "a=b; Domain=example", R::PublicSuffix),
        (secure, "a=b; Domain=other.org", R::OtherDomain),
        (plain, "a=b; Secure", R::SecureFromInsecure),
        (secure, "a=b; SameSite=None", R::SameSiteNoneInsecure),
        (secure, "__secure-a=b", R::SecurePrefix),
        (secure, "__HOST-a=b; Secure", R::HostPrefix),
        (secure, "__Host-a=b; Path=/", R::HostPrefix),
        (
            secure,
            "__Host-a=b; Secure; Path=/; Domain=example.org",
            R::HostPrefix,
        ),
        (secure, "=__Host-a; Secure; Path=/", R::NamelessPrefix),
        (secure, "__secure-; Secure", R::NamelessPrefix),
    ] {
        assert_eq!(set(&mut jar(), at, line), Err(reason), "{line}");
        let shown = reason.to_string();
        assert!(
            shown.contains("RFC 6265bis section") && shown.contains(reason.code()),
            "{shown}"
        );
    }
}

#[test]
fn a_secure_cookie_is_left_alone() {
    let setter = "https://www.example.org/login/";
    for (attributes, at, line, is_taken) in [
        ("", "http://www.example.org/login/", "a=x", false),
        (
            "",
            "http://www.example.org/login/",
            "a=x; Domain=example.org",
            false,
        ),
        ("", "http://deep.www.example.org/login/", "a=x", false),
        ("", "http://www.example.org/login/", "a=x; Max-Age=0", false),
        ("", "http://www.example.org/", "a=x; Path=/login/en", false),
        ("", "http://www.example.org/", "a=x; Path=/", true),
        ("", "http://www.example.org/login/", "A=x", true),
        ("", "http://other.example.org/login/", "a=x", true),
        (
            "",
            "http://other.example.org/login/",
            "a=x; Domain=example.org",
            false,
        ),
        (
            "; Domain=example.org",
            "http://other.example.org/login/",
            "a=x",
            false,
        ),
        ("", "http://xwww.example.org/login/", "a=x", true),
        ("", "https://www.example.org/login/", "a=x", true),
    ] {
        let mut jar = jar();
        assert_eq!(
            set(&mut jar, setter, &format!("a=good; Secure{attributes}")),
            Ok(())
        );
        let taken = set(&mut jar, at, line);
        let expected = if is_taken {
            Ok(())
        } else {
            Err(R::OverlaysSecure)
        };
        assert_eq!(taken, expected, "{attributes} {at} {line}");
    }
}

/// Names that sort between a domain and those below it must not hide them from the rule.
#[test]
fn those_below_are_found_among_neighbours() {
    let mut jar = jar();
    for host in [
        "example.org",
        "w-example.org",
        "wexample.org",
        "-example.org",
        "a.example.org",
        "z.y.example.org",
    ] {
        let line = format!("{}=1; Secure", host.replace(['.', '-'], "_"));
        assert_eq!(set(&mut jar, &format!("https://{host}/"), &line), Ok(()));
    }
    for (name, is_taken) in [
        ("example_org", false),
        ("a_example_org", false),
        ("z_y_example_org", false),
        ("wexample_org", true),
        ("w_example_org", true),
        ("_example_org", true),
    ] {
        let line = format!("{name}=x; Domain=example.org");
        let taken = set(&mut jar.clone(), "http://other.example.org/", &line);
        assert_eq!(taken.is_ok(), is_taken, "{name}");
    }
}

/// A sibling's cookie for the whole domain and the host's own are two, in the order of RFC 6265bis.
#[test]
fn cookie_tossing_hides_nothing() {
    let mut jar = jar();
    assert_eq!(
        set(&mut jar, "https://shop.example.org/", "sid=own; Path=/"),
        Ok(())
    );
    assert_eq!(
        set(
            &mut jar,
            "https://evil.example.org/",
            "sid=tossed; Path=/; Domain=example.org"
        ),
        Ok(())
    );
    assert_eq!(
        sent(&mut jar, "https://shop.example.org/"),
        "sid=own; sid=tossed"
    );
    assert_eq!(jar.remove("example.org", "/", "sid"), 1);
    assert_eq!(sent(&mut jar, "https://shop.example.org/"), "sid=own");
}

#[test]
fn the_longest_path_comes_first_and_then_the_oldest() {
    let mut jar = jar();
    let page = url("https://www.example.org/a/b/c");
    for (second, line) in [
        (5, "one=5; Path=/"),
        (4, "two=4; Path=/; Domain=example.org"),
        (9, "deep=9; Path=/a/b"),
        (1, "mid=1; Path=/a"),
        (6, "two=6; Path=/; Domain=example.org"),
    ] {
        let wall = NOW + std::time::Duration::from_secs(second);
        assert_eq!(jar.set(&page, line.as_bytes(), wall), Ok(()));
    }
    assert_eq!(sent(&mut jar, page.as_str()), "deep=9; mid=1; two=6; one=5");
}
