//! How long a kernel's output can be: a line in the length of its inputs together.
//!
//! The compiler sizes buffers with these numbers, and the exports give each kernel a buffer of
//! exactly this capacity, so nothing is ever cut.

/// `per_byte × (length of all inputs) + base` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Bytes of output that each byte of input can make.
    pub per_byte: u32,
    /// Bytes of output beyond that.
    pub base: u32,
}

impl Bound {
    /// The capacity for inputs of `length` bytes together.
    #[must_use]
    pub const fn capacity(self, length: usize) -> usize {
        length
            .saturating_mul(self.per_byte as usize)
            .saturating_add(self.base as usize)
    }
}

const fn line(per_byte: u32, base: u32) -> Bound {
    Bound { per_byte, base }
}

/// Of `lower`, `upper`, the decoders, `remove_nulls` and the other transforms that only shorten,
/// `host_normalise`, `query_get`, `query_remove`, `query_filter`: never longer than the input.
pub const SAME: Bound = line(1, 0);
/// Of `json_text`: for the names of objects.
pub const JSON_TEXT: Bound = line(0, crate::json::text::ROOM as u32);
/// Of `trim`, `cookie_get` and others that return a part of their input and take no buffer.
pub const NONE: Bound = line(0, 0);
/// Of `hex`, `base64url_encode` and `cookie_filter`, which puts a space behind each `;`.
pub const DOUBLE: Bound = line(2, 0);
/// Of `query_encode` and `path_normalise`: each byte may become `%HH`; of `utf8_to_unicode`: two bytes `%uHHHH`.
pub const ESCAPED: Bound = line(3, 0);
/// Of `query_set`: `%HH`, `&` and `=`.
pub const QUERY_SET: Bound = line(3, 2);
/// Of `query_all`: alignment, a ref for each pair, the strings.
pub const QUERY_ALL: Bound = line(5, 8);
/// Of `query_sort`: the text, and two tables of places.
pub const QUERY_SORT: Bound = line(1, 8 * crate::query::MOST_SORTED as u32);
/// Of `json_escape` (`\u00HH`) and `html_escape` (`&quot;`).
pub const ENTITY: Bound = line(6, 0);
/// Of `counts_json`: an entry has twelve bytes beside its key; the brackets.
pub const COUNTS: Bound = line(6, 2);
/// Of `sha256`.
pub const SHA256: Bound = line(0, 32);
/// Of `int_format`: `-9223372036854775808`.
pub const INT: Bound = line(0, 20);
/// Of `int_parse` and `float_parse`: the value.
pub const VALUE: Bound = line(0, 8);
/// Of `float_format`: `-2.2250738585072014e-308`.
pub const FLOAT: Bound = line(0, 24);
/// Of `time_format`: `2026-12-01T00:00:00.000Z`.
pub const TIME: Bound = line(0, 24);
/// Of `http_date`: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub const HTTP_DATE: Bound = line(0, 29);
/// Of `duration_format`: `-106751991167d7h12m55s808ms`.
pub const DURATION: Bound = line(0, 28);
/// Of `ip_format`: eight groups of four digits.
pub const IP: Bound = line(0, 39);
/// Of `percent_format`: `-922337203685477.5808%`.
pub const PERCENT: Bound = line(0, 22);

/// Every kernel that takes an output buffer: its export, bytes per byte of input, further bytes.
/// `replace` is not among them: its capacity is a parameter.
pub const BOUNDS: &[(&str, u32, u32)] = &[
    row("lower", SAME),
    row("upper", SAME),
    row("trim", NONE),
    row("url_decode", SAME),
    row("html_decode", SAME),
    row("base64_decode", SAME),
    row("url_decode_uni", SAME),
    row("js_decode", SAME),
    row("css_decode", SAME),
    row("base64_decode_lenient", SAME),
    row("remove_nulls", SAME),
    row("compress_whitespace", SAME),
    row("remove_comments", SAME),
    row("normalise_path", SAME),
    row("cmd_line", SAME),
    row("utf8_to_unicode", ESCAPED),
    row("base64url_encode", DOUBLE),
    row("hex", DOUBLE),
    row("json_escape", ENTITY),
    row("html_escape", ENTITY),
    row("json_text", JSON_TEXT),
    row("json_string", SAME),
    row("query_encode", ESCAPED),
    row("counts_json", COUNTS),
    row("sha256", SHA256),
    row("path_normalise", ESCAPED),
    row("host_normalise", SAME),
    row("query_get", SAME),
    row("query_all", QUERY_ALL),
    row("query_remove", SAME),
    row("query_set", QUERY_SET),
    row("query_filter", SAME),
    row("query_sort", QUERY_SORT),
    row("cookie_filter", DOUBLE),
    row("int_format", INT),
    row("int_parse", VALUE),
    row("float_format", FLOAT),
    row("float_parse", VALUE),
    row("time_format", TIME),
    row("http_date", HTTP_DATE),
    row("duration_format", DURATION),
    row("ip_format", IP),
    row("percent_format", PERCENT),
];

const fn row(name: &str, bound: Bound) -> (&str, u32, u32) {
    (name, bound.per_byte, bound.base)
}
