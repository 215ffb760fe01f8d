//! The field names that the core itself must understand, recognised once, in the pass that reads or writes the line.

/// A field name that some rule of ours asks for, or `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Other,
    Accept,
    Authorization,
    CacheControl,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentRange,
    ContentType,
    Cookie,
    Expect,
    Host,
    KeepAlive,
    ProxyAuthorization,
    SetCookie,
    Te,
    Trailer,
    TransferEncoding,
    Upgrade,
    UserAgent,
}

impl Known {
    /// Recognises a name in any case. Length and first letter first: nearly all other names fail there.
    pub(crate) fn of(name: &[u8]) -> Self {
        let (is, known) = match (name.len(), name.first().map_or(0, |first| first | 0x20)) {
            (2, b't') => (folds_to(name, b"te"), Self::Te),
            (4, b'h') => (folds_to(name, b"host"), Self::Host),
            (6, b'a') => (folds_to(name, b"accept"), Self::Accept),
            (6, b'c') => (folds_to(name, b"cookie"), Self::Cookie),
            (6, b'e') => (folds_to(name, b"expect"), Self::Expect),
            (7, b't') => (folds_to(name, b"trailer"), Self::Trailer),
            (7, b'u') => (folds_to(name, b"upgrade"), Self::Upgrade),
            (10, b'c') => (folds_to(name, b"connection"), Self::Connection),
            (10, b'k') => (folds_to(name, b"keep-alive"), Self::KeepAlive),
            (10, b's') => (folds_to(name, b"set-cookie"), Self::SetCookie),
            (10, b'u') => (folds_to(name, b"user-agent"), Self::UserAgent),
            (12, b'c') => (folds_to(name, b"content-type"), Self::ContentType),
            (13, b'a') => (folds_to(name, b"authorization"), Self::Authorization),
            (13, b'c') => match folds_to(name, b"cache-control") {
                true => (true, Self::CacheControl),
                false => (folds_to(name, b"content-range"), Self::ContentRange),
            },
            (14, b'c') => (folds_to(name, b"content-length"), Self::ContentLength),
            (16, b'c') => (folds_to(name, b"content-encoding"), Self::ContentEncoding),
            (17, b't') => (folds_to(name, b"transfer-encoding"), Self::TransferEncoding),
            (19, b'p') => (
                folds_to(name, b"proxy-authorization"),
                Self::ProxyAuthorization,
            ),
            _ => return Self::Other,
        };
        if is { known } else { Self::Other }
    }

    /// What a trailer section must not hold: framing, routing, credentials, cookies, what describes the content, what
    /// caches go by (RFC 9110 §6.5.1).
    pub(crate) const fn forbidden_in_trailers() -> u32 {
        Self::Authorization.bit()
            | Self::CacheControl.bit()
            | Self::Connection.bit()
            | Self::ContentEncoding.bit()
            | Self::ContentLength.bit()
            | Self::ContentRange.bit()
            | Self::ContentType.bit()
            | Self::Cookie.bit()
            | Self::Expect.bit()
            | Self::Host.bit()
            | Self::ProxyAuthorization.bit()
            | Self::SetCookie.bit()
            | Self::Te.bit()
            | Self::Trailer.bit()
            | Self::TransferEncoding.bit()
            | Self::Upgrade.bit()
    }

    /// One bit per name, for sets.
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Whether a token is this name in any case. Bit 5 is the case of a letter, and a hyphen has no twin among the octets of
/// a token; so two overlapping words that cover the name are compared at once.
fn folds_to<const N: usize>(name: &[u8], lower: &[u8; N]) -> bool {
    let Some(name) = name.first_chunk::<N>() else {
        return false;
    };
    match N {
        8.. => words::<N, 8>(name) == words::<N, 8>(lower),
        4..8 => words::<N, 4>(name) == words::<N, 4>(lower),
        _ => words::<N, 2>(name) == words::<N, 2>(lower),
    }
}

/// The first and the last `W` octets of a name, in small letters; a third word in the middle where these leave a gap.
#[inline]
fn words<const N: usize, const W: usize>(name: &[u8; N]) -> [u64; 3] {
    const SMALL: u64 = u64::from_le_bytes([0x20; 8]);
    let word = |at: usize| {
        let mut octets = [0; 8];
        if let (Some(from), Some(to)) = (name.get(at..at + W), octets.get_mut(..W)) {
            to.copy_from_slice(from);
        }
        u64::from_le_bytes(octets) | SMALL
    };
    let gap = if N > 2 * W { W } else { 0 };
    [word(0), word(gap), word(N - W)]
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
        for (name, known) in [
            ("Proxy-Authorization", Known::ProxyAuthorization),
            ("Transfer-Encoding", Known::TransferEncoding),
            ("Cache-Control", Known::CacheControl),
            ("Content-Range", Known::ContentRange),
            ("Set-Cookie", Known::SetCookie),
            ("Accept", Known::Accept),
            ("Upgrade", Known::Upgrade),
            ("Host", Known::Host),
        ] {
            assert_eq!(Known::of(name.as_bytes()), known);
            // No octet may be left out of the comparison.
            for place in 0..name.len() {
                let mut other = name.as_bytes().to_vec();
                other[place] = b'_';
                assert_eq!(Known::of(&other), Known::Other, "{name}, {place}");
            }
        }
    }
}
