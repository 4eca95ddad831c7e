//! JSON as RFC 8259 has it, as I-JSON (RFC 7493) narrows it, and as another crate reads it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt;

use edge_kernels::bounds::JSON_TEXT;
use edge_kernels::json::read::{json_item, json_member, json_string};
use edge_kernels::json::text::{MOST_DEEP, MOST_MEMBERS, json_text};
use edge_kernels::number::{float_parse, int_parse};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

fn value(text: &[u8]) -> Option<&[u8]> {
    json_text(text, &mut vec![0; JSON_TEXT.capacity(text.len())])
}

fn string(raw: &[u8]) -> Option<Vec<u8>> {
    json_string(raw, &mut vec![0; raw.len()]).map(<[u8]>::to_vec)
}

/// Texts that are one value.
const ACCEPTED: &[&[u8]] = &[
    // Section 2: any value, white space around every token.
    b"null",
    b"true",
    b"false",
    b"0",
    b"\"\"",
    b"[]",
    b"{}",
    b" null",
    b"null ",
    b" \t\r\n[ \t\r\n] \t\r\n",
    b"{ }",
    b"\n{\r\"a\"\t:\n1 , \"b\" : [ ] }\n",
    b"[1 , 2]",
    // Sections 4 and 5.
    b"{\"a\":1}",
    b"{\"\":0}",
    b"{\"a\":{\"a\":{\"a\":1}}}",
    b"[{\"a\":1},{\"a\":2}]",
    b"{\"a\":1,\"A\":2}",
    b"{\"a\":1,\"a \":2}",
    b"{\"a\":1,\"\":2}",
    b"{\"a\":{\"b\":1},\"b\":{\"a\":1}}",
    b"[[],[[]],[[],{}]]",
    b"[null,true,false,0,\"\",{},[]]",
    b"[1,1,1]",
    // Section 6.
    b"-0",
    b"-1",
    b"10",
    b"1.0",
    b"0.5",
    b"-0.0",
    b"1e5",
    b"1E5",
    b"1e+5",
    b"1e-5",
    b"0e0",
    b"1.5e300",
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    b"123456789012345678901234567890",
    b"0.10000000000000000555111512312578270211815834045410156250000000000000000",
    // Section 7.
    b"\"abc\"",
    b"\" \"",
    b"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    b"\"\\u0000\"",
    b"\"\\u0041\\u00e9\\u20AC\\u20ac\"",
    b"\"\\uD83D\\uDE00\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\\uFFFF\"",
    b"\"\x7f\"",
    "\"é€😀\"".as_bytes(),
    "\"\u{2028}\u{2029}\"".as_bytes(),
    "{\"é\":1,\"e\u{301}\":2}".as_bytes(),
    b"\"//\"",
    b"\"'\"",
    b"\"\\u005c\"",
    b"\"\\u0022\"",
];

