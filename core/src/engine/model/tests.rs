//! The runs, and the shortest sequences that once went wrong.
//!
//! `cargo test --release -p sessile-core --lib model -- --nocapture` prints the matrices; `SESSILE_MODEL_DEPTH=5` goes one
//! step further, in some minutes. Without optimization the sequences are shorter, and meet every pair all the same.

use super::action::Action;
use super::explore::{Count, explore};
use super::matrix::Matrix;
use super::setting::{Model, SETTINGS, Style};
use super::state::State;
use super::world::World;

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

#[test]
fn giving_up_at_every_step_gives_everything_back_in_place() {
    try_everything(Style::InPlace);
}

#[test]
fn giving_up_at_every_step_gives_everything_back_taken() {
    try_everything(Style::Taken);
}
