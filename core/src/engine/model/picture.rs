//! What a state looks like: two states of one look go on alike, so one of them is gone on from.
//!
//! Ids are told by their places and ticks by their distance from now. Left out is what decides nothing: counts of what
//! was opened, generations, the number of a socket, entries of timers that nobody means any more.

use core::fmt::Write as _;
use core::hash::{Hash, Hasher};
use std::hash::DefaultHasher;

use super::world::World;
use crate::engine::engine::Slot;
use crate::engine::live::Live;
use crate::session::Event;

impl World {
    pub(super) fn look_of(&self) -> u64 {
        let mut picture = String::with_capacity(1024);
        self.engine.session.picture(self.now, &mut picture);
        for record in &self.records {
            let flags = (
                record.head_told,
                record.content_told,
                record.wanted,
                (record.unfinished, record.switched, record.parting),
                record.woken,
            );
            let (over, left) = (record.over.is_some(), record.left.len());
            let place = record.id.index();
            let _ = write!(picture, "#{over}{flags:?}{left}");
            if !over {
                let _ = write!(picture, "@{place}");
            }
        }
        for slot in &self.engine.slots {
            match slot {
                Slot::Vacant => picture.push('v'),
                Slot::Taken => picture.push('t'),
                Slot::Dialling(_) => picture.push('d'),
                Slot::Here(live) => self.paint(live, &mut picture),
            }
        }
        for (request, live) in &self.hands {
            let _ = write!(picture, "h{request}");
            self.paint(live, &mut picture);
        }
        if let Some(live) = &self.rest {
            picture.push('r');
            self.paint(live, &mut picture);
        }
        self.paint_queues(&mut picture);
        let mut hasher = DefaultHasher::new();
        picture.hash(&mut hasher);
        hasher.finish()
    }

    fn paint(&self, live: &Live<u32>, picture: &mut String) {
        let (far, connection) = (self.far(live).picture(), &live.connection);
        let named = self.named.contains(&live.id);
        let ready = (live.readiness(), live.interest(), live.kept, named);
        let pulse = connection.pulse();
        let moved = (
            pulse.sent(),
            pulse.received(),
            pulse.phase(),
            pulse.abort_requested(),
        );
        let index = live.id.index();
        let _ = write!(
            picture,
            "{index}{connection:?}{far:?}{ready:?}{moved:?}{:?}",
            live.supply
        );
    }

    fn paint_queues(&self, picture: &mut String) {
        let dials: Vec<_> = self.dials.iter().map(|dial| dial.index()).collect();
        let dirty: Vec<_> = self.engine.dirty.iter().map(|id| id.index()).collect();
        let failed = self.engine.events.iter().map(|event| match event {
            Event::Failed(id, _) => (id.index(), "failed"),
            Event::Again(id) => (id.index(), "again"),
            other => panic!("{other:?} was kept back"),
        });
        let failed: Vec<_> = failed.collect();
        let (asked, spare) = (self.questions.len(), self.engine.spare.len());
        let _ = write!(picture, "q{dials:?}{dirty:?}{failed:?}{asked},{spare}");
    }
}
