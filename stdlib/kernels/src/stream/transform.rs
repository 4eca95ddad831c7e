//! Transforms in which marks begin something that means something else, over a part of a text.

use super::kind;
use super::machine::u32_at;
use super::out::Out;
use super::step::Carry;
use crate::comments;
use crate::css;
use crate::escapes::{self, Meaning, Read};
use crate::hex;
use crate::html;
use crate::js;
use crate::json;
use crate::percent;
use crate::text;
use crate::unicode;
use crate::writer::{Writer, split};

/// Bytes left out of what is kept, at most: a state that no scan made must not take for ever.
const MOST_LEFT_OUT: u32 = 1 << 20;

/// Writes what a part of a text means, as far as that is clear whatever follows, and gives how many bytes
/// that is. Of the `last` part everything is clear.
#[inline(never)]
pub(super) fn part(
    number: u32,
    operand: &[u8],
    carry: &mut Carry,
    input: &[u8],
    last: bool,
    out: &mut Out<'_, '_>,
) -> usize {
    let Some(marks) = operand.first_chunk() else {
        return input.len();
    };
    let reach = u32_at(operand, 32) as usize;
    // What is not written yet begins at `start`; up to `at` it is known to stay.
    let (mut start, mut at) = (0, 0);
    loop {
        let mut rest = split(input, at).1.iter();
        let Some(same) = rest.position(|&byte| is_mark(marks, byte)) else {
            at = input.len();
            break;
        };
        at += same;
        let marked = split(input, at).1;
        let mut open = carry.open;
        let read = read(number, marked, &mut open);
        let (Read::Stays(length) | Read::Means(length, _)) = read;
        let unclear = marked.len() < reach || length >= marked.len() || unclosed(number, marked);
        if unclear && !last {
            break;
        }
        carry.open = open;
        let left_out = core::mem::take(&mut carry.count).min(MOST_LEFT_OUT);
        match read {
            Read::Stays(length) => {
                if left_out > 0 {
                    out.extend(between(input, start, at));
                    out.repeat(b'-', left_out);
                    start = at;
                }
                at += length;
            }
            Read::Means(length, meaning) => {
                out.extend(between(input, start, at));
                write(number, out, meaning);
                at += length;
                start = at;
                if left_out > 0 && number == kind::JS_DECODE && length == 2 {
                    // Behind the `u` stand a brace and the zeros that were left out.
                    out.push(b'{');
                    out.repeat(b'0', left_out);
                    at += 1;
                    start = at;
                }
            }
        }
    }
    at = at.min(input.len());
    out.extend(between(input, start, at));
    at
}

/// Whether a step changes nothing of a piece.
pub(super) fn leaves(number: u32, operand: &[u8], piece: &[u8]) -> bool {
    let Some(marks) = operand.first_chunk().filter(|_| number >= kind::URL_DECODE) else {
        return false;
    };
    !piece.iter().any(|&byte| is_mark(marks, byte))
}

fn is_mark(marks: &[u8; 32], byte: u8) -> bool {
    let bits = marks.get(usize::from(byte / 8)).copied();
    bits.unwrap_or_default() >> (byte % 8) & 1 != 0
}

fn between(input: &[u8], start: usize, end: usize) -> &[u8] {
    input.get(start..end).unwrap_or_default()
}

/// What the mark at the start begins.
fn read(number: u32, marked: &[u8], open: &mut u32) -> Read<Meaning> {
    match number {
        kind::URL_DECODE => percent::read(marked),
        kind::URL_DECODE_UNI => unicode::read(marked),
        kind::HTML_DECODE => html::read(marked),
        kind::JS_DECODE => js::read(marked),
        kind::CSS_DECODE => css::read(marked),
        kind::JSON => string_escape(marked),
        kind::REMOVE_NULLS => Read::Means(1, Meaning::Nothing),
        kind::COMPRESS_WHITESPACE => {
            let blanks = marked.iter().take_while(|&&byte| text::is_blank(byte));
            Read::Means(blanks.count().max(1), Meaning::Byte(b' '))
        }
        kind::REMOVE_COMMENTS => match comments::comment(marked, open) {
            Read::Stays(length) => Read::Stays(length),
            Read::Means(length, ()) => Read::Means(length, Meaning::Byte(b' ')),
        },
        kind::UTF8_TO_UNICODE => match json::character(marked) {
            (true, length) => {
                let code = unicode::code_point(split(marked, length).0);
                Read::Means(length, Meaning::Character(code))
            }
            (false, length) => Read::Stays(length),
        },
        _ => Read::Stays(1),
    }
}

