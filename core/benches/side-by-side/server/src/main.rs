// Minimal single-thread epoll HTTP/1.1 origin for loopback benchmarking.
// usage: origin PORT ; env SPIN_US=n: busy-poll that long after last activity before blocking.
use memchr::memmem;
use std::{io, os::raw::c_int, time::Instant};

const BIG: u64 = 256 << 20;
static DELAY: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0); // env DELAY_US: sleep before each answer (so that a straced client really blocks)

enum Out {
    None,
    Mem(&'static [u8], usize),
    File {
        head: &'static [u8],
        hoff: usize,
        fd: c_int,
        off: i64,
        left: u64,
        period: i64,
        tail: &'static [u8],
    },
}
enum Body {
    None,
    Len(u64),
    Chunked(u8, u64),
} // Chunked(state, left)
struct Conn {
    inb: Vec<u8>,
    body: Body,
    out: Out,
    wr: bool,
    close: bool,
    active: bool,
}

fn leak(v: Vec<u8>) -> &'static [u8] {
    Box::leak(v.into_boxed_slice())
}
fn memfd(data: &[&[u8]]) -> c_int {
    unsafe {
        let fd = libc::memfd_create(c"b".as_ptr(), 0);
        assert!(fd >= 0);
        for d in data {
            let mut o = 0;
            while o < d.len() {
                let n = libc::write(fd, d[o..].as_ptr().cast(), d.len() - o);
                assert!(n > 0);
                o += n as usize;
            }
        }
        fd
    }
}
fn chunks(total: usize, csz: usize) -> Vec<u8> {
    let mut v = Vec::new();
    let mut left = total;
    while left > 0 {
        let c = csz.min(left);
        v.extend_from_slice(format!("{:x}\r\n", c).as_bytes());
        v.extend((0..c).map(|i| b'a' + (i % 26) as u8));
        v.extend_from_slice(b"\r\n");
        left -= c;
    }
    v.extend_from_slice(b"0\r\n\r\n");
    v
}

struct R {
    small: &'static [u8],
    headers: &'static [u8],
    chunked: &'static [u8],
    chunked8: &'static [u8],
    k64: &'static [u8],
    post: &'static [u8],
    nf: &'static [u8],
    bigh: &'static [u8],
    bigfd: c_int,
    chh: &'static [u8],
    bc8: (c_int, u64),
    bc1: (c_int, u64),
}

