//! Bodies taken apart.

use super::steps::apply;
use super::*;
use crate::automata::dfa::Dfa;
use serde_json::Value;

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
        work: 0,
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
                // Some servers take it for a field.
                if file_name.is_empty() {
                    texts.push([&name, &b"="[..], &content].concat());
                }
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
}
