//! What a request leaves open is filled in by the session that sends it: from the mount on whose prefix its URL lies. The
//! result is a request like any other, so that nothing behind it has to know of mounts.

use std::sync::Arc;

use super::causes::RequestError;
use super::draft::displaced;
use super::error::Error;
use super::exchange::Course;
use super::mount::Mount;
use super::redirected::STAYS_BEHIND;
use super::request::{Request, refused};
use super::session::Session;
use crate::message::{FieldNames, Fields, Known};
use crate::policy::{Authentication, AuthenticationHook};

/// A request that was submitted, as it is sent.
pub(super) struct Taken {
    pub(super) request: Arc<Request>,
    /// What it was before something was filled in.
    pub(super) course: Option<Box<Course>>,
    /// Why it is not sent, if what was filled in spoils it.
    pub(super) refusal: Option<Error>,
}

impl Session {
    /// A request that comes in, with all that it gets from the session.
    #[inline(never)]
    pub(super) fn dress_new(&self, request: Arc<Request>) -> Taken {
        let request = self.with_query(request);
        let (dressed, refusal) = match self.dress(&request) {
            Ok(dressed) => (dressed, None),
            Err(error) => (None, Some(error)),
        };
        match dressed {
            Some(dressed) => Taken {
                request: dressed,
                course: Some(Course::of(request)),
                refusal,
            },
            None => Taken {
                request,
                course: None,
                refusal,
            },
        }
    }

    /// The request with the pairs that the session has for its query.
    fn with_query(&self, request: Arc<Request>) -> Arc<Request> {
        let mount = self.config.mounts.of(&request.url);
        let own = mount.map_or(&[][..], |mount| &mount.query);
        let missing = |list: &[(String, String)], others: &[(String, String)]| {
            let is_new = |name: &str| {
                let mut given = request.url.query_pairs();
                !given.any(|pair| pair.0 == name) && !others.iter().any(|pair| pair.0 == name)
            };
            let pairs = list.iter().filter(|pair| is_new(&pair.0));
            pairs.cloned().collect::<Vec<_>>()
        };
        let pairs = [missing(&self.config.query, own), missing(own, &[])].concat();
        if pairs.is_empty() || request.asterisk {
            return request;
        }
        let mut request = Request::clone(&request);
        request.url.query_pairs_mut().extend_pairs(pairs);
        Arc::new(request)
    }

    /// The request as it is sent; `None` if that is what it is.
    pub(super) fn dress(&self, bare: &Request) -> Result<Option<Arc<Request>>, Error> {
        let fitting = self.config.mounts.fitting(&bare.url);
        let authentication = self.credentials(bare, fitting.as_ref().map(|found| found.mount));
        if fitting.is_none() && authentication.is_none() {
            return Ok(None);
        }
        let mut request = bare.clone();
        request.authentication = authentication.or(request.authentication);
        if let Some(fitting) = fitting {
            request.key.transport.mount = fitting.mark;
            request.wear(fitting.mount, fitting.bound, &self.config.sensitive);
        }
        request.refit().map_err(|error| refused(error, &bare.url))?;
        Ok(Some(Arc::new(request)))
    }

    /// The credentials that a request has not, and the session knows. Those of a mount come first, then the mount's field; a
    /// mount that removes the field wants none of the session's.
    fn credentials(&self, bare: &Request, mount: Option<&Mount>) -> Option<Authentication> {
        let authorization = Known::Authorization.bit();
        let known = bare.fields.known() | bare.removed.known();
        let own = bare.authorization.is_some() || bare.authentication.is_some();
        if own || known & authorization != 0 {
            return None;
        }
        let ask = |hook: Option<&AuthenticationHook>| {
            hook?.ask(&bare.url)?.authentication(&bare.url).cloned()
        };
        let of_mount = mount.and_then(|mount| ask(mount.authenticator.as_ref()));
        let known = mount.map_or(0, |mount| mount.fields.known() | mount.removed.known());
        of_mount.or_else(|| match known & authorization != 0 {
            true => None,
            false => ask(self.config.authenticator.as_ref()),
        })
    }
}

impl Request {
    /// Takes over what a mount has and the request has not. `bound` tells whether the mount is for one origin: its secrets
    /// are that one's, however a request got there. What the mount or the session calls a secret is one, whoever has set it.
    fn wear(&mut self, mount: &Mount, bound: bool, secrets: &FieldNames) {
        self.sensitive.extend(&mount.sensitive);
        self.fields = self.below(mount, bound, secrets);
        self.removed.extend(&mount.removed);
        if self.retry.is_none() {
            let policy = mount.retry.as_ref();
            self.retry = policy.map(|policy| policy.clone().map(Box::new));
        }
        self.redirects = self.redirects.or(mount.redirects);
        self.expect = self.expect.or(mount.expect_continue);
        self.answering.clone_from(&mount.answering);
        mount.show_way(&self.url, &mut self.key.transport.way);
        if self.timeouts.is_none() {
            self.timeouts.clone_from(&mount.timeouts);
        }
    }

    /// The mount's lines that the request does not replace, and behind them its own.
    fn below(&self, mount: &Mount, bound: bool, secrets: &FieldNames) -> Fields {
        let stays_behind = |name: &str| {
            let known = STAYS_BEHIND & Known::of(name.as_bytes()).bit() != 0;
            let marked = self.sensitive.contains(name) || secrets.contains(name);
            self.estranged && !bound && (known || marked)
        };
        let authorized =
            |name: &str| self.authorizes() && Known::of(name.as_bytes()) == Known::Authorization;
        let mut fields = mount.fields.filtered(|name| {
            let text = core::str::from_utf8(name).unwrap_or_default();
            let replaced = self.fields.get(name).is_some() || self.removed.contains(text);
            !replaced && !authorized(text) && !stays_behind(text)
        });
        for field in self.fields.iter() {
            // Each was checked when it came in. Lines that are too long together for a head of 4 GiB are nobody's.
            let _ = fields.append(field.name, field.value);
        }
        fields
    }

    /// What follows from the fields, once these have changed.
    pub(super) fn refit(&mut self) -> Result<(), RequestError> {
        self.shape = self.shape_beside(None)?;
        self.has_secrets = self.authentication.is_some() || !self.cookies.is_empty();
        self.displaced = match self.estranged {
            // Who knows what else of the session's is a secret.
            true => u32::MAX,
            false => displaced(&self.fields, &self.removed, self.authorizes()),
        };
        Ok(())
    }
}
