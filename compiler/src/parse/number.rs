//! What a number with its letters is worth.

use crate::ast::ExprKind;

/// What is wrong with a number, and what to write instead.
pub(super) struct BadNumber {
    pub(super) what: String,
    pub(super) help: String,
}

/// The units of time, longest first, with their milliseconds.
const TIMES: &[(&str, i64)] = &[
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
/// The units of size with their bytes.
const SIZES: &[(&str, i64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Judges a number as written: digits, and all that touches them.
pub(super) fn value(text: &str) -> Result<ExprKind, BadNumber> {
    if let Some(digits) = text.strip_suffix('%') {
        return percent(digits);
    }
    let (digits, unit) = text.split_at(digits_end(text));
    if unit.is_empty() {
        return whole_or_float(digits);
    }
    if let Some(&(_, bytes)) = SIZES.iter().find(|(name, _)| *name == unit) {
        return Ok(ExprKind::Size(scaled(digits, bytes, text)?));
    }
    duration(text)
}

/// Where the digits and points at the start of a text end.
fn digits_end(text: &str) -> usize {
    text.bytes()
        .take_while(|b| b.is_ascii_digit() || *b == b'.')
        .count()
}

fn whole_or_float(digits: &str) -> Result<ExprKind, BadNumber> {
    match digits.bytes().filter(|&b| b == b'.').count() {
        0 => Ok(ExprKind::Int(whole(digits)?)),
        1 => Ok(ExprKind::Float(
            digits.parse().map_err(|_| too_large(digits))?,
        )),
        _ => Err(BadNumber {
            what: format!("`{digits}` is not a number"),
            help: format!("addresses and versions are written in quotes: `\"{digits}\"`"),
        }),
    }
}

fn whole(digits: &str) -> Result<i64, BadNumber> {
    digits.parse().map_err(|_| too_large(digits))
}

fn too_large(text: &str) -> BadNumber {
    BadNumber {
        what: format!("`{text}` is too large"),
        help: format!("the largest number is {}", i64::MAX),
    }
}

/// Digits times the worth of their unit.
fn scaled(digits: &str, unit: i64, text: &str) -> Result<i64, BadNumber> {
    if digits.contains('.') {
        return Err(fraction(text));
    }
    whole(digits)?
        .checked_mul(unit)
        .ok_or_else(|| too_large(text))
}

fn fraction(text: &str) -> BadNumber {
    let digits = text.get(..digits_end(text)).unwrap_or_default();
    let unit = text.get(digits.len()..).unwrap_or_default();
    let smaller = match unit {
        "s" => Some((1_000.0, "ms")),
        "m" => Some((60.0, "s")),
        "h" => Some((60.0, "m")),
        "d" => Some((24.0, "h")),
        "KiB" => Some((1024.0, "B")),
        "MiB" => Some((1024.0, "KiB")),
        "GiB" => Some((1024.0, "MiB")),
        _ => None,
    };
    let instead = smaller.and_then(|(times, name)| {
        let exact = digits.parse::<f64>().ok()? * times;
        (exact.fract() == 0.0 && exact < 1e9).then(|| format!("write `{exact}{name}`"))
    });
    BadNumber {
        what: format!("`{text}` has a fraction: durations and sizes are whole numbers"),
        help: instead.unwrap_or_else(|| "use a smaller unit".to_owned()),
    }
}

/// `12.5%`, in millionths of the whole: at most four digits after the point.
fn percent(digits: &str) -> Result<ExprKind, BadNumber> {
    let text = format!("{digits}%");
    let (whole_part, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 4 {
        return Err(BadNumber {
            what: format!("`{text}` is finer than a ten-thousandth of a percent"),
            help: "write at most four digits after the point".to_owned(),
        });
    }
    if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') || fraction.contains('.') {
        return Err(BadNumber {
            what: format!("`{text}` is not a percentage"),
            help: "a percentage is digits and `%`: `12.5%`".to_owned(),
        });
    }
    let millionths = whole(whole_part)?.checked_mul(10_000);
    let rest = whole(&format!("{fraction:0<4}"))?;
    let value = millionths
        .and_then(|m| m.checked_add(rest))
        .ok_or_else(|| too_large(&text))?;
    Ok(ExprKind::Percent(value))
}

/// `1h30m`: units from large to small, each once.
fn duration(text: &str) -> Result<ExprKind, BadNumber> {
    let (mut total, mut rest, mut largest) = (0i64, text, usize::MAX);
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(digits_end(rest));
        let unit = after
            .get(..after.bytes().take_while(|b| !b.is_ascii_digit()).count())
            .unwrap_or_default();
        let Some(place) = TIMES.iter().rposition(|(name, _)| *name == unit) else {
            return Err(unknown_unit(text, unit));
        };
        let worth = TIMES.get(place).map_or(0, |&(_, ms)| ms);
        if largest != usize::MAX && place <= largest {
            return Err(BadNumber {
                what: format!("`{text}` has its units out of order"),
                help: "write larger units first, each once: `1h30m`".to_owned(),
            });
        }
        largest = place;
        total = total
            .checked_add(scaled(digits, worth, text)?)
            .ok_or_else(|| too_large(text))?;
        rest = after.get(unit.len()..).unwrap_or_default();
    }
    Ok(ExprKind::Duration(total))
}

fn unknown_unit(text: &str, unit: &str) -> BadNumber {
    let number = text.get(..digits_end(text)).unwrap_or_default();
    let meant = match unit.to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        "msec" | "millis" => "ms",
        "k" | "kb" | "kib" => "KiB",
        "m" => "m` for minutes or `{number}MiB",
        "mb" | "mib" => "MiB",
        "g" | "gb" | "gib" => "GiB",
        "b" | "byte" | "bytes" => "B",
        _ => "",
    };
    BadNumber {
        what: format!("`{text}` has an unknown unit"),
        help: match &*meant.replace("{number}", number) {
            "" => "units are `ms s m h d` for time, `B KiB MiB GiB` for size, and `%`".to_owned(),
            meant => format!("write `{number}{meant}`"),
        },
    }
}
