//! The entries of a `.netrc`: `machine NAME` or `default`, each with `login`, `password` and `account`; and macros.

use super::error::{NetrcError, NetrcFault};
use super::file::Entry;
use super::hosts::Machine;
use super::words::{Word, Words};
use crate::policy::Credentials;

/// Reads a whole file, or says what is wrong in which line.
pub(super) fn read(file: &[u8]) -> Result<Vec<Entry>, NetrcError> {
    let mut words = Words::of(file);
    let mut entries = Vec::new();
    let mut draft: Option<Draft> = None;
    while let Some(keyword) = words.keyword()? {
        let begun = match keyword.octets.to_ascii_lowercase().as_slice() {
            b"machine" => Some(Machine::read(&words.value()?.octets)),
            b"default" => Some(Machine::Default),
            b"macdef" => {
                words.value()?;
                words.skip_macro()?;
                None
            }
            name => {
                Draft::take(draft.as_mut(), name, &keyword, &mut words)?;
                continue;
            }
        };
        let ended = core::mem::replace(
            &mut draft,
            begun.map(|machine| Draft::new(machine, &keyword)),
        );
        entries.extend(ended.map(Draft::finish).transpose()?);
    }
    entries.extend(draft.map(Draft::finish).transpose()?);
    Ok(entries)
}

/// An entry of which the end has not been seen.
struct Draft {
    machine: Machine,
    line: usize,
    login: Option<Vec<u8>>,
    password: Option<Vec<u8>>,
    account: Option<Vec<u8>>,
}

impl Draft {
    fn new(machine: Machine, keyword: &Word) -> Self {
        Self {
            machine,
            line: keyword.line,
            login: None,
            password: None,
            account: None,
        }
    }

    fn take(
        draft: Option<&mut Self>,
        name: &[u8],
        keyword: &Word,
        words: &mut Words<'_>,
    ) -> Result<(), NetrcError> {
        let fault = |what| NetrcError {
            line: keyword.line,
            what,
        };
        if !matches!(name, b"login" | b"password" | b"account") {
            return Err(fault(NetrcFault::Keyword));
        }
        let draft = draft.ok_or(fault(NetrcFault::NoMachine))?;
        let place = match name {
            b"login" => &mut draft.login,
            b"password" => &mut draft.password,
            _ => &mut draft.account,
        };
        let value = words.value()?.octets;
        match place.replace(value) {
            Some(_) => Err(fault(NetrcFault::Repeated)),
            None => Ok(()),
        }
    }

    fn finish(self) -> Result<Entry, NetrcError> {
        let (login, password) = (self.login.unwrap_or_default(), self.password);
        let credentials = Credentials::new(&login, password.unwrap_or_default());
        let credentials = credentials.map_err(|error| NetrcError {
            line: self.line,
            what: NetrcFault::Credentials(error),
        })?;
        Ok(Entry {
            machine: self.machine,
            login,
            credentials,
        })
    }
}
