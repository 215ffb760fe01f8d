//! `httparse` alone: it finds the lines of a head that stands in memory. No request, no framing, no content.

use std::hint::black_box;
use std::mem::MaybeUninit;

use httparse::{ParserConfig, Response, Status};

use crate::messages::Answer;
use crate::scenarios::Exchange;

/// Room for as many fields as the other contenders accept or more.
const MOST_FIELDS: usize = 128;

/// Parses the head of an answer again and again.
pub(crate) fn parse_alone(answer: Answer) -> Exchange {
    Box::new(move || {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let mut response = Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            black_box(&answer.octets),
            &mut fields,
        );
        assert!(matches!(parsed, Ok(Status::Complete(_))), "{parsed:?}");
        black_box(response.headers);
    })
}
