//! What people write who know other languages, and what they are told.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::{Files, codes, front_with, messages};

/// Each source with a piece of what must be said about it.
fn said(cases: &[(&str, &str)]) {
    for (source, said) in cases {
        let policy = match source.contains("default {") {
            true => (*source).to_owned(),
            false => format!("{source}\ndefault {{ respond 404 }}\n"),
        };
        let text = messages(&policy);
        assert!(text.contains(said), "{source}\n{text}");
    }
}

#[test]
fn bodies_need_a_format() {
    said(&[
        (
            "default { respond \"hello\" }",
            "write `respond text \"hello\"`",
        ),
        ("default { respond 200 \"hello\" }", "`text \"hello\"`"),
        (
            "default { respond json \"{\\\"a\\\": 1}\" }",
            "E0003 this string is never closed | `{` starts an interpolation",
        ),
        ("default { respond text \"abc {{ }\n}", "close it with `\"`"),
    ]);
}

#[test]
fn operators_of_other_languages() {
    said(&[
        (
            "route { if client.ip not in [\"10.0.0.0/8\"] { respond 403 } respond 200 }",
            "write `not (client.ip in […])`",
        ),
        (
            "route { if client.ip in \"10.0.0.0/8\" { respond 403 } respond 200 }",
            "write the ranges in brackets: `[\"10.0.0.0/8\"]`",
        ),
        (
            "route { if request.path == \"/\" AND request.host == \"a\" { respond 403 } respond 200 }",
            "write `and`",
        ),
        (
            "route { if request.path == \"/\" OR request.host == \"a\" { respond 403 } respond 200 }",
            "write `or`",
        ),
        (
            "route { if NOT request.path == \"/\" { respond 403 } respond 200 }",
            "write `not`",
        ),
        (
            "route { if request.path ~ \"^/x\" { respond 403 } respond 200 }",
            "write `matches r\"…\"`",
        ),
    ]);
}

#[test]
fn statements_of_other_languages() {
    said(&[
        ("route { return 404 }", "write `respond 404`"),
        (
            "route { set request.header \"A\" = \"b\" respond 200 }",
            "`proxy shop { set header … }`",
        ),
        (
            "route { set request.path = \"/b\" respond 200 }",
            "`proxy shop { path … }`",
        ),
        (
            "route \"/x/{id}\" { respond 200 }",
            "a segment that varies is written `:id`",
        ),
        (
            "route \"/body\" POST { respond 200 }",
            "the method stands before the pattern: `POST \"/body\"`",
        ),
    ]);
    let text = messages("default { frobnicate respond 404 }\n");
    assert!(text.contains("redirect, proxy"), "{text}");
    assert!(!text.contains("gather"), "{text}");
}

#[test]
fn waf_groups_that_are_not_there() {
    said(&[
        (
            "on request { waf waf.xss }",
            "add `use std.waf` at the top of the file",
        ),
        (
            "use std.waf\non request { waf waf.nothing_like_it }",
            "there is `",
        ),
    ]);
}

#[test]
fn shares_without_a_unit_are_said_once() {
    let policy = "origin a { url \"https://a\" }\norigin b { url \"https://b\" }\n\
        pool p { weighted a 90, b 10 }\ndefault { proxy p }\n";
    assert_eq!(codes(policy), ["E0311", "E0311"]);
}

#[test]
fn tests_that_show_nothing() {
    said(&[
        ("test \"x\" { get \"/\" }", "E0212 the test `x` needs"),
        (
            "test \"x\" { get \"/\" { header \"User-Agent\" \"Bot\" } expect status 404 }",
            "`= \"Bot\"`",
        ),
        (
            "test \"x\" { get \"/\" { agent \"Bot\" } expect status 404 }",
            "client.ip",
        ),
    ]);
}

#[test]
fn a_bad_line_of_a_file_is_named() {
    let files = Files::of(&[("nets.txt", "# ours\n10.0.0.0/8\n\nten\n")]);
    let policy = "set nets = load \"nets.txt\"\n\
        default { if client.ip in nets { respond 200 } respond 404 }\n";
    let report = front_with(policy, &files).unwrap_err();
    let help = report.problems[0].help().unwrap().to_string();
    assert!(help.contains("`nets.txt:4`"), "{help}");
}
