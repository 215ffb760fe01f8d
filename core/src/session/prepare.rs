//! From a request to its encoded head: defaults, precedence, order.
//!
//! Order: request line; Host; the built-ins `User-Agent` and `Accept`; the session's lines; the request's lines; what the
//! core adds (Authorization from the URL, Proxy-Authorization, Connection, Expect); last the framing field. A session
//! line replaces the built-in of its name, a request line replaces both; what is removed takes only lower levels away.

use super::causes::RequestError;
use super::config::Config;
use super::prepared::Route;
use super::redirected::STAYS_BEHIND;
use super::request::Request;
use super::shape::Shape;
use crate::message::{FieldNames, Fields, Known, Origin, RequestTarget};
use crate::policy::Credentials;
use crate::wire;

/// The built-in lines, by name.
pub(super) const BUILT_IN: [(Known, &str, &str); 2] = [
    (Known::UserAgent, "User-Agent", "sessile"),
    (Known::Accept, "Accept", "*/*"),
];

/// Lines that are written at a place of their own, whatever level they are from.
const ELSEWHERE: u32 =
    Known::Host.bit() | Known::ContentLength.bit() | Known::TransferEncoding.bit();

static NO_FIELDS: Fields = Fields::new();
static NO_NAMES: FieldNames = FieldNames::new();

/// The part of a request head that is the same for every request to an origin, kept encoded.
#[derive(Debug)]
pub(crate) struct ConstantHead {
    /// Host, the built-ins and the session's lines.
    lines: Vec<u8>,
}

impl ConstantHead {
    pub(crate) fn new(origin: &Origin, config: &Config) -> Self {
        let mut lines = Vec::new();
        let session = Session::of(config);
        write_host(&mut lines, origin, session.fields);
        let left_out = ELSEWHERE | Known::ProxyAuthorization.bit();
        session.write(&mut lines, left_out, |_| false, |_, _| {});
        Self { lines }
    }
}

/// What the session says about every head.
#[derive(Clone, Copy)]
struct Session<'a> {
    fields: &'a Fields,
    removed: &'a FieldNames,
    sensitive: &'a FieldNames,
}

impl<'a> Session<'a> {
    fn of(config: &'a Config) -> Self {
        Self {
            fields: &config.fields,
            removed: &config.removed,
            sensitive: &config.sensitive,
        }
    }

    /// The built-ins and the session's lines, without those that the request replaces.
    fn write(
        self,
        out: &mut Vec<u8>,
        left_out: u32,
        shadowed: impl Fn(&str) -> bool,
        behind: impl Fn(&mut Vec<u8>, Known),
    ) {
        for (known, name, value) in BUILT_IN {
            let replaced = (self.fields.known() | self.removed.known()) & known.bit() != 0;
            if !replaced && !shadowed(name) {
                wire::write_line(out, name, value);
            }
        }
        wire::write_fields_except(out, self.fields, left_out, shadowed, behind);
    }
}

/// Everything that a head is made of.
pub(crate) struct HeadParts<'a> {
    request: &'a Request,
    shape: &'a Shape,
    session: Session<'a>,
    constant: Option<&'a ConstantHead>,
    pub(super) route: &'a Route,
    pub(super) expect: Expectation,
    late: Option<&'a Late>,
}

/// What is known only when an attempt begins.
#[derive(Debug, Default)]
pub(crate) struct Late {
    /// Credentials that are good for one attempt.
    pub(crate) authorization: Option<Vec<u8>>,
    /// The cookies that go out with it.
    pub(crate) cookies: Vec<u8>,
    /// Credentials for the proxy that makes the request in its own name.
    pub(crate) proxy: Option<Vec<u8>>,
}

/// What the head says about a 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// What the fields say.
    AsWritten,
    /// The core adds the line, by the session's policy.
    Added,
    /// Nothing, even if the fields say so: the peer has refused it.
    LeftOut,
}

impl Expectation {
    /// Whether content is held for a 100.
    pub(crate) fn holds(self, shape: &Shape) -> bool {
        match self {
            Self::AsWritten => shape.expects,
            Self::Added => true,
            Self::LeftOut => false,
        }
    }
}

impl<'a> HeadParts<'a> {
    /// For a request that no session sends.
    pub(crate) fn standing_alone(request: &'a Request) -> Self {
        Self {
            request,
            shape: &request.shape,
            session: Session {
                fields: &NO_FIELDS,
                removed: &NO_NAMES,
                sensitive: &NO_NAMES,
            },
            constant: None,
            route: &Route::Direct,
            expect: Expectation::AsWritten,
            late: None,
        }
    }

