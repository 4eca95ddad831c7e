//! Spellings of other languages, and what they are here.

use super::error::Stop;
use super::grammar::Rule;

/// A spelling found, its length, and what to write.
pub(super) struct Found {
    pub(super) length: usize,
    pub(super) instead: String,
    pub(super) help: String,
}

/// Signs of other languages, longest first, with the words to use.
const SIGNS: &[(&str, &str)] = &[
    ("&&", "and"),
    ("||", "or"),
    ("=~", "matches"),
    ("!~", "not … matches"),
    ("<>", "!="),
    ("//", "#"),
    ("/*", "#"),
    ("??", "else"),
    ("?:", "else"),
    ("++", "+ 1"),
    ("~", "matches"),
];

/// Words of other languages where `else if` belongs.
const ELSE_IF: &[&str] = &["elseif", "elsif", "elif"];

/// What stands at the stop, if another language would write it so.
pub(super) fn spelling(stop: &Stop<'_>) -> Option<Found> {
    let rest = stop.rest();
    if let Some(&(sign, instead)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        let help = (sign == "~").then_some("write `matches r\"…\"`");
        return found(sign.len(), instead, help);
    }
    if let (word @ ("AND" | "OR"), true) = (stop.word(), stop.could_be(Rule::infix)) {
        return found(word.len(), &word.to_ascii_lowercase(), None);
    }
    if ELSE_IF.contains(&stop.word()) {
        return found(stop.word().len(), "else if", None);
    }
    match rest.chars().next()? {
        '\'' => {
            let quoted = rest
                .get(1..)
                .and_then(|r| r.find('\''))
                .map_or(1, |end| end + 2);
            let inner = rest.get(1..quoted - 1).unwrap_or_default();
            let on_line = quoted > 1 && !inner.contains('\n');
            let instead = if on_line {
                format!("\"{inner}\"")
            } else {
                "\"…\"".to_owned()
            };
            found(
                if on_line { quoted } else { 1 },
                &instead,
                Some("strings stand in double quotes"),
            )
        }
        '!' => found(1, "not", None),
        ';' => found(
            1,
            "",
            Some("nothing separates statements; a line may end without a sign"),
        ),
        '?' => found(
            1,
            "choose",
            Some("a choice is written `choose { C => A, otherwise => B }`; a default `E else D`"),
        ),
        '=' if stop.before().ends_with("==") || stop.before().ends_with("!=") => {
            found(1, "==", Some("a comparison has two signs: `==`, `!=`"))
        }
        '=' if rest.starts_with("==") && stop.could_be(Rule::equals) => {
            found(2, "=", Some("a value is given with one `=`"))
        }
        '=' if !rest.starts_with("==") && !rest.starts_with("=>") && stop.could_be(Rule::infix) => {
            found(
                1,
                "==",
                Some("two values are compared with `==`; one `=` only gives a value"),
            )
        }
        '=' if stop.could_be_expression() => found(
            1,
            "",
            Some("a setting's value follows its word without `=`"),
        ),
        '0'..='9' if stop.before().ends_with('%') => found(
            stop.word().len(),
            "% 3",
            Some(
                "digits and `%` are a percentage; for the remainder of a division put a space between",
            ),
        ),
        '%' if stop.before().ends_with(|c: char| c.is_ascii_digit()) => found(
            1,
            "10%",
            Some("a percentage has its sign right behind the digits"),
        ),
        _ => unit_apart(stop),
    }
}

/// `5 s`, `10 MiB`: the unit must touch the digits.
fn unit_apart(stop: &Stop<'_>) -> Option<Found> {
    let word = stop.word();
    if !matches!(
        word,
        "ms" | "s"
            | "m"
            | "h"
            | "d"
            | "B"
            | "KiB"
            | "MiB"
            | "GiB"
            | "sec"
            | "min"
            | "seconds"
            | "minutes"
    ) {
        return None;
    }
    let before = stop.before();
    let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let number = before
        .get(before.len() - digits..)
        .filter(|n| !n.is_empty())?;
    let unit = match word {
        "sec" | "seconds" => "s",
        "min" | "minutes" => "m",
        unit => unit,
    };
    found(
        word.len(),
        &format!("{number}{unit}"),
        Some("a unit stands right behind its digits"),
    )
}

/// Words of other languages where a declaration begins.
pub(super) fn declaration(word: &str) -> Option<(String, String)> {
    let (instead, help) = match word {
        "import" | "include" | "require_file" => ("use", None),
        "function" | "def" | "func" => ("fn", None),
        "var" => ("const", None),
        "location" | "rule" | "path" => ("route", None),
        "upstream" | "backend" | "server" => ("origin", None),
        "//" | "/*" => ("#", Some("a comment begins with `#`")),
        _ => return None,
    };
    let help = help.map_or_else(|| format!("did you mean `{instead}`?"), str::to_owned);
    Some((instead.to_owned(), help))
}

fn found(length: usize, instead: &str, help: Option<&str>) -> Option<Found> {
    Some(Found {
        length,
        instead: instead.to_owned(),
        help: help.map_or_else(|| format!("write `{instead}`"), str::to_owned),
    })
}
