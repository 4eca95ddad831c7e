//! What wasm sees: addresses and lengths in, packed results out.
//!
//! A text result is `address << 32 | length`; 0 is absent, since nothing lies at address 0. The
//! compiler upholds what the safety of these functions asks: every (address, length) lies
//! inside the memory, every `out` has the capacity that [`crate::bounds`] gives and overlaps no
//! input, and a kernel is never called with an absent value.

#![expect(unsafe_code, reason = "the one place where addresses become slices")]

use core::cmp::Ordering;

use crate::bounds::{self, Bound};
use crate::{
    base64, comments, compare, cookie, counts, css, decode, file_path, hash, hex, html, ip, js,
    json, number, path, percent, query, shell, stream, text, time, unicode, uri,
};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

type Address = usize;
type Packed = u64;

/// SAFETY: see the module's head; used with the addresses of one call only.
unsafe fn bytes<'a>(address: Address, length: usize) -> &'a [u8] {
    unsafe { core::slice::from_raw_parts(address as *const u8, length) }
}

/// SAFETY: as [`bytes`], and nothing else refers to that place during the call.
unsafe fn buffer<'a>(address: Address, length: usize) -> &'a mut [u8] {
    unsafe { core::slice::from_raw_parts_mut(address as *mut u8, length) }
}

fn pack(result: &[u8]) -> Packed {
    (result.as_ptr() as u64) << 32 | result.len() as u64
}

fn pack_option(result: Option<&[u8]>) -> Packed {
    result.map_or(0, pack)
}

/// Text to text, `(address, length, out)`.
macro_rules! text_kernels {
    ($($name:ident = $kernel:path, $pack:ident, $bound:ident;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(address: Address, length: usize, out: Address) -> Packed {
            const BOUND: Bound = bounds::$bound;
            let (input, out) = unsafe { (bytes(address, length), buffer(out, BOUND.capacity(length))) };
            $pack($kernel(input, out))
        }
    )*};
}

text_kernels! {
    lower = text::lower, pack, SAME;
    upper = text::upper, pack, SAME;
    url_decode = percent::url_decode, pack, SAME;
    html_decode = html::html_decode, pack, SAME;
    base64_decode = base64::base64_decode, pack_option, SAME;
    url_decode_uni = unicode::url_decode_uni, pack, SAME;
    js_decode = js::js_decode, pack, SAME;
    css_decode = css::css_decode, pack, SAME;
    base64_decode_lenient = base64::base64_decode_lenient, pack, SAME;
    remove_nulls = text::remove_nulls, pack, SAME;
    compress_whitespace = text::compress_whitespace, pack, SAME;
    remove_comments = comments::remove_comments, pack, SAME;
    normalise_path = file_path::normalise_path, pack, SAME;
    cmd_line = shell::cmd_line, pack, SAME;
    utf8_to_unicode = unicode::utf8_to_unicode, pack, ESCAPED;
    base64url_encode = base64::base64url_encode, pack, DOUBLE;
    hex = hex::hex, pack, DOUBLE;
    json_escape = json::json_escape, pack, ENTITY;
    json_text = json::text::json_text, pack_option, JSON_TEXT;
    json_string = json::read::json_string, pack_option, SAME;
    counts_json = counts::counts_json, pack, COUNTS;
    html_escape = html::html_escape, pack, ENTITY;
    query_encode = percent::query_encode, pack, ESCAPED;
    path_normalise = path::path_normalise, pack_option, ESCAPED;
    host_normalise = uri::host_normalise, pack, SAME;
    query_sort = query::query_sort, pack_option, QUERY_SORT;
}

/// Two texts to a part of the first, `(address, length, address, length)`.
macro_rules! part_kernels {
    ($($name:ident = $kernel:path, $pack:ident;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(address: Address, length: usize, other: Address, other_length: usize) -> Packed {
            let (input, other) = unsafe { (bytes(address, length), bytes(other, other_length)) };
            $pack($kernel(input, other))
        }
    )*};
}

