//! Kind `redirects`: whole chains, through the redirect policy and the session's preparation of each request.

use serde_json::{Value, json};
use sessile_core::{
    Config, Content, RedirectPolicy, Redirecting, Redirects, Request, RequestBuilder, Route,
    StatusCode,
};

use super::case::Case;
use super::{Damaged, Judged, Mismatch};

pub(super) fn judge(case: &Case) -> Result<Judged, Damaged> {
    let expected = case.value("expect").clone();
    let came = follow(case)?;
    Ok((came != expected).then(|| Mismatch::new(expected, came)))
}

/// The chain as the core goes through it, in the words of a case.
fn follow(case: &Case) -> Result<Value, Damaged> {
    let policy = policy(&case.object("options")?)?;
    let asked = case.object("request")?;
    let once = asked.text("content")? == "once";
    let mut request = request(&asked)?;
    let mut redirects = Redirects::from(request.origin().clone());
    let mut requests = vec![shown(&request)?];
    for hop in case.objects("hops")? {
        let status = u16::try_from(hop.number("status")?).map_err(Damaged::new)?;
        let status = StatusCode::from_u16(status).map_err(Damaged::new)?;
        let locations = hop.byte_strings("location")?;
        let facts = Redirecting {
            url: request.url(),
            method: request.method(),
            rewindable: !once || matches!(request.content(), Content::Empty),
        };
        let Some(policy) = policy else {
            break;
        };
        let locations = locations.iter().map(Vec::as_slice);
        let redirect = match redirects.after(&policy, &facts, status, locations) {
            Ok(None) => break,
            Ok(Some(redirect)) => redirect,
            Err(error) => {
                return Ok(json!({ "requests": requests, "end": { "error": error.as_str() } }));
            }
        };
        request = request.redirected(&redirect).map_err(Damaged::new)?;
        requests.push(shown(&request)?);
    }
    Ok(json!({ "requests": requests, "end": "response" }))
}

fn policy(options: &Case) -> Result<Option<RedirectPolicy>, Damaged> {
    let policy = RedirectPolicy {
        max: u32::try_from(options.number("max")?).map_err(Damaged::new)?,
        allow_downgrade: options.flag("allow_downgrade")?,
    };
    Ok(options.flag("follow")?.then_some(policy))
}

fn request(asked: &Case) -> Result<Request, Damaged> {
    let mut builder = RequestBuilder::new(asked.text("method")?, asked.text("url")?);
    let marks = asked
        .list("fields")?
        .iter()
        .map(|line| line[2] == "sensitive");
    for ((name, value), sensitive) in asked.lines("fields")?.into_iter().zip(marks) {
        builder = match sensitive {
            true => builder.sensitive_header(name, value),
            false => builder.header(name, value),
        };
    }
    builder = match asked.text("content")? {
        "none" => builder,
        "replayable" => builder.body("four"),
        "once" => builder.content(Content::Stream { length: Some(4) }),
        other => return Err(Damaged::new(format_args!("`content` is {other}"))),
    };
    builder.build().map_err(Damaged::new)
}

/// A request as a session would send it.
fn shown(request: &Request) -> Result<Value, Damaged> {
    let mut url = request.url().clone();
    url.set_username("")
        .and_then(|()| url.set_password(None))
        .map_err(|()| Damaged::new("no host"))?;
    let latin = |octets: &[u8]| {
        octets
            .iter()
            .map(|&octet| char::from(octet))
            .collect::<String>()
    };
    let fields: Vec<_> = request
        .fields()
        .iter()
        .map(|field| json!([latin(field.name.as_bytes()), latin(field.value)]))
        .collect();
    let mut shown = json!({
        "method": request.method().as_str(),
        "url": url.as_str(),
        "content": !matches!(request.content(), Content::Empty),
        "fields": fields,
    });
    if let Some(basic) = basic(request)? {
        shown["basic"] = latin(&basic).into();
    }
    Ok(shown)
}

/// The credentials that its head carries although no field of its own does.
fn basic(request: &Request) -> Result<Option<Vec<u8>>, Damaged> {
    use base64::Engine as _;
    if request.fields().get("Authorization").is_some() {
        return Ok(None);
    }
    let prepared = Config::default().prepare(request, &Route::Direct);
    let head = prepared.map_err(Damaged::new)?.head;
    let mut lines = head.split(|&octet| octet == b'\n');
    let pair = lines.find_map(|line| line.strip_prefix(b"Authorization: Basic "));
    let pair = pair.map(|pair| base64::engine::general_purpose::STANDARD.decode(pair.trim_ascii()));
    pair.transpose().map_err(Damaged::new)
}
