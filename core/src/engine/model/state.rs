//! The names of the states that requests and connections are in.

use super::far::Come;
use super::world::World;
use crate::base::{ConnectionId, Phase};
use crate::engine::live::Live;
use crate::session::{Event, Standing, Tenancy};

/// What an event may meet. A new state of a request is one more line here, one in [`World::state_of_request`], and its
/// row of pairs that cannot be in `matrix.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// A request waits at a limit.
    AtLimit,
    /// It waits, with a resolution on its way.
    Resolving,
    /// It waits, with a dial on its way.
    Dialling,
    /// It was granted a connection and has not collected it.
    Granted,
    Sending,
    AwaitingContinue,
    AwaitingHead,
    Receiving,
    /// All of its answer has come, and nobody has looked.
    Complete,
    /// Its connection has failed, and nobody has looked.
    Broken,
    /// Its driver has seen a response that is nobody's, and not given its connection back.
    Parting,
    /// Its time was up while a driver held its connection.
    Aborting,
    /// It is sent anew, later.
    Resting,
    /// It has failed, and the error was not collected.
    Failed,
    /// A resolution or dial whose requester is gone.
    Orphan,
    /// A connection that throws a rest away.
    Draining,
    Idle,
}

impl State {
    pub(super) const ALL: [Self; 17] = [
        Self::AtLimit,
        Self::Resolving,
        Self::Dialling,
        Self::Granted,
        Self::Sending,
        Self::AwaitingContinue,
        Self::AwaitingHead,
        Self::Receiving,
        Self::Complete,
        Self::Broken,
        Self::Parting,
        Self::Aborting,
        Self::Resting,
        Self::Failed,
        Self::Orphan,
        Self::Draining,
        Self::Idle,
    ];
}

/// What is in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    Request(usize),
    Connection(ConnectionId),
    /// The so-manieth in the making that nobody waits for.
    Orphan(usize),
}

impl World {
    /// Everything that an event may meet, and its state.
    pub(super) fn things(&self) -> Vec<(Thing, State)> {
        let requests = (0..self.records.len()).filter(|place| !self.records[*place].is_over());
        let requests = requests.map(|place| (Thing::Request(place), self.state_of_request(place)));
        let connections = self.engine.session.tenancies().into_iter();
        let connections = connections.filter_map(|(id, tenancy)| match tenancy {
            Tenancy::Idle => Some((Thing::Connection(id), State::Idle)),
            Tenancy::Draining => Some((Thing::Connection(id), State::Draining)),
            Tenancy::Attempt | Tenancy::Held(_) => None,
        });
        let orphans = 0..self.engine.session.orphans();
        let orphans = orphans.map(|place| (Thing::Orphan(place), State::Orphan));
        requests.chain(connections).chain(orphans).collect()
    }

    fn state_of_request(&self, place: usize) -> State {
        let id = self.records[place].id;
        match self.engine.session.standing(id) {
            Some(Standing::AtLimit) => State::AtLimit,
            Some(Standing::Resolving) => State::Resolving,
            Some(Standing::Dialling) => State::Dialling,
            Some(Standing::Granted(_)) => State::Granted,
            Some(Standing::Parting(_)) => State::Parting,
            Some(Standing::Aborting(_)) => State::Aborting,
            Some(Standing::Resting) => State::Resting,
            Some(Standing::Failed) => State::Failed,
            Some(Standing::Asking | Standing::Answered) => panic!("nothing is mounted"),
            Some(Standing::Running(connection)) => {
                let live = self.find(connection).expect("its connection is somewhere");
                self.state_of(live)
            }
            None => {
                let failed = |event: &Event| matches!(event, Event::Failed(own, _) if *own == id);
                let told = self.engine.events.iter().any(failed);
                assert!(told, "request {place} is gone without a word");
                State::Failed
            }
        }
    }

    /// The state of a connection, or of the request that uses it.
    pub(super) fn state_of(&self, live: &Live<u32>) -> State {
        let far = self.far(live);
        if live.request.is_none() {
            let tenancies = self.engine.session.tenancies();
            let tenancy = tenancies.iter().find(|(id, _)| *id == live.id);
            return match tenancy {
                Some((_, Tenancy::Held(_))) => State::Granted,
                Some((_, Tenancy::Idle)) => State::Idle,
                // Its time may have run out while somebody held it.
                _ => State::Draining,
            };
        }
        match (far.broken, far.come(), live.connection.pulse().phase()) {
            (true, ..) => State::Broken,
            (_, Come::Whole, _) => State::Complete,
            (_, Come::Part, _) => State::Receiving,
            (_, _, Phase::AwaitingContinue) => State::AwaitingContinue,
            (_, _, Phase::AwaitingHead) => State::AwaitingHead,
            _ => State::Sending,
        }
    }
}
