//! Values with a unit, written as in the language.

use toml::value::{Datetime, Offset};

use crate::config::{Bytes, Span};

const DAY_MS: i64 = 86_400_000;

/// `1h30m` and a time in milliseconds, `10MiB` in bytes, `12.5%` in millionths; `None` when
/// the text is not a value of the type.
pub(super) fn read(r#type: &str, text: &str) -> Option<i64> {
    match r#type {
        "duration" => i64::try_from(Span::parse(text)?.0.as_millis()).ok(),
        "size" => i64::try_from(Bytes::parse(text)?.0).ok(),
        "percent" => percent(text),
        "time" => time(text),
        _ => None,
    }
}

fn percent(text: &str) -> Option<i64> {
    let text = text.strip_suffix('%')?;
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let millionths = (text.parse::<f64>().ok()? * 10_000.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to lie within a percentage's range"
    )]
    (0.0..=1_000_000.0)
        .contains(&millionths)
        .then_some(millionths as i64)
}

/// Milliseconds since 1970 of an RFC 3339 time.
fn time(text: &str) -> Option<i64> {
    let Datetime {
        date: Some(date),
        time: Some(time),
        offset: Some(offset),
    } = text.parse().ok()?
    else {
        return None;
    };
    let east = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let minutes = i64::from(time.hour) * 60 + i64::from(time.minute) - east;
    let days = days(date.year.into(), date.month.into(), date.day.into());
    Some(
        days * DAY_MS
            + minutes * 60_000
            + i64::from(time.second.unwrap_or(0)) * 1000
            + i64::from(time.nanosecond.unwrap_or(0) / 1_000_000),
    )
}

/// Days since 1970-01-01 in the Gregorian calendar. Years begin in March here, so that a
/// leap day is a year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let before = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leaps + before - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00+02:00", 951_818_400_000),
            ("2026-12-01T00:00:00.25Z", 1_796_083_200_250),
            ("1969-12-31T23:59:59Z", -1000),
        ] {
            assert_eq!(read("time", text), Some(ms), "{text}");
        }
        for bad in ["", "2026-12-01", "2026-12-01T00:00:00", "12:00:00", "0"] {
            assert_eq!(read("time", bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_out_of_range_or_lacks_its_unit_is_none() {
        for bad in ["", "%", "10", "101%", "-1%", "1e1%", "inf%", "NaN%", "1 %"] {
            assert_eq!(read("percent", bad), None, "{bad}");
        }
        assert_eq!(read("percent", "100%"), Some(1_000_000));
        assert_eq!(read("percent", "0%"), Some(0));
        for bad in ["", "90", "99999999999999d", "-1s"] {
            assert_eq!(read("duration", bad), None, "{bad}");
        }
        for bad in ["", "90", "-1B", "1MB"] {
            assert_eq!(read("size", bad), None, "{bad}");
        }
    }
}
