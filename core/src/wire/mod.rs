//! HTTP/1.1 octets (RFC 9112): heads in and out, framing, chunked coding. No state of a connection, no policy.

mod chunked_read;
mod chunked_write;
mod content;
mod field_lines;
mod framing;
mod quick_head;
mod read_head;
mod refusal;
mod write_head;

pub use chunked_read::ChunkError;
pub(crate) use chunked_write::{write_chunk_header, write_last_chunk};
pub(crate) use content::{ContentReader, Part};
pub(crate) use framing::{Asked, ResponseFraming, response_framing};
pub use framing::{Framing, FramingError};
pub use read_head::HeadError;
pub(crate) use read_head::{
    HeadScan, SectionLimits, leading_empty_lines, read_head, read_trailers,
};
pub(crate) use refusal::Refusal;
pub(crate) use write_head::{write_fields_except, write_framing, write_line, write_request_line};
