//! Dates, so many seconds from now.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

/// Replaces `{now}`, `{now-60}`, `{rfc850+60}` and `{asctime+60}` by dates in the three forms of RFC 9110 5.6.7.
pub fn fill(text: &str, now: i64) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        result.push_str(before);
        let written = after
            .split_once('}')
            .and_then(|(inner, behind)| Some((date(inner, now)?, behind)));
        match written {
            Some((date, behind)) => {
                result.push_str(&date);
                rest = behind;
            }
            None => {
                result.push('{');
                rest = after;
            }
        }
    }
    result + rest
}

fn date(inner: &str, now: i64) -> Option<String> {
    let (form, offset) = inner.split_at(inner.find(['+', '-']).unwrap_or(inner.len()));
    let offset: i64 = if offset.is_empty() {
        0
    } else {
        offset.parse().ok()?
    };
    let time = now + offset;
    let (days, second) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (weekday, month) = (DAYS[days.rem_euclid(7) as usize], MONTHS[month - 1]);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    match form {
        "now" => Some(format!(
            "{}, {day:02} {month} {year:04} {clock} GMT",
            &weekday[..3]
        )),
        "rfc850" => Some(format!(
            "{weekday}, {day:02}-{month}-{:02} {clock} GMT",
            year % 100
        )),
        "asctime" => Some(format!(
            "{} {month} {day:2} {clock} {year:04}",
            &weekday[..3]
        )),
        _ => None,
    }
}

/// Year, month from 1 and day from 1 of a day since 1970, found by counting.
fn civil(mut days: i64) -> (i64, usize, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + i64::from(leap(year)) {
        days -= 365 + i64::from(leap(year));
        year += 1;
    }
    let february = 28 + i64::from(leap(year));
    for (month, length) in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        .into_iter()
        .enumerate()
    {
        if days < length {
            return (year, month + 1, days + 1);
        }
        days -= length;
    }
    unreachable!("a year has so many days")
}

#[test]
fn dates_are_written_in_three_forms() {
    assert_eq!(
        fill("{now} {x} {", 784_111_777),
        "Sun, 06 Nov 1994 08:49:37 GMT {x} {"
    );
    assert_eq!(
        fill("{rfc850-1}", 784_111_778),
        "Sunday, 06-Nov-94 08:49:37 GMT"
    );
    assert_eq!(
        fill("{asctime+86400}", 784_111_777),
        "Mon Nov  7 08:49:37 1994"
    );
}
