//! Both formats together: what is written is read as the same jar, and what is damaged changes nothing.

use core::time::Duration;
use std::sync::Arc;

use url::Url;

use super::*;
use crate::cookie::PublicSuffixes;

const NOW: Duration = Duration::from_millis(1_800_000_000_123);

#[derive(Debug)]
struct Top;

impl PublicSuffixes for Top {
    fn is_public_suffix(&self, domain: &str) -> bool {
        !domain.contains('.')
    }
}

fn empty() -> CookieJar {
    CookieJar::with_public_suffixes(Arc::new(Top))
}

fn jar() -> CookieJar {
    let mut jar = empty();
    let lines: [(&str, &[u8]); 11] = [
        ("https://www.shop.example/a/b", b"late=1"),
        (
            "https://www.shop.example/",
            b"sid=31d4; Secure; HttpOnly; Path=/; Max-Age=60; SameSite=None",
        ),
        (
            "https://www.shop.example/",
            b"all=\"x\"; Domain=shop.example; SameSite=Lax; Path=/x y",
        ),
        (
            "https://www.shop.example/",
            b"all=here; Path=/x y; SameSite=Strict",
        ),
        ("http://www.shop.example/", b"nameless"),
        ("http://www.shop.example/", b"==odd; Path=/odd"),
        ("http://www.shop.example/", b"empty="),
        (
            "http://www.shop.example/",
            b"octets=\xff\xfe\x80; Path=/\xc3",
        ),
        ("http://127.0.0.1:8080/a;b/c", b"ip=4; Domain=127.0.0.1"),
        ("http://[::1]/", b"ip=6"),
        ("https://shop.example./", b"__Host-dot=1; Secure; Path=/"),
    ];
    for (at, (url, line)) in (0..).zip(lines) {
        let url = Url::parse(url).expect("a URL");
        let set = jar.set(&url, line, NOW + Duration::from_millis(at));
        assert_eq!(set, Ok(()), "{}", line.escape_ascii());
    }
    jar
}

/// All that is known of each cookie, without ages.
fn shown(jar: &CookieJar) -> Vec<String> {
    let cookies = jar.written(SessionCookies::Write).into_iter();
    let all = cookies.map(|cookie| {
        let (expires, value) = (cookie.expires(), cookie.value().escape_ascii());
        let expires = expires.map(|at| at.as_secs());
        format!("{cookie} {value} {} {expires:?}", cookie.is_host_only())
    });
    all.collect()
}

#[test]
fn a_jar_goes_through_netscapes_file() {
    let jar = jar();
    let mut file = Vec::new();
    assert!(
        jar.write_netscape(SessionCookies::Write, &mut file)
            .is_empty()
    );
    let mut again = empty();
    assert_eq!(again.read_netscape(&file, NOW), Ok(jar.len()));
    assert_eq!(shown(&again), shown(&jar));
    let mut twice = Vec::new();
    again.write_netscape(SessionCookies::Write, &mut twice);
    assert_eq!(
        twice.escape_ascii().to_string(),
        file.escape_ascii().to_string()
    );
    assert_eq!(
        again.read_netscape(&file, NOW),
        Ok(jar.len()),
        "over itself"
    );
    assert_eq!(again.len(), jar.len());
}

#[test]
fn the_session_may_end_with_the_file() {
    let mut file = Vec::new();
    jar().write_netscape(SessionCookies::LeaveOut, &mut file);
    let lines: Vec<_> = file.split(|octet| *octet == b'\n').collect();
    assert_eq!(lines.len(), 3, "a comment, a cookie, and nothing");
    let mut again = empty();
    assert_eq!(
        again.read_netscape(&file, NOW + Duration::from_secs(61)),
        Ok(0)
    );
    assert!(again.is_empty(), "it has expired meanwhile");
}

#[test]
fn a_tab_divides_columns_and_nothing_else() {
    let mut jar = jar();
    let url = Url::parse("https://www.shop.example/").expect("a URL");
    for line in [&b"a=b\tc"[..], b"a\tb=c", b"a=b; Path=/\tx"] {
        assert_eq!(jar.set(&url, line, NOW), Ok(()));
    }
    let mut file = Vec::new();
    let left_out = jar.write_netscape(SessionCookies::Write, &mut file);
    assert_eq!(left_out.len(), 3);
    assert_eq!(empty().read_netscape(&file, NOW), Ok(jar.len() - 3));
}

