//! Times as RFC 3339 has them.

use super::Checker;
use super::Typed;
use crate::diagnostics::BadTime;
use crate::hir::Base;
use crate::source::Span;

impl Checker<'_> {
    /// `t"2026-12-01T00:00:00Z"`
    pub(super) fn time(&mut self, text: &str, span: Span) -> Option<Typed> {
        if let Some(ms) = parse(text) {
            return Some(super::expr::integer(ms, Base::Time));
        }
        self.fail(BadTime {
            text: text.to_owned(),
            span,
        })
    }
}

/// Milliseconds since 1970 of an RFC 3339 time; years 0000 to 9999.
fn parse(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut date = date.split('-');
    let year = digits(date.next()?, 4)?;
    let month = digits(date.next()?, 2)?;
    let day = digits(date.next()?, 2)?;
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = (time.get(..zone)?, time.get(zone..)?);
    let mut time = time.split(':');
    let (hour, minute) = (digits(time.next()?, 2)?, digits(time.next()?, 2)?);
    let (second, fraction) = seconds(time.next()?)?;
    let offset = offset(zone)?;
    let valid = date.next().is_none()
        && time.next().is_none()
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let minutes = days(year, month, day) * 1440 + hour * 60 + minute - offset;
    valid.then_some((minutes * 60 + second) * 1000 + fraction)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let right = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}

/// Seconds and milliseconds; digits beyond milliseconds are dropped.
fn seconds(text: &str) -> Option<(i64, i64)> {
    let Some((whole, fraction)) = text.split_once('.') else {
        return Some((digits(text, 2)?, 0));
    };
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{fraction}00");
    Some((digits(whole, 2)?, digits(padded.get(..3)?, 3)?))
}

/// Minutes east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, zone.strip_prefix('-')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn days_of(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before: i64 = (1..month).map(|month| days_of(year, month)).sum();
    let whole = year - 1;
    let leaps = whole.div_euclid(4) - whole.div_euclid(100) + whole.div_euclid(400);
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    whole * 365 + leaps + before + day - 1 - 719_162
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn times_are_read_as_rfc_3339_has_them() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2026-01-01T00:00:00Z"), Some(1_767_225_600_000));
        assert_eq!(
            parse("2026-01-01T02:00:00.5+02:00"),
            Some(1_767_225_600_500)
        );
        assert_eq!(parse("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
        assert_eq!(parse("2000-03-01T00:00:00Z"), Some(951_868_800_000));
        for wrong in [
            "2026-02-29T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01T24:00:00Z",
            "",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
