//! Pure decisions: from values to a verdict. Others act on it.

mod address;
mod authentication;
mod authenticator;
mod bound;
mod budget;
mod challenge;
mod credentials;
mod digest;
mod netrc;
mod no_answer;
mod proxy;
mod redirect;
mod replay;
mod retries;
mod retry;
mod retry_after;
mod space;
#[cfg(test)]
mod space_tests;
mod store;
mod verdict;

pub use address::{AddressCase, AddressPolicy, AddressRole};
pub use authentication::Authentication;
pub use authenticator::{AuthenticationHook, Authenticator};
pub use bound::BoundAuthentication;
pub use budget::RetryBudget;
pub(crate) use budget::Tokens;
pub use challenge::Challenge;
pub use credentials::{Credentials, CredentialsError};
pub use digest::{DigestCredentials, DigestInput, DigestOffer};
pub use netrc::{Netrc, NetrcError, NetrcFault};
pub use no_answer::NoAnswer;
pub use proxy::{NoProxy, Proxy, ProxyError, ProxyRules, ProxyScheme};
pub(crate) use redirect::is_redirect;
pub use redirect::{Redirect, RedirectError, RedirectPolicy, Redirected, Redirecting, Redirects};
pub use replay::{Loss, NoReplay, Replay};
pub use retries::Retries;
pub use retry::{OnExhausted, Retry};
pub use space::{AuthenticationCourse, ProtectionSpace};
pub use store::AuthenticationStore;
pub use verdict::{Cause, Facts, Stop, StopReason};
