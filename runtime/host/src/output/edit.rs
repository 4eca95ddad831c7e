//! Tables in an output: header edits, and the segments of bodies and values.

use std::slice::ChunksExact;

use edge_abi::output::{edit, segment};

use super::memory::{follow, slice, u8_at, u32_at};

/// One header edit.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'a> {
    memory: &'a [u8],
    record: &'a [u8],
}

/// An edit's value.
#[derive(Debug, Clone)]
pub enum EditValue<'a> {
    /// As it is.
    Bytes(&'a [u8]),
    /// In pieces, which may be secrets.
    Segments(Segments<'a>),
}

/// One segment of a body or a value.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    memory: &'a [u8],
    record: &'a [u8],
}

/// What a segment stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentValue<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// The secret of this index.
    Secret(u32),
}

impl<'a> Edit<'a> {
    /// What it does: to set what is absent is to remove.
    #[must_use]
    pub fn op(&self) -> edit::Op {
        match u8_at(self.record, edit::OP) {
            1 if self.sets_nothing() => edit::Op::Remove,
            1 => edit::Op::Set,
            2 => edit::Op::Add,
            _ => edit::Op::Remove,
        }
    }

    fn sets_nothing(&self) -> bool {
        u8_at(self.record, edit::FLAGS) == 0 && u32_at(self.record, edit::VALUE) == 0
    }

    /// Index of the statement's place.
    #[must_use]
    pub fn place(&self) -> u32 {
        u32_at(self.record, edit::PLACE)
    }

    /// The header's name in lower case; in a removal it may end in `*`.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        follow(self.memory, self.record, edit::NAME)
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> EditValue<'a> {
        if u8_at(self.record, edit::FLAGS) & edit::SEGMENTS == 0 {
            return EditValue::Bytes(follow(self.memory, self.record, edit::VALUE));
        }
        EditValue::Segments(Segments::new(self.memory, self.record, edit::VALUE))
    }
}

impl<'a> Segment<'a> {
    /// What it stands for.
    #[must_use]
    pub fn value(&self) -> SegmentValue<'a> {
        if u32_at(self.record, segment::KIND) == segment::Kind::Secret as u32 {
            return SegmentValue::Secret(u32_at(self.record, segment::ID));
        }
        SegmentValue::Bytes(follow(self.memory, self.record, segment::BYTES))
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident of $entry:ident, $size:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name<'a> {
            memory: &'a [u8],
            records: ChunksExact<'a, u8>,
        }

        impl<'a> $name<'a> {
            pub(super) fn new(memory: &'a [u8], record: &[u8], at: u32) -> Self {
                let length = (u32_at(record, at + 4) as usize).saturating_mul($size as usize);
                let table = slice(memory, u32_at(record, at), length);
                $name { memory, records: table.chunks_exact($size as usize) }
            }
        }

        impl<'a> Iterator for $name<'a> {
            type Item = $entry<'a>;

            fn next(&mut self) -> Option<$entry<'a>> {
                Some($entry { memory: self.memory, record: self.records.next()? })
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.records.size_hint()
            }
        }

        impl ExactSizeIterator for $name<'_> {}
    )*};
}

tables! {
    /// A list of edits.
    Edits of Edit, edit::SIZE;
    /// A list of segments.
    Segments of Segment, segment::SIZE;
}
