//! What errors say: whose fault it is, at which stage, in whose words, and what to do. Each is provoked through an engine.

use std::error::Error as _;
use std::io::{self, ErrorKind as Io};

use sessile_core::{
    Command, Config, ConnectionId, Content, ContentError, Engine, Error, ErrorKind, Event, Fields,
    Now, Progress, Readiness, RequestBuilder, RequestId, Stage,
};

const URL: &str = "http://192.0.2.1/";

fn with_defaults(lines: &[(&str, &str)]) -> Config {
    let mut config = Config::default();
    for (name, value) in lines {
        config.fields.append(name, value).expect("valid");
    }
    config
}

/// Given a default line that no request could be sent with, then the session does not begin, and the error names the field.
#[test]
fn defaults_that_no_request_could_carry_are_refused_at_once() {
    for (lines, code, text) in [
        (&[("Expect", "200-ok")][..], "expect", "Expect may say"),
        (&[("Trailer", "Host")], "trailer", "trailer fields"),
        (&[("Trailer", "a b")], "trailer", "trailer fields"),
        (&[("TE", "gzip")], "te", "TE may say"),
        (&[("TE", "trailers"), ("TE", "trailers")], "te", "TE may"),
        (&[("Upgrade", "h2c")], "upgrade", "Upgrade must be"),
        (&[("Upgrade", "a b")], "upgrade", "Upgrade must be"),
        (&[("Connection", "x-hop")], "connection", "Connection may"),
        (
            &[("Connection", "close, keep-alive")],
            "connection",
            "Connection may",
        ),
        (
            &[("Connection", "close"), ("Connection", "close")],
            "connection",
            "Connection may",
        ),
        (&[("Host", "a b")], "host", "Host must be"),
        (&[("Content-Length", "0")], "framing", "Content-Length or"),
    ] {
        let refused = Engine::<()>::new(with_defaults(lines));
        let error = refused.err().expect(code);
        assert_eq!((error.code(), error.stage()), (code, Stage::Prepare));
        assert!(error.is_request());
        assert!(error.to_string().contains(text), "{error}");
    }
}

/// Given a default line that some requests can be sent with, then it is no mistake of the session, and those that can
/// are.
#[test]
fn defaults_that_depend_on_the_request_are_kept() {
    for (name, value, alone) in [
        ("Connection", "close", true),
        ("Connection", "keep-alive", true),
        ("Connection", "upgrade", false),
        ("TE", "trailers", true),
        ("Upgrade", "websocket", true),
        ("Expect", "100-continue", false),
        ("Trailer", "X-Sum", false),
    ] {
        let config = with_defaults(&[(name, value)]);
        let mut engine = Engine::<()>::new(config).expect("no mistake");
        let whole = RequestBuilder::new("POST", URL)
            .header("Upgrade", "websocket")
            .content(Content::Stream { length: None });
        for (request, taken) in [(RequestBuilder::new("GET", URL), alone), (whole, true)] {
            let request = request.build().expect("a request");
            engine.submit(Now::default(), request);
            let told = engine.poll_event(Now::default());
            assert_eq!(told.is_none(), taken, "{name}: {value}: {told:?}");
        }
    }
}

/// Given content without a source, then the error says where it can come from.
#[test]
fn content_that_nobody_hands_over_says_what_to_do() {
    let request = RequestBuilder::new("POST", URL).content(Content::Stream { length: None });
    let refused = request.build().expect("a request").check_in_memory();
    let said = refused.expect_err("nobody is there").to_string();
    for word in [URL, "`body`", "`body_reader`", "`push_content`"] {
        assert!(said.contains(word), "{said}");
    }
}

/// Given an `https` URL that nobody can be trusted for, then the error is one of TLS, and of nothing else, and nothing was said
/// in the open.
#[test]
fn https_without_roots_is_refused() {
    let (mut engine, now) = (
        Engine::new(Config::default()).expect("valid"),
        Now::default(),
    );
    let request = RequestBuilder::new("GET", "https://192.0.2.1/").build();
    engine.submit(now, request.expect("a request"));
    while let Some(command) = engine.poll_command() {
        if let Command::Dial { connection, .. } = command {
            engine.deposit(connection, ()).expect("wanted");
            engine.handle_connected(now, connection);
            assert!(engine.drive(connection).is_none(), "nothing is to be said");
        }
    }
    let error = failure(&mut engine);
    assert!(error.is_tls() && !error.is_body() && !error.is_connect() && !error.is_proxy());
    assert_eq!(
        (error.progress(), error.code()),
        (Progress::NotSent, "tls-no-roots")
    );
}

/// An upload that has begun: its head is out, and its content is asked for.
fn uploading(length: Option<u64>) -> (Engine<()>, RequestId, ConnectionId) {
    let (mut engine, now) = (
        Engine::new(Config::default()).expect("valid"),
        Now::default(),
    );
    let request = RequestBuilder::new("POST", URL).content(Content::Stream { length });
    let id = engine.submit(now, request.build().expect("a request"));
    while let Some(command) = engine.poll_command() {
        if let Command::Dial { connection, .. } = command {
            engine.deposit(connection, ()).expect("wanted");
            engine.handle_connected(now, connection);
        }
    }
    assert!(engine.poll_event(now).is_none());
    let connection = engine.connection_at(0).expect("the only one");
    write(&mut engine, connection, usize::MAX);
    let told = engine.poll_event(now);
    assert!(matches!(told, Some(Event::ContentWanted(_))), "{told:?}");
    (engine, id, connection)
}

