//! A step over one piece of a text, with what it could not tell before it.

use super::machine::u32_at;
use super::out::Out;
use super::{kind, replace, transform};
use crate::base64;
use crate::shell;
use crate::text;
use crate::writer::split;

/// Bytes of a step's state.
pub const STATE: usize = 40;
/// Bytes of a text that a step keeps at most.
pub(super) const KEPT: usize = 31;
/// Where what was kept meets the next piece.
const JOINED: usize = 64;

/// What a step remembers between two pieces of a text.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 4 | number |
/// | 4 | 4 | second number |
/// | 8 | 1 | how many bytes of the text are kept |
/// | 9 | 31 | these |
#[derive(Default)]
pub(super) struct Carry {
    /// Bytes left out of what is kept, all the same; how much of what is sought was seen; bits.
    pub count: u32,
    /// Comments around this place; whether there is a gap; how many bits.
    pub open: u32,
    length: u8,
    bytes: [u8; KEPT],
}

impl Carry {
    pub(super) fn load(state: &[u8; STATE]) -> Carry {
        let (_, tail) = split(state, 8);
        let (length, bytes) = tail.split_first().unwrap_or((&0, &[]));
        Carry {
            count: u32_at(state, 0),
            open: u32_at(state, 4),
            length: *length,
            bytes: bytes.first_chunk().copied().unwrap_or_default(),
        }
    }

    pub(super) fn store(&self, state: &mut [u8; STATE]) {
        let [a, b, c, d] = self.count.to_le_bytes();
        let [e, f, g, h] = self.open.to_le_bytes();
        let head = [a, b, c, d, e, f, g, h, self.length];
        if let Some(place) = state.first_chunk_mut() {
            *place = head;
        }
        if let Some(place) = state.last_chunk_mut() {
            *place = self.bytes;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn kept(&self) -> &[u8] {
        self.bytes.get(..self.length.into()).unwrap_or_default()
    }

    /// Keeps the beginning of what some bytes leave open, in as few bytes as mean the same.
    fn keep(&mut self, kind: u32, rest: &[u8]) {
        self.length = 0;
        if rest.len() > KEPT {
            return transform::shorten(kind, rest, self);
        }
        self.append(rest);
    }

    /// Keeps more bytes.
    #[inline(never)]
    pub(super) fn append(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.push(*byte);
        }
    }

    pub(super) fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(usize::from(self.length)) {
            *place = byte;
            self.length += 1;
        }
    }
}

/// Takes a piece of a text through a step. After the last one, nothing is left to tell.
#[inline(never)]
pub(super) fn run(
    number: u32,
    operand: &[u8],
    carry: &mut Carry,
    piece: &[u8],
    last: bool,
    out: &mut Out<'_, '_>,
) {
    match number {
        kind::LOWER => in_blocks(piece, out, |block, room, out| {
            out.extend(text::lower(block, room));
        }),
        kind::UPPER => in_blocks(piece, out, |block, room, out| {
            out.extend(text::upper(block, room));
        }),
        kind::REPLACE => replace::run(operand, &mut carry.count, piece, last, out),
        kind::CMD_LINE => {
            let mut gap = carry.open != 0;
            shell::each(piece, &mut gap, |byte| out.push(byte));
            if gap && last {
                out.push(b' ');
            }
            carry.open = gap.into();
        }
        kind::BASE64_DECODE_LENIENT => {
            let (bits, count) = (&mut carry.count, &mut carry.open);
            base64::each(piece, bits, count, |byte| out.push(byte));
        }
        _ => marked(number, operand, carry, piece, last, out),
    }
}

/// A piece in blocks that fit into a buffer.
#[inline(always)]
fn in_blocks(
    piece: &[u8],
    out: &mut Out<'_, '_>,
    each: impl Fn(&[u8], &mut [u8], &mut Out<'_, '_>),
) {
    for block in piece.chunks(JOINED) {
        each(block, &mut [0; JOINED], out);
    }
}

/// First what was kept, with as much of the piece as makes clear what it means; then the rest.
fn marked(
    number: u32,
    operand: &[u8],
    carry: &mut Carry,
    piece: &[u8],
    last: bool,
    out: &mut Out<'_, '_>,
) {
    let mut rest = piece;
    while carry.length > 0 && (last || !rest.is_empty()) {
        let mut joined = [0; JOINED];
        let kept = carry.kept().len();
        for (place, byte) in joined.iter_mut().zip(carry.kept().iter().chain(rest)) {
            *place = *byte;
        }
        let length = (kept + rest.len()).min(JOINED);
        let (joined, _) = split(&joined, length);
        let (_, behind) = split(rest, length - kept);
        let last = last && behind.is_empty();
        let done = transform::part(number, operand, carry, joined, last, out);
        if done >= kept {
            carry.length = 0;
            rest = split(rest, done - kept).1;
            break;
        }
        carry.keep(number, split(joined, done).1);
        rest = behind;
    }
    if carry.length == 0 {
        let done = transform::part(number, operand, carry, rest, last, out);
        carry.keep(number, split(rest, done).1);
    }
}
