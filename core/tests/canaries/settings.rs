//! What a session is told, and what it keeps.

use std::sync::Arc;
use std::time::Duration;

use sessile_core::{
    Answering, Authentication, AuthenticationCourse, AuthenticationHook, AuthenticationStore,
    BoundAuthentication, Config, CookieJar, Credentials, DigestCredentials, Fields, Mount, Mounts,
    Netrc, ProtectionSpace, PublicSuffixes, Route, Url,
};

use crate::{CANARY, Shown};

const NOW: Duration = Duration::from_secs(1_800_000_000);

#[derive(Debug)]
struct Top;

impl PublicSuffixes for Top {
    fn is_public_suffix(&self, domain: &str) -> bool {
        !domain.contains('.')
    }
}

pub(crate) fn url() -> Url {
    Url::parse("http://joe:canary@192.0.2.1/path?query#part").expect("a URL")
}

/// Lines that are secrets.
pub(crate) fn fields() -> Fields {
    let mut fields = Fields::new();
    for name in [
        "Authorization",
        "Cookie",
        "X-Api-Key",
        "Set-Cookie",
        "Proxy-Authorization",
    ] {
        fields.append(name, CANARY).expect("a line");
    }
    fields
}

/// A jar of secrets: with a name, and without one.
pub(crate) fn jar() -> CookieJar {
    let mut jar = CookieJar::with_public_suffixes(Arc::new(Top));
    jar.record_rejections(99);
    for line in [
        "named=canary; HttpOnly",
        "canary",
        "=canary; Path=/path",
        "gone=canary; Path=/elsewhere",
    ] {
        assert_eq!(jar.set(&url(), line.as_bytes(), NOW), Ok(()), "{line}");
    }
    jar
}

pub(crate) fn credentials() -> Vec<Authentication> {
    [
        Authentication::basic("joe", CANARY),
        Authentication::bearer(CANARY),
        Authentication::digest("joe", CANARY),
        Authentication::basic_or_digest("joe", CANARY),
    ]
    .map(|made| made.expect("credentials"))
    .into()
}

fn store() -> AuthenticationStore {
    let mut store = AuthenticationStore::new();
    for (number, who) in credentials().into_iter().enumerate() {
        let scope = Url::parse(&format!("http://{number}.example/")).expect("a URL");
        store.insert(&scope, who).expect("an origin");
    }
    store
}

pub(crate) fn mounts() -> Mounts {
    let mut mounts = Mounts::new();
    let mount = Mount {
        fields: fields(),
        authenticator: Some(AuthenticationHook::new(store())),
        answering: Some(Answering::ByHand),
        ..Mount::default()
    };
    mounts
        .add("http://mounted.example", mount)
        .expect("a prefix");
    mounts
}

/// Every place of the settings that a secret can be in.
pub(crate) fn config() -> Config {
    Config {
        fields: fields(),
        cookies: Some(jar()),
        authenticator: Some(AuthenticationHook::new(store())),
        base_url: Some(url()),
        mounts: mounts(),
        pool_events: 99,
        ..Config::default()
    }
}

#[test]
fn settings_keep_their_secrets() {
    let mut shown = Shown::default();
    shown.debug("Config", config());
    shown.debug("Mounts", mounts());
    shown.debug(
        "Mount",
        mounts().of(&"http://mounted.example/".parse().expect("a URL")),
    );
    shown.debug("Fields", fields());
    let fields = fields();
    shown.debug("FieldsRef", fields.as_ref());
    shown.debug("FieldsIter", fields.as_ref().iter());
    shown.assert_silent();
}

#[test]
fn credentials_are_not_shown() {
    let mut shown = Shown::default();
    for who in credentials() {
        shown.debug(
            "BoundAuthentication",
            BoundAuthentication::new(&url(), who.clone()),
        );
        shown.debug("Authentication", who);
    }
    shown.debug("AuthenticationStore", store());
    shown.debug("AuthenticationHook", AuthenticationHook::new(store()));
    shown.debug("ProtectionSpace", ProtectionSpace::default());
    shown.debug("AuthenticationCourse", AuthenticationCourse::default());
    let basic = Credentials::new("joe", CANARY).expect("credentials");
    shown.debug("Credentials", &basic);
    shown.debug("Route", Route::ForwardProxy(Some(basic.clone())));
    shown.debug("Route", Route::Tunnel(Some(basic)));
    shown.debug("DigestCredentials", DigestCredentials::new("joe", CANARY));
    let netrc = "machine 192.0.2.1 login joe password canary\ndefault login joe password canary";
    let netrc = Netrc::parse(netrc).expect("a netrc");
    shown.debug("Netrc", &netrc);
    shown.debug("what a netrc says", netrc.lookup(&url()));
    for broken in [
        "machine a login joe password \"canary",
        "machine a password canary canary",
        "machine a login joe password canary machine",
        "machine a login jo:e password canary",
        "canary",
    ] {
        if let Err(error) = Netrc::parse(broken) {
            shown.debug("NetrcError", error);
        }
    }
    for refused in [
        Authentication::bearer("canary canary").err(),
        Authentication::basic("joe", "canary\n").err(),
        Authentication::basic("joe:canary", CANARY).err(),
        Authentication::digest("joe\n", CANARY).err(),
    ] {
        shown.error("CredentialsError", &refused.expect("no credentials"));
    }
    shown.assert_silent();
}

#[test]
fn a_jar_keeps_its_secrets() {
    let mut shown = Shown::default();
    let mut jar = jar();
    shown.debug("CookieJar", &jar);
    for cookie in jar.iter() {
        shown.both("CookieRef", cookie);
    }
    for to in [
        "http://192.0.2.1/",
        "http://192.0.2.1/path",
        "http://other.example/",
    ] {
        let to = Url::parse(to).expect("a URL");
        let explanation = jar.explain(&to, NOW);
        shown.both("CookieExplanation", &explanation);
        shown.debug("its verdicts", explanation.verdicts());
    }
    for line in [
        &b"named=canary; Domain=example"[..],
        b"canary; Domain=example",
        b"named=canary\x01",
        b"__Host-named=canary",
        b"=__Host-canary",
        b"named=canary; SameSite=None",
    ] {
        let refused = jar.set(&url(), line, NOW).expect_err("a refusal");
        shown.error("CookieRejection", &refused);
    }
    let rejections = jar.take_rejections();
    assert_eq!(rejections.len(), 6);
    for rejection in rejections {
        shown.both("RejectedCookie", rejection);
    }
    let received = jar.receive(&url(), [&b"named=canary"[..]].into_iter(), NOW);
    shown.debug("ReceivedCookies", received);
    shown.assert_silent();
}
