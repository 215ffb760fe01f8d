//! What a redirected request carries on to the next place: its content and what describes that, its offers, its
//! expectation; and what it does not.

use sessile_core::{
    Config, Content, Error, ErrorKind, ExpectContinue, Fields, RedirectError, RequestBuilder,
    StopReason,
};

use super::peers::{Asked, chain, lead, leading, send, text, to, twice};
use super::redirects::{history, passed};
use super::retries::built;
use super::uploads::post_of;
use super::{answered, eventually, milliseconds, nothing_left, one_connection};
use crate::origin::{Act, Request, head, response};
use crate::source::Source;
use crate::world::{Reply, World};

/// The names of the lines that a request has besides those that every request has.
fn names(request: &Request) -> Vec<&str> {
    let everyones = [
        "Host",
        "User-Agent",
        "Accept",
        "Content-Length",
        "Transfer-Encoding",
    ];
    let names = request.fields.iter().map(|(name, _)| &**name);
    names.filter(|name| !everyones.contains(name)).collect()
}

/// Given a redirect that takes the content away, then all that describes it goes, too, and its trailers; what does not stays,
/// in its order (RFC 9110 §15.4). Given one that leaves it, then everything stays.
pub fn what_describes_the_content_goes_with_it(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(leading(&asked));
    let lines = [
        ("X-First", true),
        ("Content-Type", false),
        ("content-language", false),
        ("CONTENT-ENCODING", false),
        ("Content-Anything", false),
        ("X-Content-Type", true),
        ("Digest", false),
        ("repr-digest", false),
        ("Last-Modified", false),
        ("Trailer", false),
        ("If-Match", true),
        ("X-Last", true),
    ];
    let all: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    let rest = lines.iter().filter(|(_, stays)| *stays);
    let rest: Vec<_> = rest.map(|(name, _)| *name).collect();
    for (status, content, names_left) in [(303, "", &rest), (301, "", &rest), (307, "words", &all)]
    {
        let before = asked.count();
        let url = chain([served.url(&format!("/{status}")), served.url("/there")]);
        let request = RequestBuilder::new("POST", url).body("words");
        let request = request.headers(all.iter().map(|name| (name, "X-Sum")));
        let reply = answered(world, built(request.trailer("X-Sum", "9")));
        assert_eq!(reply.text(), "/there");
        let next = &asked.all()[before + 1];
        assert_eq!(names(next), *names_left, "{status}");
        assert_eq!(next.content, content.as_bytes());
        let chunked = next.field("transfer-encoding").is_some();
        let kept = !content.is_empty();
        assert_eq!((chunked, next.trailers.len()), (kept, usize::from(kept)));
    }
    nothing_left(world);
    assert_eq!(served.opened(), 1);
}

/// Given content in memory, small and large, when the peer has read all of it, or none, before it redirects, then the next
/// place gets it from its first octet to its last, on one origin and on another.
pub fn content_in_memory_is_carried_whole(world: &mut dyn World) {
    let large: Vec<u8> = (0..=250).cycle().take(300_000).collect();
    for (early, elsewhere, content) in [
        (false, false, &large),
        (true, false, &large),
        (false, true, &large),
        (true, true, &large),
        (true, true, &b"words".to_vec()),
    ] {
        let echo = |request: &Request| vec![send(response(200, &[], &request.content))];
        let there = world.serve(super::peers::site(echo));
        let next = if elsewhere {
            there.url("/there")
        } else {
            "/there".to_owned()
        };
        let leaving = response(307, &[("Location", &next), ("Connection", "close")], b"");
        let here = world.serve(twice(
            move |head| match early && head.contains(" /here ") {
                true => vec![send(leaving.clone()), Act::Finish],
                false => Vec::new(),
            },
            move |request| match request.path() {
                "/here" => vec![to(307, &next)],
                _ => echo(request),
            },
        ));
        world.configure(Config::default());
        let request = RequestBuilder::new("PUT", here.url("/here")).body(content.clone());
        let reply = answered(world, built(request));
        assert!(reply.content == *content, "{} octets", reply.content.len());
        assert_eq!(passed(&reply.attempts), [(307, &*here.url("/here"))]);
        nothing_left(world);
        let opened = (here.opened(), there.opened());
        let again = usize::from(early && !elsewhere);
        assert_eq!(
            opened,
            (1 + again, usize::from(elsewhere)),
            "{early}, {elsewhere}"
        );
    }
}

/// Sends content from a source.
fn sent_from(
    world: &mut dyn World,
    method: &str,
    url: &str,
    source: &Source,
) -> Result<Reply, Error> {
    let content = Content::Stream { length: Some(5) };
    let request = RequestBuilder::new(method, url).content(content);
    world.send_from(built(request), source.clone())
}

