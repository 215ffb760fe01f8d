//! What holds always, and what holds when everything is over.

use super::setting::Style;
use super::world::World;
use crate::base::Phase;
use crate::engine::engine::Slot;
use crate::engine::live::Live;
use crate::session::{Standing, Tenancy};

impl World {
    /// What holds after each action.
    pub(super) fn audit(&self) {
        let woken = |id| {
            let place = self.place_of(id);
            place.is_some_and(|place| self.records[place].woken)
        };
        if let Err(what) = self.engine.session.check(&woken) {
            panic!("{what}");
        }
        self.audit_slots();
        self.audit_names();
        for (place, record) in self.records.iter().enumerate() {
            let standing = self.engine.session.standing(record.id);
            match (record.is_over(), standing) {
                (true, Some(standing)) => panic!("request {place} is over, and {standing:?}"),
                (false, Some(Standing::Running(connection))) => {
                    let live = self.find(connection);
                    self.audit_running(place, live.expect("its connection is somewhere"));
                }
                _ => {}
            }
        }
    }

    /// Each slot is what its tenant needs, and each connection stands in one place.
    fn audit_slots(&self) {
        let tenancies = self.engine.session.tenancies();
        for (place, slot) in self.engine.slots.iter().enumerate() {
            let tenancy = tenancies.iter().find(|(id, _)| id.index() == place);
            match (slot, tenancy) {
                (Slot::Vacant, None) => {}
                (Slot::Dialling(io), Some((_, Tenancy::Attempt))) => {
                    let deposited = io.is_some_and(|socket| self.open.contains(&socket));
                    assert_eq!(deposited, self.style == Style::InPlace);
                }
                (Slot::Here(live), Some((id, Tenancy::Idle | Tenancy::Draining))) => {
                    assert_eq!((live.id, live.request), (*id, None));
                }
                (Slot::Here(live), Some((id, Tenancy::Held(request)))) => {
                    let begun = match self.engine.session.standing(*request) {
                        Some(Standing::Granted(_)) => None,
                        _ => Some(*request),
                    };
                    assert_eq!((live.id, live.request), (*id, begun));
                }
                (Slot::Taken, Some((id, Tenancy::Held(_) | Tenancy::Draining))) => {
                    assert_eq!(self.style, Style::Taken);
                    assert!(self.find(*id).is_some(), "{id:?} is in nobody's hands");
                }
                (_, tenancy) => panic!("slot {place} is not what its tenant needs: {tenancy:?}"),
            }
        }
        let dialled = |slot: &&Slot<u32>| matches!(slot, Slot::Dialling(Some(_)));
        let dialled = self.engine.slots.iter().filter(dialled).count();
        let sockets = self.everywhere().count() + dialled;
        assert_eq!(self.open.len(), sockets, "sockets that nobody owns");
        let dials = tenancies
            .iter()
            .filter(|(_, tenancy)| *tenancy == Tenancy::Attempt);
        assert_eq!(self.dials.len(), dials.count(), "dials that nobody makes");
    }

    /// In place: a connection that could move octets is named, or will be when the next event is asked for.
    fn audit_names(&self) {
        for live in self.everywhere().filter(|live| live.can_move()) {
            let woken = live
                .request
                .is_some_and(|id| self.engine.session.woken().any(|own| own == id));
            let named = self.named.contains(&live.id) || self.engine.dirty.contains(&live.id);
            assert!(
                named || woken || self.style == Style::Taken,
                "{:?} could go on, and is not named",
                live.id
            );
        }
    }

    /// A request that is under way waits for something that can come.
    fn audit_running(&self, place: usize, live: &Live<u32>) {
        if self.style == Style::Taken {
            assert!(self.hand(place).is_some(), "nobody drives request {place}");
            return;
        }
        let record = &self.records[place];
        let mut woken = self.engine.session.woken();
        let looked_at = self.engine.dirty.contains(&live.id) || woken.any(|id| id == record.id);
        let asked = record.content_told || record.wanted || record.switched;
        let interest = live.interest();
        // No limit of time applies while the application has the word: so it must know that it has.
        let word = live.connection.pulse().phase() == Phase::Application;
        assert!(
            looked_at || record.content_told || record.switched || !word,
            "request {place} waits for the application, which does not know"
        );
        let source = live.connection.pulse().phase() == Phase::Source;
        assert!(
            looked_at || record.wanted || record.unfinished || interest.write || !source,
            "request {place} waits for content that nobody is asked for"
        );
        assert!(
            looked_at || interest.read || interest.write || asked,
            "request {place} waits for nothing"
        );
    }

    /// What holds when everything was wound down: nothing is under way.
    pub(super) fn audit_rest(&self) {
        for (place, record) in self.records.iter().enumerate() {
            assert!(record.is_over(), "request {place} has no end");
        }
        let (requests, making, connections) = self.engine.session.load();
        assert_eq!(
            (requests, making),
            (0, 0),
            "requests, connections in the making"
        );
        let tenancies = self.engine.session.tenancies();
        for (id, tenancy) in &tenancies {
            assert_eq!(*tenancy, Tenancy::Idle, "{id:?}");
        }
        assert!(self.hands.is_empty() && self.rest.is_none() && self.dials.is_empty());
        assert_eq!(
            self.open.len(),
            connections,
            "a socket for each idle connection"
        );
        for live in self.everywhere() {
            assert!(
                !live.connection.holds_memory(),
                "an idle connection with memory"
            );
        }
        assert!(
            !self.engine.session.has_other_timers(),
            "a timer that nothing idle is meant by"
        );
        assert!(!self.may_hear(), "something is still to be told");
    }

    /// What holds when the session was closed, and time has passed: nothing is left.
    pub(super) fn audit_end(&self) {
        self.audit_rest();
        assert_eq!(self.engine.session.load(), (0, 0, 0));
        assert_eq!(self.engine.session.origins(), 0, "an origin is remembered");
        assert_eq!(self.engine.deadline(), None);
        assert!(self.open.is_empty(), "sockets are left: {:?}", self.open);
        let vacant = |slot: &Slot<u32>| matches!(slot, Slot::Vacant);
        assert!(self.engine.slots.iter().all(vacant), "a slot is taken");
    }
}
