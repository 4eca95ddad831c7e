//! What firewall rules do to a text before they look at it.
#![allow(clippy::unwrap_used, clippy::panic)]

use edge_kernels::bounds::BOUNDS;
use edge_kernels::table::{KERNELS, Kernel};
use proptest::prelude::*;

fn apply(name: &str, text: &[u8]) -> Vec<u8> {
    let row = BOUNDS.iter().find(|row| row.0 == name).unwrap();
    let mut out = vec![0; text.len() * row.1 as usize + row.2 as usize];
    kernel(name)(text, &mut out).unwrap().to_vec()
}

fn kernel(name: &str) -> edge_kernels::table::Text {
    match KERNELS.iter().find(|(known, _)| *known == name) {
        Some((_, Kernel::Text(kernel))) => *kernel,
        _ => panic!("{name}"),
    }
}

/// Each pair is a text and what becomes of it.
fn check(name: &str, pairs: &[(&str, &str)]) {
    for (text, expected) in pairs {
        let made = apply(name, text.as_bytes());
        assert_eq!(
            String::from_utf8_lossy(&made),
            *expected,
            "{name} of {text:?}"
        );
    }
}

#[test]
fn url_decode_uni() {
    check(
        "url_decode_uni",
        &[
            ("%u003cscript%u003E+%41%2b", "<script> A+"),
            ("%U0041%u00e9%u20AC", "Aé€"),
            (
                "%uD83D%uDE00 %ud83d %uDE00%ud83dx",
                "😀 \u{FFFD} \u{FFFD}\u{FFFD}x",
            ),
            ("%uff1cscript%uFF1E%uff00%uff5f", "<script>\u{FF00}\u{FF5F}"),
            (
                "%u %u0 %u00 %u004 %u00g1 %uu0041 %",
                "%u %u0 %u00 %u004 %u00g1 %uu0041 %"
                    .replace("+", " ")
                    .as_str(),
            ),
            ("%%u0041%u%41", "%A%uA"),
        ],
    );
    assert_eq!(apply("url_decode_uni", b"%u0000%00%ff"), b"\0\0\xff");
}

