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
    // syntax
    ("E0102", "unknown declaration", include_str!("e0102.rs")),
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
