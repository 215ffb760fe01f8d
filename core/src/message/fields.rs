//! Field sections (RFC 9110 §5): names and values in order and as written, as offsets over one buffer.
//!
//! [`Fields`] is what we send: its lines stand in memory as they will stand on the wire, so that encoding is a copy.
//! [`FieldsRef`] is the borrowed view that both sent and received sections share. Nothing enters a `Fields` unchecked;
//! that is why no request can be split by a value.

use core::fmt;
use std::io;

use super::Known;
use super::spans::{FieldSpan, Span, Spans};
use crate::syntax::chars;

/// Why a field line was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldError {
    /// The name is not a token (RFC 9110 §5.6.2).
    Name,
    /// The value holds a control octet: CR, LF, NUL or another (RFC 9110 §5.5).
    Value,
    /// The section would pass 4 GiB.
    TooLong,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the field name is not a token (RFC 9110 section 5.6.2)",
            Self::Value => {
                "the field value holds a control octet such as CR or LF (RFC 9110 section 5.5)"
            }
            Self::TooLong => "the field section is longer than 4 GiB",
        })
    }
}

impl core::error::Error for FieldError {}

impl From<FieldError> for io::Error {
    /// For functions that [answer](crate::Answering) and use `?`.
    fn from(error: FieldError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// One field line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name, in the case in which it was written.
    pub name: &'a str,
    /// The value without the white space around it. Mostly ASCII, but any octet from 0x80 on may occur.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    /// The value as text, if it is UTF-8.
    pub fn text(&self) -> Option<&'a str> {
        core::str::from_utf8(self.value).ok()
    }
}

/// A section of field lines that we send: ordered, multi-valued, looked up without regard to case.
///
/// ```
/// use sessile_core::Fields;
/// let mut fields = Fields::new();
/// fields.append("X-Trace", "a")?;
/// fields.append("x-trace", "b")?;
/// assert_eq!(fields.get("X-TRACE"), Some(&b"a"[..]));
/// assert_eq!(fields.get_all("x-trace").count(), 2);
/// assert!(fields.append("X-Bad", "split\r\nHost: elsewhere").is_err());
/// # Ok::<(), sessile_core::FieldError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// The lines as they go on the wire: name, colon, one space, value, CRLF.
    wire: Vec<u8>,
    spans: Spans,
}

impl Fields {
    /// No field lines, no allocation.
    pub const fn new() -> Self {
        Self {
            wire: Vec::new(),
            spans: Spans::new(),
        }
    }

    /// Adds a line at the end. White space around the value is dropped.
    ///
    /// # Errors
    /// If the name is not a token or the value holds a control octet; nothing is added then.
    pub fn append(
        &mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), FieldError> {
        let (name, value) = (name.as_ref(), chars::trim_ows(value.as_ref()));
        if !chars::is_token(name) {
            return Err(FieldError::Name);
        }
        if !chars::is_field_value(value, false) {
            return Err(FieldError::Value);
        }
        let start = self.wire.len();
        let name_span = Span::new(start, name.len()).ok_or(FieldError::TooLong)?;
        let value_span =
            Span::new(start + name.len() + 2, value.len()).ok_or(FieldError::TooLong)?;
        for part in [name, b": ", value, b"\r\n"] {
            self.wire.extend_from_slice(part);
        }
        self.spans.push(FieldSpan {
            known: Known::of(name),
            name: name_span,
            value: value_span,
        });
        Ok(())
    }

    /// Replaces every line of this name by one, at the end.
    ///
    /// # Errors
    /// As [`Fields::append`]; nothing is changed then.
    pub fn set(
        &mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<(), FieldError> {
        let mut rest = self.without(name.as_ref());
        rest.append(name, value)?;
        *self = rest;
        Ok(())
    }

    /// Removes every line of this name and tells whether there was one.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) -> bool {
        let rest = self.without(name.as_ref());
        let removed = rest.len() < self.len();
        *self = rest;
        removed
    }

