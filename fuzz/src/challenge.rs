//! What a peer asks for, and what we answer: challenges of any octets, in any number of rounds.
//!
//! ```text
//! user                       a line each
//! password
//! target
//! content                    `?` in front: it can be read once
//! Digest realm=r, nonce=n    challenges; an empty line begins another round
//! ```
//! The same octets are read as a netrc, too.

use sessile_core::{
    Authentication, AuthenticationCourse, Challenge, DigestCredentials, DigestInput, DigestOffer,
    Method, Netrc, ProtectionSpace,
};

use crate::authorization::Authorization;

/// An answer is one line in which every parameter is what went in, whatever the challenge tries to put there; a choice is
/// made once and the same again; no peer gets more than two answers out of a request. No file breaks the netrc's reader.
pub fn challenge(input: &[u8]) {
    netrc(input);
    let mut lines = input.split(|octet| *octet == b'\n');
    let mut text = || String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (user, password, target, content) = (text(), text(), text(), text());
    let input = DigestInput {
        method: &Method::PUT,
        target: &target,
        content: (!content.starts_with('?')).then_some(content.as_bytes()),
        cnonce: "c\"\\",
    };
    let rest: Vec<_> = lines.collect();
    let rounds: Vec<_> = rest.split(|line| line.is_empty()).collect();
    let credentials = DigestCredentials::new(&user, &password);
    let control = |text: &str| text.bytes().any(|octet| octet.is_ascii_control());
    assert_eq!(credentials.is_err(), control(&user));
    for round in &rounds {
        let challenges = read(round);
        let offer = DigestOffer::choose(&challenges, input.content);
        assert_eq!(offer, DigestOffer::choose(&challenges, input.content));
        if let (Ok(offer), Ok(credentials)) = (&offer, &credentials) {
            let answer = offer.answer(credentials, &input, u32::MAX);
            assert_eq!(answer.is_err(), control(&target));
            let answer = answer.iter().map(|line| Authorization::read(line));
            answer.for_each(|answer| agrees(&answer, offer, &user, &input));
        }
    }
    if let Ok(who) = Authentication::digest(&user, &password) {
        converse(&who, &rounds, &input);
    }
}

/// The lines together say what they say alone.
fn read<'a>(lines: &'a [&'a [u8]]) -> Vec<Challenge<'a>> {
    let challenges = Challenge::read(lines.iter().copied());
    let alone = lines.iter().flat_map(|line| Challenge::read([*line]));
    assert!(challenges.iter().cloned().eq(alone));
    challenges
}

fn agrees(answer: &Authorization, offer: &DigestOffer, user: &str, input: &DigestInput<'_>) {
    for (name, value) in [
        ("realm", Some(offer.realm())),
        ("nonce", Some(offer.nonce())),
        ("opaque", offer.opaque()),
        ("uri", Some(input.target.as_bytes())),
    ] {
        assert_eq!(answer.get(name), value, "{name}");
    }
    let quality = answer.get("qop");
    assert_eq!(
        answer.get("cnonce"),
        quality.map(|_| input.cnonce.as_bytes())
    );
    assert_eq!(answer.number(), quality.map(|_| u32::MAX));
    let hash = answer.get("response").expect("a response");
    assert!([32, 64].contains(&hash.len()) && hash.iter().all(u8::is_ascii_hexdigit));
    let written = match (answer.get("username"), answer.get("username*")) {
        (Some(name), None) if answer.get("userhash").is_some() => {
            assert_eq!(name.len(), hash.len());
            return;
        }
        (Some(name), None) => name.to_vec(),
        (None, Some(extended)) => unescaped(extended),
        both => panic!("one user, not {both:?}"),
    };
    assert_eq!(written, user.as_bytes());
}

fn unescaped(extended: &[u8]) -> Vec<u8> {
    let mut rest = extended.strip_prefix(b"UTF-8''").expect("a charset");
    let mut octets = Vec::new();
    while let Some((first, behind)) = rest.split_first() {
        let (octet, behind) = match first {
            b'%' => {
                let (digits, behind) = behind.split_at(2);
                let digits = core::str::from_utf8(digits).expect("digits");
                (u8::from_str_radix(digits, 16).expect("digits"), behind)
            }
            _ => (*first, behind),
        };
        octets.push(octet);
        rest = behind;
    }
    octets
}

/// One request with all rounds, then each round with a request of its own.
fn converse(who: &Authentication, rounds: &[&[&[u8]]], input: &DigestInput<'_>) {
    let (mut space, mut course) = (ProtectionSpace::default(), AuthenticationCourse::default());
    assert_eq!(space.in_advance(who, &mut course, input), Ok(None));
    let answers = rounds.iter().filter(|round| {
        let challenges = Challenge::read(round.iter().copied());
        let answer = space.challenged(who, &mut course, &challenges, input);
        answer.is_ok()
    });
    assert!(answers.count() <= 2);
    for round in rounds {
        let mut course = AuthenticationCourse::default();
        let advance = space.in_advance(who, &mut course, input);
        let challenges = Challenge::read(round.iter().copied());
        let answer = space.challenged(who, &mut course, &challenges, input);
        let lines = [advance.ok().flatten(), answer.clone().ok()];
        let lines = lines.map(|line| line.map(|line| Authorization::read(&line)));
        if let [Some(first), Some(second)] = &lines
            && first.get("nonce") == second.get("nonce")
        {
            assert!(second.number() > first.number() || second.number().is_none());
        }
        let next = space.in_advance(who, &mut AuthenticationCourse::default(), input);
        assert_eq!(next.is_ok_and(|next| next.is_some()), answer.is_ok());
    }
}

fn netrc(input: &[u8]) {
    let lines = input.split(|octet| *octet == b'\n').count();
    match Netrc::parse(input) {
        Err(error) => assert!((1..=lines).contains(&error.line)),
        Ok(netrc) => {
            let url = sessile_core::Url::parse("http://joe@example.org/").expect("a URL");
            let found = netrc.with_default().lookup(&url).cloned();
            assert!(found.is_none_or(|found| found.user() == b"joe"));
        }
    }
}
