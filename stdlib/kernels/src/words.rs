//! Eight bytes at a time, as one number. Tests answer with a number that is not zero if and only
//! if some byte passes.

const ONES: u64 = u64::MAX / 0xFF;
const HIGHS: u64 = ONES << 7;

/// Some byte is `byte`.
pub(crate) const fn any_is(word: u64, byte: u8) -> u64 {
    any_zero(word ^ repeated(byte))
}

/// Some byte is under `limit`, which is at most 0x80.
pub(crate) const fn any_below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(repeated(limit)) & !word & HIGHS
}

/// Some byte is 0x80 or above.
pub(crate) const fn any_high(word: u64) -> u64 {
    word & HIGHS
}

/// Some byte is `second` where the one before it is `first`; `before` stands before the word.
pub(crate) const fn any_pair(word: u64, before: u8, first: u8, second: u8) -> u64 {
    let shifted = word << 8 | before as u64;
    any_zero((word ^ repeated(second)) | (shifted ^ repeated(first)))
}

/// 0x80 in each byte that is one of the 26 letters from `first` on, 0 in the others.
pub(crate) const fn letters(word: u64, first: u8) -> u64 {
    let low = word & !HIGHS;
    let from_first = low + repeated(0x80 - first);
    let past_last = low + repeated(0x80 - first - 26);
    (from_first & !past_last) & !word & HIGHS
}

const fn any_zero(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

const fn repeated(byte: u8) -> u64 {
    ONES * byte as u64
}
