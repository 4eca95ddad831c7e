//! Constant sets of IP addresses.

use edge_lookup::cidr::HEADER;

use super::network::Network;
use super::table::{push_u32, u32_from};

/// The IPv4-mapped addresses, `::ffff:0:0/96`.
const MAPPED: (u128, u128) = (0xffff << 32, (0xffff << 32) | 0xffff_ffff);
/// The most bits of an IPv4 address that the index takes: 256 KiB.
const MAX_INDEX_BITS: u32 = 16;
/// So few IPv4 bounds are searched without an index.
const NO_INDEX: usize = 8;

/// A set of addresses as disjoint intervals, ascending, that do not touch.
///
/// Addresses are numbers of 128 bits; IPv4 is `::ffff:a.b.c.d`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct AddressSet {
    intervals: Vec<(u128, u128)>,
}

impl AddressSet {
    /// The addresses of some networks.
    pub fn from_networks(networks: &[Network]) -> AddressSet {
        AddressSet::from_intervals(networks.iter().map(Network::interval).collect())
    }

    fn from_intervals(mut intervals: Vec<(u128, u128)>) -> AddressSet {
        intervals.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(intervals.len());
        for (low, high) in intervals {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        AddressSet { intervals: merged }
    }

    /// Whether the address, in network order, is in the set.
    pub fn contains(&self, address: [u8; 16]) -> bool {
        let address = u128::from_be_bytes(address);
        let after = self.intervals.partition_point(|&(low, _)| low <= address);
        let interval = after.checked_sub(1).and_then(|at| self.intervals.get(at));
        interval.is_some_and(|&(_, high)| address <= high)
    }

    /// Whether every address of `other` is in the set.
    pub fn contains_all(&self, other: &AddressSet) -> bool {
        other.intersect(&self.complement()).is_empty()
    }

    /// Whether it holds no address.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Whether it holds every address of both families.
    pub fn is_universal(&self) -> bool {
        self.intervals == [(0, u128::MAX)]
    }

    /// The addresses of both sets together.
    pub fn union(&self, other: &AddressSet) -> AddressSet {
        AddressSet::from_intervals([self.intervals.as_slice(), &other.intervals].concat())
    }

    /// The addresses that are in both sets.
    pub fn intersect(&self, other: &AddressSet) -> AddressSet {
        let (mut left, mut right) = (
            self.intervals.iter().peekable(),
            other.intervals.iter().peekable(),
        );
        let mut common = Vec::new();
        while let (Some(&&a), Some(&&b)) = (left.peek(), right.peek()) {
            let (low, high) = (a.0.max(b.0), a.1.min(b.1));
            if low <= high {
                common.push((low, high));
            }
            if a.1 <= b.1 {
                left.next()
            } else {
                right.next()
            };
        }
        AddressSet { intervals: common }
    }

    /// All other addresses, of both families.
    pub fn complement(&self) -> AddressSet {
        let mut intervals = Vec::with_capacity(self.intervals.len() + 1);
        let mut next = Some(0);
        for &(low, high) in &self.intervals {
            match next {
                Some(next) if next < low => intervals.push((next, low - 1)),
                _ => {}
            }
            next = high.checked_add(1);
        }
        intervals.extend(next.map(|next| (next, u128::MAX)));
        AddressSet { intervals }
    }

    /// An address of the set, IPv4 if there is one.
    pub fn witness(&self) -> Option<[u8; 16]> {
        let v4 = self.intersect(&mapped());
        let interval = v4.intervals.first().or(self.intervals.first());
        interval.map(|(low, _)| low.to_be_bytes())
    }

    /// The table that `edge_lookup::cidr` reads.
    pub fn table(&self) -> Vec<u8> {
        let v4: Vec<u32> = bounds(&self.intersect(&mapped()))
            .take_while(|&bound| bound <= MAPPED.1)
            .map(|bound| bound as u32)
            .collect();
        let v6: Vec<u128> = bounds(&self.intersect(&mapped().complement())).collect();
        let bits = index_bits(v4.len());
        let index = index(&v4, bits);
        let mut table = Vec::with_capacity(HEADER + 4 * (index.len() + v4.len()) + 16 * v6.len());
        push_u32(&mut table, u32_from(v4.len()));
        push_u32(&mut table, bits);
        push_u32(&mut table, u32_from(v6.len()));
        push_u32(&mut table, 0);
        table.extend(
            index
                .iter()
                .chain(&v4)
                .flat_map(|number| number.to_le_bytes()),
        );
        table.extend(v6.iter().flat_map(|bound| bound.to_le_bytes()));
        table
    }
}

fn mapped() -> AddressSet {
    AddressSet {
        intervals: vec![MAPPED],
    }
}

/// Where membership changes, ascending.
fn bounds(set: &AddressSet) -> impl Iterator<Item = u128> {
    set.intervals
        .iter()
        .flat_map(|&(low, high)| [Some(low), high.checked_add(1)])
        .flatten()
}

/// Enough that a run of addresses has about one bound.
fn index_bits(bounds: usize) -> u32 {
    if bounds <= NO_INDEX {
        return 0;
    }
    bounds
        .next_power_of_two()
        .trailing_zeros()
        .min(MAX_INDEX_BITS)
}

/// For each run of addresses with the same first bits, and for the end, how many bounds
/// come before it.
fn index(bounds: &[u32], bits: u32) -> Vec<u32> {
    let before = |run: u64| {
        let first = run << (32 - bits);
        u32_from(bounds.partition_point(|&bound| u64::from(bound) < first))
    };
    (0..=1u64 << bits).map(before).collect()
}

#[cfg(test)]
mod tests;
