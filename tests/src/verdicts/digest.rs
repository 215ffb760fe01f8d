//! Kind `digest`: challenges, and what answers them: one by one, and over the requests of a client.

use std::collections::BTreeMap;

use sessile_core::{
    Authentication, AuthenticationCourse, Challenge, CredentialsError, DigestCredentials,
    DigestInput, DigestOffer, Method, NoAnswer, ProtectionSpace,
};

use super::case::{Case, octets};
use super::{Damaged, Judged, Mismatch};

pub(super) fn judge(case: &Case) -> Result<Judged, Damaged> {
    if case.has("steps") {
        return judge_steps(case);
    }
    let came = answered_once(case)?;
    compare(case, &came, "")
}

/// What a request or its repetition carries: the parameters of its line, unquoted.
#[derive(Debug)]
enum Came {
    Authorization(BTreeMap<Vec<u8>, Vec<u8>>),
    None,
    Error(&'static str),
}

impl Came {
    fn of(answer: Result<Option<Vec<u8>>, NoAnswer>) -> Result<Self, Damaged> {
        Ok(match answer {
            Ok(None) => Self::None,
            Ok(Some(line)) => Self::Authorization(parameters(&line).ok_or_else(|| {
                Damaged::new(format_args!("not a Digest line: {}", line.escape_ascii()))
            })?),
            Err(why) if why.is_error() => Self::Error(why.code()),
            Err(_) => Self::None,
        })
    }

    fn refused(why: CredentialsError) -> Self {
        Self::Error(match why {
            CredentialsError::Control => "control-character",
            _ => "credentials",
        })
    }
}

fn answered_once(case: &Case) -> Result<Came, Damaged> {
    let credentials = DigestCredentials::new(case.text("user")?, case.text("password")?);
    let credentials = match credentials {
        Ok(credentials) => credentials,
        Err(why) => return Ok(Came::refused(why)),
    };
    let sent = Sent::read(case)?;
    let count = u32::try_from(case.number("nc")?).map_err(Damaged::new)?;
    let lines = lines(case)?;
    let input = sent.input(case.text("cnonce")?);
    let offer = DigestOffer::choose(&Challenge::read(&lines), input.content);
    Came::of(offer.and_then(|offer| offer.answer(&credentials, &input, count).map(Some)))
}

fn judge_steps(case: &Case) -> Result<Judged, Damaged> {
    let who = Authentication::digest(case.text("user")?, case.text("password")?);
    let (mut space, mut course) = (ProtectionSpace::default(), AuthenticationCourse::default());
    let mut sent = None;
    for (number, step) in (1..).zip(case.objects("steps")?) {
        let cnonce = step.text("cnonce")?;
        let came = match (step.text("event")?, &who) {
            (_, Err(why)) => Came::refused(*why),
            ("request", Ok(who)) => {
                course = AuthenticationCourse::default();
                let input = sent.insert(Sent::read(&step)?).input(cnonce);
                Came::of(space.in_advance(who, &mut course, &input))?
            }
            ("401", Ok(who)) => {
                let sent = sent.as_ref();
                let sent = sent.ok_or_else(|| Damaged::new("a challenge before a request"))?;
                let lines = lines(&step)?;
                let challenges = Challenge::read(&lines);
                let input = sent.input(cnonce);
                let answer = space.challenged(who, &mut course, &challenges, &input);
                Came::of(answer.map(Some))?
            }
            (other, _) => return Err(Damaged::new(format_args!("`event` is {other}"))),
        };
        let judged = compare(&step, &came, &format!("step {number}: "))?;
        if judged.is_some() {
            return Ok(judged);
        }
    }
    Ok(None)
}

fn lines(case: &Case) -> Result<Vec<Vec<u8>>, Damaged> {
    case.list("challenge")?.iter().map(octets).collect()
}

/// A request as it is sent, once or again.
struct Sent {
    method: Method,
    target: String,
    content: Option<Vec<u8>>,
}

impl Sent {
    fn read(case: &Case) -> Result<Self, Damaged> {
        let method = Method::from_bytes(case.text("method")?.as_bytes()).map_err(Damaged::new)?;
        let content = case.has("content").then(|| case.octets("content"));
        Ok(Self {
            method,
            target: case.text("uri")?.to_owned(),
            content: content.transpose()?,
        })
    }

    fn input<'a>(&'a self, cnonce: &'a str) -> DigestInput<'a> {
        DigestInput {
            method: &self.method,
            target: &self.target,
            content: self.content.as_deref(),
            cnonce,
        }
    }
}

fn compare(case: &Case, came: &Came, place: &str) -> Result<Judged, Damaged> {
    let wanted = case.object("expect")?;
    let agrees = match came {
        Came::None => wanted.flag("none")?,
        Came::Error(code) => wanted.has("error") && wanted.text("error")? == *code,
        Came::Authorization(parameters) => {
            wanted.has("authorization") && *parameters == wanted_parameters(&wanted)?
        }
    };
    let came = format!("{place}{came}");
    Ok((!agrees).then(|| Mismatch::new(case.value("expect"), came)))
}

fn wanted_parameters(wanted: &Case) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Damaged> {
    let parameters = wanted.value("authorization").as_object();
    let parameters = parameters.ok_or_else(|| Damaged::new("`authorization` is no object"))?;
    let parameter = |(name, value): (&String, _)| Ok((name.clone().into_bytes(), octets(value)?));
    parameters.iter().map(parameter).collect()
}

/// The parameters of a line, unquoted; `None` if it is not written as a list of them, or holds one twice.
fn parameters(line: &[u8]) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut rest = line.strip_prefix(b"Digest ")?;
    let mut parameters = BTreeMap::new();
    loop {
        let equals = rest.iter().position(|octet| *octet == b'=')?;
        let name = rest[..equals].to_vec();
        let (value, behind) = value(&rest[equals + 1..])?;
        if parameters.insert(name, value).is_some() {
            return None;
        }
        rest = match behind {
            [] => return Some(parameters),
            _ => behind.strip_prefix(b", ")?,
        };
    }
}

fn value(octets: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(mut rest) = octets.strip_prefix(b"\"") else {
        let end = octets.iter().position(|octet| *octet == b',');
        let (value, behind) = octets.split_at(end.unwrap_or(octets.len()));
        return Some((value.to_vec(), behind));
    };
    let mut value = Vec::new();
    loop {
        match rest {
            [b'"', behind @ ..] => return Some((value, behind)),
            [b'\\', octet, behind @ ..] | [octet, behind @ ..] => {
                value.push(*octet);
                rest = behind;
            }
            [] => return None,
        }
    }
}

impl std::fmt::Display for Came {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Error(code) => write!(f, "error {code}"),
            Self::Authorization(parameters) => {
                let parameters = parameters.iter();
                let pairs = parameters.map(|(name, value)| {
                    format!("{}={}", name.escape_ascii(), value.escape_ascii())
                });
                f.write_str(&pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }
}
