//! `replace` over pieces of a text: Knuth, Morris and Pratt's search ("Fast pattern matching in strings",
//! 1977), which remembers no text, only how much of what is sought it has just seen.

use super::machine::u32_at;
use super::out::Out;
use crate::find;
use crate::writer::split;

/// Whether nothing of a piece can begin what is sought.
pub(super) fn leaves(operand: &[u8], piece: &[u8]) -> bool {
    let (from, _) = texts(operand);
    let first = from.first();
    first.is_none_or(|first| find::byte(piece, *first).is_none())
}

/// What is sought, and what is behind it.
fn texts(operand: &[u8]) -> (&[u8], &[u8]) {
    let length = u32_at(operand, 0) as usize;
    let (_, texts) = split(split(operand, 8).1, length.saturating_mul(4));
    split(texts, length)
}

pub(super) fn run(operand: &[u8], seen: &mut u32, piece: &[u8], last: bool, out: &mut Out<'_, '_>) {
    let borders = split(operand, 8).1;
    let (from, to) = texts(operand);
    let Some(first) = from.first() else {
        return out.extend(piece);
    };
    let mut matched = (*seen as usize).min(from.len());
    let mut rest = piece;
    loop {
        if matched == 0 {
            let (stays, behind) = split(rest, find::byte(rest, *first).unwrap_or(rest.len()));
            out.extend(stays);
            rest = behind;
        }
        let Some((&byte, behind)) = rest.split_first() else {
            break;
        };
        rest = behind;
        while matched > 0 && from.get(matched) != Some(&byte) {
            let border = u32_at(borders, 4 * (matched - 1)) as usize;
            let shorter = border.min(matched - 1);
            out.extend(split(from, matched - shorter).0);
            matched = shorter;
        }
        if from.get(matched) != Some(&byte) {
            out.push(byte);
            continue;
        }
        matched += 1;
        if matched == from.len() {
            out.extend(to);
            matched = 0;
        }
    }
    if last {
        out.extend(split(from, matched).0);
        matched = 0;
    }
    *seen = matched as u32;
}
