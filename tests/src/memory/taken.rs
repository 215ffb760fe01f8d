//! Each connection is taken out of the engine for its request, as threads and tasks do, and given back after it.
//!
//! Before the first octet of a request goes out we read once: an idle connection that has died meanwhile shows it here,
//! and what lies there answers nothing of ours (RFC 9112 §9.2).

use std::io::Read;
use std::mem;
use std::task::Poll;

use sessile_core::{
    ConnectionId, ConnectionInfo, ContentError, Error, Interest, Live, Now, Outbound, Readiness,
    Received, RequestId, Step, Tick, Upload, Verdict,
};

use super::record::{Record, Until};
use super::{ById, Hub, Style};
use crate::network::Stream;
use crate::source::Source;

/// A driver that takes connections out.
#[derive(Debug, Default)]
pub struct Taken {
    tasks: ById<Task>,
    /// Connections whose response was let go of.
    #[expect(
        clippy::vec_box,
        reason = "the engine hands them out boxed, and takes them so"
    )]
    draining: Vec<Box<Live<Stream>>>,
}

/// What a thread or task would be: one request.
#[derive(Debug)]
struct Task {
    request: Outbound<Source>,
    record: Record,
    place: Place,
    /// When its source goes on, if that pauses.
    pauses: Option<Tick>,
}

/// Where a task stands.
#[derive(Debug)]
enum Place {
    /// It sleeps until the engine names it.
    Waiting,
    /// It has its connection.
    Driving(Box<Live<Stream>>),
    Over,
}

impl Style for Taken {
    const NAME: &'static str = "in memory, taken";

    fn follow(&mut self, hub: &mut Hub, id: RequestId, record: Record) {
        let mut record = record;
        let content = record.take_content();
        let upload = content.map(|(source, trailers)| Upload::new(source, trailers));
        let mut task = Task {
            request: Outbound::new(id, upload),
            record,
            place: Place::Waiting,
            pauses: None,
        };
        let step = hub.engine.step(hub.network.now(), id);
        task.go_on(hub, id, step);
        self.tasks.insert(id, task);
    }

    /// An idle connection is nobody's: it is looked at when it is taken.
    fn note_ready(&mut self, hub: &mut Hub, connection: ConnectionId, ready: Readiness) {
        for (id, task) in &mut self.tasks {
            match mem::replace(&mut task.place, Place::Over) {
                Place::Driving(mut live) if live.id() == connection => {
                    live.note_ready(ready);
                    task.drive(hub, *id, live);
                }
                other => task.place = other,
            }
        }
        for live in &mut self.draining {
            if live.id() == connection {
                live.note_ready(ready);
            }
        }
        self.note_opened(hub, connection);
    }

    /// What is said on a connection before HTTP.
    fn note_opened(&mut self, hub: &mut Hub, connection: ConnectionId) {
        let now = hub.now();
        let mut making = hub.engine.take_making(connection);
        while let Some(mut live) = making {
            live.step_making(now, Read::read, |stream, outgoing| {
                outgoing.write_to(stream)
            });
            making = hub.engine.put_making(now, live);
            // The answer to a proxy's challenge waits for no event.
            let speaks =
                |live: &mut Box<Live<Stream>>| live.interest().write && live.readiness().write;
            if let Some(live) = making.take_if(|live| !speaks(live)) {
                hub.engine.shelve(live);
            }
        }
    }

    fn work(&mut self, hub: &mut Hub) {
        loop {
            if let Some(id) = hub.engine.poll_wake() {
                if let Some(task) = self.tasks.get_mut(&id) {
                    task.wake(hub, id);
                }
            } else if !hub.obey() && !self.go_on(hub) && !self.drain(hub) {
                return;
            }
        }
    }

    fn cancel(&mut self, hub: &mut Hub, id: RequestId) {
        let now = hub.now();
        match self.tasks.remove(&id).map(|task| task.place) {
            Some(Place::Waiting) => hub.engine.cancel(now, id),
            Some(Place::Driving(live)) => hub.engine.cancel_taken(now, id, live),
            Some(Place::Over) | None => {}
        }
    }

    fn next(&self) -> Option<Tick> {
        self.tasks.values().filter_map(|task| task.pauses).min()
    }

    fn take_held(&mut self, hub: &mut Hub, id: RequestId) {
        let task = self.tasks.get_mut(&id).expect("a request under way");
        task.record.take_held();
        match mem::replace(&mut task.place, Place::Over) {
            Place::Driving(live) => task.drive(hub, id, live),
            other => task.place = other,
        }
    }

    fn record(&mut self, id: RequestId) -> Option<&mut Record> {
        self.tasks.get_mut(&id).map(|task| &mut task.record)
    }
}

impl Taken {
    /// Lets a source go on whose pause is over; whether there was one.
    fn go_on(&mut self, hub: &mut Hub) -> bool {
        let now = hub.now().tick;
        let over = |task: &Task| task.pauses.is_some_and(|at| at <= now);
        let Some((id, task)) = self.tasks.iter_mut().find(|(_, task)| over(task)) else {
            return false;
        };
        task.pauses = None;
        match mem::replace(&mut task.place, Place::Over) {
            Place::Driving(live) => task.drive(hub, *id, live),
            other => task.place = other,
        }
        true
    }

    /// Reads what has come of responses that were let go of; whether one of them is over.
    fn drain(&mut self, hub: &mut Hub) -> bool {
        let now = hub.now();
        while let Some(live) = hub.engine.take_draining() {
            self.draining.push(live);
        }
        let before = self.draining.len();
        for mut live in mem::take(&mut self.draining) {
            live.read_rest(now, |stream, space| stream.read(space));
            hub.engine.put_drained(now, live);
        }
        while let Some(live) = hub.engine.take_draining() {
            self.draining.push(live);
        }
        self.draining.len() < before
    }
}

