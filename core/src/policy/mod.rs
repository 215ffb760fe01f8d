//! Pure decisions: from values to a verdict. Others act on it.

mod credentials;
mod replay;

pub use credentials::{Credentials, CredentialsError};
pub use replay::{Loss, NoReplay, Replay};