    fn without(&self, name: &[u8]) -> Self {
        self.filtered(|line| !line.eq_ignore_ascii_case(name))
    }

    /// The lines whose names are wanted, in order.
    pub(crate) fn filtered(&self, wanted: impl Fn(&[u8]) -> bool) -> Self {
        let mut kept = Self::new();
        for field in self.iter().filter(|field| wanted(field.name.as_bytes())) {
            // Every line of ours was checked when it came in and the rest is no longer than the whole.
            let _ = kept.append(field.name, field.value);
        }
        kept
    }

    /// The first value of this name.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.as_ref().get(name)
    }

    /// All values of this name, in order.
    pub fn get_all<N: AsRef<[u8]>>(&self, name: N) -> impl Iterator<Item = &[u8]> + use<'_, N> {
        self.as_ref().get_all(name)
    }

    /// All lines in order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        self.as_ref().iter()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.spans.list().len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.spans.list().is_empty()
    }

    /// The borrowed view.
    pub fn as_ref(&self) -> FieldsRef<'_> {
        FieldsRef {
            octets: &self.wire,
            spans: self.spans.list(),
        }
    }

    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }

    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// The set of known names that occur.
    pub(crate) fn known(&self) -> u32 {
        self.spans.known()
    }

    /// All values of a known name, in order.
    pub(crate) fn values(&self, name: Known) -> impl Iterator<Item = &[u8]> {
        self.spans.values(name, &self.wire)
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// Field lines from pairs of a name and a value.
///
/// ```
/// use sessile_core::Fields;
/// let fields = Fields::try_from([("User-Agent", "ship/1.0"), ("X-Team", "blue")])?;
/// assert_eq!(fields.len(), 2);
/// # Ok::<(), sessile_core::FieldError>(())
/// ```
impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const COUNT: usize> TryFrom<[(N, V); COUNT]> for Fields {
    type Error = FieldError;

    fn try_from(lines: [(N, V); COUNT]) -> Result<Self, FieldError> {
        let mut fields = Self::new();
        for (name, value) in lines {
            fields.append(name, value)?;
        }
        Ok(fields)
    }
}

impl From<&http::HeaderMap> for Fields {
    /// Names come out in lower case: that is all a `HeaderMap` knows. Lines with a control octet, which a `HeaderMap`
    /// cannot be built with by ordinary means, are left out.
    fn from(map: &http::HeaderMap) -> Self {
        let mut fields = Self::new();
        for (name, value) in map {
            let _ = fields.append(name.as_str(), value.as_bytes());
        }
        fields
    }
}

/// A borrowed field section: of a request, a response head, a trailer section.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FieldsRef<'a> {
    octets: &'a [u8],
    spans: &'a [FieldSpan],
}

impl<'a> FieldsRef<'a> {
    pub(crate) fn new(octets: &'a [u8], spans: &'a [FieldSpan]) -> Self {
        Self { octets, spans }
    }

    /// The first value of this name, in any case.
    pub fn get(self, name: impl AsRef<[u8]>) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }

    /// The first value of this name, if it is UTF-8.
    pub fn text(self, name: impl AsRef<[u8]>) -> Option<&'a str> {
        core::str::from_utf8(self.get(name)?).ok()
    }

    /// All values of this name, in order.
    pub fn get_all<N: AsRef<[u8]>>(self, name: N) -> impl Iterator<Item = &'a [u8]> + use<'a, N> {
        // A name that was recognised when it was read need not be compared letter by letter.
        let known = Known::of(name.as_ref());
        let is_asked = move |span: &&FieldSpan| {
            span.known == known
                && (known != Known::Other
                    || span
                        .name
                        .of(self.octets)
                        .eq_ignore_ascii_case(name.as_ref()))
        };
        let spans = self.spans.iter().filter(is_asked);
        spans.map(move |span| span.value.of(self.octets))
    }

    /// All lines in order.
    pub fn iter(self) -> FieldsIter<'a> {
        self.into_iter()
    }

    /// The section as a value of its own.
    pub fn to_owned(self) -> Fields {
        let mut fields = Fields::new();
        for field in self.iter() {
            // What was received has been checked by the same rules; a section of a head fits into 4 GiB.
            let _ = fields.append(field.name, field.value);
        }
        fields
    }

    /// How many lines there are.
    pub fn len(self) -> usize {
        self.spans.len()
    }

    /// Whether there is no line.
    pub fn is_empty(self) -> bool {
        self.spans.is_empty()
    }
}

