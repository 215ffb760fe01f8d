//! The Retry-After field (RFC 9110 §10.2.3): how long the peer asks us to stay away.

use core::time::Duration;

use crate::syntax::chars::trim_ows;
use crate::syntax::date::http_date;

/// How long to wait; `None` if the value says nothing that can be used. `wall` is the present, since the Unix epoch.
///
/// Digits are seconds, however many there are: a number too large to count is a very long time, and no mistake. A date that
/// has passed means now.
pub(crate) fn retry_after(value: &[u8], wall: Duration) -> Option<Duration> {
    let value = trim_ows(value);
    if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
        let seconds = value.iter().fold(0u64, |seconds, digit| {
            seconds
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        });
        return Some(Duration::from_secs(seconds));
    }
    let date = http_date(value, wall)?;
    // What lies before 1970 lies before now.
    let date = Duration::from_secs(u64::try_from(date).unwrap_or(0));
    Some(date.saturating_sub(wall))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_seconds_or_nothing() {
        let wall = Duration::from_millis(1_795_363_200_500);
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (value, wanted) in [
            ("0", seconds(0)),
            (" 120\t", seconds(120)),
            ("007", seconds(7)),
            ("18446744073709551616", seconds(u64::MAX)),
            (
                "Sun, 22 Nov 2026 16:00:10 GMT",
                Some(Duration::from_millis(9_500)),
            ),
            ("Sun, 22 Nov 2026 15:59:00 GMT", seconds(0)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", seconds(0)),
            ("", None),
            (" ", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1e3", None),
            ("0x10", None),
            ("1 0", None),
            ("1, 2", None),
            ("later", None),
            ("\u{661}", None),
            ("Sun, 22 Nov 2026 16:00:10 UTC", None),
        ] {
            assert_eq!(retry_after(value.as_bytes(), wall), wanted, "{value:?}");
        }
        assert_eq!(retry_after(b"5", Duration::MAX), seconds(5));
        let past = retry_after(b"Sun, 22 Nov 2026 16:00:10 GMT", Duration::MAX);
        assert_eq!(past, seconds(0));
    }
}
