//! Queries: `name=value` pairs separated by `&`, decoded as forms are (`+` is a space).

use core::cmp::Ordering;

use crate::filter::Filter;
use crate::percent::{self, Decoded};
use crate::writer::{Writer, split};

/// Most pairs that are sorted: a longer query stays as it is.
pub const MOST_SORTED: usize = 1024;

/// The decoded value of the first pair of that (decoded) name; empty where there is no `=`.
pub fn query_get<'a>(query: &'a [u8], name: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let value = pairs(query)
        .find(|pair| is_named(pair, name))
        .map(value_of)?;
    Some(percent::url_decode(value, out))
}

/// The decoded values of every pair of that name, in order.
///
/// Writes a table of `(u32 address, u32 length)` and then the strings, and returns the table's
/// address and how many entries it has. `address` is where `out` itself lies; the table is
/// the first place of `out` whose address is a multiple of 4.
pub fn query_all(query: &[u8], name: &[u8], out: &mut [u8], address: u32) -> (u32, u32) {
    let padding = address.wrapping_neg() % 4;
    let table = address.wrapping_add(padding);
    let count = pairs(query).filter(|pair| is_named(pair, name)).count();
    let start = padding as usize + 8 * count;
    let (head, tail) = out.split_at_mut_checked(start).unwrap_or_default();
    let entries = head
        .get_mut(padding as usize..)
        .unwrap_or_default()
        .chunks_exact_mut(8);

    let mut made = Writer::new(tail);
    let mut written = 0;
    for (pair, entry) in pairs(query)
        .filter(|pair| is_named(pair, name))
        .zip(entries)
    {
        let begin = made.len();
        for byte in (Decoded {
            rest: value_of(pair),
        }) {
            made.push(byte);
        }
        let (place, length) = entry.split_at_mut_checked(4).unwrap_or_default();
        put(place, address.wrapping_add((start + begin) as u32));
        put(length, (made.len() - begin) as u32);
        written += 1;
    }
    (table, written)
}

/// Without the pairs whose decoded name is `pattern`, or begins with what stands before its
/// final `*`. What is kept is not changed.
pub fn query_remove<'a>(query: &'a [u8], pattern: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    let drops = |pair: &[u8]| is_like(pair, pattern);
    if !pieces(query).any(drops) {
        return query;
    }
    let mut made = Writer::new(out);
    keep(query, &mut made, drops);
    made.finish()
}

/// Without the pairs named `name`, and with `name=value`, encoded, as the last.
pub fn query_set<'a>(query: &[u8], name: &[u8], value: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    let mut made = Writer::new(out);
    keep(query, &mut made, |pair| is_named(pair, name));
    if made.len() > 0 {
        made.push(b'&');
    }
    percent::encode(name, &mut made);
    made.push(b'=');
    percent::encode(value, &mut made);
    made.finish()
}

/// The pairs whose decoded names a list ([`Filter`]) lets through, as they are. Nothing where none are left.
pub fn query_filter<'a>(query: &'a [u8], list: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let filter = Filter::new(list);
    let drops = |pair: &[u8]| pair.is_empty() || !filter.lets_through(|name| is_like(pair, name));
    let kept = if pieces(query).any(drops) {
        let mut made = Writer::new(out);
        keep(query, &mut made, drops);
        made.finish()
    } else {
        query
    };
    (!kept.is_empty()).then_some(kept)
}

