//! Routes for what a session remembers and decides: redirects, cookies, credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::Answer;
use super::echo::decoded_pairs;
use super::{NoRoute, text};
use crate::origin::{Request, response};

/// So many redirects, the last one to what shows the request.
pub(super) fn redirects(count: usize) -> Result<Answer, NoRoute> {
    match count.checked_sub(1) {
        None => Err(NoRoute::BadNumber),
        Some(0) => Ok(redirect(302, "/get", &[])),
        Some(left) => Ok(redirect(302, &format!("/redirect/{left}"), &[])),
    }
}

/// A redirect to where the query says, with the status that it says.
pub(super) fn redirect_to(request: &Request) -> Result<Answer, NoRoute> {
    let pairs = pairs(request)?;
    let value = |name: &str| {
        let pair = pairs.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.as_str())
    };
    let status = value("status").unwrap_or("302").parse();
    let status = status.map_err(|_| NoRoute::BadNumber)?;
    if !(300..400).contains(&status) {
        return Err(NoRoute::BadNumber);
    }
    Ok(redirect(
        status,
        value("url").ok_or(NoRoute::BadField)?,
        &[],
    ))
}

/// The cookies of the request, one per line.
pub(super) fn cookies(request: &Request) -> Answer {
    let line = request.field("cookie").unwrap_or_default();
    let line = String::from_utf8_lossy(line).replace("; ", "\n");
    text(200, &line)
}

pub(super) fn set_cookies(request: &Request) -> Result<Answer, NoRoute> {
    let lines: Vec<_> = pairs(request)?
        .iter()
        .map(|(name, value)| format!("{name}={value}; Path=/"))
        .collect();
    Ok(with_cookies(&lines))
}

pub(super) fn delete_cookies(request: &Request) -> Result<Answer, NoRoute> {
    let lines: Vec<_> = pairs(request)?
        .iter()
        .map(|(name, _)| format!("{name}=; Path=/; Max-Age=0"))
        .collect();
    Ok(with_cookies(&lines))
}

fn with_cookies(lines: &[String]) -> Answer {
    let fields: Vec<_> = lines.iter().map(|line| ("Set-Cookie", &**line)).collect();
    redirect(302, "/cookies", &fields)
}

/// What a user and a password open.
pub(super) fn basic(request: &Request, user: &str, password: &str) -> Answer {
    let pair = STANDARD.encode(format!("{user}:{password}"));
    behind(request, &format!("Basic {pair}"), "Basic realm=\"demo\"")
}

/// What a token opens.
pub(super) fn bearer(request: &Request, token: &str) -> Answer {
    behind(request, &format!("Bearer {token}"), "Bearer realm=\"demo\"")
}

fn behind(request: &Request, wanted: &str, challenge: &str) -> Answer {
    if request.field("authorization") == Some(wanted.as_bytes()) {
        return text(200, "welcome\n");
    }
    let fields = [("WWW-Authenticate", challenge)];
    Answer::whole(response(401, &fields, b"who are you?\n"))
}

fn redirect(status: u16, location: &str, fields: &[(&str, &str)]) -> Answer {
    let fields = [&[("Location", location)], fields].concat();
    Answer::whole(response(status, &fields, b"elsewhere\n"))
}

fn pairs(request: &Request) -> Result<Vec<(String, String)>, NoRoute> {
    decoded_pairs(request.query().unwrap_or_default()).ok_or(NoRoute::BadField)
}
