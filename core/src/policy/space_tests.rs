//! What the requests of one client carry, from one challenge to the next. Each line of a script is a request, or a challenge
//! that came to it, and what is sent then.

use http::Method;

use super::{
    Authentication, AuthenticationCourse, Challenge, DigestInput, NoAnswer, ProtectionSpace,
};

/// A client of one origin.
struct Client {
    who: Authentication,
    space: ProtectionSpace,
    course: AuthenticationCourse,
    draws: u32,
    content: Option<&'static [u8]>,
}

impl Client {
    fn new(who: Authentication) -> Self {
        Self {
            who,
            space: ProtectionSpace::default(),
            course: AuthenticationCourse::default(),
            draws: 0,
            content: Some(b""),
        }
    }

    fn digest() -> Self {
        Self::new(Authentication::digest("u", "p").expect("valid"))
    }

    fn either() -> Self {
        Self::new(Authentication::basic_or_digest("u", "p").expect("valid"))
    }

    /// A new request; what it carries, as [`told`] tells it.
    fn request(&mut self) -> String {
        self.course = AuthenticationCourse::default();
        self.again()
    }

    /// The same request once more, on another connection say.
    fn again(&mut self) -> String {
        self.draws += 1;
        let cnonce = format!("c{}", self.draws);
        let input = input(self.content, &cnonce);
        told(self.space.in_advance(&self.who, &mut self.course, &input))
    }

    fn challenged(&mut self, lines: &[&str]) -> String {
        self.draws += 1;
        let cnonce = format!("c{}", self.draws);
        let input = input(self.content, &cnonce);
        let challenges = Challenge::read(lines.iter().copied());
        let answer = self
            .space
            .challenged(&self.who, &mut self.course, &challenges, &input);
        told(answer.map(Some))
    }
}

fn input<'a>(content: Option<&'a [u8]>, cnonce: &'a str) -> DigestInput<'a> {
    DigestInput {
        method: &Method::GET,
        target: "/",
        content,
        cnonce,
    }
}

/// `nonce count cnonce` of a Digest line; another line as it is; a reason; `-`.
fn told(answer: Result<Option<Vec<u8>>, NoAnswer>) -> String {
    let line = match answer {
        Ok(None) => return "-".to_owned(),
        Err(why) => return why.code().to_owned(),
        Ok(Some(line)) => String::from_utf8(line).expect("text"),
    };
    let Some(parameters) = line.strip_prefix("Digest ") else {
        return line;
    };
    let value = |name: &str| {
        let pairs = parameters.split(", ").filter_map(|one| one.split_once('='));
        let mut values = pairs.filter(|pair| pair.0 == name);
        values.next().map_or("", |pair| pair.1.trim_matches('"'))
    };
    let count = value("nc").trim_start_matches('0');
    format!("{} {count} {}", value("nonce"), value("cnonce"))
}

const N1: &str = "Digest realm=r, nonce=n1, qop=auth";
const N2: &str = "Digest realm=r, nonce=n2, qop=auth";
const N1_STALE: &str = "Digest realm=r, nonce=n1, qop=auth, stale=true";
const N2_STALE: &str = "Digest realm=r, nonce=n2, qop=auth, stale=\"TRUE\"";
const N3_STALE: &str = "Digest realm=r, nonce=n3, qop=auth, stale=true";

#[test]
fn later_requests_answer_in_advance() {
    let mut client = Client::digest();
    assert_eq!(client.request(), "-");
    assert_eq!(client.challenged(&[N1]), "n1 1 c2");
    assert_eq!(client.request(), "n1 2 c3");
    assert_eq!(client.again(), "n1 3 c4", "no answer goes out twice");
    assert_eq!(client.request(), "n1 4 c5");
    assert_eq!(client.challenged(&[N2]), "n2 1 c6");
    assert_eq!(client.request(), "n2 2 c7");
}

#[test]
fn the_nonce_that_was_just_used_is_a_rejection() {
    for lines in [&[N1][..], &["Basic realm=r", N1]] {
        let mut client = Client::digest();
        assert_eq!(client.request(), "-");
        assert_eq!(client.challenged(lines), "n1 1 c2");
        assert_eq!(client.challenged(lines), "rejected");
        assert_eq!(client.request(), "-");
        assert_eq!(client.challenged(lines), "n1 1 c5");
        assert_eq!(client.request(), "n1 2 c6");
        // Used in advance is used, too.
        assert_eq!(client.challenged(lines), "rejected");
        assert_eq!(client.request(), "-");
    }
}

#[test]
fn a_request_answers_one_challenge_of_each_kind() {
    let mut client = Client::digest();
    assert_eq!(client.request(), "-");
    assert_eq!(client.challenged(&[N1]), "n1 1 c2");
    assert_eq!(client.challenged(&[N2]), "rejected");

    let mut client = Client::digest();
    assert_eq!(client.request(), "-");
    assert_eq!(client.challenged(&[N1]), "n1 1 c2");
    assert_eq!(client.challenged(&[N2_STALE]), "n2 1 c3");
    assert_eq!(client.challenged(&[N3_STALE]), "rejected");

    let mut client = Client::digest();
    assert_eq!(client.request(), "-");
    assert_eq!(client.challenged(&[N2_STALE]), "n2 1 c2");
    assert_eq!(client.challenged(&[N1]), "n1 1 c3");
    assert_eq!(client.challenged(&[N2]), "rejected");
    assert_eq!(client.challenged(&[N3_STALE]), "rejected");
    assert_eq!(client.request(), "-");
}