part_kernels! {
    remove_prefix = text::remove_prefix, pack;
    remove_suffix = text::remove_suffix, pack;
    split_first = text::split_first, pack;
    cookie_get = cookie::cookie_get, pack_option;
    json_member = json::read::json_member, pack_option;
}

/// Two texts to a truth value, `(address, length, address, length)`.
macro_rules! test_kernels {
    ($($name:ident = $kernel:path;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(address: Address, length: usize, other: Address, other_length: usize) -> i32 {
            let (input, other) = unsafe { (bytes(address, length), bytes(other, other_length)) };
            i32::from($kernel(input, other))
        }
    )*};
}

test_kernels! {
    bytes_eq = compare::bytes_eq;
    starts_with = compare::starts_with;
    ends_with = compare::ends_with;
    contains = compare::contains;
}

/// A number to text, `(value, out)`.
macro_rules! format_kernels {
    ($($name:ident = $kernel:path, $value:ty, $bound:ident;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(value: $value, out: Address) -> Packed {
            const BOUND: Bound = bounds::$bound;
            pack($kernel(value, unsafe { buffer(out, BOUND.capacity(0)) }))
        }
    )*};
}

format_kernels! {
    int_format = number::int_format, i64, INT;
    time_format = time::time_format, i64, TIME;
    http_date = time::http_date, i64, HTTP_DATE;
    duration_format = time::duration_format, i64, DURATION;
    percent_format = number::percent_format, i64, PERCENT;
}

#[cfg(feature = "float")]
format_kernels! {
    float_format = number::float_format, f64, FLOAT;
}

/// `out` is not used: what is trimmed is a part of the input.
#[unsafe(no_mangle)]
extern "C" fn trim(address: Address, length: usize, _out: Address) -> Packed {
    pack(text::trim(unsafe { bytes(address, length) }))
}

#[unsafe(no_mangle)]
extern "C" fn sha256(address: Address, length: usize, out: Address) -> Packed {
    let out = unsafe { buffer(out, 32) };
    out.copy_from_slice(&hash::sha256(unsafe { bytes(address, length) }));
    pack(out)
}

#[unsafe(no_mangle)]
extern "C" fn fraction(address: Address, length: usize) -> u64 {
    hash::fraction(unsafe { bytes(address, length) })
}

#[unsafe(no_mangle)]
extern "C" fn replace(
    address: Address,
    length: usize,
    from: Address,
    from_length: usize,
    to: Address,
    to_length: usize,
    out: Address,
    capacity: usize,
) -> Packed {
    let (from, to) = unsafe { (bytes(from, from_length), bytes(to, to_length)) };
    pack(text::replace(
        unsafe { bytes(address, length) },
        from,
        to,
        unsafe { buffer(out, capacity) },
    ))
}

