//! The words of a `.netrc`, and the lines that they stand in.
//!
//! Words are divided by white space, over as many lines as they like. In quotes a word may hold blanks. A backslash takes
//! the meaning from the octet behind it, in quotes and without (GNU inetutils, Python; curl does so in quotes alone); in
//! quotes `\n`, `\r` and `\t` are curl's. A comment begins with `#`, first in its line or where a keyword would stand; a
//! value may begin with one.

use super::error::{NetrcError, NetrcFault};

/// What is left of a file.
pub(super) struct Words<'a> {
    rest: &'a [u8],
    line: usize,
}

/// A word, unquoted, and its line.
pub(super) struct Word {
    pub(super) octets: Vec<u8>,
    pub(super) line: usize,
}

impl<'a> Words<'a> {
    pub(super) fn of(file: &'a [u8]) -> Self {
        Self {
            rest: file,
            line: 1,
        }
    }

    /// The next keyword; `None` at the end of the file.
    pub(super) fn keyword(&mut self) -> Result<Option<Word>, NetrcError> {
        while self.skip_blanks().is_some() && self.rest.starts_with(b"#") {
            self.skip_line();
        }
        match self.rest {
            [] => Ok(None),
            _ => self.word().map(Some),
        }
    }

    /// The value that must follow.
    pub(super) fn value(&mut self) -> Result<Word, NetrcError> {
        while self.skip_blanks() == Some(Place::NewLine) && self.rest.starts_with(b"#") {
            self.skip_line();
        }
        match self.rest {
            [] => Err(self.fault(NetrcFault::NoValue)),
            _ => self.word(),
        }
    }

    /// What is left of this line, and all lines up to an empty one.
    pub(super) fn skip_macro(&mut self) -> Result<(), NetrcError> {
        let unended = self.fault(NetrcFault::Macro);
        self.skip_line();
        while !self.rest.is_empty() {
            if self.skip_line().trim_ascii().is_empty() {
                return Ok(());
            }
        }
        Err(unended)
    }

    fn fault(&self, what: NetrcFault) -> NetrcError {
        let line = self.line;
        NetrcError { line, what }
    }

    /// Skips white space; `None` at the end of the file.
    fn skip_blanks(&mut self) -> Option<Place> {
        let mut place = Place::SameLine;
        loop {
            match self.rest.first()? {
                b'\n' => place = Place::NewLine,
                octet if octet.is_ascii_whitespace() => {}
                _ => return Some(place),
            }
            self.take();
        }
    }

    fn skip_line(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|octet| *octet == b'\n');
        let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        self.take();
        line
    }

    fn take(&mut self) -> Option<u8> {
        let (octet, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.line += usize::from(*octet == b'\n');
        Some(*octet)
    }

    fn word(&mut self) -> Result<Word, NetrcError> {
        let line = self.line;
        let octets = match self.rest.strip_prefix(b"\"") {
            Some(rest) => {
                self.rest = rest;
                self.quoted()?
            }
            None => self.plain()?,
        };
        Ok(Word { octets, line })
    }

    fn plain(&mut self) -> Result<Vec<u8>, NetrcError> {
        let mut octets = Vec::new();
        while let Some(octet) = self
            .rest
            .first()
            .filter(|octet| !octet.is_ascii_whitespace())
        {
            let escaped = *octet == b'\\';
            self.take();
            octets.push(match escaped {
                true => self.escaped()?,
                false => *octet,
            });
        }
        Ok(octets)
    }

    fn quoted(&mut self) -> Result<Vec<u8>, NetrcError> {
        let mut octets = Vec::new();
        loop {
            let octet = match self.rest.first() {
                None | Some(b'\n') => return Err(self.fault(NetrcFault::Quoting)),
                Some(octet) => *octet,
            };
            self.take();
            match octet {
                b'"' => break,
                b'\\' => octets.push(match self.escaped()? {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => other,
                }),
                other => octets.push(other),
            }
        }
        match self.rest.first() {
            Some(octet) if !octet.is_ascii_whitespace() => Err(self.fault(NetrcFault::Quoting)),
            _ => Ok(octets),
        }
    }

    /// What stands behind a backslash, in the same line.
    fn escaped(&mut self) -> Result<u8, NetrcError> {
        match self.rest.first() {
            None | Some(b'\n' | b'\r') => Err(self.fault(NetrcFault::Escape)),
            Some(_) => self.take().ok_or(self.fault(NetrcFault::Escape)),
        }
    }
}

/// Where the next word stands.
#[derive(PartialEq, Eq)]
enum Place {
    SameLine,
    NewLine,
}
