//! What the cases in files cannot say: secrets, equality, keys that are none, and texts of every kind.

use std::collections::HashSet;

use url::Url;

use super::{NoProxy, Proxy, ProxyError, ProxyRules, ProxyScheme};

const SCHEMES: [ProxyScheme; 5] = [
    ProxyScheme::Http,
    ProxyScheme::Https,
    ProxyScheme::Socks5,
    ProxyScheme::Socks5h,
    ProxyScheme::Socks4a,
];

fn proxy(value: &str) -> Proxy {
    Proxy::parse(value).expect(value)
}

fn url(text: &str) -> Url {
    Url::parse(text).expect(text)
}

fn covers(list: &str, text: &str) -> bool {
    let url = url(text);
    let (host, port) = url.host().zip(url.port_or_known_default()).expect(text);
    NoProxy::parse(list).covers(&host, port)
}

/// What a proxy shows of itself is the same proxy, asked by nobody.
fn comes_back(shown: &Proxy) {
    let bare = shown
        .clone()
        .credentials("", "")
        .expect("nothing to refuse");
    assert_eq!(Proxy::parse(&shown.to_string()), Ok(bare));
}

#[test]
fn what_is_shown_is_read_as_the_same_proxy() {
    for scheme in SCHEMES.map(ProxyScheme::as_str) {
        for host in [
            "px.test",
            "px.test.",
            "10.0.0.1",
            "[2001:db8::7]",
            "[::ffff:10.0.0.1]",
        ] {
            for port in ["", ":", ":80", ":443", ":1080", ":1"] {
                comes_back(&proxy(&format!("{scheme}://joe:secret@{host}{port}/path")));
            }
        }
    }
}

#[test]
fn an_address_is_told_from_a_name() {
    let address = |value| proxy(value).address();
    assert_eq!(address("0x7f.1"), Some([127, 0, 0, 1].into()));
    assert_eq!(address("socks5://[::1]"), "::1".parse().ok());
    assert_eq!(address("localhost"), None);
    assert_eq!(proxy("socks5://[0::1]").host(), "[::1]");
}

#[test]
fn proxies_differ_in_all_that_they_are() {
    let texts = [
        "http://px.test:80",
        "https://px.test:80",
        "http://px.test:81",
        "http://p.test:80",
        "http://joe@px.test:80",
        "http://joe:secret@px.test:80",
        "http://:secret@px.test:80",
        "http://ann:secret@px.test:80",
    ];
    let distinct: HashSet<Proxy> = texts.map(proxy).into();
    assert_eq!(distinct.len(), texts.len());
    for same in ["PX.test", "Http://:@px.test/x", "px.test:0080"] {
        assert_eq!(proxy(same), proxy(texts[0]), "{same}");
    }
    // However they came to their credentials.
    let told = proxy("px.test").credentials("joe", "secret");
    assert_eq!(told, Ok(proxy("http://joe:secret@px.test")));
}

#[test]
fn no_octet_goes_to_a_proxy_that_cannot_take_it() {
    for (scheme, octet) in SCHEMES
        .into_iter()
        .flat_map(|one| (0..=255).map(move |octet| (one, octet)))
    {
        let plain = proxy(&format!("{}://px.test", scheme.as_str()));
        let user = plain.clone().credentials([b'x', octet], "");
        let password = plain.credentials("", [octet, b'x']);
        let http = matches!(scheme, ProxyScheme::Http | ProxyScheme::Https);
        let wanted = match octet {
            0..b' ' | 0x7f => Some(ProxyError::Control),
            b':' if http => Some(ProxyError::Colon),
            _ => None,
        };
        assert_eq!(user.err(), wanted, "{scheme:?} {octet:#x}");
        let wanted = wanted.filter(|error| *error == ProxyError::Control);
        assert_eq!(password.err(), wanted, "{scheme:?} {octet:#x}");
    }
}

