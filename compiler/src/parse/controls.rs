//! Characters that must not be in a source: what can't be seen can't be reviewed.

/// The characters with their places, up to a bound: one report is enough to look for more.
pub(super) fn find(text: &str) -> Vec<(usize, char)> {
    text.char_indices()
        .filter(|&(at, c)| {
            is_control(c) && !(c == '\r' && text.as_bytes().get(at + 1) == Some(&b'\n'))
        })
        .filter(|&(at, c)| !(at == 0 && c == BYTE_ORDER_MARK))
        .take(20)
        .collect()
}

/// The mark that some editors put before the first character of a file.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Control characters, and those that turn the direction of text, which can show a reviewer
/// another policy than the one that is compiled (CVE-2021-42574).
fn is_control(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | BYTE_ORDER_MARK)
}
