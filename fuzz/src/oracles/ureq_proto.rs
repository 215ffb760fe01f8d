//! `ureq-proto`: one call over octets in memory; what its caller knows of the stream's end, we add.

use sessile_core::http::{Request, Response};
use ureq_proto::client::state::{RecvBody, RecvResponse};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};
use ureq_proto::{BodyMode, Error};

use super::{Message, Reading};
use crate::scenario::{End, Scenario};

pub(super) fn read(scenario: &Scenario<'_>) -> Reading {
    match receive(scenario) {
        Ok(Some(message)) => Reading::Complete(message),
        Ok(None) if scenario.end == End::Open => Reading::Waiting,
        Ok(None) => Reading::Refused("truncated".to_owned()),
        Err(error) => Reading::Refused(error.to_string()),
    }
}

/// `None` if more octets would be needed.
fn receive(scenario: &Scenario<'_>) -> Result<Option<Message>, Error> {
    let mut rest = scenario.octets;
    let mut call = send(scenario)?;
    let head = loop {
        let (used, head) = call.try_response(rest, false)?;
        rest = &rest[used..];
        match head {
            Some(head) => break head,
            None if used == 0 => return Ok(None),
            None => {}
        }
    };
    match call.proceed() {
        Some(RecvResponseResult::RecvBody(call)) => content(scenario, call, &head, rest),
        Some(RecvResponseResult::Redirect(call)) => Ok(Some(message(
            &head,
            Vec::new(),
            !call.must_close_connection(),
        ))),
        Some(RecvResponseResult::Cleanup(call)) => Ok(Some(message(
            &head,
            Vec::new(),
            !call.must_close_connection(),
        ))),
        None => Ok(None),
    }
}

fn send(scenario: &Scenario<'_>) -> Result<Call<RecvResponse>, Error> {
    let request = Request::builder()
        .method(scenario.method.clone())
        .uri("http://a/")
        .body(())
        .expect("a good request");
    let mut call = Call::new(request)?.proceed();
    let mut out = [0; 256];
    call.write(&mut out)?;
    match call.proceed()? {
        Some(SendRequestResult::RecvResponse(call)) => Ok(call),
        _ => panic!("there is no content"),
    }
}

fn content(
    scenario: &Scenario<'_>,
    mut call: Call<RecvBody>,
    head: &Response<()>,
    mut rest: &[u8],
) -> Result<Option<Message>, Error> {
    let mut content = Vec::new();
    let mut space = vec![0; rest.len() + 1];
    loop {
        let (used, given) = call.read(rest, &mut space)?;
        content.extend_from_slice(&space[..given]);
        rest = &rest[used..];
        if used == 0 && given == 0 {
            break;
        }
    }
    // Content that ends with the stream is complete when its caller has seen the end.
    let closes = call.body_mode() == BodyMode::CloseDelimited;
    if !call.can_proceed() || closes && scenario.end != End::Clean {
        return Ok(None);
    }
    let reusable = match call.proceed() {
        Some(RecvBodyResult::Cleanup(call)) => !call.must_close_connection(),
        Some(RecvBodyResult::Redirect(call)) => !call.must_close_connection(),
        None => false,
    };
    Ok(Some(message(head, content, reusable)))
}

fn message(head: &Response<()>, content: Vec<u8>, reusable: bool) -> Message {
    Message::new(head.status().as_u16(), content, reusable).with_map(head.headers())
}
