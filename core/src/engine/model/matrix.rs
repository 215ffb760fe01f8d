//! Which event has met which state.
//!
//! An event meets the thing that it is aimed at, and everything whose state it changes: a waiting request meets the error
//! of the connection that it waits for. A cancellation meets the cancelled request alone; a close meets all.

use core::fmt::Write as _;
use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, EventKind, Found};
use super::far::Says;
use super::setting::Style;
use super::state::{State, Thing};
use super::world::World;

#[derive(Debug, Default)]
pub(super) struct Matrix {
    met: BTreeSet<(State, EventKind)>,
    /// What the far sides have said.
    said: BTreeSet<Says>,
}

/// Why an event cannot meet a state, and in which styles that is so.
struct Impossible {
    state: State,
    event: EventKind,
    styles: &'static [Style],
    why: &'static str,
}

const BOTH: &[Style] = &[Style::InPlace, Style::Taken];
const TAKEN: &[Style] = &[Style::Taken];
const IN_PLACE: &[Style] = &[Style::InPlace];

const AT_ONCE: &str = "in place a response is judged and left in one step";

const IMPOSSIBLE: &[Impossible] = &[
    Impossible {
        state: State::Aborting,
        event: EventKind::Timeout,
        styles: BOTH,
        why: "its time was up already: no limit applies to it any more",
    },
    Impossible {
        state: State::Failed,
        event: EventKind::Timeout,
        styles: BOTH,
        why: "it is over but for its error, which waits for as long as nobody collects it",
    },
    Impossible {
        state: State::Failed,
        event: EventKind::Success,
        styles: TAKEN,
        why: "its driver has nothing in hand with which anything could succeed",
    },
    Impossible {
        state: State::Orphan,
        event: EventKind::Cancel,
        styles: BOTH,
        why: "nobody is left who could give it up",
    },
    Impossible {
        state: State::Draining,
        event: EventKind::Cancel,
        styles: BOTH,
        why: "its request was given up already",
    },
    Impossible {
        state: State::Idle,
        event: EventKind::Cancel,
        styles: BOTH,
        why: "no request has it",
    },
    Impossible {
        state: State::Granted,
        event: EventKind::Error,
        styles: TAKEN,
        why: "nobody looks at a connection before it is collected",
    },
    Impossible {
        state: State::Parting,
        event: EventKind::Timeout,
        styles: TAKEN,
        why: "what becomes of it is decided; its time counts again when its connection is given back",
    },
    Impossible {
        state: State::Parting,
        event: EventKind::Cancel,
        styles: IN_PLACE,
        why: AT_ONCE,
    },
    Impossible {
        state: State::Parting,
        event: EventKind::Close,
        styles: IN_PLACE,
        why: AT_ONCE,
    },
    Impossible {
        state: State::Parting,
        event: EventKind::Timeout,
        styles: IN_PLACE,
        why: AT_ONCE,
    },
    Impossible {
        state: State::Parting,
        event: EventKind::Error,
        styles: IN_PLACE,
        why: AT_ONCE,
    },
    Impossible {
        state: State::Parting,
        event: EventKind::Success,
        styles: IN_PLACE,
        why: AT_ONCE,
    },
];

impl Matrix {
    /// Does an action, and notes what it met.
    pub(super) fn observe(&mut self, world: &mut World, action: Action) -> Found {
        if let Action::Receive(_, says) = action {
            self.said.insert(says);
        }
        let before = world.things();
        let aimed = aim(world, action);
        let found = world.act(action);
        let after: BTreeMap<_, _> = world.things().into_iter().collect();
        let event = action.kind(found);
        for (thing, state) in before {
            let changed = after.get(&thing) != Some(&state) && event != EventKind::Cancel;
            if action == Action::Close || aimed == Some(thing) || changed {
                self.met.insert((state, event));
            }
        }
        found
    }

    /// # Errors
    /// What was never said, pairs that were not met and should have been, and pairs that were met and cannot be.
    pub(super) fn judge(&self, style: Style) -> Result<(), String> {
        let mut wrong = String::new();
        for state in State::ALL {
            for event in EventKind::ALL {
                let met = self.met.contains(&(state, event));
                let line = match (met, why_not(style, state, event)) {
                    (true, None) | (false, Some(_)) => continue,
                    (true, Some(_)) => "was met, and cannot be",
                    (false, None) => "was not met",
                };
                let _ = writeln!(wrong, "{state:?} x {event:?} {line}");
            }
        }
        for says in Says::ALL.iter().filter(|says| !self.said.contains(says)) {
            let _ = writeln!(wrong, "{says:?} was never said");
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong),
        }
    }

    /// The matrix, and the reasons for its gaps.
    pub(super) fn table(&self, style: Style) -> String {
        let mut table = format!("{style:?}\n{:17}", "");
        for event in EventKind::ALL {
            let _ = write!(table, "{:9}", format!("{event:?}"));
        }
        for state in State::ALL {
            let _ = write!(table, "\n{:17}", format!("{state:?}"));
            for event in EventKind::ALL {
                let met = match self.met.contains(&(state, event)) {
                    true => "met",
                    false => "-",
                };
                let _ = write!(table, "{met:9}");
            }
        }
        table.push('\n');
        for gap in IMPOSSIBLE.iter().filter(|gap| gap.styles.contains(&style)) {
            let _ = writeln!(table, "{:?} x {:?}: {}", gap.state, gap.event, gap.why);
        }
        table
    }
}

fn why_not(style: Style, state: State, event: EventKind) -> Option<&'static str> {
    let gap = IMPOSSIBLE
        .iter()
        .find(|gap| (gap.state, gap.event) == (state, event) && gap.styles.contains(&style));
    gap.map(|gap| gap.why)
}

/// The thing that an action is about.
fn aim(world: &World, action: Action) -> Option<Thing> {
    if let Some(place) = action.request() {
        return Some(Thing::Request(place));
    }
    let rest = match action {
        Action::PutRest => world.rest.as_deref(),
        _ => None,
    };
    let place = action.connection();
    let mut lives = world.lives().into_iter();
    let live = rest.or_else(|| lives.find(|live| Some(live.id.index()) == place))?;
    let request = live.request.or_else(|| world.holder(live));
    let request = request.and_then(|id| world.place_of(id));
    Some(request.map_or(Thing::Connection(live.id), Thing::Request))
}
