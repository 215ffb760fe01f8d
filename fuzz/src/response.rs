//! The receiving half: what octets mean does not depend on how they come, and a message ends where it ends. Another
//! protocol begins where the last head ends.

use sessile_core::{Connection, Scratch};

use crate::delivery::{Delivery, EndSeen, Path};
use crate::exchange::{Outcome, assert_unsolicited, run, run_on};
use crate::model;
use crate::scenario::{End, Scenario};
use crate::trace::{Ending, Trace};
use crate::tree;

/// Octets after a complete response that a careless reader would take for another.
const SURPLUS: &[u8] = b"\r\n0\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";

/// Asserts, for any octets from a peer, read by one real connection:
///
/// 1. whole, octet by octet, in given pieces, by copy, in place or past the buffer: one same trace (and at each step
///    what `exchange.rs` asserts);
/// 2. a complete response is what an independent reading of its framing makes of the same octets;
/// 3. what follows the deciding octet changes nothing but whether the connection may be used again;
/// 4. a connection that may be used again, and memory that was used before, read the same octets the same way.
///
/// # Panics
/// If one of these does not hold.
pub fn response(input: &[u8]) {
    let drawn = tree::expand(input);
    let Some(scenario) = Scenario::read(&drawn.plain) else {
        return;
    };
    let mut memory = used_memory();
    let reference = run(&scenario, Delivery::SINGLE, &mut memory);
    for delivery in deliveries(scenario.pieces) {
        let outcome = run(&scenario, delivery, &mut memory);
        assert_eq!(outcome.trace, reference.trace, "{delivery:?}");
    }
    drawn.judge(&reference.trace);
    model::judge(&scenario, &reference);
    judge_leftover(&reference, &scenario.octets[reference.ended_at..]);
    judge_tail(&scenario, &reference, &mut memory);
}

/// A connection that was switched hands over what follows the head, and no other hands over anything.
fn judge_leftover(outcome: &Outcome, follows: &[u8]) {
    let switched = outcome.trace.ending == Ending::Switched;
    let leftover = outcome.trace.leftover.as_ref();
    assert_eq!(
        leftover.map(|octets| &octets.0[..]),
        switched.then_some(follows)
    );
}

/// Memory in which another exchange has left its traces.
fn used_memory() -> Scratch {
    const OTHER: &[u8] = b"GNDW111\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\nOld: head\r\n\
        Transfer-Encoding: chunked\r\n\r\n3\r\nold\r\n0\r\nOld: trailers\r\n\r\n";
    let mut memory = Scratch::default();
    let other = Scenario::read(OTHER).expect("circumstances");
    let outcome = run(&other, Delivery::WHOLE, &mut memory);
    assert_eq!(outcome.trace.ending, Ending::Complete);
    memory
}

fn deliveries(pieces: [usize; 3]) -> [Delivery; 5] {
    let by = |pieces, path, end_seen| Delivery {
        pieces,
        path,
        end_seen,
    };
    [
        Delivery::WHOLE,
        by(pieces, Path::Feed, EndSeen::Later),
        by(pieces, Path::Space, EndSeen::WithTheLastOctets),
        by(pieces, Path::Direct, EndSeen::Later),
        by(Delivery::WHOLE.pieces, Path::Direct, EndSeen::Later),
    ]
}

/// Cuts the stream behind the octet that decided the trace; then puts something else behind it.
fn judge_tail(scenario: &Scenario<'_>, reference: &Outcome, memory: &mut Scratch) {
    let decisive = &scenario.octets[..reference.ended_at];
    let cut = Scenario {
        octets: decisive,
        end: End::Open,
        ..scenario.clone()
    };
    let mut connection = Connection::new(scenario.rules.clone());
    let outcome = run_on(
        &mut connection,
        &cut,
        Delivery::WHOLE,
        std::mem::take(memory),
    );
    *memory = connection.take_scratch();
    if outcome.trace.ending == Ending::Waiting {
        // It was the stream's end that decided, or nothing was decided.
        let undecided = reference.trace.ending == Ending::Waiting;
        assert!(undecided || scenario.end != End::Open && decisive.len() == scenario.octets.len());
        return;
    }
    assert_same_but_for_reuse(&outcome.trace, &reference.trace);
    judge_leftover(&outcome, b"");
    let longer = [decisive, SURPLUS].concat();
    let longer = Scenario {
        octets: &longer,
        ..cut.clone()
    };
    let surplus = run(&longer, Delivery::WHOLE, memory);
    judge_leftover(&surplus, SURPLUS);
    let surplus = surplus.trace;
    assert_same_but_for_reuse(&surplus, &outcome.trace);
    assert!(matches!(surplus.renewed, Some(Err(_))));
    if outcome.trace.renewed == Some(Ok(())) {
        judge_reuse(connection, &cut, &outcome.trace, memory);
    }
}

/// The same exchange a second time on the same connection, which then is idle again.
fn judge_reuse(
    mut connection: Connection,
    scenario: &Scenario<'_>,
    first: &Trace,
    memory: &mut Scratch,
) {
    let memory = std::mem::take(memory);
    let second = run_on(&mut connection, scenario, Delivery::WHOLE, memory);
    assert_eq!(second.trace, *first);
    assert_unsolicited(connection);
}

fn assert_same_but_for_reuse(left: &Trace, right: &Trace) {
    let parts = |trace: &Trace| {
        let trace = trace.clone();
        let content = (trace.content, trace.trailers);
        (trace.interim, trace.head, content, trace.ending)
    };
    assert_eq!(parts(left), parts(right));
}

#[cfg(test)]
mod tests {
    use sessile_core::Failure;

    use super::*;

    /// The invariant says nothing of a response that is refused and should not be; here each seed has its verdict.
    #[test]
    fn each_seed_has_its_verdict() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
        let text = std::fs::read_to_string(folder.join("verdicts.txt")).expect("the verdicts");
        let mut judged = 0;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, expected) = line.split_once(' ').expect("a name and a verdict");
            let seed = std::fs::read(folder.join("response").join(name)).expect("a seed");
            let scenario = Scenario::read(&seed).expect("circumstances");
            let outcome = run(&scenario, Delivery::WHOLE, &mut Scratch::default());
            assert_eq!(verdict(&outcome.trace), expected.trim_start(), "{name}");
            judged += 1;
        }
        let seeds = std::fs::read_dir(folder.join("response")).expect("the seeds");
        assert_eq!(
            seeds.count(),
            judged,
            "each seed has a line in verdicts.txt"
        );
    }

    fn verdict(trace: &Trace) -> String {
        match (trace.ending, trace.renewed) {
            (Ending::Waiting, _) => "waits".to_owned(),
            (Ending::Complete, Some(Err(reason))) => format!("complete, then {reason:?}"),
            (Ending::Complete, _) => "complete".to_owned(),
            (Ending::Switched, _) => {
                let leftover = trace.leftover.as_ref().expect("what follows");
                format!("switched, {} left over", leftover.0.len())
            }
            (Ending::Failed(Failure::Violation(violation)), _) => violation.code().to_owned(),
            (Ending::Failed(failure), _) => failure.to_string(),
        }
    }
}
