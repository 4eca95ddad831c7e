//! Text in HTML: escaping for output, decoding of character references for inspection.

use crate::escapes::{Meaning, Read};
use crate::hex;
use crate::writer::{Writer, split};

/// `&`, `<`, `>`, `"` and `'` as references: safe as text and in quoted attributes.
pub fn html_escape<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let Some(start) = input.iter().position(|&byte| reference(byte).is_some()) else {
        return input;
    };
    let (same, rest) = split(input, start);
    let mut made = Writer::new(out);
    made.extend(same);
    for &byte in rest {
        match reference(byte) {
            Some(text) => made.extend(text),
            None => made.push(byte),
        }
    }
    made.finish()
}

/// Character references decoded: numeric ones, and the names of the characters that markup and
/// scripts are made of. Meant for detectors, so it is more eager than a browser: `;` may
/// always be missing and names are known in any case. Numbers of no character give U+FFFD.
pub fn html_decode<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let mut made = Writer::new(out);
    let mut rest = input;
    while let Some(at) = rest.iter().position(|&byte| byte == b'&') {
        let (same, reference) = split(rest, at);
        made.extend(same);
        rest = split(reference, 1).1;
        match decode(rest) {
            Some((character, length)) => {
                made.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                let after = split(rest, length).1;
                rest = after.strip_prefix(b";").unwrap_or(after);
            }
            None => made.push(b'&'),
        }
    }
    if rest.len() == input.len() {
        return input;
    }
    made.extend(rest);
    made.finish()
}

fn reference(byte: u8) -> Option<&'static [u8]> {
    Some(match byte {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'"' => b"&quot;",
        b'\'' => b"&#39;",
        _ => return None,
    })
}

/// What the `&` at the start of a text begins.
pub(crate) fn read(marked: &[u8]) -> Read<Meaning> {
    match decode(split(marked, 1).1) {
        Some((character, length)) => {
            let closed = split(marked, 1 + length).1.starts_with(b";");
            Read::Means(
                1 + length + usize::from(closed),
                Meaning::Character(character.into()),
            )
        }
        None => Read::Stays(1),
    }
}

/// The character that the text after `&` names, and how long the name is.
fn decode(input: &[u8]) -> Option<(char, usize)> {
    match input {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16, 2),
        [b'#', digits @ ..] => number(digits, 10, 1),
        _ => name(input),
    }
}

fn number(digits: &[u8], radix: u32, prefix: usize) -> Option<(char, usize)> {
    let mut value = 0u32;
    let mut length = 0;
    for digit in digits.iter().map_while(|&byte| hex::value(byte)) {
        if u32::from(digit) >= radix {
            break;
        }
        value = value.saturating_mul(radix).saturating_add(u32::from(digit));
        length += 1;
    }
    let character = char::from_u32(value)
        .filter(|&c| c != '\0')
        .unwrap_or(char::REPLACEMENT_CHARACTER);
    (length > 0).then_some((character, prefix + length))
}

/// Each name in lower case, filled up to seven bytes, and the character that it stands for (Latin-1), in the
/// order of their first letters. Where one begins another, the longer is first.
#[rustfmt::skip]
const NAMES: &[[u8; 8]] = &[
    *b"amp\0\0\0\0&", *b"apos\0\0\0'", *b"ast\0\0\0\0*", *b"bsol\0\0\0\\",
    *b"colon\0\0:", *b"commat\0@", *b"comma\0\0,", *b"dollar\0$",
    *b"equals\0=", *b"excl\0\0\0!", *b"gt\0\0\0\0\0>", *b"grave\0\0`",
    *b"hat\0\0\0\0^", *b"lt\0\0\0\0\0<", *b"lpar\0\0\0(", *b"lsqb\0\0\0[",
    *b"lbrack\0[", *b"lcub\0\0\0{", *b"lbrace\0{", *b"lowbar\0_",
    *b"nbsp\0\0\0\xA0", *b"newline\n", *b"num\0\0\0\0#", *b"percnt\0%",
    *b"period\0.", *b"plus\0\0\0+", *b"quot\0\0\0\"", *b"quest\0\0?",
    *b"rpar\0\0\0)", *b"rsqb\0\0\0]", *b"rbrack\0]", *b"rcub\0\0\0}",
    *b"rbrace\0}", *b"sol\0\0\0\0/", *b"semi\0\0\0;", *b"tab\0\0\0\0\t",
    *b"verbar\0|",
];

/// Any byte of a hostile text may be a `&`, so a look at the first letter must do for nearly all names.
fn name(input: &[u8]) -> Option<(char, usize)> {
    let (&first, rest) = input.split_first()?;
    let first = first.to_ascii_lowercase();
    let up_to_first = NAMES.iter().take_while(|[initial, ..]| *initial <= first);
    up_to_first
        .filter(|[initial, ..]| *initial == first)
        .find_map(|[_, letters @ .., character]| {
            let mut rest = rest.iter();
            let mut letters = letters.iter().take_while(|&&letter| letter != 0);
            // A bit makes a letter lower case, and a letter of nothing else.
            let same = |letter: &u8| rest.next().is_some_and(|byte| byte | 0x20 == *letter);
            letters
                .all(same)
                .then(|| (char::from(*character), input.len() - rest.len()))
        })
}