    /// For a session's request on its connection.
    pub(crate) fn connected(
        request: &'a Request,
        shape: &'a Shape,
        config: &'a Config,
        (constant, route): (&'a ConstantHead, &'a Route),
        expect: Expectation,
        late: Option<&'a Late>,
    ) -> Self {
        Self {
            request,
            shape,
            session: Session::of(config),
            constant: Some(constant),
            route,
            expect,
            late,
        }
    }

    /// For a session's request that has no connection to go out on.
    pub(crate) fn unconnected(
        request: &'a Request,
        shape: &'a Shape,
        config: &'a Config,
        route: &'a Route,
        late: Option<&'a Late>,
    ) -> Self {
        Self {
            request,
            shape,
            session: Session::of(config),
            constant: None,
            route,
            expect: Expectation::AsWritten,
            late,
        }
    }

    /// Whether the session's part of the head is what it always is.
    fn is_constant(&self) -> Option<&'a ConstantHead> {
        let built_in = Known::Host.bit() | Known::UserAgent.bit() | Known::Accept.bit();
        let session = self.session.fields.known();
        let shadows = self.request.displaced & (built_in | session) != 0;
        let late = Known::Authorization.bit() | Known::Cookie.bit();
        let displaces = self.late.is_some() && session & late != 0;
        let amends = session & Known::Connection.bit() != 0 && self.needs_options();
        let retracts = self.expect == Expectation::LeftOut && session & Known::Expect.bit() != 0;
        // Lines that are for a proxy are for no origin.
        let forwards = matches!(self.route, Route::ForwardProxy(_));
        let plain = !(shadows || displaces || amends || retracts || forwards);
        self.constant.filter(|_| plain)
    }

    fn needs_options(&self) -> bool {
        self.shape.missing.upgrade || self.shape.missing.te
    }

    /// Lines of the user's that are not written where they stand.
    fn left_out(&self) -> u32 {
        let proxy = match self.route {
            Route::ForwardProxy(_) => 0,
            // A field for a proxy must not reach an origin.
            Route::Direct | Route::Tunnel(_) => Known::ProxyAuthorization.bit(),
        };
        let expect = match self.expect {
            Expectation::LeftOut => Known::Expect.bit(),
            Expectation::AsWritten | Expectation::Added => 0,
        };
        let cookie = match self.cookies() {
            Some(_) => Known::Cookie.bit(),
            None => 0,
        };
        ELSEWHERE | proxy | expect | cookie
    }

    /// Whether the request does not want a lower level's line of this name.
    fn shadows(&self, name: &str) -> bool {
        let known = Known::of(name.as_bytes());
        let own = match known {
            Known::Other => self.request.fields.get(name).is_some(),
            known => self.request.fields.known() & known.bit() != 0,
        };
        let authorized = known == Known::Authorization && self.request.authorizes();
        own || authorized || self.request.removed.contains(name) || self.withholds(name)
    }

    /// Whether a line of the session's is a secret from the request's present origin.
    fn withholds(&self, name: &str) -> bool {
        self.request.estranged
            && (STAYS_BEHIND & Known::of(name.as_bytes()).bit() != 0
                || self.session.sensitive.contains(name)
                || self.request.sensitive.contains(name))
    }

    /// The credentials that the core adds: those for this attempt alone, or those that the request has.
    fn authorization(&self) -> Option<&[u8]> {
        let late = self.late.and_then(|late| late.authorization.as_deref());
        late.or(self.request.authorization.as_deref().map(str::as_bytes))
    }

    /// The cookies that the core adds. What was set by hand is among them, if it counts at all.
    fn cookies(&self) -> Option<&[u8]> {
        let cookies = self.late.map(|late| &late.cookies[..]);
        cookies.filter(|cookies| !cookies.is_empty())
    }

    /// Adds the options that a Connection line of the user's lacks.
    fn amend(&self, out: &mut Vec<u8>, name: Known) {
        if name == Known::Connection {
            for option in self.options() {
                out.extend_from_slice(b", ");
                out.extend_from_slice(option.as_bytes());
            }
        }
    }

    fn options(&self) -> impl Iterator<Item = &'static str> {
        let missing = self.shape.missing;
        let upgrade = missing.upgrade.then_some("Upgrade");
        let te = missing.te.then_some("TE");
        upgrade.into_iter().chain(te)
    }

    /// Whether a Connection line of the user's is sent, and so carries the options.
    fn has_connection(&self) -> bool {
        let bit = Known::Connection.bit();
        let removed = self.request.removed.known() & bit != 0;
        let session = self.session.fields.known() & bit != 0 && !removed;
        self.request.fields.known() & bit != 0 || session
    }
}