fn main() {
    let port: u16 = std::env::args()
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(8099);
    let spin: u128 = std::env::var("SPIN_US")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(0);
    DELAY.store(
        std::env::var("DELAY_US")
            .ok()
            .and_then(|s| s.parse().ok())
            .unwrap_or(0),
        std::sync::atomic::Ordering::Relaxed,
    );
    let date = "Date: Tue, 14 Apr 2026 12:00:00 GMT\r\nServer: origin\r\n";
    let chh = leak(format!("HTTP/1.1 200 OK\r\n{date}Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes());
    let mut c1 = chh.to_vec();
    c1.extend(chunks(65536, 1024));
    let mut c8 = chh.to_vec();
    c8.extend(chunks(65536, 8192));
    let mut k64 = format!("HTTP/1.1 200 OK\r\n{date}Content-Type: application/octet-stream\r\nContent-Length: 65536\r\n\r\n").into_bytes();
    k64.extend(vec![b'x'; 65536]);
    let mb = vec![b'x'; 1 << 20];
    let bigfd = memfd(&[&mb]); // 1 MiB, sent again and again: stays in cache
    let per = |c: usize| {
        let mut v = chunks(1 << 20, c);
        v.truncate(v.len() - 5);
        let l = v.len() as u64;
        (memfd(&[&v]), l)
    };
    let bc8 = per(8192);
    let bc1 = per(1024);
    let r = R {
        small: leak(format!("HTTP/1.1 200 OK\r\n{date}Content-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\nCache-Control: no-cache\r\n\r\nHello, World!").into_bytes()),
        headers: leak(format!("HTTP/1.1 200 OK\r\n{date}Content-Type: application/json; charset=utf-8\r\nContent-Length: 27\r\nCache-Control: private, max-age=0, must-revalidate\r\nETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\nLast-Modified: Mon, 13 Apr 2026 09:21:07 GMT\r\nVary: Accept-Encoding, Origin, Cookie\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\nX-XSS-Protection: 0\r\nReferrer-Policy: strict-origin-when-cross-origin\r\nContent-Security-Policy: default-src 'self'; img-src 'self' data: https:; script-src 'self'; object-src 'none'; frame-ancestors 'self'\r\nAccess-Control-Allow-Origin: *\r\nX-Request-Id: 7f9c2ba4-e88f-4d2a-a1c3-6a0f8d3b9e51\r\nX-RateLimit-Limit: 5000\r\nX-RateLimit-Remaining: 4987\r\nSet-Cookie: session=eyJhbGciOiJIUzI1NiJ9.c2Vzc2lvbg.abc123; Path=/; HttpOnly; SameSite=Lax\r\nSet-Cookie: theme=dark; Path=/; Max-Age=31536000\r\n\r\n{{\"ok\":true,\"items\":[1,2,3]}}").into_bytes()),
        chunked: leak(c1), chunked8: leak(c8), k64: leak(k64),
        post: leak(format!("HTTP/1.1 200 OK\r\n{date}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok").into_bytes()),
        nf: leak(format!("HTTP/1.1 404 Not Found\r\n{date}Content-Length: 0\r\n\r\n").into_bytes()),
        bigh: leak(format!("HTTP/1.1 200 OK\r\n{date}Content-Type: application/octet-stream\r\nContent-Length: {BIG}\r\n\r\n").into_bytes()),
        bigfd, chh, bc8, bc1 };
    // sanity: /headers body length
    {
        let h = r.headers;
        let p = memmem::find(h, b"\r\n\r\n").unwrap();
        assert_eq!(h.len() - p - 4, 27, "headers body");
    }
    unsafe {
        let ls = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_NONBLOCK, 0);
        let one: c_int = 1;
        libc::setsockopt(
            ls,
            libc::SOL_SOCKET,
            libc::SO_REUSEADDR,
            (&one as *const c_int).cast(),
            4,
        );
        let sa = libc::sockaddr_in {
            sin_family: libc::AF_INET as u16,
            sin_port: port.to_be(),
            sin_addr: libc::in_addr {
                s_addr: 0x7f000001u32.to_be(),
            },
            sin_zero: [0; 8],
        };
        assert_eq!(
            libc::bind(ls, (&sa as *const libc::sockaddr_in).cast(), 16),
            0,
            "{}",
            io::Error::last_os_error()
        );
        assert_eq!(libc::listen(ls, 4096), 0);
        let ep = libc::epoll_create1(0);
        let mut ev = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: ls as u64,
        };
        libc::epoll_ctl(ep, libc::EPOLL_CTL_ADD, ls, &mut ev);
        println!("listening {port}");
        let mut conns: Vec<Option<Conn>> = Vec::new();
        let mut held: Vec<c_int> = Vec::new();
        let mut evs: Vec<libc::epoll_event> = vec![std::mem::zeroed(); 512];
        let mut buf = vec![0u8; 256 << 10];
        let mut last = Instant::now();
        loop {
            let to = if spin > 0 && last.elapsed().as_micros() < spin {
                0
            } else {
                -1
            };
            let n = libc::epoll_wait(ep, evs.as_mut_ptr(), 512, to);
            if n > 0 && spin > 0 {
                last = Instant::now();
            }
            for i in 0..n.max(0) as usize {
                let fd = evs[i].u64 as c_int;
                if fd == ls {
                    loop {
                        let c = libc::accept4(
                            ls,
                            std::ptr::null_mut(),
                            std::ptr::null_mut(),
                            libc::SOCK_NONBLOCK,
                        );
                        if c < 0 {
                            break;
                        }
                        libc::setsockopt(
                            c,
                            libc::IPPROTO_TCP,
                            libc::TCP_NODELAY,
                            (&one as *const c_int).cast(),
                            4,
                        );
                        while conns.len() <= c as usize {
                            conns.push(None);
                        }
                        conns[c as usize] = Some(Conn {
                            inb: Vec::new(),
                            body: Body::None,
                            out: Out::None,
                            wr: false,
                            close: false,
                            active: true,
                        });
                        let mut ev = libc::epoll_event {
                            events: libc::EPOLLIN as u32,
                            u64: c as u64,
                        };
                        libc::epoll_ctl(ep, libc::EPOLL_CTL_ADD, c, &mut ev);
                    }
                    continue;
                }
                let mut alive = match conns[fd as usize].as_mut() {
                    Some(c) => serve(fd, c, &r, &mut buf, ep, &mut held, evs[i].events),
                    None => continue,
                };
                if alive && !held.is_empty() && held.last() == Some(&-1) {
                    held.pop();
                    for h in std::mem::take(&mut held) {
                        if let Some(c) = conns[h as usize].as_mut() {
                            c.out = Out::Mem(r.small, 0);
                            flush(h, c, ep);
                        }
                    }
                }
                if alive {
                    if let Some(c) = conns[fd as usize].as_ref() {
                        if c.close && matches!(c.out, Out::None) {
                            alive = false;
                        }
                    }
                }
                if !alive {
                    held.retain(|h| *h != fd);
                    libc::close(fd);
                    conns[fd as usize] = None;
                }
            }
        }
    }
}