/// Texts that are none, or that two parsers could read differently.
const REFUSED: &[&[u8]] = &[
    // No value, or more than one.
    b"",
    b" ",
    b"\0",
    b"null\0",
    b"\0null",
    b"1 2",
    b"1,",
    b",1",
    b"[] []",
    b"{} ,",
    b"null null",
    b"true false",
    b"nul",
    b"nulll",
    b"Null",
    b"TRUE",
    b"tru e",
    b"fals",
    b"undefined",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"nan",
    b"a",
    b"'a'",
    b"// a\n1",
    b"/* a */1",
    b"1#",
    // White space that is none.
    b"\x0b1",
    b"\x0c1",
    b"\xc2\xa01",
    b"1\x00",
    b"\xe2\x80\xa81",
    // A byte order mark; other encodings.
    b"\xef\xbb\xbf1",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe1\0",
    b"\0{\0}",
    // Objects and arrays.
    b"[",
    b"]",
    b"{",
    b"}",
    b"[}",
    b"{]",
    b"[1",
    b"[1,",
    b"[1,]",
    b"[,1]",
    b"[,]",
    b"[1,,2]",
    b"[1 2]",
    b"[1:2]",
    b"[\"a\":1]",
    b"{\"a\"}",
    b"{\"a\":}",
    b"{\"a\":1,}",
    b"{,\"a\":1}",
    b"{\"a\":1,,\"b\":2}",
    b"{\"a\" 1}",
    b"{\"a\"::1}",
    b"{\"a\",1}",
    b"{a:1}",
    b"{'a':1}",
    b"{1:1}",
    b"{null:1}",
    b"{[]:1}",
    b"{\"a\":1 \"b\":2}",
    b"{\"a\":1;\"b\":2}",
    b"{\"a\":1",
    b"{\"a\":",
    b"{\"a\"",
    b"{\"a",
    b"{\"a\":1}}",
    b"[1]]",
    b"[[1]",
    b"{\"a\":[1}",
    b"{\"a\":[1},\"b\":2]",
    // Numbers.
    b"-",
    b"+1",
    b"01",
    b"-01",
    b"00",
    b".5",
    b"-.5",
    b"1.",
    b"1.e5",
    b"1e",
    b"1e+",
    b"1e-",
    b"1e5.5",
    b"1e 5",
    b"- 1",
    b"--1",
    b"1-1",
    b"0x10",
    b"1_000",
    b"1,000",
    b"1.2.3",
    b"1a",
    b"1n",
    b"\xef\xbc\x91",
    b"\xd9\xa1",
    // Strings.
    b"\"",
    b"\"a",
    b"a\"",
    b"\"a\"b\"",
    b"\"\n\"",
    b"\"\t\"",
    b"\"\0\"",
    b"\"\x1f\"",
    b"\"\\\"",
    b"\"\\a\"",
    b"\"\\x41\"",
    b"\"\\'\"",
    b"\"\\0\"",
    b"\"\\\n\"",
    b"\"\\U0041\"",
    b"\"\\u\"",
    b"\"\\u004\"",
    b"\"\\u004g\"",
    b"\"\\u 041\"",
    b"\"\\u+041\"",
    b"\"\\u{41}\"",
    // Half a surrogate pair, in a value and in a name.
    b"\"\\uD800\"",
    b"\"\\uDFFF\"",
    b"\"\\uD83D\"",
    b"\"\\uDE00\\uD83D\"",
    b"\"\\uD83Dx\"",
    b"\"\\uD83D\\n\"",
    b"\"\\uD83D\\uD83D\\uDE00\"",
    b"\"\\uD83D\\u0041\"",
    b"{\"\\uDEAD\":1}",
    // Not UTF-8: a lone part, cut, overlong, a surrogate, beyond U+10FFFF.
    b"\"\x80\"",
    b"\"\xff\"",
    b"\"\xc3\"",
    b"\"\xe2\x82\"",
    b"\"\xc0\x80\"",
    b"\"\xc1\xbf\"",
    b"\"\xe0\x80\x80\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xf0\x80\x80\x80\"",
    b"\"\xf4\x90\x80\x80\"",
    b"\"\xf8\x88\x80\x80\x80\"",
    b"{\"\xff\":1}",
    // Two members of one name.
    b"{\"a\":1,\"a\":1}",
    b"{\"\":1,\"\":1}",
    b"{\"a\":1,\"b\":2,\"a\":3}",
    b"{\"a\":1,\"\\u0061\":2}",
    b"{\"\\u0061\":1,\"a\":2}",
    b"{\"\\n\":1,\"\\u000a\":2}",
    b"{\"\\u000A\":1,\"\\u000a\":2}",
    b"{\"/\":1,\"\\/\":2}",
    b"{\"\\u0000\":1,\"\\u0000\":2}",
    "{\"é\":1,\"\\u00e9\":2}".as_bytes(),
    "{\"😀\":1,\"\\uD83D\\uDE00\":2}".as_bytes(),
    b"[{\"x\":{\"a\":1,\"a\":1}}]",
    b"{\"a\":{\"b\":1},\"c\":2,\"a\":3}",
    b"{\"x\":[1,{\"y\":0,\"z\":0}],\"y\":1,\"x\":2}",
];

