use super::*;
use crate::message::FieldsRef;
use crate::wire::field_lines::read_lines;

const LIMITS: SectionLimits = SectionLimits {
    octets: 256,
    fields: 4,
};
const STRICT: Leniency = Leniency {
    bare_line_feed: false,
    leading_empty_lines: false,
    space_before_colon: false,
    control_octets: false,
    chunk_extensions: false,
    missing_last_line: false,
};

type Lines = Vec<(String, Vec<u8>)>;
type Head = (StatusLine, Lines, usize);

/// Reads a head that comes in two pieces.
fn read_cut(
    head: &[u8],
    cut: usize,
    leniency: Leniency,
) -> Result<Option<Head>, Refusal<HeadError>> {
    let (mut scan, mut spans) = (HeadScan::default(), Spans::new());
    let mut octets = head[..cut].to_vec();
    let mut found = read_head(&mut scan, &mut octets, LIMITS, leniency, &mut spans)?;
    if found.is_none() {
        octets.extend_from_slice(&head[cut..]);
        found = read_head(&mut scan, &mut octets, LIMITS, leniency, &mut spans)?;
    }
    Ok(found.map(|(line, length)| (line, lines(&octets, &spans), length)))
}

fn lines(octets: &[u8], spans: &Spans) -> Lines {
    let view = FieldsRef::new(octets, spans.list());
    view.iter()
        .map(|field| (field.name.to_owned(), field.value.to_vec()))
        .collect()
}

/// Reads a head by the last of the careful readers alone.
fn by_lines(head: &[u8]) -> Result<Option<Head>, Refusal<HeadError>> {
    let (mut scan, mut spans) = (HeadScan::default(), Spans::new());
    let mut octets = head.to_vec();
    check_start(&octets)?;
    let Scan::Complete { length } = scan.advance(&mut octets, Section::Head, LIMITS, STRICT)?
    else {
        return Ok(None);
    };
    let (line, start) = parse_status_line(&octets[..length], STRICT)?;
    read_lines(&octets[..length], start, STRICT, &mut spans)?;
    Ok(Some((line, lines(&octets, &spans), length)))
}

/// Reads a head whole and at every cut; the results must agree.
fn read_with(head: &str, leniency: Leniency) -> Result<Option<Head>, Refusal<HeadError>> {
    let whole = read_cut(head.as_bytes(), head.len(), leniency);
    for cut in 0..head.len() {
        let read = read_cut(head.as_bytes(), cut, leniency);
        assert_eq!(read, whole, "{head:?} cut at {cut}");
    }
    whole
}

fn read(head: &str) -> Result<Option<Head>, Refusal<HeadError>> {
    read_with(head, STRICT)
}

#[test]
fn good_heads_are_read() {
    let text = "HTTP/1.1 200 OK\r\nA: 1\r\nb:\t2 \r\nEmpty:\r\n\r\nrest";
    let (line, lines, length) = read(text).expect("good").expect("whole");
    assert_eq!(
        (line.version, line.status, line.reason),
        (Version::HTTP_11, StatusCode::OK, (13, 15))
    );
    assert_eq!(&text[length..], "rest");
    let expected = [("A", "1"), ("b", "2"), ("Empty", "")];
    assert_eq!(
        lines,
        expected.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
    );
    for (text, version, status, reason) in [
        ("HTTP/1.0 204 \r\n\r\n", Version::HTTP_10, 204, ""),
        (
            "HTTP/1.7 599 \u{e9}t\u{e9}\r\n\r\n",
            Version::HTTP_11,
            599,
            "\u{e9}t\u{e9}",
        ),
        (
            "HTTP/1.1 299 \u{e9}t\u{e9}\r\n\r\n",
            Version::HTTP_11,
            299,
            "\u{e9}t\u{e9}",
        ),
        ("HTTP/1.1 999\r\n\r\n", Version::HTTP_11, 999, ""),
    ] {
        let (line, lines, _) = read(text).expect("good").expect("whole");
        assert_eq!(
            (line.version, line.status.as_u16(), lines.len()),
            (version, status, 0)
        );
        assert_eq!(&text[line.reason.0..line.reason.1], reason);
    }
}