/// Given content from a source that was read, then a redirect that needs it again is an error, and one that does not is
/// followed without it.
pub fn touched_content_of_a_source_is_not_carried(world: &mut dyn World) {
    let asked = [Asked::default(), Asked::default()];
    let here = world.serve(leading(&asked[0]));
    let there = world.serve(leading(&asked[1]));
    let source = Source::of(&[b"words"]);
    let mut sent = 0;
    for place in [here.url("/there"), there.url("/there")] {
        for (status, method) in [(307, "POST"), (308, "PUT"), (302, "PUT"), (301, "PATCH")] {
            let url = chain([here.url(&format!("/{status}")), place.clone()]);
            let error = sent_from(world, method, &url, &source).expect_err("no answer");
            let why = ErrorKind::Redirect(RedirectError::CannotReplay);
            assert_eq!(
                (error.kind(), error.code()),
                (&why, "redirect-cannot-replay")
            );
            assert_eq!(error.stop_reason(), Some(StopReason::Redirect));
            assert_eq!((error.url(), history(&error).len()), (Some(&*url), 0));
            assert!(error.hint().is_some_and(|hint| hint.contains("in memory")));
            // What is left of the redirect is thrown away.
            nothing_left(world);
            sent += 1;
        }
        for (status, method) in [(303, "PUT"), (302, "POST"), (301, "POST")] {
            let url = chain([here.url(&format!("/{status}")), place.clone()]);
            let reply = sent_from(world, method, &url, &source).expect("an answer");
            assert_eq!((reply.text(), &reply.url), ("/there", &place));
            sent += 1;
        }
    }
    nothing_left(world);
    assert_eq!(source.given(), 5 * sent);
    let [here_asked, there_asked] = asked.map(|asked| asked.all());
    let after = |request: &&Request| request.path() == "/there";
    let next = here_asked.iter().filter(after).chain(&there_asked);
    let next: Vec<_> = next.map(|it| (&*it.method, it.content.len())).collect();
    assert_eq!(next, [("GET", 0); 6]);
    assert_eq!((here.opened(), there.opened()), (1, 1));
}

/// Sends content from a source that waits for a 100; the answer, and how many octets were taken.
fn held(world: &mut dyn World, url: &str) -> (Reply, usize) {
    let source = Source::of(&[b"wo", b"rds"]);
    let request = post_of(url, Some(5)).expect_continue(ExpectContinue::Always);
    let reply = world.send_from(built(request), source.clone());
    (reply.expect("an answer"), source.given())
}

/// Given content from a source that waits for a 100, when a redirect comes instead, then it is untouched: it goes along with
/// a 307, however often, and is sent once; with a 303 it is given up for good.
pub fn untouched_content_of_a_source_is_carried(world: &mut dyn World) {
    let asked = Asked::default();
    let noted = asked.clone();
    let served = world.serve(twice(
        |head| {
            let expects = head.contains("\r\nExpect: 100-continue\r\n");
            let target = head.split(' ').nth(1).expect("a target");
            match target.split_once('?') {
                Some((status, next)) if expects => {
                    vec![to(status[1..].parse().expect("a status"), next)]
                }
                _ if expects => vec![send(head_of_100())],
                _ => Vec::new(),
            }
        },
        move |request| {
            noted.note(request);
            lead(request)
        },
    ));
    let mut config = Config::default();
    // Without a 100, nothing moves.
    config.timeouts.expect_continue = Some(milliseconds(60_000));
    world.configure(config);
    let stops = |statuses: [&str; 2]| {
        let [first, second] = statuses.map(|status| served.url(status));
        chain([first, second, served.url("/there")])
    };
    for (statuses, method, content) in [
        (["/307", "/308"], "POST", "words"),
        (["/307", "/302"], "GET", ""),
        (["/303", "/307"], "GET", ""),
    ] {
        let before = asked.count();
        let (reply, given) = held(world, &stops(statuses));
        assert_eq!(
            (reply.text(), &reply.url),
            ("/there", &served.url("/there"))
        );
        assert_eq!(given, content.len(), "{statuses:?}");
        // Those that were held back were never sent whole.
        let all = asked.all().split_off(before);
        let last = all.last().expect("a request");
        assert_eq!(
            (&*last.method, &last.content[..]),
            (method, content.as_bytes())
        );
        assert_eq!(last.field("expect").is_some(), !content.is_empty());
        let contents: usize = all.iter().map(|request| request.content.len()).sum();
        assert_eq!(contents, content.len());
        nothing_left(world);
    }
}

fn head_of_100() -> Vec<u8> {
    head(100, &[])
}