unsafe fn serve(
    fd: c_int,
    c: &mut Conn,
    r: &R,
    buf: &mut [u8],
    ep: c_int,
    held: &mut Vec<c_int>,
    e: u32,
) -> bool {
    unsafe {
        if e & (libc::EPOLLERR as u32) != 0 {
            return false;
        }
        if c.wr {
            if !flush(fd, c, ep) {
                return false;
            }
            if c.wr {
                return true;
            }
        }
        let _ = c.active;
        // body sink by length: discard in kernel without copying
        loop {
            if let Body::Len(l) = c.body {
                let n = libc::recv(
                    fd,
                    std::ptr::null_mut(),
                    l.min(16 << 20) as usize,
                    libc::MSG_TRUNC | libc::MSG_DONTWAIT,
                );
                if n == 0 {
                    return false;
                }
                if n < 0 {
                    return io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock;
                }
                let l = l - n as u64;
                if l > 0 {
                    c.body = Body::Len(l);
                    continue;
                }
                c.body = Body::None;
                c.out = Out::Mem(r.post, 0);
                return flush(fd, c, ep);
            }
            let n = libc::read(fd, buf.as_mut_ptr().cast(), buf.len());
            if n == 0 {
                return false;
            }
            if n < 0 {
                return io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock;
            }
            let got = &buf[..n as usize];
            let ok = if c.inb.is_empty() {
                let used = eat(fd, c, got, r, ep, held);
                match used {
                    Some(u) => {
                        if u < got.len() {
                            c.inb.extend_from_slice(&got[u..]);
                        }
                        true
                    }
                    None => false,
                }
            } else {
                let mut v = std::mem::take(&mut c.inb);
                v.extend_from_slice(got);
                match eat(fd, c, &v, r, ep, held) {
                    Some(u) => {
                        v.drain(..u);
                        if !v.is_empty() {
                            c.inb = v;
                        }
                        true
                    }
                    None => false,
                }
            };
            if !ok {
                return false;
            }
            if matches!(c.body, Body::Len(_)) {
                continue;
            }
            return true;
        }
    }
}

