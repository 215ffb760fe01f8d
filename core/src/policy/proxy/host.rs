//! Hosts in the one form in which they are compared: as the URL parser gives them, never as text that somebody wrote.

use url::Host;

/// One final dot says that a name is absolute, which the names of URLs are anyway.
pub(super) fn without_final_dot<'a>(host: &Host<&'a str>) -> Host<&'a str> {
    match *host {
        Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(name)),
        Host::Ipv4(address) => Host::Ipv4(address),
        Host::Ipv6(address) => Host::Ipv6(address),
    }
}

/// The same of a host that is kept.
pub(super) fn read(text: &str) -> Option<Host<String>> {
    let mut host = Host::parse(text).ok()?;
    if let Host::Domain(name) = &mut host
        && name.ends_with('.')
    {
        name.pop();
    }
    Some(host)
}
