//! Five ways from any state to an end at which nothing may be left.

use std::collections::BTreeSet;

use super::action::{Action, Answer, Dialled, Flow};
use super::far::Says;
use super::matrix::Matrix;
use super::state::{State, Thing};
use super::world::World;

/// No world needs more steps to its end.
const MOST_STEPS: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// Everything succeeds.
    Success,
    /// Everything fails.
    Failure,
    /// Every request is cancelled; what is on its way succeeds.
    Cancel,
    /// The session is closed; what is under way succeeds.
    Close,
    /// Nothing comes any more; time passes.
    Time,
}

impl Way {
    pub(super) const ALL: [Self; 5] = [
        Self::Success,
        Self::Failure,
        Self::Cancel,
        Self::Close,
        Self::Time,
    ];

    /// How soon an action is to be done, the lowest first; `None` if it is not on this way.
    fn rank(self, world: &World, action: Action) -> Option<u8> {
        let rank = match (self, action) {
            (Self::Cancel, Action::Cancel(_)) | (Self::Close, Action::Close) => 0,
            (_, Action::Hear | Action::Collect(_) | Action::Look(_)) => 1,
            // The application may be slow, but comes.
            (_, Action::Read(_) | Action::TakeStream(_)) => 2,
            (Self::Time, Action::Write(_, Flow::None)) => 3,
            (Self::Time, Action::Feed(_) | Action::Finish(_)) => 2,
            (Self::Failure, Action::Resolve(_, Answer::Fails)) => 3,
            (Self::Failure, Action::Dial(_, Dialled::Fails)) => 3,
            (Self::Failure, Action::Receive(_, Says::Reset)) => 4,
            (Self::Failure, Action::Receive(_, Says::End)) => 5,
            (Self::Failure | Self::Time, Action::Resolve(..) | Action::Dial(..)) => return None,
            (_, Action::Resolve(_, Answer::Addresses) | Action::Dial(_, Dialled::Stands)) => 3,
            (Self::Time, Action::PutRest) => 4,
            (Self::Time, Action::TimeNext) => 5,
            (Self::Cancel, Action::TimeNext) if is_any(world, State::Draining) => 9,
            (Self::Success | Self::Failure, Action::TimeNext) if is_any(world, State::Resting) => {
                10
            }
            // One whose request cannot go out can only end.
            (Self::Success | Self::Close, Action::Receive(place, Says::End)) => {
                return (!is_idle(world, place)).then_some(9);
            }
            (Self::Success | Self::Close, action) => return rank_of_success(action),
            (Self::Failure | Self::Cancel, Action::PutRest) => 7,
            (Self::Failure, Action::TakeRest) => 8,
            _ => return None,
        };
        Some(rank)
    }

    pub(super) fn next(self, world: &World) -> Option<Action> {
        let choices = world.choices().into_iter();
        let ranked = choices.filter_map(|action| Some((self.rank(world, action)?, action)));
        ranked
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, action)| action)
    }
}

fn rank_of_success(action: Action) -> Option<u8> {
    let rank = match action {
        Action::Feed(_) | Action::Finish(_) => 2,
        Action::Write(_, Flow::All) => 3,
        Action::Receive(_, Says::Continue) => 4,
        Action::Receive(_, Says::Whole) => 5,
        Action::PutRest => 7,
        Action::TakeRest => 8,
        _ => return None,
    };
    Some(rank)
}

fn is_idle(world: &World, place: usize) -> bool {
    let live = world.engine.connection_at(place);
    let live = live.and_then(|connection| world.find(connection));
    live.is_some_and(|live| world.state_of(live) == State::Idle)
}

fn is_any(world: &World, wanted: State) -> bool {
    let mut things = world.things().into_iter();
    things.any(|(_, state)| state == wanted)
}

/// From which states which ways were gone to their ends: what looks the same comes to the same end.
pub(super) type Gone = BTreeSet<(Way, u64)>;

impl World {
    /// Goes a way to its end, looks that nothing is under way there, then closes the session and looks that nothing is
    /// left.
    pub(super) fn wind_down(&mut self, way: Way, gone: &mut Gone, matrix: &mut Matrix) {
        for _ in 0..MOST_STEPS {
            if !gone.insert((way, self.look_of())) {
                return;
            }
            match way.next(self) {
                Some(action) => {
                    let unsent = self.unsent();
                    self.step(action, matrix);
                    if way == Way::Success {
                        self.audit_unsent(&unsent);
                    }
                }
                None => return self.end(matrix),
            }
        }
        panic!("{way:?} comes to no end");
    }

    fn step(&mut self, action: Action, matrix: &mut Matrix) {
        matrix.observe(self, action);
        self.audit();
    }

    /// The requests of which nothing was sent, and which nothing has gone wrong with.
    fn unsent(&self) -> Vec<Thing> {
        use State::{AtLimit, Dialling, Granted, Resolving};
        let things = self.things().into_iter();
        let unsent =
            things.filter(|(_, state)| matches!(state, AtLimit | Resolving | Dialling | Granted));
        unsent.map(|(thing, _)| thing).collect()
    }

    /// Where everything succeeds, none of these fails.
    fn audit_unsent(&self, unsent: &[Thing]) {
        let failed = |thing: &Thing| self.things().contains(&(*thing, State::Failed));
        for thing in unsent {
            let over = match thing {
                Thing::Request(place) => self.records[*place].is_over(),
                Thing::Connection(_) | Thing::Orphan(_) => false,
            };
            assert!(!over && !failed(thing), "{thing:?} fails for no reason");
        }
    }

    fn end(&mut self, matrix: &mut Matrix) {
        self.audit_rest();
        if !self.closed {
            self.step(Action::Close, matrix);
        }
        self.step(Action::TimeFar, matrix);
        self.audit_end();
    }
}
