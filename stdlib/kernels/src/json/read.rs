//! Parts of a JSON value that [`json_text`](super::text::json_text) has found valid. Of other bytes the answer
//! means nothing, but there is one.

use super::after_blank;
use super::content::{Content, after_string};
use crate::writer::{Writer, split};

/// The member of that name; `None` where the value is no object or has none.
#[must_use]
pub fn json_member<'a>(value: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = value.strip_prefix(b"{")?;
    loop {
        let content = after_blank(rest).strip_prefix(b"\"")?;
        let behind = after_blank(after_string(content)?).strip_prefix(b":")?;
        let (member, behind) = first_value(after_blank(behind))?;
        if Content::new(content).eq(name.iter().copied()) {
            return Some(member);
        }
        rest = after_blank(behind).strip_prefix(b",")?;
    }
}

/// The element of that index, from 0; `None` where the value is no array or is shorter.
#[must_use]
pub fn json_item(value: &[u8], index: u32) -> Option<&[u8]> {
    let mut rest = value.strip_prefix(b"[")?;
    let mut left = index;
    loop {
        let (item, behind) = first_value(after_blank(rest))?;
        left = match left.checked_sub(1) {
            Some(left) => left,
            None => return Some(item),
        };
        rest = after_blank(behind).strip_prefix(b",")?;
    }
}

/// What a string stands for; `None` where the value is another.
pub fn json_string<'a>(value: &'a [u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let content = value.strip_prefix(b"\"")?;
    let mark = content
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'))?;
    if content.get(mark) == Some(&b'"') {
        return Some(split(content, mark).0);
    }
    let mut made = Writer::new(out);
    for byte in Content::new(content) {
        made.push(byte);
    }
    Some(made.finish())
}

/// The value at the start, and what follows it.
fn first_value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    let mut depth = 0u32;
    loop {
        let (&byte, behind) = rest.split_first()?;
        rest = behind;
        match byte {
            b'"' => rest = after_string(behind)?,
            b'{' | b'[' => depth = depth.checked_add(1)?,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ if is_word(byte) => {
                while let Some((&byte, behind)) = rest.split_first()
                    && is_word(byte)
                {
                    rest = behind;
                }
            }
            _ if depth == 0 => return None,
            _ => {}
        }
        if depth == 0 {
            return Some((split(text, text.len() - rest.len()).0, rest));
        }
    }
}

/// What numbers, `true`, `false` and `null` are made of.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}
