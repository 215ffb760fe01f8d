//! What can happen next.

use super::far::Says;
use super::setting::{NAME, Style};
use super::state::State;
use super::world::World;
use crate::base::Phase;
use crate::engine::live::Live;
use crate::session::Content;

/// One step of the application, the driver, the network or the clock. Requests are numbered by the setting, connections
/// by their places; `Resolve` and `Dial` name the place of the command among those that were not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    // The application's.
    Submit(usize),
    Read(usize),
    /// It hands over the content of a request whose content is pushed.
    Feed(usize),
    /// In place: it tells the end of that content.
    Finish(usize),
    /// It takes the stream of a connection that speaks another protocol.
    TakeStream(usize),
    SourceFails(usize),
    Cancel(usize),
    Close,
    CloseIdle,
    // The driver's.
    /// In place: asks for one event.
    Hear,
    /// Taken: asks for the connection of a request.
    Collect(usize),
    /// Taken: looks at a request's connection, and does what follows.
    Look(usize),
    /// Taken: sleeps on a request's connection until its limit, and looks at the limits.
    Sleep(usize),
    /// Taken: takes a connection that throws a rest away, and gives it back.
    TakeRest,
    PutRest,
    // The network's.
    Resolve(usize, Answer),
    Dial(usize, Dialled),
    Write(usize, Flow),
    Receive(usize, Says),
    // The clock's.
    TimeNext,
    TimeFar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Addresses,
    None,
    Fails,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialled {
    Stands,
    Fails,
}

/// How much a transport takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    All,
    Part,
    /// Nothing, for now.
    None,
    Broken,
}

/// What an action is to the things that it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EventKind {
    Cancel,
    Close,
    Timeout,
    Error,
    Success,
}

impl EventKind {
    pub(super) const ALL: [Self; 5] = [
        Self::Cancel,
        Self::Close,
        Self::Timeout,
        Self::Error,
        Self::Success,
    ];
}

/// What an action was in the end: a look may find success or an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Well,
    Ill,
}

impl Action {
    pub(super) fn kind(self, found: Found) -> EventKind {
        match self {
            Self::Cancel(_) => EventKind::Cancel,
            Self::Close | Self::CloseIdle => EventKind::Close,
            Self::TimeNext | Self::TimeFar | Self::Sleep(_) => EventKind::Timeout,
            Self::SourceFails(_)
            | Self::Resolve(_, Answer::None | Answer::Fails)
            | Self::Dial(_, Dialled::Fails)
            | Self::Write(_, Flow::Broken)
            | Self::Receive(_, Says::Garbage | Says::End | Says::Reset) => EventKind::Error,
            _ if found == Found::Ill => EventKind::Error,
            _ => EventKind::Success,
        }
    }

    /// The request that it is about.
    pub(super) fn request(self) -> Option<usize> {
        match self {
            Self::Read(place)
            | Self::Feed(place)
            | Self::Finish(place)
            | Self::TakeStream(place)
            | Self::SourceFails(place)
            | Self::Cancel(place)
            | Self::Collect(place)
            | Self::Look(place) => Some(place),
            _ => None,
        }
    }

    /// The connection that it is about.
    pub(super) fn connection(self) -> Option<usize> {
        match self {
            Self::Write(place, _) | Self::Receive(place, _) => Some(place),
            _ => None,
        }
    }
}

impl World {
    /// All that can happen next.
    pub(super) fn choices(&self) -> Vec<Action> {
        let mut choices = Vec::new();
        self.choices_of_the_application(&mut choices);
        match self.style {
            Style::InPlace if self.may_hear() => choices.push(Action::Hear),
            Style::InPlace => {}
            Style::Taken => self.choices_of_drivers(&mut choices),
        }
        for place in 0..self.questions.len() {
            choices.push(Action::Resolve(place, Answer::Addresses));
            choices.push(Action::Resolve(place, Answer::None));
            choices.push(Action::Resolve(place, Answer::Fails));
        }
        for place in 0..self.dials.len() {
            choices.push(Action::Dial(place, Dialled::Stands));
            choices.push(Action::Dial(place, Dialled::Fails));
        }
        for live in self.lives() {
            self.choices_of_a_connection(live, &mut choices);
        }
        if self.engine.deadline().is_some() {
            choices.extend([Action::TimeNext, Action::TimeFar]);
        }
        choices
    }

