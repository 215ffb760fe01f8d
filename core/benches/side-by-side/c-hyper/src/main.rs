use bytes::Bytes;
use common::*;
use http_body_util::{BodyExt, Empty, Full, combinators::BoxBody};
use hyper::{
    Request,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
counting!();
type B = BoxBody<Bytes, std::convert::Infallible>;
async fn connect(a: &str) -> SendRequest<B> {
    let s = TcpStream::connect(a).await.unwrap();
    s.set_nodelay(true).unwrap();
    let (tx, c) = http1::handshake(TokioIo::new(s)).await.unwrap();
    tokio::spawn(async move {
        let _ = c.await;
    });
    tx
}
async fn get(tx: &mut SendRequest<B>, path: &'static str) -> u64 {
    tx.ready().await.unwrap();
    let r = Request::builder()
        .uri(path)
        .header("host", "127.0.0.1:8099")
        .header("user-agent", "bench")
        .header("accept", "*/*")
        .body(Empty::new().boxed())
        .unwrap();
    let mut r = tx.send_request(r).await.unwrap();
    let mut n = 0;
    while let Some(f) = r.frame().await {
        if let Ok(d) = f.unwrap().into_data() {
            n += d.len() as u64;
        }
    }
    n
}
struct Rep(Bytes, u64);
impl hyper::body::Body for Rep {
    type Data = Bytes;
    type Error = std::convert::Infallible;
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        if self.1 == 0 {
            return std::task::Poll::Ready(None);
        }
        self.1 -= self.0.len() as u64;
        std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(self.0.clone()))))
    }
    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.1)
    }
}
fn main() {
    let a = args();
    let rt = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let _ = Full::new(Bytes::new());
    rt.block_on(async {
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
                let mut tx = connect(&a.addr).await;
                for _ in 0..if big { 1 } else { a.warm } {
                    get(&mut tx, path).await;
                }
                let mt = Meter::start();
                let mut t = 0;
                for _ in 0..a.n {
                    t += get(&mut tx, path).await;
                }
                assert!(t > 0);
                if big {
                    assert_eq!(t, BIG * a.n as u64);
                }
                mt.done("hyper", &a, a.n, if big { t } else { 0 });
            }
            "conc" => {
                let mut txs = vec![];
                for _ in 0..a.c {
                    let mut t = connect(&a.addr).await;
                    get(&mut t, "/small").await;
                    txs.push(t);
                }
                let mt = Meter::start();
                let per = a.n / a.c;
                let mut js = vec![];
                for mut tx in txs {
                    js.push(tokio::spawn(async move {
                        for _ in 0..per {
                            get(&mut tx, "/small").await;
                        }
                    }));
                }
                for j in js {
                    j.await.unwrap();
                }
                mt.done("hyper", &a, per * a.c, 0);
            }
            "upload" => {
                let mut tx = connect(&a.addr).await;
                let ch = Bytes::from(vec![1u8; 256 << 10]);
                let mt = Meter::start();
                for _ in 0..a.n {
                    tx.ready().await.unwrap();
                    let r = Request::builder()
                        .method("POST")
                        .uri("/echo")
                        .header("host", "x")
                        .body(Rep(ch.clone(), BIG).boxed())
                        .unwrap();
                    let r = tx.send_request(r).await.unwrap();
                    r.into_body().collect().await.unwrap();
                }
                mt.done("hyper", &a, a.n, BIG * a.n as u64);
            }
            "idle" => {
                let r0 = rss();
                let mut v = Vec::with_capacity(a.n);
                for _ in 0..a.n {
                    let mut t = connect(&a.addr).await;
                    get(&mut t, "/small").await;
                    v.push(t);
                }
                idle_report("hyper", a.n, r0);
            }
            _ => panic!(),
        }
    });
}
