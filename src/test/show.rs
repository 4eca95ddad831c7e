//! Results, a line each; failures with what was expected and where it stands.

use std::path::Path;

use edge_host::testing::{Failure, Place, TestReport};

use crate::source::Policy;
use crate::terminal::{Output, Style, plain};

/// Bytes of a source line that are shown.
const LINE: usize = 160;

/// The line above a file's results.
pub fn file(path: &Path) -> String {
    plain(&path.display().to_string()).into_owned()
}

/// On a terminal: what is running, until its result takes the line.
pub fn running(out: &mut Output, name: &str) {
    if out.style().terminal {
        out.write(format!("  … {}\r", clipped(&plain(name), 70)).as_bytes());
    }
}

/// The result of a test.
pub fn test(out: &mut Output, report: &TestReport, policy: &Policy) {
    let style = out.style();
    let clear = if style.terminal { "\x1b[K" } else { "" };
    out.line(&format!(
        "{clear}  {} {}",
        mark(style, report.passed),
        plain(&report.name)
    ));
    for failure in &report.failures {
        out.line(plain(&describe(failure, policy)).trim_end());
    }
}

fn mark(style: Style, passed: bool) -> String {
    match (passed, style.unicode) {
        (true, true) => style.green("✓"),
        (true, false) => style.green("ok    "),
        (false, true) => style.red("✗"),
        (false, false) => style.red("FAILED"),
    }
}

fn describe(failure: &Failure, policy: &Policy) -> String {
    let mut text = format!("      {}\n", failure.place);
    if let Some((line, caret)) = source_line(policy, &failure.place) {
        let number = format!("      {} | ", failure.place.line);
        text.push_str(&format!("{number}{line}\n"));
        let margin = " ".repeat(number.len() - 2);
        text.extend(caret.map(|caret| format!("{margin}| {}^\n", " ".repeat(caret))));
    }
    let mut field = |name: &str, value: &str| {
        text.push_str(&format!("      {name:<9} {value}\n"));
    };
    if let Some(request) = &failure.request {
        let turn = failure
            .repetition
            .map(|turn| format!(" (turn {turn} of its `repeat`)"));
        field("request", &format!("{request}{}", turn.unwrap_or_default()));
    }
    field("expected", &failure.expected);
    field("got", &failure.got);
    field(
        "decided",
        failure
            .rule
            .as_deref()
            .unwrap_or("by the host itself, no rule"),
    );
    if let Some(reason) = &failure.reason {
        field("because", reason);
    }
    text
}

/// The line of a place without its indentation, and how far in it the place is, where that is shown.
fn source_line(policy: &Policy, place: &Place) -> Option<(String, Option<usize>)> {
    let file = policy.names.iter().position(|name| *name == place.file)?;
    let text = &policy.checked.sources.files.get(file)?.text;
    let line = text.lines().nth((place.line as usize).checked_sub(1)?)?;
    let trimmed = line.trim_start();
    let indented = line.chars().count() - trimmed.chars().count();
    let caret = (place.column as usize).checked_sub(indented + 1);
    let caret = caret.filter(|caret| *caret < LINE && trimmed.is_ascii());
    let shown = clipped(&trimmed.trim_end().replace('\t', " "), LINE);
    Some((shown, caret))
}

fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
