//! JSON texts (RFC 8259), read strictly: what two parsers could read differently is refused.

use super::content::after_string;
use super::names::Names;
use super::{after_blank, blank};

pub use super::names::{MOST_MEMBERS, ROOM};

/// How deep arrays and objects nest at most.
pub const MOST_DEEP: u32 = 64;

/// The value that `text` is, without the white space around it; `None` where it is not exactly one.
///
/// Also where it nests deeper than [`MOST_DEEP`], an object, with those that it stands in, has more than
/// [`MOST_MEMBERS`] members, two of its members have one name (escapes count as what they stand
/// for), a string holds half a surrogate pair, bytes are not UTF-8, or a byte order mark stands first: as I-JSON
/// wants it (RFC 7493, section 2), but for noncharacters, which are let through. Numbers may be of any size.
///
/// `room` has [`ROOM`] bytes.
pub fn json_text<'a>(text: &'a [u8], room: &mut [u8]) -> Option<&'a [u8]> {
    let value = after_blank(text);
    let value = value
        .get(..value.len() - value.iter().rev().take_while(|byte| blank(**byte)).count())
        .unwrap_or_default();
    let mut reader = Reader {
        text: value,
        rest: value,
        names: Names::new(value, room),
        depth: 0,
        objects: 0,
        starts: [0; MOST_DEEP as usize],
    };
    reader.value()?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'t, 's> {
    text: &'t [u8],
    rest: &'t [u8],
    names: Names<'t, 's>,
    depth: u32,
    /// Bit `d`: what is open at depth `d` is an object.
    objects: u64,
    /// How many names there were when it was opened.
    starts: [u32; MOST_DEEP as usize],
}

impl Reader<'_, '_> {
    /// Takes a value with all that it holds.
    fn value(&mut self) -> Option<()> {
        loop {
            let (&byte, behind) = self.rest.split_first()?;
            let mut open = false;
            match byte {
                b'"' => self.rest = after_string(behind)?,
                b'{' | b'[' => {
                    self.rest = behind;
                    open = self.open(byte == b'{')?;
                }
                _ => self.rest = after_word(self.rest)?,
            }
            if !open && self.close()? {
                return Some(());
            }
        }
    }

    /// Enters an object or array: whether a value is next, rather than its end.
    fn open(&mut self, object: bool) -> Option<bool> {
        let bit = 1u64.checked_shl(self.depth)?;
        *self.starts.get_mut(self.depth as usize)? = self.names.count() as u32;
        self.depth += 1;
        self.objects = if object {
            self.objects | bit
        } else {
            self.objects & !bit
        };
        self.rest = after_blank(self.rest);
        let &byte = self.rest.first()?;
        match (byte, object) {
            (b'}', true) | (b']', false) => Some(false),
            (_, true) => self.name().map(|()| true),
            _ => Some(true),
        }
    }

    /// A value has ended: takes what ends with it, and what leads to the next one. True at the end of all.
    fn close(&mut self) -> Option<bool> {
        while let Some(depth) = self.depth.checked_sub(1) {
            let object = self.objects.checked_shr(depth)? & 1 == 1;
            self.rest = after_blank(self.rest);
            let (&byte, behind) = self.rest.split_first()?;
            self.rest = after_blank(behind);
            match (byte, object) {
                (b',', true) => return self.name().map(|()| false),
                (b',', false) => return Some(false),
                (b'}', true) => {
                    let &start = self.starts.get(depth as usize)?;
                    self.names.close(start as usize)?;
                }
                (b']', false) => {}
                _ => return None,
            }
            self.depth = depth;
        }
        Some(true)
    }

    /// Takes a member's name and colon.
    fn name(&mut self) -> Option<()> {
        let content = self.rest.strip_prefix(b"\"")?;
        let behind = after_blank(after_string(content)?);
        self.names.push(self.text.len() - content.len())?;
        self.rest = after_blank(behind.strip_prefix(b":")?);
        Some(())
    }
}

/// What follows a number, `true`, `false` or `null`.
fn after_word(rest: &[u8]) -> Option<&[u8]> {
    match rest {
        [b't', b'r', b'u', b'e', behind @ ..]
        | [b'f', b'a', b'l', b's', b'e', behind @ ..]
        | [b'n', b'u', b'l', b'l', behind @ ..] => Some(behind),
        _ => after_number(rest),
    }
}

/// Section 6.
fn after_number(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let mut rest = match rest {
        [b'0', behind @ ..] => behind,
        _ => after_digits(rest)?,
    };
    if let [b'.', fraction @ ..] = rest {
        rest = after_digits(fraction)?;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        rest = match exponent {
            [b'+' | b'-', digits @ ..] => after_digits(digits)?,
            digits => after_digits(digits)?,
        };
    }
    Some(rest)
}

/// At least one.
fn after_digits(input: &[u8]) -> Option<&[u8]> {
    let mut rest = input;
    while let [b'0'..=b'9', behind @ ..] = rest {
        rest = behind;
    }
    (rest.len() < input.len()).then_some(rest)
}