#[unsafe(no_mangle)]
extern "C" fn compare(address: Address, length: usize, other: Address, other_length: usize) -> i32 {
    let (left, right) = unsafe { (bytes(address, length), bytes(other, other_length)) };
    match compare::compare(left, right) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

#[unsafe(no_mangle)]
extern "C" fn target_path_end(address: Address, length: usize) -> usize {
    uri::target_path_end(unsafe { bytes(address, length) })
}

#[unsafe(no_mangle)]
extern "C" fn upstream_value_ok(address: Address, length: usize) -> i32 {
    i32::from(uri::upstream_value_ok(unsafe { bytes(address, length) }))
}

#[unsafe(no_mangle)]
extern "C" fn upstream_path_ok(address: Address, length: usize) -> i32 {
    i32::from(uri::upstream_path_ok(unsafe { bytes(address, length) }))
}

#[unsafe(no_mangle)]
extern "C" fn query_get(
    query: Address,
    length: usize,
    name: Address,
    name_length: usize,
    out: Address,
) -> Packed {
    let (query, name) = unsafe { (bytes(query, length), bytes(name, name_length)) };
    pack_option(query::query_get(query, name, unsafe {
        buffer(out, length)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn query_all(
    query: Address,
    length: usize,
    name: Address,
    name_length: usize,
    out: Address,
) -> Packed {
    let (query, name) = unsafe { (bytes(query, length), bytes(name, name_length)) };
    let room = unsafe { buffer(out, bounds::QUERY_ALL.capacity(length)) };
    let (table, count) = query::query_all(query, name, room, out as u32);
    u64::from(table) << 32 | u64::from(count)
}

#[unsafe(no_mangle)]
extern "C" fn query_remove(
    query: Address,
    length: usize,
    name: Address,
    name_length: usize,
    out: Address,
) -> Packed {
    let (query, pattern) = unsafe { (bytes(query, length), bytes(name, name_length)) };
    pack(query::query_remove(query, pattern, unsafe {
        buffer(out, length)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn query_filter(
    query: Address,
    length: usize,
    list: Address,
    list_length: usize,
    out: Address,
) -> Packed {
    let (query, list) = unsafe { (bytes(query, length), bytes(list, list_length)) };
    pack_option(query::query_filter(query, list, unsafe {
        buffer(out, length)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn cookie_filter(
    header: Address,
    length: usize,
    list: Address,
    list_length: usize,
    out: Address,
) -> Packed {
    let (header, list) = unsafe { (bytes(header, length), bytes(list, list_length)) };
    let room = bounds::DOUBLE.capacity(length);
    pack_option(cookie::cookie_filter(header, list, unsafe {
        buffer(out, room)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn query_set(
    query: Address,
    length: usize,
    name: Address,
    name_length: usize,
    value: Address,
    value_length: usize,
    out: Address,
) -> Packed {
    let (query, name) = unsafe { (bytes(query, length), bytes(name, name_length)) };
    let capacity = bounds::QUERY_SET.capacity(length + name_length + value_length);
    let (value, out) = unsafe { (bytes(value, value_length), buffer(out, capacity)) };
    pack(query::query_set(query, name, value, out))
}

#[unsafe(no_mangle)]
extern "C" fn int_parse(address: Address, length: usize, out: Address) -> i32 {
    let value = number::int_parse(unsafe { bytes(address, length) });
    store(value.map(i64::to_le_bytes), out)
}

#[cfg(feature = "float")]
#[unsafe(no_mangle)]
extern "C" fn float_parse(address: Address, length: usize, out: Address) -> i32 {
    let value = number::float_parse(unsafe { bytes(address, length) });
    store(value.map(f64::to_le_bytes), out)
}

#[unsafe(no_mangle)]
extern "C" fn ip_format(address: Address, out: Address) -> Packed {
    let (address, out) = unsafe {
        (
            &*(address as *const [u8; 16]),
            buffer(out, bounds::IP.capacity(0)),
        )
    };
    pack(ip::ip_format(address, out))
}

#[unsafe(no_mangle)]
extern "C" fn input_check(base: Address, length: usize, kinds: Address, slots: usize) -> i32 {
    let (record, kinds) = unsafe { (buffer(base, length), bytes(kinds, slots)) };
    i32::from(decode::input_check(record, base as u32, kinds))
}

/// A constant table and a text to a number, `(table, length, address, length)`.
macro_rules! lookup_kernels {
    ($($name:ident = $kernel:path;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(table: Address, table_length: usize, address: Address, length: usize) -> u32 {
            let (table, input) = unsafe { (bytes(table, table_length), bytes(address, length)) };
            u32::from($kernel(table, input))
        }
    )*};
}

lookup_kernels! {
    dfa_match = edge_lookup::dfa::is_match;
    nfa_match = edge_lookup::nfa::is_match;
    set_find = edge_lookup::set::find;
    route_find = edge_lookup::route::find;
}

/// `out` has room for the table's set of patterns.
#[unsafe(no_mangle)]
extern "C" fn dfa_scan(
    table: Address,
    table_length: usize,
    address: Address,
    length: usize,
    out: Address,
) {
    let (table, input) = unsafe { (bytes(table, table_length), bytes(address, length)) };
    edge_lookup::scan::find(table, input, unsafe {
        buffer(out, edge_lookup::scan::set_len(table))
    });
}

/// As `dfa_scan`, but first looks for literals in a table of theirs.
#[unsafe(no_mangle)]
extern "C" fn literal_scan(
    literals: Address,
    literals_length: usize,
    table: Address,
    table_length: usize,
    address: Address,
    length: usize,
    out: Address,
) {
    let (literals, table) =
        unsafe { (bytes(literals, literals_length), bytes(table, table_length)) };
    let input = unsafe { bytes(address, length) };
    let found = unsafe { buffer(out, edge_lookup::scan::set_len(table)) };
    found.fill(0);
    let left = edge_lookup::literals::find(literals, input, found);
    if !left.is_empty() {
        edge_lookup::scan::add(table, left, found);
    }
}

/// `reasons` and `out` have the bytes that the scans ask for.
#[unsafe(no_mangle)]
extern "C" fn dfa_scans(
    scans: Address,
    scans_length: usize,
    address: Address,
    length: usize,
    reasons: Address,
    out: Address,
) {
    let (scans, input) = unsafe { (bytes(scans, scans_length), bytes(address, length)) };
    let reasons = unsafe { bytes(reasons, edge_lookup::scans::reasons_len(scans)) };
    edge_lookup::scans::find(scans, input, reasons, unsafe {
        buffer(out, edge_lookup::scans::set_len(scans))
    });
}

#[unsafe(no_mangle)]
extern "C" fn int_set_contains(table: Address, table_length: usize, number: i64) -> u32 {
    u32::from(edge_lookup::int_set::contains(
        unsafe { bytes(table, table_length) },
        number,
    ))
}

#[unsafe(no_mangle)]
extern "C" fn cidr_contains(table: Address, table_length: usize, address: Address) -> u32 {
    let (table, address) = unsafe { (bytes(table, table_length), bytes(address, 16)) };
    u32::from(edge_lookup::cidr::contains(table, address))
}

/// `state` has the bytes that the plan asks for. A content type at address 0 is absent; bit 0 of `flags`
/// says that this is the last piece. 1 if a bit was added.
#[unsafe(no_mangle)]
extern "C" fn stream_scan(
    plan: Address,
    plan_length: usize,
    state: Address,
    piece: Address,
    length: usize,
    content_type: Address,
    content_type_length: usize,
    flags: u32,
) -> i32 {
    let (plan, piece) = unsafe { (bytes(plan, plan_length), bytes(piece, length)) };
    let state = unsafe { buffer(state, stream::state_len(plan)) };
    let content_type =
        (content_type != 0).then(|| unsafe { bytes(content_type, content_type_length) });
    i32::from(stream::scan(
        plan,
        state,
        piece,
        content_type,
        flags & 1 != 0,
    ))
}

#[unsafe(no_mangle)]
extern "C" fn json_item(address: Address, length: usize, index: u32) -> Packed {
    pack_option(json::read::json_item(
        unsafe { bytes(address, length) },
        index,
    ))
}

#[unsafe(no_mangle)]
extern "C" fn path_segment(address: Address, length: usize, index: usize) -> Packed {
    pack_option(edge_lookup::route::segment(
        unsafe { bytes(address, length) },
        index,
    ))
}

#[unsafe(no_mangle)]
extern "C" fn path_rest(address: Address, length: usize, index: usize) -> Packed {
    pack_option(edge_lookup::route::rest(
        unsafe { bytes(address, length) },
        index,
    ))
}

fn store(value: Option<[u8; 8]>, out: Address) -> i32 {
    let Some(value) = value else { return 0 };
    unsafe { buffer(out, 8) }.copy_from_slice(&value);
    1
}
