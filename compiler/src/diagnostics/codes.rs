//! The table of codes: `E00xx` reading, `E01xx` syntax, `E02xx` names and imports, `E03xx`
//! types, `E04xx` flow (terminals, phases, order), `E05xx` values (patterns, units, addresses),
//! `E06xx` limits, `E09xx` not supported yet.

/// Every code: its number, a short name, and the file that describes it.
///
/// The comment at the top of each file has four parts: `What it means`, `Why it is a problem`,
/// `Example` (a fence marked `edge fails`) and `Fix` (a fence marked `edge`).
pub const CODES: &[(&str, &str, &str)] = &[
    // reading
    ("E0001", "the file is too large", include_str!("e0001.rs")),
    (
        "E0002",
        "a character that can not be seen",
        include_str!("e0002.rs"),
    ),
    (
        "E0003",
        "a string is never closed",
        include_str!("e0003.rs"),
    ),
    (
        "E0004",
        "a bracket is never closed",
        include_str!("e0004.rs"),
    ),
    (
        "E0005",
        "a closing bracket that closes nothing",
        include_str!("e0005.rs"),
    ),
    ("E0006", "too deep", include_str!("e0006.rs")),
    // syntax
    (
        "E0101",
        "something else is expected",
        include_str!("e0101.rs"),
    ),
    ("E0102", "unknown declaration", include_str!("e0102.rs")),
    (
        "E0103",
        "a statement outside of a block",
        include_str!("e0103.rs"),
    ),
    ("E0104", "unknown word", include_str!("e0104.rs")),
    (
        "E0105",
        "written as in another language",
        include_str!("e0105.rs"),
    ),
    ("E0106", "a comma is missing", include_str!("e0106.rs")),
    (
        "E0107",
        "not a number with a unit of this language",
        include_str!("e0107.rs"),
    ),
    ("E0108", "unknown escape", include_str!("e0108.rs")),
    ("E0109", "bad interpolation", include_str!("e0109.rs")),
    (
        "E0110",
        "a value in a string that must be constant",
        include_str!("e0110.rs"),
    ),
    ("E0111", "quotes are missing", include_str!("e0111.rs")),
    (
        "E0112",
        "a reserved word as a name",
        include_str!("e0112.rs"),
    ),
    (
        "E0113",
        "comparisons do not chain",
        include_str!("e0113.rs"),
    ),
    ("E0114", "an object out of place", include_str!("e0114.rs")),
    (
        "E0115",
        "an operator out of place",
        include_str!("e0115.rs"),
    ),
];

/// The page of a code: the comment at the top of its file, as Markdown.
#[must_use]
pub fn page(file: &str) -> String {
    let mut page = String::new();
    for line in file.lines().map_while(|line| line.strip_prefix("//!")) {
        page.push_str(line.strip_prefix(' ').unwrap_or(line));
        page.push('\n');
    }
    page
}

/// The source in the first fence of a page whose info string is `info`: `edge fails` is the
/// example that has the problem, `edge` the one where it is fixed.
#[must_use]
pub fn fence(page: &str, info: &str) -> Option<String> {
    let opening = format!("```{info}");
    let mut lines = page.lines().skip_while(|line| *line != opening).skip(1);
    let mut source = String::new();
    loop {
        match lines.next()? {
            "```" => return Some(source),
            line => {
                source.push_str(line);
                source.push('\n');
            }
        }
    }
}