/// An escape of a string of JSON (RFC 8259, section 7); what is none stays.
fn string_escape(marked: &[u8]) -> Read<Meaning> {
    let &[_, letter, ..] = marked else {
        return Read::Stays(1);
    };
    if letter == b'u' {
        let character = escapes::utf16(marked, |input| input.strip_prefix(b"\\u"));
        return character.map_or(Read::Stays(1), |(length, code)| {
            Read::Means(length, Meaning::Character(code))
        });
    }
    let means = js::control(letter);
    let is_itself = matches!(letter, b'"' | b'\\' | b'/');
    if is_itself || means != letter && letter != b'v' {
        Read::Means(2, Meaning::Byte(means))
    } else {
        Read::Stays(1)
    }
}

/// Whether the digits of `\u{…}` reach to the end, so that a brace may follow.
fn unclosed(number: u32, marked: &[u8]) -> bool {
    number == kind::JS_DECODE
        && marked
            .strip_prefix(b"\\u{")
            .is_some_and(|digits| js::digits(digits).is_some_and(|count| count == digits.len()))
}

fn write(number: u32, out: &mut Out<'_, '_>, meaning: Meaning) {
    let mut room = [0; 12];
    let mut made = Writer::new(&mut room);
    match meaning {
        Meaning::Character(code) if number == kind::UTF8_TO_UNICODE => {
            unicode::write_units(&mut made, code);
        }
        meaning => escapes::write(&mut made, meaning),
    }
    out.extend(made.written());
}

/// Keeps in few bytes what means the same as a mark and what it began, which is not at its end yet.
pub(super) fn shorten(number: u32, marked: &[u8], carry: &mut Carry) {
    match number {
        kind::COMPRESS_WHITESPACE => carry.push(b' '),
        kind::HTML_DECODE => {
            let hexadecimal = matches!(marked, [_, _, b'x' | b'X', ..]);
            number_kept(marked, if hexadecimal { 3 } else { 2 }, 8, carry);
        }
        kind::JS_DECODE => {
            let zeros = split(marked, 3).1.iter().take_while(|&&byte| byte == b'0');
            let left_out = zeros.count().saturating_sub(1);
            carry.count = carry.count.saturating_add(left_out as u32);
            number_kept(marked, 3, js::MOST_DIGITS, carry);
        }
        kind::REMOVE_COMMENTS => comment_kept(marked, carry),
        _ => carry.append(marked),
    }
}

/// A prefix, of the digits behind it one zero and `most` others, and what is behind those.
fn number_kept(marked: &[u8], prefix: usize, most: usize, carry: &mut Carry) {
    let (prefix, digits) = split(marked, prefix);
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    let digits = split(digits, zeros).1;
    let count = digits
        .iter()
        .take_while(|&&byte| hex::value(byte).is_some())
        .count();
    let (digits, behind) = split(digits, count);
    carry.append(prefix);
    if zeros > 0 {
        carry.push(b'0');
    }
    carry.append(split(digits, most).0);
    carry.append(behind);
}

fn comment_kept(marked: &[u8], carry: &mut Carry) {
    let tail = |most: usize| split(marked, marked.len().saturating_sub(most)).1;
    match marked {
        [b'/', ..] => {
            // A blank, since another byte there may say that the text is kept.
            carry.append(split(marked, 2).0);
            carry.push(b' ');
            carry.append(tail(2));
        }
        [b'<', ..] => {
            // A blank, since the dashes may be those of the end where it follows at once.
            carry.append(split(marked, 4).0);
            carry.push(b' ');
            carry.append(tail(4));
        }
        [b'-', ..] if marked.iter().all(|&byte| byte == b'-') => {
            carry.count = carry.count.saturating_add(marked.len() as u32 - 2);
            carry.append(split(marked, 2).0);
        }
        _ => {
            carry.count = 0;
            carry.push(b'#');
        }
    }
}
