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
    made.array(two(time.year / 100));
    made.array(two(time.year));
    made.push(b'-');
    made.array(two(time.month));
    made.push(b'-');
    made.array(two(time.day));
    made.push(b'T');
    time.clock(&mut made);
    let fraction = time.of_day % 1_000;
    if fraction != 0 {
        made.array([b'.', digit(fraction / 100)]);
        made.array(two(fraction));
    }
    made.push(b'Z');
    made.finish()
}

/// IMF-fixdate (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(ms: i64, out: &mut [u8]) -> &[u8] {
    let time = Civil::of(ms);
    let mut made = Writer::new(out);
    made.array(name(b"SunMonTueWedThuFriSat", time.weekday));
    made.array(*b", ");
    made.array(two(time.day));
    made.push(b' ');
    made.array(name(
        b"JanFebMarAprMayJunJulAugSepOctNovDec",
        time.month - 1,
    ));
    made.push(b' ');
    made.array(two(time.year / 100));
    made.array(two(time.year));
    made.push(b' ');
    time.clock(&mut made);
    made.array(*b" GMT");
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
    year: i32,
    /// 1 to 12.
    month: i32,
    /// 1 to 31.
    day: i32,
    /// 0 is Sunday.
    weekday: i32,
    /// Milliseconds.
    of_day: i32,
}

impl Civil {
    /// Years are counted from March, so that the leap day is the last of its year, and in eras
    /// of 400 years, which all have 146,097 days.
    fn of(ms: i64) -> Self {
        let ms = ms.clamp(FIRST, LAST);
        let days = ms.div_euclid(DAY) as i32;
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
            year: (era - 1) * 400 + year_of_era + i32::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            weekday: (days + 4).rem_euclid(7),
            of_day: ms.rem_euclid(DAY) as i32,
        }
    }

    /// `08:49:37`.
    fn clock(&self, made: &mut Writer<'_>) {
        let [h, hh] = two(self.of_day / 3_600_000);
        let [m, mm] = two(self.of_day / 60_000 % 60);
        let [s, ss] = two(self.of_day / 1_000 % 60);
        made.array([h, hh, b':', m, mm, b':', s, ss]);
    }
}

/// The last two digits.
fn two(value: i32) -> [u8; 2] {
    [digit(value / 10), digit(value)]
}

/// The last digit of what is not negative.
fn digit(value: i32) -> u8 {
    b'0' + (value % 10) as u8
}

fn name(names: &'static [u8], index: i32) -> [u8; 3] {
    let name = names.as_chunks().0.get(index as usize);
    name.copied().unwrap_or_default()
}
