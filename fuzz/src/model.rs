//! What a complete response must have been, read a second time by other code (RFC 9112 §6.3 and §9.3).
//!
//! The model does not look for malformed octets: it takes the head that the connection told and judges where the
//! content of an *accepted* response lies, and whether the connection may be used again.

use sessile_core::{CloseReason, Leniency, Method, Version};

use crate::chunked::{self, Extensions};
use crate::exchange::Outcome;
use crate::grammar;
use crate::scenario::{End, OFFERS, Scenario, Written};
use crate::trace::{Ending, Head, Lines};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

/// Asserts that a complete response has the content and the trailers that stand in its octets, and the right verdict
/// on reuse. Without a final head there must not be any content.
pub(crate) fn judge(scenario: &Scenario<'_>, outcome: &Outcome) {
    let trace = &outcome.trace;
    let heads = trace.interim.iter().chain(&trace.head);
    let sections = heads.map(|head| &head.lines).chain(&trace.trailers);
    sections.for_each(|lines| judge_lines(lines, scenario.rules.leniency));
    let Some(head) = &trace.head else {
        assert!(trace.content.0.is_empty() && trace.trailers.is_none());
        return;
    };
    if judge_switch(scenario, outcome, head) {
        return;
    }
    assert!(!scenario.rules.strict_framing || !is_conflict(head));
    let framing = framing(&scenario.method, head);
    if trace.ending == Ending::Complete {
        let octets = &scenario.octets[outcome.head_at..outcome.ended_at];
        judge_content(scenario, framing, octets, outcome);
    }
    assert_eq!(
        trace.renewed == Some(Ok(())),
        may_renew(scenario, outcome, head, framing)
    );
}

/// What no peer may slip into a section: a name that is no token, a control octet, a second line in a value.
fn judge_lines(lines: &Lines, leniency: Leniency) {
    assert_eq!(lines.iter().count(), lines.count);
    for (name, value) in lines.iter() {
        assert!(grammar::is_token(name), "{}", name.escape_ascii());
        let good = match leniency.control_octets {
            false => grammar::is_value(value),
            true => !value.iter().any(|octet| b"\r\n\0".contains(octet)),
        };
        assert!(good, "{}", value.escape_ascii());
    }
}

/// Whether the head was the last of HTTP on its connection: 101 to what was offered (RFC 9110 §7.8), 2xx to CONNECT
/// (§9.3.6), each after the whole request.
fn judge_switch(scenario: &Scenario<'_>, outcome: &Outcome, head: &Head) -> bool {
    let tunnel = scenario.method == Method::CONNECT && (200..300).contains(&head.status);
    let upgrade = head.status == 101;
    let switched = outcome.trace.ending == Ending::Switched;
    assert_eq!(switched, tunnel || upgrade);
    if switched {
        assert_eq!(scenario.written, Written::Whole);
        assert_eq!(outcome.trace.renewed, Some(Err(CloseReason::Switched)));
    }
    if upgrade {
        assert!(scenario.offers, "nobody offered to switch");
        let offered = |protocol: &[u8]| {
            let mut offers = grammar::elements(OFFERS.as_bytes());
            offers.any(|offer| is_that_offer(offer, protocol))
        };
        assert!(
            elements(head, "upgrade")
                .filter(|protocol| !protocol.is_empty())
                .all(offered)
        );
    }
    switched
}

/// The protocol of an offer, in its version or without one; a version may be added, be it no empty one.
fn is_that_offer(offer: &[u8], protocol: &[u8]) -> bool {
    let parts = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).to_ascii_lowercase();
        let (name, version) = text.split_once('/').unwrap_or((&text, "any"));
        (name.to_owned(), version.to_owned())
    };
    let ((name, version), (taken, to)) = (parts(offer), parts(protocol));
    let versions = [&*version, &*to].contains(&"any") || version == to;
    name == taken && versions && !to.is_empty()
}