#[test]
fn a_nonce_goes_on_counting_when_it_is_offered_anew() {
    let mut client = Client::digest();
    assert_eq!(client.request(), "-");
    assert_eq!(client.challenged(&[N1]), "n1 1 c2");
    assert_eq!(client.challenged(&[N1_STALE]), "n1 2 c3");
    assert_eq!(client.request(), "n1 3 c4");
    assert_eq!(client.challenged(&[N2_STALE]), "n2 1 c5");
    assert_eq!(client.request(), "n2 2 c6");
}

#[test]
fn a_session_keeps_its_cnonce_as_long_as_its_nonce() {
    let session = "Digest realm=r, nonce=n1, qop=auth, algorithm=SHA-256-sess";
    let stale = "Digest realm=r, nonce=n1, qop=auth, algorithm=SHA-256-sess, stale=true";
    let other = "Digest realm=r, nonce=n2, qop=auth, algorithm=SHA-256-sess, stale=true";
    let mut client = Client::digest();
    assert_eq!(client.request(), "-");
    assert_eq!(client.challenged(&[session]), "n1 1 c2");
    assert_eq!(client.request(), "n1 2 c2");
    assert_eq!(client.challenged(&[stale]), "n1 3 c2");
    assert_eq!(client.request(), "n1 4 c2");
    assert_eq!(client.challenged(&[other]), "n2 1 c6");
    assert_eq!(client.request(), "n2 2 c6");
}

#[test]
fn what_is_not_answered_is_forgotten() {
    for lines in [
        &[][..],
        &["Basic realm=r"],
        &["Digest realm=r, nonce=n2, qop=auth, algorithm=SHA-1"],
        &["Digest realm=\"r"],
    ] {
        let mut client = Client::digest();
        client.request();
        assert_eq!(client.challenged(&[N1]), "n1 1 c2");
        assert_eq!(client.request(), "n1 2 c3");
        assert!(!client.challenged(lines).contains(' '), "{lines:?}");
        assert_eq!(client.request(), "-", "{lines:?}");
    }
}

#[test]
fn content_that_can_be_read_once_uses_up_no_count() {
    let integrity = "Digest realm=r, nonce=n1, qop=\"auth-int\"";
    let mut client = Client::digest();
    client.request();
    assert_eq!(client.challenged(&[integrity]), "n1 1 c2");
    client.content = None;
    assert_eq!(client.request(), "content-not-available");
    client.content = Some(b"abc");
    assert_eq!(client.request(), "n1 2 c4");
}

#[test]
fn a_nonce_whose_digits_are_used_up_is_forgotten() {
    let mut client = Client::digest();
    client.request();
    client.challenged(&[N1]);
    client.space.digest.count_from(u32::MAX - 1);
    assert_eq!(client.request(), "n1 ffffffff c3");
    assert_eq!(client.request(), "-");
    client.challenged(&[N1]);
    client.space.digest.count_from(u32::MAX);
    assert_eq!(client.challenged(&[N1_STALE]), "rejected");
}

#[test]
fn basic_and_bearer_go_in_advance_and_are_refused_once() {
    let basic = Authentication::basic("Aladdin", "open sesame").expect("valid");
    let bearer = Authentication::bearer("mF_9.B5f-4.1JqM").expect("valid");
    for (who, line) in [
        // RFC 7617 §2, RFC 6750 §2.1.
        (basic, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        (bearer, "Bearer mF_9.B5f-4.1JqM"),
    ] {
        let mut client = Client::new(who);
        assert_eq!(client.request(), line);
        assert_eq!(
            client.challenged(&["Basic realm=r", "Bearer", N1]),
            "rejected"
        );
        assert_eq!(client.request(), line);
    }
    // RFC 7617 §2.1: the pound sign is two octets of UTF-8.
    let pound = Authentication::basic("test", "123\u{a3}").expect("valid");
    assert_eq!(Client::new(pound).request(), "Basic dGVzdDoxMjPCow==");
    let nobody = Authentication::basic("", "").expect("valid");
    assert_eq!(Client::new(nobody).request(), "-");
}

#[test]
fn basic_is_answered_where_there_is_no_digest() {
    let mut client = Client::either();
    assert_eq!(client.request(), "-");
    assert_eq!(client.challenged(&["Basic realm=r"]), "Basic dTpw");
    assert_eq!(
        client.again(),
        "Basic dTpw",
        "the peer has asked it for that"
    );
    assert_eq!(client.challenged(&["Basic realm=r"]), "rejected");
    assert_eq!(client.request(), "-", "never in advance");
    assert_eq!(client.challenged(&["Basic realm=r", N1]), "n1 1 c6");
    assert_eq!(client.request(), "n1 2 c7");
    // Refused, or gone behind an answer: the password is not said in its place.
    assert_eq!(client.challenged(&["Basic realm=r", N1]), "rejected");
    assert_eq!(client.challenged(&["Basic realm=r"]), "not-offered");
    assert_eq!(client.request(), "-");
    let unknown = "Digest realm=r, nonce=n, algorithm=SHA-1";
    assert_eq!(client.challenged(&[unknown, "Basic realm=r"]), "Basic dTpw");
    client.content = None;
    client.request();
    let integrity = "Digest realm=r, nonce=n, qop=auth-int";
    let answer = client.challenged(&[integrity, "Basic realm=r"]);
    assert_eq!(answer, "content-not-available");
    assert_eq!(client.challenged(&["Bearer"]), "not-offered");
}
