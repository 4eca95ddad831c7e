//! Queries and cookies.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use edge_kernels::bounds;
use edge_kernels::cookie::{cookie_filter, cookie_get};
use edge_kernels::percent::{query_encode, url_decode};
use edge_kernels::query::{
    MOST_SORTED, query_all, query_filter, query_get, query_remove, query_set, query_sort,
};
use proptest::prelude::*;

fn get(query: &str, name: &str) -> Option<String> {
    let mut out = vec![0; query.len()];
    query_get(query.as_bytes(), name.as_bytes(), &mut out)
        .map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Reads the table back, as a guest would.
fn all(query: &[u8], name: &[u8], address: u32) -> Vec<Vec<u8>> {
    let mut out = vec![0xAA; bounds::QUERY_ALL.capacity(query.len())];
    let (table, count) = query_all(query, name, &mut out, address);
    assert_eq!(table % 4, 0);
    let word = |at: usize| u32::from_le_bytes(out[at..at + 4].try_into().unwrap()) as usize;
    let entry = |index: usize| {
        let place = (table - address) as usize + 8 * index;
        let start = word(place) - address as usize;
        out[start..start + word(place + 4)].to_vec()
    };
    (0..count as usize).map(entry).collect()
}

#[test]
fn the_first_value_decoded() {
    let query = "a=1&b=x%20y+z&a=2&c&%64=%26&e==&=f";
    assert_eq!(get(query, "a").as_deref(), Some("1"));
    assert_eq!(get(query, "b").as_deref(), Some("x y z"));
    assert_eq!(get(query, "c").as_deref(), Some(""));
    assert_eq!(get(query, "d").as_deref(), Some("&"));
    assert_eq!(get(query, "e").as_deref(), Some("="));
    assert_eq!(get(query, "").as_deref(), Some("f"));
    assert_eq!(get(query, "x"), None);
    assert_eq!(get("", ""), None);
    assert_eq!(get("&&", ""), None);
}

#[test]
fn every_value() {
    assert_eq!(
        all(b"a=1&b=2&a=%33&a", b"a", 4099),
        [b"1".to_vec(), b"3".to_vec(), vec![]]
    );
    assert!(all(b"b=2", b"a", 4096).is_empty());
    assert_eq!(all(b"=&=&=&=&=", b"", 1).len(), 5);
}

#[test]
fn removing_and_setting() {
    let remove = |query: &str, pattern: &str| {
        let mut out = vec![0; query.len()];
        String::from_utf8(query_remove(query.as_bytes(), pattern.as_bytes(), &mut out).to_vec())
            .unwrap()
    };
    assert_eq!(remove("utm_source=a&q=%2f&%75tm_b&x", "utm_*"), "q=%2f&x");
    assert_eq!(remove("a=1&a=2", "a"), "");
    assert_eq!(remove("a*=1&a=2", "a"), "a*=1");
    assert_eq!(remove("a=1&&b", "*"), "");
    assert_eq!(remove("a=1&&b", "c"), "a=1&&b");
    let set = |query: &str, name: &str, value: &str| {
        let mut out = vec![0; bounds::QUERY_SET.capacity(query.len() + name.len() + value.len())];
        let made = query_set(
            query.as_bytes(),
            name.as_bytes(),
            value.as_bytes(),
            &mut out,
        );
        String::from_utf8(made.to_vec()).unwrap()
    };
    assert_eq!(set("a=1&b=2&a=3", "a", "x y&"), "b=2&a=x%20y%26");
    assert_eq!(set("", "k", ""), "k=");
}

#[test]
fn decoding_leaves_broken_escapes() {
    assert_eq!(url_decode(b"%41%zz%4+%", &mut [0; 16]), b"A%zz%4 %");
    assert_eq!(url_decode(b"plain", &mut []), b"plain");
}

#[test]
fn cookies() {
    let header = b"a=1; b=\"two\";c = 3 ;flag; a=4; d=x=y; e=";
    let cookie = |name: &str| cookie_get(header, name.as_bytes());
    assert_eq!(cookie("a"), Some(b"1".as_slice()));
    assert_eq!(cookie("b"), Some(b"two".as_slice()));
    assert_eq!(cookie("c"), Some(b"3".as_slice()));
    assert_eq!(cookie("d"), Some(b"x=y".as_slice()));
    assert_eq!(cookie("e"), Some(b"".as_slice()));
    assert_eq!(cookie("flag"), None);
    assert_eq!(cookie("A"), None);
    assert_eq!(cookie_get(b"q=\"", b"q"), Some(b"\"".as_slice()));
}

/// A list of names, as the compiler writes it.
fn list(kind: char, names: &[&str]) -> Vec<u8> {
    let mut list = vec![kind as u8];
    for name in names {
        list.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
        list.extend(name.as_bytes());
    }
    list
}

fn filtered(query: &str, list: &[u8]) -> Option<String> {
    let mut out = vec![0; query.len()];
    query_filter(query.as_bytes(), list, &mut out).map(|it| String::from_utf8(it.into()).unwrap())
}

fn sorted(query: &str) -> Option<String> {
    let mut out = vec![0; bounds::QUERY_SORT.capacity(query.len())];
    query_sort(query.as_bytes(), &mut out).map(|it| String::from_utf8(it.into()).unwrap())
}

#[test]
fn a_list_lets_names_through_or_leaves_them_out() {
    let query = "utm_source=x&q=1&&%71=2&utm%5Fb&gclid=3&q*=4";
    let out = list('-', &["utm_*", "gclid"]);
    assert_eq!(filtered(query, &out).as_deref(), Some("q=1&%71=2&q*=4"));
    let only = list('+', &["q"]);
    assert_eq!(filtered(query, &only).as_deref(), Some("q=1&%71=2"));
    assert_eq!(filtered("a=1&b", &only), None);
    assert_eq!(filtered("", &out), None);
    assert_eq!(filtered("a=1&b=2", &out).as_deref(), Some("a=1&b=2"));
    assert_eq!(filtered("a=1", &list('+', &[])), None);
}

#[test]
fn pairs_are_sorted_by_their_decoded_names_and_kept_as_written() {
    assert_eq!(
        sorted("b=2&a=9&%61=1&c&a=0&&B=3").as_deref(),
        Some("B=3&a=9&%61=1&a=0&b=2&c")
    );
    assert_eq!(sorted("a=1&b=2").as_deref(), Some("a=1&b=2"));
    assert_eq!(sorted("&a=1&").as_deref(), Some("a=1"));
    assert_eq!(sorted(""), None);
    assert_eq!(sorted("&&"), None);
    let many = vec!["b&a"; MOST_SORTED].join("&");
    assert_eq!(sorted(&many).as_deref(), Some(many.as_str()));
    let most: Vec<String> = (0..MOST_SORTED).rev().map(|n| format!("{n:05}")).collect();
    let mut expected = most.clone();
    expected.sort();
    assert_eq!(sorted(&most.join("&")), Some(expected.join("&")));
}

#[test]
fn cookies_by_their_names() {
    let filtered = |header: &str, list: &[u8]| {
        let mut out = vec![0; bounds::DOUBLE.capacity(header.len())];
        cookie_filter(header.as_bytes(), list, &mut out)
            .map(|it| String::from_utf8(it.into()).unwrap())
    };
    let header = "sid=1;theme=dark ; x; sid_b=\"2\";;Sid=3";
    assert_eq!(
        filtered(header, &list('+', &["sid*"])).as_deref(),
        Some("sid=1; sid_b=\"2\"")
    );
    assert_eq!(
        filtered(header, &list('-', &["sid*", "theme"])).as_deref(),
        Some("x; Sid=3")
    );
    assert_eq!(filtered("a=1", &list('+', &["b"])), None);
    assert_eq!(filtered("", &list('-', &["b"])), None);
    assert_eq!(
        filtered("a;b;c", &list('-', &[])).as_deref(),
        Some("a; b; c")
    );
}

proptest! {
    #[test]
    fn encoding_is_undone_by_decoding(text in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut encoded = vec![0; text.len() * 3];
        let encoded = query_encode(&text, &mut encoded).to_vec();
        prop_assert!(encoded.iter().all(|&b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        let mut out = vec![0; encoded.len()];
        prop_assert_eq!(url_decode(&encoded, &mut out), text.as_slice());
    }

    #[test]
    fn what_is_set_is_read_back(query in "[a-c=&%+0-9]{0,20}", name in "[a-c &=%+]{0,4}", value in "\\PC{0,8}") {
        let mut out = vec![0; bounds::QUERY_SET.capacity(query.len() + name.len() + value.len())];
        let made = query_set(query.as_bytes(), name.as_bytes(), value.as_bytes(), &mut out).to_vec();
        prop_assert_eq!(all(&made, name.as_bytes(), 16), vec![value.clone().into_bytes()]);
    }

    #[test]
    fn the_first_of_all_is_the_one(query in "[a-b=&%+0-9]{0,24}", name in "[a-b]{0,2}", address in 0u32..9) {
        let values = all(query.as_bytes(), name.as_bytes(), address);
        let mut out = vec![0; query.len()];
        prop_assert_eq!(query_get(query.as_bytes(), name.as_bytes(), &mut out), values.first().map(Vec::as_slice));
    }

    #[test]
    fn sorting_moves_whole_pairs_and_keeps_the_order_of_one_name(query in "[a-c=&%+61]{0,24}") {
        let pairs = |query: &str| query.split('&').filter(|it| !it.is_empty()).map(String::from).collect::<Vec<_>>();
        let name = |pair: &String| {
            let name = pair.split('=').next().unwrap().as_bytes().to_vec();
            let mut out = vec![0; name.len()];
            url_decode(&name, &mut out).to_vec()
        };
        let mut expected = pairs(&query);
        expected.sort_by_key(name);
        prop_assert_eq!(sorted(&query), (!expected.is_empty()).then(|| expected.join("&")));
    }
}