    fn choices_of_the_application(&self, choices: &mut Vec<Action>) {
        // In the order of the setting: another order is another setting.
        let next = self.records.len();
        if next < self.setting.requests.len() {
            choices.push(Action::Submit(next));
        }
        if !self.closed {
            choices.extend([Action::Close, Action::CloseIdle]);
        }
        for (place, record) in self.records.iter().enumerate() {
            if record.is_over() {
                continue;
            }
            choices.push(Action::Cancel(place));
            if record.content_told {
                choices.push(Action::Read(place));
            }
            if record.wanted {
                choices.push(Action::Feed(place));
            }
            if record.switched {
                choices.push(Action::TakeStream(place));
            }
            if record.unfinished {
                choices.push(Action::Finish(place));
            }
            // A façade learns of its source when it asks for content.
            let may_fail = self.style == Style::InPlace || self.hand(place).is_some();
            if self.setting.is_pushed(place) && may_fail {
                choices.push(Action::SourceFails(place));
            }
        }
    }

    fn choices_of_drivers(&self, choices: &mut Vec<Action>) {
        for (place, record) in self.records.iter().enumerate() {
            match self.hand(place) {
                _ if record.is_over() => {}
                None if record.woken => choices.push(Action::Collect(place)),
                None => {}
                Some(live) => {
                    if record.woken || record.parting || live.connection.pulse().abort_requested() {
                        choices.push(Action::Look(place));
                    }
                    if live.deadline().is_some() {
                        choices.push(Action::Sleep(place));
                    }
                }
            }
        }
        match self.rest {
            Some(_) => choices.push(Action::PutRest),
            None if self.has_rest() => choices.push(Action::TakeRest),
            None => {}
        }
    }

    fn choices_of_a_connection(&self, live: &Live<u32>, choices: &mut Vec<Action>) {
        let place = live.id.index();
        let request = live.request.and_then(|id| self.place_of(id));
        let content = request.is_some_and(|place| !self.records[place].left.is_empty());
        let interest = live.interest_with(content || live.supply.has_some());
        if interest.write {
            choices.push(Action::Write(place, Flow::All));
            choices.push(Action::Write(place, Flow::Broken));
            // Who has got new content tries at once, and finds that it must wait.
            if live.connection.pulse().phase() == Phase::Source {
                choices.push(Action::Write(place, Flow::None));
            }
            if live.connection.pulse().sent() == 0 {
                choices.push(Action::Write(place, Flow::Part));
            }
        }
        if !interest.read {
            return;
        }
        let answering = match self.state_of(live) {
            State::Idle | State::Granted => false,
            State::Draining => true,
            _ => live.connection.pulse().sent() > 0,
        };
        let says = match answering {
            true => self.far(live).choices(&self.besides(live)),
            false => vec![Says::Garbage, Says::End],
        };
        choices.extend(says.into_iter().map(|says| Action::Receive(place, says)));
    }

    /// What only the request on this connection may be answered, and in this setting.
    fn besides(&self, live: &Live<u32>) -> Vec<Says> {
        let mut besides = Vec::new();
        let Some(request) = live.asked() else {
            return besides;
        };
        let empty = matches!(request.content(), Content::Empty);
        if request.expect.is_some() && !empty {
            besides.extend([Says::Continue, Says::Refusal]);
        }
        if self.setting.retries > 0 {
            besides.push(Says::Unavailable);
        }
        if request.fields().get("Upgrade").is_some() {
            besides.push(Says::Switch);
        }
        if self.setting.redirects > 0 {
            besides.push(Says::Away);
            // From where the name is it would be another way to the same origin.
            let named = request.origin().host() == NAME;
            besides.extend((!named).then_some(Says::Elsewhere));
        }
        besides
    }
}
