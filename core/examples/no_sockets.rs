//! The machine by hand: no socket, no clock, no thread. Every octet and every event is printed.
//!
//! `cargo run --example no_sockets`

use std::time::Duration;

use sessile_core::{Command, Config, Engine, Error, Event, Now, Readiness, RequestBuilder};

/// What the peer will say to the first and to the second request, in the pieces in which it arrives.
const ANSWERS: [&[&[u8]]; 2] = [
    &[
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 20",
        b"0 OK\r\nContent-Length: 13\r\n\r\nHello, ",
        b"world!",
    ],
    &[
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
        b"6\r\nsecond\r\n0\r\nX-Sum: 11\r\n\r\n",
    ],
];

fn main() -> Result<(), Error> {
    let mut engine = Engine::<()>::new(Config::default())?;
    let mut now = Now::default();
    for (path, answer) in ["/hello", "/chunks"].into_iter().zip(ANSWERS) {
        let url = format!("http://example.org{path}");
        let id = engine.submit(now, RequestBuilder::new("GET", &url).build()?);
        println!(
            "{:>6?}  submit   GET {url} is {id:?}",
            now.tick.since(Default::default())
        );
        let mut arriving = answer.iter();
        while turn(&mut engine, now, &mut arriving) {
            now = now.after(Duration::from_millis(1));
        }
    }
    println!("\nthe pool: {:?}", engine.pool(now));
    Ok(())
}

/// One turn of the loop; `false` when the request is over.
fn turn(engine: &mut Engine<()>, now: Now, arriving: &mut std::slice::Iter<'_, &[u8]>) -> bool {
    let time = now.tick.since(Default::default());
    if let Some(event) = engine.poll_event(now) {
        println!("{time:>6?}  event    {event:?}");
        match event {
            Event::Interim(id) | Event::Head(id) => {
                engine
                    .head(id)
                    .iter()
                    .for_each(|head| println!("                  {head:?}"));
                // Ask now, if you want to know how it came: when the end is told, this is gone.
                if let (Event::Head(_), Some(attempts)) = (&event, engine.attempts(id)) {
                    println!("                  {attempts:?}");
                }
            }
            Event::Content(id) => {
                let content = engine.content(id);
                println!("                  \"{}\"", content.escape_ascii());
                let octets = content.len();
                engine.consume(now, id, octets);
            }
            Event::Trailers(id) => println!("                  {:?}", engine.trailers(id)),
            _ => return false,
        }
    } else if let Some(command) = engine.poll_command() {
        println!("{time:>6?}  command  {command:?}");
        perform(engine, now, command);
    } else if let Some(connection) = engine.poll_ready()
        && let Some(mut live) = engine.drive(connection)
    {
        live.write(now, |(), outgoing| {
            let octets = outgoing.single().unwrap_or_default();
            println!("{time:>6?}  write    \"{}\"", octets.escape_ascii());
            Ok(octets.len())
        });
        live.read(now, |(), _| Err(std::io::ErrorKind::WouldBlock.into()));
    } else if let Some(octets) = arriving.next()
        && let Some(connection) = engine.connection_at(0)
    {
        println!("{time:>6?}  read     \"{}\"", octets.escape_ascii());
        engine.handle_readiness(
            connection,
            Readiness {
                read: true,
                ..Readiness::default()
            },
        );
        if let Some(mut live) = engine.drive(connection) {
            live.read(now, |(), space| {
                space[..octets.len()].copy_from_slice(octets);
                Ok(octets.len())
            });
        }
    }
    true
}

fn perform(engine: &mut Engine<()>, now: Now, command: Command<()>) {
    match command {
        Command::Resolve {
            establish, port, ..
        } => {
            let address = ([192, 0, 2, 1], port).into();
            engine.handle_resolved(now, establish, Ok(&[address]));
        }
        Command::Dial { connection, .. } if engine.deposit(connection, ()).is_ok() => {
            engine.handle_connected(now, connection);
        }
        // There is none here: no mount answers in place of a connection.
        Command::Answer(question) => {
            engine.handle_answer(now, question.id(), question.answer_or_refuse());
        }
        _ => {}
    }
}
