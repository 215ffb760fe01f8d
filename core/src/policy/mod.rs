//! Pure decisions: from values to a verdict. Others act on it.

mod budget;
mod credentials;
mod redirect;
mod replay;
mod retry;
mod retry_after;

pub use budget::RetryBudget;
pub(crate) use budget::Tokens;
pub use credentials::{Credentials, CredentialsError};
pub use redirect::Redirected;
pub use replay::{Loss, NoReplay, Replay};
pub use retry::{Cause, Facts, OnExhausted, Retries, Retry, Stop, StopReason};
