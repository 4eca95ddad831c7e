//! `docs/errors.md`, from the comments at the top of the diagnostics' files.

use std::{fs, path::PathBuf};

use crate::Done;
use codes::{CODES, page};

// Only this file of the compiler: all of it would take minutes to build.
#[expect(dead_code, reason = "the compiler's tests use the rest")]
#[path = "../../compiler/src/diagnostics/codes.rs"]
mod codes;

const INTRODUCTION: &str = "\
# Errors

Every problem that the compiler reports has a code: `E00xx` reading, `E01xx` syntax, `E02xx` names and files, `E03xx`
types, `E04xx` order and endings, `E05xx` values, `E06xx` limits, `E07xx` caching (warnings), `E09xx` not supported yet. `edge explain E0302` prints
one. This page is made by `cargo xtask errors`.
";

/// Writes the page.
pub fn write() -> Done {
    Ok(fs::write(path(), errors())?)
}

/// Fails when the page is not what the comments say.
pub fn check() -> Done {
    if fs::read_to_string(path())? == errors() {
        return Ok(());
    }
    Err("docs/errors.md is not what the diagnostics say; run `cargo xtask errors`".into())
}

fn path() -> PathBuf {
    crate::root().join("docs/errors.md")
}

fn errors() -> String {
    let mut text = format!("{INTRODUCTION}\n| code | |\n| --- | --- |\n");
    for (code, name, _) in CODES {
        text += &format!("| [{code}](#{}) | {name} |\n", anchor(code, name));
    }
    for (code, name, file) in CODES {
        text += &format!("\n## {code}: {name}\n{}", body(code, &page(file)));
    }
    text
}

/// A page without its title, one level down; its failing fences name the code.
fn body(code: &str, page: &str) -> String {
    let mut text = String::new();
    for line in page
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with("# "))
    {
        if line == "```edge fails" {
            text += &format!("```edge fails {code}");
        } else if line.starts_with("## ") {
            text += &format!("#{line}");
        } else {
            text += line;
        }
        text.push('\n');
    }
    match text.starts_with('\n') {
        true => text,
        false => format!("\n{text}"),
    }
}

/// How a page that shows Markdown calls a heading.
fn anchor(code: &str, name: &str) -> String {
    let heading = format!("{code}: {name}").to_lowercase();
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
