//! Shared meter: counting allocator, rusage, one JSON line per measurement.
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;
pub static N: AtomicU64 = AtomicU64::new(0);
pub static B: AtomicU64 = AtomicU64::new(0);
pub struct Counting;
#[inline(always)]
fn add(b: usize) {
    // not atomic RMW on purpose: cheap; may lose a few counts with many threads
    N.store(N.load(Relaxed) + 1, Relaxed);
    B.store(B.load(Relaxed) + b as u64, Relaxed);
}
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        add(l.size());
        unsafe { System.alloc(l) }
    }
    unsafe fn alloc_zeroed(&self, l: Layout) -> *mut u8 {
        add(l.size());
        unsafe { System.alloc_zeroed(l) }
    }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        unsafe { System.dealloc(p, l) }
    }
    unsafe fn realloc(&self, p: *mut u8, l: Layout, n: usize) -> *mut u8 {
        add(n);
        unsafe { System.realloc(p, l, n) }
    }
}
#[macro_export]
macro_rules! counting {
    () => {
        #[global_allocator]
        static GA: $crate::Counting = $crate::Counting;
    };
}

pub fn cpu() -> (f64, f64) {
    unsafe {
        let mut u: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut u);
        (
            u.ru_utime.tv_sec as f64 * 1e6 + u.ru_utime.tv_usec as f64,
            u.ru_stime.tv_sec as f64 * 1e6 + u.ru_stime.tv_usec as f64,
        )
    }
}
pub fn rss() -> u64 {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    s.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

pub struct Args {
    pub mode: String,
    pub addr: String,
    pub n: usize,
    pub c: usize,
    pub warm: usize,
}
pub fn args() -> Args {
    let a: Vec<String> = std::env::args().collect();
    let g = |i: usize, d: &str| a.get(i).cloned().unwrap_or(d.into());
    Args {
        mode: g(1, "seq"),
        addr: g(2, "127.0.0.1:8099"),
        n: g(3, "10000").parse().unwrap(),
        c: g(4, "64").parse().unwrap(),
        warm: std::env::var("WARM")
            .ok()
            .and_then(|s| s.parse().ok())
            .unwrap_or(200),
    }
}

pub struct Meter {
    t: Instant,
    c: (f64, f64),
    n: u64,
    b: u64,
}
impl Meter {
    pub fn start() -> Self {
        Meter {
            c: cpu(),
            n: N.load(Relaxed),
            b: B.load(Relaxed),
            t: Instant::now(),
        }
    }
    pub fn done(self, name: &str, a: &Args, n: usize, bytes: u64) {
        let w = self.t.elapsed().as_secs_f64();
        let c = cpu();
        let (nn, bb) = (N.load(Relaxed) - self.n, B.load(Relaxed) - self.b);
        let (us, ss) = (c.0 - self.c.0, c.1 - self.c.1);
        let f = n as f64;
        print!(
            "{{\"name\":\"{name}\",\"mode\":\"{}\",\"n\":{n},\"c\":{},\"wall_s\":{w:.4},\"rps\":{:.0},\"usr_us\":{:.3},\"sys_us\":{:.3},\"cpu_us\":{:.3},\"allocs\":{:.2},\"alloc_bytes\":{:.0}",
            a.mode,
            a.c,
            f / w,
            us / f,
            ss / f,
            (us + ss) / f,
            nn as f64 / f,
            bb as f64 / f
        );
        if bytes > 0 {
            let gb = bytes as f64 / 1e9;
            print!(
                ",\"gbps\":{:.3},\"cpu_s_per_gb\":{:.4},\"usr_s_per_gb\":{:.4}",
                gb / w,
                (us + ss) / 1e6 / gb,
                us / 1e6 / gb
            );
        }
        println!("}}");
    }
}
pub fn idle_report(name: &str, n: usize, rss0: u64) {
    println!(
        "{{\"name\":\"{name}\",\"mode\":\"idle\",\"n\":{n},\"rss_per_conn\":{}}}",
        (rss() as i64 - rss0 as i64) / n as i64
    );
}
pub const BIG: u64 = 256 << 20;
