//! What else to say where the grammar stopped: habits that have one right spelling here.

use super::error::{Stop, shortened};
use super::grammar::Rule;
use super::lex::Kind;

/// What to write, where the text shows what was meant.
pub(super) fn meant(stop: &Stop<'_>) -> Option<String> {
    request_edit(stop)
        .or_else(|| format_missing(stop))
        .or_else(|| negated(stop))
        .or_else(|| limit_asked(stop))
        .or_else(|| equals_missing(stop))
        .or_else(|| method_behind(stop))
}

/// Words of other languages that end a request, as this one has them.
pub(super) fn statement(stop: &Stop<'_>) -> Option<String> {
    if !matches!(stop.word(), "return" | "reply" | "send") {
        return None;
    }
    let rest = stop.rest().get(stop.word().len()..).unwrap_or_default();
    let status: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    Some(match status.is_empty() {
        true => "write `respond`".to_owned(),
        false => format!("write `respond {}`", shortened(&status)),
    })
}

/// `set request.header "N" = E`
fn request_edit(stop: &Stop<'_>) -> Option<String> {
    let what = stop.rest().strip_prefix("request.")?;
    if !stop.could_be(Rule::response_header) {
        return None;
    }
    let setting = match what {
        _ if what.starts_with("path") => "path …",
        _ if what.starts_with("host") => "host …",
        _ if what.starts_with("method") => "method …",
        _ if stop.before().ends_with("add") => "add header …",
        _ if stop.before().ends_with("remove") => "remove header …",
        _ => "set header …",
    };
    Some(format!(
        "what goes to an origin is changed in the block of a `proxy`: `proxy shop {{ {setting} }}`"
    ))
}

/// `respond 200 "hello"`
fn format_missing(stop: &Stop<'_>) -> Option<String> {
    let format = stop.could_be(Rule::format) || stop.could_be(Rule::respond_body);
    (is_text(stop) && format)
        .then(|| format!("a body has a format: `text {}`", shortened(stop.word())))
}

/// `E not in […]`, `NOT E`
fn negated(stop: &Stop<'_>) -> Option<String> {
    if last_word(stop.before()) == "NOT" {
        return Some("write `not`".to_owned());
    }
    if stop.word() != "not" || !stop.could_be(Rule::infix) {
        return None;
    }
    let rest = stop.rest().get(3..).unwrap_or_default().trim_start();
    let operator = ["in", "contains", "starts_with", "ends_with", "matches"]
        .into_iter()
        .find(|operator| rest.starts_with(operator))?;
    let left = match last_word(stop.before()) {
        "" => "E",
        left => left,
    };
    Some(match operator {
        "in" => format!("write `not ({} in […])`", shortened(left)),
        _ => format!("write `not ({} {operator} …)`", shortened(left)),
    })
}

/// `if limit N { … }`
fn limit_asked(stop: &Stop<'_>) -> Option<String> {
    let named = stop.found.is_some_and(|token| token.kind == Kind::Word);
    let asked = named && stop.could_be(Rule::infix) && last_word(stop.before()) == "limit";
    asked.then(|| {
        let name = shortened(stop.word());
        format!("a limit is a statement of its own: `limit {name} else {{ … }}`")
    })
}

/// `header "User-Agent" "Bot"`
fn equals_missing(stop: &Stop<'_>) -> Option<String> {
    if !stop.could_be(Rule::equals) || !is_text(stop) || !stop.before().ends_with('"') {
        return None;
    }
    let value = shortened(stop.word());
    Some(match stop.text.starts_with("test") {
        true => format!("a header in a request is written with `=`: `= {value}`"),
        false => format!("the value stands behind `=`: `= {value}`"),
    })
}

/// `route "/body" POST`
fn method_behind(stop: &Stop<'_>) -> Option<String> {
    let word = stop.word();
    let capitals = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    if !capitals || !stop.could_be(Rule::kw_when) || !stop.before().ends_with('"') {
        return None;
    }
    let before = stop.before();
    let inner = before.get(..before.len() - 1)?;
    let pattern = before.get(inner.rfind('"')?..)?;
    Some(format!(
        "the method stands before the pattern: `{word} {}`",
        shortened(pattern)
    ))
}

fn is_text(stop: &Stop<'_>) -> bool {
    stop.found.is_some_and(|token| token.kind == Kind::Text)
}

/// The name, with dots, that ends a text.
fn last_word(text: &str) -> &str {
    let end = text.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    text.get(end.len()..).unwrap_or_default()
}
