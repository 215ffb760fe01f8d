//! Our contenders: the engine driven in place, the engine with its connection taken out, the connection alone.

mod connection;
mod engine;

use std::hint::black_box;
use std::time::Duration;

use sessile_core::{HeadRef, Now, Tick};

pub(crate) use connection::{bare, begin};
pub(crate) use engine::{in_place, keeping, taken};

/// What an application does with a head at the least: the status, one field.
pub(crate) fn look_at(head: HeadRef<'_>) {
    black_box(head.status());
    black_box(head.fields().get(black_box("content-type")));
}

/// A clock that goes on by a microsecond an exchange, as it would.
#[derive(Default)]
pub(crate) struct Clock(u64);

impl Clock {
    pub(crate) fn now(&mut self) -> Now {
        self.0 += 1_000;
        Now::new(Tick::from_nanos(self.0), Duration::from_secs(1_776_168_000))
    }
}