#[test]
fn folded_lines_are_unfolded() {
    let (_, lines, _) = read("HTTP/1.1 200 OK\r\nA: 1\r\n  2\r\n\t3\r\n\r\n")
        .expect("good")
        .expect("whole");
    let value = String::from_utf8_lossy(&lines[0].1)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(value, "1 2 3");
}

/// What is not a head, and why.
const BAD: &[(&str, HeadError)] = &[
    ("SSH-2.0-x\r\n", HeadError::NotHttp1),
    ("HTTP/2.0 200 OK\r\n\r\n", HeadError::NotHttp1),
    ("\r\nHTTP/1.1 200 OK\r\n\r\n", HeadError::NotHttp1),
    ("HTTP/1.x 200 OK\r\n\r\n", HeadError::Version),
    ("HTTP/1.10 200 OK\r\n\r\n", HeadError::Version),
    ("HTTP/1.1  200 OK\r\n\r\n", HeadError::Status),
    ("HTTP/1.1 099 OK\r\n\r\n", HeadError::Status),
    ("HTTP/1.1 2000 OK\r\n\r\n", HeadError::Status),
    ("HTTP/1.1 +20 OK\r\n\r\n", HeadError::Status),
    ("HTTP/1.1 200 a\u{1b}b\r\n\r\n", HeadError::Reason),
    ("HTTP/1.1 200 OK\n\r\n", HeadError::BareLineFeed),
    ("HTTP/1.1 200 OK\r\nA: 1\n\r\n", HeadError::BareLineFeed),
    (
        "HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\n\r\n",
        HeadError::BareLineFeed,
    ),
    ("HTTP/1.1 200 OK\r\nA: 1\r\n\n", HeadError::BareLineFeed),
    (
        "HTTP/1.1 200 OK\r\n A: 1\r\n\r\n",
        HeadError::LeadingWhitespace,
    ),
    ("HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", HeadError::FieldName),
    ("HTTP/1.1 200 OK\r\n: 1\r\n\r\n", HeadError::FieldName),
    ("HTTP/1.1 200 OK\r\nA\r\n\r\n", HeadError::FieldName),
    ("HTTP/1.1 200 OK\r\nA: a\rb\r\n\r\n", HeadError::FieldValue),
    ("HTTP/1.1 200 OK\r\nA: a\0b\r\n\r\n", HeadError::FieldValue),
    (
        "HTTP/1.1 200 OK\r\nA: a\x7fb\r\n\r\n",
        HeadError::FieldValue,
    ),
];

#[test]
fn what_is_not_a_head_is_refused() {
    for (text, error) in BAD {
        let refused = read_cut(text.as_bytes(), text.len(), STRICT);
        assert_eq!(refused, Err((*error).into()), "{text:?}");
        for cut in 0..text.len() {
            let refused = read_cut(text.as_bytes(), cut, STRICT);
            assert!(refused.is_err(), "{text:?} cut at {cut}: {refused:?}");
        }
    }
}

/// Each relaxation lets in what it names, and nothing of what the others name.
#[test]
fn each_leniency_takes_what_it_names() {
    let with = |change: fn(&mut Leniency)| {
        let mut leniency = STRICT;
        change(&mut leniency);
        leniency
    };
    let lenient = [
        (
            "HTTP/1.1 200 OK\nA: 1\n 2\r\nB: 3\n\n",
            with(|it| it.bare_line_feed = true),
            &[("A", "1  2"), ("B", "3")][..],
        ),
        (
            "HTTP/1.1 200 OK\r\nA \t: 1\r\n\r\n",
            with(|it| it.space_before_colon = true),
            &[("A", "1")],
        ),
        (
            "HTTP/1.1 200 \u{1b}\r\nA: \u{8}\r\n\r\n",
            with(|it| it.control_octets = true),
            &[("A", "\u{8}")],
        ),
    ];
    for (text, own, expected) in lenient {
        let (_, lines, length) = read_with(text, own).expect("taken").expect("whole");
        assert_eq!(length, text.len());
        let lines: Vec<_> = lines
            .iter()
            .map(|(name, value)| (name.as_str(), str::from_utf8(value).expect("ASCII")))
            .collect();
        assert_eq!(lines, expected);
        for (_, other, _) in lenient {
            assert_eq!(read_with(text, other).is_ok(), own == other, "{text:?}");
        }
        assert!(read(text).is_err(), "{text:?}");
    }
    // What no relaxation lets in.
    let all = Leniency {
        bare_line_feed: true,
        leading_empty_lines: true,
        space_before_colon: true,
        control_octets: true,
        chunk_extensions: true,
        missing_last_line: true,
    };
    for text in ["A: a\rb", "A: a\0b", " A: 1", ": 1", "A", "A B: 1"] {
        let text = format!("HTTP/1.1 200 OK\r\n{text}\r\n\r\n");
        assert!(read_with(&text, all).is_err(), "{text:?}");
    }
    assert_eq!(leading_empty_lines(b"\r\n\r\nH", all), 4);
    assert_eq!(leading_empty_lines(b"\n\r\nH", all), 3);
    assert_eq!(leading_empty_lines(b"\n", STRICT), 0);
    assert_eq!(leading_empty_lines(b"\r", all), 0);
}

