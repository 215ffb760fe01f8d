//! Answers of Digest: the examples of the RFCs, and a table for each thing that an answer depends on.

use http::Method;

use super::{DigestCredentials, DigestInput, DigestOffer};
use crate::policy::{Challenge, NoAnswer};

/// The answer to these lines, as text in which octets beyond ASCII are one letter each.
fn answer(lines: &[&str], user: &str, input: &DigestInput<'_>) -> Result<String, NoAnswer> {
    answer_with(lines, user, "p", input)
}

fn answer_with(
    lines: &[&str],
    user: &str,
    password: &str,
    input: &DigestInput<'_>,
) -> Result<String, NoAnswer> {
    let credentials = DigestCredentials::new(user, password).expect("no control characters");
    let offer = DigestOffer::choose(&Challenge::read(lines.iter().copied()), input.content)?;
    let value = offer.answer(&credentials, input, 1)?;
    Ok(value.iter().copied().map(char::from).collect())
}

const GET: DigestInput<'_> = DigestInput {
    method: &Method::GET,
    target: "/x",
    content: Some(b""),
    cnonce: "c1",
};

/// What a parameter of an answer says, quotes and all.
fn says<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let parameters = answer.strip_prefix("Digest ")?.split(", ");
    let mut pairs = parameters.filter_map(|parameter| parameter.split_once('='));
    pairs.find(|pair| pair.0 == name).map(|pair| pair.1)
}

#[test]
fn the_examples_of_the_rfcs() {
    // RFC 2617 §3.5: the first Digest that everybody answered.
    let challenge = r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
    let input = DigestInput {
        target: "/dir/index.html",
        cnonce: "0a4f113b",
        ..GET
    };
    let answered = answer_with(&[challenge], "Mufasa", "Circle Of Life", &input).expect("answered");
    assert_eq!(
        answered,
        r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41", qop=auth, nc=00000001, cnonce="0a4f113b""#
    );

    // RFC 7616 §3.9.1: two hashes on offer.
    let of = |algorithm| {
        format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        )
    };
    let (sha, md5) = (of("SHA-256"), of("MD5"));
    let input = DigestInput {
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        ..input
    };
    for (lines, response) in [
        (
            &[&sha[..], &md5][..],
            "\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"",
        ),
        (&[&md5], "\"8ca523f5e9506fed4657c9700eebdbec\""),
    ] {
        let answered = answer_with(lines, "Mufasa", "Circle of Life", &input).expect("answered");
        assert_eq!(says(&answered, "response"), Some(response));
    }

    // RFC 7616 §3.9.2, with the values of erratum 4897: what is printed there is no SHA-512/256.
    let challenge = r#"Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true"#;
    let input = DigestInput {
        target: "/doe.json",
        cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        ..GET
    };
    let user = "J\u{e4}s\u{f8}n Doe";
    let answered = answer_with(&[challenge], user, "Secret, or not?", &input).expect("answered");
    for (name, value) in [
        (
            "username",
            "\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\"",
        ),
        (
            "response",
            "\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\"",
        ),
        ("userhash", "true"),
    ] {
        assert_eq!(says(&answered, name), Some(value), "{name}");
    }
}

