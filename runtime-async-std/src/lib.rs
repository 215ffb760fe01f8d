//! Sessile for [`async_std`]: a [`Session`] whose requests are futures.
//!
//! The task that awaits a request moves its octets; there is no connection task between it and its socket. Dropping a
//! request or a response, at any point, gives everything back that it held.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! # let origin = sessile_tests::loopback::Loopback::start(sessile_tests::demo::Demo)?;
//! # let url = origin.url("/get");
//! use sessile_async_std::Session;
//!
//! async_std::task::block_on(async {
//!     let session = Session::new();
//!     let response = session.get(&url).header("Accept", "text/plain").send().await?;
//!     assert_eq!(response.status(), 200);
//!     println!("{}", response.text().await?);
//!     # Ok::<(), sessile_async_std::Error>(())
//! })?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod clock;
mod dialling;
mod drain;
mod io;
mod reader;
mod response;
mod sending;
mod session;
mod shared;
mod surroundings;
mod upgraded;

pub use io::Stream;
pub use reader::Reader;
pub use response::Response;
pub use sending::Sending;
pub use session::Session;
pub use surroundings::proxies_from_environment;
pub use upgraded::Upgraded;

pub use sessile_core as core;
#[cfg(feature = "psl")]
pub use sessile_core::Psl;
pub use sessile_core::application::*;
