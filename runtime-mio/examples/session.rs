//! What a session remembers and decides: a login by a form, the cookie that it brings, the redirect behind it, credentials
//! for a part of the site, and a host that the application answers for itself. It starts its own origin on loopback.
//!
//! `cargo run --release --example session`

use std::error::Error;

use sessile_mio::blocking::{Response, Session};
use sessile_mio::core::url::form_urlencoded::Serializer;
use sessile_mio::{
    Answer, Answering, Authentication, AuthenticationHook, AuthenticationStore, Config, Mount,
    Mounts, StatusCode, Url,
};
use sessile_tests::{demo::Demo, loopback::Loopback};

fn main() -> Result<(), Box<dyn Error>> {
    let origin = Loopback::start(Demo)?;
    let base = Url::parse(&origin.url("/"))?;
    let session = Session::with(settings(base.clone())?)?;

    println!("a login: the answer sets a cookie and leads elsewhere, where the cookie is sent");
    let form = Serializer::new(String::new())
        .append_pair("user", "joe")
        .append_pair("word", "a&b")
        .finish();
    let login = session.post("cookies/set?sid=31d4").body(form);
    show(
        login
            .header("Content-Type", "application/x-www-form-urlencoded")
            .send()?,
    )?;
    let home = base.join("cookies")?;
    let why = session.cookies(|jar, now| jar.explain(&home, now).to_string());
    println!("  {}\n", why.replace('\n', "\n  "));

    println!("credentials: for what is below their path, and only there");
    show(session.get("basic-auth/joe/secret").send()?)?;
    show(session.get("bearer/mF_9.B5f-4.1JqM").send()?)?;

    println!("a redirect out of the site, to a host that the application answers for");
    let away = session
        .get("redirect-to?url=http://inside.test/motd")
        .sensitive_header("X-Api-Key", "31d4");
    show(away.send()?)
}

/// Credentials below one path of the site, and a host that is none: a mount answers for it.
fn settings(base: Url) -> Result<Config, Box<dyn Error>> {
    let mut store = AuthenticationStore::new();
    let joe = Authentication::basic("joe", "secret")?;
    store.insert(&base.join("basic-auth")?, joe)?;

    let mut mounts = Mounts::new();
    let inside = Mount {
        answering: Some(Answering::by(|question| {
            let told = ["Cookie", "X-Api-Key"].map(|name| question.field(name).is_some());
            let content = format!("Moin! Cookie, X-Api-Key: {told:?}\n");
            Ok(Answer::new(StatusCode::OK).with_content(content))
        })),
        ..Mount::default()
    };
    mounts.add("http://inside.test", inside)?;

    Ok(Config {
        base_url: Some(base),
        authenticator: Some(AuthenticationHook::new(store)),
        mounts,
        ..Config::default()
    })
}

/// Prints the way to a response, and the response.
fn show(response: Response) -> Result<(), Box<dyn Error>> {
    for hop in response.history() {
        println!("  {hop:?}");
    }
    let url = response.url().map(Url::as_str).unwrap_or_default();
    println!("  {} {url} by {}", response.status(), response.connection());
    for line in response.text()?.lines() {
        println!("  | {line}");
    }
    println!();
    Ok(())
}
