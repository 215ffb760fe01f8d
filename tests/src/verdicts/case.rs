//! One case as it stands in a file: a JSON object in which byte strings have one code point for each octet.

use serde_json::{Map, Value};

use super::Damaged;

/// A case, or an object inside of one.
#[derive(Clone, Debug)]
pub(super) struct Case(Map<String, Value>);

impl Case {
    pub(super) fn read(line: &str) -> Result<Self, Damaged> {
        let case = Self::of(&serde_json::from_str(line).map_err(Damaged::new)?)?;
        case.text("id")?;
        Ok(case)
    }

    fn of(value: &Value) -> Result<Self, Damaged> {
        let object = value.as_object().cloned();
        object
            .map(Self)
            .ok_or_else(|| Damaged::new("not an object"))
    }

    pub(super) fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        !self.value(key).is_null()
    }

    /// Whether the key is there at all, be its value null.
    pub(super) fn mentions(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn value(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }

    fn needed<'a, T>(
        &'a self,
        key: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<T, Damaged> {
        read(self.value(key))
            .ok_or_else(|| Damaged::new(format_args!("`{key}` is missing or wrong")))
    }

    pub(super) fn text(&self, key: &str) -> Result<&str, Damaged> {
        self.needed(key, Value::as_str)
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, Damaged> {
        match self.has(key) {
            true => self.needed(key, Value::as_bool),
            false => Ok(false),
        }
    }

    pub(super) fn number(&self, key: &str) -> Result<u64, Damaged> {
        self.needed(key, Value::as_u64)
    }

    /// A number, or null.
    pub(super) fn number_or_none(&self, key: &str) -> Result<Option<u64>, Damaged> {
        match self.has(key) {
            true => self.number(key).map(Some),
            false => Ok(None),
        }
    }

    pub(super) fn octets(&self, key: &str) -> Result<Vec<u8>, Damaged> {
        octets(self.value(key))
    }

    pub(super) fn object(&self, key: &str) -> Result<Self, Damaged> {
        self.needed(key, |value| Self::of(value).ok())
    }

    pub(super) fn list(&self, key: &str) -> Result<&[Value], Damaged> {
        match self.has(key) {
            true => self.needed(key, |value| value.as_array().map(Vec::as_slice)),
            false => Ok(&[]),
        }
    }

    pub(super) fn objects(&self, key: &str) -> Result<Vec<Self>, Damaged> {
        self.list(key)?.iter().map(Self::of).collect()
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Damaged> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts = self.list(key)?.iter().map(text).collect::<Option<_>>();
        texts.ok_or_else(|| Damaged::new(format_args!("`{key}` holds something that is no text")))
    }

    pub(super) fn byte_strings(&self, key: &str) -> Result<Vec<Vec<u8>>, Damaged> {
        self.list(key)?.iter().map(octets).collect()
    }

    /// Pairs of octets: field lines.
    pub(super) fn lines(&self, key: &str) -> Result<Vec<Line>, Damaged> {
        let line = |value: &Value| Ok((octets(&value[0])?, octets(&value[1])?));
        self.list(key)?.iter().map(line).collect()
    }

    /// Pairs of text.
    pub(super) fn pairs(&self, key: &str) -> Result<Vec<(String, String)>, Damaged> {
        let pair =
            |value: &Value| Some((value[0].as_str()?.to_owned(), value[1].as_str()?.to_owned()));
        let pairs = self.list(key)?.iter().map(pair).collect::<Option<_>>();
        pairs.ok_or_else(|| Damaged::new(format_args!("`{key}` holds something that is no pair")))
    }
}

/// A name and a value.
pub(super) type Line = (Vec<u8>, Vec<u8>);

/// One code point for each octet.
pub(super) fn octets(value: &Value) -> Result<Vec<u8>, Damaged> {
    let text = value
        .as_str()
        .ok_or_else(|| Damaged::new("not a byte string"))?;
    let octet = |letter: char| u8::try_from(u32::from(letter));
    let octets = text.chars().map(octet).collect::<Result<_, _>>();
    octets.map_err(|_| Damaged::new("a byte string with a letter that is no octet"))
}
