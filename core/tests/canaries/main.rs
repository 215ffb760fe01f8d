//! No cookie's value, no credential and no value of a field line stands in anything that is shown for people: `Debug` and
//! `Display` of settings, requests, heads, errors, events, of everything public that holds or has seen one.
//!
//! A canary is planted wherever a secret can be said, and each text is searched for it: as it is, as Basic has it, and as
//! the numbers of its octets. What is asked for its octets gives them; that is not shown, but handed over.

mod exchanges;
mod requests;
mod settings;

use std::fmt::{Debug, Display};

/// The secret.
const CANARY: &str = "canary";

/// The same, as the password of `joe` in Basic credentials.
const BASIC: &str = "am9lOmNhbmFyeQ==";

/// What was shown, by the names of what it is.
#[derive(Default)]
struct Shown(Vec<(String, String)>);

impl Shown {
    fn debug(&mut self, what: &str, it: impl Debug) {
        self.0.push((format!("Debug of {what}"), format!("{it:?}")));
        self.0
            .push((format!("alternate Debug of {what}"), format!("{it:#?}")));
    }

    fn both(&mut self, what: &str, it: impl Debug + Display) {
        self.0.push((format!("Display of {what}"), it.to_string()));
        self.debug(what, it);
    }

    /// An error, and what it comes from.
    fn error(&mut self, what: &str, error: &(dyn std::error::Error + 'static)) {
        self.both(what, error);
        let mut source = error.source();
        while let Some(cause) = source {
            self.both(&format!("a cause of {what}"), cause);
            source = cause.source();
        }
    }

    /// All that gives the secret away.
    fn leaks(&self) -> Vec<String> {
        let leaks = self.0.iter().filter(|(_, text)| tells(text));
        let begin = |text: &str| text.split_whitespace().take(20).collect::<String>();
        leaks
            .map(|(what, text)| format!("{what}: {}", begin(text)))
            .collect()
    }

    fn assert_silent(&self) {
        let mut leaks = self.leaks();
        leaks.sort();
        leaks.dedup();
        assert!(leaks.is_empty(), "{}", leaks.join("\n"));
        assert!(self.0.iter().all(|(_, text)| !text.is_empty()));
    }
}

/// Whether a text says the secret.
fn tells(text: &str) -> bool {
    let numbers = |secret: &str, between: &str| {
        let octets: Vec<_> = secret.bytes().map(|octet| octet.to_string()).collect();
        octets.join(between)
    };
    let flat: String = text.split_whitespace().collect();
    [CANARY, BASIC]
        .iter()
        .any(|secret| text.contains(secret) || flat.contains(&numbers(secret, ",")))
}

/// Given what would give the secret away, then this test finds it.
#[test]
fn a_secret_is_found_however_it_is_shown() {
    let mut shown = Shown::default();
    shown.debug("text", "a canary!");
    shown.debug("octets", CANARY.as_bytes());
    shown.debug("Basic", BASIC.as_bytes());
    shown.debug("a URL", sessile_core::Url::parse("http://joe:canary@a/"));
    assert_eq!(shown.leaks().len(), 8);
    shown.debug("nothing", "a can, Ary".as_bytes());
    assert_eq!(shown.leaks().len(), 8);
}
