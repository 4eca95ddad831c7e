//! `replace` over pieces of a text: Knuth, Morris and Pratt's search ("Fast pattern matching in strings",
//! 1977), which remembers no text, only how much of what is sought it has just seen.

use super::machine::u32_at;
use super::out::Out;
use crate::writer::split;

pub(super) fn run(operand: &[u8], seen: &mut u32, piece: &[u8], last: bool, out: &mut Out<'_, '_>) {
    let length = u32_at(operand, 0) as usize;
    let (borders, texts) = split(split(operand, 8).1, length.saturating_mul(4));
    let (from, to) = split(texts, length);
    let mut matched = (*seen as usize).min(from.len());
    for &byte in piece {
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
