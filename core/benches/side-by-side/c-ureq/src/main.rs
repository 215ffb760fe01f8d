use common::*;
use std::io::Read;
counting!();
struct Rep<'a>(&'a [u8], u64);
impl Read for Rep<'_> {
    fn read(&mut self, b: &mut [u8]) -> std::io::Result<usize> {
        let k = b.len().min(self.0.len()).min(self.1 as usize);
        b[..k].copy_from_slice(&self.0[..k]);
        self.1 -= k as u64;
        Ok(k)
    }
}
fn main() {
    let a = args();
    let u = |p: &str| format!("http://{}{p}", a.addr);
    let ag: ureq::Agent = ureq::Agent::config_builder()
        .user_agent("bench")
        .max_idle_connections(20000)
        .max_idle_connections_per_host(20000)
        .proxy(None)
        .build()
        .into();
    let buf = std::cell::RefCell::new(vec![0u8; 256 << 10]);
    let get = |p: &str| -> u64 {
        let mut r = ag.get(p).call().unwrap();
        let mut rd = r.body_mut().as_reader();
        let mut b = buf.borrow_mut();
        let mut n = 0u64;
        loop {
            let k = rd.read(&mut b).unwrap();
            if k == 0 {
                break;
            }
            n += k as u64;
        }
        n
    };
    match a.mode.as_str() {
        m @ ("seq" | "hdrs" | "chunked" | "big" | "bigchunked") => {
            let path = u(match m {
                "seq" => "/small",
                "hdrs" => "/headers",
                "chunked" => "/chunked",
                "big" => "/big",
                _ => "/bigchunked",
            });
            let big = m.starts_with("big");
            for _ in 0..if big { 1 } else { a.warm } {
                get(&path);
            }
            let mt = Meter::start();
            let mut t = 0;
            for _ in 0..a.n {
                t += get(&path);
            }
            if big {
                assert_eq!(t, BIG * a.n as u64);
            }
            mt.done("ureq", &a, a.n, if big { t } else { 0 });
        }
        "conc" => {
            let p = u("/small");
            for ph in 0..2 {
                let n = if ph == 0 { a.c * 10 } else { a.n };
                let mt = Meter::start();
                let per = n / a.c;
                std::thread::scope(|s| {
                    for _ in 0..a.c {
                        s.spawn(|| {
                            let mut b = [0u8; 4096];
                            for _ in 0..per {
                                let mut r = ag.get(&p).call().unwrap();
                                let mut rd = r.body_mut().as_reader();
                                while rd.read(&mut b).unwrap() > 0 {}
                            }
                        });
                    }
                });
                if ph == 1 {
                    mt.done("ureq", &a, per * a.c, 0);
                }
            }
        }
        "upload" => {
            get(&u("/small"));
            let mt = Meter::start();
            let b = vec![1u8; 256 << 10];
            for _ in 0..a.n {
                ag.post(u("/echo"))
                    .header("content-length", BIG.to_string())
                    .send(ureq::SendBody::from_reader(&mut Rep(&b, BIG)))
                    .unwrap()
                    .body_mut()
                    .read_to_string()
                    .unwrap();
            }
            mt.done("ureq", &a, a.n, BIG * a.n as u64);
        }
        "idle" => {
            let r0 = rss();
            let mut v = Vec::with_capacity(a.n);
            for _ in 0..a.n {
                v.push(ag.get(u("/small")).call().unwrap());
            }
            for mut r in v {
                r.body_mut().read_to_vec().unwrap();
            }
            idle_report("ureq", a.n, r0);
        }
        _ => panic!(),
    }
}
