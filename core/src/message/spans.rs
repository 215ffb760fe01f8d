//! Where the lines of a field section stand, as offsets over its buffer.

use super::Known;

/// Where one field line's name and value stand in the section's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    pub(crate) known: Known,
    pub(crate) name: Span,
    pub(crate) value: Span,
}

/// The spans of one section, and which known names occur among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    list: Vec<FieldSpan>,
    known: u32,
}

impl Spans {
    pub(crate) const fn new() -> Self {
        Self {
            list: Vec::new(),
            known: 0,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, span: FieldSpan) {
        self.known |= span.known.bit();
        self.list.push(span);
    }

    /// Forgets the spans, keeps the memory, and makes room for so many.
    pub(crate) fn restart(&mut self, fields: usize) {
        self.list.clear();
        self.list.reserve(fields);
        self.known = 0;
    }

    pub(crate) fn list(&self) -> &[FieldSpan] {
        &self.list
    }

    /// The set of known names that occur.
    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    /// Whether a line of this name occurs.
    pub(crate) fn has(&self, name: Known) -> bool {
        self.known & name.bit() != 0
    }

    /// The value of a known name that occurs once.
    pub(crate) fn only_value<'a>(&self, name: Known, octets: &'a [u8]) -> Option<&'a [u8]> {
        let is_it = |span: &FieldSpan| span.known == name;
        let first = self.list.iter().position(is_it)?;
        let (span, rest) = self.list[first..].split_first()?;
        let again = rest.iter().any(is_it);
        (!again).then(|| span.value.of(octets))
    }

    /// The values of a known name in the buffer that the spans count in, in order.
    pub(crate) fn values<'a>(
        &'a self,
        name: Known,
        octets: &'a [u8],
    ) -> impl Iterator<Item = &'a [u8]> {
        // Most names that are asked for do not occur.
        let list = if self.has(name) { &self.list[..] } else { &[] };
        list.iter()
            .filter(move |span| span.known == name)
            .map(|span| span.value.of(octets))
    }
}

/// A piece of a buffer. Heads are bounded far below 4 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// `None` if the piece lies beyond 4 GiB.
    pub(crate) fn new(start: usize, length: usize) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            length: u32::try_from(length).ok()?,
        })
    }

    /// As [`Span::new`], for a section that is known to lie below 4 GiB.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the caller has looked at the whole section's length"
    )]
    pub(crate) fn below(start: usize, length: usize) -> Self {
        Self {
            start: start as u32,
            length: length as u32,
        }
    }

    pub(crate) fn of(self, octets: &[u8]) -> &[u8] {
        let start = self.start as usize;
        octets
            .get(start..start + self.length as usize)
            .unwrap_or_default()
    }
}
