//! The behaviour scenarios over real sockets, with each of the three real drivers.

mod blocking;
mod driver;
mod tasks;

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use sessile_tests::loopback::Loopback;
use sessile_tests::origin::Site;
use sessile_tests::scenarios::chosen;
use sessile_tests::world::{Served, World};

/// Runs every scenario, each in a world of its own; all that fail are named.
fn run(world: impl Fn() -> Box<dyn World>) {
    let mut failed = Vec::new();
    for (name, scenario) in chosen() {
        let mut world = world();
        if catch_unwind(AssertUnwindSafe(|| scenario(world.as_mut()))).is_err() {
            eprintln!("over {}, the scenario {name} failed", world.name());
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

fn serve(site: Arc<dyn Site>) -> Served {
    Served::on_loopback(Loopback::start(site).expect("a port on loopback"))
}

/// A port that was ours a moment ago: nobody listens there now.
fn refused() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    format!("http://{address}/")
}

/// A listener whose queue is full: the system leaves further dials without an answer (Linux does; where it does not,
/// a dial that hears nothing cannot be had without privileges).
fn unreachable() -> Option<String> {
    use socket2::{Domain, SockAddr, Socket, Type};
    if !cfg!(target_os = "linux") {
        return None;
    }
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let any = SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)));
    listener
        .bind(&any)
        .and_then(|()| listener.listen(0))
        .expect("a port on loopback");
    let address = listener.local_addr().ok()?.as_socket()?;
    for _ in 0..4 {
        let filler = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        filler
            .set_nonblocking(true)
            .expect("a socket can be non-blocking");
        let _ = filler.connect(&address.into());
        // It lives as long as the tests do.
        std::mem::forget(filler);
    }
    std::mem::forget(listener);
    Some(format!("http://{address}/"))
}

#[test]
fn over_the_mio_driver() {
    run(|| Box::new(driver::DriverWorld::new()));
}

#[test]
fn over_the_blocking_session() {
    run(|| Box::new(blocking::BlockingWorld::new()));
}

#[test]
fn over_async_std() {
    run(|| Box::new(tasks::TaskWorld::new()));
}
