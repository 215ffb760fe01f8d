//! Digest (RFC 7616): a user who knows the password says so without saying the password.

mod algorithm;
mod answer;
mod credentials;
mod offer;
mod space;
#[cfg(test)]
mod tests;

pub use answer::DigestInput;
pub use credentials::DigestCredentials;
pub use offer::DigestOffer;
pub(super) use space::{DigestCourse, DigestSpace};
