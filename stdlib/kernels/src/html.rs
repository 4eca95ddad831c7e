//! Text in HTML: escaping for output, decoding of character references for inspection.

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

/// Each name in lower case, filled up to seven bytes, and the character that it stands for (Latin-1).
/// Where one begins another, the longer is first.
#[rustfmt::skip]
const NAMES: &[[u8; 8]] = &[
    *b"lt\0\0\0\0\0<", *b"gt\0\0\0\0\0>", *b"amp\0\0\0\0&", *b"quot\0\0\0\"",
    *b"apos\0\0\0'", *b"nbsp\0\0\0\xA0", *b"colon\0\0:", *b"tab\0\0\0\0\t",
    *b"newline\n", *b"lpar\0\0\0(", *b"rpar\0\0\0)", *b"sol\0\0\0\0/",
    *b"bsol\0\0\0\\", *b"equals\0=", *b"semi\0\0\0;", *b"excl\0\0\0!",
    *b"num\0\0\0\0#", *b"dollar\0$", *b"percnt\0%", *b"commat\0@",
    *b"comma\0\0,", *b"period\0.", *b"plus\0\0\0+", *b"ast\0\0\0\0*",
    *b"quest\0\0?", *b"lsqb\0\0\0[", *b"lbrack\0[", *b"rsqb\0\0\0]",
    *b"rbrack\0]", *b"lcub\0\0\0{", *b"lbrace\0{", *b"rcub\0\0\0}",
    *b"rbrace\0}", *b"grave\0\0`", *b"lowbar\0_", *b"verbar\0|",
    *b"hat\0\0\0\0^",
];

/// Names are compared a word at a time, since any byte of a hostile text may be a `&`.
fn name(input: &[u8]) -> Option<(char, usize)> {
    if !input.first()?.is_ascii_alphabetic() {
        return None;
    }
    let letters = (0..7).zip(input);
    let have = letters.fold(0, |word, (index, byte)| {
        word | u64::from(byte.to_ascii_lowercase()) << (8 * index)
    });
    NAMES.iter().find_map(|entry| {
        let name = u64::from_le_bytes(*entry) << 8;
        let unused = name.leading_zeros() / 8;
        let differs = (have << 8 ^ name) << (8 * unused) != 0;
        let [.., character] = *entry;
        (!differs).then_some((char::from(character), 7 - unused as usize))
    })
}