#[test]
fn each_error_has_its_words() {
    for (value, error, code) in [
        ("ftp://px.test", ProxyError::Scheme, "proxy-scheme"),
        ("http://", ProxyError::Host, "proxy-url"),
        ("", ProxyError::Host, "proxy-url"),
        ("px.test:http", ProxyError::Port, "proxy-url"),
        ("px.test:0", ProxyError::Port, "proxy-url"),
        ("joe%0a@px.test", ProxyError::Control, "proxy-credentials"),
        ("joe%3a@px.test", ProxyError::Colon, "proxy-credentials"),
    ] {
        assert_eq!(Proxy::parse(value), Err(error), "{value}");
        assert_eq!(error.code(), code);
    }
    let long = format!("socks5://{}@px.test", "u".repeat(256));
    assert_eq!(Proxy::parse(&long), Err(ProxyError::TooLong));
    assert_eq!(ProxyError::TooLong.code(), "proxy-credentials");
}

#[test]
fn nobody_shows_a_secret() {
    for value in [
        "http://canary:canary@px.test",
        "http://canary%0a:canary@px.test",
        "https://can%3Aary:canary@px.test",
        "canary://canary:canary@px.test",
        "canary:canary",
        "http://canary:canary@",
        "http://canary:canary@px.test:canary",
    ] {
        let rules = ProxyRules::from_pairs([("all_proxy", value)]);
        let rules = rules.rule("all://a.test", Some(value)).expect("a key");
        let mut said = format!("{rules:?}");
        for asked in ["http://a.test/", "https://b.test/"] {
            said += &match rules.select(&url(asked)) {
                Ok(proxy) => format!("{proxy:?} {}", proxy.expect("a proxy")),
                Err(error) => format!("{error:?} {error}"),
            };
        }
        assert!(!said.contains("canary"), "{value}: {said}");
    }
}

#[test]
fn a_key_that_is_none_is_refused() {
    for key in [
        "",
        "ftp",
        "ftp://one.test",
        "htps",
        "one.test",
        "http:",
        "http://",
        "http://one.test:80",
        "http://one.test/",
        "http://joe@one.test",
        "http://[::1",
        "http://::1",
        "*",
        "*://one.test",
        " http",
    ] {
        let refused = ProxyRules::none().rule(key, None).err();
        assert_eq!(refused, Some(ProxyError::Key), "{key}");
    }
    assert_eq!(ProxyError::Key.code(), "proxy-rule");
}

#[test]
fn a_rule_takes_the_place_of_one_with_its_key() {
    let rules = ProxyRules::none().rule("HTTP://one.test.", Some("gopher://px.test"));
    let rules = rules.and_then(|rules| rules.rule("http://ONE.test", Some("px.test")));
    let rules = rules.expect("keys");
    assert_eq!(
        rules.select(&url("http://one.test/")),
        Ok(Some(&proxy("px.test")))
    );
    let rules = rules.rule("http://one.test", None).expect("a key");
    assert_eq!(rules.select(&url("http://one.test/")), Ok(None));
}

#[test]
fn one_proxy_for_all_but_the_exceptions() {
    let one = proxy("socks5h://px.test");
    let rules = ProxyRules::all(one.clone())
        .no_proxy("two.test")
        .no_proxy("one.test:80");
    for asked in [
        "https://one.test/",
        "http://two.test/",
        "http://one.test:8080/",
    ] {
        assert_eq!(rules.select(&url(asked)), Ok(Some(&one)), "{asked}");
    }
    assert_eq!(rules.select(&url("http://one.test/")), Ok(None));
    let none = ProxyRules::none();
    assert_eq!(none.select(&url("https://one.test/")), Ok(None));
    assert_eq!(
        none.select(&url("mailto:joe@one.test")),
        Err(ProxyError::Url)
    );
}

#[test]
fn of_two_pairs_with_one_name_the_first_that_has_a_value_counts() {
    let pairs = [
        ("http_proxy", " "),
        ("http_proxy", "a.test"),
        ("http_proxy", "b.test"),
    ];
    let rules = ProxyRules::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value)));
    assert_eq!(
        rules.select(&url("http://one.test/")),
        Ok(Some(&proxy("a.test")))
    );
}

