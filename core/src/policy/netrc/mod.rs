//! The file `.netrc`: users and passwords by host, as ftp, curl and Python have always kept them.

mod error;
mod file;
mod hosts;
mod read;
#[cfg(test)]
mod tests;
mod words;

pub use error::{NetrcError, NetrcFault};
pub use file::Netrc;
