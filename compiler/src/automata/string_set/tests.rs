#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;

use edge_lookup as lookup;
use proptest::prelude::*;

use super::*;

fn entry() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(prop::sample::select(b"ab\0".to_vec()), 0..20),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn agrees_with_a_btree_map(entries in prop::collection::vec(entry(), 0..60), asked in prop::collection::vec(entry(), 20)) {
        let set = StringSet::build(&entries).unwrap();
        let mut first: BTreeMap<&[u8], u32> = BTreeMap::new();
        for (number, entry) in (1..).zip(&entries) {
            first.entry(entry).or_insert(number);
        }
        prop_assert_eq!(set.len(), first.len());
        for key in entries.iter().chain(&asked) {
            let expected = first.get(key.as_slice()).copied().unwrap_or_default();
            prop_assert_eq!(lookup::set::find(set.table(), key), expected, "{:?}", key);
        }
    }
}

#[test]
fn a_large_set_has_short_searches() {
    let entries: Vec<String> = (0..100_000)
        .map(|n| format!("/products/{n}/details"))
        .collect();
    let set = StringSet::build(&entries).unwrap();
    assert!(set.max_probe() <= MAX_PROBE, "{}", set.max_probe());
    for (number, entry) in (1..).zip(&entries) {
        assert_eq!(lookup::set::find(set.table(), entry.as_bytes()), number);
        assert_eq!(
            lookup::set::find(set.table(), format!("{entry}x").as_bytes()),
            0
        );
    }
}

#[test]
fn copies_cost_nothing() {
    let set = StringSet::build(&vec!["same"; 10_000]).unwrap();
    assert_eq!((set.len(), lookup::set::find(set.table(), b"same")), (1, 1));
}
