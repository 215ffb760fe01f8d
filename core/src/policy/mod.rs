//! Pure decisions: from values to a verdict. Others act on it.

mod budget;
mod credentials;
mod redirect;
mod replay;
mod retries;
mod retry;
mod retry_after;
mod verdict;

pub use budget::RetryBudget;
pub(crate) use budget::Tokens;
pub use credentials::{Credentials, CredentialsError};
pub(crate) use redirect::is_redirect;
pub use redirect::{Redirect, RedirectError, RedirectPolicy, Redirected, Redirecting, Redirects};
pub use replay::{Loss, NoReplay, Replay};
pub use retries::Retries;
pub use retry::{OnExhausted, Retry};
pub use verdict::{Cause, Facts, Stop, StopReason};
