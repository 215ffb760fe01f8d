//! What the cases of the `dial` verdicts cannot say: late clocks, forgetful drivers, answers that name the other family.

use core::net::SocketAddr;
use core::time::Duration;

use super::{Families, Family, Lookup, Race, RaceAction, RaceAttempt, RaceFailure, RaceSettings};
use crate::base::Tick;

fn at(milliseconds: u64) -> Tick {
    Tick::default().after(Duration::from_millis(milliseconds))
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().copied().map(address).collect()
}

const V6: &str = "[2001:db8::1]:80";
const V4: &str = "192.0.2.1:80";

/// A race that began at 0 and has been told of these addresses, as all that there are.
fn racing(settings: RaceSettings, texts: &[&str]) -> Race {
    let mut race = Race::new(settings, at(0));
    race.handle_resolved(at(0), Lookup::Addresses(&addresses(texts)));
    race
}

fn dialled(race: &mut Race, text: &str) -> RaceAttempt {
    match race.poll() {
        Some(RaceAction::Dial { attempt, address }) if address == self::address(text) => attempt,
        other => panic!("{other:?} in place of {text}"),
    }
}

fn failed(race: &mut Race, why: RaceFailure) {
    assert_eq!(race.poll(), Some(RaceAction::Failed(why)));
    assert_eq!((race.poll(), race.deadline()), (None, None));
}

#[test]
fn given_a_driver_that_overslept_both_limits_then_the_earlier_one_decides() {
    for (resolve, connect, why) in [
        (500, 1_000, RaceFailure::AllRefused),
        (1_000, 500, RaceFailure::ConnectTimeout),
    ] {
        let settings = RaceSettings {
            resolve_timeout: Some(Duration::from_millis(resolve)),
            connect_timeout: Some(Duration::from_millis(connect)),
            ..RaceSettings::default()
        };
        let mut race = Race::new(settings, at(0));
        race.handle_answer(at(0), Family::V6, Lookup::Addresses(&[address(V6)]));
        let only = dialled(&mut race, V6);
        race.handle_failed(at(20), only);
        assert_eq!(race.deadline(), Some(at(500)));
        race.handle_deadline(at(3_000));
        failed(&mut race, why);
        assert_eq!(race.last_failed(), Some(only));
    }
}

#[test]
fn given_a_late_clock_then_one_attempt_starts_and_the_next_counts_from_it() {
    let mut race = racing(RaceSettings::default(), &[V6, V4, "192.0.2.2:80"]);
    dialled(&mut race, V6);
    race.handle_deadline(at(900));
    dialled(&mut race, V4);
    assert_eq!((race.poll(), race.deadline()), (None, Some(at(1_150))));
}

#[test]
fn when_the_time_is_up_a_failure_dials_nothing_that_would_be_closed_at_once() {
    let settings = RaceSettings {
        connect_timeout: Some(Duration::from_millis(100)),
        ..RaceSettings::default()
    };
    let mut race = racing(settings, &[V6, V4]);
    let first = dialled(&mut race, V6);
    race.handle_failed(at(100), first);
    assert_eq!(race.poll(), None);
    race.handle_deadline(race.deadline().expect("it is not over"));
    failed(&mut race, RaceFailure::ConnectTimeout);
}

#[test]
fn a_success_counts_as_long_as_nobody_has_said_that_the_time_is_up() {
    let mut race = racing(RaceSettings::default(), &[V6]);
    let only = dialled(&mut race, V6);
    race.handle_connected(at(20_000), only);
    assert_eq!(race.poll(), Some(RaceAction::Won(only)));
    race.handle_deadline(at(20_000));
    assert_eq!(race.poll(), None);
}

#[test]
fn a_dial_that_the_driver_has_not_heard_of_is_called_off_without_a_word() {
    let mut race = racing(RaceSettings::default(), &[V6]);
    race.abandon();
    failed(&mut race, RaceFailure::Canceled);
}

#[test]
fn what_is_said_after_the_end_changes_nothing() {
    let mut race = racing(RaceSettings::default(), &[V6, V4]);
    let first = dialled(&mut race, V6);
    race.handle_connected(at(10), first);
    race.disown();
    race.abandon();
    race.handle_failed(at(10), first);
    race.handle_deadline(at(99_999));
    assert!(race.is_wanted());
    assert_eq!(race.poll(), Some(RaceAction::Won(first)));
    assert_eq!(race.poll(), None);
}

#[test]
fn an_address_goes_to_its_family_whichever_answer_names_it() {
    // The preferred family has an address before it has answered: nothing is left to wait for.
    let mut race = Race::new(RaceSettings::default(), at(0));
    race.handle_answer(at(0), Family::V4, Lookup::Addresses(&addresses(&[V4, V6])));
    dialled(&mut race, V6);
    // Its own answer still counts, but not a second one.
    race.handle_answer(
        at(10),
        Family::V6,
        Lookup::Addresses(&addresses(&[V6, "[2001:db8::2]:80"])),
    );
    race.handle_answer(
        at(20),
        Family::V6,
        Lookup::Addresses(&addresses(&["[2001:db8::3]:80"])),
    );
    race.handle_deadline(at(250));
    dialled(&mut race, V4);
    race.handle_deadline(at(500));
    dialled(&mut race, "[2001:db8::2]:80");
    race.handle_deadline(at(750));
    assert_eq!(race.poll(), None);
}

#[test]
fn a_family_that_is_not_asked_for_is_not_dialled() {
    let settings = RaceSettings {
        asked: Families::Only(Family::V6),
        ..RaceSettings::default()
    };
    let mut race = racing(settings, &["[::ffff:192.0.2.9]:80", V4]);
    failed(&mut race, RaceFailure::NoAddress);
}

#[test]
fn answers_of_one_instant_may_come_one_by_one_if_there_is_a_resolution_delay() {
    for families in [[Family::V6, Family::V4], [Family::V4, Family::V6]] {
        let mut race = Race::new(RaceSettings::default(), at(0));
        for family in families {
            let text = match family {
                Family::V6 => V6,
                Family::V4 => V4,
            };
            race.handle_answer(at(5), family, Lookup::Addresses(&[address(text)]));
        }
        dialled(&mut race, V6);
        assert_eq!((race.poll(), race.deadline()), (None, Some(at(255))));
    }
}

#[test]
fn scopes_and_flow_labels_are_dialled_as_they_came() {
    let mut scoped = core::net::SocketAddrV6::new("fe80::1".parse().expect("an address"), 80, 7, 3);
    let mut race = Race::new(RaceSettings::default(), at(0));
    race.handle_resolved(at(0), Lookup::Addresses(&[scoped.into()]));
    let Some(RaceAction::Dial { address, .. }) = race.poll() else {
        panic!("it is dialled at once");
    };
    assert_eq!(address, scoped.into());
    scoped.set_scope_id(4);
    assert_ne!(address, scoped.into());
}

#[test]
fn at_the_end_of_time_nothing_overflows() {
    let settings = RaceSettings {
        attempt_delay: Duration::MAX,
        connect_timeout: Some(Duration::MAX),
        ..RaceSettings::default()
    };
    let mut race = Race::new(settings, Tick::from_nanos(u64::MAX));
    race.handle_resolved(at(0), Lookup::Addresses(&addresses(&[V6, V4])));
    dialled(&mut race, V6);
    assert_eq!(
        (race.poll(), race.deadline()),
        (None, Some(Tick::from_nanos(u64::MAX)))
    );
}
