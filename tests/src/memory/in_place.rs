//! The connections stay inside the engine: the numbered loop of the core's documentation.

use sessile_core::{ConnectionId, Error, ErrorKind, Event, Readiness, RequestId, Stage, Tick};

use super::record::{Record, Until};
use super::{ById, Hub, Style};

/// A driver that drives in place.
#[derive(Debug, Default)]
pub struct InPlace {
    records: ById<Record>,
}

impl Style for InPlace {
    const NAME: &'static str = "in memory, in place";

    fn follow(&mut self, _hub: &mut Hub, id: RequestId, record: Record) {
        self.records.insert(id, record);
    }

    fn note_ready(&mut self, hub: &mut Hub, connection: ConnectionId, ready: Readiness) {
        hub.engine.handle_readiness(connection, ready);
    }

    fn work(&mut self, hub: &mut Hub) {
        let now = hub.now();
        loop {
            if let Some(event) = hub.engine.poll_event(now) {
                hub.network.note(&format!("{event:?}"));
                self.tell(hub, event);
            } else if hub.obey() || self.go_on(hub) {
            } else if let Some(connection) = hub.engine.poll_ready() {
                let live = hub.engine.drive(connection);
                live.expect("a connection that is ready is there").step(now);
            } else {
                return;
            }
        }
    }

    fn cancel(&mut self, hub: &mut Hub, id: RequestId) {
        if self.records.remove(&id).is_some_and(|it| !it.is_over()) {
            hub.engine.cancel(hub.network.now(), id);
        }
    }

    fn next(&self) -> Option<Tick> {
        self.records.values().filter_map(Record::goes_on).min()
    }

    fn take_held(&mut self, hub: &mut Hub, id: RequestId) {
        let held = self.records.get(&id).is_some_and(Record::is_held);
        self.of(id).take_held();
        if held && !hub.engine.content(id).is_empty() {
            self.take_content(hub, id);
        }
    }

    fn record(&mut self, id: RequestId) -> Option<&mut Record> {
        self.records.get_mut(&id)
    }
}

impl InPlace {
    fn tell(&mut self, hub: &mut Hub, event: Event) {
        let (engine, now) = (&mut hub.engine, hub.network.now());
        match event {
            Event::Interim(id) => {
                let head = engine.head(id).expect("an interim head has just come");
                self.of(id).interim(head);
            }
            Event::Head(id) => {
                let head = engine.head(id).expect("a head has just come");
                let info = engine.connection_info(id).unwrap_or_default();
                let attempts = engine.attempts(id).expect("a head has just come");
                let url = engine.url(id).expect("a request under way");
                let record = self.of(id);
                record.head(url, head, info, &attempts);
                if record.until() == Until::Head {
                    record.end();
                    engine.cancel(now, id);
                }
            }
            Event::Content(id) if self.of(id).is_held() => {}
            Event::Content(id) => self.take_content(hub, id),
            Event::Trailers(id) => {
                let fields = engine.trailers(id).expect("trailers have just come");
                self.of(id).trailers(fields);
            }
            Event::End(id) => self.of(id).end(),
            Event::Switched(id) => match self.of(id).until() {
                Until::Switch => {
                    let upgraded = engine.take_upgraded(now, id).expect("it was switched");
                    self.of(id).switched(upgraded);
                }
                Until::Head | Until::End | Until::Leisure => {
                    self.of(id).end();
                    engine.cancel(now, id);
                }
            },
            Event::Again(id) => self.of(id).again(),
            Event::ContentWanted(id) => self.supply(hub, id),
            Event::Failed(id, error) => self.of(id).fail(error),
            other => panic!("an unknown event: {other:?}"),
        }
    }

    /// Lets a source go on whose pause is over; whether there was one.
    fn go_on(&mut self, hub: &mut Hub) -> bool {
        let now = hub.now().tick;
        let over = |record: &Record| record.goes_on().is_some_and(|at| at <= now);
        let due = self.records.iter().find(|(_, record)| over(record));
        let due = due.map(|(id, _)| *id);
        due.map(|id| self.supply(hub, id)).is_some()
    }

    fn take_content(&mut self, hub: &mut Hub, id: RequestId) {
        let content = hub.engine.content(id);
        let octets = content.len();
        self.of(id).content(content);
        hub.engine.consume(hub.network.now(), id, octets);
    }

    /// Hands over one piece of content. Content that is not what was announced is the application's own fault: it gives
    /// the request up.
    fn supply(&mut self, hub: &mut Hub, id: RequestId) {
        let now = hub.network.now();
        if self.of(id).pauses(now.tick) {
            return;
        }
        let handed = match self.of(id).next_piece() {
            Ok(Ok(piece)) => hub.engine.push_content(id, piece.into()),
            // If it may not end here, the engine fails the request.
            Ok(Err(trailers)) => {
                let _ = hub.engine.finish_content(now, id, trailers);
                return;
            }
            Err(error) => return hub.engine.abort_content(now, id, error),
        };
        if let Err(misuse) = handed {
            hub.engine.cancel(now, id);
            let kind = ErrorKind::Content(misuse.into());
            self.of(id).fail(Error::new(kind, Stage::Send));
        }
    }

    fn of(&mut self, id: RequestId) -> &mut Record {
        let record = self.records.get_mut(&id);
        record.unwrap_or_else(|| panic!("an event of {id:?}, which was given up"))
    }
}
