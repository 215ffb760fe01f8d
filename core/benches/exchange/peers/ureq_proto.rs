//! `ureq-proto`: a call from its request to its cleanup, with buffers that the caller keeps from one call to the next.

use std::hint::black_box;
use std::io::{Read, Write};

use ureq_proto::client::state::{Cleanup, RecvBody, RecvResponse};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};

use super::{get, look_at};
use crate::messages::{Answer, URL};
use crate::pipe::Pipe;
use crate::scenarios::Exchange;

/// Room for a request head.
const HEAD: usize = 4 * 1024;
/// Room for the largest response in one piece: larger than any read of our own, so that it never reads twice.
const RESPONSE: usize = 128 * 1024;

struct Client {
    pipe: Pipe,
    content: usize,
    out: Vec<u8>,
    input: Vec<u8>,
    /// It copies content to the caller.
    body: Vec<u8>,
}

impl Client {
    fn new(answer: Answer) -> Self {
        Self {
            pipe: Pipe::new(answer.octets),
            content: answer.content,
            out: vec![0; HEAD],
            input: vec![0; RESPONSE],
            body: vec![0; RESPONSE],
        }
    }

    fn exchange(&mut self) {
        let call = self.send();
        let read = self.pipe.read(&mut self.input);
        let end = read.expect("the answer is there");
        let (call, head) = self.receive_head(call, end);
        let (call, content) = self.receive_content(call, head, end);
        assert!(!call.must_close_connection());
        assert_eq!(content, self.content);
        black_box(&self.body[..content]);
    }

    fn send(&mut self) -> Call<RecvResponse> {
        let request = get(URL).body(()).expect("the request is valid");
        let mut call = Call::new(request).expect("the request is valid").proceed();
        let count = call.write(&mut self.out).expect("there is room");
        let written = self.pipe.write(&self.out[..count]);
        written.expect("the pipe takes all");
        match call.proceed() {
            Ok(Some(SendRequestResult::RecvResponse(call))) => call,
            _ => panic!("a GET has no content"),
        }
    }

    /// Reads the head; how long it was.
    fn receive_head(&self, mut call: Call<RecvResponse>, end: usize) -> (Call<RecvBody>, usize) {
        let read = call.try_response(&self.input[..end], false);
        let (count, response) = read.expect("the response is good");
        look_at(&response.expect("the head is complete"));
        match call.proceed() {
            Some(RecvResponseResult::RecvBody(call)) => (call, count),
            _ => panic!("the response has content"),
        }
    }

    /// Reads the content to its end; how much it was.
    fn receive_content(
        &mut self,
        mut call: Call<RecvBody>,
        mut start: usize,
        end: usize,
    ) -> (Call<Cleanup>, usize) {
        let mut content = 0;
        while !call.can_proceed() {
            let read = call.read(&self.input[start..end], &mut self.body[content..]);
            let (used, copied) = read.expect("the content is good");
            assert!(used > 0, "the whole response is there");
            start += used;
            content += copied;
        }
        assert_eq!(start, end);
        match call.proceed() {
            Some(RecvBodyResult::Cleanup(call)) => (call, content),
            _ => panic!("there is nowhere to be sent"),
        }
    }
}

/// Exchanges, one call after the other.
pub(crate) fn exchanges(answer: Answer) -> Exchange {
    let mut client = Client::new(answer);
    Box::new(move || client.exchange())
}
