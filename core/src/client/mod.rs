//! What every façade shares: how a request is built, how its content leaves a source, how a response comes in.

mod builder;
mod incoming;
mod outbound;
mod text;
mod upload;

pub use builder::{Dispatch, IntoUrl, RequestBuilder};
pub use incoming::{Home, Incoming, Look};
pub use outbound::Outbound;
pub use text::text_from;
pub use upload::Upload;