unsafe fn eat(
    fd: c_int,
    c: &mut Conn,
    d: &[u8],
    r: &R,
    ep: c_int,
    held: &mut Vec<c_int>,
) -> Option<usize> {
    unsafe {
        let mut o = 0;
        while o < d.len() {
            if let Body::Chunked(ref mut st, ref mut left) = c.body {
                // 0: size line, 1: data(+crlf in left), 2: after last chunk: expects CRLF
                let mut done = false;
                while o < d.len() {
                    match *st {
                        0 => {
                            let Some(p) = memchr::memchr(b'\n', &d[o..]) else {
                                return Some(o);
                            };
                            let line = std::str::from_utf8(&d[o..o + p]).ok()?.trim();
                            let line = line.split(';').next().unwrap();
                            let sz = u64::from_str_radix(line, 16).ok()?;
                            o += p + 1;
                            if sz == 0 {
                                *st = 2
                            } else {
                                *left = sz + 2;
                                *st = 1
                            }
                        }
                        1 => {
                            let k = (*left).min((d.len() - o) as u64);
                            *left -= k;
                            o += k as usize;
                            if *left == 0 {
                                *st = 0
                            }
                        }
                        _ => {
                            let Some(p) = memchr::memchr(b'\n', &d[o..]) else {
                                return Some(o);
                            };
                            let empty = p <= 1;
                            o += p + 1;
                            if empty {
                                done = true;
                                break;
                            }
                        }
                    }
                }
                if !done {
                    return Some(o);
                }
                c.body = Body::None;
                c.out = Out::Mem(r.post, 0);
                if !flush(fd, c, ep) {
                    return None;
                }
                continue;
            }
            let rest = &d[o..];
            let Some(p) = memmem::find(rest, b"\r\n\r\n") else {
                return Some(o);
            };
            let head = &rest[..p + 4];
            o += p + 4;
            {
                let d = DELAY.load(std::sync::atomic::Ordering::Relaxed);
                if d > 0 {
                    libc::usleep(d);
                }
            }
            if head.starts_with(b"GET ") {
                let path = &head[4..];
                if memmem::find(head, b"onnection: close").is_some() {
                    c.close = true;
                }
                c.out = if path.starts_with(b"/small") {
                    Out::Mem(r.small, 0)
                } else if path.starts_with(b"/headers") {
                    Out::Mem(r.headers, 0)
                } else if path.starts_with(b"/chunked8") {
                    Out::Mem(r.chunked8, 0)
                } else if path.starts_with(b"/chunked") {
                    Out::Mem(r.chunked, 0)
                } else if path.starts_with(b"/64k") {
                    Out::Mem(r.k64, 0)
                } else if path.starts_with(b"/bigchunked1k") {
                    Out::File {
                        head: r.chh,
                        hoff: 0,
                        fd: r.bc1.0,
                        off: 0,
                        left: r.bc1.1 * 256,
                        period: r.bc1.1 as i64,
                        tail: b"0\r\n\r\n",
                    }
                } else if path.starts_with(b"/bigchunked") {
                    Out::File {
                        head: r.chh,
                        hoff: 0,
                        fd: r.bc8.0,
                        off: 0,
                        left: r.bc8.1 * 256,
                        period: r.bc8.1 as i64,
                        tail: b"0\r\n\r\n",
                    }
                } else if path.starts_with(b"/big") {
                    Out::File {
                        head: r.bigh,
                        hoff: 0,
                        fd: r.bigfd,
                        off: 0,
                        left: BIG,
                        period: 1 << 20,
                        tail: b"",
                    }
                } else if path.starts_with(b"/hold/") {
                    let s = &path[6..];
                    let e = memchr::memchr(b' ', s).unwrap_or(0);
                    let n: usize = std::str::from_utf8(&s[..e]).ok()?.parse().ok()?;
                    held.push(fd);
                    if held.len() == n {
                        held.push(-1);
                    }
                    Out::None
                } else {
                    Out::Mem(r.nf, 0)
                };
                if !flush(fd, c, ep) {
                    return None;
                }
            } else {
                let mut len = None;
                let mut chunked = false;
                for line in head.split(|b| *b == b'\n') {
                    if line.len() > 15 && line[..15].eq_ignore_ascii_case(b"content-length:") {
                        len = std::str::from_utf8(&line[15..])
                            .ok()?
                            .trim()
                            .parse::<u64>()
                            .ok();
                    } else if line.len() > 18
                        && line[..18].eq_ignore_ascii_case(b"transfer-encoding:")
                    {
                        chunked = true;
                    } else if line.len() > 7 && line[..7].eq_ignore_ascii_case(b"expect:") {
                        let m = b"HTTP/1.1 100 Continue\r\n\r\n";
                        libc::send(fd, m.as_ptr().cast(), m.len(), libc::MSG_NOSIGNAL);
                    } else if line.len() > 16
                        && line[..17.min(line.len())].eq_ignore_ascii_case(b"connection: close")
                    {
                        c.close = true;
                    }
                }
                if chunked {
                    c.body = Body::Chunked(0, 0);
                    continue;
                }
                let l = len.unwrap_or(0);
                let have = (d.len() - o) as u64;
                let k = l.min(have);
                o += k as usize;
                if l - k > 0 {
                    c.body = Body::Len(l - k);
                    return Some(o);
                }
                c.out = Out::Mem(r.post, 0);
                if !flush(fd, c, ep) {
                    return None;
                }
            }
        }
        Some(o)
    }
}