#[test]
fn limits_hold_at_their_edge() {
    let head = |length: usize| {
        let fixed = "HTTP/1.1 200 OK\r\nA: \r\n\r\n".len();
        let value = "x".repeat(length - fixed);
        format!("HTTP/1.1 200 OK\r\nA: {value}\r\n\r\n")
    };
    assert!(read(&head(256)).is_ok());
    let long = read_cut(head(257).as_bytes(), 257, STRICT);
    assert_eq!(long, Err(Refusal::TooLarge(Bound::HeadBytes)));
    // An endless line is refused before it ends.
    let endless = ["HTTP/1.1 200 ", &"x".repeat(256)].concat();
    let endless = read_cut(endless.as_bytes(), 256, STRICT);
    assert_eq!(endless, Err(Refusal::TooLarge(Bound::HeadBytes)));
    assert!(read("HTTP/1.1 200 OK\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n").is_ok());
    let many = read("HTTP/1.1 200 OK\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\n\r\n");
    assert_eq!(many, Err(Refusal::TooLarge(Bound::Fields)));
}

/// The quick reader must take nothing that the careful one refuses, and read nothing differently. The first octet alone
/// keeps the quick one from looking: so a head that is cut behind it is read carefully.
#[test]
fn the_quick_reader_agrees_with_the_careful_one() {
    let seeds: Vec<&[u8]> = BAD
        .iter()
        .map(|(text, _)| text.as_bytes())
        .chain([
            &b"HTTP/1.1 200 OK\r\nA: 1\r\nb:\t2 \r\nEmpty:\r\nD: \xe9\r\n\r\nrest"[..],
            b"HTTP/1.0 301\r\nX:   \r\n Y\r\n\r\n",
            b"HTTP/1.1 200 OK\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\n\r\n",
        ])
        .collect();
    let words: [&[u8]; 12] = [
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b"\0",
        b"A: b\r\n",
        b"\x7f",
        b"\x80",
        b"HTTP/1.1 ",
        b"9",
    ];
    let mut chance = 0x5e55_11e5_u64;
    let mut below = |bound: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance % bound as u64).expect("less than a usize")
    };
    let (mut taken, mut quickly) = (0, 0);
    for _ in 0..60_000 {
        let mut head = seeds[below(seeds.len())].to_vec();
        for _ in 0..below(4) {
            let at = below(head.len() + 1);
            let end = (at + below(3)).min(head.len());
            head.splice(at..end, words[below(words.len())].iter().copied());
        }
        let careful = read_cut(&head, usize::from(!head.is_empty()), STRICT);
        // One line at a time, as a lenient reader would, without the leniency.
        assert_eq!(
            by_lines(&head),
            careful,
            "{:?}",
            head.escape_ascii().to_string()
        );
        taken += usize::from(matches!(careful, Ok(Some(_))));
        let mut spans = Spans::new();
        if let Some((line, length)) = read_quickly(&head, LIMITS, &mut spans) {
            let quick = Ok(Some((line, lines(&head, &spans), length)));
            assert_eq!(quick, careful, "{:?}", head.escape_ascii().to_string());
            quickly += 1;
        }
    }
    assert!(quickly > 1_000 && taken > quickly, "{quickly} of {taken}");
}
