//! A reader of Authorization lines of Digest (RFC 7616 §3.4), stricter than any peer: it takes what the core may write, and
//! knows which of the parameters stand in quotes.

const QUOTED: [&str; 7] = [
    "username", "realm", "nonce", "uri", "response", "cnonce", "opaque",
];
const PLAIN: [&str; 5] = ["algorithm", "qop", "nc", "userhash", "username*"];

/// The parameters of a line, unquoted, in their order.
pub(crate) struct Authorization(Vec<(String, Vec<u8>)>);

impl Authorization {
    pub(crate) fn read(line: &[u8]) -> Self {
        let control = |octet: &u8| octet.is_ascii_control() && *octet != b'\t';
        assert!(!line.iter().any(control), "a control octet");
        let mut rest = line.strip_prefix(b"Digest ").expect("the scheme");
        let mut parameters = Self(Vec::new());
        loop {
            let equals = rest.iter().position(|octet| *octet == b'=');
            let (name, value) = rest.split_at(equals.expect("an equals sign"));
            let name = String::from_utf8(name.to_vec()).expect("a name is text");
            assert!(parameters.get(&name).is_none(), "{name} twice");
            let (value, behind) = read_value(&name, &value[1..]);
            parameters.0.push((name, value));
            rest = match behind {
                [] => return parameters,
                _ => behind.strip_prefix(b", ").expect("a comma and a space"),
            };
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice())
    }

    pub(crate) fn number(&self) -> Option<u32> {
        let digits = core::str::from_utf8(self.get("nc")?).expect("digits");
        assert_eq!(digits.len(), 8);
        Some(u32::from_str_radix(digits, 16).expect("hexadecimal digits"))
    }
}

fn read_value<'a>(name: &str, octets: &'a [u8]) -> (Vec<u8>, &'a [u8]) {
    if PLAIN.contains(&name) {
        let end = octets.iter().position(|octet| *octet == b',');
        let (value, behind) = octets.split_at(end.unwrap_or(octets.len()));
        let plain = |octet: &u8| octet.is_ascii_graphic() && !b"\"\\=".contains(octet);
        assert!(!value.is_empty() && value.iter().all(plain), "{name}");
        return (value.to_vec(), behind);
    }
    assert!(QUOTED.contains(&name), "{name}");
    let mut rest = octets.strip_prefix(b"\"").expect("a quote");
    let mut value = Vec::new();
    loop {
        let octet = match rest {
            [b'"', behind @ ..] => return (value, behind),
            [b'\\', octet @ (b'"' | b'\\'), behind @ ..] | [octet, behind @ ..] => {
                rest = behind;
                *octet
            }
            [] => panic!("{name} has no end"),
        };
        value.push(octet);
    }
}
