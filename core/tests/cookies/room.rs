//! Storms, and each limit at its edge.

use std::time::Duration;

use sessile_core::{CookieJar, CookieLimits, CookieRejection as R};

use crate::{NOW, jar, sent, set, url};

#[test]
fn a_storm_in_one_response_is_cut() {
    let mut jar = jar();
    jar.record_rejections(3);
    let lines: Vec<_> = (0..10_000).map(|n| format!("c{n}=v")).collect();
    let lines = lines.iter().map(|line| line.as_bytes());
    let received = jar.receive(&url("https://example.org/"), lines, NOW);
    assert_eq!(
        (received.stored, received.refused, received.evicted),
        (50, 9_950, 0)
    );
    assert_eq!(jar.len(), 50);
    let rejections = jar.take_rejections();
    assert_eq!(rejections.len(), 3, "the last alone are kept");
    assert_eq!(
        (rejections[2].name(), rejections[2].reason()),
        (&b"c9999"[..], R::TooMany)
    );
}

#[test]
fn a_storm_of_responses_keeps_to_the_bounds() {
    let mut jar = jar();
    for number in 0..1_000 {
        let host = number % 400;
        let lines: Vec<_> = (0..50)
            .map(|n| format!("c{number}-{n}=v; Max-Age={}", n + 1))
            .collect();
        let lines = lines.iter().map(|line| line.as_bytes());
        jar.receive(&url(&format!("https://h{host}.example.org/")), lines, NOW);
        assert!(jar.len() <= 3_000);
    }
    assert_eq!(jar.len(), 3_000);
    let mut hosts: Vec<_> = jar
        .iter()
        .map(|cookie| cookie.domain().to_owned())
        .collect();
    hosts.dedup();
    assert_eq!(hosts.len(), 60, "the last sixty responses have room");
}

#[test]
fn one_domain_does_not_fill_a_jar() {
    let mut jar = jar();
    assert_eq!(set(&mut jar, "https://other.example/", "mine=1"), Ok(()));
    for number in 0..10_000 {
        assert_eq!(
            set(&mut jar, "https://example.org/", &format!("c{number}=v")),
            Ok(())
        );
    }
    assert_eq!(jar.len(), 181);
    assert_eq!(sent(&mut jar, "https://other.example/"), "mine=1");
    assert!(jar.get_at("example.org", "/", "c9820").is_some());
    assert!(jar.get_at("example.org", "/", "c9819").is_none());
}

/// RFC 6265bis §5.7: expired ones, then those that are not Secure, then those not used for longest.
#[test]
fn what_goes_first() {
    let limits = CookieLimits {
        max_per_domain: 3,
        max_cookies: 5,
        ..CookieLimits::default()
    };
    let mut jar = jar().with_limits(limits);
    let page = url("https://www.example.org/");
    let later = NOW + Duration::from_secs(10);
    let mut set = |line: &str| {
        assert_eq!(jar.set(&page, line.as_bytes(), later), Ok(()));
        let mut names: Vec<_> = jar
            .iter()
            .map(|cookie| cookie.name().escape_ascii().to_string())
            .collect();
        names.sort();
        names.concat()
    };
    assert_eq!(set("s=1; Secure; Path=/s"), "s");
    assert_eq!(set("t=1; Secure; Max-Age=1; Path=/t"), "st");
    assert_eq!(set("a=1; Path=/a"), "ast");
    assert_eq!(
        set("b=1; Path=/b"),
        "bst",
        "not the oldest: the one that is not Secure"
    );
    assert_eq!(set("u=1; Secure; Path=/u"), "stu");
    assert_eq!(set("v=1; Secure; Path=/v"), "tuv", "the oldest");
    assert_eq!(set("c=1; Path=/c"), "tuv", "it is the first to go itself");
    let even_later = later + Duration::from_secs(2);
    assert_eq!(jar.set(&page, b"d=1; Path=/d", even_later), Ok(()));
    assert!(
        jar.get_at("www.example.org", "/t", "t").is_none(),
        "it had expired"
    );
    assert_eq!(jar.len(), 3);
    // All hosts together: whichever was not used for longest, Secure or not.
    for host in ["x", "y", "z"] {
        assert_eq!(sent(&mut jar, "https://www.example.org/u"), "u=1");
        let other = url(&format!("https://{host}.example/"));
        assert_eq!(jar.set(&other, b"a=1", even_later), Ok(()));
    }
    assert_eq!(jar.len(), 5);
    assert!(jar.get_at("www.example.org", "/v", "v").is_none());
    assert!(
        jar.get_at("www.example.org", "/u", "u").is_some(),
        "it was used"
    );
}

#[test]
fn sizes_at_their_edges() {
    let line = |name: usize, value: usize| format!("{}={}", "n".repeat(name), "v".repeat(value));
    for (name, value, taken) in [
        (1, 4095, Ok(())),
        (1, 4096, Err(R::TooLarge)),
        (4096, 0, Ok(())),
        (4097, 0, Err(R::TooLarge)),
        (0, 4096, Ok(())),
        (0, 4097, Err(R::TooLarge)),
    ] {
        assert_eq!(
            set(&mut jar(), "https://example.org/", &line(name, value)),
            taken
        );
    }
    for (length, is_used) in [(1024, true), (1025, false)] {
        let path = format!("/{}", "p".repeat(length - 1));
        let mut jar = jar();
        assert_eq!(
            set(
                &mut jar,
                "https://example.org/x",
                &format!("a=b; Path={path}")
            ),
            Ok(())
        );
        assert_eq!(jar.get_at("example.org", path, "a").is_some(), is_used);
        assert_eq!(jar.get_at("example.org", "/", "a").is_some(), !is_used);
    }
    let huge = "x".repeat(1 << 20);
    assert_eq!(
        set(&mut jar(), "https://example.org/", &huge),
        Err(R::TooLarge)
    );
    assert_eq!(
        set(
            &mut jar(),
            "https://example.org/",
            &format!("a=b{}", ";".repeat(1 << 20))
        ),
        Ok(())
    );
}

