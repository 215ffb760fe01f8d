//! `httparse`: heads alone; interim ones are passed over.

use httparse::{ParserConfig, Response, Status};

use super::{Message, Reading};
use crate::scenario::{End, Scenario};

const MOST_FIELDS: usize = 128;

pub(super) fn read(scenario: &Scenario<'_>) -> Reading {
    let mut octets = scenario.octets;
    loop {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut response = Response::new(&mut fields);
        match ParserConfig::default().parse_response(&mut response, octets) {
            Err(error) => return Reading::Refused(error.to_string()),
            Ok(Status::Partial) if scenario.end == End::Open => return Reading::Waiting,
            Ok(Status::Partial) => return Reading::Refused("truncated".to_owned()),
            Ok(Status::Complete(length)) => octets = &octets[length..],
        }
        let status = response.code.unwrap_or_default();
        if status == 101 || !(100..200).contains(&status) {
            let lines = response.headers.iter();
            let lines = lines.map(|field| (field.name.as_bytes(), field.value));
            return Reading::Complete(Message::new(status, Vec::new(), false).with_lines(lines));
        }
    }
}
