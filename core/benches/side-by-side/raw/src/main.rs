// Physical floor: no parsing. modes: seq (blocking write+read), seqep (nonblocking write, epoll_wait, read),
// conc (epoll, C conns), big/bigchunked (C = buffer KiB), upload (C = buffer KiB)
use common::*;
use std::{
    io::{Read, Write},
    net::TcpStream,
    os::fd::AsRawFd,
};
counting!();
fn req(path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8099\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
    )
    .into_bytes()
}
fn conn(a: &Args) -> TcpStream {
    let s = TcpStream::connect(&a.addr).unwrap();
    s.set_nodelay(true).unwrap();
    s
}
fn main() {
    let a = args();
    let path = match a.mode.as_str() {
        "hdrs" => "/headers",
        "chunked" => "/chunked",
        "big" => "/big",
        "bigchunked" => "/bigchunked",
        _ => "/small",
    };
    let rq = req(path);
    match a.mode.as_str() {
        "seq" | "hdrs" | "chunked" => {
            let mut s = conn(&a);
            let mut b = vec![0u8; 128 << 10];
            s.write_all(&rq).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(50));
            let len = s.read(&mut b).unwrap();
            let mut go = |n: usize| {
                for _ in 0..n {
                    s.write_all(&rq).unwrap();
                    let mut got = 0;
                    while got < len {
                        let k = s.read(&mut b).unwrap();
                        if k == 0 {
                            panic!("eof")
                        }
                        got += k;
                    }
                }
            };
            go(a.warm);
            let m = Meter::start();
            go(a.n);
            m.done("raw", &a, a.n, 0);
        }
        "seqep" => unsafe {
            let mut s = conn(&a);
            let mut b = vec![0u8; 64 << 10];
            s.write_all(&rq).unwrap();
            let len = s.read(&mut b).unwrap();
            s.set_nonblocking(true).unwrap();
            let ep = libc::epoll_create1(0);
            let mut ev = libc::epoll_event {
                events: (libc::EPOLLIN | libc::EPOLLET) as u32,
                u64: 1,
            };
            libc::epoll_ctl(ep, libc::EPOLL_CTL_ADD, s.as_raw_fd(), &mut ev);
            let mut evs = [ev; 8];
            let mut go = |n: usize| {
                for _ in 0..n {
                    s.write_all(&rq).unwrap();
                    let mut got = 0;
                    while got < len {
                        libc::epoll_wait(ep, evs.as_mut_ptr(), 8, -1);
                        match s.read(&mut b) {
                            Ok(k) => got += k,
                            Err(_) => {}
                        }
                    }
                }
            };
            go(a.warm);
            let m = Meter::start();
            go(a.n);
            m.done("raw-epoll", &a, a.n, 0);
        },
        "conc" => unsafe {
            let ep = libc::epoll_create1(0);
            let mut b = vec![0u8; 64 << 10];
            let mut cs: Vec<TcpStream> = (0..a.c).map(|_| conn(&a)).collect();
            let mut len = 0;
            for s in cs.iter_mut() {
                s.write_all(&rq).unwrap();
                len = s.read(&mut b).unwrap();
                s.set_nonblocking(true).unwrap();
            }
            for (i, s) in cs.iter().enumerate() {
                let mut ev = libc::epoll_event {
                    events: (libc::EPOLLIN | libc::EPOLLET) as u32,
                    u64: i as u64,
                };
                libc::epoll_ctl(ep, libc::EPOLL_CTL_ADD, s.as_raw_fd(), &mut ev);
            }
            let mut evs = vec![libc::epoll_event { events: 0, u64: 0 }; 256];
            let mut got = vec![0usize; a.c];
            let mut go = |n: usize| {
                let (mut sent, mut done) = (0, 0);
                for s in cs.iter_mut() {
                    if sent < n {
                        s.write_all(&rq).unwrap();
                        sent += 1;
                    }
                }
                while done < n {
                    let k = libc::epoll_wait(ep, evs.as_mut_ptr(), 256, -1);
                    for e in &evs[..k.max(0) as usize] {
                        let i = e.u64 as usize;
                        if let Ok(r) = cs[i].read(&mut b) {
                            got[i] += r;
                            if got[i] >= len {
                                got[i] = 0;
                                done += 1;
                                if sent < n {
                                    cs[i].write_all(&rq).unwrap();
                                    sent += 1;
                                }
                            }
                        }
                    }
                }
            };
            go(a.warm.max(a.c));
            let m = Meter::start();
            go(a.n);
            m.done("raw-epoll", &a, a.n, 0);
        },
        "big" | "bigchunked" => {
            let mut s = conn(&a);
            let mut b = vec![1u8; a.c << 10];
            let chunked = a.mode == "bigchunked";
            let mut total = 0u64;
            let mut go = |n: usize| {
                for _ in 0..n {
                    s.write_all(&rq).unwrap();
                    let mut got = 0u64;
                    let mut want = u64::MAX;
                    loop {
                        let k = s.read(&mut b).unwrap();
                        assert!(k > 0);
                        if want == u64::MAX {
                            let h = b[..k].windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
                            want = h as u64 + if chunked { u64::MAX / 2 } else { BIG };
                        }
                        got += k as u64;
                        if got >= want || (chunked && got > BIG && b[..k].ends_with(b"0\r\n\r\n")) {
                            break;
                        }
                    }
                    total += got;
                }
            };
            go(1);
            let m = Meter::start();
            go(a.n);
            m.done("raw", &a, a.n, a.n as u64 * BIG);
            let _ = total;
        }
        "upload" => {
            let mut s = conn(&a);
            let b = vec![1u8; a.c << 10];
            let mut o = vec![0u8; 4096];
            let mut go = |n: usize| {
                for _ in 0..n {
                    s.write_all(
                        format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {BIG}\r\n\r\n")
                            .as_bytes(),
                    )
                    .unwrap();
                    let mut w = 0;
                    while w < BIG {
                        s.write_all(&b).unwrap();
                        w += b.len() as u64;
                    }
                    let _ = s.read(&mut o).unwrap();
                }
            };
            go(1);
            let m = Meter::start();
            go(a.n);
            m.done("raw", &a, a.n, a.n as u64 * BIG);
        }
        "idle" => {
            let r0 = rss();
            let mut v: Vec<TcpStream> = Vec::with_capacity(a.n);
            for _ in 0..a.n {
                let mut s = conn(&a);
                s.write_all(&rq).unwrap();
                let mut b = [0u8; 1024];
                let _ = s.read(&mut b).unwrap();
                v.push(s);
            }
            idle_report("raw", a.n, r0);
        }
        _ => panic!("mode"),
    }
}
