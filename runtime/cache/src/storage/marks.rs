//! The marks that purges leave, bounded in number.

use super::place::Label;
use super::purge::Left;
use std::collections::HashMap;

/// The most marks under labels.
pub(super) const MAX_MARKS: usize = 100_000;
/// The most marks of prefixes, which are compared one by one.
pub(super) const MAX_PREFIXES: usize = 256;

/// The last purges of one label: numbers, zero for none; and when the soft one was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    pub hard: u64,
    pub soft: u64,
    pub soft_at: u64,
}

impl Mark {
    pub fn add(&mut self, number: u64, soft_at: Option<u64>) {
        match soft_at {
            None => self.hard = self.hard.max(number),
            Some(at) if number > self.soft => (self.soft, self.soft_at) = (number, at),
            Some(_) => {}
        }
    }

    pub fn merge(&mut self, other: Mark) {
        self.hard = self.hard.max(other.hard);
        if other.soft > self.soft {
            (self.soft, self.soft_at) = (other.soft, other.soft_at);
        }
    }

    pub fn left(self, born: u64) -> Left {
        match () {
            () if born < self.hard => Left::Gone,
            () if born < self.soft => Left::Stale(self.soft_at),
            () => Left::Valid,
        }
    }

    pub fn last(self) -> u64 {
        self.hard.max(self.soft)
    }
}

/// A host or any, the beginning of a path, and its mark.
pub(super) type Prefix = (Option<Box<str>>, Box<[u8]>, Mark);

#[derive(Debug, Default)]
pub(super) struct Marks {
    pub labels: HashMap<Label, Mark>,
    pub prefixes: Vec<Prefix>,
    pub all: Mark,
}

impl Marks {
    pub fn label(&mut self, label: Label, number: u64, soft_at: Option<u64>) {
        if self.labels.len() >= MAX_MARKS && !self.labels.contains_key(&label) {
            // Too many: a sweep is late. One pass folds the older half into the mark for everything.
            let mut numbers: Vec<_> = self.labels.values().map(|mark| mark.last()).collect();
            let middle = numbers.len() / 2;
            let (_, &mut median, _) = numbers.select_nth_unstable(middle);
            let all = &mut self.all;
            self.labels.retain(|_, mark| {
                let keep = mark.last() > median;
                if !keep {
                    all.merge(*mark);
                }
                keep
            });
        }
        self.labels.entry(label).or_default().add(number, soft_at);
    }

    pub fn prefix(&mut self, host: Option<&str>, name: &[u8], number: u64, soft_at: Option<u64>) {
        let have = self
            .prefixes
            .iter_mut()
            .find(|(of, prefix, _)| of.as_deref() == host && **prefix == *name);
        if let Some((_, _, mark)) = have {
            mark.add(number, soft_at);
            return;
        }
        if self.prefixes.len() >= MAX_PREFIXES {
            let (_, _, oldest) = self.prefixes.remove(0);
            self.all.merge(oldest);
        }
        let mut mark = Mark::default();
        mark.add(number, soft_at);
        self.prefixes
            .push((host.map(Into::into), name.into(), mark));
    }
}
