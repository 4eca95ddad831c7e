//! Base 64, hex, JSON, HTML, SHA-256: against the RFCs' vectors and independent code.
#![allow(clippy::unwrap_used)]

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use edge_kernels::base64::{base64_decode, base64url_encode};
use edge_kernels::hash::{fraction, sha256};
use edge_kernels::hex::hex;
use edge_kernels::html::{html_decode, html_escape};
use edge_kernels::json::json_escape;
use proptest::prelude::*;

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    base64_decode(text, &mut vec![0; text.len()]).map(<[u8]>::to_vec)
}

fn json(text: &[u8]) -> String {
    String::from_utf8(json_escape(text, &mut vec![0; text.len() * 6]).to_vec()).unwrap()
}

fn html(text: &str) -> String {
    String::from_utf8(html_decode(text.as_bytes(), &mut vec![0; text.len()]).to_vec()).unwrap()
}

#[test]
fn rfc_4648_vectors() {
    for (text, code) in [
        ("", ""),
        ("f", "Zg"),
        ("fo", "Zm8"),
        ("foo", "Zm9v"),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(
            base64url_encode(text.as_bytes(), &mut [0; 16]),
            code.as_bytes()
        );
        assert_eq!(decode(code.as_bytes()).as_deref(), Some(text.as_bytes()));
    }
    assert_eq!(decode(b"Zg==").as_deref(), Some(b"f".as_slice()));
    assert_eq!(decode(b"Zm8=").as_deref(), Some(b"fo".as_slice()));
    assert_eq!(decode(b"-_+/"), decode(b"+/-_"));
    for wrong in [
        "Z", "Zg=", "Zg===", "Zh", "Zm9", "Zg==Zg==", "Zm 9v", "====", "=",
    ] {
        assert_eq!(decode(wrong.as_bytes()), None, "{wrong}");
    }
    assert_eq!(hex(b"foobar\xff", &mut [0; 16]), b"666f6f626172ff");
}

#[test]
fn json_strings() {
    assert_eq!(
        json(b"say \"hi\"\\\n\t\x08\x0c\r\x01\x1f\x7f/"),
        r#"say \"hi\"\\\n\t\b\f\r\u0001\u001f"#.to_owned() + "\x7f/"
    );
    let plain = "naïve 😀".as_bytes();
    assert_eq!(json_escape(plain, &mut []).as_ptr(), plain.as_ptr());
    assert_eq!(
        json(b"a\xffb\xe2\x82c\xf0\x9f\x98"),
        "a\u{FFFD}b\u{FFFD}c\u{FFFD}"
    );
}

#[test]
fn html_text() {
    assert_eq!(
        html_escape(b"<a href='x'>\"&\"</a>", &mut [0; 99]),
        b"&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;"
    );
    assert_eq!(
        html("&lt;script&gt;&#97;lert&lpar;1&#x29;&sol;&LT;&amp;amp;"),
        "<script>alert(1)/<&amp;"
    );
    assert_eq!(
        html("java&Tab;script&colon;&NewLine;&nbsp;&commat;&comma;"),
        "java\tscript:\n\u{A0}@,"
    );
    assert_eq!(
        html("&#106avascript&#X3a;alert&lt&#0;&#xD800;&#99999999999"),
        "javascript:alert<\u{FFFD}\u{FFFD}\u{FFFD}"
    );
    assert_eq!(
        html("a & b &&# &#x; &unknown; &"),
        "a & b &&# &#x; &unknown; &"
    );
}

#[test]
fn fips_180_4_examples() {
    let digest = |text: &[u8]| sha256(text).map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(
        digest(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(
        digest(b""),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(fraction(b"abc"), 0xba78_16bf_8f01_cfea);
}

proptest! {
    #[test]
    fn base64_agrees_with_another_implementation(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let url = base64url_encode(&bytes, &mut vec![0; bytes.len() * 2]).to_vec();
        let expected = Base64UrlUnpadded::encode_string(&bytes);
        prop_assert_eq!(&url, expected.as_bytes());
        prop_assert_eq!(decode(&url), Some(bytes.clone()));
        prop_assert_eq!(decode(Base64::encode_string(&bytes).as_bytes()), Some(bytes));
    }

    #[test]
    fn base64_accepts_what_the_other_accepts(text in "[A-Da-d0-3_=-]{0,9}") {
        let other = Base64UrlUnpadded::decode_vec(text.trim_end_matches('=')).ok();
        match decode(text.as_bytes()) {
            Some(bytes) => prop_assert_eq!(Some(bytes), other),
            None => prop_assert!(other.is_none() || text.contains('=')),
        }
    }

    #[test]
    fn sha256_agrees_with_the_crate(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        use sha2::{Digest, Sha256};
        prop_assert_eq!(sha256(&bytes).to_vec(), Sha256::digest(&bytes).to_vec());
    }

    #[test]
    fn json_is_what_the_standard_decoder_makes_of_the_bytes(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0xE0u8..=0xF5, 0x80u8..=0xBF], 0..24)) {
        let mut expected = String::new();
        for c in String::from_utf8_lossy(&bytes).chars() {
            match c {
                '"' => expected += "\\\"",
                '\\' => expected += "\\\\",
                '\x08' => expected += "\\b",
                '\x0c' => expected += "\\f",
                '\n' => expected += "\\n",
                '\r' => expected += "\\r",
                '\t' => expected += "\\t",
                c if c < ' ' => expected += &format!("\\u{:04x}", c as u32),
                c => expected.push(c),
            }
        }
        prop_assert_eq!(json(&bytes), expected);
    }

    #[test]
    fn escaped_html_decodes_to_itself(text in "\\PC{0,24}") {
        let escaped = html_escape(text.as_bytes(), &mut vec![0; text.len() * 6]).to_vec();
        prop_assert!(!escaped.iter().any(|b| b"<>\"'".contains(b)));
        prop_assert_eq!(html(std::str::from_utf8(&escaped).unwrap()), text);
    }
}
