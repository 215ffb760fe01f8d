//! Files of every shape, whole and damaged, and hosts in every spelling.

use url::Url;

use super::{Netrc, NetrcFault};
use crate::policy::{Credentials, CredentialsError};

fn credentials(user: &str, password: &str) -> Credentials {
    Credentials::new(user, password).expect("valid")
}

fn lookup(netrc: &Netrc, url: &str) -> Option<Credentials> {
    netrc.lookup(&Url::parse(url).expect("a URL")).cloned()
}

fn fault(file: impl AsRef<[u8]>) -> (usize, NetrcFault) {
    let error = Netrc::parse(file).expect_err("damaged");
    (error.line, error.what)
}

#[test]
fn a_file_says_the_same_in_every_shape() {
    let joe = Some(credentials("joe", "secret"));
    for file in [
        "machine a.test login joe password secret",
        "machine a.test\n\tlogin joe\r\n\tpassword secret\r\n",
        "machine\na.test\nlogin\njoe\npassword\nsecret\n\n",
        "machine a.test password secret account x login joe",
        "MACHINE a.test Login joe passWord secret",
        "\n# a comment\n  # another\nmachine a.test login joe # of joe's\npassword secret#",
        "machine a.test # here\n login joe password\n# its password is\nsecret",
        r#"machine "a.test" login "joe" password "secret""#,
        r#"machine a.test login "j\oe" password se\cret"#,
        "machine b.test login ann password x machine a.test login joe password secret",
        "macdef init\ncd /pub\nmachine c.test\n\nmachine a.test login joe password secret",
        "machine a.test login joe password secret macdef x\nlogin nobody\n \t\r\nmachine c.test",
        "default login anyone password all\nmachine a.test login joe password secret",
        "machine a.test login joe password secret\nmachine a.test login ann password other",
    ] {
        // The password of the one file with a `#` at its end has it: a value may hold one.
        let wanted = match file.ends_with('#') {
            true => Some(credentials("joe", "secret#")),
            false => joe.clone(),
        };
        let netrc = Netrc::parse(file).expect(file);
        assert_eq!(lookup(&netrc, "http://a.test/"), wanted, "{file}");
    }
    for empty in ["", " \n\t\r\n", "# nothing", "#\n#"] {
        let netrc = Netrc::parse(empty).expect(empty);
        assert_eq!(lookup(&netrc, "http://a.test/"), None);
    }
}

