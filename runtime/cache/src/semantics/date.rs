//! Dates of HTTP (RFC 9110 5.6.7): read in all three forms, written in one.
//!
//! Letters may be of either case, and a weekday needs not fit its date: both occur, and the date is plain nevertheless. All
//! else is strict, because a date that can't be read means "in the past" for `Expires`.

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
const DAYS: [&str; 7] = [
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
];
const DAY: u64 = 86_400;

/// Reads a date: seconds since 1970, `None` for what is no date or before 1970.
///
/// IMF-fixdate (`Sun, 06 Nov 1994 08:49:37 GMT`), RFC 850 (`Sunday, 06-Nov-94 08:49:37 GMT`, two digits below 70 meaning
/// 20xx) and asctime (`Sun Nov  6 08:49:37 1994`).
pub fn parse(bytes: &[u8]) -> Option<u64> {
    let text = bytes.to_ascii_lowercase();
    match text.iter().position(|byte| *byte == b',') {
        Some(3) => fixdate(&text),
        Some(at) => rfc850(&text, at),
        None => asctime(&text),
    }
}

/// The same in milliseconds.
pub fn parse_ms(bytes: &[u8]) -> Option<u64> {
    parse(bytes).map(|seconds| seconds.saturating_mul(1000))
}

/// Writes a time (milliseconds since 1970) as IMF-fixdate; times after the year 9999 are its end.
pub fn format(ms: u64) -> String {
    let seconds = (ms / 1000).min(253_402_300_799);
    let (year, month, day) = civil(seconds / DAY);
    let name = |of: &[u8]| String::from_utf8_lossy(of).to_string();
    let weekday = DAYS
        .get(usize::try_from(seconds / DAY % 7).unwrap_or(0))
        .copied()
        .unwrap_or("thursday");
    let month = MONTHS
        .get(usize::try_from(month - 1).unwrap_or(0))
        .map_or_else(String::new, |m| name(&m[..]));
    let time = seconds % DAY;
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        capital(weekday.get(..3).unwrap_or(weekday)),
        capital(&month),
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

/// `sun, 06 nov 1994 08:49:37 gmt`
fn fixdate(text: &[u8]) -> Option<u64> {
    let [
        w1,
        w2,
        w3,
        b',',
        b' ',
        d1,
        d2,
        b' ',
        m1,
        m2,
        m3,
        b' ',
        y1,
        y2,
        y3,
        y4,
        b' ',
        time @ ..,
    ] = text
    else {
        return None;
    };
    let time = time.strip_suffix(b" gmt")?;
    weekday(&[*w1, *w2, *w3], 3)?;
    seconds(
        number(&[*y1, *y2, *y3, *y4])?,
        &[*m1, *m2, *m3],
        number(&[*d1, *d2])?,
        time,
    )
}

/// `sunday, 06-nov-94 08:49:37 gmt`
fn rfc850(text: &[u8], comma: usize) -> Option<u64> {
    let (day, rest) = text.split_at_checked(comma)?;
    weekday(day, usize::MAX)?;
    let [
        b',',
        b' ',
        d1,
        d2,
        b'-',
        m1,
        m2,
        m3,
        b'-',
        y1,
        y2,
        b' ',
        time @ ..,
    ] = rest
    else {
        return None;
    };
    let time = time.strip_suffix(b" gmt")?;
    let year = number(&[*y1, *y2])?;
    let year = if year < 70 { 2000 + year } else { 1900 + year };
    seconds(year, &[*m1, *m2, *m3], number(&[*d1, *d2])?, time)
}

/// `sun nov  6 08:49:37 1994`
fn asctime(text: &[u8]) -> Option<u64> {
    let [
        w1,
        w2,
        w3,
        b' ',
        m1,
        m2,
        m3,
        b' ',
        d1,
        d2,
        b' ',
        time @ ..,
        b' ',
        y1,
        y2,
        y3,
        y4,
    ] = text
    else {
        return None;
    };
    weekday(&[*w1, *w2, *w3], 3)?;
    let day = if *d1 == b' ' {
        number(&[*d2])?
    } else {
        number(&[*d1, *d2])?
    };
    seconds(number(&[*y1, *y2, *y3, *y4])?, &[*m1, *m2, *m3], day, time)
}

fn weekday(name: &[u8], letters: usize) -> Option<()> {
    DAYS.iter()
        .any(|day| day.as_bytes().get(..letters.min(day.len())) == Some(name))
        .then_some(())
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u64::from(digit - b'0'))
    })
}

fn seconds(year: u64, month: &[u8; 3], day: u64, time: &[u8]) -> Option<u64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = time else {
        return None;
    };
    let (hour, minute, second) = (
        number(&[*h1, *h2])?,
        number(&[*m1, *m2])?,
        number(&[*s1, *s2])?,
    );
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    // a second of 60 is a leap second
    if year < 1970 || day == 0 || day > longest || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(days(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

/// Days from 1970 to a date of the proleptic Gregorian calendar; years begin in March, so that leap days come last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

/// The date of a day: the inverse of [`days`].
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (
        era * 400 + year + u64::from(month <= 2),
        month,
        of_year - (153 * shifted + 2) / 5 + 1,
    )
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_forms_of_one_second() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "SUN, 06 nov 1994 08:49:37 gMT",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(784_111_777), "{text}");
        }
        assert_eq!(format(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn far_odd_but_plain() {
        assert_eq!(parse(b"Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(parse(b"Tue, 19 Jan 2038 03:14:08 GMT"), Some(1 << 31));
        assert_eq!(parse(b"Sat, 20 Nov 2286 17:46:39 GMT"), Some(9_999_999_999));
        assert_eq!(
            parse(b"Thursday, 18-Aug-50 02:01:18 GMT"),
            parse(b"Thu, 18 Aug 2050 02:01:18 GMT")
        );
        // the weekday is wrong
        assert_eq!(
            parse(b"Thu Aug  8 02:01:18 2050"),
            parse(b"Mon, 08 Aug 2050 02:01:18 GMT")
        );
        assert_eq!(format(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "0",
            "",
            "-1",
            "Thu, 18 Aug 2050 02:01:18 UTC",
            "Thu, 18 Aug 2050 02:01:18 AEST",
            "Thu, 18 Aug 2050 02:01:18",
            "Thu, 18 Aug 50 02:01:18 GMT",
            "Thu 18 Aug 2050 02:01:18 GMT",
            "Thu, 18  Aug  2050 02:01:18 GMT",
            "Thu, 18-Aug-2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02.01.18 GMT",
            "Thu, 18 Aug 2050 2:01:18 GMT",
            "Thu, 30 Feb 2050 02:01:18 GMT",
            "Thu, 29 Feb 2100 02:01:18 GMT",
            "Thu, 18 Aug 1969 02:01:18 GMT",
            "Thu, 18 Aug 2050 24:01:18 GMT",
            "Xyz, 18 Aug 2050 02:01:18 GMT",
            " Thu, 18 Aug 2050 02:01:18 GMT",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
      #[test]
      fn what_is_written_is_read_again(seconds in 0_u64..253_402_300_800) {
        prop_assert_eq!(parse(format(seconds * 1000).as_bytes()), Some(seconds));
      }

      #[test]
      fn anything_may_be_asked(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        _ = parse(&bytes);
      }
    }
}
