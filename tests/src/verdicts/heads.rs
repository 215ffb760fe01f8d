//! Kind `heads`: requests and settings of a session, through the builder and the session's preparation.

use sessile_core::{
    Config, Content, Credentials, Error, ErrorKind, FieldError, FieldNames, Prepared, Request,
    RequestBuilder, Route,
};

use super::case::Case;
use super::{Damaged, Judged, Mismatch};

/// What came: heads, or the code of an error.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Heads(Prepared),
    Error(String),
}

impl Verdict {
    fn shown(&self) -> String {
        match self {
            Self::Error(code) => format!("error {code}"),
            Self::Heads(Prepared { connect, head }) => {
                let connect = connect.as_deref().unwrap_or_default();
                format!("\"{}{}\"", connect.escape_ascii(), head.escape_ascii())
            }
        }
    }
}

pub(super) fn judge(case: &Case) -> Result<Judged, Damaged> {
    let expected = expected(&case.object("expect")?)?;
    let came = match prepare(case)? {
        Ok(prepared) => Verdict::Heads(prepared),
        Err(code) => Verdict::Error(code),
    };
    Ok((came != expected).then(|| Mismatch::new(expected.shown(), came.shown())))
}

fn expected(expect: &Case) -> Result<Verdict, Damaged> {
    if expect.has("error") {
        return Ok(Verdict::Error(expect.text("error")?.to_owned()));
    }
    let connect = match expect.has("connect_head") {
        true => Some(expect.octets("connect_head")?),
        false => None,
    };
    Ok(Verdict::Heads(Prepared {
        connect,
        head: expect.octets("head")?,
    }))
}

/// The heads, or the code of what was refused first.
fn prepare(case: &Case) -> Result<Result<Prepared, String>, Damaged> {
    let config = match config(&case.object("session")?)? {
        Ok(config) => config,
        Err(error) => return Ok(Err(code_of(error))),
    };
    let route = match route(case)? {
        Ok(route) => route,
        Err(code) => return Ok(Err(code)),
    };
    let request = request(&case.object("request")?)?;
    let prepared = request.and_then(|request| config.prepare(&request, &route));
    Ok(prepared.map_err(|error| error.code().to_owned()))
}

fn config(session: &Case) -> Result<Result<Config, FieldError>, Damaged> {
    let mut config = Config::default();
    for (name, value) in session.lines("default_fields")? {
        if let Err(error) = config.fields.append(name, value) {
            return Ok(Err(error));
        }
    }
    let removed = names(&session.texts("remove")?);
    Ok(removed.map(|removed| Config { removed, ..config }))
}

fn names(list: &[String]) -> Result<FieldNames, FieldError> {
    let mut names = FieldNames::new();
    list.iter().try_for_each(|name| names.insert(name))?;
    Ok(names)
}

/// The core's word for a field line that was refused.
fn code_of(error: FieldError) -> String {
    let name = Box::from("");
    let kind = ErrorKind::Field { name, error };
    Error::new(kind, sessile_core::Stage::Prepare)
        .code()
        .to_owned()
}

fn route(case: &Case) -> Result<Result<Route, String>, Damaged> {
    let credentials = match case.list("proxy_credentials")? {
        [] => None,
        [user, password] => {
            let (user, password) = (super::case::octets(user)?, super::case::octets(password)?);
            match Credentials::new(user, password) {
                Ok(credentials) => Some(credentials),
                Err(_) => return Ok(Err("credentials".to_owned())),
            }
        }
        _ => return Err(Damaged::new("`proxy_credentials` is no pair")),
    };
    match case.text("via")? {
        "direct" | "unix" => Ok(Ok(Route::Direct)),
        "forward-proxy" => Ok(Ok(Route::ForwardProxy(credentials))),
        "connect" => Ok(Ok(Route::Tunnel(credentials))),
        other => Err(Damaged::new(format_args!("`via` is {other}"))),
    }
}

fn request(case: &Case) -> Result<Result<Request, Error>, Damaged> {
    let mut builder = RequestBuilder::new(case.text("method")?, case.text("url")?)
        .query(case.pairs("query")?)
        .headers(case.lines("fields")?);
    for name in case.texts("remove")? {
        builder = builder.remove_header(name);
    }
    if case.has("target") {
        builder = match case.text("target")? {
            "*" => builder.asterisk(),
            other => return Err(Damaged::new(format_args!("`target` is {other}"))),
        };
    }
    if case.has("content") {
        builder = builder.content(content(&case.object("content")?)?);
    }
    Ok(builder.build())
}

fn content(case: &Case) -> Result<Content, Damaged> {
    let length = match case.flag("chunked")? {
        true => None,
        false => Some(case.number("length")?),
    };
    Ok(Content::Stream { length })
}
