//! No octet, at any place of a request that an application can fill, makes anything of it but one request with the lines
//! that it was given: all 256 of them are tried at each place, by each route.

use sessile_core::{
    Config, Content, Credentials, Error, FieldNames, Fields, RequestBuilder, Route,
};

/// What an application can fill: a request that is the same but for one octet there.
type Place = (&'static str, fn(u8) -> Result<Vec<u8>, Error>);

const URL: &str = "http://example.org/";

/// The head that goes out, CONNECT and all routes together.
fn heads(config: &Config, builder: RequestBuilder) -> Result<Vec<u8>, Error> {
    let request = builder.build()?;
    let credentials = Credentials::new("px", "secret").ok();
    let mut all = Vec::new();
    for route in [
        Route::Direct,
        Route::ForwardProxy(credentials.clone()),
        Route::Tunnel(credentials.clone()),
    ] {
        let prepared = config.prepare(&request, &route)?;
        all.extend(prepared.connect.unwrap_or_default());
        all.extend(prepared.head);
    }
    Ok(all)
}

fn plain(builder: RequestBuilder) -> Result<Vec<u8>, Error> {
    heads(&Config::default(), builder)
}

/// `a`, the octet, `b`: as a text if it is one, else as octets.
fn around(octet: u8) -> [u8; 3] {
    [b'a', octet, b'b']
}

/// As [`around`], with the code point of that number.
fn letters(octet: u8) -> String {
    format!("a{}b", char::from(octet))
}

fn get() -> RequestBuilder {
    RequestBuilder::new("GET", URL)
}

fn field(name: &'static str, octet: u8) -> Result<Vec<u8>, Error> {
    let content = Content::Stream { length: None };
    plain(get().content(content).header(name, around(octet)))
}

fn session(octet: u8, line: fn(&mut Fields, [u8; 3]) -> bool) -> Result<Vec<u8>, Error> {
    let mut config = Config::default();
    if !line(&mut config.fields, around(octet)) {
        return Err(get().header("a b", "").build().expect_err("a bad name"));
    }
    heads(&config, get())
}

const PLACES: &[Place] = &[
    ("method", |octet| {
        plain(RequestBuilder::new(letters(octet), URL))
    }),
    ("path", |octet| {
        plain(RequestBuilder::new(
            "GET",
            format!("{URL}{}", letters(octet)),
        ))
    }),
    ("query", |octet| {
        plain(RequestBuilder::new(
            "GET",
            format!("{URL}?{}", letters(octet)),
        ))
    }),
    ("host", |octet| {
        plain(RequestBuilder::new(
            "GET",
            format!("http://{}.org/", letters(octet)),
        ))
    }),
    ("userinfo", |octet| {
        plain(RequestBuilder::new(
            "GET",
            format!("http://{}:{0}@example.org/", letters(octet)),
        ))
    }),
    ("escaped userinfo", |octet| {
        plain(RequestBuilder::new(
            "GET",
            format!("http://a%{octet:02x}:b%{octet:02x}@example.org/"),
        ))
    }),
    ("query pair", |octet| {
        plain(get().query([(letters(octet), letters(octet))]))
    }),
    ("field name", |octet| {
        plain(get().header(around(octet), "value"))
    }),
    ("field value", |octet| field("X-Any", octet)),
    ("Host", |octet| field("Host", octet)),
    ("Connection", |octet| field("Connection", octet)),
    ("Upgrade", |octet| field("Upgrade", octet)),
    ("TE", |octet| field("TE", octet)),
    ("Trailer", |octet| field("Trailer", octet)),
    ("Expect", |octet| field("Expect", octet)),
    ("Cookie", |octet| field("Cookie", octet)),
    ("Authorization", |octet| field("Authorization", octet)),
    ("Proxy-Authorization", |octet| {
        field("Proxy-Authorization", octet)
    }),
    ("Content-Length", |octet| field("Content-Length", octet)),
    ("Transfer-Encoding", |octet| {
        field("Transfer-Encoding", octet)
    }),
    ("removed name", |octet| {
        plain(get().remove_header(around(octet)))
    }),
    ("session name", |octet| {
        session(octet, |fields, name| fields.append(name, "value").is_ok())
    }),
    ("session value", |octet| {
        session(octet, |fields, value| fields.append("X", value).is_ok())
    }),
    ("session removal", |octet| {
        let mut removed = FieldNames::new();
        // What is no name is not taken into the set.
        let _ = removed.insert(around(octet));
        let config = Config {
            removed,
            ..Config::default()
        };
        heads(&config, get())
    }),
];

/// The lines of heads that stand one after the other; `None` if there is an octet that may not stand in one.
fn lines(octets: &[u8]) -> Option<Vec<&str>> {
    let text = octets.strip_suffix(b"\r\n\r\n")?;
    let odd = |octet: &u8| (*octet < b' ' && !b"\t\r\n".contains(octet)) || *octet == 0x7f;
    if text.iter().any(odd) {
        return None;
    }
    let mut lines = Vec::new();
    for line in text.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.contains(&b'\r') {
            return None;
        }
        lines.push(std::str::from_utf8(line).unwrap_or("octets"));
    }
    Some(lines)
}

#[test]
fn no_octet_makes_another_line_or_another_request() {
    for (name, place) in PLACES {
        let (mut taken, mut counts) = (0, Vec::new());
        for octet in 0..=255u8 {
            let Ok(octets) = place(octet) else { continue };
            let shown = octets.escape_ascii().to_string();
            let lines = lines(&octets).unwrap_or_else(|| panic!("{name}, {octet:#x}: {shown}"));
            let requests = lines.iter().filter(|line| line.ends_with(" HTTP/1.1"));
            assert_eq!(requests.count(), 4, "{name}, {octet:#x}: {shown}");
            // In an authority an octet may be what makes userinfo of the rest, or ends it: a line for each route.
            let userinfo = lines
                .iter()
                .filter(|line| line.starts_with("Authorization: Basic "));
            let moves = ["host", "userinfo"].contains(name);
            counts.push(lines.len() - if moves { userinfo.count() } else { 0 });
            taken += 1;
        }
        // A letter is right at nearly every place; then the number of lines is the same for all octets.
        counts.dedup();
        let strict = [
            "Connection",
            "TE",
            "Expect",
            "Content-Length",
            "Transfer-Encoding",
        ];
        assert_eq!(taken > 0, !strict.contains(name), "{name}: {taken}");
        assert!(counts.len() <= 1, "{name}: {counts:?}");
    }
}

#[test]
fn no_octet_of_a_trailer_makes_another_line() {
    for octet in 0..=255u8 {
        for builder in [
            get().trailer(around(octet), "v"),
            get().trailer("X", around(octet)),
        ] {
            let Ok(request) = builder.build() else {
                continue;
            };
            let trailers: Vec<_> = request.trailers().iter().collect();
            assert_eq!(trailers.len(), 1, "{octet:#x}");
            let control = |octet: &u8| (*octet < b' ' && *octet != b'\t') || *octet == 0x7f;
            assert!(!trailers[0].value.iter().any(control), "{octet:#x}");
        }
    }
}
