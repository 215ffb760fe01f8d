//! What every façade shares: how a request is built, and how a response's content becomes text.

mod builder;
mod text;

pub use builder::{Dispatch, IntoUrl, RequestBuilder};
pub use text::text_from;
