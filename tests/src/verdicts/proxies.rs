//! Kind `proxies`: which proxy a URL has, through the rules made of what an environment and an application say.

use serde_json::{Map, Value, json};
use sessile_core::{Proxy, ProxyError, ProxyRules, Url};

use super::case::Case;
use super::{Damaged, Judged, Mismatch};

pub(super) fn judge(case: &Case) -> Result<Judged, Damaged> {
    let wanted = case.value("expect");
    let came = match chosen(case)? {
        Ok(proxy) => shown(proxy.as_ref()),
        Err(code) => json!({ "error": code }),
    };
    Ok((came != *wanted).then(|| Mismatch::new(wanted, came)))
}

/// The proxy of a case's URL, or the code of why there is none to tell.
fn chosen(case: &Case) -> Result<Result<Option<Proxy>, &'static str>, Damaged> {
    let Ok(url) = Url::parse(case.text("url")?) else {
        return Ok(Err("url"));
    };
    let choose = |rules: ProxyRules| rules.select(&url).map(|proxy| proxy.cloned());
    let chosen = rules(case)?.and_then(choose);
    Ok(chosen.map_err(ProxyError::code))
}

fn rules(case: &Case) -> Result<Result<ProxyRules, ProxyError>, Damaged> {
    let mut variables = Vec::new();
    for (name, value) in object(case, "vars")? {
        variables.push((name, text(value)?));
    }
    let mut rules = Ok(ProxyRules::from_pairs(variables));
    if case.mentions("rules") {
        for (key, value) in object(case, "rules")? {
            let value = (!value.is_null()).then(|| text(value)).transpose()?;
            rules = rules.and_then(|rules| rules.rule(key, value));
        }
    }
    Ok(rules)
}

fn object<'a>(case: &'a Case, key: &str) -> Result<&'a Map<String, Value>, Damaged> {
    let object = case.value(key).as_object();
    object.ok_or_else(|| Damaged::new(format_args!("`{key}` is no object")))
}

fn text(value: &Value) -> Result<&str, Damaged> {
    let text = value.as_str();
    text.ok_or_else(|| Damaged::new("a variable or a rule that is no text"))
}

/// In the words of a case: octets have one code point each.
fn shown(proxy: Option<&Proxy>) -> Value {
    let Some(proxy) = proxy else {
        return json!({ "proxy": null });
    };
    let mut shown = json!({ "proxy": proxy.to_string() });
    let octets = |octets: &[u8]| octets.iter().copied().map(char::from).collect::<String>();
    for (key, value) in [("user", proxy.user()), ("password", proxy.password())] {
        if let Some(value) = value {
            shown[key] = octets(value).into();
        }
    }
    shown
}
