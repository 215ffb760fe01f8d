//! The differences between us and other readers that are known, each with its reason. `README.md` shows them.

use crate::differential::{Case, Class};
use crate::oracles::Oracle::{self, Httparse, Hyper, UreqProto};
use crate::oracles::Reading;
use crate::trace::Ending;

/// A known difference.
pub(crate) struct Difference {
    pub(crate) class: Class,
    pub(crate) oracles: &'static [Oracle],
    /// What it is about, and why we do as we do.
    pub(crate) what: &'static str,
    /// Whether a case is of this kind.
    pub(crate) is: fn(&Case<'_>) -> bool,
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        class: Class::Laxer,
        oracles: &[Httparse, Hyper, UreqProto],
        what: "We join folded lines by a space (RFC 9112 5.2); they refuse them.",
        is: refuses_a_fold,
    },
    Difference {
        class: Class::Laxer,
        oracles: &[Httparse, Hyper, UreqProto],
        what: "We judge a line or a section when it has ended, and until then wait for its bounded rest.",
        is: |case| case.ours.trace.ending == Ending::Waiting,
    },
    Difference {
        class: Class::Laxer,
        oracles: &[Httparse, Hyper, UreqProto],
        what: "A later minor version is read as HTTP/1.1 (RFC 9110 2.5); they know 1.0 and 1.1 alone.",
        is: |case| refused(case, "HTTP version") || refused(case, "Version"),
    },
    Difference {
        class: Class::Laxer,
        oracles: &[Hyper, UreqProto],
        what: "Empty members of a list are ignored (RFC 9110 5.6.1); they take them for a bad length.",
        is: |case| {
            let bad = ["ContentLengthInvalid", "content-length header not a number"];
            bad.iter().any(|how| refused(case, how)) && case.has_empty_member("content-length")
        },
    },
    Difference {
        class: Class::Other,
        oracles: &[Hyper, UreqProto],
        what: "Empty members of a list are ignored (RFC 9110 5.6.1); to them \"chunked,\" does not end in chunked.",
        is: |case| case.has_empty_member("transfer-encoding"),
    },
    Difference {
        class: Class::Laxer,
        oracles: &[UreqProto],
        what: "The extensions of a chunk may be longer than it allows; ours have a limit of their own.",
        is: |case| refused(case, "chunk expected crlf as next character"),
    },
    Difference {
        class: Class::Stricter,
        oracles: &[Httparse, Hyper, UreqProto],
        what: "A response begins with its status line; they skip empty lines before it.",
        is: |case| {
            case.violated(&["not-http1"])
                && case
                    .scenario
                    .octets
                    .windows(2)
                    .any(|pair| matches!(pair, b"\r\n" | b"\n\n"))
        },
    },
    Difference {
        class: Class::Stricter,
        oracles: &[Httparse, Hyper, UreqProto],
        what: "A status code is one from 100 on (RFC 9110 15 knows 100 to 599).",
        is: |case| case.violated(&["bad-status"]),
    },
    Difference {
        class: Class::Laxer,
        oracles: &[Hyper],
        what: "A chunked response of HTTP/1.0 is read, and its connection closed (RFC 9112 6.1); it refuses.",
        is: |case| refused(case, "TransferEncodingUnexpected") && case.is_old(),
    },
    Difference {
        class: Class::Laxer,
        oracles: &[UreqProto],
        what: "Without content there is no framing to be wrong (RFC 9112 6.3, rules 1 and 2); it reads Content-Length still.",
        is: |case| case.ours.trace.content.0.is_empty() && case.is_bodiless(),
    },
    Difference {
        class: Class::Laxer,
        oracles: &[UreqProto],
        what: "A 100 may have fields (RFC 9110 15.2.1 says nothing else); it refuses them.",
        is: |case| refused(case, "received headers with 100-continue response"),
    },
    Difference {
        class: Class::Stricter,
        oracles: &[Httparse],
        what: "It reads lines alone: framing and whether a switch was asked for are not its business.",
        is: |case| {
            case.violated(&[
                "bad-content-length",
                "bad-transfer-encoding",
                "content-lengths-differ",
                "switched-unasked",
            ])
        },
    },
    Difference {
        class: Class::Stricter,
        oracles: &[Httparse, Hyper, UreqProto],
        what: "A bare LF does not end a line of ours (RFC 9112 2.2 allows it; others then see other messages).",
        is: |case| case.violated(&["bare-lf"]),
    },
    Difference {
        class: Class::Stricter,
        oracles: &[Hyper, UreqProto],
        what: "The lines of chunks and trailers have the grammar of RFC 9112 7.1; they skip over some of their octets.",
        is: |case| {
            case.violated(&[
                "bad-chunk-extension",
                "bad-chunk-line-end",
                "bad-chunk-size",
                "bad-trailers",
                "chunk-too-large",
            ])
        },
    },
    Difference {
        class: Class::Stricter,
        oracles: &[Hyper, UreqProto],
        what: "A trailer section has limits of its own, 32 lines and 16 KiB; they take longer ones.",
        is: |case| case.violated(&["too-many-trailers", "trailers-too-long"]),
    },
    Difference {
        class: Class::Stricter,
        oracles: &[Hyper, UreqProto],
        what: "A transfer coding that is unknown, repeated or not last is refused, for its content cannot be decoded.",
        is: |case| case.violated(&["bad-transfer-encoding"]),
    },
    Difference {
        class: Class::Stricter,
        oracles: &[Hyper, UreqProto],
        what: "A switch that was not asked for is refused; they hand it over.",
        is: |case| case.violated(&["switched-unasked"]),
    },
    Difference {
        class: Class::Laxer,
        oracles: &[UreqProto],
        what: "Chunked overrides Content-Length (RFC 9112 6.3, rule 3), and the connection is closed; it judges both.",
        is: |case| case.is_chunked() && refused(case, "content-length"),
    },
    Difference {
        class: Class::Laxer,
        oracles: &[UreqProto],
        what: "A chunked response of HTTP/1.0 is read as chunked, and its connection closed (RFC 9112 6.1); it reads on to the stream's end.",
        is: reads_old_to_the_end,
    },
    Difference {
        class: Class::Stricter,
        oracles: &[UreqProto],
        what: "A chunked response of HTTP/1.0 that is cut is refused; it does not look at its chunks.",
        is: reads_old_to_the_end,
    },
    Difference {
        class: Class::Other,
        oracles: &[UreqProto],
        what: "A chunked response of HTTP/1.0 has the content of its chunks; it takes them for the content.",
        is: reads_old_to_the_end,
    },
];

/// The rows of the table of known differences: how we are beside whom, and why.
pub fn differences() -> impl Iterator<Item = String> {
    DIFFERENCES.iter().map(|known| {
        let oracles: Vec<_> = known.oracles.iter().map(Oracle::to_string).collect();
        let class = match known.class {
            Class::Laxer => "we take it",
            Class::Stricter => "we refuse it",
            Class::Other => "we read it otherwise",
        };
        format!("| {class} | {} | {} |", oracles.join(", "), known.what)
    })
}

fn refused(case: &Case<'_>, how: &str) -> bool {
    matches!(case.theirs, Reading::Refused(why) if why.contains(how))
}

/// A line of a section goes on in the next, and that is what the other does not read: to it a name begins with a blank.
fn refuses_a_fold(case: &Case<'_>) -> bool {
    let folds = |triple: &[u8]| matches!(triple, b"\r\n " | b"\r\n\t");
    let names = ["header name", "HeaderName", "Header(Token)"];
    names.iter().any(|how| refused(case, how)) && case.scenario.octets.windows(3).any(folds)
}

/// It does not look at the transfer codings of HTTP/1.0.
fn reads_old_to_the_end(case: &Case<'_>) -> bool {
    case.is_old() && case.is_chunked()
}
