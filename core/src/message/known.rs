//! The field names that the core itself must understand, recognised once, in the pass that reads or writes the line.

/// A field name that some rule of ours asks for, or `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Other,
    Accept,
    Connection,
    ContentLength,
    Expect,
    Host,
    KeepAlive,
    ProxyConnection,
    Te,
    Trailer,
    TransferEncoding,
    Upgrade,
    UserAgent,
}

impl Known {
    /// Recognises a name in any case. Length first: most names fail there.
    pub(crate) fn of(name: &[u8]) -> Self {
        let candidates: &[(&[u8], Self)] = match name.len() {
            2 => &[(b"te", Self::Te)],
            4 => &[(b"host", Self::Host)],
            6 => &[(b"accept", Self::Accept), (b"expect", Self::Expect)],
            7 => &[(b"trailer", Self::Trailer), (b"upgrade", Self::Upgrade)],
            10 => &[
                (b"connection", Self::Connection),
                (b"keep-alive", Self::KeepAlive),
                (b"user-agent", Self::UserAgent),
            ],
            14 => &[(b"content-length", Self::ContentLength)],
            16 => &[(b"proxy-connection", Self::ProxyConnection)],
            17 => &[(b"transfer-encoding", Self::TransferEncoding)],
            _ => &[],
        };
        let found = candidates
            .iter()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name));
        found.map_or(Self::Other, |(_, known)| *known)
    }

    /// One bit per name, for sets.
    pub(crate) fn bit(self) -> u32 {
        1 << self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case() {
        assert_eq!(Known::of(b"CONTENT-length"), Known::ContentLength);
        assert_eq!(Known::of(b"Content-Lengths"), Known::Other);
        assert_eq!(Known::of(b"Keep-Alive"), Known::KeepAlive);
        assert_eq!(Known::of(b"tE"), Known::Te);
        assert_eq!(Known::of(b""), Known::Other);
    }
}
