//! Proxies and clients by hand; what they lead to is the demonstration site.

mod http;
mod socks4;
mod socks5;
