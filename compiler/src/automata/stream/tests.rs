#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::automata::dfa::Dfa;
use crate::automata::pattern::LiteralKind;
use edge_kernels::stream::scan;
use edge_kernels::table::{KERNELS, Kernel};
use proptest::prelude::*;
use serde_json::Value;

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

/// A body has exactly these texts, however it is cut.
fn has_texts(content_type: Option<&str>, body: &[u8], cuts: &[usize], texts: &[Vec<u8>]) {
    let each: Vec<Pattern> = texts.iter().map(|text| equals(text)).collect();
    let mut tree = Tree::default();
    let others = Dfa::build_any(&each, Budget::default())
        .unwrap()
        .complement();
    for (bit, pattern) in each.iter().enumerate() {
        let dfa = Dfa::build(pattern, Budget::default()).unwrap();
        let automaton = Automaton::Deterministic(Box::new(dfa));
        tree.read(0, 0, vec![Reader::of(&automaton, pattern, bit)]);
    }
    let others = Automaton::Deterministic(Box::new(others));
    // Any text may be among the others.
    tree.read(0, 0, vec![Reader::of(&others, &regex(""), each.len())]);
    let (bytes, state_len) = tree.encode(each.len() + 1);
    let plan = Plan {
        bytes,
        state_len,
        first_bits: vec![0],
        bits: u32::try_from(each.len()).unwrap() + 1,
    };
    let mut expected = vec![true; texts.len()];
    expected.push(false);
    assert_eq!(
        bits(&plan, content_type, body, cuts),
        expected,
        "{content_type:?} {:?} cut at {cuts:?} {:?}",
        String::from_utf8_lossy(body),
        texts
            .iter()
            .map(|text| String::from_utf8_lossy(text))
            .collect::<Vec<_>>()
    );
}

/// In one piece, in two at every place, and byte by byte.
fn check(content_type: &str, body: &str, texts: &[&str]) {
    let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let body = body.as_bytes();
    has_texts(Some(content_type), body, &[], &texts);
    let every: Vec<usize> = (0..body.len()).collect();
    has_texts(Some(content_type), body, &every, &texts);
    for cut in every {
        has_texts(Some(content_type), body, &[cut], &texts);
    }
}

#[test]
fn forms() {
    check(
        "Application/X-WWW-form-urlencoded ; charset=utf-8",
        "a=1&&b+c=%3D%zz%4&d&=e&f=g=h&i%3dj=%",
        &["a=1", "b c==%zz%4", "d", "=e", "f=g=h", "i=j=%"],
    );
    check(FORM, "", &[]);
    check(FORM, "&", &[]);
}

#[test]
fn whole_bodies() {
    check("text/plain", "a=1&b=2", &["a=1&b=2"]);
    check("multipart/form-data", "--x\r\n", &["--x\r\n"]);
    check("multipart/form-data; boundary=\"a\\b\"", "--a", &["--a"]);
    for parameters in [
        "boundary=a; boundary=a",
        "boundary=a; boundary*0=b",
        "boundary*=a",
        "boundary=\"a",
        "boundary=\"a\"b",
        "x=\"; boundary=a",
    ] {
        let body = "--a\n\nb\n--a--";
        check(&format!("multipart/form-data; {parameters}"), body, &[body]);
    }
    check("application/jsonx", "{}", &["{}"]);
    check("", "", &[""]);
}

#[test]
fn values_of_json() {
    check(
        JSON,
        r#" {"a": 1, "b":[true , null,"x\u0041\ud83d\ude00\n\"\/"], "c":{"d e":-1.5e+3,"f":{}},"":""} "#,
        &[
            "a=1",
            "b=",
            "=true",
            "=null",
            "=xA😀\n\"/",
            "c=",
            "d e=-1.5e+3",
            "f=",
            "=",
        ],
    );
    check("application/problem+JSON;x", "\"x\"", &["=x"]);
    check(JSON, "\u{FEFF}[1]", &["=1"]);
    check(
        JSON,
        r#""\ud800x\udc00\u12\q\""#,
        &["=\u{FFFD}x\u{FFFD}\\u12\\q\""],
    );
    check(JSON, "", &[]);
    check(JSON, "[[],{}]\n{\"a\":\"b\"}", &["a=b"]);
    check(
        JSON,
        r#"{"a"}{"b":,"c":1,}[,2,]"#,
        &["a", "b=", "c=1", "=2"],
    );
}

