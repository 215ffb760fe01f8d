//! Challenges: what WWW-Authenticate and Proxy-Authenticate lines ask for (RFC 9110 §11.6.1, §11.7.1).
//!
//! One line may hold many challenges, and commas stand between challenges, between the parameters of one, and inside
//! quoted strings. A line that is malformed anywhere is ignored as a whole: who could not read all of it does not know
//! which part was meant for whom. Each octet is looked at once, whatever the line says.

use std::borrow::Cow;

use crate::syntax::chars::{is_value_octet, token_length, trim_ows_front};

/// One challenge: a scheme, and what it says about itself.
///
/// ```
/// use sessile_core::Challenge;
/// let challenges = Challenge::read([r#"Negotiate YWJj==, Basic realm="a \"b\"", charset=UTF-8"#]);
/// assert_eq!(challenges.len(), 2);
/// assert_eq!(challenges[0].token68(), Some(&b"YWJj=="[..]));
/// assert!(challenges[1].is("basic"));
/// assert_eq!(challenges[1].parameter("Realm"), Some(&br#"a "b""#[..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    scheme: &'a [u8],
    token68: Option<&'a [u8]>,
    parameters: Vec<Parameter<'a>>,
}

/// A name, and a value whose quoting is undone.
type Parameter<'a> = (&'a [u8], Cow<'a, [u8]>);

impl<'a> Challenge<'a> {
    /// The challenges of all lines, in order. Lines that are malformed have none.
    pub fn read<L: AsRef<[u8]> + ?Sized + 'a>(lines: impl IntoIterator<Item = &'a L>) -> Vec<Self> {
        let lines = lines.into_iter().map(AsRef::as_ref);
        lines.filter_map(read_line).flatten().collect()
    }

    /// Whether it is of that scheme; case does not count.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme.as_bytes())
    }

    /// The scheme, as it was spelled.
    pub fn scheme(&self) -> &'a [u8] {
        self.scheme
    }

    /// What stands in place of parameters, if something does.
    pub fn token68(&self) -> Option<&'a [u8]> {
        self.token68
    }

    /// The value of a parameter, unquoted: the first, if it is there more than once. Case does not count in names.
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        let mut parameters = self.parameters.iter();
        parameters
            .find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_ref())
    }

    /// Whether a name is there more than once, which RFC 9110 §11.2 forbids.
    pub fn repeats_a_parameter(&self) -> bool {
        let names = self.parameters.iter();
        let mut names: Vec<_> = names.map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn new(scheme: &'a [u8]) -> Self {
        Self {
            scheme,
            token68: None,
            parameters: Vec::new(),
        }
    }
}

/// #challenge
/// challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
fn read_line(line: &[u8]) -> Option<Vec<Challenge<'_>>> {
    let mut challenges: Vec<Challenge<'_>> = Vec::new();
    // Whether parameters may follow: not behind a token68, nor behind a scheme that no space followed.
    let mut open = false;
    let mut rest = line;
    loop {
        rest = trim_ows_front(rest);
        if rest.first().is_some_and(|octet| *octet != b',') {
            if let Some((parameter, behind)) = read_parameter(rest) {
                let current = challenges.last_mut().filter(|_| open)?;
                current.parameters.push(parameter);
                rest = behind;
            } else {
                let (challenge, opened, behind) = read_challenge(rest)?;
                challenges.push(challenge);
                (open, rest) = (opened, behind);
            }
            rest = trim_ows_front(rest);
        }
        rest = match rest {
            [] => return Some(challenges),
            [b',', rest @ ..] => rest,
            _ => return None,
        };
    }
}

/// A scheme with what stands behind it up to a comma, whether parameters may follow that, and the rest.
fn read_challenge(octets: &[u8]) -> Option<(Challenge<'_>, bool, &[u8])> {
    let (scheme, rest) = split_token(octets)?;
    let mut challenge = Challenge::new(scheme);
    let [b' ', ..] = rest else {
        return Some((challenge, false, rest));
    };
    let blanks = rest.iter().take_while(|octet| **octet == b' ').count();
    let behind = &rest[blanks..];
    if let Some((parameter, rest)) = read_parameter(behind) {
        challenge.parameters.push(parameter);
        return Some((challenge, true, rest));
    }
    let Some((token68, rest)) = read_token68(behind) else {
        return Some((challenge, true, behind));
    };
    challenge.token68 = Some(token68);
    Some((challenge, false, rest))
}

/// token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
fn read_token68(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let body = token68_length(octets);
    let padding = octets[body..].iter().take_while(|octet| **octet == b'=');
    (body > 0).then(|| octets.split_at(body + padding.count()))
}

/// Whether it is a token68, which is a b64token (RFC 6750 §2.1), too.
pub(super) fn is_token68(octets: &[u8]) -> bool {
    read_token68(octets).is_some_and(|(_, rest)| rest.is_empty())
}

