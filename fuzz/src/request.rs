//! The sending half: the same octets go out whatever the transport takes at a time.

use std::mem;

use sessile_core::{
    CloseReason, Connection, ContentPlan, Misuse, Progress, Received, RequestPlan, Scratch,
};

use crate::exchange::now;
use crate::sent;
use crate::upload::Upload;

/// How content is handed to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    /// Lent for the time of a write.
    Lent,
    /// Lent, but when a piece went out in part, only one octet of its rest at a time.
    LentInParts,
    /// Copied behind the head, when it is small enough; else lent.
    Absorbed,
}

/// A pattern of partial writes.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    writes: [usize; 3],
    offer: Offer,
}

/// Asserts, for one request given to one real connection:
///
/// 1. lent or absorbed, written whole, octet by octet or as given: the same octets go out, and they are the head, the
///    content, and the chunk framing of the pieces in which the content came;
/// 2. an independent reader makes of them the same method, target, field lines and content;
/// 3. the connection knows, at each write, whether the request is complete; then it is answered and used again;
/// 4. content that ends early is refused and no octet is made up; content beyond its announced length never goes out.
///
/// # Panics
/// If one of these does not hold.
pub fn request(input: &[u8]) {
    let Some(upload) = Upload::read(input) else {
        return;
    };
    let head = framed_head(&upload);
    let expected = expected(&upload, &head);
    let mut memory = Scratch::default();
    for writes in [[usize::MAX; 3], [1; 3], upload.writes] {
        for offer in [Offer::Lent, Offer::LentInParts, Offer::Absorbed] {
            let pattern = Pattern { writes, offer };
            let mut sending = Sending::start(&upload, &head, &expected, mem::take(&mut memory));
            sending.run(pattern);
            sending.judge(pattern);
            memory = sending.connection.take_scratch();
        }
    }
    if !upload.is_short() {
        judge_meaning(&upload, &expected);
    }
}

/// The head with its framing field, as the session would encode it.
fn framed_head(upload: &Upload<'_>) -> Vec<u8> {
    let mut head = upload.head();
    head.truncate(head.len() - 2);
    let field = match upload.plan {
        ContentPlan::None => String::new(),
        ContentPlan::Length(length) => format!("Content-Length: {length}\r\n"),
        ContentPlan::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
    };
    [&head, field.as_bytes(), b"\r\n"].concat()
}

/// All that may go out, and nothing else.
fn expected(upload: &Upload<'_>, head: &[u8]) -> Vec<u8> {
    let mut wire = head.to_vec();
    if upload.plan != ContentPlan::Chunked {
        wire.extend_from_slice(upload.sendable());
        return wire;
    }
    let (mut rest, mut sizes) = (upload.content, upload.pieces.iter().cycle());
    while let (false, Some(size)) = (rest.is_empty(), sizes.next()) {
        let (piece, tail) = rest.split_at(rest.len().min(*size));
        wire.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        wire.extend_from_slice(piece);
        wire.extend_from_slice(b"\r\n");
        rest = tail;
    }
    wire.extend_from_slice(b"0\r\n\r\n");
    wire
}

fn judge_meaning(upload: &Upload<'_>, wire: &[u8]) {
    let message = sent::read(wire).expect("one request, all of it");
    assert_eq!(message.method, upload.method.as_str().as_bytes());
    assert_eq!(message.target, upload.target.as_bytes());
    assert_eq!(message.content, upload.sendable());
    assert_eq!(message.trailers, 0);
    let fields = upload.fields.iter();
    let given = fields.map(|field| (field.name.as_bytes(), field.value));
    let without_framing = message.lines.len() - usize::from(upload.plan != ContentPlan::None);
    assert!(given.eq(message.lines[..without_framing].iter().copied()));
}

/// A request on its way.
struct Sending<'a> {
    upload: &'a Upload<'a>,
    expected: &'a [u8],
    connection: Connection,
    wire: Vec<u8>,
    /// How much of the content the connection has taken, and where the present piece begins and ends.
    taken: usize,
    piece_start: usize,
    piece_end: usize,
    pieces: usize,
    finished: Option<Result<(), Misuse>>,
}

