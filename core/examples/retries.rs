//! Retries without waiting for them: the policy that everybody copies from urllib3's documentation, on a clock that we move.
//!
//! A peer answers 503 six times. The session sleeps 0, 0.2, 0.4, 0.8 and 1.6 seconds between the attempts, and the example
//! takes no time at all, because time is an input.
//!
//! `cargo run --example retries`

use std::time::Duration;

use sessile_core::{
    Command, Config, ConnectionId, Engine, Error, Event, Next, Now, Readiness, RequestBuilder,
    Retry,
};

const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

fn main() -> Result<(), Error> {
    // Retry(total=5, backoff_factor=0.1, status_forcelist=[500, 502, 503, 504])
    let retry = Retry {
        backoff_factor: Duration::from_millis(100),
        statuses: vec![500, 502, 503, 504],
        ..Retry::new(5)
    };
    let config = Config {
        retry: Some(retry),
        ..Config::default()
    };
    let mut engine = Engine::<()>::new(config)?;
    let mut now = Now::default();
    engine.submit(
        now,
        RequestBuilder::new("GET", "http://192.0.2.1/report").build()?,
    );
    loop {
        if let Some(event) = engine.poll_event(now) {
            if let Event::Failed(_, error) = event {
                tell(&error);
                return Ok(());
            }
        } else if let Some(command) = engine.poll_command() {
            connect(&mut engine, now, command);
        } else if let Some(connection) = engine.poll_ready() {
            answer(&mut engine, now, connection);
        } else if let Some(due) = engine.deadline() {
            // Nothing is left to do before then: so it is then.
            now = Now::new(due, now.wall + due.since(now.tick));
            engine.handle_deadline(now);
        }
    }
}

fn connect(engine: &mut Engine<()>, now: Now, command: Command<()>) {
    if let Command::Dial { connection, .. } = command
        && engine.deposit(connection, ()).is_ok()
    {
        engine.handle_connected(now, connection);
    }
}

/// The peer reads whatever comes, and says that it is busy.
fn answer(engine: &mut Engine<()>, now: Now, connection: ConnectionId) {
    let Some(mut live) = engine.drive(connection) else {
        return;
    };
    let mut asked = 0;
    // A kept connection is looked at before its next request.
    live.read(now, |(), _| Err(std::io::ErrorKind::WouldBlock.into()));
    live.write(now, |(), outgoing| {
        asked += outgoing.len();
        Ok(outgoing.len())
    });
    if asked > 0 {
        live.note_ready(Readiness {
            read: true,
            ..Readiness::default()
        });
        live.read(now, |(), space| {
            space[..BUSY.len()].copy_from_slice(BUSY);
            Ok(BUSY.len())
        });
    }
}

fn tell(error: &Error) {
    for attempt in error.attempts() {
        let at = attempt.began.since(Default::default());
        println!("{at:>5.1?}  {attempt:?}");
    }
    let waits = error
        .attempts()
        .iter()
        .filter_map(|attempt| match attempt.next {
            Next::Retry { wait } => Some(wait),
            _ => None,
        });
    println!("waited {:?}", waits.collect::<Vec<_>>());
    println!("{error}");
}