/// How many octets at the front may stand in a token68 before its padding.
fn token68_length(octets: &[u8]) -> usize {
    let body = |octet: &&u8| octet.is_ascii_alphanumeric() || b"-._~+/".contains(octet);
    octets.iter().take_while(body).count()
}

/// auth-param = token BWS "=" BWS ( token / quoted-string )
fn read_parameter(octets: &[u8]) -> Option<(Parameter<'_>, &[u8])> {
    let (name, rest) = split_token(octets)?;
    let rest = trim_ows_front(rest).strip_prefix(b"=")?;
    let rest = trim_ows_front(rest);
    let (value, rest) = match rest {
        [b'"', rest @ ..] => read_quoted(rest)?,
        _ => {
            let (token, rest) = split_token(rest)?;
            (Cow::Borrowed(token), rest)
        }
    };
    Some(((name, value), rest))
}

fn split_token(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = token_length(octets);
    (length > 0).then(|| octets.split_at(length))
}

/// What follows the first quote of a quoted-string: its value, and what is behind the last.
///
/// quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE; quoted-pair = "\" ( HTAB / SP / VCHAR / obs-text )
fn read_quoted(octets: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let plain = |octet: &u8| is_value_octet(*octet) && !matches!(octet, b'"' | b'\\');
    let length = octets.iter().take_while(|octet| plain(octet)).count();
    let (front, mut rest) = octets.split_at(length);
    if let [b'"', rest @ ..] = rest {
        return Some((Cow::Borrowed(front), rest));
    }
    let mut value = front.to_vec();
    loop {
        let (octet, behind) = match rest {
            [b'"', behind @ ..] => return Some((Cow::Owned(value), behind)),
            [b'\\', octet, behind @ ..] => (octet, behind),
            [octet, behind @ ..] => (octet, behind),
            [] => return None,
        };
        if !is_value_octet(*octet) {
            return None;
        }
        value.push(*octet);
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The challenges of a line, one a word: the scheme, then `(token68)` or `name:value` for each parameter.
    fn told(line: &[u8]) -> Option<String> {
        let challenges = read_line(line)?;
        let text = |octets: &[u8]| octets.escape_ascii().to_string();
        let challenges = challenges.iter().map(|challenge| {
            let mut said = text(challenge.scheme);
            if let Some(token68) = challenge.token68 {
                said += &format!("({})", text(token68));
            }
            for (name, value) in &challenge.parameters {
                said += &format!(" {}:{}", text(name), text(value));
            }
            said
        });
        Some(challenges.collect::<Vec<_>>().join(" | "))
    }

    #[test]
    fn a_line_is_read_as_the_grammar_says() {
        for (line, wanted) in [
            ("", ""),
            (" , ,\t", ""),
            ("Basic", "Basic"),
            ("Basic,Digest", "Basic | Digest"),
            ("Basic realm=a", "Basic realm:a"),
            ("Basic   realm=a", "Basic realm:a"),
            ("Basic realm \t=\t a", "Basic realm:a"),
            (r#"Basic realm="""#, "Basic realm:"),
            (r#"Basic realm="a, b=c""#, "Basic realm:a, b=c"),
            (r#"Basic realm="\a\,""#, "Basic realm:a,"),
            ("Basic realm=\"a\tb\"", r"Basic realm:a\tb"),
            ("Basic realm=\"\\\tb\"", r"Basic realm:\tb"),
            ("Basic a=1, b=2", "Basic a:1 b:2"),
            ("Basic a=1 ,, ,b=2,", "Basic a:1 b:2"),
            (", Basic a=1", "Basic a:1"),
            ("Basic ,a=1", "Basic a:1"),
            ("Basic a=1, Digest b=2, c=3", "Basic a:1 | Digest b:2 c:3"),
            ("Basic a=1, Digest, Bearer", "Basic a:1 | Digest | Bearer"),
            ("Negotiate YWJj", "Negotiate(YWJj)"),
            ("Negotiate YW+/j==", "Negotiate(YW+/j==)"),
            ("Negotiate a=", "Negotiate(a=)"),
            ("Negotiate a==", "Negotiate(a==)"),
            ("Negotiate a==, b c", "Negotiate(a==) | b(c)"),
            ("Negotiate a==,,b c=d", "Negotiate(a==) | b c:d"),
            ("Basic a=1, a=2", "Basic a:1 a:2"),
            ("B!#$%&'*+-.^_`|~ a=1", "B!#$%&\\'*+-.^_`|~ a:1"),
        ] {
            assert_eq!(told(line.as_bytes()).as_deref(), Some(wanted), "{line}");
        }
    }

    #[test]
    fn a_line_that_is_malformed_anywhere_says_nothing() {
        for line in [
            "realm=a",
            "=",
            "Basic =",
            "Basic a=1 b=2",
            "Basic a=1 Digest",
            "Basic a=/",
            "Basic a=b/c",
            "Basic a=1, b=",
            "Basic a=1, b==",
            "Basic a==b",
            "Basic (comment)",
            "Basic a",
            r#"Basic a="b"#,
            r#"Basic a="b\"#,
            r#"Basic a="b\""#,
            r#"Basic a="b"c"#,
            r#"Basic a="b" c"#,
            r#"Digest realm="r, nonce="n1", qop="auth"#,
            r#"Basic "realm"=a"#,
            "Basic\ta=1",
            "Basic, a=1",
            "Negotiate YWJj==, a=1",
            "Negotiate YWJj= =",
            "Basic a=1; b=2",
            "Basic a=1\r\nX: y",
            "Basic a=\"\u{0}\"",
            "Basic a=\"\\\u{7f}\"",
            "B\u{e9}sic",
        ] {
            // What is well-formed beside it does not count; a token alone is a token68.
            let wanted = (line == "Basic a").then(|| "Basic(a)".to_owned());
            assert_eq!(told(line.as_bytes()), wanted, "{line}");
            let all = Challenge::read([line, "Bearer"]);
            assert_eq!(all.len(), 1 + usize::from(wanted.is_some()), "{line}");
        }
    }

    #[test]
    fn every_octet_stands_in_a_value_or_spoils_its_line() {
        for octet in 0..=255u8 {
            let value = |line: &[u8]| {
                let challenges = Challenge::read([line]);
                let value = challenges.first()?.parameter("a");
                value.map(<[u8]>::to_vec)
            };
            let quoted = [b"S a=\"b", &[octet][..], b"c\", d=e"].concat();
            let wanted = match octet {
                b'"' => None,
                b'\\' => Some(b"bc".to_vec()),
                _ => is_value_octet(octet).then(|| vec![b'b', octet, b'c']),
            };
            assert_eq!(value(&quoted), wanted, "{octet:#x}");
            let escaped = [b"S a=\"b\\", &[octet][..], b"c\", d=e"].concat();
            let wanted = is_value_octet(octet).then(|| vec![b'b', octet, b'c']);
            assert_eq!(value(&escaped), wanted, "{octet:#x}");
            let token = [b"S a=b", &[octet][..], b", d=e"].concat();
            let wanted = match octet {
                b' ' | b'\t' | b',' => Some(b"b".to_vec()),
                _ => (token_length(&[octet]) == 1).then(|| vec![b'b', octet]),
            };
            assert_eq!(value(&token), wanted, "{octet:#x}");
        }
    }

    #[test]
    fn names_have_no_case_and_stand_once() {
        let twice = Challenge::read(["Basic Realm=a, x=1, REALM=b"]);
        assert!(twice[0].is("BASIC") && twice[0].repeats_a_parameter());
        assert_eq!(twice[0].parameter("realm"), Some(&b"a"[..]));
        let once = Challenge::read(["Basic Realm=a, x=1, REALM2=b, Basic realm=c"]);
        assert!(!once.iter().any(Challenge::repeats_a_parameter));
        assert_eq!(once[0].parameter("y"), None);
    }

    #[test]
    fn ten_thousand_challenges_are_ten_thousand() {
        let one = r#"Digest realm="a\"b", nonce=n, "#;
        let line = one.repeat(10_000);
        let challenges = Challenge::read([&line]);
        assert_eq!(challenges.len(), 10_000);
        let spoiled = format!("{line}, \"");
        assert!(Challenge::read([&spoiled]).is_empty());
        let parameters: String = (0..10_000).map(|number| format!("p{number}=1,")).collect();
        let line = format!("S {parameters}");
        let challenges = Challenge::read([&line]);
        assert_eq!(challenges[0].parameters.len(), 10_000);
        assert!(!challenges[0].repeats_a_parameter());
    }

    /// Octets that mean something here, in any order: it ends, and what is read stands in the line.
    #[test]
    fn no_line_breaks_the_reader() {
        let words = b"a\"\\=, \t/+\x00\x7f\xffDigest realm";
        let mut chance = 0x5e55_11e5_u64;
        let mut read = 0;
        for _ in 0..40_000 {
            let mut line = Vec::new();
            for _ in 0..chance % 24 {
                chance ^= chance << 13;
                chance ^= chance >> 7;
                chance ^= chance << 17;
                line.push(words[usize::from(chance.to_le_bytes()[2]) % words.len()]);
            }
            chance = chance.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            for challenge in Challenge::read([&line]) {
                assert!(!challenge.scheme.is_empty());
                assert!(challenge.token68.is_none() || challenge.parameters.is_empty());
                read += 1;
            }
        }
        assert!(read > 1_000, "{read}");
    }
}
