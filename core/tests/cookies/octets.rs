//! Every octet in every place of a line, and in what the application hands in.

use sessile_core::{Cookie, CookieRejection};

use crate::{NOW, jar, sent, set, url};

fn is_control(octet: u8) -> bool {
    (octet < b' ' && octet != b'\t') || octet == 0x7f
}

const PLACES: [(&[u8], &[u8]); 9] = [
    (b"", b"a=b"),
    (b"a", b"b=c"),
    (b"a=b", b"c"),
    (b"a=b", b""),
    (b"a=b;", b""),
    (b"a=b; Pa", b"th=/"),
    (b"a=b; Path=/", b""),
    (b"a=b; Domain=", b"example.org"),
    (b"a=b; unknown=x", b"y; Secure"),
];

#[test]
fn a_control_octet_refuses_its_line_and_no_other_octet_is_touched() {
    let page = url("https://example.org/");
    for octet in 0..=255u8 {
        for (front, back) in PLACES {
            let line = [front, &[octet][..], back].concat();
            let mut jar = jar();
            let set = jar.set(&page, &line, NOW);
            let shown = line.escape_ascii();
            // At the ends a blank is no part of the line, and HTAB is no control octet.
            assert_eq!(
                set == Err(CookieRejection::Control),
                is_control(octet),
                "{shown}"
            );
            let mut sent = Vec::new();
            jar.write_to(&page, NOW, &mut sent);
            assert!(!sent.iter().copied().any(is_control), "{shown}");
        }
    }
}

#[test]
fn every_other_octet_comes_back_as_it_was() {
    let page = url("https://example.org/");
    for octet in (0..=255u8).filter(|octet| !is_control(*octet) && *octet != b';') {
        for (name, value) in [
            ([b"n", &[octet][..], b"m"].concat(), b"v".to_vec()),
            (b"n".to_vec(), [b"v", &[octet][..], b"w"].concat()),
        ] {
            let pair = [&name[..], b"=", &value].concat();
            let mut jar = jar();
            assert_eq!(jar.set(&page, &pair, NOW), Ok(()), "{octet:#x}");
            let mut sent = Vec::new();
            jar.write_to(&page, NOW, &mut sent);
            assert_eq!(sent, pair, "{octet:#x}");
        }
    }
}

/// What the application makes is text; it comes back as it was, or is refused.
#[test]
fn no_octet_makes_two_cookies_of_one() {
    let page = url("https://example.org/");
    for octet in 0..=127u8 {
        for text in [
            format!("{octet}", octet = char::from(octet)),
            format!("a{}b", char::from(octet)),
        ] {
            for cookie in [
                Cookie::new(text.clone(), "v"),
                Cookie::new("n", text.clone()),
                Cookie::new("", text),
            ] {
                let mut jar = jar();
                let inserted = jar.insert(&page, &cookie, NOW);
                let mut sent = Vec::new();
                let count = jar.write_to(&page, NOW, &mut sent);
                let whole = match cookie.name() {
                    "" => cookie.value().to_owned(),
                    name => format!("{name}={}", cookie.value()),
                };
                let expected = if inserted.is_ok() {
                    (1, whole)
                } else {
                    (0, String::new())
                };
                assert_eq!(
                    (count, String::from_utf8_lossy(&sent).into_owned()),
                    expected
                );
                let harmful = |text: &str| text.contains(';') || text.bytes().any(is_control);
                assert!(!harmful(&expected.1), "{cookie:?}");
            }
        }
    }
}

#[test]
fn nothing_is_decoded_and_no_quote_opens_anything() {
    let mut jar = jar();
    for line in [
        "a=%0d%0ax",
        "b=\"x;y\"",
        "c=\"; Secure\"",
        "d=a\\;b",
        "e=&#10;",
        "f=a,g=b",
    ] {
        assert_eq!(
            set(&mut jar, "https://example.org/", line),
            Ok(()),
            "{line}"
        );
    }
    let line = sent(&mut jar, "http://example.org/");
    assert_eq!(line, "a=%0d%0ax; b=\\\"x; c=\\\"; d=a\\\\; e=&#10; f=a,g=b");
}

/// Octets at random, with a liking for those that mean something.
#[test]
fn no_line_makes_a_jar_fail() {
    const WORDS: [&[u8]; 24] = [
        b";",
        b"=",
        b" ",
        b"\t",
        b",",
        b"\"",
        b"Path",
        b"Domain",
        b"Expires",
        b"Max-Age",
        b"Secure",
        b"SameSite",
        b"None",
        b"__Host-",
        b"__Secure-",
        b"example.org",
        b"/",
        b".",
        b"-1",
        b"99999999999999999999",
        b"1 Jan 2030 0:0:0",
        b"\xff",
        b"\0",
        b"a",
    ];
    let mut chance = 0x5e55_11e5_u64;
    let mut below = |bound: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance % bound as u64).expect("less than a usize")
    };
    let pages = [
        "https://example.org/a/b",
        "http://www.example.org/",
        "http://127.0.0.1/",
        "http://[::1]/",
    ]
    .map(url);
    let mut jar = jar();
    for _ in 0..5_000 {
        let words = (0..below(12)).map(|_| WORDS[below(WORDS.len())]);
        let line = words.collect::<Vec<_>>().concat();
        let _ = jar.set(&pages[below(4)], &line, NOW);
        let mut sent = Vec::new();
        jar.write_to(&pages[below(4)], NOW, &mut sent);
        assert!(
            !sent.iter().copied().any(is_control),
            "{}",
            line.escape_ascii()
        );
    }
    assert!(!jar.is_empty());
}