/// Framing that two readers may read apart (RFC 9112 §6.1).
fn is_conflict(head: &Head) -> bool {
    let old = head.version == Version::HTTP_10;
    has(head, "transfer-encoding") && (old || has(head, "content-length"))
}

fn judge_content(scenario: &Scenario<'_>, framing: Framing, octets: &[u8], outcome: &Outcome) {
    let leniency = scenario.rules.leniency;
    let content = &outcome.trace.content.0;
    let trailers = outcome.trace.trailers.as_ref();
    let count = trailers.map_or(0, |trailers: &Lines| trailers.count);
    match framing {
        Framing::None => assert_eq!(octets, b""),
        Framing::Length(length) => assert_eq!(octets.len() as u64, length),
        Framing::UntilClose => {}
        Framing::Chunked => {
            let extensions = match leniency.chunk_extensions {
                true => Extensions::Any,
                false => Extensions::Plain,
            };
            let missing = leniency.missing_last_line && scenario.end == End::Clean;
            let decoded = chunked::decode(octets, extensions);
            let whole = decoded.is_some();
            let cut = || chunked::decode_chunks(octets, extensions).filter(|_| missing);
            let decoded = decoded.or_else(cut).expect("what was accepted is chunked");
            assert_eq!(decoded.content, *content);
            assert_eq!(decoded.trailer_lines, count);
            assert!(
                !whole || decoded.rest.is_empty(),
                "it ends with its last line"
            );
            return;
        }
    }
    assert_eq!(octets, content);
    assert_eq!(count, 0, "trailers come with chunks only");
}

fn framing(method: &Method, head: &Head) -> Framing {
    if method == Method::HEAD || matches!(head.status, 204 | 304) {
        return Framing::None;
    }
    if has(head, "transfer-encoding") {
        return Framing::Chunked;
    }
    let values = elements(head, "content-length").filter(|value| !value.is_empty());
    let mut lengths = values.map(|value| {
        let text = str::from_utf8(value).expect("digits");
        let length: i64 = text.parse().expect("a length that was accepted");
        length.unsigned_abs()
    });
    let Some(length) = lengths.next() else {
        return Framing::UntilClose;
    };
    assert!(lengths.all(|other: u64| other == length));
    Framing::Length(length)
}

/// Every reason against reuse is one line here.
fn may_renew(scenario: &Scenario<'_>, outcome: &Outcome, head: &Head, framing: Framing) -> bool {
    let option = |name: &str| {
        elements(head, "connection").any(|option| option.eq_ignore_ascii_case(name.as_bytes()))
    };
    let old = head.version == Version::HTTP_10;
    outcome.trace.ending == Ending::Complete
        && outcome.ended_at == scenario.octets.len()
        && scenario.end == End::Open
        && scenario.written == Written::Whole
        && framing != Framing::UntilClose
        && !option("close")
        && (!old || option("keep-alive"))
        && !is_conflict(head)
        && !is_hinted_away(head)
}

/// The peer says that it will be gone at once, or takes no further request.
fn is_hinted_away(head: &Head) -> bool {
    elements(head, "keep-alive").any(|parameter| {
        let text = str::from_utf8(parameter).unwrap_or_default();
        let Some((name, value)) = text.split_once('=') else {
            return false;
        };
        let blank = [' ', '\t'];
        let (name, value) = (name.trim_matches(blank), value.trim_matches(blank));
        let digits = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit());
        let significant = value.trim_start_matches('0');
        let gone = name.eq_ignore_ascii_case("timeout") && matches!(significant, "" | "1");
        let last = name.eq_ignore_ascii_case("max") && significant.is_empty();
        digits && (gone || last)
    })
}

fn has(head: &Head, name: &str) -> bool {
    head.lines.values(name).next().is_some()
}

fn elements<'a>(head: &'a Head, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let values = head.lines.values(name);
    values.flat_map(|value| value.split(|&octet| octet == b',').map(grammar::trim))
}
