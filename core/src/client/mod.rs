//! What every façade shares: how a request is built, and how a response's content becomes text.

mod builder;
mod incoming;
mod text;

pub use builder::{Dispatch, IntoUrl, RequestBuilder};
pub use incoming::{Home, Incoming, Look};
pub use text::text_from;
