//! The table of codes: `E00xx` reading, `E01xx` syntax, `E02xx` names and imports, `E03xx`
//! types, `E04xx` flow (terminals, phases, order), `E05xx` values (patterns, units, addresses),
//! `E06xx` limits, `E07xx` caching (warnings), `E09xx` not supported yet.

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
    // names and imports
    ("E0201", "unknown name", include_str!("e0201.rs")),
    ("E0202", "declared twice", include_str!("e0202.rs")),
    ("E0203", "a name of the language", include_str!("e0203.rs")),
    (
        "E0204",
        "the file can't be loaded",
        include_str!("e0204.rs"),
    ),
    (
        "E0205",
        "files use each other in a circle",
        include_str!("e0205.rs"),
    ),
    ("E0206", "not text", include_str!("e0206.rs")),
    (
        "E0207",
        "a used file holds behaviour",
        include_str!("e0207.rs"),
    ),
    ("E0209", "another kind of name", include_str!("e0209.rs")),
    ("E0210", "it contains itself", include_str!("e0210.rs")),
    ("E0211", "given twice", include_str!("e0211.rs")),
    ("E0212", "a setting is missing", include_str!("e0212.rs")),
    ("E0213", "no such word", include_str!("e0213.rs")),
    // types
    ("E0301", "wrong type", include_str!("e0301.rs")),
    ("E0302", "it may be absent", include_str!("e0302.rs")),
    ("E0303", "it is always present", include_str!("e0303.rs")),
    (
        "E0304",
        "this comparison can't be made",
        include_str!("e0304.rs"),
    ),
    ("E0305", "unknown field", include_str!("e0305.rs")),
    (
        "E0306",
        "wrong number of arguments",
        include_str!("e0306.rs"),
    ),
    ("E0307", "it can't be printed", include_str!("e0307.rs")),
    ("E0308", "not a constant", include_str!("e0308.rs")),
    ("E0309", "a case is missing", include_str!("e0309.rs")),
    ("E0310", "it can't stand here", include_str!("e0310.rs")),
    ("E0311", "the unit is missing", include_str!("e0311.rs")),
    (
        "E0312",
        "this arm is never reached",
        include_str!("e0312.rs"),
    ),
    (
        "E0313",
        "a dangerous place in HTML",
        include_str!("e0313.rs"),
    ),
    (
        "E0314",
        "never in this letter case",
        include_str!("e0314.rs"),
    ),
    (
        "E0315",
        "this would be asked only sometimes",
        include_str!("e0315.rs"),
    ),
    // flow
    (
        "E0401",
        "a path without an answer",
        include_str!("e0401.rs"),
    ),
    ("E0402", "never reached", include_str!("e0402.rs")),
    ("E0403", "`default` is missing", include_str!("e0403.rs")),
    ("E0404", "not in this block", include_str!("e0404.rs")),
    ("E0405", "not known here", include_str!("e0405.rs")),
    (
        "E0406",
        "a secret out of its place",
        include_str!("e0406.rs"),
    ),
    (
        "E0407",
        "the pattern has no such part",
        include_str!("e0407.rs"),
    ),
    // values
    ("E0501", "no such status", include_str!("e0501.rs")),
    ("E0502", "not a header's name", include_str!("e0502.rs")),
    ("E0503", "the host's own header", include_str!("e0503.rs")),
    ("E0504", "not a header's value", include_str!("e0504.rs")),
    ("E0505", "not a path pattern", include_str!("e0505.rs")),
    ("E0506", "not a method", include_str!("e0506.rs")),
    (
        "E0507",
        "not a path for an origin",
        include_str!("e0507.rs"),
    ),
    (
        "E0508",
        "this answer can't have a body",
        include_str!("e0508.rs"),
    ),
    (
        "E0509",
        "not the URL of an origin",
        include_str!("e0509.rs"),
    ),
    ("E0510", "the shares don't add up", include_str!("e0510.rs")),
    ("E0511", "not a regex", include_str!("e0511.rs")),
    ("E0512", "not an address", include_str!("e0512.rs")),
    ("E0513", "not a time", include_str!("e0513.rs")),
    ("E0514", "out of range", include_str!("e0514.rs")),
    ("E0515", "a set of several kinds", include_str!("e0515.rs")),
    (
        "E0516",
        "a body can't be asked that",
        include_str!("e0516.rs"),
    ),
    (
        "E0517",
        "a body is inspected after it was read",
        include_str!("e0517.rs"),
    ),
    // limits
    ("E0601", "too many files", include_str!("e0601.rs")),
    ("E0602", "too many header edits", include_str!("e0602.rs")),
    ("E0603", "too many statements", include_str!("e0603.rs")),
    (
        "E0604",
        "the constant is too large",
        include_str!("e0604.rs"),
    ),
    ("E0605", "it expands too far", include_str!("e0605.rs")),
    ("E0606", "nested too deep", include_str!("e0606.rs")),
    ("E0607", "the set is too large", include_str!("e0607.rs")),
    (
        "E0608",
        "the policy is too large to build",
        include_str!("e0608.rs"),
    ),
    // caching
    (
        "E0701",
        "the key does not hold this",
        include_str!("e0701.rs"),
    ),
    // not supported yet
    ("E0901", "not supported yet", include_str!("e0901.rs")),
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
