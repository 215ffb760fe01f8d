//! Cookie-date (RFC 6265bis §5.1.1): not a format but a search. Whatever lies between delimiters is taken for the first of
//! time, day, month and year that it could be and that is still missing; the rest, zones and names of days included, is
//! passed over.
//!
//! ```text
//! cookie-date  = *delimiter date-token-list *delimiter
//! time         = hms-time [ non-digit *OCTET ]
//! day-of-month = 1*2DIGIT [ non-digit *OCTET ]
//! month        = ( "jan" / "feb" / ... / "dec" ) *OCTET
//! year         = 2*4DIGIT [ non-digit *OCTET ]
//! ```

use super::date::{Day, MONTHS, SECONDS_A_DAY, number};

/// The Gregorian calendar begins in 1582; the first year of its first whole cycle is the earliest that is taken.
const FIRST_YEAR: i64 = 1601;

/// The moment of a cookie-date (RFC 6265bis §5.1.1), in seconds since the Unix epoch; negative before it. `None` if no
/// date can be found.
///
/// ```
/// assert_eq!(sessile_core::cookie_date(b"Sun, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
/// ```
pub fn cookie_date(text: &[u8]) -> Option<i64> {
    let mut found = Found::default();
    for token in text.split(|octet| is_delimiter(*octet)) {
        found.look_at(token);
    }
    found.moment()
}

/// delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
fn is_delimiter(octet: u8) -> bool {
    matches!(octet, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    time: Option<(i64, i64, i64)>,
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
}

impl Found {
    fn look_at(&mut self, token: &[u8]) {
        let _ = search(&mut self.time, || time(token))
            || search(&mut self.day, || leading_number(token, 1..=2))
            || search(&mut self.month, || month(token))
            || search(&mut self.year, || {
                leading_number(token, 2..=4).map(whole_year)
            });
    }

    /// The moment, if everything was found, lies within its range, and the calendar has the day.
    fn moment(self) -> Option<i64> {
        let (hour, minute, second) = self.time?;
        let year = self.year.filter(|year| *year >= FIRST_YEAR)?;
        let day = Day::new(year, self.month?, self.day?)?;
        let within = hour <= 23 && minute <= 59 && second <= 59;
        within.then(|| day.number() * SECONDS_A_DAY + hour * 3_600 + minute * 60 + second)
    }
}

/// Fills the place if it is empty and there is something for it; whether it did.
fn search<T>(place: &mut Option<T>, read: impl FnOnce() -> Option<T>) -> bool {
    if place.is_some() {
        return false;
    }
    *place = read();
    place.is_some()
}

/// hms-time = time-field ":" time-field ":" time-field; time-field = 1*2DIGIT
fn time(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut fields = token.splitn(3, |octet| *octet == b':');
    let mut field = || fields.next().filter(|field| field.len() <= 2);
    let (hour, minute) = (whole_number(field()?)?, whole_number(field()?)?);
    Some((hour, minute, leading_number(fields.next()?, 1..=2)?))
}

fn whole_number(digits: &[u8]) -> Option<i64> {
    number(digits).filter(|_| !digits.is_empty())
}

/// So many digits, and none behind them.
fn leading_number(token: &[u8], digits: core::ops::RangeInclusive<usize>) -> Option<i64> {
    let end = token.iter().position(|octet| !octet.is_ascii_digit());
    let leading = &token[..end.unwrap_or(token.len())];
    digits
        .contains(&leading.len())
        .then(|| number(leading))
        .flatten()
}

fn month(token: &[u8]) -> Option<i64> {
    let name = token.get(..3)?;
    let place = MONTHS
        .iter()
        .position(|month| name.eq_ignore_ascii_case(&month[..]));
    i64::try_from(place? + 1).ok()
}

/// 70 to 99 lie in the twentieth century, 0 to 69 in this one.
fn whole_year(digits: i64) -> i64 {
    match digits {
        0..=69 => digits + 2000,
        70..=99 => digits + 1900,
        whole => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_in_any_order() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "1994 nov 6 8:49:37",
            "\t6-NOVEMBER-94;08:49:37x {zone}",
            "08:49:37 6th November 1994AD",
        ] {
            assert_eq!(cookie_date(text.as_bytes()), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn each_part_is_needed_and_has_its_range() {
        for (text, moment) in [
            ("1 Jan 1970 0:0:0", Some(0)),
            ("31 Dec 1969 23:59:59", Some(-1)),
            ("1 Jan 1601 0:0:0", Some(-11_644_473_600)),
            ("31 Dec 1600 23:59:59", None),
            ("31 Dec 9999 23:59:59", Some(253_402_300_799)),
            ("1 Jan 69 0:0:0", Some(3_124_224_000)),
            ("1 Jan 70 0:0:0", Some(0)),
            ("29 Feb 2000 0:0:0", Some(951_782_400)),
            ("29 Feb 1900 0:0:0", None),
            ("0 Jan 2000 0:0:0", None),
            ("31 Apr 2000 0:0:0", None),
            ("1 Jan 2000 24:0:0", None),
            ("1 Jan 2000 0:60:0", None),
            ("1 Jan 2000 0:0:60", None),
            ("1 Jan 2000", None),
            ("1 Jan 0:0:0", None),
            ("1 2000 0:0:0", None),
            ("Jan 2000 0:0:0", None),
            ("1 Jan 2000 000:0:0", None),
            ("1 Jan 2000 0:0:000", None),
            ("1 Jan 2000 0::0", None),
            ("1 Jan 20000 0:0:0", None),
            ("001 Jan 2000 0:0:0", None),
            ("", None),
        ] {
            assert_eq!(cookie_date(text.as_bytes()), moment, "{text}");
        }
    }

    #[test]
    fn every_octet_divides_or_belongs() {
        for octet in 0..=255u8 {
            let text = [b"1 Jan 2000 0:0:0", &[octet][..], b"9"].concat();
            let taken = cookie_date(&text).is_some();
            // A digit makes the second too long; whatever else follows a number is passed over.
            assert_eq!(taken, !octet.is_ascii_digit(), "{octet:#x}");
            let text = [b"1", &[octet][..], b"Jan 2000 0:0:0"].concat();
            assert_eq!(
                cookie_date(&text).is_some(),
                is_delimiter(octet),
                "{octet:#x}"
            );
        }
    }
}
