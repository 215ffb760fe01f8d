//! Where the sequences begin: at nothing, and at states that lie further on.

use super::action::{Action, Flow};
use super::far::Says;
use super::setting::Model;
use super::state::{State, Thing};
use super::wind_down::Way;
use super::world::World;

/// No beginning is further away.
const MOST_STEPS: usize = 40;

/// A part of the way to a beginning.
#[derive(Clone, Copy, Debug)]
enum Leg {
    Do(Action),
    /// As well as can be, until a request is in this state, or over.
    Until(usize, State),
    UntilOver(usize),
}

use Leg::{Do, Until, UntilOver};

const SUBMIT: [Leg; 3] = [
    Do(Action::Submit(0)),
    Do(Action::Submit(1)),
    Do(Action::Submit(2)),
];

/// The first connection, which the first request gets.
const FIRST: usize = 0;
const PART: Leg = Do(Action::Receive(FIRST, Says::Part));

/// A beginning that a setting has too few requests for is left out.
const BEGINNINGS: &[&[Leg]] = &[
    &[],
    // One request, ever further, while others may come.
    &[SUBMIT[0], Until(0, State::Granted)],
    &[SUBMIT[0], Until(0, State::Sending)],
    &[SUBMIT[0], Until(0, State::AwaitingHead)],
    &[SUBMIT[0], Until(0, State::AwaitingHead), PART],
    // It has gone over to another protocol, and nobody has looked.
    &[
        SUBMIT[0],
        Until(0, State::AwaitingHead),
        Do(Action::Receive(FIRST, Says::Switch)),
        SUBMIT[1],
    ],
    // It is to be retried: its answer waits to be looked at, or for its connection to be given back.
    &[
        SUBMIT[0],
        Until(0, State::AwaitingHead),
        Do(Action::Receive(FIRST, Says::Unavailable)),
    ],
    &[
        SUBMIT[0],
        SUBMIT[1],
        Until(0, State::AwaitingHead),
        Do(Action::Receive(FIRST, Says::Unavailable)),
        Do(Action::Look(0)),
    ],
    // It rests until what is left of that answer has come.
    &[
        SUBMIT[0],
        Until(0, State::AwaitingHead),
        Do(Action::Receive(FIRST, Says::Unavailable)),
        Until(0, State::Resting),
        SUBMIT[1],
    ],
    // It is redirected: the answer waits to be looked at, its connection to be given back, the next request for a connection
    // there, or for what is left here.
    &[
        SUBMIT[0],
        SUBMIT[1],
        Until(0, State::AwaitingHead),
        Do(Action::Receive(FIRST, Says::Elsewhere)),
        Do(Action::Look(0)),
    ],
    &[
        SUBMIT[0],
        SUBMIT[1],
        Until(0, State::AwaitingHead),
        Do(Action::Receive(FIRST, Says::Elsewhere)),
        Until(0, State::AtLimit),
    ],
    &[
        SUBMIT[0],
        Until(0, State::AwaitingHead),
        Do(Action::Receive(FIRST, Says::Elsewhere)),
        Until(0, State::AwaitingHead),
    ],
    &[
        SUBMIT[0],
        Until(0, State::Sending),
        Do(Action::Write(FIRST, Flow::All)),
        Do(Action::Receive(FIRST, Says::Away)),
        Until(0, State::Resting),
        SUBMIT[1],
    ],
    // Its content is asked for.
    &[
        SUBMIT[0],
        Until(0, State::Sending),
        Do(Action::Write(FIRST, Flow::All)),
        Do(Action::Hear),
    ],
    // Others wait behind it.
    &[SUBMIT[0], SUBMIT[1], Until(0, State::Granted)],
    &[SUBMIT[0], SUBMIT[1], Until(0, State::AwaitingHead)],
    &[
        SUBMIT[0],
        SUBMIT[1],
        SUBMIT[2],
        Until(0, State::AwaitingHead),
    ],
    &[
        SUBMIT[0],
        SUBMIT[1],
        SUBMIT[2],
        Until(0, State::AwaitingHead),
        PART,
    ],
    // Its rest is thrown away, with and without somebody who waits for the connection.
    &[
        SUBMIT[0],
        Until(0, State::AwaitingHead),
        PART,
        Do(Action::Cancel(0)),
    ],
    &[
        SUBMIT[0],
        SUBMIT[1],
        Until(0, State::AwaitingHead),
        PART,
        Do(Action::Cancel(0)),
    ],
    // Its time is up.
    &[
        SUBMIT[0],
        SUBMIT[1],
        Until(0, State::AwaitingHead),
        Do(Action::TimeFar),
    ],
    &[
        SUBMIT[0],
        Until(0, State::AwaitingHead),
        PART,
        Do(Action::TimeNext),
        SUBMIT[1],
    ],
    // It has ended; the second asks, and is under way on a kept connection, or another.
    &[SUBMIT[0], UntilOver(0)],
    &[SUBMIT[0], UntilOver(0), SUBMIT[1], Until(1, State::Sending)],
    &[
        SUBMIT[0],
        UntilOver(0),
        SUBMIT[1],
        Until(1, State::AwaitingHead),
    ],
    &[
        SUBMIT[0],
        UntilOver(0),
        SUBMIT[1],
        SUBMIT[2],
        Until(1, State::AwaitingHead),
    ],
    // It is gone, and what was begun for it goes on.
    &[SUBMIT[0], Do(Action::Cancel(0)), SUBMIT[1]],
    &[
        SUBMIT[0],
        SUBMIT[1],
        SUBMIT[2],
        Do(Action::Cancel(0)),
        Do(Action::Cancel(1)),
    ],
];

/// The beginnings that a setting has, as sequences of actions.
pub(super) fn beginnings(model: &Model) -> Vec<Vec<Action>> {
    let reached = BEGINNINGS.iter().filter_map(|legs| {
        let mut world = World::new(model);
        let there = legs.iter().all(|leg| world.go(*leg));
        there.then_some(world.trail)
    });
    reached.collect()
}

impl World {
    /// Whether the way leads on.
    fn go(&mut self, leg: Leg) -> bool {
        match leg {
            Do(action) => {
                let may = self.choices().contains(&action);
                if may {
                    self.act(action);
                }
                may
            }
            Until(place, state) => {
                self.go_until(|world| world.things().contains(&(Thing::Request(place), state)))
            }
            UntilOver(place) => self.go_until(|world| world.records[place].is_over()),
        }
    }

    /// Goes on as well as can be; tells whether it came there.
    pub(super) fn go_until(&mut self, there: impl Fn(&Self) -> bool) -> bool {
        for _ in 0..MOST_STEPS {
            if there(self) {
                return true;
            }
            match Way::Success.next(self) {
                Some(action) => self.act(action),
                None => return false,
            };
        }
        false
    }
}
