//! The peers, with the same messages over the same pipe. What they allocate is reported and never judged.
//!
//! `hyper` and `ureq-proto` take their request by value, so each exchange makes one, as an application of theirs must;
//! what that alone costs is a row of its own. An application does with their heads what it does with ours.

mod httparse;
mod hyper;
mod ureq_proto;

use std::hint::black_box;

use http::{Request, Response, header, request};

use crate::messages::{ACCEPT, Answer, URL, USER_AGENT};
use crate::scenarios::Exchange;

pub(crate) use self::httparse::parse_alone;
pub(crate) use self::hyper::exchanges as hyper;
pub(crate) use self::ureq_proto::exchanges as ureq_proto;

/// A GET with the fields that both peers are told.
fn get(target: &str) -> request::Builder {
    Request::get(black_box(target))
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, ACCEPT)
}

/// What is done with a head at the least: the status, one field.
fn look_at<T>(head: &Response<T>) {
    black_box(head.status());
    black_box(head.headers().get(black_box("content-type")));
}

/// Makes a request and drops it.
pub(crate) fn request_alone(_: Answer) -> Exchange {
    Box::new(|| {
        black_box(get(URL).body(()).expect("the request is valid"));
    })
}