#[test]
fn the_grammar_is_kept() {
    for text in ACCEPTED {
        assert_eq!(
            value(text),
            Some(text.trim_ascii()),
            "{}",
            text.escape_ascii()
        );
    }
    for text in REFUSED {
        assert_eq!(value(text), None, "{}", text.escape_ascii());
    }
    assert!(ACCEPTED.len() + REFUSED.len() >= 200);
}

#[test]
fn a_value_cut_anywhere_is_none() {
    let text = "{\"a\":[1.5e3,true,{\"é\\u00e9\\n\":null}],\"b\":\"x\"}".as_bytes();
    assert!(value(text).is_some());
    for end in 0..text.len() {
        assert_eq!(value(&text[..end]), None, "{end}");
    }
}

#[test]
fn a_text_nests_so_deep_and_no_deeper() {
    let nested = |open: &str, close: &str, depth: u32| {
        let depth = depth as usize;
        [open.repeat(depth), "0".into(), close.repeat(depth)].concat()
    };
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        assert!(value(nested(open, close, MOST_DEEP).as_bytes()).is_some());
        assert!(value(nested(open, close, MOST_DEEP + 1).as_bytes()).is_none());
        assert!(value(nested(open, close, 100_000).as_bytes()).is_none());
        assert!(value(open.repeat(100_000).as_bytes()).is_none());
    }
    // Side by side they are not deep.
    let row = format!("[{}[]]", "[],".repeat(1_000));
    assert!(value(row.as_bytes()).is_some());
}

