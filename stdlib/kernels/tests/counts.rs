//! Counters as JSON.

#![allow(clippy::unwrap_used, missing_docs)]

use edge_kernels::{bounds::COUNTS, counts::counts_json};

fn entries(list: &[(&[u8], i64)]) -> Vec<u8> {
    let one = |(key, value): &(&[u8], i64)| {
        let length = u32::try_from(key.len()).unwrap().to_le_bytes();
        [&length, *key, &value.to_le_bytes()].concat()
    };
    list.iter().flat_map(one).collect()
}

fn json(input: &[u8]) -> String {
    let mut out = vec![0; COUNTS.capacity(input.len())];
    String::from_utf8(counts_json(input, &mut out).to_vec()).unwrap()
}

#[test]
fn entries_become_an_object() {
    assert_eq!(json(b""), "{}");
    let list: &[(&[u8], i64)] = &[(b"", 0), (b"a\"\n", -1), (b"\xff", i64::MIN)];
    assert_eq!(
        json(&entries(list)),
        "{\"\":0,\"a\\\"\\n\":-1,\"\u{FFFD}\":-9223372036854775808}"
    );
}

#[test]
fn what_is_cut_off_is_left_out() {
    let whole = entries(&[(b"key", 7)]);
    for end in 0..whole.len() {
        assert_eq!(json(whole.get(..end).unwrap()), "{}", "{end}");
    }
    assert_eq!(json(&[255, 255, 255, 255, 1]), "{}");
}
