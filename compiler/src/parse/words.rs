//! The words of the language, for suggestions.

/// The words that begin a declaration.
pub(super) const DECLARATIONS: &[&str] = &[
    "use",
    "origin",
    "pool",
    "cache",
    "limit",
    "experiment",
    "waf",
    "auth",
    "store",
    "counter",
    "secret",
    "param",
    "set",
    "map",
    "const",
    "fn",
    "site",
    "route",
    "on",
    "default",
    "log",
    "test",
];

/// The words that begin a statement: what is suggested.
pub(super) const STATEMENTS: &[&str] = &[
    "let",
    "if",
    "require",
    "waf",
    "limit",
    "set",
    "add",
    "remove",
    "put",
    "delete",
    "purge",
    "increment",
    "log",
    "on",
    "respond",
    "redirect",
    "proxy",
];

/// Those of statements that are not built.
const UNBUILT_STATEMENTS: &[&str] = &["auth", "count", "gather", "mirror", "replace", "insert"];

/// Whether a word begins a statement, built or not.
pub(super) fn is_statement(word: &str) -> bool {
    STATEMENTS.contains(&word) || UNBUILT_STATEMENTS.contains(&word)
}

/// The words that can't be names.
const RESERVED: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "is",
    "as",
    "else",
    "if",
    "let",
    "when",
    "any",
    "choose",
    "otherwise",
    "true",
    "false",
    "null",
    "matches",
    "contains",
    "starts_with",
    "ends_with",
];

/// Whether a word can't be a name.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// The candidate that a word was probably meant to be.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    if word.len() > 40 {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= (candidate.len().max(lower.len()) / 3).max(1))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}
