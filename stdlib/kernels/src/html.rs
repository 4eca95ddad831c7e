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

/// Each name in lower case and then its character; where one begins another, the longer is first.
/// `\x7f` stands for the no-break space.
const NAMES: &[u8] = b"lt<gt>amp&quot\"apos'nbsp\x7fcolon:tab\tnewline\nlpar(rpar)sol/bsol\\equals=semi;excl!num#\
dollar$percnt%commat@comma,period.plus+ast*quest?lsqb[lbrack[rsqb]rbrack]lcub{lbrace{rcub}rbrace}grave`lowbar_verbar|hat^";

fn name(input: &[u8]) -> Option<(char, usize)> {
    let mut length = 0;
    let mut same = true;
    for &byte in NAMES {
        if byte.is_ascii_lowercase() {
            same = same
                && input
                    .get(length)
                    .is_some_and(|have| have.to_ascii_lowercase() == byte);
            length += 1;
        } else if same {
            let character = if byte == 0x7f {
                '\u{A0}'
            } else {
                char::from(byte)
            };
            return Some((character, length));
        } else {
            length = 0;
            same = true;
        }
    }
    None
}
