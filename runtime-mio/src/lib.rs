//! Sessile over [`mio`]: a [`Driver`] for event loops that you own, and a [`blocking::Session`].
//!
//! # In a loop of your own
//!
//! You own the [`mio::Poll`]; the driver gets its registry and a range of tokens. Hand every event of these tokens to
//! [`Driver::handle_event`], then ask [`Driver::poll_event`] until it has nothing more, then wait, at most until
//! [`Driver::deadline`]. `Driver`'s own page has the loop as a running example.
//!
//! # Without a loop
//!
//! ```
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! # let origin = sessile_tests::loopback::Loopback::start(sessile_tests::demo::Demo)?;
//! # let url = origin.url("/get");
//! let session = sessile_mio::blocking::Session::new();
//! let response = session.get(&url).header("Accept", "text/plain").send()?;
//! assert_eq!(response.status(), 200);
//! println!("{}", response.text()?);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod blocking;
mod clock;
mod driver;
mod resolver;
mod socket;
mod surroundings;

pub use driver::Driver;
#[cfg(feature = "psl")]
pub use sessile_core::Psl;
pub use sessile_core::application::*;
pub use sessile_core::{self as core, Event, Leftover, Upgraded};
pub use socket::Stream;
pub use surroundings::proxies_from_environment;