impl Task {
    fn wake(&mut self, hub: &mut Hub, id: RequestId) {
        let now = hub.now();
        match mem::replace(&mut self.place, Place::Over) {
            Place::Waiting => {
                let step = hub.engine.step(now, id);
                self.go_on(hub, id, step);
            }
            Place::Driving(live) if live.connection.pulse().abort_requested() => {
                let step = hub.engine.abort(now, id, live);
                self.go_on(hub, id, step);
            }
            // Content that was held may go now.
            Place::Driving(live) => self.drive(hub, id, live),
            Place::Over => {}
        }
    }

    fn go_on(&mut self, hub: &mut Hub, id: RequestId, step: Step<Stream>) {
        match step {
            Step::Wait => self.place = Place::Waiting,
            Step::Failed(error) => self.fail(hub, error),
            Step::Answered(answered) => {
                let (head, info) = (answered.head(), ConnectionInfo::default());
                self.record
                    .head(answered.url(), head, info, answered.attempts());
                if !answered.content().is_empty() && self.record.until() != Until::Head {
                    self.record.content(answered.content());
                }
                self.record.end();
                self.place = Place::Over;
            }
            Step::Use(mut live) => {
                self.record.again();
                self.request.begin_attempt(&live);
                hub.network.note(&format!("{id:?} begins"));
                // What was told while nobody held the connection is lost.
                live.note_ready(Readiness {
                    write: true,
                    ..Readiness::default()
                });
                live.read(hub.now(), |stream, space| stream.read(space));
                self.drive(hub, id, live);
            }
        }
    }

    fn fail(&mut self, hub: &mut Hub, error: Error) {
        hub.network.note(&format!("{error:?}"));
        self.place = Place::Over;
        self.record.fail(error);
    }

    fn write(&mut self, live: &mut Live<Stream>, now: Now) -> Result<(), ContentError> {
        let moved = self.request.advance(
            live,
            || now,
            |source, space| {
                let pause = || source.pause().map(|pause| now.tick.after(pause));
                self.pauses = self.pauses.or_else(pause);
                match self.pauses {
                    Some(_) => Poll::Pending,
                    None => Poll::Ready(source.read(space)),
                }
            },
            |stream, outgoing| outgoing.write_to(stream),
        );
        match moved {
            Poll::Ready(moved) => moved,
            Poll::Pending => Ok(()),
        }
    }

    fn interest(&self, live: &Live<Stream>) -> Interest {
        match self.pauses {
            Some(_) => live.interest_with(false),
            None => self.request.interest(live),
        }
    }

    /// Understands what came, then moves octets, until the transport has no more or the exchange is over.
    fn drive(&mut self, hub: &mut Hub, id: RequestId, mut live: Box<Live<Stream>>) {
        let (now, info) = (hub.now(), live.info());
        loop {
            if self.record.is_held() {
                break self.place = Place::Driving(live);
            }
            match live.connection.poll() {
                Ok(Received::NeedMore) => {
                    let interest = self.interest(&live);
                    let read = live.readiness().read && interest.read;
                    let write = live.readiness().write && interest.write;
                    if !read && !write {
                        live.connection.waiting(now);
                        break self.place = Place::Driving(live);
                    }
                    if write && let Err(why) = self.write(&mut live, now) {
                        let step = hub.engine.fail_source(now, id, live, why);
                        break self.go_on(hub, id, step);
                    }
                    if live.readiness().read {
                        live.read(now, |stream, space| stream.read(space));
                    }
                }
                Ok(Received::Interim(head)) => self.record.interim(head),
                Ok(Received::Head(_)) => {
                    let attempts = match hub.engine.handle_head(now, id, &live) {
                        Verdict::Deliver(attempts) => attempts,
                        Verdict::Again => {
                            let step = hub.engine.again(now, id, live);
                            break self.go_on(hub, id, step);
                        }
                        _ => {
                            let step = hub.engine.abort(now, id, live);
                            break self.go_on(hub, id, step);
                        }
                    };
                    let head = live.connection.head();
                    hub.network.note(&format!("{id:?} {head:?}"));
                    let url = hub.engine.url(id).expect("a request under way");
                    self.record.head(url, head, info, &attempts);
                    if self.record.until() == Until::Head {
                        self.record.end();
                        break hub.engine.cancel_taken(now, id, live);
                    }
                }
                Ok(Received::Content(content)) => {
                    let octets = content.len();
                    self.record.content(content);
                    live.connection.consume(now, octets);
                }
                Ok(Received::Trailers(fields)) => self.record.trailers(fields),
                Ok(Received::End) => {
                    let scratch = hub.engine.finish_taken(now, id, live);
                    hub.engine.give_back(scratch);
                    hub.network.note(&format!("{id:?} ends"));
                    break self.record.end();
                }
                Ok(Received::Switched) => match self.record.until() {
                    Until::Switch => {
                        let upgraded = hub.engine.finish_upgraded(now, id, live);
                        break self.record.switched(upgraded);
                    }
                    Until::Head | Until::End | Until::Leisure => {
                        self.record.end();
                        break hub.engine.cancel_taken(now, id, live);
                    }
                },
                Err(failure) => {
                    let step = hub.engine.fail(now, id, live, failure);
                    break self.go_on(hub, id, step);
                }
            }
        }
    }
}
