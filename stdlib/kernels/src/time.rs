//! Times and durations as text. Times are milliseconds since 1970 in UTC; calendar years outside
//! 0–9999, which neither format can write, become the nearest that can be.

use crate::number;
use crate::writer::Writer;

/// 0000-01-01T00:00:00Z.
const FIRST: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z.
const LAST: i64 = 253_402_300_799_999;
const DAY: i64 = 86_400_000;

/// RFC 3339: `2026-12-01T00:00:00Z`, with milliseconds where they are not zero.
pub fn time_format(ms: i64, out: &mut [u8]) -> &[u8] {
    let time = Civil::of(ms);
    let mut made = Writer::new(out);
    digits(time.year, 1_000, &mut made);
    made.push(b'-');
    digits(time.month, 10, &mut made);
    made.push(b'-');
    digits(time.day, 10, &mut made);
    made.push(b'T');
    time.clock(&mut made);
    let fraction = time.of_day % 1_000;
    if fraction != 0 {
        made.push(b'.');
        digits(fraction, 100, &mut made);
    }
    made.push(b'Z');
    made.finish()
}

/// IMF-fixdate (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(ms: i64, out: &mut [u8]) -> &[u8] {
    let time = Civil::of(ms);
    let mut made = Writer::new(out);
    made.extend(name(b"SunMonTueWedThuFriSat", time.weekday));
    made.push(b',');
    made.push(b' ');
    digits(time.day, 10, &mut made);
    made.push(b' ');
    made.extend(name(
        b"JanFebMarAprMayJunJulAugSepOctNovDec",
        time.month - 1,
    ));
    made.push(b' ');
    digits(time.year, 1_000, &mut made);
    made.push(b' ');
    time.clock(&mut made);
    made.extend(b" GMT");
    made.finish()
}

/// As the language writes durations, largest unit first: `1h30m`, `250ms`, `0s`.
pub fn duration_format(ms: i64, out: &mut [u8]) -> &[u8] {
    let mut made = Writer::new(out);
    if ms < 0 {
        made.push(b'-');
    }
    let mut rest = ms.unsigned_abs();
    let mut put = |size: u64, unit: u8| {
        let count = rest / size;
        rest %= size;
        if count > 0 || (ms == 0 && unit == b's') {
            number::unsigned(count, &mut made);
            made.push(unit);
        }
    };
    put(DAY as u64, b'd');
    put(3_600_000, b'h');
    put(60_000, b'm');
    put(1_000, b's');
    put(1, b'm');
    if ms % 1_000 != 0 {
        made.push(b's');
    }
    made.finish()
}

/// A time in the proleptic Gregorian calendar.
struct Civil {
    year: i64,
    /// 1 to 12.
    month: i64,
    /// 1 to 31.
    day: i64,
    /// 0 is Sunday.
    weekday: i64,
    /// Milliseconds.
    of_day: i64,
}

impl Civil {
    /// Years are counted from March, so that the leap day is the last of its year, and in eras
    /// of 400 years, which all have 146,097 days.
    fn of(ms: i64) -> Self {
        let ms = ms.clamp(FIRST, LAST);
        let days = ms.div_euclid(DAY);
        // Days since 0000-03-01, moved one era up: the year 0 begins before it.
        let since = days + 719_468 + 146_097;
        let (era, day_of_era) = (since / 146_097, since % 146_097);
        let leaps = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leaps) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // From March on, months alternate so that 153 days are five of them.
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Self {
            year: (era - 1) * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            weekday: (days + 4).rem_euclid(7),
            of_day: ms.rem_euclid(DAY),
        }
    }

    /// `08:49:37`.
    fn clock(&self, made: &mut Writer<'_>) {
        let seconds = self.of_day / 1_000;
        digits(seconds / 3_600, 10, made);
        made.push(b':');
        digits(seconds / 60 % 60, 10, made);
        made.push(b':');
        digits(seconds % 60, 10, made);
    }
}

/// `value` with as many digits as `place`, a power of ten, has.
fn digits(value: i64, place: i64, made: &mut Writer<'_>) {
    let mut place = place as u32;
    let value = value as u32;
    while place > 0 {
        made.push(b'0' + (value / place % 10) as u8);
        place /= 10;
    }
}

fn name(names: &'static [u8], index: i64) -> &'static [u8] {
    names
        .get(index as usize * 3..)
        .and_then(|rest| rest.get(..3))
        .unwrap_or_default()
}
