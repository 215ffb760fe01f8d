//! Proxies: what one is, which URLs have one, and which are exempt.

mod error;
mod host;
mod network;
mod no_proxy;
mod rules;
mod scheme;
#[cfg(test)]
mod tests;
mod value;

pub use error::ProxyError;
pub use no_proxy::NoProxy;
pub use rules::ProxyRules;
pub use scheme::ProxyScheme;
pub use value::Proxy;