/// Lets the transport take so many octets; then it breaks if that was not all.
fn write(engine: &mut Engine<()>, connection: ConnectionId, mut room: usize) {
    let mut live = engine.drive(connection).expect("an open connection");
    live.write(Now::default(), |(), outgoing| {
        let taken = outgoing.len().min(room);
        room -= taken;
        match taken {
            0 => Err(Io::BrokenPipe.into()),
            octets => Ok(octets),
        }
    });
}

/// What the transport has to say: octets, its end (none), or that it failed.
fn arrive(engine: &mut Engine<()>, connection: ConnectionId, read: &io::Result<&[u8]>) {
    let mut live = engine.drive(connection).expect("an open connection");
    live.note_ready(Readiness {
        read: true,
        ..Readiness::default()
    });
    live.read(Now::default(), |(), space| match read {
        Ok(octets) => {
            space[..octets.len()].copy_from_slice(octets);
            Ok(octets.len())
        }
        Err(error) => Err(error.kind().into()),
    });
}

fn failure(engine: &mut Engine<()>) -> Error {
    loop {
        match engine.poll_event(Now::default()) {
            Some(Event::Failed(_, error)) => return error,
            Some(_) => {}
            None => panic!("nothing failed"),
        }
    }
}

/// Given a source that fails, then its error is in the request's: its words in the text, itself as the cause.
#[test]
fn the_error_of_a_source_is_kept() {
    let (mut engine, id, _) = uploading(None);
    let why = io::Error::new(Io::PermissionDenied, "the tape is sealed");
    engine.abort_content(Now::default(), id, why);
    let error = failure(&mut engine);
    assert!(error.is_body() && !error.is_tls() && !error.is_request());
    let said = error.to_string();
    assert!(
        said.contains("the source of the content failed: the tape is sealed (stage: send; "),
        "{said}"
    );
    let ErrorKind::Content(ContentError::Source(why)) = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(why.kind(), Io::PermissionDenied);
    let content = error.source().expect("the content's error");
    let cause = content.source().expect("the source's own error");
    let cause = cause.downcast_ref::<io::Error>().expect("as it was given");
    assert_eq!(cause.to_string(), "the tape is sealed");
}

/// Given a source that has nothing but a kind to say, then that is said.
#[test]
fn a_source_may_say_its_kind_alone() {
    let (mut engine, id, _) = uploading(None);
    engine.abort_content(Now::default(), id, Io::UnexpectedEof);
    let error = failure(&mut engine);
    let same = ContentError::from(io::Error::from(Io::UnexpectedEof));
    assert_eq!(error.kind(), &ErrorKind::Content(same));
}

/// Given content that ends before its announced length, then the request was being sent.
#[test]
fn content_that_ends_too_early_is_an_error_of_sending() {
    let (mut engine, id, connection) = uploading(Some(9));
    engine.push_content(id, "four".into()).expect("asked for");
    write(&mut engine, connection, usize::MAX);
    let finished = engine.finish_content(Now::default(), id, Fields::new());
    assert!(finished.is_err());
    let error = failure(&mut engine);
    assert!(error.is_body());
    let told = (error.stage(), error.progress());
    assert_eq!(told, (Stage::Send, Progress::PartlySent), "{error}");
}

/// Given a peer that goes while content is going out, whether a read or a write finds that out, then the request was being
/// sent, and the text says so.
#[test]
fn a_peer_that_goes_during_the_upload_goes_while_it_is_sent() {
    for breaks in [false, true] {
        for end in [Ok(&b""[..]), Err(Io::ConnectionReset.into())] {
            let (mut engine, id, connection) = uploading(None);
            let piece = vec![b'x'; 100_000];
            engine.push_content(id, piece.into()).expect("asked for");
            if breaks {
                write(&mut engine, connection, 5_000);
            }
            arrive(&mut engine, connection, &end);
            let error = failure(&mut engine);
            let told = (error.stage(), error.progress());
            assert_eq!(told, (Stage::Send, Progress::PartlySent), "{error}");
            assert!(
                error.to_string().contains("(stage: send; a part"),
                "{error}"
            );
        }
    }
}

/// Given a request that is out, when the peer goes, then its answer was awaited.
#[test]
fn a_peer_that_goes_after_the_upload_goes_before_the_head() {
    let (mut engine, id, connection) = uploading(Some(4));
    engine.push_content(id, "four".into()).expect("asked for");
    write(&mut engine, connection, usize::MAX);
    arrive(&mut engine, connection, &Ok(b""));
    let error = failure(&mut engine);
    let told = (error.stage(), error.progress());
    assert_eq!(told, (Stage::Head, Progress::Sent), "{error}");
}