#[test]
fn what_is_no_json_is_text() {
    check(JSON, "id=1' or \"\\u0031\"=\"1", &["=id=1' or \"1\"=\"1"]);
    check(JSON, "1 or 1", &["=1 or 1"]);
    check(JSON, r#"{"a":"b" // c"#, &["a=b\" // c"]);
    check(JSON, r#"{'a':"\u0062"}"#, &["'a':\"b\"}"]);
    check(JSON, r#"{"a" "b"}"#, &["a\" \"b\"}"]);
    check(JSON, "[1]]", &["=1", "]"]);
    check(JSON, "[1}{2]", &["=1", "2]"]);
    check(JSON, r#""abc"#, &["=abc"]);
}

#[test]
fn deep_json() {
    for depth in [63, 64, 65, 70] {
        let body = format!("{}{{\"k\":\"v\"}}{}", "[".repeat(depth), "]".repeat(depth));
        let texts: &[&str] = if depth < 64 { &["k=v"] } else { &["=k", "=v"] };
        let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        has_texts(Some(JSON), body.as_bytes(), &[depth, 3], &texts);
    }
}

#[test]
fn parts() {
    let body = "preamble\r\n--xYz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--xY\r\n\
        --xYz  \r\ncontent-disposition: form-data; name=f; FILENAME=\"c:\\d\\\"e.php\"\r\nContent-Type: image/png\r\n\r\n<?php\r\n\
        --xYz\r\nContent-Disposition: form-data;\r\n name=\"b\"; x=\"y\"\r\n\r\n\r\n--xYz\r\nX: y\r\n\r\n\r\n\
        --xYz\r\nContent-Disposition: form-data; name=\"e\"\r\n\r\n--xYz--\r\n";
    let texts = [
        "preamble",
        "a=one\r\n--xY",
        "f=c:\\d\"e.php",
        "Content-Type: image/png\r",
        "x=y",
        "b=",
        "X: y\r",
        "=",
        "e=",
    ];
    check(
        "multipart/form-data; charset=x; boundary=\"xYz\"",
        body,
        &texts,
    );
    // Lines that end in LF alone, an epilogue, a name twice, two file names, no end.
    check(
        MULTIPART,
        "--xYz\ncontent-disposition: form-data; name=a; name=b; filename*=UTF-8''c; filename=d\n\ne\n--xYz--\nf",
        &["name=b", "a=UTF-8''c", "a=d", "\nf"],
    );
    // What some servers take for a field is looked at.
    check(
        MULTIPART,
        "--xYz\ncontent-disposition: form-data; name=a; filename*=UTF-8''c\n\ne\n--xYz--",
        &["a=UTF-8''c", "a=e"],
    );
    for odd in ["filename=\"d", "filename=\"d\"d", "filename=\"d\"; x=\""] {
        let line = format!("content-disposition: form-data; name=a; {odd}");
        let mut texts = vec![line.as_str(), "a=d", "a=e"];
        if odd.contains('x') {
            texts.push("x=");
        }
        check(MULTIPART, &format!("--xYz\n{line}\n\ne\n--xYz--"), &texts);
    }
    check(
        MULTIPART,
        "--xYz\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--xYzc\r\n--xYz-d\r\n--xYz",
        &["a=b\r\n--xYzc\r\n--xYz-d\r\n--xYz"],
    );
    check(
        MULTIPART,
        "--xYz\r\nContent-Disposition: attachment; name=\"a\" b\r\n\r\nc",
        &["Content-Disposition: attachment; name=\"a\" b", "a=c"],
    );
    check(
        MULTIPART,
        "--xYz\r\nContent-Disposition: form-data; name=a",
        &["Content-Disposition: form-data; name=a"],
    );
    check(MULTIPART, "a=1\n", &["a=1\n"]);
}

#[test]
fn long_lines_of_parts_are_texts() {
    let line = format!("Content-Disposition: form-data; name={}", "n".repeat(600));
    let body = format!("--xYz\r\n{line}\r\n\r\nc\r\n--xYz--");
    let texts = [format!("{line}\r").into_bytes(), b"=c".to_vec()];
    has_texts(Some(MULTIPART), body.as_bytes(), &[500, 520, 530], &texts);
}

/// What a step does to a whole text.
fn apply(step: &Step, text: &[u8]) -> Vec<u8> {
    let name = match step {
        Step::Replace(from, to) => {
            let mut out = vec![0; text.len() * (to.len() + 1)];
            return edge_kernels::text::replace(text, from, to, &mut out).to_vec();
        }
        Step::Lower => "lower",
        Step::Upper => "upper",
        Step::UrlDecode => "url_decode",
        Step::UrlDecodeUni => "url_decode_uni",
        Step::HtmlDecode => "html_decode",
        Step::JsDecode => "js_decode",
        Step::CssDecode => "css_decode",
        Step::Base64DecodeLenient => "base64_decode_lenient",
        Step::RemoveNulls => "remove_nulls",
        Step::CompressWhitespace => "compress_whitespace",
        Step::RemoveComments => "remove_comments",
        Step::CmdLine => "cmd_line",
        Step::Utf8ToUnicode => "utf8_to_unicode",
    };
    match KERNELS.iter().find(|(known, _)| *known == name) {
        Some((_, Kernel::Text(kernel))) => {
            kernel(text, &mut vec![0; 3 * text.len()]).unwrap().to_vec()
        }
        _ => panic!("{name}"),
    }
}

fn apply_all(steps: &[Step], text: &[u8]) -> Vec<u8> {
    steps
        .iter()
        .fold(text.to_vec(), |text, step| apply(step, &text))
}

/// The steps make of a text what the functions make of it, however it is cut.
fn does_as_whole(steps: &[Step], text: &[u8], cuts: &[usize]) {
    let expected = apply_all(steps, text);
    let plan = plan(&[chain(steps, &[equals(&expected)])]).unwrap();
    assert_eq!(
        bits(&plan, None, text, cuts),
        [true],
        "{steps:?} of {:?}, cut at {cuts:?}, should be {:?}",
        String::from_utf8_lossy(text),
        String::from_utf8_lossy(&expected),
    );
}

#[test]
fn what_is_open_for_long_is_kept_short() {
    let long = |piece: &str| piece.repeat(120);
    let texts = [
        (
            Step::CompressWhitespace,
            format!("a{}b{}", long(" \t"), long("\n")),
        ),
        (
            Step::HtmlDecode,
            format!("&#{}60;&#x{}3C&#{}", long("0"), long("00"), long("9")),
        ),
        (
            Step::HtmlDecode,
            format!("&#x{};{}", long("f"), long("&amp;")),
        ),
        (
            Step::JsDecode,
            format!("\\u{{{}41}}\\u{{{}41", long("0"), long("0")),
        ),
        (
            Step::JsDecode,
            format!("\\u{{{}x\\u{{0{}}}\\u{{{}", long("0"), long("1"), long("0")),
        ),
        (
            Step::RemoveComments,
            format!(
                "/*{}*/b/*!{}*/{}",
                long("a*"),
                long("/*! x*/"),
                long("/**/")
            ),
        ),
        (
            Step::RemoveComments,
            format!(
                "{}>a{}b\n-- {}\n#{}",
                long("-"),
                long("-"),
                long("--"),
                long("x")
            ),
        ),
        (
            Step::RemoveComments,
            format!(
                "<!--{}->--!><!-{}<!-->{}",
                long("- >"),
                long("-"),
                long("<!---")
            ),
        ),
        (
            Step::Replace(b"aab".to_vec(), long("xy").into_bytes()),
            long("aaab"),
        ),
        (Step::UrlDecode, long("%2%41+%")),
    ];
    for (step, text) in texts {
        let text = text.as_bytes();
        let steps = std::slice::from_ref(&step);
        does_as_whole(steps, text, &[]);
        for cut in [1, 2, 3, 5, 30, 31, 33, 64, 100] {
            let cuts: Vec<usize> = (0..text.len()).step_by(cut).collect();
            does_as_whole(steps, text, &cuts);
        }
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

/// Patterns that tell much of a text: how it begins and ends, how long it is, what is in it.
fn panel() -> Vec<Pattern> {
    let mut panel: Vec<Pattern> = (0..20)
        .map(|length| regex(&format!("(?s)^.{{{length}}}$")))
        .collect();
    panel.extend(
        [
            "^=",
            "=$",
            "^[^=]*=[^=]*$",
            "[a-z]{3}",
            "^$",
            "\"",
            "\"$",
            "^\"",
            "\\\\",
            "\r$",
            "\n.",
            "  ",
            "-{3}",
            "^n=",
            "k=v",
            "(?i)content",
            "disposition.*name|00000",
            "[a-z]=content-d",
            "xYz$",
            "x.*41",
            "\u{1F600}",
            "^k",
            "a.{200}b",
        ]
        .map(regex),
    );
    for (kind, literal) in [
        (LiteralKind::Contains, "=\"v\""),
        (LiteralKind::StartsWith, "=v"),
        (LiteralKind::EndsWith, "f"),
        (LiteralKind::Equals, "k="),
    ] {
        let any = vec![literal.as_bytes().to_vec(), b"41".to_vec()];
        panel.push(Pattern::Literals { kind, any });
    }
    panel
}

fn holds(pattern: &Pattern, text: &[u8]) -> bool {
    match pattern {
        Pattern::Regex(regex) => {
            let built = regex::bytes::RegexBuilder::new(regex)
                .unicode(false)
                .build();
            built.unwrap().is_match(text)
        }
        Pattern::Literals { kind, any } => any.iter().any(|literal| match kind {
            LiteralKind::Contains => text.windows(literal.len()).any(|window| window == literal),
            LiteralKind::StartsWith => text.starts_with(literal),
            LiteralKind::EndsWith => text.ends_with(literal),
            LiteralKind::Equals => text == literal,
        }),
    }
}

/// A value of JSON as it is written, in one of several ways, with its texts.
fn write(value: &Value, key: &str, style: usize, body: &mut String, texts: &mut Vec<Vec<u8>>) {
    let quoted = |text: &str| match style % 3 {
        0 => Value::from(text).to_string(),
        1 => {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
            format!("\"{}\"", units.collect::<String>())
        }
        _ => Value::from(text).to_string().replace('/', "\\/"),
    };
    let blank = ["", " ", "\r\n\t"][style % 5 % 3];
    let mut add = |value: &str| texts.push(format!("{key}={value}").into_bytes());
    body.push_str(blank);
    match value {
        Value::String(text) => {
            add(text);
            body.push_str(&quoted(text));
        }
        Value::Array(list) => {
            if !key.is_empty() {
                add("");
            }
            body.push('[');
            for (index, value) in list.iter().enumerate() {
                body.push_str(if index > 0 { "," } else { "" });
                write(value, "", style + index, body, texts);
            }
            body.push(']');
        }
        Value::Object(members) => {
            if !key.is_empty() {
                add("");
            }
            body.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                body.push_str(if index > 0 { "," } else { "" });
                body.push_str(&format!("{blank}{}{blank}:", quoted(key)));
                write(value, key, style + index, body, texts);
            }
            body.push('}');
        }
        scalar => {
            add(&scalar.to_string());
            body.push_str(&scalar.to_string());
        }
    }
    body.push_str(blank);
}

fn string() -> impl Strategy<Value = String> {
    text().prop_map(|text| String::from_utf8_lossy(&text).into_owned())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        string().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 12, 4, |inner| {
        // A member without a name whose value is a container has a text too: left out here.
        let key = string().prop_map(|key| format!("{key}k"));
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn steps_do_as_the_functions_do(steps in steps(), text in text(), cuts in cuts()) {
        does_as_whole(&steps, &text, &cuts);
    }

    #[test]
    fn forms_are_pairs(body in text(), cuts in cuts()) {
        let pairs = body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        let texts: Vec<Vec<u8>> = pairs.map(|pair| apply(&Step::UrlDecode, pair)).collect();
        has_texts(Some(FORM), &body, &cuts, &texts);
    }

    #[test]
    fn json_is_values(value in value(), style in 0usize..15, cuts in cuts()) {
        let (mut body, mut texts) = (String::new(), Vec::new());
        write(&value, "", style, &mut body, &mut texts);
        prop_assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), value);
        has_texts(Some(JSON), body.as_bytes(), &cuts, &texts);
    }

    #[test]
    fn multipart_is_parts(
        parts in prop::collection::vec((text(), text(), any::<bool>(), "[a-z\"]{0,4}"), 0..4),
        cuts in cuts(),
    ) {
        let (mut body, mut texts) = (Vec::new(), Vec::new());
        for (content, name, file, file_name) in parts {
            let free = |bytes: Vec<u8>| bytes.into_iter().filter(|byte| *byte != b'Y').collect::<Vec<u8>>();
            let name: Vec<u8> = free(name).into_iter().filter(|byte| !b"\r\n\\\"".contains(byte)).collect();
            let content = free(content);
            body.extend(b"\r\n--xYz\r\nContent-Disposition: form-data; name=\"".iter().chain(&name));
            body.push(b'"');
            if file {
                body.extend(format!("; filename=\"{}\"\r\nContent-Type: a/b", file_name.replace('"', "\\\"")).bytes());
                texts.push([&name, &b"="[..], file_name.as_bytes()].concat());
                texts.push(b"Content-Type: a/b\r".to_vec());
            } else {
                texts.push([&name, &b"="[..], &content].concat());
            }
            body.extend(b"\r\n\r\n".iter().chain(&content));
        }
        if !body.is_empty() {
            body.extend(b"\r\n--xYz--\r\n");
        }
        has_texts(Some(MULTIPART), &body, &cuts, &texts);
    }

    #[test]
    fn nothing_depends_on_cuts(
        body in text(),
        cuts in cuts(),
        content_type in prop::sample::select(vec![FORM, JSON, MULTIPART, "x"]),
        steps in steps(),
    ) {
        let plan = PANEL.with(|panel| plan_of(panel, &steps));
        let whole = bits(&plan, Some(content_type), &body, &[]);
        prop_assert_eq!(bits(&plan, Some(content_type), &body, &cuts), whole);
    }

    #[test]
    fn bits_are_what_the_regex_crate_finds(texts in prop::collection::vec(text(), 1..4), first in steps(), second in steps(), cuts in cuts()) {
        let texts: Vec<Vec<u8>> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        let encoded = |text: &Vec<u8>| text.iter().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let body = texts.iter().map(encoded).collect::<Vec<_>>().join("&");
        PANEL.with(|panel| {
            let chains = [chain(&first, panel), chain(&second, &panel[..3])];
            let mut tree = Tree::default();
            let mut bit = 0;
            for chain in &chains {
                let node = tree.node(&chain.steps);
                tree.read(node, bit, cached(&chain.patterns));
                bit += chain.patterns.len();
            }
            let plan = whole(&tree, bit);
            let expected = chains.iter().flat_map(|chain| {
                let made: Vec<Vec<u8>> = texts.iter().map(|text| apply_all(&chain.steps, text)).collect();
                chain.patterns.iter().map(move |pattern| made.iter().any(|text| holds(pattern, text)))
            });
            assert_eq!(bits(&plan, Some(FORM), body.as_bytes(), &cuts), expected.collect::<Vec<_>>());
        });
    }

    #[test]
    fn any_bytes_give_some_answer(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        keep in 0.1f64..1.0,
        state in prop::collection::vec(any::<u8>(), 600..2000),
        body in text(),
        content_type in prop::collection::vec(any::<u8>(), 0..30),
        known in prop::sample::select(vec![FORM, JSON, MULTIPART, "x"]),
        last in any::<bool>(),
        steps in steps(),
    ) {
        let mut plan = PANEL.with(|panel| plan_of(panel, &steps)).bytes;
        for (at, byte) in changes {
            let at = at.index(plan.len().min(900));
            plan[at] = byte;
        }
        plan.truncate((plan.len() as f64 * keep) as usize);
        for content_type in [known.as_bytes(), &content_type] {
            scan(&plan, &mut state.clone(), &body, Some(content_type), last);
        }
        scan(&body, &mut state.clone(), &plan, Some(known.as_bytes()), last);
    }
}

fn cases() -> u32 {
    let cases = std::env::var("EDGE_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

thread_local! {
    static PANEL: Vec<Pattern> = panel();
}

/// The readers of a list of patterns, built once.
fn cached(patterns: &[Pattern]) -> Vec<Reader> {
    use std::{cell::RefCell, collections::HashMap};
    thread_local! {
        static READERS: RefCell<HashMap<usize, Vec<Reader>>> = RefCell::default();
    }
    READERS.with_borrow_mut(|known| {
        let made = known.entry(patterns.len());
        made.or_insert_with(|| readers(patterns).unwrap()).clone()
    })
}

fn whole(tree: &Tree, bits: usize) -> Plan {
    let (bytes, state_len) = tree.encode(bits);
    Plan {
        bytes,
        state_len,
        first_bits: vec![0],
        bits: u32::try_from(bits).unwrap(),
    }
}

/// The plan of the panel behind some steps.
fn plan_of(panel: &[Pattern], steps: &[Step]) -> Plan {
    let mut tree = Tree::default();
    let node = tree.node(steps);
    tree.read(node, 0, cached(panel));
    whole(&tree, panel.len())
}

#[test]
fn the_panel_has_readers_of_all_kinds() {
    let kinds: Vec<u32> = readers(&panel())
        .unwrap()
        .iter()
        .map(|reader| reader.kind)
        .collect();
    assert!(
        kinds.contains(&kind::SCAN) && kinds.contains(&kind::NFA),
        "{kinds:?}"
    );
}

#[test]
fn chains_share_steps_and_bits_are_in_order() {
    let (lower, decode) = (Step::Lower, Step::UrlDecode);
    let chains = [
        chain(std::slice::from_ref(&decode), &[regex("a"), regex("b")]),
        chain(&[decode.clone(), lower.clone()], &[regex("c")]),
        chain(&[], &[]),
        chain(&[decode, Step::Replace(Vec::new(), vec![1])], &[regex("d")]),
    ];
    let made = plan(&chains).unwrap();
    assert_eq!(
        (made.first_bits.as_slice(), made.bits),
        ([0, 2, 3, 3].as_slice(), 4)
    );
    assert_eq!(bits(&made, None, b"%62C", &[1]), [false, true, true, false]);
    let long = chain(&vec![lower; MOST_STEPS + 1], &[]);
    assert_eq!(
        plan(&[long]),
        Err(PlanError::TooManySteps {
            steps: MOST_STEPS + 1
        })
    );
    let bad = plan(&[chain(&[], &[regex("a"), regex("(")])]);
    assert!(matches!(
        bad,
        Err(PlanError::Automaton {
            chain: 0,
            pattern: 1,
            ..
        })
    ));
}

#[test]
fn every_step_of_the_longest_chain_is_taken() {
    let steps: Vec<Step> = (0..MOST_STEPS)
        .map(|n| {
            let byte = |n: usize| vec![b'a' + u8::try_from(n).unwrap()];
            Step::Replace(byte(n), byte(n + 1))
        })
        .collect();
    let body = vec![b'a'; 1000];
    does_as_whole(&steps, &body, &[500]);
}
