//! What could do harm is refused when compiling.

use super::{codes, messages};

/// The problems of a block of statements in a route with a parameter.
fn of(block: &str) -> (Vec<String>, String) {
    let policy =
        format!("route \"/:u\" {{ let u = params.u  {block} }}\ndefault {{ respond 404 }}\n");
    (codes(&policy), messages(&policy))
}

#[test]
fn values_do_not_choose_where_a_page_leads() {
    for html in [
        "<a href='java{u}'>",
        "<a href='/{u}'>",
        "<a href='//{u}/'>",
        "<a href='https://{u}/'>",
        "<a href='https://shop.example{u}'>",
        "<a href='{request.path}'>",
        "<script src='/js/{u}'></script>",
        "<iframe src='/{u}'></iframe>",
        "<object data='/x/{u}'></object>",
        "<embed src='/x/{u}'>",
        "<base href='/x/{u}/'>",
        "<img srcset='/x/{u} 2x'>",
        "<p style='color: {u}'>",
        "<p onclick='f({u})'>",
    ] {
        let (codes, said) = of(&format!("respond html \"{html}\""));
        assert_eq!(codes, ["E0313"], "{html}: {said}");
        assert!(said.contains("raw("), "{html}: {said}");
    }
}

#[test]
fn values_stand_where_a_link_is_decided() {
    for html in [
        "<a href='/items/{u}'>",
        "<a href='/items/{u}/{u}?q={u}#{u}'>",
        "<a href='?q={u}'>",
        "<a href='/{len(u)}'>",
        "<link rel='canonical' href='https://shop.example{request.path}'>",
        "<a href='{request.scheme}://{request.host}/x/{u}'>",
        "<a href='https://{request.host}{request.path}'>",
        "<a href='mailto:{u}'>",
        "<iframe src='https://player.example/v/{u}'></iframe>",
        "<textarea>{u}</textarea><title>{u}</title>",
    ] {
        let (codes, said) = of(&format!("respond html \"{html}\""));
        assert!(codes.is_empty(), "{html}: {said}");
    }
    let policy = "const home = \"https://shop.example\"\nroute \"/:u\" { respond html \"<a href='{home}/x/{params.u}'>\" }\ndefault { respond html \"<script src=\\\"{home}/a.js\\\"></script>\" }\n";
    assert!(codes(policy).is_empty(), "{}", messages(policy));
}

#[test]
fn headers_hold_no_controls() {
    for (value, said) in [
        ("a\\nb", "a line break"),
        ("a\\u{0}b", "a NUL"),
        ("a\\u{1}b", "a control character"),
        ("a\\u{1b}[31m", "a control character"),
        ("a\\u{7f}", "a control character"),
    ] {
        let (codes, text) = of(&format!(
            "set response.header \"X\" = \"{value}{{u}}\"  respond 200"
        ));
        assert_eq!(codes, ["E0504"], "{value}");
        assert!(text.contains(said), "{value}: {text}");
    }
    let (codes, said) = of("set response.header \"X\" = \"a\\tb é\"  respond 200");
    assert!(codes.is_empty(), "{said}");
    let (codes, _) = of("redirect \"/a\\u{8}b\"");
    assert_eq!(codes, ["E0504"]);
}

#[test]
fn an_answer_has_no_host() {
    for edit in [
        "set response.header \"Host\" = \"a\"",
        "add response.header \"host\" = \"a\"",
        "remove response.header \"HOST\"",
    ] {
        let (codes, said) = of(&format!("{edit}  respond 200"));
        assert_eq!(codes, ["E0503"], "{edit}");
        assert!(said.contains("`host E` in the `proxy` block"), "{said}");
    }
}
