//! The grammar of octets that every part of a message shares.

pub(crate) mod chars;
pub(crate) mod cookie_date;
pub(crate) mod date;
pub(crate) mod list;
