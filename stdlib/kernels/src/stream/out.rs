//! What a step writes: a small buffer in front of the entries that it is for.

use core::ops::Range;

use super::machine::{MOST_STEPS, Machine, Part};
use crate::writer::split;

/// Bytes of all buffers together: gates are asked about texts that fit into one, as a form's of 2 KB do in every depth.
pub(super) const ROOM: usize = 16 << 10;

/// A text on its way to some entries.
pub(super) struct Out<'m, 'a> {
    machine: &'m mut Machine<'a>,
    entries: Range<u32>,
    depth: u32,
    buffer: &'m mut [u8],
    /// Room for the buffers of the steps behind.
    room: &'m mut [u8],
    length: usize,
    /// Whether nothing of the text was handed on.
    whole: bool,
}

impl<'m, 'a> Out<'m, 'a> {
    /// Takes its buffer from the `room`: a quarter, or what is left for each of the steps there can be.
    pub(super) fn new(
        machine: &'m mut Machine<'a>,
        entries: Range<u32>,
        depth: u32,
        whole: bool,
        room: &'m mut [u8],
    ) -> Self {
        let steps = (MOST_STEPS + 1).saturating_sub(depth).clamp(1, 4) as usize;
        let (buffer, room) = room
            .split_at_mut_checked(room.len() / steps)
            .unwrap_or_default();
        Out {
            machine,
            entries,
            depth,
            buffer,
            room,
            length: 0,
            whole,
        }
    }

    #[inline(never)]
    pub(super) fn push(&mut self, byte: u8) {
        if self.length >= self.buffer.len() {
            self.flush(false);
        }
        if let Some(place) = self.buffer.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    #[inline(never)]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        if bytes.len() > self.buffer.len().saturating_sub(self.length) {
            self.flush(false);
        }
        if bytes.len() > self.buffer.len() {
            return self.pass(bytes, false);
        }
        let room = self.buffer.get_mut(self.length..).unwrap_or_default();
        if let Some(place) = room.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    pub(super) fn repeat(&mut self, byte: u8, count: u32) {
        for _ in 0..count {
            self.push(byte);
        }
    }

    /// Hands on what is in the buffer; with the `last` of a text, the text ends.
    #[inline(never)]
    pub(super) fn flush(&mut self, last: bool) {
        let part = self.part(last, self.length);
        let (written, _) = split(self.buffer, self.length);
        self.machine
            .feed(self.entries.clone(), self.depth, written, part, self.room);
        self.length = 0;
    }

    /// Hands on a piece that was never in the buffer, which is empty.
    pub(super) fn pass(&mut self, piece: &[u8], last: bool) {
        let part = self.part(last, piece.len());
        self.machine
            .feed(self.entries.clone(), self.depth, piece, part, self.room);
    }

    /// Part of the text goes on before the first piece.
    pub(super) fn resume(&mut self, begun: bool) {
        self.whole = !begun;
    }

    fn part(&mut self, last: bool, length: usize) -> Part {
        let whole = self.whole;
        self.whole = last || whole && length == 0;
        match (last, whole) {
            (true, true) => Part::Whole,
            (true, false) => Part::Last,
            _ => Part::More,
        }
    }
}