/// Two masks for the same thing: the one that shifts, and a reading bit by bit.
#[test]
fn a_network_is_the_bits_of_its_prefix() {
    let bits = |octets: &[u8]| {
        octets
            .iter()
            .flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1))
            .collect::<Vec<_>>()
    };
    let mut chance = Chance(0x5e55_11e5);
    for _ in 0..4_000 {
        let base = chance.0.to_le_bytes();
        let mut other = base;
        other[chance.below(8)] ^= 1 << chance.below(8);
        let prefix = chance.below(33);
        let [a, b, c, d, ..] = base;
        let [e, f, g, h, ..] = other;
        let wanted = bits(&[a, b, c, d])[..prefix] == bits(&[e, f, g, h])[..prefix];
        let asked = format!("http://{e}.{f}.{g}.{h}/");
        assert_eq!(
            covers(&format!("{a}.{b}.{c}.{d}/{prefix}"), &asked),
            wanted,
            "{prefix} {asked}"
        );
        let mapped = format!("::ffff:{a}.{b}.{c}.{d}/{}", prefix + 96);
        assert_eq!(covers(&mapped, &asked), wanted, "{mapped} {asked}");

        let [base, other] = [base, other].map(|octets| [[0x20; 8], octets].concat());
        let address = |octets: &[u8]| {
            core::net::Ipv6Addr::from(<[u8; 16]>::try_from(octets).expect("16 octets"))
        };
        let prefix = 64 + chance.below(65);
        let wanted = bits(&base)[..prefix] == bits(&other)[..prefix];
        let asked = format!("http://[{}]/", address(&other));
        assert_eq!(
            covers(&format!("{}/{prefix}", address(&base)), &asked),
            wanted,
            "{prefix} {asked}"
        );
    }
}

#[test]
fn texts_of_every_kind_are_judged() {
    let mut chance = Chance(0x5e55_11e5);
    let (mut chosen, mut exempt) = (0, 0);
    for _ in 0..20_000 {
        let (value, mut list, key) = (chance.text(6), chance.text(6), chance.text(3));
        let host = chance.text(2);
        if chance.below(2) == 0 {
            list += &host;
        }
        let asked = format!("http://{host}/");
        let pairs = [("http_proxy", &value), ("no_proxy", &list)];
        let rules = ProxyRules::from_pairs(pairs);
        let rules = rules.clone().rule(&key, Some(&value)).unwrap_or(rules);
        let Ok(asked) = Url::parse(&asked) else {
            continue;
        };
        if let Ok(Some(proxy)) = rules.select(&asked) {
            comes_back(proxy);
            chosen += 1;
        }
        exempt += usize::from(an_exception_knows_its_host_in_every_spelling(&list, &asked));
    }
    // Or the texts say nothing.
    assert!(chosen > 500 && exempt > 200, "{chosen} {exempt}");
}

/// Whether it is one.
fn an_exception_knows_its_host_in_every_spelling(list: &str, url: &Url) -> bool {
    let host = url.host_str().expect("a host");
    let covered = covers(list, url.as_str());
    let dotted = match host.ends_with(['.', ']']) {
        true => host.to_owned(),
        false => format!("{host}."),
    };
    for spelled in [dotted, host.to_ascii_uppercase()] {
        assert_eq!(
            covers(list, &format!("http://{spelled}/")),
            covered,
            "{list:?} {spelled}"
        );
    }
    assert_eq!(
        covers(&list.to_ascii_uppercase(), url.as_str()),
        covered,
        "{list:?} {url}"
    );
    covered
}

/// Marsaglia's xorshift: the same texts on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::from(self.0.to_le_bytes()[3]) % bound
    }

    fn text(&mut self, most: usize) -> String {
        const PIECES: [&str; 32] = [
            "one", ".test", "a", ".", "*", "*.", ":80", ":", "://", "http", "socks5", "all", "@",
            "[", "]", "::1", "10.0.0.1", "0x7f.1", "/8", "/", "::ffff:", "%41", "%0a", "%", ",",
            " ", "\t", "\n", "\u{fc}", "\u{3002}", "\0", "\\",
        ];
        let pieces = 1 + self.below(most);
        (0..pieces)
            .map(|_| PIECES[self.below(PIECES.len())])
            .collect()
    }
}
