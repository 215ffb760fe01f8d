//! Whether what came is what one alternative of a case says. Only what it mentions is compared; of an error only that it
//! is one, and that nothing was delivered before it that the case does not allow.

use super::drive::{Head, Lines, Octets, Outcome, Response};
use crate::verdicts::Damaged;
use crate::verdicts::case::Case;

/// One way in which a case may end.
#[derive(Debug)]
pub(super) struct Alternative {
    outcome: String,
    responses: Option<Vec<Wanted>>,
    /// What may be delivered of a response that does not come to its end.
    partial: Option<Wanted>,
    leftover: Option<Octets>,
    reusable: Option<bool>,
    folded: bool,
}

/// A response as a case describes it.
#[derive(Debug)]
struct Wanted {
    interim: Vec<(u16, Lines)>,
    head: Option<Head>,
    content: Octets,
    trailers: Lines,
}

impl Alternative {
    pub(super) fn read(case: &Case, folded: bool) -> Result<Self, Damaged> {
        let responses = case.objects("responses")?;
        let responses = responses
            .iter()
            .map(Wanted::read)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            outcome: case.text("outcome")?.to_owned(),
            responses: case.mentions("responses").then_some(responses),
            partial: match case.has("partial") {
                true => Some(Wanted::read(&case.object("partial")?)?),
                false => None,
            },
            leftover: match case.has("leftover") {
                true => Some(Octets(case.octets("leftover")?)),
                false => None,
            },
            reusable: match case.has("reusable") {
                true => Some(case.flag("reusable")?),
                false => None,
            },
            folded,
        })
    }
}

impl Wanted {
    fn read(case: &Case) -> Result<Self, Damaged> {
        let interim = case.objects("interim")?;
        let interim = interim
            .iter()
            .map(|interim| Ok((status(interim)?, lines(interim, "headers")?)));
        Ok(Self {
            interim: interim.collect::<Result<_, Damaged>>()?,
            head: match case.has("status") {
                true => Some(head(case)?),
                false => None,
            },
            content: match case.has("body") {
                true => Octets(case.octets("body")?),
                false => Octets::default(),
            },
            trailers: lines(case, "trailers")?,
        })
    }
}

fn lines(case: &Case, key: &str) -> Result<Lines, Damaged> {
    let lines = case.lines(key)?.into_iter();
    Ok(lines
        .map(|(name, value)| (Octets(name), Octets(value)))
        .collect())
}

fn status(case: &Case) -> Result<u16, Damaged> {
    u16::try_from(case.number("status")?).map_err(Damaged::new)
}

fn head(case: &Case) -> Result<Head, Damaged> {
    Ok(Head {
        version: case.text("version")?.to_owned(),
        status: status(case)?,
        reason: match case.has("reason") {
            true => Octets(case.octets("reason")?),
            false => Octets::default(),
        },
        lines: lines(case, "headers")?,
        framing: match case.text("framing")? {
            "none" => "none",
            "length" => "length",
            "chunked" => "chunked",
            "close" => "close",
            "tunnel" => "tunnel",
            "upgrade" => "upgrade",
            other => return Err(Damaged::new(format_args!("`framing` is {other}"))),
        },
        persistent: case.flag("persistent")?,
    })
}

pub(super) fn agrees(wanted: &Alternative, came: &Outcome) -> bool {
    if wanted.outcome != came.verdict.word() {
        return false;
    }
    let Some(responses) = &wanted.responses else {
        return wanted
            .reusable
            .is_none_or(|reusable| reusable == came.reusable);
    };
    let finished = responses.len() == came.responses.len()
        && responses
            .iter()
            .zip(&came.responses)
            .all(|(wanted_one, came_one)| is_same(wanted_one, came_one, wanted.folded));
    finished
        && lets_through(wanted, &came.partial)
        && wanted
            .reusable
            .is_none_or(|reusable| reusable == came.reusable)
        && wanted
            .leftover
            .as_ref()
            .is_none_or(|leftover| *leftover == came.leftover)
}

fn is_same(wanted: &Wanted, came: &Response, folded: bool) -> bool {
    let head = match (&wanted.head, &came.head) {
        (Some(wanted), Some(came)) => is_same_head(wanted, came, folded),
        _ => false,
    };
    head && is_same_interim(&wanted.interim, &came.interim, folded)
        && wanted.content == came.content
        && are_same_lines(&wanted.trailers, &came.trailers, folded)
}

fn is_same_head(wanted: &Head, came: &Head, folded: bool) -> bool {
    are_same_lines(&wanted.lines, &came.lines, folded)
        && (&wanted.version, wanted.status, &wanted.reason)
            == (&came.version, came.status, &came.reason)
        && (wanted.framing, wanted.persistent) == (came.framing, came.persistent)
}

fn is_same_interim(wanted: &[(u16, Lines)], came: &[(u16, Lines)], folded: bool) -> bool {
    wanted.len() == came.len()
        && wanted
            .iter()
            .zip(came)
            .all(|(wanted, came)| wanted.0 == came.0 && are_same_lines(&wanted.1, &came.1, folded))
}

fn are_same_lines(wanted: &Lines, came: &Lines, folded: bool) -> bool {
    let value = |value: &[u8]| match folded {
        true => squeezed(value),
        false => value.to_vec(),
    };
    wanted.len() == came.len()
        && wanted
            .iter()
            .zip(came)
            .all(|(wanted, came)| wanted.0 == came.0 && value(&wanted.1.0) == value(&came.1.0))
}

/// A folded line may become any number of blanks.
fn squeezed(value: &[u8]) -> Vec<u8> {
    let mut squeezed = Vec::new();
    for &octet in value {
        let blank = octet == b' ' || octet == b'\t';
        if !blank {
            squeezed.push(octet);
        } else if squeezed.last() != Some(&b' ') {
            squeezed.push(b' ');
        }
    }
    squeezed
}

/// Whether no more was delivered of an unfinished response than may be.
fn lets_through(wanted: &Alternative, came: &Response) -> bool {
    let Some(partial) = &wanted.partial else {
        return *came == Response::default();
    };
    let head = match (&partial.head, &came.head) {
        (_, None) => true,
        (Some(wanted_head), Some(came)) => {
            // Of a head in part a case need not tell the reason.
            let mut wanted_head = wanted_head.clone();
            wanted_head.reason.clone_from(&came.reason);
            is_same_head(&wanted_head, came, wanted.folded)
        }
        (None, Some(_)) => false,
    };
    let interim = came.interim.len().min(partial.interim.len());
    head && came.interim.len() <= partial.interim.len()
        && is_same_interim(&partial.interim[..interim], &came.interim, wanted.folded)
        && partial.content.0.starts_with(&came.content.0)
        && came.trailers.is_empty()
}
