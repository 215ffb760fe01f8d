//! One connection to a proxy of HTTP, as long as requests come on it.

use std::sync::Arc;

use super::forward::{Targets, target_of};
use super::{Refusal, Shared};
use crate::origin::{Act, Request, RequestReader, chunked, head, response};
use crate::proxies::Fault;
use crate::proxies::passage::{Answer, Gate};

/// What a 407 says.
const REFUSED: &[u8] = b"say who you are\n";

pub(super) struct HttpGate {
    shared: Arc<Shared>,
    reader: RequestReader,
    targets: Targets,
}

impl HttpGate {
    pub(super) fn new(shared: Arc<Shared>, connection: usize) -> Self {
        Self {
            targets: Targets::new(shared.reach.clone()),
            reader: RequestReader::new(connection),
            shared,
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        if let Some(challenge) = self.challenge(request) {
            return self.refuse_entry(&challenge);
        }
        let instead = self.shared.instead.as_ref();
        if let Some(acts) = instead.and_then(|script| script(request)) {
            return Answer::Go(acts);
        }
        match request.method.as_str() {
            "CONNECT" => self.connect(request),
            _ => Answer::Go(self.targets.forward(request).unwrap_or_else(unreachable)),
        }
    }

    fn challenge(&self, request: &Request) -> Option<Vec<String>> {
        self.shared.doorkeeper.as_ref()?.challenge(request)
    }

    fn refuse_entry(&self, challenges: &[String]) -> Answer {
        let challenges = challenges.iter();
        let mut fields: Vec<(&str, &str)> = challenges
            .map(|challenge| ("Proxy-Authenticate", challenge.as_str()))
            .collect();
        let octets = match self.shared.refusal {
            Refusal::Length => response(407, &fields, REFUSED),
            Refusal::Chunked => chunked(407, &fields, &[REFUSED], &[]),
            Refusal::Closing => {
                fields.push(("Connection", "close"));
                response(407, &fields, REFUSED)
            }
            Refusal::UntilTheEnd => [&head(407, &fields), REFUSED].concat(),
        };
        match self.shared.refusal {
            Refusal::Length | Refusal::Chunked => Answer::Go(vec![Act::Send(octets)]),
            Refusal::Closing | Refusal::UntilTheEnd => {
                Answer::Shut(vec![Act::Send(octets), Act::Finish])
            }
        }
    }

    fn connect(&self, request: &Request) -> Answer {
        let Some(peer) = self.shared.reach.connect(&request.target) else {
            return Answer::Go(unreachable());
        };
        let mut acts = Vec::new();
        if !self.shared.before.is_empty() {
            acts.push(Act::Send(self.shared.before.clone()));
        }
        acts.push(Act::Send(self.shared.success.clone()));
        Answer::Open(acts, peer)
    }
}

impl Gate for HttpGate {
    fn hear(&mut self, bytes: &[u8]) -> Result<Answer, Fault> {
        let Some(request) = self.reader.read(bytes).map_err(Fault::Request)? else {
            return Ok(Answer::Go(Vec::new()));
        };
        self.shared.heads.note(request.head.clone());
        if !self.reader.is_idle() {
            return Err(Fault::BeforeAnswer);
        }
        judge(&request)?;
        Ok(self.answer(&request))
    }

    fn is_idle(&self) -> bool {
        self.reader.is_idle()
    }

    fn refuse(&self, fault: Fault) -> Vec<u8> {
        let fields = [("Content-Type", "text/plain"), ("Connection", "close")];
        response(400, &fields, fault.to_string().as_bytes())
    }
}

/// What the reader does not know: that we are a proxy.
fn judge(request: &Request) -> Result<(), Fault> {
    if request.values("proxy-authorization").count() > 1 {
        return Err(Fault::RepeatedCredentials);
    }
    if request.field("proxy-connection").is_some() {
        return Err(Fault::ProxyConnection);
    }
    if request.method != "CONNECT" {
        return target_of(request).map(|_| ());
    }
    let host = request.target.rsplit_once(':').map(|(host, _)| host);
    match request.field("host") {
        Some(said) if said == request.target.as_bytes() => Ok(()),
        // The example of RFC 9112 §3.2.3 leaves the port out.
        said if said == host.map(str::as_bytes) => Ok(()),
        _ => Err(Fault::HostDiffers),
    }
}

fn unreachable() -> Vec<Act> {
    let fields = [("Content-Type", "text/plain")];
    vec![Act::Send(response(502, &fields, b"nothing is there\n"))]
}
