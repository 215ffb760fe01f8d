//! Content on its way out, seen from outside: what is absorbed, lent, framed, and how much memory that takes.

use sessile_core::{Connection, ContentPlan, Method, Now, RequestPlan, Scratch};

fn begun(plan: ContentPlan) -> Connection {
    let mut connection = Connection::default();
    let head = b"POST / HTTP/1.1\r\nHost: a\r\n\r\n";
    connection
        .start(
            Now::default(),
            RequestPlan::new(&Method::POST, plan),
            head,
            Scratch::default(),
        )
        .expect("it is idle");
    connection
}

/// Given small pieces without end, when each is written as it comes, then none stays behind.
#[test]
fn absorbed_content_is_let_go_when_it_is_written() {
    let mut connection = begun(ContentPlan::Chunked);
    let now = Now::default();
    for _ in 0..10_000 {
        assert_eq!(connection.absorb(&[0; 1024]), 1024);
        let octets = connection.outgoing(b"").len();
        assert!(octets < 2048, "{octets}");
        connection.sent(now, octets);
    }
}

/// Given a transport that takes nothing, then content is refused when a little stands ready: that is backpressure.
#[test]
fn a_stalled_transport_holds_the_application_back() {
    let mut connection = begun(ContentPlan::Chunked);
    let mut absorbed = 0;
    for _ in 0..1000 {
        absorbed += connection.absorb(&[0; 1024]);
    }
    assert!(absorbed <= 8 * 1024, "{absorbed}");
    assert!(connection.outgoing(&[0; 1024]).len() <= 16 * 1024);
}

/// Given any pattern of partial writes, then the octets are the same.
#[test]
fn partial_writes_change_nothing() {
    let content: Vec<u8> = (0..10_000u32).map(|place| place.to_le_bytes()[0]).collect();
    let mut expected = None;
    for at_most in [1, 2, 7, 1000, 4096, usize::MAX] {
        let mut connection = begun(ContentPlan::Length(10_000));
        let (mut rest, mut wire) = (&content[..], Vec::new());
        loop {
            let outgoing = connection.outgoing(rest);
            if outgoing.is_empty() {
                break;
            }
            let octets = outgoing.len().min(at_most);
            let all: Vec<u8> = outgoing
                .slices()
                .iter()
                .flat_map(|slice| slice.to_vec())
                .collect();
            wire.extend_from_slice(&all[..octets]);
            let taken = connection.sent(Now::default(), octets);
            rest = &rest[taken..];
        }
        assert!(rest.is_empty());
        assert_eq!(
            expected.get_or_insert(wire.clone()),
            &wire,
            "{at_most} at a time"
        );
    }
}
