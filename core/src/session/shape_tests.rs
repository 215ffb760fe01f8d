use super::*;

fn fields(lines: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in lines {
        fields.append(name, value).expect("valid");
    }
    fields
}

fn shape(
    method: &str,
    own: &[(&str, &str)],
    session: Option<&[(&str, &str)]>,
    content: &Content,
) -> Result<Shape, RequestError> {
    let (own, session) = (fields(own), session.map(fields));
    let method = Method::from_bytes(method.as_bytes()).expect("a token");
    let lines = Lines {
        own: &own,
        removed: &FieldNames::new(),
        session: session.as_ref(),
    };
    Shape::of(&method, content, false, lines)
}

const FIVE: Content = Content::Bytes(Bytes::from_static(b"hello"));
const UNKNOWN: Content = Content::Stream { length: None };

#[test]
fn what_the_core_cannot_keep_is_refused() {
    use RequestError::{Connection, Expect, Framing, Host, Te, TraceContent, Trailer, Upgrade};
    for (method, lines, content, error) in [
        ("TRACE", &[][..], FIVE, TraceContent),
        ("GET", &[("Host", "a"), ("host", "a")], Content::Empty, Host),
        ("GET", &[("Host", "a b")], Content::Empty, Host),
        ("GET", &[("Host", "")], Content::Empty, Host),
        ("GET", &[("Host", "a:70000")], Content::Empty, Host),
        ("GET", &[("Host", "a@b")], Content::Empty, Host),
        ("GET", &[("Host", "[::1")], Content::Empty, Host),
        ("POST", &[("Content-Length", "6")], FIVE, Framing),
        ("POST", &[("Content-Length", "+5")], FIVE, Framing),
        ("POST", &[("Content-Length", "")], UNKNOWN, Framing),
        (
            "POST",
            &[("content-length", "5"), ("Content-Length", "5")],
            FIVE,
            Framing,
        ),
        (
            "POST",
            &[("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
            FIVE,
            Framing,
        ),
        (
            "POST",
            &[("Transfer-Encoding", "gzip, chunked")],
            FIVE,
            Framing,
        ),
        (
            "POST",
            &[("Transfer-Encoding", "chunked")],
            Content::Empty,
            Framing,
        ),
        (
            "GET",
            &[("Connection", "x-hop")],
            Content::Empty,
            Connection,
        ),
        (
            "GET",
            &[("Connection", "close, keep-alive")],
            Content::Empty,
            Connection,
        ),
        (
            "GET",
            &[("Connection", "close,")],
            Content::Empty,
            Connection,
        ),
        (
            "GET",
            &[("Connection", "close"), ("Connection", "close")],
            Content::Empty,
            Connection,
        ),
        ("GET", &[("TE", "gzip")], Content::Empty, Te),
        (
            "GET",
            &[("Upgrade", "h2c, websocket")],
            Content::Empty,
            Upgrade,
        ),
        ("GET", &[("Upgrade", "a/b/c")], Content::Empty, Upgrade),
        ("GET", &[("Upgrade", "a/")], Content::Empty, Upgrade),
        ("POST", &[("Trailer", "X-Sum")], FIVE, Trailer),
        ("POST", &[("Trailer", "X-Sum, Host")], UNKNOWN, Trailer),
        ("POST", &[("Trailer", "")], UNKNOWN, Trailer),
        ("POST", &[("Expect", "200-ok")], FIVE, Expect),
        (
            "POST",
            &[("Expect", "100-continue")],
            Content::Empty,
            Expect,
        ),
    ] {
        let refused = shape(method, lines, Some(&[]), &content);
        assert_eq!(refused.err(), Some(error), "{method} {lines:?}");
    }
}

#[test]
fn what_it_can_keep_is_taken() {
    fn of(lines: &[(&str, &str)], content: &Content) -> Shape {
        shape("POST", lines, Some(&[]), content).expect("valid")
    }
    assert!(of(&[("Host", "[::1]:80")], &FIVE).upgrade.is_none());
    assert!(of(&[("Connection", "Close")], &FIVE).closes);
    assert!(of(&[("Expect", "100-Continue")], &FIVE).expects);
    let lengths = of(&[("Content-Length", "005")], &FIVE).content;
    assert_eq!(lengths, ContentPlan::Length(5));
    let at_its_word = of(&[("Content-Length", "7")], &UNKNOWN).content;
    assert_eq!(at_its_word, ContentPlan::Length(7));
    let chunked = of(&[("Transfer-Encoding", "Chunked")], &FIVE).content;
    assert_eq!(chunked, ContentPlan::Chunked);
    let both = of(&[("Upgrade", "a, b/1"), ("TE", "Trailers")], &FIVE);
    assert!(
        both.missing.upgrade && both.missing.te && both.upgrade.as_deref() == Some(&b"a, b/1"[..])
    );
    let told = of(&[("Upgrade", "a"), ("Connection", "upgrade")], &FIVE);
    assert!(!told.missing.upgrade);
}

#[test]
fn options_need_their_field_in_either_level() {
    let own = &[("Connection", "te")][..];
    let alone = shape("GET", own, None, &Content::Empty).expect("nobody can tell");
    assert!(alone.depends_on(&Fields::new()));
    let refused = shape("GET", own, Some(&[]), &Content::Empty);
    assert_eq!(refused, Err(RequestError::Connection));
    let beside = shape("GET", own, Some(&[("TE", "trailers")]), &Content::Empty);
    assert!(!beside.expect("the session has it").missing.te);
}

#[test]
fn methods_that_expect_content_announce_its_absence() {
    for (method, content, plan) in [
        ("GET", Content::Empty, ContentPlan::None),
        ("GET", FIVE, ContentPlan::Length(5)),
        ("POST", Content::Empty, ContentPlan::Length(0)),
        (
            "PATCH",
            Content::Bytes(Bytes::new()),
            ContentPlan::Length(0),
        ),
        ("post", Content::Empty, ContentPlan::None),
        (
            "DELETE",
            Content::Stream { length: Some(0) },
            ContentPlan::None,
        ),
        ("PUT", UNKNOWN, ContentPlan::Chunked),
    ] {
        let shape = shape(method, &[], None, &content).expect("valid");
        assert_eq!(shape.content, plan, "{method} {content:?}");
    }
}