/// Given lines of the session's that a request has removed, then they stay away wherever it is led; so they do where a line of
/// its own that stood in their place is left behind with the content.
pub fn what_was_removed_stays_away(world: &mut dyn World) {
    let asked = Asked::default();
    let noted = asked.clone();
    let served = world.serve(twice(
        |head| match head.starts_with("POST") {
            true => vec![to(303, "/there")],
            false => Vec::new(),
        },
        move |request| {
            noted.note(request);
            vec![text(request.path())]
        },
    ));
    let mut fields = Fields::new();
    for (name, value) in [("Expect", "100-continue"), ("X-Session", "of all")] {
        fields.append(name, value).expect("a line");
    }
    world.configure(Config {
        fields,
        ..Config::default()
    });
    for (others, left) in [
        (&[][..], &["Host", "User-Agent", "Accept", "X-Session"][..]),
        (&["User-Agent", "X-Session"], &["Host", "Accept"]),
    ] {
        let request = RequestBuilder::new("POST", served.url("/here"))
            .remove_header("Expect")
            .header("Expect", "100-continue");
        let without = |request: RequestBuilder, name: &&str| request.remove_header(name);
        let request = others.iter().fold(request, without).body("words");
        let reply = answered(world, built(request));
        assert_eq!(reply.text(), "/there");
        let last = asked.all().pop().expect("a request");
        let all: Vec<_> = last.fields.iter().map(|(name, _)| &**name).collect();
        assert_eq!((&*last.method, &all[..]), ("GET", left));
        nothing_left(world);
    }
}

/// Given a place that refuses to be asked for a 100, and redirects what it gets then, then the next place is asked for one
/// all the same.
pub fn an_expectation_is_asked_anew_at_the_next_place(world: &mut dyn World) {
    let expects = |head: &str| head.contains("\r\nExpect: 100-continue\r\n");
    let there = world.serve(twice(
        move |head_is| match expects(head_is) {
            true => vec![send(head(100, &[]))],
            false => Vec::new(),
        },
        |request| vec![send(response(200, &[], &request.content))],
    ));
    let next = there.url("/there");
    let here = world.serve(twice(
        move |head| match expects(head) {
            true => vec![send(response(417, &[], b""))],
            false => Vec::new(),
        },
        move |_| vec![to(307, &next)],
    ));
    let request = RequestBuilder::new("POST", here.url("/here")).body("words");
    let reply = answered(
        world,
        built(request.expect_continue(ExpectContinue::Always)),
    );
    assert_eq!((reply.text(), &reply.interim[..]), ("words", &[100][..]));
    let outcomes: Vec<_> = reply.attempts.iter().map(|it| &*it.outcome).collect();
    assert_eq!(outcomes, ["417", "307", "200"]);
    nothing_left(world);
}

/// Given a redirect that comes while the content is still going out, then the rest of it is not sent, and the connection is
/// not used again; who may have one only has the next in its place.
pub fn an_early_redirect_stops_the_upload(world: &mut dyn World) {
    // Where octets travel in no time all of them are out before an answer can come; the peer says that it closes then.
    let lines = [("Location", "/there"), ("Connection", "close")];
    let lines = if world.is_virtual() {
        &lines[..]
    } else {
        &lines[..1]
    };
    let redirect = response(303, lines, b"");
    let served = world.serve(twice(
        move |head| match head.starts_with("POST") {
            true => vec![send(redirect.clone())],
            false => Vec::new(),
        },
        |request| match &*request.method {
            "POST" => Vec::new(),
            _ => vec![text(request.path())],
        },
    ));
    world.configure(one_connection());
    let content = vec![
        b'x';
        if world.is_virtual() {
            300_000
        } else {
            64 << 20
        }
    ];
    let request = RequestBuilder::new("POST", served.url("/here")).body(content);
    let reply = answered(world, built(request));
    assert_eq!((reply.text(), reply.connection.number), ("/there", 2));
    nothing_left(world);
    eventually(world, "the first is closed", |_| served.closed() == 1);
}

/// Given interim responses before redirects, then the response has those alone that came before it.
pub fn interim_responses_are_those_of_the_last_hop(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, _| match number {
        0 => vec![send(head(103, &[])), send(head(102, &[])), to(302, "/next")],
        1 => vec![send(head(103, &[])), to(302, "/last")],
        _ => vec![send(head(102, &[])), text("there")],
    }));
    let reply = answered(world, super::get(&served.url("/first")));
    assert_eq!((reply.text(), &reply.interim[..]), ("there", &[102][..]));
    nothing_left(world);
    assert_eq!(asked.connections(), [0; 3]);
}

/// Given a request that offers another protocol, then the offer goes along, and the next place may take it up.
pub fn an_offer_to_switch_is_carried(world: &mut dyn World) {
    let asked = Asked::default();
    let served = world.serve(asked.site(|number, request| match number {
        0 => lead(request),
        _ => {
            let lines = [("Connection", "Upgrade"), ("Upgrade", "hello/1")];
            vec![send(head(101, &lines)), send("hello"), Act::Finish]
        }
    }));
    let url = chain([served.url("/307"), served.url("/there")]);
    let request = RequestBuilder::new("GET", url).header("Upgrade", "hello/1");
    let upgrade = world.upgrade(built(request), b"").expect("an answer");
    assert_eq!(upgrade.reply.status, 101);
    assert_eq!(upgrade.reply.url, served.url("/there"));
    assert_eq!(upgrade.heard.as_deref(), Some(&b"hello"[..]));
    let all = asked.all();
    assert!(all.iter().all(|it| it.field("upgrade") == Some(b"hello/1")));
    nothing_left(world);
}
