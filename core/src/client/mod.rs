//! What every façade shares: how a request is built, how its content leaves a source, how a response comes in.

mod builder;
mod dispatch;
mod incoming;
mod into_url;
mod outbound;
mod text;
mod upload;
mod way;

pub use builder::RequestBuilder;
pub use dispatch::Dispatch;
pub use incoming::{Home, Incoming, Look};
pub use into_url::IntoUrl;
pub use outbound::Outbound;
pub use text::text_from;
pub use upload::Upload;