/// Found by fuzzing: it came back as a cookie of the host without the dot.
#[test]
fn a_host_that_begins_with_a_dot_is_no_domain() {
    let mut jar = empty();
    let url = Url::parse("https://.shop.example/").expect("a URL");
    assert_eq!(jar.set(&url, b"a=b", NOW), Ok(()));
    let mut file = Vec::new();
    assert_eq!(
        jar.write_netscape(SessionCookies::Write, &mut file).len(),
        1
    );
    assert_eq!(empty().read_netscape(&file, NOW), Ok(0));
}

#[test]
fn lines_of_other_writers_are_read() {
    let file = b"# Netscape HTTP Cookie File\r\n\r\n \t \r\n#HttpOnly_.Shop.Example\ttrue\t/\tFALSE\t\tn\tv\r\n\
        0x7f.1\tFALSE\t/\tfalse\t99999999999999999999999\tempty\n[::0:1]\tFALSE\t/\tFALSE\t0\t\tv\n#comment";
    let mut jar = empty();
    assert_eq!(jar.read_netscape(file, NOW), Ok(3));
    let cookie = jar.get_at("shop.example", "/", "n").expect("it");
    assert!(cookie.is_http_only() && !cookie.is_host_only() && cookie.expires().is_none());
    let cookie = jar.get_at("127.0.0.1", "/", "empty").expect("it");
    let longest = jar.limits().max_lifetime;
    assert_eq!(
        (cookie.value(), cookie.expires()),
        (&b""[..], Some(NOW + longest))
    );
    assert_eq!(jar.get_at("[::1]", "/", "").expect("it").value(), b"v");
}

#[test]
fn each_damage_has_its_line_and_changes_nothing() {
    use CookieFileProblem as P;
    use CookieRejection as R;
    let long = format!("a.example\tFALSE\t/\tFALSE\t0\tn\t{}", "v".repeat(4096));
    let good = "a.example\tFALSE\t/\tFALSE\t0\tn\tv";
    for (line, problem) in [
        ("a.example", P::Columns(1)),
        ("a.example\tFALSE\t/\tFALSE\t0", P::Columns(5)),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\tv\tw", P::Columns(8)),
        ("a.example\tYES\t/\tFALSE\t0\tn\tv", P::Flag),
        ("a.example\tFALSE\t/\t\t0\tn\tv", P::Flag),
        ("a.example\tFALSE\t/\tFALSE\t-1\tn\tv", P::Expiry),
        ("a.example\tFALSE\t/\tFALSE\t1.5\tn\tv", P::Expiry),
        (
            "a.example\tFALSE\t\tFALSE\t0\tn\tv",
            P::Rejected(R::Unsayable),
        ),
        (
            "a.example\tFALSE\tx\tFALSE\t0\tn\tv",
            P::Rejected(R::Unsayable),
        ),
        (
            "a.example\tFALSE\t/\tFALSE\t0\tn\tv;w",
            P::Rejected(R::Unsayable),
        ),
        (
            "a.example\tFALSE\t/\tFALSE\t0\tn \tv",
            P::Rejected(R::Unsayable),
        ),
        (
            "a.example\tFALSE\t/\tFALSE\t0\tn=\tv",
            P::Rejected(R::Unsayable),
        ),
        (
            "a.example\tFALSE\t/\tFALSE\t0\tn\tv\rw",
            P::Rejected(R::Control),
        ),
        (
            "a.example\tFALSE\t/\tFALSE\t0\tn\tv\0",
            P::Rejected(R::Control),
        ),
        ("a.example\tFALSE\t/\tFALSE\t0\t\t", P::Rejected(R::Empty)),
        (&long, P::Rejected(R::TooLarge)),
        ("\tFALSE\t/\tFALSE\t0\tn\tv", P::Rejected(R::Domain)),
        ("a b\tFALSE\t/\tFALSE\t0\tn\tv", P::Rejected(R::Domain)),
        (
            ".example\tTRUE\t/\tFALSE\t0\tn\tv",
            P::Rejected(R::PublicSuffix),
        ),
        (
            "example.\tTRUE\t/\tFALSE\t0\tn\tv",
            P::Rejected(R::PublicSuffix),
        ),
        (
            "a.example\tFALSE\t/\tFALSE\t0\t__Secure-n\tv",
            P::Rejected(R::SecurePrefix),
        ),
        (
            "a.example\tTRUE\t/\tTRUE\t0\t__Host-n\tv",
            P::Rejected(R::HostPrefix),
        ),
        (
            "a.example\tFALSE\t/x\tTRUE\t0\t__Host-n\tv",
            P::Rejected(R::HostPrefix),
        ),
        (
            "a.example\tFALSE\t/\tTRUE\t0\t\t__Host-n",
            P::Rejected(R::NamelessPrefix),
        ),
    ] {
        let file = format!("{good}\n# a comment\n{line}\n{good}2\n");
        let mut jar = jar();
        let before = shown(&jar);
        let error = jar.read_netscape(file.as_bytes(), NOW).expect_err("damage");
        assert_eq!((error.line(), error.problem()), (3, problem), "{line:?}");
        assert_eq!(shown(&jar), before, "{line:?}");
        let (taken, errors) = jar.read_netscape_leniently(file.as_bytes(), NOW);
        assert_eq!((taken, errors.as_slice()), (2, &[error][..]), "{line:?}");
        assert!(!error.to_string().contains(char::is_control), "{error}");
    }
    let mut bare = CookieJar::without_public_suffixes();
    let error = bare.read_netscape(b"a.example\tTRUE\t/\tFALSE\t0\tn\tv", NOW);
    let problem = error.expect_err("nobody knows").problem();
    assert_eq!(problem, P::Rejected(R::NoSuffixList));
}