#[test]
fn the_strongest_that_can_be_answered_is_chosen() {
    let one = |nonce: &str, rest: &str| format!(r#"Digest realm="r", nonce="{nonce}"{rest}"#);
    let md5 = one("md5", ", qop=auth");
    let sha = one("sha", ", qop=auth, algorithm=SHA-256");
    let session = one("session", ", qop=auth, algorithm=SHA-256-sess");
    let long = one("long", ", qop=auth, algorithm=sha-512-256");
    let unnamed = one("unnamed", ", algorithm=SHA-512-256");
    let unknown = one("unknown", ", qop=auth, algorithm=SHA-512");
    let broken = one("broken", ", qop=auth, algorithm=SHA-512-256, X=1, x=2");
    let spoiled = one("spoiled", ", qop=auth, algorithm=SHA-512-256, x=");
    let integrity = one("integrity", ", qop=\"auth-int\", algorithm=SHA-512-256");
    let cases: [(&[&str], Option<&str>); 12] = [
        (&[&md5, &sha, &long], Some("long")),
        (&[&long, &sha, &md5], Some("long")),
        (&[&sha, &session], Some("sha")),
        (&[&session, &sha], Some("session")),
        (&[&unnamed, &long], Some("unnamed")),
        (&[&unknown, &md5], Some("md5")),
        (&[&broken, &md5], Some("md5")),
        (&[&spoiled, &md5], Some("md5")),
        (&[&format!("{spoiled}, {long}"), &md5], Some("md5")),
        (&[&format!("{unknown}, {sha}, {md5}")], Some("sha")),
        (&[&integrity, &long], Some("integrity")),
        (&[&unknown, &broken, &spoiled], None),
    ];
    for (lines, wanted) in cases {
        let challenges = Challenge::read(lines.iter().copied());
        let offer = DigestOffer::choose(&challenges, Some(b""));
        let nonce = offer.as_ref().ok().map(DigestOffer::nonce);
        assert_eq!(nonce, wanted.map(str::as_bytes), "{lines:?}");
    }
    // Content that can be read once leaves the weaker one, or an error if there is none, whatever else is wrong.
    let once = DigestInput {
        content: None,
        ..GET
    };
    let weaker = answer(&[&integrity, &md5], "u", &once).expect("answered");
    assert_eq!(says(&weaker, "nonce"), Some("\"md5\""));
    let none = answer(&[&unknown, &integrity, &broken], "u", &once);
    assert_eq!(none, Err(NoAnswer::ContentNotAvailable));
}

#[test]
fn what_cannot_be_answered_says_why() {
    use NoAnswer::{Malformed, NotOffered, UnknownAlgorithm, UnknownQuality};
    for (line, why) in [
        ("Basic realm=r", NotOffered),
        ("Digest2 realm=r, nonce=n", NotOffered),
        ("Digest realm=r, nonce=\"n", NotOffered),
        ("Digest", Malformed),
        ("Digest YWJj", Malformed),
        ("Digest realm=r", Malformed),
        ("Digest realm=r, nonce=\"\"", Malformed),
        ("Digest nonce=n", Malformed),
        ("Digest realm=r, nonce=n, Nonce=n", Malformed),
        ("Digest realm=r, nonce=n, x=1, X=1", Malformed),
        ("Digest realm=r, nonce=n, algorithm=\"\"", UnknownAlgorithm),
        (
            "Digest realm=r, nonce=n, algorithm=SHA256",
            UnknownAlgorithm,
        ),
        (
            "Digest realm=r, nonce=n, algorithm=MD5-sess-sess",
            UnknownAlgorithm,
        ),
        (
            "Digest realm=r, nonce=n, algorithm=MD5-sess",
            UnknownQuality,
        ),
        (
            "Digest realm=r, nonce=n, algorithm=MD5-sess, qop=\"\"",
            UnknownQuality,
        ),
        ("Digest realm=r, nonce=n, qop=auth-conf", UnknownQuality),
        (
            "Digest realm=r, nonce=n, qop=\"authint auth-\"",
            UnknownQuality,
        ),
    ] {
        assert_eq!(answer(&[line], "u", &GET), Err(why), "{line}");
        assert!(!why.is_error());
    }
}

#[test]
fn each_quality_of_protection_covers_what_it_says() {
    let put = DigestInput {
        method: &Method::PUT,
        content: Some(b"abc"),
        ..GET
    };
    let none = DigestInput {
        content: Some(b""),
        ..put
    };
    let once = DigestInput {
        content: None,
        ..put
    };
    for (options, name, covers_content) in [
        ("", None, false),
        (", qop=\"\"", None, false),
        (", qop=\" , \"", None, false),
        (", qop=auth", Some("auth"), false),
        (", qop=\"auth-int,,AUTH\"", Some("auth"), false),
        (", qop=\"auth-conf, auth\"", Some("auth"), false),
        (", qop=AUTH-INT", Some("auth-int"), true),
        (", qop=\"auth-int, auth-conf\"", Some("auth-int"), true),
    ] {
        let challenge = format!("Digest realm=r, nonce=n{options}");
        let answered = answer(&[&challenge], "u", &put).expect("answered");
        assert_eq!(says(&answered, "qop"), name, "{options}");
        assert_eq!(says(&answered, "nc").is_some(), name.is_some());
        assert_eq!(says(&answered, "cnonce").is_some(), name.is_some());
        let empty = answer(&[&challenge], "u", &none).expect("answered");
        assert_eq!(answered != empty, covers_content, "{options}");
        let unread = answer(&[&challenge], "u", &once);
        assert_eq!(unread.is_err(), covers_content, "{options}");
    }
}

#[test]
fn parameters_go_back_as_they_came_in_their_quotes() {
    let challenge = "Digest realm=\"a\\\"b\\\\c, d\u{e9}\", nonce=\"\\n\", opaque=\"\", qop=auth, algorithm=\"md5\", domain=\"/\", charset=UTF-8, stale=true, userhash=false, new=1";
    let line: Vec<u8> = challenge.chars().map(|letter| letter as u8).collect();
    let credentials = DigestCredentials::new("u\"\\", "p").expect("valid");
    let input = DigestInput {
        target: "/\\\"",
        cnonce: "c\"\\",
        ..GET
    };
    let offer = DigestOffer::choose(&Challenge::read([&line]), Some(b"")).expect("an offer");
    assert_eq!(offer.realm(), b"a\"b\\c, d\xe9");
    assert_eq!((offer.nonce(), offer.opaque()), (&b"n"[..], Some(&b""[..])));
    let value = offer
        .answer(&credentials, &input, u32::MAX)
        .expect("answered");
    let response = value
        .windows(43)
        .find(|part| part.starts_with(b"response=\""));
    let response = &response.expect("a response")[9..];
    let wanted = [
        &b"Digest username=\"u\\\"\\\\\", realm=\"a\\\"b\\\\c, d\xe9\", nonce=\"n\", uri=\"/\\\\\\\"\", algorithm=md5, response="[..],
        response,
        b", opaque=\"\", qop=auth, nc=ffffffff, cnonce=\"c\\\"\\\\\"",
    ]
    .concat();
    assert_eq!(
        value.escape_ascii().to_string(),
        wanted.escape_ascii().to_string()
    );
}

#[test]
fn a_user_is_written_in_a_form_that_can_say_it() {
    let plain = "Digest realm=r, nonce=n";
    let hashed = "Digest realm=r, nonce=n, userhash=\"True\"";
    for (user, username, extended) in [
        ("", Some("\"\""), None),
        ("a b:c*%'", Some("\"a b:c*%'\""), None),
        ("\u{e9}", None, Some("UTF-8''%C3%A9")),
        (
            "\u{e9}az09!#$&+-.^_`|~",
            None,
            Some("UTF-8''%C3%A9az09!#$&+-.^_`|~"),
        ),
        (
            "\u{1f600}*'%\"\\ ,",
            None,
            Some("UTF-8''%F0%9F%98%80%2A%27%25%22%5C%20%2C"),
        ),
        // Not normalised: the same letter in two code points is another user.
        ("e\u{301}", None, Some("UTF-8''e%CC%81")),
    ] {
        let answered = answer(&[plain], user, &GET).expect("answered");
        assert_eq!(says(&answered, "username"), username, "{user}");
        assert_eq!(says(&answered, "username*"), extended, "{user}");
        assert_eq!(says(&answered, "userhash"), None);
        let hidden = answer(&[hashed], user, &GET).expect("answered");
        assert_eq!(says(&hidden, "username").map(str::len), Some(34), "{user}");
        assert_eq!(says(&hidden, "username*"), None);
        assert_eq!(says(&hidden, "userhash"), Some("true"));
        assert_eq!(says(&hidden, "response"), says(&answered, "response"));
    }
}

#[test]
fn no_control_character_is_written() {
    for octet in (0..=31).chain([127u8]) {
        let text = format!("a{}b", char::from(octet));
        assert!(DigestCredentials::new(&text, "p").is_err());
        assert!(
            DigestCredentials::new("u", &text).is_ok(),
            "it is hashed alone"
        );
        let line = ["Digest realm=r, nonce=n"];
        for input in [
            DigestInput {
                target: &text,
                ..GET
            },
            DigestInput {
                cnonce: &text,
                ..GET
            },
        ] {
            assert_eq!(answer(&line, "u", &input), Err(NoAnswer::Control));
        }
        let realm = format!("Digest realm=\"{text}\", nonce=n");
        assert_eq!(answer(&[&realm], "u", &GET).is_ok(), octet == b'\t');
    }
}

#[test]
fn ten_thousand_offers_are_one_choice() {
    let weak = "Digest realm=r, nonce=n, qop=auth, ".repeat(10_000);
    let line = format!("{weak}Digest realm=r, nonce=strong, algorithm=SHA-256");
    let answered = answer(&[&line], "u", &GET).expect("answered");
    assert_eq!(says(&answered, "nonce"), Some("\"strong\""));
    let many: String = (0..10_000).map(|number| format!("p{number}=1, ")).collect();
    let line = format!("Digest {many}realm=r, nonce=n");
    assert!(answer(&[&line], "u", &GET).is_ok());
    let twice = format!("{line}, p9999=1");
    assert_eq!(answer(&[&twice], "u", &GET), Err(NoAnswer::Malformed));
}
