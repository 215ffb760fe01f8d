//! Kind `responses`: the octets of a peer, through the reading half of a connection; whole, octet by octet and at every
//! two-way split.

mod compare;
mod drive;

use super::case::Case;
use super::{Damaged, Judged, Mismatch, Strictness};
use compare::{Alternative, agrees};
use drive::{Script, drive};

pub(super) fn judge(case: &Case, strictness: Strictness) -> Result<Judged, Damaged> {
    let script = Script::read(case)?;
    let mut alternatives = vec![case.object("expect")?];
    if strictness == Strictness::Allowed {
        alternatives.extend(case.objects("allowed")?);
    }
    let folded = case.texts("tags")?.iter().any(|tag| tag == "obs-fold");
    let alternatives = alternatives
        .iter()
        .map(|alternative| Alternative::read(alternative, folded))
        .collect::<Result<Vec<_>, _>>()?;
    for pieces in segmentations(script.octets.len()) {
        let outcome = drive(&script, &pieces);
        if !alternatives
            .iter()
            .any(|alternative| agrees(alternative, &outcome))
        {
            let came = format!("{outcome:?} in pieces of {pieces:?}");
            return Ok(Some(Mismatch::new(
                format_args!("{:?}", alternatives[0]),
                came,
            )));
        }
    }
    Ok(None)
}

/// The lengths of the pieces in which the octets come.
fn segmentations(length: usize) -> impl Iterator<Item = Vec<usize>> {
    let splits = (1..length).map(move |at| vec![at, length - at]);
    [vec![length], vec![1; length]].into_iter().chain(splits)
}
