// "Reachable" reference: a hand-made sans-IO core (httparse + owned head + incremental framing, streaming body as borrowed slices),
// driven blocking (seq/hdrs/chunked/big/bigchunked), by epoll without EAGAIN probing (seqep, conc) .
use common::*;
use std::{
    hint::black_box,
    io::{Read, Write},
    net::TcpStream,
    os::fd::AsRawFd,
};
counting!();
#[derive(Clone, Copy, PartialEq)]
enum St {
    Head,
    Len(u64),
    CSize,
    CData(u64),
    CCrLf,
    CEnd,
    Done,
}
struct Core {
    st: St,
    out: Vec<u8>,
    head: Vec<u8>,
    idx: Vec<(u16, u16, u16, u16)>,
    code: u16,
    close: bool,
}
impl Core {
    fn new() -> Self {
        Core {
            st: St::Done,
            out: Vec::with_capacity(512),
            head: vec![],
            idx: vec![],
            code: 0,
            close: false,
        }
    }
    fn request(&mut self, method: &str, target: &str, hs: &[(&str, &str)]) -> &[u8] {
        assert!(self.st == St::Done);
        self.out.clear();
        let o = &mut self.out;
        for b in target.bytes() {
            assert!(b > 0x20 && b < 0x7f);
        }
        o.extend_from_slice(method.as_bytes());
        o.push(b' ');
        o.extend_from_slice(target.as_bytes());
        o.extend_from_slice(b" HTTP/1.1\r\n");
        for (n, v) in hs {
            for b in v.bytes() {
                assert!(b >= 0x20 && b != 0x7f || b == b'\t');
            }
            o.extend_from_slice(n.as_bytes());
            o.extend_from_slice(b": ");
            o.extend_from_slice(v.as_bytes());
            o.extend_from_slice(b"\r\n");
        }
        o.extend_from_slice(b"\r\n");
        self.st = St::Head;
        o
    }
    /// consumes from d; body slices go to f; returns bytes consumed (the rest stays in the caller's buffer)
    fn feed(&mut self, d: &[u8], mut f: impl FnMut(&[u8])) -> usize {
        let mut o = 0;
        loop {
            match self.st {
                St::Head => {
                    let b = &d[o..];
                    let mut h = [const { std::mem::MaybeUninit::uninit() }; 100];
                    let mut r = httparse::Response::new(&mut []);
                    let k = match httparse::ParserConfig::default()
                        .parse_response_with_uninit_headers(&mut r, b, &mut h)
                        .unwrap()
                    {
                        httparse::Status::Complete(k) => k,
                        _ => return o,
                    };
                    let (mut cl, mut ch, mut close) = (None::<u64>, false, r.version == Some(0));
                    let base = b.as_ptr() as usize;
                    self.head.clear();
                    self.head = Vec::with_capacity(k);
                    self.head.extend_from_slice(&b[..k]);
                    self.idx = Vec::with_capacity(r.headers.len());
                    for x in r.headers.iter() {
                        match x.name.len() {
                            14 if x.name.eq_ignore_ascii_case("content-length") => {
                                let v = std::str::from_utf8(x.value).unwrap().parse().unwrap();
                                assert!(cl.is_none_or(|c| c == v));
                                cl = Some(v)
                            }
                            17 if x.name.eq_ignore_ascii_case("transfer-encoding") => {
                                ch = x.value.eq_ignore_ascii_case(b"chunked")
                            }
                            10 if x.name.eq_ignore_ascii_case("connection") => {
                                close |= x.value.eq_ignore_ascii_case(b"close")
                            }
                            _ => {}
                        }
                        let n = x.name.as_ptr() as usize - base;
                        let v = x.value.as_ptr() as usize - base;
                        self.idx.push((
                            n as u16,
                            (n + x.name.len()) as u16,
                            v as u16,
                            (v + x.value.len()) as u16,
                        ));
                    }
                    self.code = r.code.unwrap();
                    self.close = close;
                    o += k;
                    self.st = if ch {
                        St::CSize
                    } else {
                        match cl {
                            Some(0) => St::Done,
                            Some(n) => St::Len(n),
                            None => panic!(),
                        }
                    };
                }
                St::Len(n) => {
                    let k = n.min((d.len() - o) as u64);
                    if k > 0 {
                        f(&d[o..o + k as usize]);
                    }
                    o += k as usize;
                    if n == k {
                        self.st = St::Done;
                    } else {
                        self.st = St::Len(n - k);
                        return o;
                    }
                }
                St::CSize => {
                    let b = &d[o..];
                    let mut n = 0u64;
                    let mut i = 0;
                    loop {
                        if i >= b.len() {
                            return o;
                        }
                        let c = b[i];
                        let v = match c {
                            b'0'..=b'9' => c - b'0',
                            b'a'..=b'f' => c - b'a' + 10,
                            b'A'..=b'F' => c - b'A' + 10,
                            _ => break,
                        };
                        assert!(n < 1 << 59);
                        n = n << 4 | v as u64;
                        i += 1;
                    }
                    let Some(e) = memchr::memchr(b'\n', &b[i..]) else {
                        return o;
                    };
                    assert!(i > 0 && e > 0 && b[i + e - 1] == b'\r');
                    o += i + e + 1;
                    self.st = if n == 0 { St::CEnd } else { St::CData(n) };
                }
                St::CData(n) => {
                    let k = n.min((d.len() - o) as u64);
                    if k > 0 {
                        f(&d[o..o + k as usize]);
                    }
                    o += k as usize;
                    if n == k {
                        self.st = St::CCrLf
                    } else {
                        self.st = St::CData(n - k);
                        return o;
                    }
                }
                St::CCrLf => {
                    if d.len() - o < 2 {
                        return o;
                    }
                    assert!(&d[o..o + 2] == b"\r\n");
                    o += 2;
                    self.st = St::CSize;
                }
                St::CEnd => {
                    let Some(e) = memchr::memchr(b'\n', &d[o..]) else {
                        return o;
                    };
                    let empty = e == 1;
                    o += e + 1;
                    if empty {
                        self.st = St::Done;
                    }
                }
                St::Done => return o,
            }
        }
    }
}
const HS: [(&str, &str); 3] = [
    ("host", "127.0.0.1:8099"),
    ("user-agent", "bench"),
    ("accept", "*/*"),
];
fn conn(a: &Args) -> TcpStream {
    let s = TcpStream::connect(&a.addr).unwrap();
    s.set_nodelay(true).unwrap();
    s
}
struct Buf {
    b: Vec<u8>,
    s: usize,
    e: usize,
}
fn get(s: &mut TcpStream, c: &mut Core, b: &mut Buf, path: &str) -> u64 {
    let r = c.request("GET", black_box(path), black_box(&HS));
    s.write_all(r).unwrap();
    recv(s, c, b)
}
fn recv(s: &mut TcpStream, c: &mut Core, b: &mut Buf) -> u64 {
    let mut n = 0;
    loop {
        if b.s == b.e {
            b.s = 0;
            b.e = 0;
        } else if b.e == b.b.len() {
            b.b.copy_within(b.s..b.e, 0);
            b.e -= b.s;
            b.s = 0;
        }
        let k = match s.read(&mut b.b[b.e..]) {
            Ok(0) => panic!("eof"),
            Ok(k) => k,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return n,
            Err(e) => panic!("{e}"),
        };
        let full = k == b.b.len() - b.e;
        b.e += k;
        b.s += c.feed(&b.b[b.s..b.e], |x| n += black_box(x).len() as u64);
        if c.st == St::Done {
            black_box((&c.head, &c.idx, c.code, c.close));
            return n;
        }
        let _ = full;
    }
}
fn main() {
    let a = args();
    match a.mode.as_str() {
        m @ ("seq" | "hdrs" | "chunked" | "big" | "bigchunked") => {
            let path = match m {
                "seq" => "/small",
                "hdrs" => "/headers",
                "chunked" => "/chunked",
                "big" => "/big",
                _ => "/bigchunked",
            };
            let big = m.starts_with("big");
            let (mut s, mut c) = (conn(&a), Core::new());
            let mut b = Buf {
                b: vec![
                    0;
                    if big || m == "chunked" {
                        128 << 10
                    } else {
                        16 << 10
                    }
                ],
                s: 0,
                e: 0,
            };
            for _ in 0..if big { 1 } else { a.warm } {
                get(&mut s, &mut c, &mut b, path);
            }
            let mt = Meter::start();
            let mut t = 0;
            for _ in 0..a.n {
                t += get(&mut s, &mut c, &mut b, path);
            }
            if big {
                assert_eq!(t, BIG * a.n as u64);
            }
            mt.done("hand", &a, a.n, if big { t } else { 0 });
        }
        "conc" => unsafe {
            let ep = libc::epoll_create1(0);
            let mut b = Buf {
                b: vec![0; 16 << 10],
                s: 0,
                e: 0,
            };
            let mut cs: Vec<(TcpStream, Core)> =
                (0..a.c).map(|_| (conn(&a), Core::new())).collect();
            for (s, c) in cs.iter_mut() {
                get(s, c, &mut b, "/small");
                s.set_nonblocking(true).unwrap();
            }
            for (i, (s, _)) in cs.iter().enumerate() {
                let mut ev = libc::epoll_event {
                    events: (libc::EPOLLIN | libc::EPOLLET) as u32,
                    u64: i as u64,
                };
                libc::epoll_ctl(ep, libc::EPOLL_CTL_ADD, s.as_raw_fd(), &mut ev);
            }
            let mut evs = vec![libc::epoll_event { events: 0, u64: 0 }; 256];
            let mut go = |n: usize| {
                let (mut sent, mut done) = (0, 0);
                for (s, c) in cs.iter_mut() {
                    if sent < n {
                        s.write_all(c.request("GET", black_box("/small"), black_box(&HS)))
                            .unwrap();
                        sent += 1;
                    }
                }
                while done < n {
                    let k = libc::epoll_wait(ep, evs.as_mut_ptr(), 256, -1);
                    for e in &evs[..k.max(0) as usize] {
                        let (s, c) = &mut cs[e.u64 as usize];
                        recv(s, c, &mut b);
                        if c.st == St::Done {
                            done += 1;
                            if sent < n {
                                s.write_all(c.request("GET", black_box("/small"), black_box(&HS)))
                                    .unwrap();
                                sent += 1;
                            }
                        }
                    }
                }
            };
            go(a.warm.max(a.c));
            let m = Meter::start();
            go(a.n);
            m.done("hand", &a, a.n, 0);
        },
        _ => panic!(),
    }
}
