//! Which proxy, by rules of any text.
//!
//! ```text
//! http://www.example.org/      the URL
//! http_proxy=px.test:3128      a variable, and a rule if its name is a rule's key
//! all://example.org=socks5://px.test
//! ```

use sessile_core::{Proxy, ProxyRules, Url};

/// Asserts that a host has its proxy in capitals and with a final dot, too; that what a proxy shows of itself is read as the
/// same proxy; and that credentials in a value change neither where it leads nor what anything shows.
///
/// # Panics
/// If one of these does not hold.
pub fn proxies(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let Ok(url) = Url::parse(lines.next().unwrap_or_default()) else {
        return;
    };
    let pairs: Vec<_> = lines.filter_map(|line| line.split_once('=')).collect();
    let plain = rules(&pairs, |_, value| value.to_owned());
    let secret = rules(&pairs, with_secret);
    let chosen = plain.select(&url);
    assert_eq!(plain.select(&spelled_otherwise(&url)), chosen);
    let with_secret = secret.select(&url);
    let said = format!(
        "{secret:?} {with_secret:?} {:?}",
        with_secret.map_err(|error| error.to_string())
    );
    assert!(!said.contains(SECRET), "{said}");
    let Ok(Some(proxy)) = chosen else {
        return;
    };
    let bare = proxy
        .clone()
        .credentials("", "")
        .expect("nothing to refuse");
    assert_eq!(Proxy::parse(&proxy.to_string()), Ok(bare));
    if let Ok(with_secret) = with_secret {
        let with_secret = with_secret.expect("another value, not another rule");
        assert!(with_secret.has_credentials());
        assert_eq!(with_secret.to_string(), proxy.to_string());
    }
}

/// No host has capitals.
const SECRET: &str = "CANARY";

fn with_secret(name: &str, value: &str) -> String {
    let blanks = [' ', '\t'];
    let value = value.trim_matches(blanks);
    match value.split_once("://") {
        _ if value.is_empty() || name.eq_ignore_ascii_case("no_proxy") => value.to_owned(),
        Some((scheme, rest)) => format!("{scheme}://{SECRET}:{SECRET}@{rest}"),
        None => format!("{SECRET}:{SECRET}@{value}"),
    }
}

/// Each pair is a variable, and a rule if its name is a key.
fn rules(pairs: &[(&str, &str)], value: impl Fn(&str, &str) -> String) -> ProxyRules {
    let pairs = pairs.iter().map(|(name, text)| (*name, value(name, text)));
    let pairs = Vec::from_iter(pairs);
    let rules = ProxyRules::from_pairs(pairs.iter().map(|(name, value)| (name, value)));
    let add = |rules: ProxyRules, (key, value): &(&str, String)| {
        rules.clone().rule(key, Some(value)).unwrap_or(rules)
    };
    pairs.iter().fold(rules, add)
}

/// In capitals, and with a final dot where one may stand.
fn spelled_otherwise(url: &Url) -> Url {
    let mut other = url.clone();
    if let Some(host) = url.host_str() {
        let dot = if host.ends_with(['.', ']']) { "" } else { "." };
        let _ = other.set_host(Some(&format!("{}{dot}", host.to_ascii_uppercase())));
    }
    other
}
