//! What drivers do that take connections out.

use super::action::Found;
use super::world::{Over, World};
use crate::connection::Received;
use crate::engine::engine::Slot;
use crate::engine::live::Live;
use crate::engine::shared::Step;
use crate::session::Verdict;

impl World {
    /// Whether a connection stands there whose rest may be taken.
    pub(super) fn has_rest(&self) -> bool {
        let mut here = self.engine.slots.iter();
        here.any(|slot| match slot {
            Slot::Here(live) => self.engine.session.is_draining(live.id),
            Slot::Vacant | Slot::Dialling(_) | Slot::Taken => false,
        })
    }

    pub(super) fn put_rest(&mut self) -> Found {
        let Some(live) = self.rest.take() else {
            panic!("nobody reads a rest");
        };
        let broken = self.far(&live).broken;
        self.engine.put_drained(self.now, live);
        match broken {
            true => Found::Ill,
            false => Found::Well,
        }
    }

    pub(super) fn collect(&mut self, place: usize) -> Found {
        self.records[place].woken = false;
        let step = self.engine.step(self.now, self.records[place].id);
        self.note(place, step)
    }

    pub(super) fn note(&mut self, place: usize, step: Step<u32>) -> Found {
        match step {
            Step::Wait => {
                self.begin_anew(place);
                Found::Well
            }
            Step::Use(live) => {
                // A redirect may have taken its content away.
                let pushed = live.asked().is_some_and(|request| !request.is_in_memory());
                self.begin_anew(place);
                self.records[place].wanted = pushed;
                self.hands.push((place, live));
                Found::Well
            }
            Step::Answered(answered) => panic!("nothing is mounted: {answered:?}"),
            Step::Failed(_) => {
                self.note_over(place, Over::Failed);
                Found::Ill
            }
        }
    }

    /// Until its limit nothing has come: its driver looks whether that has passed.
    pub(super) fn sleep(&mut self, place: usize) {
        let due = self.hand(place).and_then(Live::deadline);
        self.now.tick = self.now.tick.max(due.unwrap_or_default());
        self.engine.check_limits(self.now, self.records[place].id);
    }

    /// What has come on a request's connection, and what follows from it. Only a driver that finds nothing looks whether
    /// the session wants the connection back: it may as well end, or fail, what is over already.
    pub(super) fn look(&mut self, place: usize) -> Found {
        let id = self.records[place].id;
        let Some(mut live) = self.take_hand(place) else {
            panic!("nobody has the connection of {place}");
        };
        if self.records[place].parting {
            let step = self.engine.again(self.now, id, live);
            return self.note(place, step);
        }
        let aborted = live.connection.pulse().abort_requested();
        match live.connection.poll() {
            Ok(Received::NeedMore | Received::Content(_) | Received::Switched) if aborted => {
                self.abort(place, live)
            }
            Ok(Received::NeedMore) => self.keep(place, live, false),
            Ok(Received::Content(_)) => {
                self.records[place].content_told = true;
                self.keep(place, live, false)
            }
            Ok(Received::Interim(_)) => self.keep(place, live, true),
            Ok(Received::Head(_)) => match self.engine.handle_head(self.now, id, &live) {
                Verdict::Deliver(_) => {
                    self.records[place].head_told = true;
                    self.keep(place, live, true)
                }
                Verdict::Again => {
                    self.records[place].parting = true;
                    self.keep(place, live, false)
                }
                Verdict::Abort => self.abort(place, live),
            },
            Ok(Received::End) => {
                let memory = self.engine.finish_taken(self.now, id, live);
                self.engine.give_back(memory);
                self.note_over(place, Over::Well);
                Found::Well
            }
            Ok(Received::Switched) => {
                self.records[place].switched = true;
                self.keep(place, live, false)
            }
            Ok(Received::Trailers(_)) => panic!("nobody sends that"),
            Err(failure) => {
                let step = self.engine.fail(self.now, id, live, failure);
                self.note(place, step);
                Found::Ill
            }
        }
    }

    fn keep(&mut self, place: usize, live: Box<Live<u32>>, more: bool) -> Found {
        self.records[place].woken = more;
        self.hands.push((place, live));
        Found::Well
    }

    fn abort(&mut self, place: usize, live: Box<Live<u32>>) -> Found {
        let id = self.records[place].id;
        let step = self.engine.abort(self.now, id, live);
        self.note(place, step);
        Found::Ill
    }
}