/// The pairs sorted by their decoded names; those of one name stay in their order, and all stay as they are
/// written. Nothing where there is none. Of more than [`MOST_SORTED`], none is moved.
pub fn query_sort<'a>(query: &'a [u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let count = pairs(query).count();
    if count == 0 {
        return None;
    }
    if count > MOST_SORTED || is_sorted(query) {
        return Some(query);
    }
    let (text, tables) = out.split_at_mut_checked(query.len()).unwrap_or_default();
    let (from, to) = tables
        .split_at_mut_checked(4 * MOST_SORTED)
        .unwrap_or_default();
    let (mut from, mut to) = (from.as_chunks_mut().0, to.as_chunks_mut().0);
    enter(query, from);
    let mut width = 1;
    while width < count {
        let ordered = from.get(..count).unwrap_or_default().chunks(2 * width);
        for (run, to) in ordered.zip(to.chunks_mut(2 * width)) {
            merge(query, run.split_at_checked(width).unwrap_or((run, &[])), to);
        }
        core::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    let mut made = Writer::new(text);
    for place in from.iter().take(count) {
        if made.len() > 0 {
            made.push(b'&');
        }
        made.extend(pair_at(query, *place));
    }
    Some(made.finish())
}

/// Where a pair begins.
type Place = [u8; 4];

fn is_sorted(query: &[u8]) -> bool {
    let follows = |(one, next): (&[u8], &[u8])| by_name(one, next) != Ordering::Greater;
    !pieces(query).any(<[u8]>::is_empty) && pairs(query).zip(pairs(query).skip(1)).all(follows)
}

fn enter(query: &[u8], table: &mut [Place]) {
    let mut at = 0;
    let mut places = table.iter_mut();
    for piece in pieces(query) {
        if !piece.is_empty()
            && let Some(place) = places.next()
        {
            *place = (at as u32).to_le_bytes();
        }
        at += piece.len() + 1;
    }
}

fn merge(query: &[u8], (left, right): (&[Place], &[Place]), to: &mut [Place]) {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    for place in to {
        let next = match (left.peek(), right.peek()) {
            (Some(one), Some(other))
                if by_name(pair_at(query, **one), pair_at(query, **other)) != Ordering::Greater =>
            {
                left.next()
            }
            (Some(_), None) => left.next(),
            _ => right.next(),
        };
        if let Some(next) = next {
            *place = *next;
        }
    }
}

fn pair_at(query: &[u8], place: Place) -> &[u8] {
    let rest = split(query, u32::from_le_bytes(place) as usize).1;
    pieces(rest).next().unwrap_or_default()
}

fn by_name(one: &[u8], other: &[u8]) -> Ordering {
    let decoded = |pair| Decoded {
        rest: name_of(pair),
    };
    decoded(one).cmp(decoded(other))
}

fn keep(query: &[u8], made: &mut Writer<'_>, drops: impl Fn(&[u8]) -> bool) {
    let mut first = true;
    for pair in pieces(query).filter(|pair| !drops(pair)) {
        if !first {
            made.push(b'&');
        }
        first = false;
        made.extend(pair);
    }
}

fn pieces(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|&byte| byte == b'&')
}

/// The pieces that say something: between two `&` there may be nothing.
fn pairs(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    pieces(query).filter(|pair| !pair.is_empty())
}

/// Whether a pair has that name, or one that begins with what stands before the final `*`.
fn is_like(pair: &[u8], pattern: &[u8]) -> bool {
    match pattern.strip_suffix(b"*") {
        Some(prefix) => begins_with(pair, prefix),
        None => is_named(pair, pattern),
    }
}

fn is_named(pair: &[u8], name: &[u8]) -> bool {
    !pair.is_empty()
        && Decoded {
            rest: name_of(pair),
        }
        .eq(name.iter().copied())
}

fn begins_with(pair: &[u8], prefix: &[u8]) -> bool {
    let mut decoded = Decoded {
        rest: name_of(pair),
    };
    !pair.is_empty() && prefix.iter().all(|&byte| decoded.next() == Some(byte))
}

fn name_of(pair: &[u8]) -> &[u8] {
    split(pair, equals(pair)).0
}

fn value_of(pair: &[u8]) -> &[u8] {
    split(pair, equals(pair).saturating_add(1)).1
}

fn equals(pair: &[u8]) -> usize {
    pair.iter()
        .position(|&byte| byte == b'=')
        .unwrap_or(pair.len())
}

fn put(place: &mut [u8], value: u32) {
    if let Ok(place) = <&mut [u8; 4]>::try_from(place) {
        *place = value.to_le_bytes();
    }
}
