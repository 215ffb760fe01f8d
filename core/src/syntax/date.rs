//! HTTP-date in its three forms (RFC 9110 §5.6.7), strictly: each octet where the grammar has it, letters in their case,
//! `GMT`, and a day that exists and has that name.
//!
//! ```text
//! IMF-fixdate   Sun, 06 Nov 1994 08:49:37 GMT
//! rfc850-date   Sunday, 06-Nov-94 08:49:37 GMT
//! asctime-date  Sun Nov  6 08:49:37 1994
//! ```
//!
//! The `httpdate` crate gives a two-digit year the century that a fixed pivot says, where the rule is "not more than 50
//! years ahead", knows no year before 1970, and speaks in the system's clock, which this crate does not have.

use core::time::Duration;

pub(super) const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// From the day on which the Unix epoch began.
const DAYS: [&[u8]; 7] = [
    b"Thursday",
    b"Friday",
    b"Saturday",
    b"Sunday",
    b"Monday",
    b"Tuesday",
    b"Wednesday",
];

pub(super) const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// A day of the Gregorian calendar, also before its time. Ordered as days are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    year: i64,
    month: i64,
    day: i64,
}

impl Day {
    /// The day, if the calendar has it.
    pub(super) fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let date = Self { year, month, day };
        (Self::at(date.number()) == date).then_some(date)
    }

    /// Days since the epoch's. (A year is counted from March, so that the leap day is its last.)
    pub(super) fn number(self) -> i64 {
        let years = self.year - i64::from(self.month <= 2);
        let month = (self.month + 9) % 12;
        let in_year = (153 * month + 2) / 5 + self.day - 1;
        let (era, year) = (years.div_euclid(400), years.rem_euclid(400));
        era * 146_097 + year * 365 + year / 4 - year / 100 + in_year - 719_468
    }

    fn at(number: i64) -> Self {
        let days = number + 719_468;
        let (era, in_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * in_year + 2) / 153;
        let month = (from_march + 2) % 12 + 1;
        Self {
            year: year + era * 400 + i64::from(month <= 2),
            month,
            day: in_year - (153 * from_march + 2) / 5 + 1,
        }
    }

    fn name(self) -> &'static [u8] {
        // Seven names, seven rests.
        usize::try_from(self.number().rem_euclid(7)).map_or(&[], |rest| DAYS[rest])
    }
}

/// Seconds since the Unix epoch; negative before it. `wall` is the present, by which a two-digit year is read.
pub(crate) fn http_date(text: &[u8], wall: Duration) -> Option<i64> {
    imf_fixdate(text)
        .or_else(|| asctime_date(text))
        .or_else(|| rfc850_date(text, wall))
}

fn imf_fixdate(text: &[u8]) -> Option<i64> {
    let (name, rest) = text.split_at_checked(3)?;
    let day = number(rest.strip_prefix(b", ")?.get(..2)?)?;
    let rest = rest[4..].strip_prefix(b" ")?;
    let (month, rest) = (month(rest.get(..3)?)?, rest[3..].strip_prefix(b" ")?);
    let (year, rest) = (number(rest.get(..4)?)?, rest[4..].strip_prefix(b" ")?);
    let time = time_of_day(rest.strip_suffix(b" GMT")?)?;
    moment(Day::new(year, month, day)?, &name[..3], 3, time)
}

fn asctime_date(text: &[u8]) -> Option<i64> {
    let (name, rest) = text.split_at_checked(3)?;
    let rest = rest.strip_prefix(b" ")?;
    let (month, rest) = (month(rest.get(..3)?)?, rest[3..].strip_prefix(b" ")?);
    let (day, rest) = (rest.get(..2)?, rest[2..].strip_prefix(b" ")?);
    let day = match day {
        [b' ', digit @ b'1'..=b'9'] => i64::from(digit - b'0'),
        [b' ', _] => return None,
        digits => number(digits)?,
    };
    let (time, rest) = (time_of_day(rest.get(..8)?)?, rest[8..].strip_prefix(b" ")?);
    let year = number(rest).filter(|_| rest.len() == 4)?;
    moment(Day::new(year, month, day)?, name, 3, time)
}

