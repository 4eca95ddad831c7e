//! The kinds of a plan's entries.
//!
//! The steps from [`URL_DECODE`] on have an operand: 32 bytes, a bit for each byte that is a mark, that is,
//! may begin something that means something else, and a `u32`, see [`operand`]. That of [`REPLACE`] is two
//! `u32`, the lengths of what is sought and of what takes its place, then for each length of a beginning of what
//! is sought, from 1 on, the length (`u32`) of the longest shorter one that it ends with, then both texts.

/// `lower`.
pub const LOWER: u32 = 1;
/// `upper`.
pub const UPPER: u32 = 2;
/// `replace`.
pub const REPLACE: u32 = 3;
/// `cmd_line`.
pub const CMD_LINE: u32 = 4;
/// `base64_decode_lenient`.
pub const BASE64_DECODE_LENIENT: u32 = 5;
/// `url_decode`.
pub const URL_DECODE: u32 = 8;
/// `url_decode_uni`.
pub const URL_DECODE_UNI: u32 = 9;
/// `html_decode`.
pub const HTML_DECODE: u32 = 10;
/// `js_decode`.
pub const JS_DECODE: u32 = 11;
/// `css_decode`.
pub const CSS_DECODE: u32 = 12;
/// `remove_nulls`.
pub const REMOVE_NULLS: u32 = 13;
/// `compress_whitespace`.
pub const COMPRESS_WHITESPACE: u32 = 14;
/// `remove_comments`.
pub const REMOVE_COMMENTS: u32 = 15;
/// `utf8_to_unicode`.
pub const UTF8_TO_UNICODE: u32 = 16;
/// Strings of JSON: only inside [`super::fields`].
pub(super) const JSON: u32 = 17;
/// An automaton of one pattern: `edge_lookup::dfa`.
pub const DFA: u32 = 32;
/// One of several patterns, at most 256: `edge_lookup::scan`. In front of its table, the operand has the table's offset in it
/// and the bit of each pattern (`u32` each).
pub const SCAN: u32 = 33;
/// One of one pattern: `edge_lookup::nfa`.
pub const NFA: u32 = 34;
/// A table of `edge_lookup::scan`, at most 256 patterns. Pattern `i` is in every text in which the `i`-th of the entries behind
/// it, all automata, finds something: in a text in one piece, the others are not asked.
pub const GATE: u32 = 35;

/// The marks of a step from [`URL_DECODE`] on, and its reach: with so many bytes, it is clear what a mark means,
/// unless that is longer still and reaches to the text's end.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn operand(kind: u32) -> [u8; 36] {
    let is_mark: fn(u8) -> bool = match kind {
        URL_DECODE | URL_DECODE_UNI => |byte| matches!(byte, b'%' | b'+'),
        HTML_DECODE => |byte| byte == b'&',
        JS_DECODE | CSS_DECODE | JSON => |byte| byte == b'\\',
        REMOVE_NULLS => |byte| byte == 0,
        COMPRESS_WHITESPACE => crate::text::is_blank,
        REMOVE_COMMENTS => crate::comments::is_mark,
        UTF8_TO_UNICODE => |byte| byte >= 0x80,
        _ => |_| false,
    };
    let reach: u32 = match kind {
        // `%HH`, a character of UTF-8, `%uD800%uDC00` and `\uD800\uDC00`, `\` and six digits and CR LF, `&newline;`,
        // `/*M!` and six digits.
        URL_DECODE => 3,
        UTF8_TO_UNICODE => 4,
        URL_DECODE_UNI | JS_DECODE | JSON => 12,
        CSS_DECODE | HTML_DECODE => 9,
        REMOVE_COMMENTS => 10,
        _ => 1,
    };
    let mut operand = [0; 36];
    let (map, tail) = operand.split_at_mut(32);
    for byte in (0..=255u8).filter(|&byte| is_mark(byte)) {
        if let Some(bits) = map.get_mut(usize::from(byte / 8)) {
            *bits |= 1 << (byte % 8);
        }
    }
    tail.copy_from_slice(&reach.to_le_bytes());
    operand
}
