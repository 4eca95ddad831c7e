//! A cursor over an output buffer that leaves out what does not fit.

pub(crate) struct Writer<'a> {
    buffer: &'a mut [u8],
    length: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, length: 0 }
    }

    pub(crate) fn push(&mut self, byte: u8) {
        if let Some(place) = self.buffer.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// A few bytes at once, or nothing where they do not fit.
    pub(crate) fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        let room = self.buffer.get_mut(self.length..).unwrap_or_default();
        if let Some(place) = room.first_chunk_mut() {
            *place = bytes;
            self.length += N;
        }
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let room = self.buffer.get_mut(self.length..).unwrap_or_default();
        let count = bytes.len().min(room.len());
        if let (Some(to), Some(from)) = (room.get_mut(..count), bytes.get(..count)) {
            to.copy_from_slice(from);
            self.length += count;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn written(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Forgets what was written after the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    pub(crate) fn finish(self) -> &'a mut [u8] {
        let length = self.length;
        self.buffer.get_mut(..length).unwrap_or_default()
    }
}

/// The slice before and from `at`; all of it and nothing when `at` is past its end.
pub(crate) fn split(input: &[u8], at: usize) -> (&[u8], &[u8]) {
    input
        .split_at_checked(at)
        .unwrap_or((input, input.get(input.len()..).unwrap_or_default()))
}