fn rfc850_date(text: &[u8], wall: Duration) -> Option<i64> {
    let comma = text.iter().position(|&octet| octet == b',')?;
    let (name, rest) = (&text[..comma], text[comma..].strip_prefix(b", ")?);
    let (day, rest) = (number(rest.get(..2)?)?, rest[2..].strip_prefix(b"-")?);
    let (month, rest) = (month(rest.get(..3)?)?, rest[3..].strip_prefix(b"-")?);
    let (year, rest) = (number(rest.get(..2)?)?, rest[2..].strip_prefix(b" ")?);
    let time = time_of_day(rest.strip_suffix(b" GMT")?)?;
    let year = whole_year(year, month, day, time, wall);
    moment(Day::new(year, month, day)?, name, usize::MAX, time)
}

/// The latest year with these last two digits in which the moment is not more than 50 years ahead.
fn whole_year(digits: i64, month: i64, day: i64, time: i64, wall: Duration) -> i64 {
    let now = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX);
    let today = Day::at(now / SECONDS_A_DAY);
    let year = today.year + (digits - today.year).rem_euclid(100);
    let back = Day {
        year: year - 50,
        month,
        day,
    };
    let too_far = (back, time) > (today, now % SECONDS_A_DAY);
    year - if too_far { 100 } else { 0 }
}

/// The moment, if its day has this name, or one that begins with so many letters.
fn moment(day: Day, name: &[u8], letters: usize, time: i64) -> Option<i64> {
    let whole = day.name();
    let named = name == &whole[..whole.len().min(letters)];
    // Only a clock near the end of its time gives a year of two digits so late a day.
    let midnight = day.number().saturating_mul(SECONDS_A_DAY);
    named.then_some(midnight.saturating_add(time))
}

fn month(name: &[u8]) -> Option<i64> {
    let place = MONTHS.iter().position(|month| &month[..] == name)?;
    i64::try_from(place + 1).ok()
}

/// Seconds since midnight; `23:59:60` is a leap second.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = text else {
        return None;
    };
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    let leap = (hour, minute, second) == (23, 59, 60);
    (hour < 24 && minute < 60 && (second < 60 || leap))
        .then_some(hour * 3_600 + minute * 60 + second)
}

/// Decimal digits and nothing else.
pub(super) fn number(digits: &[u8]) -> Option<i64> {
    let mut number = 0;
    for digit in digits {
        number = number * 10 + i64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24T12:00:00Z
    const NOW: Duration = Duration::from_secs(1_795_521_600);

    fn read(text: &str) -> Option<i64> {
        http_date(text.as_bytes(), NOW)
    }

    #[test]
    fn three_forms_are_one_moment() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(read(text), Some(784_111_777), "{text}");
        }
        assert_eq!(read("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(read("Wed Dec 31 23:59:59 1969"), Some(-1));
        assert_eq!(read("Thu, 29 Feb 2024 23:59:60 GMT"), Some(1_709_251_200));
        assert_eq!(read("Sat, 01 Jan 0000 00:00:00 GMT"), Some(-62_167_219_200));
        assert_eq!(read("Fri, 31 Dec 9999 23:59:59 GMT"), Some(253_402_300_799));
    }

    #[test]
    fn what_is_almost_a_date_is_none() {
        for text in [
            "",
            "Sun",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37  GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "Sun, 06 Nov 1994 +8:49:37 GMT",
            "Wed, 29 Feb 2023 00:00:00 GMT",
            "Wed, 00 Mar 2023 00:00:00 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06 Nov 94 08:49:37 GMT",
            "Sun Nov 06 08:49:37 94",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  0 08:49:37 1994",
            "Sun Nov  6 08:49:37 1994 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
        let year = |text| Day::at(read(text).expect("a date") / SECONDS_A_DAY).year;
        assert_eq!(year("Tuesday, 24-Nov-76 12:00:00 GMT"), 2076);
        assert_eq!(year("Wednesday, 24-Nov-76 12:00:01 GMT"), 1976);
        assert_eq!(year("Sunday, 22-Nov-26 16:00:10 GMT"), 2026);
        assert_eq!(year("Friday, 01-Jan-27 00:00:00 GMT"), 2027);
        // At the end of time there is still an answer, and it lies there.
        for (year, day) in (0..100).flat_map(|year| DAYS.map(|day| (year, day))) {
            let day = String::from_utf8_lossy(day);
            let text = format!("{day}, 06-Nov-{year:02} 08:49:37 GMT");
            let end = http_date(text.as_bytes(), Duration::MAX);
            assert!(end.is_none_or(|at| at > i64::MAX / 2), "{text}: {end:?}");
        }
    }

    #[test]
    fn days_and_numbers_agree() {
        let mut day = Day::at(-800_000);
        for number in -799_999..800_000 {
            let next = Day::at(number);
            assert!(next > day && next.number() == number, "{next:?}");
            day = next;
        }
    }
}