#[test]
fn values_hold_what_they_are_quoted_for() {
    for (word, value) in [
        ("#secret", "#secret"),
        ("a#b", "a#b"),
        (r#"a"b"#, r#"a"b"#),
        (r"\#", "#"),
        (r#"\"a""#, "\"a\""),
        (r"a\\b\ c", r"a\b c"),
        ("a,b", "a,b"),
        ("machine", "machine"),
        ("\u{e9}", "\u{e9}"),
        (r#""""#, ""),
        (r#""a b""#, "a b"),
        (r#""a \"b\" \\ #c""#, r#"a "b" \ #c"#),
    ] {
        let file = format!("machine a.test login u password {word}\nmachine b.test");
        let netrc = Netrc::parse(&file).expect(&file);
        let wanted = credentials("u", value);
        assert_eq!(lookup(&netrc, "http://a.test/"), Some(wanted), "{word}");
    }
    // Octets need not be text.
    let netrc = Netrc::parse(b"machine a.test login \xff password \xe9").expect("octets");
    let wanted = Credentials::new(b"\xff", b"\xe9").ok();
    assert_eq!(lookup(&netrc, "http://a.test/"), wanted);
}

#[test]
fn a_damaged_file_names_its_line_and_gives_nothing() {
    use NetrcFault::{Credentials, Escape, Keyword, Macro, NoMachine, NoValue, Quoting, Repeated};
    for (line, what, file) in [
        (1, Keyword, "machines a.test"),
        (2, Keyword, "machine a.test login joe\nuser joe"),
        (1, Keyword, "machine a.test login joe smith password x"),
        (1, Keyword, "\"\""),
        (1, NoMachine, "login joe"),
        (2, NoMachine, "# of nobody\npassword x machine a.test"),
        (4, NoMachine, "machine a.test macdef x\ny\n\nlogin joe"),
        (1, NoValue, "machine"),
        (2, NoValue, "machine a.test login\n"),
        (3, NoValue, "machine a.test password\n# nothing\n"),
        (1, NoValue, "macdef"),
        (2, Repeated, "machine a.test login joe\nlogin ann"),
        (1, Repeated, "machine a.test password x password x"),
        (1, Repeated, "machine a.test account x account y"),
        (
            2,
            Quoting,
            "machine a.test login\n\"joe password x\nmachine b.test",
        ),
        (1, Quoting, "machine a.test password \"x"),
        (1, Quoting, "machine a.test password \"x\"y"),
        (1, Quoting, "machine a.test password \"x\\\""),
        (1, Escape, "machine a.test password x\\"),
        (1, Escape, "machine a.test password x\\\r\ny"),
        (1, Escape, "machine a.test password \"x\\\ny\""),
        (2, Macro, "\nmacdef x\ny\nmachine a.test login joe"),
        (1, Macro, "macdef x"),
        (
            1,
            Credentials(CredentialsError::Colon),
            "machine a.test login a:b",
        ),
        (
            2,
            Credentials(CredentialsError::Control),
            "\nmachine a.test\npassword \"x\\ny\"",
        ),
        (
            1,
            Credentials(CredentialsError::Control),
            "machine a.test login a\0b\nmachine b.test",
        ),
    ] {
        assert_eq!(fault(file), (line, what), "{file:?}");
        // Damage at the end takes what was good before it.
        let behind = format!("machine first.test login joe password canary\n{file}");
        if what != NoMachine {
            assert_eq!(fault(&behind), (line + 1, what), "{file:?}");
            let said = format!("{}", Netrc::parse(&behind).expect_err("damaged"));
            assert!(!said.contains("canary") && !said.contains("joe"), "{said}");
        }
    }
}

#[test]
fn a_host_is_itself_in_every_spelling() {
    for (name, urls) in [
        (
            "example.org",
            &[
                "http://example.org/",
                "https://EXAMPLE.org:8443/",
                "http://example.org./",
                "http://ex%61mple.org/",
                "http://\u{ff45}xample.org/",
                "http:\\\\example.org",
            ][..],
        ),
        (
            "EXAMPLE.ORG.",
            &["http://example.org/", "http://example.org./"],
        ),
        ("b\u{fc}cher.test", &["http://xn--bcher-kva.test/"]),
        ("xn--bcher-kva.test", &["http://B\u{dc}CHER.test/"]),
        ("127.0.0.1", &["http://127.1/", "http://0x7f000001/"]),
        ("0x7f.1", &["http://127.0.0.1/"]),
        ("::1", &["http://[::1]/", "http://[0:0::0:1]:80/"]),
        ("[0::1]", &["http://[::1]/"]),
    ] {
        let netrc = Netrc::parse(format!("machine {name} login u")).expect(name);
        for url in urls {
            assert!(lookup(&netrc, url).is_some(), "{name} {url}");
        }
    }
}

#[test]
fn no_other_host_is_taken_for_it() {
    let netrc = Netrc::parse("machine example.org login u password p").expect("a file");
    for url in [
        "http://www.example.org/",
        "http://example.org.evil.test/",
        "http://evilexample.org/",
        "http://org/",
        "http://example.org@evil.test/",
        "http://example.org:80@evil.test/",
        "http://evil.test/example.org",
        "http://evil.test\\@example.org/",
        "http://evil.test#@example.org/",
        "http://evil.test?@example.org/",
        "http://example.org../",
        "mailto:u@example.org",
        "data:example.org",
    ] {
        assert_eq!(lookup(&netrc, url), None, "{url}");
    }
    // A name that can be no host's is for nobody.
    for name in [
        "\"a b\"",
        "a/b",
        "http://example.org",
        "example.org:80",
        "[::1",
        "\"\"",
        ".",
    ] {
        let netrc = Netrc::parse(format!("machine {name} login u")).expect(name);
        for url in ["http://example.org/", "http://[::1]/", "http://a/"] {
            assert_eq!(lookup(&netrc, url), None, "{name} {url}");
        }
    }
}

#[test]
fn a_login_of_the_url_chooses_its_entry_and_no_other() {
    let file = "machine a.test login joe password 1\nmachine a.test login ann password 2\nmachine a.test password 3\ndefault login guest password 4\nmachine b.test";
    let (plain, all) = (
        Netrc::parse(file),
        Netrc::parse(file).map(Netrc::with_default),
    );
    let (plain, all) = (plain.expect("a file"), all.expect("a file"));
    for (url, wanted, with_default) in [
        ("http://a.test/", Some("1"), Some("1")),
        ("http://joe@a.test/", Some("1"), Some("1")),
        ("http://a%6En@a.test/", Some("2"), Some("2")),
        ("http://guest@a.test/", None, None),
        ("http://JOE@a.test/", None, None),
        ("http://c.test/", None, Some("4")),
        ("http://guest@c.test/", None, Some("4")),
        ("http://joe@c.test/", None, None),
        // Named, with nothing to say: that is an answer, too.
        ("http://b.test/", None, None),
    ] {
        let password = |netrc| lookup(netrc, url).map(|found| found.password().to_vec());
        assert_eq!(
            password(&plain).as_deref(),
            wanted.map(str::as_bytes),
            "{url}"
        );
        let wanted = with_default.map(str::as_bytes);
        assert_eq!(password(&all).as_deref(), wanted, "{url}");
    }
}

#[test]
fn no_octets_break_the_reader() {
    let words = [
        "machine ",
        "a.test ",
        "login ",
        "password ",
        "default ",
        "macdef ",
        "account ",
        "\n",
        "\n\n",
        "\"",
        "\\",
        "#",
        "x",
        "\r",
        "\0",
        "\u{e9}",
    ];
    let mut chance = 0x5e55_11e5_u64;
    let mut read = 0;
    for _ in 0..20_000 {
        let mut file = String::new();
        for _ in 0..12 {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            file += words[usize::from(chance.to_le_bytes()[3]) % words.len()];
        }
        let lines = file.matches('\n').count() + 1;
        match Netrc::parse(&file) {
            Ok(_) => read += 1,
            Err(error) => assert!((1..=lines).contains(&error.line), "{file:?} {error}"),
        }
    }
    assert!(read > 50, "{read}");
}
