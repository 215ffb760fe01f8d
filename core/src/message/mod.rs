//! Messages as values: field sections, heads, request targets, origins. Nothing here reads or writes a stream.

mod fields;
mod head;
mod known;
mod names;
mod origin;
mod redacted;
mod spans;
mod target;

pub use fields::{Field, FieldError, Fields, FieldsIter, FieldsRef};
pub(crate) use head::{ConnectionOptions, StatusLine, connection_options};
pub use head::{HeadRef, ResponseHead};
pub(crate) use known::Known;
pub use names::FieldNames;
pub(crate) use origin::host_address;
pub use origin::{Origin, OriginError, Scheme};
pub(crate) use redacted::redacted;
pub(crate) use spans::{FieldSpan, Span, Spans};
pub(crate) use target::RequestTarget;