/// Encodes the head of a request; `out` is empty.
pub(crate) fn encode_head(out: &mut Vec<u8>, parts: &HeadParts<'_>) {
    let request = parts.request;
    write_request_line(out, parts);
    match parts.is_constant() {
        Some(constant) => out.extend_from_slice(&constant.lines),
        None => {
            let by_hand = match request.fields.known() & Known::Host.bit() {
                0 if request.estranged => &NO_FIELDS,
                0 => parts.session.fields,
                _ => &request.fields,
            };
            write_host(out, &request.key.origin, by_hand);
            let (left_out, shadows) = (parts.left_out(), |name: &str| parts.shadows(name));
            let amend = |out: &mut Vec<u8>, name| parts.amend(out, name);
            parts.session.write(out, left_out, shadows, amend);
        }
    }
    write_own_lines(out, parts);
    write_added_lines(out, parts);
    wire::write_framing(out, parts.shape.content.framing());
}

/// The head of a session's request that has no connection to go out on.
pub(crate) fn unconnected_head(
    request: &Request,
    config: &Config,
    route: &Route,
    late: Option<&Late>,
) -> Result<Vec<u8>, RequestError> {
    let shape = request.shape_in(&config.fields)?;
    let mut head = Vec::new();
    let parts = HeadParts::unconnected(request, &shape, config, route, late);
    encode_head(&mut head, &parts);
    Ok(head)
}

#[inline]
fn write_request_line(out: &mut Vec<u8>, parts: &HeadParts<'_>) {
    let request = parts.request;
    let target = match request.asterisk {
        true => RequestTarget::Asterisk,
        false => RequestTarget::of_request(&request.url),
    };
    let target = match parts.route {
        Route::ForwardProxy(_) => target.by_way_of_proxy(&request.key.origin),
        Route::Direct | Route::Tunnel(_) => target,
    };
    wire::write_request_line(out, &request.method, target);
}

fn write_own_lines(out: &mut Vec<u8>, parts: &HeadParts<'_>) {
    let own = &parts.request.fields;
    let (left_out, amended) = (parts.left_out(), parts.needs_options());
    if own.known() & left_out == 0 && !(amended && own.known() & Known::Connection.bit() != 0) {
        out.extend_from_slice(own.wire());
    } else {
        let amend = |out: &mut Vec<u8>, name| parts.amend(out, name);
        wire::write_fields_except(out, own, left_out, |_| false, amend);
    }
}

fn write_added_lines(out: &mut Vec<u8>, parts: &HeadParts<'_>) {
    if parts.late.is_some() || parts.request.authorization.is_some() {
        write_secrets(out, parts);
    }
    if let Route::ForwardProxy(credentials) = parts.route
        && !parts.has_proxy_authorization()
    {
        write_proxy_credentials(out, credentials.as_ref());
    }
    if parts.needs_options() && !parts.has_connection() {
        let options: Vec<_> = parts.options().collect();
        wire::write_line(out, "Connection", &options.join(", "));
    }
    if parts.expect == Expectation::Added {
        wire::write_line(out, "Expect", "100-continue");
    }
}

/// What is between the application and this origin alone.
#[inline(never)]
fn write_secrets(out: &mut Vec<u8>, parts: &HeadParts<'_>) {
    let proxy = parts.late.and_then(|late| late.proxy.as_deref());
    let lines = [
        (&b"Authorization: "[..], parts.authorization()),
        (&b"Cookie: "[..], parts.cookies()),
        (
            b"Proxy-Authorization: ",
            proxy.filter(|_| !parts.has_proxy_authorization()),
        ),
    ];
    for (name, value) in lines {
        for part in value.iter().flat_map(|value| [name, value, b"\r\n"]) {
            out.extend_from_slice(part);
        }
    }
}

impl HeadParts<'_> {
    fn has_proxy_authorization(&self) -> bool {
        let bit = Known::ProxyAuthorization.bit();
        let removed = self.request.removed.known() & bit != 0;
        let session = self.session.fields.known() & bit != 0 && !removed;
        self.request.fields.known() & bit != 0 || session
    }
}

/// Host comes first: set by hand, or from the URL.
fn write_host(out: &mut Vec<u8>, origin: &Origin, fields: &Fields) {
    let by_hand = fields.values(Known::Host).next();
    let by_hand = by_hand.and_then(|host| core::str::from_utf8(host).ok());
    wire::write_line(out, "Host", by_hand.unwrap_or(origin.authority()));
}

fn write_proxy_credentials(out: &mut Vec<u8>, credentials: Option<&Credentials>) {
    if let Some(credentials) = credentials.filter(|credentials| !credentials.is_empty()) {
        wire::write_line(out, "Proxy-Authorization", &credentials.basic());
    }
}

#[cfg(test)]
#[path = "prepare_tests.rs"]
mod tests;
