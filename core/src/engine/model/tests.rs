//! The runs, and the shortest sequences that once went wrong.
//!
//! `cargo test --release -p sessile-core --lib model -- --nocapture` prints the matrices; `SESSILE_MODEL_DEPTH=5` goes one
//! step further, in some minutes. Without optimization the sequences are shorter, and meet every pair all the same.

use std::sync::Arc;

use super::action::{Action, Dialled, Flow};
use super::explore::{Count, explore};
use super::far::Says;
use super::matrix::Matrix;
use super::setting::{Model, SETTINGS, Style};
use super::state::State;
use super::world::{Over, World};
use crate::engine::Step;

/// How many actions follow each beginning.
const DEPTH: usize = if cfg!(debug_assertions) { 2 } else { 4 };

fn try_everything(style: Style) {
    let mut matrix = Matrix::default();
    for setting in SETTINGS {
        let depth = std::env::var("SESSILE_MODEL_DEPTH").ok();
        let depth = depth.and_then(|depth| depth.parse().ok()).unwrap_or(DEPTH);
        let Count { states, sequences } = explore(&Model::new(setting, style), depth, &mut matrix);
        println!("{}: {states} states, {sequences} sequences", setting.name);
    }
    println!("{}", matrix.table(style));
    if let Err(wrong) = matrix.judge(style) {
        panic!("{wrong}");
    }
}

fn model(name: &str, style: Style) -> Model {
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    Model::new(setting.expect("a setting of that name"), style)
}

/// Takes these steps, and audits each.
fn follow(name: &str, style: Style, steps: &[Action]) -> World {
    let mut world = World::new(&model(name, style));
    for step in steps {
        world.act(*step);
        world.audit();
    }
    world
}

fn states(world: &World) -> Vec<State> {
    let things = world.things().into_iter();
    things.map(|(_, state)| state).collect()
}

/// Given a request that was granted a kept connection at once, when its time is up before it collects that, then it fails,
/// and the connection is idle again. (Its time was not watched before it collected.)
#[test]
fn a_request_that_is_granted_at_once_is_timed() {
    for style in [Style::InPlace, Style::Taken] {
        let mut world = World::new(&model("all in five seconds, no limits", style));
        world.act(Action::Submit(0));
        assert!(world.go_until(|world| world.records[0].is_over()));
        world.act(Action::Submit(1));
        assert_eq!(states(&world), [State::Granted]);
        world.act(Action::TimeNext);
        assert_eq!(states(&world), [State::Failed, State::Idle]);
    }
}

/// Given one request with a connection and one that waits for it, when the session is closed, then nothing is dialled.
/// (The first gave its connection up, and the place went to the second before that failed, too.)
#[test]
fn a_session_that_closes_dials_nothing() {
    use Action::{Close, Dial, Submit};
    let steps = [Submit(0), Submit(1), Dial(0, Dialled::Stands), Close];
    let world = follow("one connection to an origin", Style::InPlace, &steps);
    assert_eq!(states(&world), [State::Failed, State::Failed]);
}

/// Given a request that is under way when the session is closed, when it fails, then it is not retried. (It was, and waited
/// in a closed session.)
#[test]
fn a_closed_session_retries_nothing() {
    use Action::{Close, Collect, Dial, Look, Receive, Submit};
    let steps = [
        Submit(0),
        Dial(0, Dialled::Stands),
        Collect(0),
        Close,
        Receive(0, Says::End),
        Look(0),
    ];
    let world = follow("two retries, one connection", Style::Taken, &steps);
    assert_eq!(world.records[0].over, Some(Over::Failed));
}

/// Given two requests whose time is up at once and that are retried, when one is told and the other cancelled, then nothing
/// is told of that. (That it is sent anew was.)
#[test]
fn nothing_is_told_of_a_request_that_was_cancelled() {
    use Action::{Cancel, Dial, Hear, Submit, TimeFar, Write};
    let steps = [
        Submit(0),
        Submit(1),
        Dial(0, Dialled::Stands),
        Dial(0, Dialled::Stands),
        Hear,
        Write(0, Flow::All),
        Write(1, Flow::All),
        Hear,
        TimeFar,
        Hear,
        Cancel(1),
    ];
    let mut world = follow("two retries", Style::InPlace, &steps);
    while world.may_hear() {
        world.act(Hear);
    }
    assert_eq!(world.records[1].over, Some(Over::Cancelled));
}

/// Given a response that the request is retried for, when its deadline passes before its driver gives the connection back,
/// then its time is up at once, and not when the rest of the response has come. (Nobody looked at its deadline any more.)
#[test]
fn a_deadline_that_passes_while_a_response_is_looked_at_is_kept() {
    use Action::{Collect, Dial, Look, Receive, Submit, TimeFar, TimeNext, Write};
    let steps = [
        Submit(0),
        Dial(0, Dialled::Stands),
        Collect(0),
        Write(0, Flow::All),
        Receive(0, Says::Unavailable),
        Look(0),
        TimeFar,
        Look(0),
    ];
    let mut world = follow("two retries in five seconds", Style::Taken, &steps);
    assert_eq!(states(&world), [State::Resting, State::Draining]);
    world.act(TimeNext);
    assert_eq!(states(&world), [State::Failed, State::Draining]);
}

/// Given a pool in which nobody waits, when the connection that a request was granted is dead, then the request gets another
/// in its place. (It was refused, because of the place that its dead connection still held.)
#[test]
fn the_place_of_a_dead_connection_is_there_for_its_request() {
    use Action::{Dial, Hear, Receive, Submit};
    let steps = [
        Submit(0),
        Dial(0, Dialled::Stands),
        Receive(0, Says::Garbage),
        Hear,
    ];
    let world = follow("nobody waits, one retry", Style::InPlace, &steps);
    assert_eq!(states(&world), [State::Dialling]);
}

/// Given a request that is refused, when its error is collected at once, then nobody is woken for it later. (Its driver was
/// named although it was gone.)
#[test]
fn an_error_that_was_collected_wakes_nobody() {
    let model = model("no limits", Style::Taken);
    let mut world = World::new(&model);
    world.act(Action::Close);
    let request = Arc::clone(&model.requests[0]);
    let id = world.engine.submit(world.now, request);
    assert!(matches!(world.engine.step(world.now, id), Step::Failed(_)));
    assert_eq!(world.engine.poll_wake(), None);
}

#[test]
fn giving_up_at_every_step_gives_everything_back_in_place() {
    try_everything(Style::InPlace);
}

#[test]
fn giving_up_at_every_step_gives_everything_back_taken() {
    try_everything(Style::Taken);
}