unsafe fn flush(fd: c_int, c: &mut Conn, ep: c_int) -> bool {
    unsafe {
        loop {
            let blocked = match &mut c.out {
                Out::None => {
                    if c.wr {
                        c.wr = false;
                        let mut ev = libc::epoll_event {
                            events: libc::EPOLLIN as u32,
                            u64: fd as u64,
                        };
                        libc::epoll_ctl(ep, libc::EPOLL_CTL_MOD, fd, &mut ev);
                    }
                    return true;
                }
                Out::Mem(b, o) => {
                    let n = libc::send(
                        fd,
                        b[*o..].as_ptr().cast(),
                        b.len() - *o,
                        libc::MSG_NOSIGNAL,
                    );
                    if n < 0 {
                        if io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock {
                            return false;
                        }
                        true
                    } else {
                        *o += n as usize;
                        if *o == b.len() {
                            c.out = Out::None;
                        }
                        false
                    }
                }
                Out::File {
                    head,
                    hoff,
                    fd: f,
                    off,
                    left,
                    period,
                    tail,
                } => {
                    if *hoff < head.len() {
                        let n = libc::send(
                            fd,
                            head[*hoff..].as_ptr().cast(),
                            head.len() - *hoff,
                            libc::MSG_NOSIGNAL | libc::MSG_MORE,
                        );
                        if n < 0 {
                            if io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock {
                                return false;
                            }
                            true
                        } else {
                            *hoff += n as usize;
                            false
                        }
                    } else {
                        let n = libc::sendfile(fd, *f, off, (*period - *off) as usize);
                        if n < 0 {
                            if io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock {
                                return false;
                            }
                            true
                        } else {
                            *left -= n as u64;
                            if *off == *period {
                                *off = 0;
                            }
                            if *left == 0 {
                                let t = *tail;
                                c.out = if t.is_empty() {
                                    Out::None
                                } else {
                                    Out::Mem(t, 0)
                                };
                            }
                            false
                        }
                    }
                }
            };
            if blocked {
                if !c.wr {
                    c.wr = true;
                    let mut ev = libc::epoll_event {
                        events: libc::EPOLLOUT as u32,
                        u64: fd as u64,
                    };
                    libc::epoll_ctl(ep, libc::EPOLL_CTL_MOD, fd, &mut ev);
                }
                return true;
            }
        }
    }
}