#[cfg(feature = "json")]
mod json {
    use super::*;

    #[test]
    fn a_jar_goes_through_json() {
        let mut jar = jar();
        let url = Url::parse("http://www.shop.example/odd").expect("a URL");
        jar.set(&url, b"a=b\tc", NOW).expect("a tab is fine here");
        assert!(jar.write_to(&url, NOW, &mut Vec::new()) > 0);
        let file = jar.to_json(SessionCookies::Write);
        let mut again = empty();
        assert_eq!(
            again.read_json(file.as_bytes(), NOW + Duration::from_secs(9)),
            Ok(jar.len())
        );
        assert_eq!(shown(&again), shown(&jar));
        for (one, other) in again.iter().zip(jar.iter()) {
            assert_eq!(
                (one.created(), one.expires()),
                (other.created(), other.expires())
            );
            assert_eq!(one.same_site(), other.same_site());
        }
        assert_eq!(by_use(&again), by_use(&jar));
        let empty_file = empty().to_json(SessionCookies::Write);
        assert_eq!(empty_file, "{\"version\":1,\"cookies\":[]}\n");
        assert_eq!(again.read_json(empty_file.as_bytes(), NOW), Ok(0));
    }

    fn by_use(jar: &CookieJar) -> Vec<String> {
        let mut cookies: Vec<_> = jar.iter().collect();
        cookies.sort_by_key(|cookie| (cookie.cookie.used, cookie.cookie.born));
        cookies.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_damage_is_named() {
        use CookieFileProblem as P;
        let cookie = r#"{"name":"n","value":"v","domain":"a.example","host_only":true,"path":"/","secure":true,"http_only":true}"#;
        for (right, wrong, problem) in [
            ("\"n\"", "3", P::Key("name")),
            ("\"v\"", "{\"base64\":\"?\"}", P::Key("value")),
            ("\"v\"", "{\"base46\":\"\"}", P::Key("value")),
            ("\"domain\"", "\"host\"", P::Key("domain")),
            (
                "\"host_only\":true",
                "\"host_only\":\"true\"",
                P::Key("host_only"),
            ),
            ("\"path\":\"/\"", "\"path\":null", P::Key("path")),
            ("\"secure\":true,", "", P::Key("secure")),
            ("\"http_only\":true", "\"http_only\":1", P::Key("http_only")),
            ("}", ",\"same_site\":\"lax\"}", P::Key("same_site")),
            ("}", ",\"expires_ms\":1.5}", P::Key("expires_ms")),
            ("}", ",\"created_ms\":\"now\"}", P::Key("created_ms")),
            ("}", ",\"used\":-1}", P::Key("used")),
            ("\"v\"", "\"\\ud800\"", P::Json),
            ("\"v\"", "\"v\\r\"", P::Rejected(CookieRejection::Control)),
            (
                "\"host_only\":true",
                "\"host_only\":false",
                P::Rejected(CookieRejection::PublicSuffix),
            ),
        ] {
            let damaged = cookie.replacen(right, wrong, 1).replace(
                "a.example",
                match problem {
                    P::Rejected(CookieRejection::PublicSuffix) => "example",
                    _ => "a.example",
                },
            );
            let file =
                format!("{{\n\"version\": 1, \"cookies\": [\n{cookie},\n{damaged}\n,{cookie}]}}");
            let mut jar = jar();
            let before = shown(&jar);
            let error = jar.read_json(file.as_bytes(), NOW).expect_err("damage");
            assert_eq!((error.line(), error.problem()), (4, problem), "{damaged}");
            assert_eq!(shown(&jar), before);
            let lenient = jar.read_json_leniently(file.as_bytes(), NOW);
            assert_eq!(lenient, Ok((2, vec![error])));
        }
    }

    #[test]
    fn what_cannot_be_read_at_all_is_an_error_either_way() {
        use CookieFileProblem as P;
        let deep = format!("{{\"version\":1,\"cookies\":{}", "[".repeat(100_000));
        for (file, line, problem) in [
            (&b""[..], 1, P::Json),
            (b"[]", 1, P::Json),
            (b"\"a secret\"", 1, P::Json),
            (b"{\"version\":1,\n\"cookies\":[", 2, P::Json),
            (b"{\"version\":1}\n\n{}", 3, P::Json),
            (b"{\"version\":1,\n\"x\":\"\xff\"}", 2, P::Json),
            (deep.as_bytes(), 1, P::Json),
            (b"{\"cookies\":[]}", 1, P::Key("version")),
            (b"{\"version\":\"1\",\"cookies\":[]}", 1, P::Key("version")),
            (b"{\"version\":0,\"cookies\":[]}", 1, P::Key("version")),
            (b"{\"version\":2,\"cookies\":[]}", 1, P::NewerVersion(2)),
            (b"{\"version\":1}", 1, P::Key("cookies")),
            (b"{\"version\":1,\"cookies\":{}}", 1, P::Key("cookies")),
        ] {
            let error = CookieFileError::new(line, problem);
            let shown = file[..file.len().min(99)].escape_ascii();
            assert_eq!(empty().read_json(file, NOW), Err(error), "{shown}");
            assert_eq!(
                empty().read_json_leniently(file, NOW),
                Err(error),
                "{shown}"
            );
        }
    }

    #[test]
    fn ages_from_a_file_are_not_believed() {
        let cookie = |more: &str| {
            let file = format!(
                r#"{{"version":1,"cookies":[{{"name":"n","value":"v","domain":"a.example","host_only":true,"path":"/","secure":true,"http_only":true,{more}}}]}}"#
            );
            let mut jar = empty();
            jar.read_json(file.as_bytes(), NOW)
                .map(|taken| (taken, jar))
        };
        let (_, jar) = cookie(r#""created_ms":9223372036854775807,"expires_ms":9223372036854775807,"used":18446744073709551615"#)
            .expect("a cookie");
        let read = jar.iter().next().expect("it");
        assert_eq!(read.created(), NOW);
        assert_eq!(read.expires(), Some(NOW + jar.limits().max_lifetime));
        let (taken, jar) =
            cookie(r#""created_ms":-1,"expires_ms":-9223372036854775808"#).expect("a file");
        assert_eq!((taken, jar.len()), (0, 0));
    }
}