impl<'a> IntoIterator for FieldsRef<'a> {
    type Item = Field<'a>;
    type IntoIter = FieldsIter<'a>;

    fn into_iter(self) -> FieldsIter<'a> {
        FieldsIter {
            octets: self.octets,
            spans: self.spans.iter(),
        }
    }
}

/// The lines of a section, in order.
#[derive(Clone)]
pub struct FieldsIter<'a> {
    octets: &'a [u8],
    spans: core::slice::Iter<'a, FieldSpan>,
}

impl<'a> Iterator for FieldsIter<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let span = self.spans.next()?;
        Some(Field {
            // Names are tokens, hence ASCII.
            name: core::str::from_utf8(span.name.of(self.octets)).unwrap_or_default(),
            value: span.value.of(self.octets),
        })
    }
}

impl fmt::Debug for FieldsRef<'_> {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|field| field.name))
            .finish()
    }
}

impl fmt::Debug for FieldsIter<'_> {
    /// The names that are still to come.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.clone().map(|field| field.name);
        f.debug_list().entries(names).finish()
    }
}

impl From<FieldsRef<'_>> for http::HeaderMap {
    /// Lines that a `HeaderMap` cannot hold (a name of over 64 KiB) are left out.
    fn from(fields: FieldsRef<'_>) -> Self {
        let mut map = Self::with_capacity(fields.len());
        for field in fields.iter() {
            let name = http::HeaderName::from_bytes(field.name.as_bytes());
            let value = http::HeaderValue::from_bytes(field.value);
            if let (Ok(name), Ok(value)) = (name, value) {
                map.append(name, value);
            }
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_octet_splits_a_line() {
        for octet in 0..=255u8 {
            let mut fields = Fields::new();
            let control = (octet < b' ' && octet != b'\t') || octet == 0x7f;
            assert_eq!(
                fields.append("name", [b'a', octet, b'b']).is_err(),
                control,
                "{octet:#x}"
            );
            let token = octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
            assert_eq!(
                fields.append([b'a', octet, b'b'], "value").is_ok(),
                token,
                "{octet:#x}"
            );
        }
    }

    #[test]
    fn lines_stand_as_they_go_on_the_wire() {
        let mut fields = Fields::new();
        fields.append("B", " two ").expect("valid");
        fields.append("a", "").expect("valid");
        fields.set("b", "three").expect("valid");
        assert_eq!(fields.wire(), b"a: \r\nb: three\r\n");
        assert!(fields.remove("A"));
        assert!(!fields.remove("A"));
        assert_eq!(format!("{fields:?}"), r#"["b"]"#);
    }

    #[test]
    fn a_refused_line_changes_nothing() {
        let mut fields = Fields::new();
        fields.append("a", "1").expect("valid");
        assert_eq!(fields.set("a", "1\n2"), Err(FieldError::Value));
        assert_eq!(fields.append("a b", "1"), Err(FieldError::Name));
        assert_eq!(fields.wire(), b"a: 1\r\n");
    }

    #[test]
    fn header_maps_convert_both_ways() {
        let mut fields = Fields::new();
        fields.append("Accept", "a").expect("valid");
        fields.append("ACCEPT", "b").expect("valid");
        let map = http::HeaderMap::from(fields.as_ref());
        assert_eq!(map.get_all("accept").iter().count(), 2);
        assert_eq!(Fields::from(&map).get("Accept"), Some(&b"a"[..]));
    }
}
