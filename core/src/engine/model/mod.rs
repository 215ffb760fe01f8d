//! An exhaustive test of "giving up at every step gives everything back".
//!
//! A tiny world stands around a real engine: up to three requests to one or two origins, tight limits, and on the far
//! side of each connection a script. Whatever can happen next in it is an [`Action`](action::Action): the application,
//! the driver, the network and the clock take turns in every order. All sequences up to a depth are tried, from the
//! beginning and from states further on; states that look the same are gone on from once. After each action the books
//! are audited (who owns what, who will be woken by what), and from each new state the world is wound down in five ways,
//! after which nothing may be left.
//!
//! | file | |
//! |---|---|
//! | `setting.rs` | which requests, limits and time limits |
//! | `world.rs` | the engine, its sockets and what the application was told |
//! | `far.rs` | the far side of a connection: what it may say, and how far it has come |
//! | `action.rs` | what can happen next |
//! | `in_place.rs`, `taken.rs` | how the two driving styles do it |
//! | `state.rs` | the names of the states that requests and connections are in |
//! | `matrix.rs` | which event has met which state, and which pairs cannot be |
//! | `audit.rs` | what holds always, and what when everything is over |
//! | `picture.rs` | what a state looks like, to know it again |
//! | `wind_down.rs` | five ways to an end |
//! | `beginning.rs` | where the sequences begin |
//! | `explore.rs` | all sequences |
//!
//! What is added to the session is added here: a setting is one more entry of `SETTINGS`; a call of the application's is
//! one more [`Action`](action::Action), with a line in its choices and one in `World::perform`; a state of a request is
//! one more [`State`](state::State), with its `Standing` in the session's audit.

mod action;
mod audit;
mod beginning;
mod explore;
mod far;
mod in_place;
mod matrix;
mod picture;
mod setting;
mod state;
mod taken;
mod tests;
mod wind_down;
mod world;
