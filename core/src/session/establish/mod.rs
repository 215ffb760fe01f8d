//! Connections in the making: a name becomes addresses, these race, and on the one that wins the proxy is asked for its tunnel
//! and the peers agree on TLS.

#[expect(
    clippy::module_inception,
    reason = "the room that gives the folder its name"
)]
mod establish;
mod making;
mod naming;
mod order;
mod racing;

pub(super) use establish::Establish;
pub(crate) use making::{Connected, ProxyAnswer};
pub(crate) use order::{Discard, Order};