#[test]
fn js_decode() {
    check(
        "js_decode",
        &[
            (r"\x3cscript\u003e\u{3C}\u{0000000041}", "<script><A"),
            (r"\xe9\u00e9\351\uD83D\uDE00\u{1f600}", "ééé😀😀"),
            (
                r"\uD83D\x41 \uDE00 \u{D800} \u{110000} \u{ffffffffffffffffff}",
                "\u{FFFD}A \u{FFFD} \u{FFFD} \u{FFFD} \u{FFFD}",
            ),
            (r"\b\t\n\v\f\r", "\x08\t\n\x0b\x0c\r"),
            (r"\74script\76\101\1018\477\8\9", "<script>AA8'789"),
            (
                "a\\\nb\\\r\nc\\\rd\\\u{2028}e\\\u{2029}f\\\u{20AC}",
                "abcdef€",
            ),
            (r#"\a\le\"rt\'\\\/"#, r#"ale"rt'\/"#),
            (
                r"\x4 \xg1 \u004 \u{} \u{41 \u{4g} \U0041 \",
                r"x4 xg1 u004 u{} u{41 u{4g} U0041 \",
            ),
        ],
    );
    assert_eq!(apply("js_decode", br"\0\x00\u0000\000"), b"\0\0\0\0");
    assert_eq!(apply("js_decode", b"\\\xff\\\xe2\x80"), b"\xff\xe2\x80");
}

#[test]
fn css_decode() {
    check(
        "css_decode",
        &[
            (
                r"\65 xpression(\0061lert) \000061lert \0000611",
                "expression(alert) alert a1",
            ),
            (r"java\script\:\e9\E9 \20AC", "javascript:éé€"),
            (
                "\\41\tB\\41\nB\\41\r\nB\\41\x0cB\\41\rB\\41  B",
                "ABABABABABA B",
            ),
            ("a\\\nb\\\r\nc\\\rd\\\x0ce", "abcde"),
            (r"\D800 \110000 \ffffff", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            (r"\g\\\'\", r"g\'\"),
        ],
    );
    assert_eq!(
        apply("css_decode", br"exp\0 res\000000sion"),
        b"exp\0res\0sion"
    );
}

#[test]
fn base64_decode_lenient() {
    check(
        "base64_decode_lenient",
        &[
            ("PHNjcmlwdD4=", "<script>"),
            ("PHN=j.cml\r\nwdD 4", "<script>"),
            ("Zm9v!Yg", "foob"),
            ("Zm9vY", "foo"),
            ("", ""),
            ("====", ""),
        ],
    );
    assert_eq!(apply("base64_decode_lenient", b"-_+/"), b"\xfb\xff\xbf");
}

#[test]
fn blanks_and_nulls() {
    check(
        "remove_nulls",
        &[("a\0b\0\0", "ab"), ("\0", ""), ("\x01 a", "\x01 a")],
    );
    check(
        "compress_whitespace",
        &[
            ("union \t\r\n select\x0b\x0c1", "union select 1"),
            (" a b ", " a b "),
            ("\t", " "),
            ("  ", " "),
            ("a\u{A0}\u{A0}b", "a\u{A0}\u{A0}b"),
        ],
    );
}

#[test]
fn remove_comments() {
    check(
        "remove_comments",
        &[
            ("union/**/select/*x*//* y", "union select  "),
            ("/*/ a */b/* /* */ */", " b  */"),
            (
                "1 /*!50000union*/ /*!select*/ /*!080030 a */ */",
                "1  union   select    a   */",
            ),
            ("/*M!100100 a*/ /*m!b*/ /*!1234a*/", "  a     1234a "),
            ("/*! a /* b */ c */ d */", "  a   c   d */"),
            ("/*! /*! a */ b */ c */", "    a   b   c */"),
            (
                "admin'-- x\nunion#y\r\nselect --",
                "admin' \nunion \r\nselect  ",
            ),
            (
                "--><script> ---->a -x a-b --",
                "--><script> ---->a -x a-b  ",
            ),
            (
                "a<!-- x -->b<!-->c<!--->d<!-- --!>e<!--!>f-->g<!-- ->",
                "a b c d e g ",
            ),
            ("a / b * c < d <! - /", "a / b * c < d <! - /"),
        ],
    );
}

#[test]
fn normalise_path() {
    check(
        "normalise_path",
        &[
            ("/a/./b/../c//d/", "/a/c/d/"),
            (r"\\server\share\..\x", "/server/x"),
            ("/../../etc/passwd", "/etc/passwd"),
            ("../a/../../b/..", "../../"),
            ("a/..", ""),
            ("a/../b", "b"),
            ("./a/.", "a/"),
            ("..", ".."),
            ("../", "../"),
            ("a/../..", ".."),
            ("/a/..", "/"),
            ("/..", "/"),
            ("////", "/"),
            (".", ""),
            ("", ""),
            ("/.git/.../..a/a..", "/.git/.../..a/a.."),
            ("/a%2f..%2f", "/a%2f..%2f"),
        ],
    );
}

#[test]
fn cmd_line() {
    check(
        "cmd_line",
        &[
            (r#"c^at "/e"tc/pa's'swd"#, "cat/etc/passwd"),
            ("LS\t-la;,  id ;", "ls -la id "),
            (r"C:\Windows\ (x", "c:windows(x"),
            ("a '' b", "a b"),
            ("a b/c(d)", "a b/c(d)"),
            ("É", "É"),
        ],
    );
}

#[test]
fn utf8_to_unicode() {
    check(
        "utf8_to_unicode",
        &[
            ("aé€😀z", "a%u00E9%u20AC%uD83D%uDE00z"),
            (
                "\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}",
                "%u0080%u07FF%u0800%uFFFF%uD800%uDC00%uDBFF%uDFFF",
            ),
            ("plain %u0041", "plain %u0041"),
        ],
    );
    let broken = b"\xc0\xae\xed\xa0\x80\xf5\x80\xe2\x82 \x80\xf0\x9f\x98";
    assert_eq!(apply("utf8_to_unicode", broken), broken);
}

/// References of characters, against hostile spellings.
#[test]
fn html_decode() {
    let zeros = "0".repeat(5_000);
    check(
        "html_decode",
        &[
            (&format!("&#{zeros}60;&#x{zeros}3c&#X3Cg"), "<<<g"),
            (&format!("&#{}", "9".repeat(5_000)), "\u{FFFD}"),
            ("&LT&Lt;&lTscript&gT&QUOT&aPoS;", "<<<script>\"'"),
            ("&#60&#60&#x3c&&lt&#;&#x;&#xg&#g", "<<<&<&#;&#x;&#xg&#g"),
            ("&amp;lt; &&&", "&lt; &&&"),
        ],
    );
}

/// What changes nothing costs nothing.
#[test]
fn an_unchanged_text_is_the_input_itself() {
    let untouched: &[(&str, &[&str])] = &[
        ("url_decode_uni", &["plain", "100% %u12 %zz"]),
        ("js_decode", &["plain/'", "end\\"]),
        ("css_decode", &["plain/'", "end\\"]),
        ("html_decode", &["plain #60;"]),
        ("remove_nulls", &["plain"]),
        ("compress_whitespace", &["a plain text", " "]),
        ("remove_comments", &["a/b */ * - 2 < 3 --> ok"]),
        ("normalise_path", &["/a/b.c/", "a", "", "/", "a/b"]),
        ("cmd_line", &["cat x(y) z"]),
        ("utf8_to_unicode", &["plain", "%u0041"]),
    ];
    for (name, texts) in untouched {
        for text in *texts {
            let same = kernel(name)(text.as_bytes(), &mut []).unwrap();
            assert_eq!(
                (same.as_ptr(), same.len()),
                (text.as_ptr(), text.len()),
                "{name} of {text}"
            );
        }
    }
}

const IDEMPOTENT: &[&str] = &[
    "remove_nulls",
    "compress_whitespace",
    "remove_comments",
    "normalise_path",
    "cmd_line",
    "utf8_to_unicode",
];
const SHORTENING: &[&str] = &[
    "url_decode",
    "url_decode_uni",
    "html_decode",
    "js_decode",
    "css_decode",
    "base64_decode_lenient",
];

fn hold(text: &[u8]) {
    for name in IDEMPOTENT {
        let once = apply(name, text);
        assert_eq!(
            apply(name, &once),
            once,
            "{name} of {:?}",
            String::from_utf8_lossy(text)
        );
    }
    for name in IDEMPOTENT.iter().chain(SHORTENING) {
        let most = if *name == "utf8_to_unicode" { 3 } else { 1 };
        assert!(apply(name, text).len() <= text.len() * most, "{name}");
    }
}

/// The pieces that the transforms are about, in any order, and any bytes.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "/*", "*/", "/*!", "/*!50000", "/*M!", "--", "-", ">", "#", "<!--", "-->", "--!>", "!",
        "\n", "\r", " ", "\t", "a", "B", "0", "41", "7", "..", ".", "/", "\\", "\"", "'", "^", ",",
        ";", "(", "%", "%u", "%u0041", "%uD83D", "%uDE00", "%uff1c", "+", "\\x", "\\u", "\\u{",
        "}", "{", "&#", "&#x", "&lt", "x", "u", "\0", "é", "€", "😀", "=",
    ];
    let pieces: Vec<Vec<u8>> = pieces
        .iter()
        .map(|piece| piece.as_bytes().to_vec())
        .collect();
    let piece = prop_oneof![
        6 => prop::sample::select(pieces),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    #[test]
    fn twice_is_once_and_nothing_grows(text in texts()) {
        hold(&text);
    }

    #[test]
    fn units_come_back_as_characters(text in "[^%+\u{FF01}-\u{FF5E}]{0,24}") {
        let units = apply("utf8_to_unicode", text.as_bytes());
        prop_assert!(units.is_ascii());
        prop_assert_eq!(apply("url_decode_uni", &units), text.as_bytes());
    }

    #[test]
    fn scripts_decode_what_rust_escapes(text in any::<String>()) {
        let escaped: String = text.escape_unicode().to_string();
        prop_assert_eq!(apply("js_decode", escaped.as_bytes()), text.as_bytes());
        let css: String = text.chars().map(|c| format!("\\{:x} ", u32::from(c))).collect();
        prop_assert_eq!(apply("css_decode", css.as_bytes()), text.as_bytes());
    }

    #[test]
    fn lenient_base_64_agrees_with_the_strict_one(bytes in prop::collection::vec(any::<u8>(), 0..40), junk in "[ \r\n.,=!]{0,3}") {
        let code = apply("base64url_encode", &bytes);
        let spoiled: Vec<u8> = code.iter().flat_map(|digit| [&[*digit], junk.as_bytes()].concat()).collect();
        prop_assert_eq!(apply("base64_decode_lenient", &spoiled), bytes);
    }

    #[test]
    fn a_relative_path_climbs_only_at_its_start(text in "[a./\\\\]{0,24}") {
        let made = apply("normalise_path", text.as_bytes());
        let made = String::from_utf8(made).unwrap();
        let inner = made.trim_start_matches("../");
        prop_assert!(!made.contains("//") && !made.contains('\\'));
        prop_assert!(inner == ".." && !made.starts_with('/') || inner.split('/').all(|segment| segment != ".." && segment != "."), "{}", made);
        prop_assert_eq!(made.starts_with('/'), text.starts_with(['/', '\\']));
    }
}

#[test]
fn every_byte_alone_and_in_rows() {
    for byte in 0..=255 {
        hold(&[byte]);
        hold(&[byte; 50]);
        hold(&[b'\\', byte, b'%', byte, byte, b'u', byte]);
    }
}

/// Anything quadratic would take minutes here. `tests/kernels.rs` counts instructions.
#[test]
fn long_hostile_texts_take_linear_time() {
    let fillers = [
        "%", "%u", "&#", "&#x", "&", "\\", "\\u{", "\\u{0", "\\x", "/*", "/*!", "*/", "/*!99999",
        "-", "--", "->", "-\n", "#", "<!--", "<!", "<", ">", "../", "a/", "/", "\\..", "a/../",
        " ", "\t", " ;", "\"", "\0", "é", "=",
    ];
    for filler in fillers {
        for end in ["", ">", "}", "a", "/.."] {
            let text = filler.repeat((1 << 20) / filler.len()) + end;
            hold(text.as_bytes());
        }
    }
    let climbing = "a/".repeat(1 << 18) + &"../".repeat(1 << 18);
    hold(climbing.as_bytes());
}
