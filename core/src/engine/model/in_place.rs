//! What a loop does that drives in place, and what octets do in either style.

use std::io;

use bytes::Bytes;

use super::action::{Flow, Found};
use super::far::Says;
use super::setting::Style;
use super::world::{Over, World};
use crate::base::Now;
use crate::connection::{Misuse, Outgoing};
use crate::engine::live::{Live, Readiness};
use crate::message::Fields;
use crate::session::{ContentError, Event};

const CONTENT: &[u8] = b"four";
/// So much of a head goes out in a part.
const PART: usize = 8;

impl World {
    /// Whether there is anything for the loop to ask for.
    pub(super) fn may_hear(&self) -> bool {
        let engine = &self.engine;
        engine.session.woken().next().is_some()
            || !engine.events.is_empty()
            || !engine.dirty.is_empty()
    }

    pub(super) fn hear(&mut self) -> Found {
        let dirty = |live: &&Live<u32>| self.engine.dirty.contains(&live.id);
        let broken = self
            .everywhere()
            .filter(dirty)
            .any(|live| self.far(live).broken);
        let Some(event) = self.engine.poll_event(self.now) else {
            // What nobody is told of may have ended all the same.
            return match broken {
                true => Found::Ill,
                false => Found::Well,
            };
        };
        let (Event::Interim(id)
        | Event::Head(id)
        | Event::Content(id)
        | Event::Trailers(id)
        | Event::End(id)
        | Event::Switched(id)
        | Event::ContentWanted(id)
        | Event::Again(id)
        | Event::Failed(id, _)) = event;
        let place = self.place_of(id).expect("a request that was submitted");
        let record = &mut self.records[place];
        assert!(!record.is_over(), "request {place} is over, then {event:?}");
        match event {
            Event::Head(_) => record.head_told = true,
            Event::Content(_) => record.content_told = true,
            Event::ContentWanted(_) => record.wanted = true,
            Event::End(_) => self.note_over(place, Over::Well),
            Event::Failed(..) => {
                self.note_over(place, Over::Failed);
                return Found::Ill;
            }
            Event::Again(_) => {
                assert!(
                    !record.head_told,
                    "request {place} was answered, and is sent anew"
                );
                self.begin_anew(place);
                return Found::Ill;
            }
            Event::Interim(_) => {}
            Event::Switched(_) => record.switched = true,
            Event::Trailers(_) => panic!("nobody sends that: {event:?}"),
        }
        Found::Well
    }

    pub(super) fn read(&mut self, place: usize) {
        let record = &mut self.records[place];
        record.content_told = false;
        record.woken = true;
        let (id, now) = (record.id, self.now);
        match self.hands.iter_mut().find(|(own, _)| *own == place) {
            Some((_, live)) => {
                let octets = live.connection.content().len();
                live.connection.consume(now, octets);
            }
            None => {
                let octets = self.engine.content(id).len();
                self.engine.consume(now, id, octets);
            }
        }
    }

    /// All the content at once.
    pub(super) fn feed(&mut self, place: usize) {
        let record = &mut self.records[place];
        record.wanted = false;
        if self.style == Style::Taken {
            record.left = CONTENT;
            return;
        }
        let id = record.id;
        let pushed = self.engine.push_content(id, Bytes::from_static(CONTENT));
        // It was answered meanwhile, or has another connection.
        let unwanted = pushed == Err(Misuse::NoContent);
        assert!(pushed.is_ok() || unwanted, "{pushed:?}");
        record.unfinished = !unwanted;
    }

    /// The end of the content, behind it or when it is out already.
    pub(super) fn finish(&mut self, place: usize) {
        self.records[place].unfinished = false;
        let id = self.records[place].id;
        let ended = self.engine.finish_content(self.now, id, Fields::new());
        assert!(
            matches!(ended, Ok(()) | Err(Misuse::NoContent)),
            "{ended:?}"
        );
    }

