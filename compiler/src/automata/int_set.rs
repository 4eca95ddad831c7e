//! Constant sets of integers.

use super::table::{push_u32, u32_from};

/// A set of 64-bit integers as disjoint intervals, ascending, that do not touch.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct IntSet {
    intervals: Vec<(i64, i64)>,
}

impl IntSet {
    /// The set of some numbers.
    pub fn from_numbers(numbers: &[i64]) -> IntSet {
        IntSet::from_intervals(numbers.iter().map(|&number| (number, number)).collect())
    }

    /// The union of some intervals, both ends in it; one whose ends are the wrong way
    /// round holds nothing.
    pub fn from_intervals(mut intervals: Vec<(i64, i64)>) -> IntSet {
        intervals.retain(|&(low, high)| low <= high);
        intervals.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(intervals.len());
        for (low, high) in intervals {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        IntSet { intervals: merged }
    }

    /// Whether `number` is in the set.
    pub fn contains(&self, number: i64) -> bool {
        let after = self.intervals.partition_point(|&(low, _)| low <= number);
        let interval = after.checked_sub(1).and_then(|at| self.intervals.get(at));
        interval.is_some_and(|&(_, high)| number <= high)
    }

    /// The intervals.
    pub fn intervals(&self) -> &[(i64, i64)] {
        &self.intervals
    }

    /// The table that `edge_lookup::int_set` reads.
    pub fn table(&self) -> Vec<u8> {
        let has_ends = self.intervals.iter().any(|&(low, high)| low != high);
        let mut table = Vec::new();
        push_u32(&mut table, u32_from(self.intervals.len()));
        push_u32(&mut table, u32::from(has_ends));
        table.extend(self.intervals.iter().flat_map(|(low, _)| low.to_le_bytes()));
        if has_ends {
            table.extend(
                self.intervals
                    .iter()
                    .flat_map(|(_, high)| high.to_le_bytes()),
            );
        }
        table
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use std::collections::BTreeSet;

    use edge_lookup::int_set;
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![4 => -20i64..20, 1 => Just(i64::MIN), 1 => Just(i64::MAX), 1 => any::<i64>()]
    }

    proptest! {
        #[test]
        fn agrees_with_a_btree_set(numbers in prop::collection::vec(number(), 0..30), asked in number()) {
            let set = IntSet::from_numbers(&numbers);
            let table = set.table();
            let expected: BTreeSet<i64> = numbers.iter().copied().collect();
            for number in numbers.iter().copied().chain([asked]) {
                prop_assert_eq!(int_set::contains(&table, number), expected.contains(&number));
                prop_assert_eq!(set.contains(number), expected.contains(&number));
            }
        }

        #[test]
        fn agrees_with_each_interval(
            intervals in prop::collection::vec((number(), number()), 0..10),
            asked in number(),
        ) {
            let expected = intervals.iter().any(|&(low, high)| (low..=high).contains(&asked));
            let set = IntSet::from_intervals(intervals);
            prop_assert_eq!(int_set::contains(&set.table(), asked), expected);
            prop_assert_eq!(set.contains(asked), expected);
        }
    }

    #[test]
    fn neighbours_join() {
        let set = IntSet::from_numbers(&[3, 1, 2, i64::MAX, i64::MAX - 1]);
        assert_eq!(set.intervals(), [(1, 3), (i64::MAX - 1, i64::MAX)]);
    }
}
