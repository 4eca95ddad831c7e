//! Is a number in a constant set?
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | count of intervals |
//! | 4 | 4 | 1 if the intervals' ends follow, 0 if each is one number |
//! | 8 | 8 × count | first number of each interval, ascending |
//! | | 8 × count | last number of each interval |

use super::load::{partition_point, u32_at, u64_at};

/// Bytes before the numbers.
pub const HEADER: usize = 8;

/// Whether `number` is in the set.
#[inline(never)]
pub fn contains(table: &[u8], number: i64) -> bool {
    let count = u32_at(table, 0) as usize;
    let numbers = table.get(HEADER..).unwrap_or_default();
    let at = |index: usize| u64_at(numbers, index.wrapping_mul(8)) as i64;
    let after = partition_point(0, count, |index| at(index) <= number);
    let Some(interval) = after.checked_sub(1) else {
        return false;
    };
    if u32_at(table, 4) == 0 {
        return at(interval) == number;
    }
    number <= at(interval.wrapping_add(count))
}