impl<'a> Sending<'a> {
    fn start(upload: &'a Upload<'a>, head: &[u8], expected: &'a [u8], memory: Scratch) -> Self {
        let mut connection = Connection::default();
        connection
            .start(
                now(),
                RequestPlan::new(&upload.method, upload.plan),
                head,
                memory,
            )
            .expect("a new connection is idle");
        Self {
            upload,
            expected,
            connection,
            wire: Vec::new(),
            taken: 0,
            piece_start: 0,
            piece_end: 0,
            pieces: 0,
            finished: None,
        }
    }

    /// Offers the content piece by piece and writes what comes of it, until nothing more is to be written.
    fn run(&mut self, pattern: Pattern) {
        // The transport that takes nothing for ever is not ours to wait for.
        let idle = pattern.writes.iter().all(|size| *size == 0);
        for turn in 0.. {
            self.advance_piece();
            if pattern.offer == Offer::Absorbed {
                let piece = &self.upload.content[self.taken..self.piece_end];
                self.taken += self.connection.absorb(piece);
            }
            let ended = self.taken == self.upload.content.len();
            if ended && self.finished.is_none() {
                self.finished = Some(self.connection.finish_content());
            }
            let size = pattern.writes[turn % 3].max(usize::from(idle));
            let in_part = pattern.offer == Offer::LentInParts && self.taken > self.piece_start;
            let end = match in_part {
                true => self.piece_end.min(self.taken + 1),
                false => self.piece_end,
            };
            if !self.write(size, &self.upload.content[self.taken..end]) {
                return;
            }
            // Each third turn at the latest takes an octet, or a piece.
            assert!(turn <= 3 * (self.expected.len() + self.upload.content.len() + 1));
        }
    }

    fn advance_piece(&mut self) {
        let length = self.upload.content.len();
        if self.taken == self.piece_end && self.taken < length {
            let size = self.upload.pieces[self.pieces % 2];
            self.piece_start = self.taken;
            self.piece_end = length.min(self.taken + size);
            self.pieces += 1;
        }
    }

    /// One write of at most `size` octets, with a piece to lend; `false` if there was nothing to write.
    fn write(&mut self, size: usize, piece: &[u8]) -> bool {
        let asked = self.connection.outgoing(piece).len();
        let outgoing = self.connection.outgoing(piece);
        assert_eq!(outgoing.len(), asked, "asking changes nothing");
        assert_eq!(outgoing.is_empty(), asked == 0);
        let slices = outgoing.slices();
        assert_eq!(slices.iter().map(|slice| slice.len()).sum::<usize>(), asked);
        let (before, mut room) = (self.wire.len(), size);
        for slice in &slices {
            let count = room.min(slice.len());
            self.wire.extend_from_slice(&slice[..count]);
            room -= count;
        }
        let written = &self.wire[before..];
        if let Some(single) = outgoing.single() {
            assert_eq!((single.len(), &single[..written.len()]), (asked, written));
        }
        let count = written.len();
        assert_eq!(self.connection.interest(!piece.is_empty()).write, asked > 0);
        if asked == 0 {
            return false;
        }
        self.taken += self.connection.sent(now(), count);
        self.judge_progress();
        true
    }

    /// What the connection knows of what went out.
    fn judge_progress(&self) {
        let pulse = self.connection.pulse();
        assert_eq!(pulse.sent(), self.wire.len() as u64);
        let progress = if self.wire.is_empty() {
            Progress::NotSent
        } else if self.wire.len() == self.expected.len() && !self.upload.is_short() {
            Progress::Sent
        } else {
            Progress::PartlySent
        };
        assert_eq!(pulse.progress(), progress);
    }

    fn judge(&mut self, pattern: Pattern) {
        if self.upload.is_short() {
            assert_eq!(self.finished, Some(Err(Misuse::ContentTooShort)));
            assert!(self.expected.starts_with(&self.wire), "{pattern:?}");
            let reason = self.connection.close_reason();
            assert_eq!(reason, Some(CloseReason::RequestIncomplete));
            return;
        }
        assert!(
            self.wire == self.expected,
            "{pattern:?}\n{}\n{}",
            self.wire.escape_ascii(),
            self.expected.escape_ascii()
        );
        assert_eq!(self.taken, self.upload.sendable().len());
        self.connection.feed(now(), b"HTTP/1.1 204 \r\n\r\n");
        assert!(matches!(self.connection.poll(), Ok(Received::Head(_))));
        assert!(matches!(self.connection.poll(), Ok(Received::End)));
        assert_eq!(self.connection.renew(), Ok(()));
        assert!(self.connection.is_idle());
    }
}