    /// Takes a stream in which the peer has already said something.
    pub(super) fn take_stream(&mut self, place: usize) {
        let id = self.records[place].id;
        let memory = self.everywhere().filter(|live| live.request == Some(id));
        // It goes with its connection.
        self.discarded += memory.filter(|live| live.connection.holds_memory()).count();
        let upgraded = match self.take_hand(place) {
            Some(live) => Some(self.engine.finish_upgraded(self.now, id, live)),
            None => self.engine.take_upgraded(self.now, id),
        };
        let upgraded = upgraded.expect("it was switched");
        self.shut(upgraded.io);
        self.note_over(place, Over::Well);
    }

    pub(super) fn source_fails(&mut self, place: usize) -> Found {
        let (id, why) = (self.records[place].id, io::ErrorKind::InvalidInput);
        match self.take_hand(place) {
            Some(live) => {
                let why = ContentError::from(io::Error::from(why));
                let step = self.engine.fail_source(self.now, id, live, why);
                self.note(place, step);
            }
            None => self.engine.abort_content(self.now, id, why),
        }
        Found::Ill
    }

    // --------------------------------------------------------------------------------------------------------- octets

    pub(super) fn write(&mut self, place: usize, flow: Flow) {
        let now = self.now;
        self.drive(place, |live, left| {
            *left = &left[write_to(live, now, flow, left)..];
        });
    }

    pub(super) fn receive(&mut self, place: usize, says: Says) {
        let now = self.now;
        let live = self
            .lives()
            .into_iter()
            .find(|live| live.id.index() == place);
        let live = live.expect("a choice");
        let (socket, mut far) = (live.io, self.far(live));
        let mut heard = false;
        self.drive(place, |live, _| {
            live.note_ready(Readiness {
                read: true,
                ..Readiness::default()
            });
            live.read(now, |_, space| {
                heard = true;
                far.say(says, space)
            });
        });
        assert!(heard, "a choice is possible");
        self.fars.insert(socket, far);
    }

    /// Does something to a connection, wherever it is.
    fn drive(&mut self, place: usize, act: impl FnOnce(&mut Live<u32>, &mut &'static [u8])) {
        let mut nothing: &'static [u8] = b"";
        let hand = self
            .hands
            .iter_mut()
            .find(|(_, live)| live.id.index() == place);
        if let Some((request, live)) = hand {
            let record = &mut self.records[*request];
            let lent = !record.left.is_empty();
            record.woken = true;
            act(live, &mut record.left);
            if lent && record.left.is_empty() {
                // If the peer has answered meanwhile, nobody minds.
                let _ = live.connection.finish_content();
            }
            return;
        }
        if let Some(rest) = self.rest.as_mut().filter(|live| live.id.index() == place) {
            return act(rest, &mut nothing);
        }
        let connection = self.engine.connection_at(place).expect("a choice");
        self.named.remove(&connection);
        let mut driving = self.engine.drive(connection).expect("a choice");
        act(&mut driving, &mut nothing);
    }
}

/// Looks first, as a kept connection wants it, and then writes; tells how much of the content was taken.
fn write_to(live: &mut Live<u32>, now: Now, flow: Flow, content: &[u8]) -> usize {
    live.read(now, |_, _| Err(io::ErrorKind::WouldBlock.into()));
    live.note_ready(Readiness {
        write: true,
        ..Readiness::default()
    });
    let mut room = match flow {
        Flow::All => usize::MAX,
        Flow::Part => PART,
        Flow::None | Flow::Broken => 0,
    };
    let write = |_: &mut u32, outgoing: &Outgoing<'_>| {
        let taken = room.min(outgoing.len());
        room -= taken;
        match (taken, flow) {
            (0, Flow::Broken) => Err(io::ErrorKind::BrokenPipe.into()),
            (0, _) => Err(io::ErrorKind::WouldBlock.into()),
            (taken, _) => Ok(taken),
        }
    };
    if content.is_empty() {
        live.write(now, write);
        return 0;
    }
    live.write_from(now, content, write)
}