#[test]
fn a_request_says_so_much_and_no_more() {
    let count = |jar: &mut CookieJar| {
        let mut line = Vec::new();
        let count = jar.write_to(&url("https://example.org/"), NOW, &mut line);
        (count, line.len())
    };
    let mut small = jar();
    for number in 0..150 {
        assert_eq!(
            set(&mut small, "https://example.org/", &format!("{number:03}=")),
            Ok(())
        );
    }
    assert_eq!(count(&mut small), (150, 150 * 4 + 149 * 2));
    assert_eq!(set(&mut small, "https://example.org/", "one-more="), Ok(()));
    assert_eq!(count(&mut small).0, 150);
    // 8190 octets: a=…; b=…
    for (value, sent) in [(8_190 - 4_094 - 4, 2), (8_190 - 4_094 - 3, 1)] {
        let mut large = jar();
        let lines = [
            format!("a={}", "v".repeat(4_092)),
            format!("b={}", "v".repeat(value)),
        ];
        for line in lines {
            assert_eq!(set(&mut large, "https://example.org/", &line), Ok(()));
        }
        // What comes behind one that does not fit waits, too, small as it is.
        assert_eq!(set(&mut large, "https://example.org/", "c="), Ok(()));
        let length = if sent == 2 { 8_190 } else { 4_094 };
        assert_eq!(count(&mut large), (sent, length));
    }
}

#[test]
fn four_hundred_days_are_the_most() {
    let longest = Duration::from_secs(400 * 24 * 60 * 60);
    for (line, lives) in [
        ("a=b; Max-Age=34559999", longest - Duration::from_secs(1)),
        ("a=b; Max-Age=34560000", longest),
        ("a=b; Max-Age=34560001", longest),
        ("a=b; Max-Age=9223372036854775807", longest),
        ("a=b; Max-Age=99999999999999999999999999", longest),
        ("a=b; Expires=1 Jan 9999 0:0:0", longest),
        (
            "a=b; Max-Age=1; Expires=1 Jan 9999 0:0:0",
            Duration::from_secs(1),
        ),
    ] {
        let mut jar = jar();
        assert_eq!(set(&mut jar, "https://example.org/", line), Ok(()));
        let expires = jar.iter().next().and_then(|cookie| cookie.expires());
        assert_eq!(expires, Some(NOW + lives), "{line}");
        let page = url("https://example.org/");
        let sent = |jar: &mut CookieJar, wall| jar.write_to(&page, wall, &mut Vec::new());
        assert_eq!(sent(&mut jar, NOW + lives), 1, "{line}");
        assert_eq!(
            sent(&mut jar, NOW + lives + Duration::from_millis(1)),
            0,
            "{line}"
        );
        assert_eq!(jar.clear_expired(NOW + lives + Duration::from_millis(1)), 1);
    }
}

/// At both ends of time the arithmetic holds.
#[test]
fn time_may_be_anything() {
    for wall in [Duration::ZERO, Duration::from_millis(1), NOW, Duration::MAX] {
        for (line, lives) in [
            ("a=b", true),
            ("a=b; Max-Age=9", true),
            ("a=b; Max-Age=0", false),
            ("a=b; Max-Age=-9", false),
            ("a=b; Expires=1 Jan 1601 0:0:0", false),
        ] {
            let mut jar = jar();
            let page = url("https://example.org/");
            assert_eq!(jar.set(&page, line.as_bytes(), wall), Ok(()), "{line}");
            assert_eq!(
                jar.write_to(&page, wall, &mut Vec::new()) == 1,
                lives,
                "{line} {wall:?}"
            );
            assert_eq!(jar.is_empty(), !lives);
        }
    }
}

#[test]
fn a_jar_without_room_takes_nothing() {
    for limits in [
        CookieLimits {
            max_cookies: 0,
            ..CookieLimits::default()
        },
        CookieLimits {
            max_per_domain: 0,
            ..CookieLimits::default()
        },
        CookieLimits {
            max_per_response: 0,
            ..CookieLimits::default()
        },
        CookieLimits {
            max_pair_bytes: 0,
            ..CookieLimits::default()
        },
    ] {
        let mut jar = jar().with_limits(limits);
        jar.receive(&url("https://example.org/"), [&b"a=b"[..]].into_iter(), NOW);
        assert!(jar.is_empty(), "{:?}", jar.limits());
    }
}

/// Given a URL with an endless path, then a cookie that names none is refused, and one that does is taken.
#[test]
fn a_default_path_is_bounded_like_one_that_is_named() {
    let mut jar = jar();
    for (length, expected) in [
        (1_024, Ok(())),
        (1_025, Err(R::PathTooLong)),
        (60_000, Err(R::PathTooLong)),
    ] {
        let folder = format!("/{}", "p".repeat(length - 1));
        let from = format!("https://example.org{folder}/file");
        assert_eq!(set(&mut jar, &from, &format!("c{length}=v")), expected);
        assert_eq!(
            set(&mut jar, &from, &format!("d{length}=v; Path=/")),
            Ok(())
        );
    }
    assert_eq!(jar.len(), 4);
}