#[test]
fn open_objects_have_so_many_members_and_no_more() {
    let object = |count: usize| {
        let members: Vec<String> = (0..count).map(|n| format!("\"{n}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(value(object(MOST_MEMBERS).as_bytes()).is_some());
    assert!(value(object(MOST_MEMBERS + 1).as_bytes()).is_none());
    // What is closed counts no more; what is around it does.
    let two = format!("[{},{}]", object(MOST_MEMBERS), object(MOST_MEMBERS));
    assert!(value(two.as_bytes()).is_some());
    let within = |count| format!("{{\"x\":0,\"a\":{},\"b\":0}}", object(count));
    assert!(value(within(MOST_MEMBERS - 2).as_bytes()).is_some());
    assert!(value(within(MOST_MEMBERS - 1).as_bytes()).is_none());
    // Elements are not counted.
    let list = format!("[{}0]", "0,".repeat(MOST_MEMBERS * 2));
    assert!(value(list.as_bytes()).is_some());
}

/// The shortest members there can be leave room for their names, and a pair is found wherever it stands.
#[test]
fn one_pair_among_many_names_is_found() {
    for count in [2, 3, 4, 5, 7, 8, 9, 63, 64, 65] {
        let names: Vec<String> = (0..count).map(|n: usize| format!("{:x}", n * 7)).collect();
        let text = |names: &[String]| {
            let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(value(text(&names).as_bytes()).is_some());
        for first in 0..count {
            for second in (0..count).filter(|second| *second != first) {
                let mut names = names.clone();
                names[second] = names[first].clone();
                assert!(value(text(&names).as_bytes()).is_none(), "{names:?}");
            }
        }
    }
}

#[test]
fn values_are_read() {
    let text = br#" {"id":"x\u00e9\n","n":12,"list":[1,[true,{"k":null}],"s"],"o":{"id":2},"":"e","a.b":3} "#;
    let root = value(text).unwrap();
    let member = |raw, name: &str| json_member(raw, name.as_bytes());
    assert_eq!(string(member(root, "id").unwrap()), Some("xé\n".into()));
    assert_eq!(member(root, "n"), Some(&b"12"[..]));
    assert_eq!(member(root, "").map(string), Some(Some(b"e".to_vec())));
    assert_eq!(member(root, "a.b"), Some(&b"3"[..]));
    assert_eq!(member(root, "i"), None);
    assert_eq!(member(root, "idx"), None);
    // Not a member of a member.
    assert_eq!(member(root, "k"), None);
    let list = member(root, "list").unwrap();
    assert_eq!(json_item(list, 0), Some(&b"1"[..]));
    assert_eq!(
        json_item(json_item(list, 1).unwrap(), 0),
        Some(&b"true"[..])
    );
    assert_eq!(json_item(list, 2).and_then(string), Some(b"s".to_vec()));
    assert_eq!(json_item(list, 3), None);
    assert_eq!(json_item(list, u32::MAX), None);
    assert_eq!(json_item(b"[]", 0), None);
    // Of another kind.
    assert_eq!(json_item(root, 0), None);
    assert_eq!(member(list, "0"), None);
    for raw in [&b"1"[..], b"null", b"true", b"[]", b"{}"] {
        assert_eq!(string(raw), None);
        assert_eq!(json_member(raw, b"a"), None);
        assert_eq!(json_item(raw, 0), None);
    }
}

#[test]
fn a_name_is_what_its_escapes_stand_for() {
    let root = br#"{"\u0061\u002eb":1,"caf\u00e9":2,"\ud83d\ude00":3}"#;
    assert_eq!(json_member(root, b"a.b"), Some(&b"1"[..]));
    assert_eq!(json_member(root, "café".as_bytes()), Some(&b"2"[..]));
    assert_eq!(json_member(root, "😀".as_bytes()), Some(&b"3"[..]));
    assert_eq!(json_member(root, b"\\u0061\\u002eb"), None);
}

/// Numbers as `as int` and `as float` read them.
#[test]
fn numbers_are_exact() {
    for (text, int, float) in [
        ("0", Some(0), Some(0.0)),
        ("-0", Some(0), Some(-0.0)),
        ("-7", Some(-7), Some(-7.0)),
        ("1.0", None, Some(1.0)),
        ("1e2", None, Some(100.0)),
        ("0.1", None, Some(0.1)),
        (
            "9007199254740993",
            Some(9_007_199_254_740_993),
            Some(9_007_199_254_740_992.0),
        ),
        (
            "9223372036854775807",
            Some(i64::MAX),
            Some(9_223_372_036_854_775_807.0),
        ),
        (
            "9223372036854775808",
            None,
            Some(9_223_372_036_854_775_808.0),
        ),
        (
            "-9223372036854775808",
            Some(i64::MIN),
            Some(-9_223_372_036_854_775_808.0),
        ),
        (
            "-9223372036854775809",
            None,
            Some(-9_223_372_036_854_775_808.0),
        ),
        ("1e400", None, None),
        ("-1e400", None, None),
        ("1e-400", None, Some(0.0)),
        (
            "2.2250738585072011e-308",
            None,
            Some(2.225_073_858_507_201e-308),
        ),
        ("4.9406564584124654e-324", None, Some(5e-324)),
        ("179769313486231570815e288", None, Some(f64::MAX)),
        ("true", None, None),
        ("null", None, None),
        ("\"1\"", None, None),
        ("[1]", None, None),
        ("{}", None, None),
    ] {
        let raw = value(text.as_bytes()).unwrap();
        assert_eq!(int_parse(raw), int, "{text}");
        let bits = |float: Option<f64>| float.map(f64::to_bits);
        assert_eq!(bits(float_parse(raw)), bits(float), "{text}");
    }
}

/// A value as another crate reads it, two members of one name being an error.
#[derive(Debug)]
enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn depth(&self) -> u32 {
        match self {
            Tree::List(list) => 1 + list.iter().map(Tree::depth).max().unwrap_or(0),
            Tree::Object(list) => 1 + list.iter().map(|it| it.1.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The value as written is this one, in every part.
    fn is(&self, raw: &[u8]) {
        let what = raw.escape_ascii();
        match self {
            Tree::Null => assert_eq!(raw, b"null"),
            Tree::Bool(truth) => assert_eq!(raw, truth.to_string().as_bytes()),
            Tree::Int(n) => assert_eq!(int_parse(raw), Some(*n), "{what}"),
            Tree::Float(x) => {
                let read = float_parse(raw).unwrap();
                assert!((read - x).abs() <= x.abs() * 1e-15, "{what}: {x}");
            }
            Tree::String(text) => assert_eq!(string(raw), Some(text.clone().into()), "{what}"),
            Tree::List(list) => {
                for (n, item) in list.iter().enumerate() {
                    item.is(json_item(raw, u32::try_from(n).unwrap()).unwrap());
                }
                let end = u32::try_from(list.len()).unwrap();
                assert_eq!(json_item(raw, end), None, "{what}");
            }
            Tree::Object(members) => {
                for (name, member) in members {
                    member.is(json_member(raw, name.as_bytes()).unwrap());
                }
                assert_eq!(json_member(raw, b"not there"), None, "{what}");
            }
        }
    }
}

struct ReadTree;

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Tree, D::Error> {
        from.deserialize_any(ReadTree)
    }
}

impl<'de> Visitor<'de> for ReadTree {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(truth))
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Tree, E> {
        Ok(Tree::Int(n))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Tree, E> {
        Ok(i64::try_from(n).map_or(Tree::Float(n as f64), Tree::Int))
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<Tree, E> {
        Ok(Tree::Float(x))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut list: Vec<(String, Tree)> = Vec::new();
        while let Some((name, member)) = entries.next_entry::<String, Tree>()? {
            if list.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom("two members of one name"));
            }
            list.push((name, member));
        }
        Ok(Tree::Object(list))
    }
}

/// Both crates read the text, or none does.
fn agree(text: &[u8]) {
    let ours = value(text);
    match serde_json::from_slice::<Tree>(text) {
        Ok(tree) if tree.depth() <= MOST_DEEP => match ours {
            Some(raw) => tree.is(raw),
            None => panic!("refused: {}", text.escape_ascii()),
        },
        // The other makes a float of every number, if it can.
        Err(error) if error.to_string().starts_with("number out of range") => {}
        other => assert_eq!(ours, None, "{}: {other:?}", text.escape_ascii()),
    }
}

/// White space, or none.
fn space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", " ", "\n", "\t \r"])
}

fn text_of_string() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "b",
        "é",
        "😀",
        "\\u0061",
        "\\u0062",
        "\\n",
        "\\u000a",
        "\\/",
        "/",
        "\\\\",
        "\\\"",
        "\\u0000",
        "\\uD83D\\uDE00",
        "\\u00e9",
        " ",
    ]);
    prop::collection::vec(pieces, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn text_of_value() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("finite", |x| x.is_finite())
            .prop_map(|x| format!("{x:e}")),
        Just("-0".to_owned()),
        Just("0.5".to_owned()),
    ];
    let words = prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned);
    let leaf = prop_oneof![number, words, text_of_string()];
    leaf.prop_recursive(6, 40, 5, |inner| {
        let item = (space(), inner, space())
            .prop_map(|(a, value, b): (_, String, _)| [a, &value, b].concat())
            .boxed();
        let member = (space(), text_of_string(), space(), item.clone()).prop_map(
            |(a, name, b, value): (_, String, _, String)| [a, &name, b, ":", &value].concat(),
        );
        prop_oneof![
            prop::collection::vec(item, 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|list| format!("{{{}}}", list.join(","))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn another_crate_agrees(text in text_of_value()) {
        agree(text.as_bytes());
    }

    /// One byte is left out, doubled or replaced.
    #[test]
    fn another_crate_agrees_on_what_is_broken(
        text in text_of_value(),
        at in any::<prop::sample::Index>(),
        how in 0..3,
        byte in prop_oneof![prop::sample::select(b"{}[]:,\"\\ue.-+01atn \n\0\x80\xff".to_vec()), any::<u8>()],
    ) {
        let mut text = text.into_bytes();
        let at = at.index(text.len());
        match how {
            0 => { text.remove(at); }
            1 => text.insert(at, byte),
            _ => text[at] = byte,
        }
        agree(&text);
    }

    /// No bytes make the readers of values panic or go on for ever, valid or not.
    #[test]
    fn any_bytes_are_read(text in prop::collection::vec(
        prop_oneof![prop::sample::select(b"{}[]:,\"\\u01a ".to_vec()), any::<u8>()], 0..60,
    ), index in 0u32..4) {
        agree(&text);
        let parts = [json_member(&text, b"a"), json_item(&text, index)];
        prop_assert!(parts.into_iter().flatten().all(|part| part.len() <= text.len()));
        prop_assert!(string(&text).is_none_or(|made| made.len() <= text.len()));
    }
}
