//! The kernels by shape, for what runs them natively beside wasm: the reference evaluator's
//! property tests. Not part of the guest.

use core::cmp::Ordering;

use crate::{
    base64, comments, compare, cookie, counts, css, file_path, hash, hex, html, js, json, number,
    path, percent, query, shell, text, time, unicode, uri,
};

/// A kernel's native function. The comments give the parameters of its export, where `p` is an
/// address and a length, and `out` an address.
#[derive(Debug, Clone, Copy)]
pub enum Kernel {
    /// `(p, out) -> packed`
    Text(Text),
    /// `(p, p) -> packed`
    Part(Part),
    /// `(p, p, out) -> packed`
    Pair(Pair),
    /// `(p, p) -> i32`
    Test(fn(&[u8], &[u8]) -> i32),
    /// `(p) -> i32`
    Property(fn(&[u8]) -> i32),
    /// `(p) -> i64`
    Number(fn(&[u8]) -> u64),
    /// `(i64, out) -> packed`
    Format(fn(i64, &mut [u8]) -> &[u8]),
}

/// From a text and a buffer.
pub type Text = for<'a> fn(&'a [u8], &'a mut [u8]) -> Option<&'a [u8]>;
/// From two texts, a part of the first.
pub type Part = for<'a> fn(&'a [u8], &[u8]) -> Option<&'a [u8]>;
/// From two texts and a buffer.
pub type Pair = for<'a> fn(&'a [u8], &[u8], &'a mut [u8]) -> Option<&'a [u8]>;

/// The kernels of those shapes by export. The others, each a shape of its own, are
/// `replace`, `query_all`, `query_set`, `int_parse`, `float_format`, `float_parse`, `ip_format`,
/// `json_item` and `input_check`.
#[rustfmt::skip]
pub const KERNELS: &[(&str, Kernel)] = &[
    ("lower", Kernel::Text(|input, out| Some(text::lower(input, out)))),
    ("upper", Kernel::Text(|input, out| Some(text::upper(input, out)))),
    ("trim", Kernel::Text(|input, _| Some(text::trim(input)))),
    ("url_decode", Kernel::Text(|input, out| Some(percent::url_decode(input, out)))),
    ("html_decode", Kernel::Text(|input, out| Some(html::html_decode(input, out)))),
    ("base64_decode", Kernel::Text(base64::base64_decode)),
    ("url_decode_uni", Kernel::Text(|input, out| Some(unicode::url_decode_uni(input, out)))),
    ("js_decode", Kernel::Text(|input, out| Some(js::js_decode(input, out)))),
    ("css_decode", Kernel::Text(|input, out| Some(css::css_decode(input, out)))),
    ("base64_decode_lenient", Kernel::Text(|input, out| Some(base64::base64_decode_lenient(input, out)))),
    ("remove_nulls", Kernel::Text(|input, out| Some(text::remove_nulls(input, out)))),
    ("compress_whitespace", Kernel::Text(|input, out| Some(text::compress_whitespace(input, out)))),
    ("remove_comments", Kernel::Text(|input, out| Some(comments::remove_comments(input, out)))),
    ("normalise_path", Kernel::Text(|input, out| Some(file_path::normalise_path(input, out)))),
    ("cmd_line", Kernel::Text(|input, out| Some(shell::cmd_line(input, out)))),
    ("utf8_to_unicode", Kernel::Text(|input, out| Some(unicode::utf8_to_unicode(input, out)))),
    ("base64url_encode", Kernel::Text(|input, out| Some(base64::base64url_encode(input, out)))),
    ("hex", Kernel::Text(|input, out| Some(hex::hex(input, out)))),
    ("json_escape", Kernel::Text(|input, out| Some(json::json_escape(input, out)))),
    ("json_text", Kernel::Text(json::text::json_text)),
    ("json_string", Kernel::Text(json::read::json_string)),
    ("counts_json", Kernel::Text(|input, out| Some(counts::counts_json(input, out)))),
    ("html_escape", Kernel::Text(|input, out| Some(html::html_escape(input, out)))),
    ("query_encode", Kernel::Text(|input, out| Some(percent::query_encode(input, out)))),
    ("path_normalise", Kernel::Text(path::path_normalise)),
    ("host_normalise", Kernel::Text(|input, out| Some(uri::host_normalise(input, out)))),
    ("query_sort", Kernel::Text(query::query_sort)),
    ("sha256", Kernel::Text(sha256)),
    ("remove_prefix", Kernel::Part(|input, other| Some(text::remove_prefix(input, other)))),
    ("remove_suffix", Kernel::Part(|input, other| Some(text::remove_suffix(input, other)))),
    ("split_first", Kernel::Part(|input, other| Some(text::split_first(input, other)))),
    ("cookie_get", Kernel::Part(cookie::cookie_get)),
    ("json_member", Kernel::Part(json::read::json_member)),
    ("query_get", Kernel::Pair(query::query_get)),
    ("query_remove", Kernel::Pair(|query, pattern, out| Some(query::query_remove(query, pattern, out)))),
    ("query_filter", Kernel::Pair(query::query_filter)),
    ("cookie_filter", Kernel::Pair(cookie::cookie_filter)),
    ("bytes_eq", Kernel::Test(|left, right| i32::from(compare::bytes_eq(left, right)))),
    ("starts_with", Kernel::Test(|left, right| i32::from(compare::starts_with(left, right)))),
    ("ends_with", Kernel::Test(|left, right| i32::from(compare::ends_with(left, right)))),
    ("contains", Kernel::Test(|left, right| i32::from(compare::contains(left, right)))),
    ("compare", Kernel::Test(order)),
    ("target_path_end", Kernel::Property(|input| uri::target_path_end(input) as i32)),
    ("upstream_value_ok", Kernel::Property(|input| i32::from(uri::upstream_value_ok(input)))),
    ("upstream_path_ok", Kernel::Property(|input| i32::from(uri::upstream_path_ok(input)))),
    ("fraction", Kernel::Number(hash::fraction)),
    ("int_format", Kernel::Format(number::int_format)),
    ("percent_format", Kernel::Format(number::percent_format)),
    ("time_format", Kernel::Format(time::time_format)),
    ("http_date", Kernel::Format(time::http_date)),
    ("duration_format", Kernel::Format(time::duration_format)),
];

fn sha256<'a>(input: &'a [u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let out = out.get_mut(..32)?;
    out.copy_from_slice(&hash::sha256(input));
    Some(out)
}

fn order(left: &[u8], right: &[u8]) -> i32 {
    match compare::compare(left, right) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}
