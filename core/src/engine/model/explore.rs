//! All sequences of actions up to a depth, from the beginning and from states further on.

use core::fmt::Write as _;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::action::Action;
use super::beginning::beginnings;
use super::matrix::Matrix;
use super::setting::Model;
use super::wind_down::{Gone, Way};
use super::world::World;

/// How much was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) states: usize,
    pub(super) sequences: usize,
}

/// Tries everything in one world, in one style.
pub(super) fn explore(model: &Model, depth: usize, matrix: &mut Matrix) -> Count {
    let mut count = Count::default();
    let (mut seen, mut gone) = (BTreeSet::new(), Gone::new());
    let mut frontier = beginnings(model);
    for _ in 0..depth {
        let mut next = Vec::new();
        for path in frontier {
            for action in replay(model, &path).choices() {
                count.sequences += 1;
                let mut world = replay(model, &path);
                guarded(&mut world, |world| {
                    matrix.observe(world, action);
                    world.audit();
                });
                if seen.insert(world.look_of()) {
                    next.push(world.trail);
                }
            }
        }
        for path in &next {
            wind_down(model, path, &mut gone, matrix);
        }
        count.states += next.len();
        frontier = next;
    }
    count
}

fn wind_down(model: &Model, path: &[Action], gone: &mut Gone, matrix: &mut Matrix) {
    for way in Way::ALL {
        let mut world = replay(model, path);
        guarded(&mut world, |world| world.wind_down(way, gone, matrix));
    }
}

pub(super) fn replay(model: &Model, path: &[Action]) -> World {
    let mut world = World::new(model);
    for action in path {
        world.act(*action);
    }
    world
}

/// Tells the whole sequence if something in it goes wrong. The shortest are tried first, so it is one of those.
fn guarded(world: &mut World, act: impl FnOnce(&mut World)) {
    let done = catch_unwind(AssertUnwindSafe(|| act(world)));
    if done.is_err() {
        panic!("{}", story(world));
    }
}

/// All that was done so far.
fn story(world: &World) -> String {
    let mut story = format!("{}, {:?}:", world.setting.name, world.style);
    for same in world.trail.chunk_by(PartialEq::eq) {
        let _ = match same.len() {
            1 => write!(story, " {:?}", same[0]),
            times => write!(story, " {times} x {:?}", same[0]),
        };
    }
    story
}
