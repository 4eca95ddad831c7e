//! The kernel against whole texts, whole transforms and the `regex` crate, however a body is cut.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::automata::pattern::LiteralKind;
use edge_kernels::stream::scan;
use proptest::prelude::*;

mod fields;
mod plans;
mod steps;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data; boundary=xYz";

/// The bits after a body in pieces that end at some places, taken modulo its length.
fn bits(plan: &Plan, content_type: Option<&str>, body: &[u8], cuts: &[usize]) -> Vec<bool> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
    cuts.sort_unstable();
    let mut state = vec![0; plan.state_len as usize];
    let mut start = 0;
    let content_type = content_type.map(str::as_bytes);
    let mut found = 0;
    for (last, end) in cuts
        .iter()
        .map(|cut| (false, *cut))
        .chain([(true, body.len())])
    {
        let added = scan(
            &plan.bytes,
            &mut state,
            &body[start..end],
            content_type,
            last,
        );
        let now = state[..plan.bits.div_ceil(8) as usize]
            .iter()
            .map(|byte| byte.count_ones())
            .sum();
        assert_eq!(added, now > found);
        (start, found) = (end, now);
    }
    (0..plan.bits as usize)
        .map(|bit| state[bit / 8] >> (bit % 8) & 1 == 1)
        .collect()
}

fn equals(text: &[u8]) -> Pattern {
    let any = vec![text.to_vec()];
    Pattern::Literals {
        kind: LiteralKind::Equals,
        any,
    }
}

fn regex(regex: &str) -> Pattern {
    Pattern::Regex(regex.to_owned())
}

fn chain(steps: &[Step], patterns: &[Pattern]) -> Chain {
    Chain {
        steps: steps.to_vec(),
        patterns: patterns.to_vec(),
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let short = || prop::collection::vec(prop::sample::select(b"a-/%4".to_vec()), 0..4);
    let plain = prop::sample::select(vec![
        Step::Lower,
        Step::Upper,
        Step::UrlDecode,
        Step::UrlDecodeUni,
        Step::HtmlDecode,
        Step::JsDecode,
        Step::CssDecode,
        Step::Base64DecodeLenient,
        Step::RemoveNulls,
        Step::CompressWhitespace,
        Step::RemoveComments,
        Step::CmdLine,
        Step::Utf8ToUnicode,
    ]);
    let step = prop_oneof![
        13 => plain,
        1 => (short(), short()).prop_map(|(from, to)| Step::Replace(from, to)),
    ];
    prop::collection::vec(step, 0..4)
}

/// The pieces that the transforms and the fields are about, in any order, and any bytes.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "/*",
        "*/",
        "/*!",
        "/*!50000",
        "/*M!",
        "--",
        "-",
        ">",
        "#",
        "<!--",
        "-->",
        "--!>",
        "!",
        "\n",
        "\r",
        "\r\n",
        " ",
        "\t",
        "a",
        "B",
        "0",
        "41",
        "7",
        "/",
        "\\",
        "\"",
        "'",
        "^",
        ",",
        ";",
        "(",
        "%",
        "%u",
        "%u0041",
        "%uD83D",
        "%uDE00",
        "%uff1c",
        "+",
        "\\x",
        "\\u",
        "\\u{",
        "}",
        "{",
        "[",
        "]",
        ":",
        "&",
        "=",
        "&#",
        "&#x",
        "&lt",
        "&amp;",
        "x",
        "u",
        "\0",
        "é",
        "€",
        "😀",
        "true",
        "\"k\":",
        "\"v\"",
        "--xYz",
        "--xYz\r\n",
        "\r\n--xYz\r\n",
        "content-disposition: form-data; name=n",
        "; filename=f",
        "\r\n\r\n",
        "                                        ",
        "----------------------------------------",
        "00000000000000000000000000000000000000000000",
    ];
    let pieces: Vec<Vec<u8>> = pieces
        .iter()
        .map(|piece| piece.as_bytes().to_vec())
        .collect();
    let piece = prop_oneof![
        8 => prop::sample::select(pieces),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop::collection::vec(0usize..400, 0..6),
        Just((0..400).collect()),
    ]
}

fn cases() -> u32 {
    let cases = std::env::var("EDGE_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(300)
}
