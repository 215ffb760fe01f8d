//! The leaves of a drawn response: for each place of a message what may stand there, and what must not.
//!
//! The first is the plainest: an input whose choices have run out gets it.

/// What may stand at one place, and what must not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    pub(crate) good: &'static [&'static [u8]],
    pub(crate) bad: &'static [&'static [u8]],
}

pub(crate) const VERSION: Leaf = Leaf {
    good: &[b"HTTP/1.1", b"HTTP/1.0"],
    bad: &[
        b"HTTP/2.0",
        b"http/1.1",
        b"HTTP/1.",
        b"HTP/1.1",
        b"HTTP/1.10",
        b" HTTP/1.1",
        b"HTTP/01.1",
    ],
};

pub(crate) const SPACE: Leaf = Leaf {
    good: &[b" "],
    bad: &[b"", b"  ", b"\t", b" \x0b"],
};

pub(crate) const STATUS: Leaf = Leaf {
    good: &[b"200", b"206", b"302", b"404", b"500", b"204", b"304"],
    bad: &[b"20", b"2000", b"2 0", b"+20", b"2xx", b"0x1", b""],
};

/// With the blank before it.
pub(crate) const REASON: Leaf = Leaf {
    good: &[b" OK", b" ", b" Not\tFound", b" caf\xe9"],
    bad: &[b" a\0b", b" a\rb", b" a\nb", b" \x7f", b"\tOK"],
};

pub(crate) const INTERIM: Leaf = Leaf {
    good: &[b"100 Continue", b"102 ", b"103 Early Hints"],
    bad: &[b"101 Switching Protocols", b"1000 ", b"10 "],
};

pub(crate) const LINE_END: Leaf = Leaf {
    good: &[b"\r\n"],
    bad: &[b"\n", b"\r", b"\r\r\n", b"\n\r", b"\x85\r\n"],
};

pub(crate) const NAME: Leaf = Leaf {
    good: &[
        b"X-A",
        b"Server",
        b"content-type",
        b"Set-Cookie",
        b"!#$%&'*+-.^_`|~",
    ],
    bad: &[
        b"X A", b"X-A ", b"", b"X\0", b"Caf\xe9", b"(x)", b" X-A", b"X-A\r",
    ],
};

pub(crate) const COLON: Leaf = Leaf {
    good: &[b":"],
    bad: &[b"", b" :", b"\t:", b"\0:"],
};

/// Optional white space.
pub(crate) const OWS: Leaf = Leaf {
    good: &[b" ", b"", b"\t", b" \t "],
    bad: &[b"\0", b"\r", b"\x0b"],
};

pub(crate) const VALUE: Leaf = Leaf {
    good: &[
        b"a",
        b"",
        b"text/html; charset=utf-8",
        b"caf\xe9",
        b"a, \"b\"",
        b"a\tb",
    ],
    bad: &[b"a\0b", b"a\rb", b"a\nb", b"\x7f", b"\x1b[0m"],
};

pub(crate) const CONNECTION: Leaf = Leaf {
    good: &[b"keep-alive", b"close", b"Close, x", b"te"],
    bad: &[],
};

/// How long content is, if it is five octets.
pub(crate) const LENGTH: Leaf = Leaf {
    good: &[b"5", b"05", b"5, 5"],
    bad: &[
        b"+5",
        b"-5",
        b"0x5",
        b"5 5",
        b"5, 6",
        b"5_0",
        b"5;",
        b"",
        b"2147483648",
        b"4294967301",
        b"9223372036854775808",
        b"18446744073709551621",
    ],
};

pub(crate) const CODING: Leaf = Leaf {
    good: &[b"chunked", b"Chunked"],
    bad: &[
        b"gzip",
        b"gzip, chunked",
        b"chunked, chunked",
        b"chunked, gzip",
        b"identity",
        b"\x0bchunked",
        b"chunked;q=1",
        b"xchunked",
        b"",
    ],
};

/// The size of a chunk of ten octets.
pub(crate) const SIZE: Leaf = Leaf {
    good: &[b"a", b"A", b"0a", b"000A"],
    bad: &[
        b"0xa",
        b"+a",
        b"-a",
        b"_a",
        b"a_",
        b"ah",
        b"",
        b"8000000a",
        b"10000000a",
        b"800000000000000a",
        b"1000000000000000a",
        b" a",
        b"\xa0a",
    ],
};

pub(crate) const LAST_SIZE: Leaf = Leaf {
    good: &[b"0", b"000"],
    bad: &[b"0x0", b"-0", b"00h", b""],
};

pub(crate) const EXTENSION: Leaf = Leaf {
    good: &[b"", b";a", b";a=b", b";a=\"b;c\"", b" ; a = b"],
    bad: &[b" x", b";\0", b";a=\"\n\"", b";a\r", b"a;\x7f", b" "],
};

pub(crate) const DATA_END: Leaf = Leaf {
    good: &[b"\r\n"],
    bad: &[b"", b"\n", b"x\r\n", b"\r", b"\r\n\r\n"],
};

/// What follows a message whose end its framing tells.
pub(crate) const TAIL: Leaf = Leaf {
    good: &[
        b"",
        b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"x",
    ],
    bad: &[],
};
