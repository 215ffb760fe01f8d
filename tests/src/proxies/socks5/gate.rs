//! One connection to a proxy of SOCKS 5, until it is let through.

use std::sync::Arc;

use super::messages::{
    ANYBODY, NONE, PASSWORD, method, read_credentials, read_methods, read_target, reply, status,
};
use super::{Shared, Stage};
use crate::origin::Act;
use crate::proxies::Fault;
use crate::proxies::passage::{Answer, Gate};

/// Replies of RFC 1928 §6.
const SUCCEEDED: u8 = 0;
const GENERAL_FAILURE: u8 = 1;
const HOST_UNREACHABLE: u8 = 4;
const UNKNOWN_COMMAND: u8 = 7;
const UNKNOWN_ADDRESS_TYPE: u8 = 8;

pub(super) struct Socks5Gate {
    shared: Arc<Shared>,
    stage: Stage,
    /// What has come of the message of this stage.
    octets: Vec<u8>,
}

impl Socks5Gate {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            stage: Stage::Methods,
            octets: Vec::new(),
        }
    }

    /// Takes the message, of which there are `length` octets: a client that has said more does not wait for answers.
    fn take(&mut self, length: usize) -> Result<(), Fault> {
        if self.octets.len() > length {
            return Err(Fault::BeforeAnswer);
        }
        self.octets.clear();
        Ok(())
    }

    fn hear_methods(&mut self) -> Result<Option<Answer>, Fault> {
        let Some((methods, length)) = read_methods(&self.octets)? else {
            return Ok(None);
        };
        self.take(length)?;
        self.shared.methods.note(methods.clone());
        let (wanted, next) = match self.shared.known {
            None => (ANYBODY, Stage::Target),
            Some(_) => (PASSWORD, Stage::Credentials),
        };
        if !methods.contains(&wanted) {
            // It is the client that closes now (RFC 1928 §3).
            return Ok(Some(Answer::Shut(vec![Act::Send(method(NONE))])));
        }
        self.stage = next;
        Ok(Some(Answer::Go(vec![Act::Send(method(wanted))])))
    }

    fn hear_credentials(&mut self) -> Result<Option<Answer>, Fault> {
        let Some((said, length)) = read_credentials(&self.octets)? else {
            return Ok(None);
        };
        self.take(length)?;
        let known = self.shared.known.as_ref();
        if known.is_none_or(|known| (&known.user, &known.password) != (&said.0, &said.1)) {
            let refused = vec![Act::Send(status(GENERAL_FAILURE)), Act::Finish];
            return Ok(Some(Answer::Shut(refused)));
        }
        self.stage = Stage::Target;
        Ok(Some(Answer::Go(vec![Act::Send(status(SUCCEEDED))])))
    }

    fn hear_target(&mut self) -> Result<Option<Answer>, Fault> {
        let Some((target, length)) = read_target(&self.octets)? else {
            return Ok(None);
        };
        self.take(length)?;
        self.shared.targets.note(target.told());
        let bound = self.shared.bound;
        let shut = |code| {
            let acts = vec![Act::Send(reply(code, bound)), Act::Finish];
            Ok(Some(Answer::Shut(acts)))
        };
        if let Some(code) = self.shared.refusal {
            return shut(code);
        }
        let Some(peer) = self.shared.reach.connect(&target.authority()) else {
            return shut(HOST_UNREACHABLE);
        };
        let octets = [reply(SUCCEEDED, bound), self.shared.behind.clone()].concat();
        Ok(Some(Answer::Open(vec![Act::Send(octets)], peer)))
    }
}

impl Gate for Socks5Gate {
    fn hear(&mut self, bytes: &[u8]) -> Result<Answer, Fault> {
        self.octets.extend_from_slice(bytes);
        let stage = self.stage;
        let answer = match stage {
            Stage::Methods => self.hear_methods(),
            Stage::Credentials => self.hear_credentials(),
            Stage::Target => self.hear_target(),
        };
        let Some(answer) = answer? else {
            return Ok(Answer::Go(Vec::new()));
        };
        Ok(match &self.shared.instead {
            Some((instead, acts)) if *instead == stage => Answer::Shut(acts.clone()),
            _ => answer,
        })
    }

    /// A client that goes after an answer has gone between two messages, whatever it makes of that.
    fn is_idle(&self) -> bool {
        self.octets.is_empty()
    }

    fn refuse(&self, fault: Fault) -> Vec<u8> {
        match self.stage {
            Stage::Methods => method(NONE),
            Stage::Credentials => status(GENERAL_FAILURE),
            Stage::Target => {
                let code = match fault {
                    Fault::Command => UNKNOWN_COMMAND,
                    Fault::AddressType => UNKNOWN_ADDRESS_TYPE,
                    _ => GENERAL_FAILURE,
                };
                reply(code, self.shared.bound)
            }
        }
    }
}
