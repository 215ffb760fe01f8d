//! Large content: 256 MiB through the bare connection, beside a plain copy of the same octets into memory of the same
//! size, from the same source in pieces of the same size. What the connection takes longer is its own.
//!
//! No 256 MiB are held: the source shows one block again and again, so both sides read from a warm cache and write into
//! one, which is the hardest comparison for us. Chunked content is used where it stands in the receive buffer; content
//! of known length is read straight into the caller's memory.

mod source;
mod transfer;

use std::hint::black_box;

use crate::measure::{Sampled, interleave};
use source::Source;
use transfer::Transfer;

/// In octets.
const CONTENT: usize = 256 * 1024 * 1024;
/// One exchange is long: a few rounds are enough, an odd number has a median.
const ROUNDS: usize = 15;
/// Each octet is copied once, by the read. The head of a response of known length brings a little content with it,
/// which is copied again, to the caller.
const MOST_COPIES: f64 = 1.001;

/// Its name, and its octets.
type Bulk = (&'static str, fn() -> Source);

const BULKS: [Bulk; 3] = [
    ("bulk in 8 KiB chunks", || {
        Source::chunked(CONTENT, 8 * 1024)
    }),
    ("bulk in 64 KiB chunks", || {
        Source::chunked(CONTENT, 64 * 1024)
    }),
    ("bulk of known length", || Source::of_known_length(CONTENT)),
];

fn chosen(filter: &str) -> impl Iterator<Item = Bulk> {
    BULKS
        .into_iter()
        .filter(move |(name, _)| name.contains(filter))
}

/// Whether the filter lets something through.
pub(crate) fn has(filter: &str) -> bool {
    chosen(filter).next().is_some()
}

/// Measures what the filter lets through and prints a table; whether nothing allocated or copied twice.
pub(crate) fn table(filter: &str) -> bool {
    if !has(filter) {
        return true;
    }
    println!(
        "| 256 MiB of content       |  GB/s | memcpy, GB/s | x memcpy | copies per octet | allocations |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    let mut good = true;
    for bulk in chosen(filter) {
        good &= row(bulk);
    }
    println!();
    good
}

fn row((name, source): Bulk) -> bool {
    let mut transfer = Transfer::new(source());
    // The first grows the buffer; the second shows what all the others do.
    transfer.run();
    let seen = transfer.run();
    assert_eq!(seen.content, CONTENT);
    let mut plain = plain_copy(source(), seen.space);
    plain();
    let ours = Sampled::new(Box::new(move || _ = black_box(transfer.run())), 1);
    let mut members = [ours, Sampled::new(plain, 1)];
    interleave(&mut members, ROUNDS);
    let [ours, plain] = &members;
    let copies = seen.copies();
    println!(
        "| {name:<24} | {:>5.2} | {:>12.2} | {:>8.3} | {copies:>16.5} | {:>11} |",
        speed(ours),
        speed(plain),
        ours.ratio(plain),
        ours.allocations(),
    );
    if copies > MOST_COPIES {
        eprintln!("{name}: {copies} copies of each octet; there must be one");
    }
    ours.is_clean(name) && copies <= MOST_COPIES
}

/// In octets of content per nanosecond.
fn speed(of: &Sampled) -> f64 {
    CONTENT as f64 / of.median()
}

/// Copies everything into memory of that size, piece after piece.
fn plain_copy(mut source: Source, space: usize) -> Box<dyn FnMut()> {
    let mut memory = vec![0; space];
    Box::new(move || {
        source.rewind();
        loop {
            let count = source.read(black_box(&mut memory));
            if count == 0 {
                break;
            }
            black_box(&memory[..count]);
        }
    })
}
