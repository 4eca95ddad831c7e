//! No policy makes the front panic.

use super::codes;
use proptest::prelude::*;

/// Pieces of policies, to be put together in any order.
const PIECES: &[&str] = &[
    "default {",
    "}",
    "route home GET \"/:a/*b\" {",
    "respond text ",
    "request.path",
    "request.header[\"X\"]",
    "if ",
    " is present",
    " == ",
    " and ",
    " or ",
    "not ",
    "else ",
    "\"a{",
    "}b\"",
    "choose { ",
    " => ",
    ", ",
    "otherwise",
    "lower(",
    ")",
    "in [\"10.0.0.0/8\"]",
    "client.ip",
    "geo.asn",
    "let x = ",
    "x",
    "set s = [1, 2]\n",
    "const c = ",
    "fn f(a: string?) = ",
    "f(",
    "experiment e { unit client.ip split a 50%, b 50% }\n",
    "e",
    "e is a",
    "proxy ",
    "o",
    "origin o { url \"http://a\" }\n",
    "{ path ",
    "require ",
    "waf w { rule r { when ",
    "waf w",
    "on response { ",
    "response.status",
    "set response.header \"X\" = ",
    "5s",
    "12%",
    "1 + ",
    "- ",
    "/ 0",
    "matches r\"(\"",
    "respond json { a: ",
    "[",
    "]",
    "null",
    "\n",
    "redirect ",
    "params.a",
    "log ",
    "any ",
    "contains ",
    "raw(",
    "int(",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn pieces_in_any_order(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        codes(&pieces.concat());
    }

    #[test]
    fn pieces_in_a_block(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..8)) {
        let policy = format!(
            "origin o {{ url \"http://a\" }}\nset s = [1]\nfn f(a: string?) = a else \"\"\nexperiment e {{ unit client.ip split a 50%, b 50% }}\n\
             default {{ let y = {} respond 404 }}", pieces.concat());
        codes(&policy);
    }

    #[test]
    fn a_whole_policy_with_something_cut_out(start in 0_usize..2400, length in 0_usize..60, insert in "[ -~]{0,4}") {
        let policy = super::examples::SHOP;
        let end = (start + length).min(policy.len());
        let start = start.min(end);
        if policy.is_char_boundary(start) && policy.is_char_boundary(end) {
            let policy = format!("{}{insert}{}", &policy[..start], &policy[end..]);
            drop(crate::compile("policy.edge", &policy, &crate::source::NoFiles));
        }
    }
}
