// Runtime floors: no parsing, fixed-size request/response, over mio, async-std, smol (async-io + LocalExecutor), tokio current_thread
// modes: mio-seq mio-conc as-seq as-conc smol-seq smol-conc tok-seq tok-conc
use common::*;
use std::{
    io::{ErrorKind::WouldBlock, Read, Write},
    net::TcpStream as Std,
};
counting!();
fn conn(a: &Args) -> (Std, usize) {
    let mut s = Std::connect(&a.addr).unwrap();
    s.set_nodelay(true).unwrap();
    s.write_all(RQ).unwrap();
    let mut b = [0u8; 4096];
    let n = s.read(&mut b).unwrap();
    s.set_nonblocking(true).unwrap();
    (s, n)
}
const RQ: &[u8] =
    b"GET /small HTTP/1.1\r\nHost: 127.0.0.1:8099\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
fn main() {
    let a = args();
    let c = if a.mode.ends_with("seq") { 1 } else { a.c };
    let per = a.n / c;
    let name = a.mode.split('-').next().unwrap().to_string();
    match name.as_str() {
        "mio" => {
            let mut p = mio::Poll::new().unwrap();
            let mut ev = mio::Events::with_capacity(256);
            let mut b = vec![0u8; 16384];
            let mut cs: Vec<(mio::net::TcpStream, usize, usize)> = (0..c)
                .map(|_| {
                    let (s, n) = conn(&a);
                    (mio::net::TcpStream::from_std(s), n, 0)
                })
                .collect();
            for (i, x) in cs.iter_mut().enumerate() {
                p.registry()
                    .register(
                        &mut x.0,
                        mio::Token(i),
                        mio::Interest::READABLE | mio::Interest::WRITABLE,
                    )
                    .unwrap();
            }
            let mut go = |n: usize| {
                let (mut sent, mut done) = (0, 0);
                for x in cs.iter_mut() {
                    x.0.write_all(RQ).unwrap();
                    sent += 1;
                }
                while done < n {
                    p.poll(&mut ev, None).unwrap();
                    for e in ev.iter() {
                        if !e.is_readable() {
                            continue;
                        }
                        let x = &mut cs[e.token().0];
                        match x.0.read(&mut b) {
                            Ok(k) => {
                                x.2 += k;
                                if x.2 >= x.1 {
                                    x.2 = 0;
                                    done += 1;
                                    if sent < n {
                                        x.0.write_all(RQ).unwrap();
                                        sent += 1;
                                    }
                                }
                            }
                            Err(e) if e.kind() == WouldBlock => {}
                            Err(e) => panic!("{e}"),
                        }
                    }
                }
            };
            go(a.warm.max(c));
            let m = Meter::start();
            go(a.n);
            m.done(&name, &a, a.n, 0);
        }
        "as" => {
            use async_std::io::{ReadExt, WriteExt};
            async fn x(s: &mut async_std::net::TcpStream, n: usize, b: &mut [u8]) {
                s.write_all(RQ).await.unwrap();
                let mut g = 0;
                while g < n {
                    g += s.read(b).await.unwrap();
                }
            }
            async_std::task::block_on(async {
                if a.mode.ends_with("seq") {
                    let (s, n) = conn(&a);
                    let mut s: async_std::net::TcpStream = s.into();
                    let mut b = vec![0u8; 16384];
                    for _ in 0..a.warm {
                        x(&mut s, n, &mut b).await;
                    }
                    let m = Meter::start();
                    for _ in 0..a.n {
                        x(&mut s, n, &mut b).await;
                    }
                    m.done("async-std", &a, a.n, 0);
                } else {
                    let ss: Vec<_> = (0..c).map(|_| conn(&a)).collect();
                    let m = Meter::start();
                    let js: Vec<_> = ss
                        .into_iter()
                        .map(|(s, n)| {
                            async_std::task::spawn(async move {
                                let mut s: async_std::net::TcpStream = s.into();
                                let mut b = vec![0u8; 4096];
                                for _ in 0..per {
                                    x(&mut s, n, &mut b).await;
                                }
                            })
                        })
                        .collect();
                    for j in js {
                        j.await;
                    }
                    m.done("async-std", &a, per * c, 0);
                }
            });
        }
        "smol" => {
            use futures_lite::{AsyncReadExt, AsyncWriteExt};
            type S = async_io::Async<Std>;
            async fn x(s: &mut S, n: usize, b: &mut [u8]) {
                s.write_all(RQ).await.unwrap();
                let mut g = 0;
                while g < n {
                    g += s.read(b).await.unwrap();
                }
            }
            let ex = async_executor::LocalExecutor::new();
            async_io::block_on(ex.run(async {
                if a.mode.ends_with("seq") {
                    let (s, n) = conn(&a);
                    let mut s = S::new(s).unwrap();
                    let mut b = vec![0u8; 16384];
                    for _ in 0..a.warm {
                        x(&mut s, n, &mut b).await;
                    }
                    let m = Meter::start();
                    for _ in 0..a.n {
                        x(&mut s, n, &mut b).await;
                    }
                    m.done("smol", &a, a.n, 0);
                } else {
                    let ss: Vec<_> = (0..c).map(|_| conn(&a)).collect();
                    let m = Meter::start();
                    let js: Vec<_> = ss
                        .into_iter()
                        .map(|(s, n)| {
                            ex.spawn(async move {
                                let mut s = S::new(s).unwrap();
                                let mut b = vec![0u8; 4096];
                                for _ in 0..per {
                                    x(&mut s, n, &mut b).await;
                                }
                            })
                        })
                        .collect();
                    for j in js {
                        j.await;
                    }
                    m.done("smol", &a, per * c, 0);
                }
            }));
        }
        // async-std executor, but I/O through async_io::Async: syscall first for writes, readable() first for reads (no futile EAGAIN recv)
        "asr" => {
            type S = async_io::Async<Std>;
            async fn x(s: &S, n: usize, b: &mut [u8]) {
                assert_eq!((&mut s.get_ref()).write(RQ).unwrap(), RQ.len());
                let mut g = 0;
                while g < n {
                    s.readable().await.unwrap();
                    match (&mut s.get_ref()).read(b) {
                        Ok(k) => g += k,
                        Err(e) if e.kind() == WouldBlock => {}
                        Err(e) => panic!("{e}"),
                    }
                }
            }
            async_std::task::block_on(async {
                if a.mode.ends_with("seq") {
                    let (s, n) = conn(&a);
                    let s = S::new(s).unwrap();
                    let mut b = vec![0u8; 16384];
                    for _ in 0..a.warm {
                        x(&s, n, &mut b).await;
                    }
                    let m = Meter::start();
                    for _ in 0..a.n {
                        x(&s, n, &mut b).await;
                    }
                    m.done("async-std+readable", &a, a.n, 0);
                } else {
                    let ss: Vec<_> = (0..c).map(|_| conn(&a)).collect();
                    let m = Meter::start();
                    let js: Vec<_> = ss
                        .into_iter()
                        .map(|(s, n)| {
                            async_std::task::spawn(async move {
                                let s = S::new(s).unwrap();
                                let mut b = vec![0u8; 4096];
                                for _ in 0..per {
                                    x(&s, n, &mut b).await;
                                }
                            })
                        })
                        .collect();
                    for j in js {
                        j.await;
                    }
                    m.done("async-std+readable", &a, per * c, 0);
                }
            });
        }
        "tok" => {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            type S = tokio::net::TcpStream;
            async fn x(s: &mut S, n: usize, b: &mut [u8]) {
                s.write_all(RQ).await.unwrap();
                let mut g = 0;
                while g < n {
                    g += s.read(b).await.unwrap();
                }
            }
            let rt = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .unwrap();
            let ls = tokio::task::LocalSet::new();
            ls.block_on(&rt, async {
                if a.mode.ends_with("seq") {
                    let (s, n) = conn(&a);
                    let mut s = S::from_std(s).unwrap();
                    let mut b = vec![0u8; 16384];
                    for _ in 0..a.warm {
                        x(&mut s, n, &mut b).await;
                    }
                    let m = Meter::start();
                    for _ in 0..a.n {
                        x(&mut s, n, &mut b).await;
                    }
                    m.done("tokio", &a, a.n, 0);
                } else {
                    let ss: Vec<_> = (0..c).map(|_| conn(&a)).collect();
                    let m = Meter::start();
                    let js: Vec<_> = ss
                        .into_iter()
                        .map(|(s, n)| {
                            tokio::task::spawn_local(async move {
                                let mut s = S::from_std(s).unwrap();
                                let mut b = vec![0u8; 4096];
                                for _ in 0..per {
                                    x(&mut s, n, &mut b).await;
                                }
                            })
                        })
                        .collect();
                    for j in js {
                        j.await.unwrap();
                    }
                    m.done("tokio", &a, per * c, 0);
                }
            });
        }
        _ => panic!(),
    }
}
